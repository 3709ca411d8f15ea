"""What a key says of its object, and how a report counts. Pure."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from parley.recordings.scrubbing.types import AGES, TIERS, Line

_PART = re.compile(r"\d{3,}\.(?:age|tail)")


def kind_of(key: str) -> str:
    """A key of `types.KINDS`, from `<customer>/recordings/<recording>/<file>` or anything else."""
    parts = key.split("/")
    if len(parts) != 4 or parts[1] != "recordings":
        return "other"
    return "original" if _PART.fullmatch(parts[3]) else "rendition"


def made_at(key: str) -> datetime | None:
    """When what the object belongs to was made: the time in the last UUIDv7 of its key, without the customer's own."""
    for segment in reversed(key.split("/")[1:]):
        try:
            found = UUID(segment.partition(".")[0])
        except ValueError:
            continue
        if found.version == 7:
            return datetime.fromtimestamp((found.int >> 80) / 1000, tz=UTC)
    return None


def age_of(made: datetime | None, *, now: datetime) -> str:
    """The band of `types.AGES` that an object made then is in; without a time it counts as the youngest."""
    age = now - made if made else timedelta()
    return next(name for name, (upto, _words) in AGES.items() if upto is None or age <= upto)


def counted(objects: Iterable[tuple[str, int]], *, now: datetime, tier: str = "warm") -> list[Line]:
    """The report over (key, size) of all objects of a tier; kinds and bands without any are left out."""
    number: Counter[tuple[str, str]] = Counter()
    size: Counter[tuple[str, str]] = Counter()
    for key, length in objects:
        place = kind_of(key), age_of(made_at(key), now=now)
        number[place] += 1
        size[place] += length
    return [
        Line(kind=kind, age=age, objects=number[kind, age], size=size[kind, age], tier=tier)
        for kind, age in sorted(number)
    ]


def by_tier(report: Iterable[Line]) -> list[tuple[str, int, int]]:
    """(tier, objects, bytes) of each tier that the report knows, in the order of `types.TIERS`."""
    lines = list(report)
    found = [(tier, [line for line in lines if line.tier == tier]) for tier in TIERS]
    return [(tier, sum(one.objects for one in some), sum(one.size for one in some)) for tier, some in found if some]
