"""Which recordings are sealed to former keys: those from before the newest rotation that were not sealed anew since.

No header says whom it was sealed to. Recorders hear of new keys within two seconds, and a call ends under the keys that
it began with: what began up to `MARGIN` after a rotation counts as before it, and may be under the new keys already.
Sealing that anew changes nothing for anybody.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from parley.foundation.ids import new_id
from parley.governance.access import api as access
from parley.recordings.errors import BadCursor
from parley.recordings.models import Recording, SealingEpoch
from parley.recordings.resealing.models import Resealed
from parley.recordings.resealing.types import FileHeader, Former, HeldHeaders
from parley.recordings.search import visible
from parley.recordings.types import PartKind
from parley.recordings.views import Viewer
from parley.sealing.api import HeaderError, stored_header
from parley.storage.api import ObjectNotFoundError, ObjectStore

MARGIN: Final = timedelta(seconds=5)
MOST: Final = 50
"""Recordings of one page."""
Place = tuple[datetime, UUID]
"""Where a recording stands among those that are left: its beginning, and its id."""


def former() -> Former:
    """How many recordings of the customer in scope are sealed to former keys."""
    rotation = access.last_rotation()
    if rotation is None:
        return Former(under=None, total=0, left=0, fields=0)
    total = Recording.objects.filter(started_at__lt=rotation.at + MARGIN).count()
    anew = Resealed.objects.filter(under=rotation.id).count()
    return Former(under=rotation.id, total=total, left=max(0, total - anew), fields=fields_left().count())


def shifted(under: UUID | None, *, since: datetime, until: datetime) -> int:
    """How many recordings more than those from `since` to `until` are sealed to the keys of the rotation `under` (None:
    the first keys), which began then: those that were sealed anew to them, less those that were to others."""
    within = Q(recording__started_at__gte=since, recording__started_at__lt=until)
    anew = Resealed.objects.filter(under=under).exclude(within).count() if under else 0
    rows = Resealed.objects.filter(within)
    return anew - (rows.exclude(under=under) if under else rows).count()


def left(rows: QuerySet[Recording], *, after: Place | None = None) -> QuerySet[Recording]:
    """Those of `rows` that are left, oldest first; those behind `after`."""
    rotation = access.last_rotation()
    if rotation is None:
        return rows.none()
    rows = rows.filter(started_at__lt=rotation.at + MARGIN)
    rows = rows.exclude(resealed__under=rotation.id).order_by("started_at", "id")
    if after is not None:
        # One bound from below for the index, then what it still holds of that very instant.
        rows = rows.filter(started_at__gte=after[0]).exclude(started_at=after[0], id__lte=after[1])
    return rows


def fields_left(*, after: UUID | None = None) -> QuerySet[SealingEpoch]:
    """The keys of fields that are left, oldest first; those behind `after`. Their ids say when they were made."""
    rotation = access.last_rotation()
    if rotation is None:
        return SealingEpoch.objects.none()
    rows = SealingEpoch.objects.filter(id__lt=new_id(at=rotation.at + MARGIN, entropy=bytes(10)))
    rows = rows.exclude(under=rotation.id).order_by("id")
    return rows.filter(id__gt=after) if after is not None else rows


def place_of(text: str) -> Place:
    """The place that `as_text` wrote. Raises BadCursor."""
    at, _, which = text.partition("~")
    try:
        place = datetime.fromisoformat(at), UUID(which)
    except ValueError as error:
        raise BadCursor("there is no such place in the list", remedy="Begin again without `after`.") from error
    if place[0].tzinfo is None:
        raise BadCursor("a place in the list has a time zone", remedy="Begin again without `after`.")
    return place


def as_text(place: Place) -> str:
    """A place as an address has it."""
    return f"{place[0].astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}~{place[1]}"


def headers(viewer: Viewer, *, after: Place | None = None, limit: int = MOST, store: ObjectStore) -> list[HeldHeaders]:
    """The headers of the next recordings that are left and that the viewer sees. Raises StorageError.

    A file that is damaged, or not there, has none here: whoever seals its recording anew is told so.
    """
    rows = left(visible(viewer), after=after).prefetch_related("parts")
    return [
        HeldHeaders(
            recording_id=row.id,
            started_at=row.started_at,
            files=tuple(
                FileHeader(name=part.name, kind=_kind(part.kind), header=_header(store, part.object_key, part.kind))
                for part in sorted(row.parts.all(), key=lambda each: each.number)
            ),
        )
        for row in rows[: min(limit, MOST)]
    ]


def _header(store: ObjectStore, key: str, kind: str) -> bytes | None:
    try:
        with store.open(key) as source:
            return stored_header(source, _kind(kind))
    except (ObjectNotFoundError, HeaderError):
        return None


def _kind(kind: str) -> PartKind:
    return "tail" if kind == "tail" else "age"
