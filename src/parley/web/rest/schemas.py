"""What REST answers look like."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema


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


class RowsOut(Schema):
    """One page of recordings, newest first; hand `next` back as `after` for the one that follows."""

    items: list[RowOut]
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
    """Everything about one recording but its sound."""

    decision: DecisionOut
    parts: list[PartOut]
    media: list[MediaOut]
    evidence_id: UUID
    evidence_url: str


class LiveOut(Schema):
    """A call that is being recorded now."""

    id: UUID
    started_at: datetime
    seen_at: datetime
    direction: str
    trunk_name: str
    sealed: bool
    parties: list[PartyOut]
    packets: int
    bytes: int
    on_hold: bool


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
