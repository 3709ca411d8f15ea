"""What REST asks for and what its answers look like."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

MOST_ROWS: Final = 200
_LONGEST_CALL: Final = 366 * 24 * 3600
_RFC3339: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def _written(given: object) -> object:
    """An instant as text: a bare number is none."""
    if isinstance(given, datetime) or (isinstance(given, str) and _RFC3339.fullmatch(given)):
        return given
    raise ValueError("an instant is written 2026-11-23T10:00:00Z, with its offset from UTC")


def _in_time(given: datetime) -> datetime:
    """Between 1970 and 9998: nothing was recorded before, and no reckoning runs over the end of the calendar."""
    if not 1970 <= given.year <= 9998:
        raise ValueError("an instant lies between the years 1970 and 9998")
    return given


Instant = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_time)]
"""RFC 3339, with an offset from UTC."""
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""Anything but NUL, which no database keeps."""
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Text without line breaks and other control characters."""
PartName = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


class Narrowed(Schema):
    """Which recordings: everything that is given must hold. Numbers, names, tags and notes are compared as blind
    indexes: whole numbers, whole words."""

    number: Line | None = Field(None, max_length=128, description="A party's number or address, exact")
    since: Instant | None = Field(None, description="Begun at or after; with an offset from UTC")
    until: Instant | None = Field(None, description="Begun before")
    direction: Literal["inbound", "outbound", "internal", "unknown"] | None = None
    trunk: UUID | None = None
    participant: Line | None = Field(None, min_length=1, max_length=200, description="Words of a party's name")
    user: list[UUID] = Field(default_factory=list, max_length=100, description="Calls of any of these accounts")
    group: list[UUID] = Field(default_factory=list, max_length=100, description="Calls of anybody of these groups")
    shortest: float | None = Field(None, ge=0, le=_LONGEST_CALL, description="Seconds, inclusive")
    longest: float | None = Field(None, ge=0, le=_LONGEST_CALL, description="Seconds, inclusive")
    tag: Line | None = Field(None, min_length=1, max_length=64)
    note: Line | None = Field(None, min_length=1, max_length=200, description="Words of a note")
    quality: list[Literal["good", "impaired", "gaps", "silent"]] = Field(default_factory=list, max_length=4)
    consent: list[Literal["not-asked", "asked", "given", "refused", "withdrawn"]] = Field(
        default_factory=list, max_length=5, description="The last word on it, where it is wanted or was said"
    )
    notice: list[Literal["not-known", "none", "tone", "announcement"]] = Field(
        default_factory=list, max_length=4, description="What the parties heard; not-known: wanted, nothing was said"
    )


class Wanted(Narrowed):
    """Which page of the recordings that match."""

    after: Line | None = Field(None, max_length=512, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


class WantedEntries(Schema):
    """Which entries of the audit trail."""

    kind: Line | None = Field(None, max_length=64)
    person: UUID | None = Field(None, description="Who did it, or whom it is about where nobody did")
    since: Instant | None = Field(None, description="At or after; with an offset from UTC")
    until: Instant | None = Field(None, description="Before")
    before: Line | None = Field(None, max_length=128, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


class Kept(Schema):
    """What a verifier kept from before."""

    since: int | None = Field(None, ge=1, le=2**53, description="Size of a checkpoint that you kept")


class PartyOut(Schema):
    """A participant of a call."""

    role: str
    name: str
    number: str
    aor: str


class RowOut(Schema):
    """A recording in a list; `sealed` ones tell no parties, because the provider cannot read them."""

    id: UUID
    conversation_id: UUID
    started_at: datetime
    ended_at: datetime
    seconds: float
    direction: str
    trunk_id: UUID
    trunk_name: str
    sealed: bool
    parties: list[PartyOut]
    segments: int
    reason: str
    rendition: str


class ListedOut(RowOut):
    """A conversation in the list, with the worst quality of its segments: good, impaired, gaps, silent; and what was
    said of consent and is known of the announcement, of its segments what most asks to be looked at: given, asked,
    not-asked, withdrawn, refused; announcement, tone, not-known, none; empty where it is not wanted and nothing was
    said."""

    quality: str
    consent: str
    notice: str


class RowsOut(Schema):
    """One page of recordings, newest first; hand `next` back as `after` for the one that follows."""

    items: list[ListedOut]
    next: str | None


class PartOut(Schema):
    """A file of the sealed original."""

    name: str
    kind: str
    size: int
    sha256: str
    url: str


class MediaOut(Schema):
    """A playable copy; `sha256` is that of the stored, sealed object."""

    kind: str
    media_type: str
    size: int
    sha256: str
    url: str


class DecisionOut(Schema):
    """Why the call was recorded."""

    agreement: str
    agreement_version: str
    clause: str
    purpose: str
    reason: str


class RecordingOut(RowOut):
    """Everything about one recording but its sound. The original's evidence names the parts as they are: that of the
    recording, until it is sealed anew to other keys."""

    decision: DecisionOut
    parts: list[PartOut]
    media: list[MediaOut]
    evidence_id: UUID
    evidence_url: str
    original_evidence_url: str


class DeletedOut(Schema):
    """What a deletion removed: recordings and objects; the evidence of it."""

    deleted: int
    objects: int
    evidence_id: UUID | None


class DeletionAsked(Schema):
    """Why it is to go: for the second person, where one decides."""

    why: str = Field("by program", max_length=2000, pattern=r"\S")


class DeletionRequestOut(Schema):
    """A deletion that a second person has to approve; nothing was deleted yet. It is over at `expires_at`."""

    id: UUID
    state: str
    recordings: int
    expires_at: datetime


class EntryOut(Schema):
    """An entry of the ledger; `number` is null until the sequencer has placed it, `details` once they are erased."""

    id: UUID
    number: int | None
    at: datetime
    kind: str
    clause: str
    details: dict[str, Any] | None
    evidence_url: str


class EntriesOut(Schema):
    """One page of the audit trail, newest first; hand `next` back as `before`."""

    items: list[EntryOut]
    next: str | None
