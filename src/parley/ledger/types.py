"""What the ledger hands out: frozen, and free of any database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from parley.foundation.errors import ParleyError

JSON: TypeAlias = "str | int | bool | Sequence[JSON] | Mapping[str, JSON] | None"


class Cursor(Protocol):
    """What a psycopg cursor and a Django cursor have in common; rows are tuples."""

    def execute(self, query: Any, params: Any = ..., /) -> Any: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> Any: ...


class LedgerError(ParleyError):
    """The ledger refuses or cannot do what was asked; nothing was changed."""

    error_id = "ledger.error"


class NoSuchEntry(LedgerError):
    """No entry with that id is in this customer's log."""

    error_id = "ledger.no_such_entry"


class NotYetIntegrated(LedgerError):
    """The entry waits for the sequencer; it can be proven in a moment."""

    error_id = "ledger.not_yet_integrated"


class BundleRefused(LedgerError):
    """The bundle does not prove what it says."""

    error_id = "ledger.bundle_refused"


class LedgerDamaged(LedgerError):
    """The stored tree does not agree with itself or with what was signed. Nothing more is signed until people look."""

    error_id = "ledger.damaged"


class LedgerForked(LedgerError):
    """A log shows a head that does not add to the one countersigned before: its history was rewritten."""

    error_id = "ledger.forked"


@dataclass(frozen=True)
class EntryView:
    """One line of the audit trail. `seq` is None until it is integrated, `details` None once they are erased."""

    id: UUID
    seq: int | None
    at: datetime
    kind: str
    clause: str
    details: Mapping[str, JSON] | None

    @property
    def cursor(self) -> str:
        """Hand this to `entries(before=...)` for the lines that follow."""
        return f"{self.at.astimezone(UTC).isoformat().replace('+00:00', 'Z')}_{self.id}"


@dataclass(frozen=True)
class Checkpoint:
    """A published head: `note` is the signed note, with the provider's countersignature line where it has one."""

    size: int
    root: bytes
    note: str
    log_key: str
    cosigner_key: str | None
