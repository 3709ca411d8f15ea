"""Exports as other packages see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

Reason = Literal["subject", "everything", "records", "discovery"]
State = Literal["queued", "running", "ready", "failed", "withdrawn", "expired"]
REASONS: Final = ("subject", "everything", "records", "discovery")
STATES: Final = ("queued", "running", "ready", "failed", "withdrawn", "expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What was written: `records` in all, `files` besides the tables, lines of each table, and the hash (hexadecimal)
    and size of the ZIP file in clear. `by_store` counts the records of each store."""

    records: int
    files: int
    size: int
    sha256: str
    manifest_sha256: str
    tables: Mapping[str, int] = field(default_factory=dict)
    by_store: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportView:
    """A saved export. `size` and `sha256` are those of the ZIP file in clear, `sealed_size` and `sealed_sha256` those
    of what is stored. `progress_key` is for `obligations.progress` while it is queued or running."""

    id: UUID
    title: str
    reason: Reason
    state: State
    formats: tuple[str, ...]
    redact_others: bool
    clause: str
    asked_at: datetime
    asked_by: UUID | None
    records: int
    files: int
    tables: Mapping[str, int]
    by_store: Mapping[str, int]
    size: int
    sha256: str
    sealed_size: int
    sealed_sha256: str
    made_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None
    error: str
    progress_key: str
    evidence_id: UUID | None
