"""The dated data that instructions are held against: adequacy decisions, limits of keeping, residency. Read once."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Any

from parley.agreement.api import Span, read_span

_PACKAGE = "parley.governance.instructions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adequacy:
    """One adequacy decision. `area` is the area of processing that it opens, "" for a country that is none of ours;
    `certified`: it covers certified recipients only."""

    country: str
    name: str
    reference: str
    since: date
    area: str = ""
    until: date | None = None
    scope: str = ""
    certified: bool = False

    def holds(self, at: datetime) -> bool:
        """Whether the decision is in force on the day of `at` (UTC)."""
        day = at.astimezone(UTC).date()
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepLimit:
    """How long data may be kept for a purpose without a stated legal ground; `persons_in` "" is everywhere."""

    purposes: tuple[str, ...]
    most: Span
    source: str
    persons_in: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizensRule:
    """Data of citizens of `country` is hosted in the area `hosted_in`."""

    country: str
    hosted_in: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientsRule:
    """A recipient in `country` (area `area`) carries `measure`."""

    country: str
    area: str
    measure: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """What the law says beside an agreement, as of a day."""

    as_of: date
    keep: tuple[KeepLimit, ...]
    citizens: tuple[CitizensRule, ...]
    recipients: tuple[RecipientsRule, ...]
    minors_age: int
    minors_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdequacyList:
    """The adequacy decisions, when they were compared with their source, and where that is."""

    as_of: date
    source: str
    decisions: tuple[Adequacy, ...]

    def of_area(self, area: str, *, at: datetime) -> Adequacy | None:
        """The decision in force that opens an area of processing, if any."""
        return next((one for one in self.decisions if one.area == area and one.holds(at)), None)


@cache
def adequacy() -> AdequacyList:
    """The packaged list of adequacy decisions."""
    raw = _read("adequacy.toml")
    decisions = tuple(Adequacy(**entry) for entry in raw["decision"])
    return AdequacyList(as_of=raw["as_of"], source=raw["source"], decisions=decisions)


@cache
def law() -> Law:
    """The packaged law."""
    raw = _read("law.toml")
    return Law(
        as_of=raw["as_of"],
        keep=tuple(
            KeepLimit(
                purposes=tuple(entry["purposes"]),
                most=_span(entry["most"]),
                source=entry["source"],
                persons_in=entry.get("persons_in", ""),
            )
            for entry in raw["keep"]
        ),
        citizens=tuple(CitizensRule(**entry) for entry in raw["citizens"]),
        recipients=tuple(RecipientsRule(**entry) for entry in raw["recipients"]),
        minors_age=raw["minors"]["age"],
        minors_source=raw["minors"]["source"],
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(_PACKAGE).joinpath(name).read_text(encoding="utf-8"))


def _span(text: str) -> Span:
    found = read_span(text)
    if found is None:
        raise ValueError(f"{text!r} is no span of time")
    return found
