"""What re-sealing tells others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from parley.recordings.types import PartKind


@dataclass(frozen=True, kw_only=True)
class Former:
    """Recordings from before the newest rotation, the key event `under`: `total`, and how many of them are `left`
    under the keys that they were sealed to then. `fields` keys of names, notes and tags are left as well. Without a
    rotation all are 0."""

    under: UUID | None
    total: int
    left: int
    fields: int


@dataclass(frozen=True, kw_only=True)
class FileHeader:
    """The age header of one file of an original; None of a file in which nothing was ever sealed."""

    name: str
    kind: PartKind
    header: bytes | None


@dataclass(frozen=True, kw_only=True)
class HeldHeaders:
    """What the holder of a former key needs to seal a recording anew: headers, and no byte of content."""

    recording_id: UUID
    started_at: datetime
    files: tuple[FileHeader, ...]


@dataclass(frozen=True, kw_only=True)
class FieldKey:
    """A key of the small sealed fields of an hour (names, notes, tags), by the header around it; None where that is
    damaged."""

    id: UUID
    header: bytes | None


@dataclass(frozen=True, kw_only=True)
class RunView:
    """A run over all recordings under former keys, where the provider keeps the keys. `refused` counts by why."""

    id: UUID
    at: datetime
    by: UUID
    total: int
    done: int
    refused: Mapping[str, int]
    finished_at: datetime | None
    stopped: bool

    @property
    def seen(self) -> int:
        """How many were looked at."""
        return self.done + sum(self.refused.values())
