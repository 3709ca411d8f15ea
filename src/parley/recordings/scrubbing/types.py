"""What a scrub tells others, and the kinds and ages by which a report counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

What = Literal["changed", "missing", "unledgered"]
State = Literal["open", "repaired", "accepted"]

KINDS: Final[Mapping[str, Any]] = {
    "original": _("sealed originals"),
    "rendition": _("renditions"),
    "other": _("exports, packages and imports"),
}
"""What lies in a store, by the key of the object."""

TIERS: Final[Mapping[str, Any]] = {"warm": _("at hand"), "cold": _("moved away")}
"""The stores that an installation has: that for everything, and that for what is large of older recordings."""

AGES: Final[Mapping[str, tuple[timedelta | None, Any]]] = {
    "week": (timedelta(days=7), _("up to 7 days")),
    "month": (timedelta(days=30), _("8 to 30 days")),
    "quarter": (timedelta(days=90), _("31 to 90 days")),
    "year": (timedelta(days=365), _("91 to 365 days")),
    "older": (None, _("more than a year")),
}
"""Bands of age, youngest first, each up to its span."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """So many objects of one kind and age in one tier, with their size in bytes."""

    kind: str
    age: str
    objects: int
    size: int
    tier: str = "warm"


@dataclass(frozen=True, kw_only=True)
class ScrubView:
    """How far a scrub is, or what it found. `counted` recordings at its beginning; `report` when it is finished."""

    id: UUID
    began_at: datetime
    finished_at: datetime | None
    counted: int
    recordings: int
    objects: int
    size: int
    damaged: int
    aborted_uploads: int
    report: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class MoveView:
    """A pass that moved large objects of recordings from `before` to the cold store; `size` in bytes."""

    id: UUID
    began_at: datetime
    finished_at: datetime | None
    before: datetime
    recordings: int
    objects: int
    size: int
    kept: int


@dataclass(frozen=True, kw_only=True)
class FindingView:
    """One object that was not what the ledger says, and what became of it."""

    id: UUID
    recording_id: UUID
    name: str
    object_key: str
    what: What
    expected: str
    found: str
    found_at: datetime
    incident_id: UUID
    evidence_id: UUID
    state: State
    problem: str
    resolved_at: datetime | None
    resolved_by: UUID | None


@dataclass(frozen=True, kw_only=True)
class Damage:
    """What is wrong with one object now."""

    name: str
    object_key: str
    what: What
    expected: str
    found: str
