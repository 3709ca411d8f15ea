"""What backups tell others: what was taken, how long it stays, what a drill found, what was restored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from parley.inventory.api import Erased
from parley.storage.api import ObjectStore
from parley.tenancy.api import Customer

Reason = Literal["scheduled", "final", "asked"]
State = Literal["taking", "ready", "failed", "gone"]
REASONS: Final[Mapping[Reason, str]] = {
    "scheduled": "by schedule",
    "asked": "on demand",
    "final": "at the end of the contract",
}
STATES: Final[tuple[State, ...]] = ("taking", "ready", "failed", "gone")


@dataclass(frozen=True, kw_only=True)
class BackupView:
    """One sealed backup. It shows the database as it was at `taken_at`, and is destroyed at `expires_at`.

    `size` counts the sealed dump and manifest; `objects` and `objects_size` what it names, shared with other backups.
    `damaged` objects were not what their rows say when they were copied; `entries` is the length of the log in it.
    """

    id: UUID
    customer_id: UUID
    reason: Reason
    state: State
    began_at: datetime
    taken_at: datetime | None
    made_at: datetime | None
    expires_at: datetime
    gone_at: datetime | None
    size: int
    objects: int
    objects_size: int
    damaged: int
    entries: int
    dump_sha256: str
    manifest_sha256: str
    error: str


@dataclass(frozen=True, kw_only=True)
class Remaining:
    """What is left of a customer in backups: how many, and when the last one goes; None when nothing is left."""

    count: int
    last_expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What the agreements of a customer promise of restoring, each with its clause; None where they promise nothing.

    The shortest spans of all of them: `rto` until service is back, `rpo` of data that may be lost.
    """

    rto: timedelta | None = None
    rto_clause: str = ""
    rpo: timedelta | None = None
    rpo_clause: str = ""

    @property
    def clauses(self) -> tuple[str, ...]:
        """Each clause once, RTO first."""
        return tuple(dict.fromkeys(clause for clause in (self.rto_clause, self.rpo_clause) if clause))


@dataclass(frozen=True, kw_only=True)
class Drill:
    """A backup that was restored to see that it can be. `rto`: from the start until usable; `rpo`: the age of what the
    backup holds, when the drill began. `estimated`: objects were sampled, and their time follows from the sample.

    `findings` name what was not as it must be, empty for a good drill; numbers and table names, no content.
    """

    id: UUID
    customer_id: UUID
    backup_id: UUID
    at: datetime
    rto: timedelta
    rpo: timedelta
    estimated: bool
    tables: int
    records: int
    objects: int
    objects_read: int
    opened: int
    entries: int
    erased: int
    findings: tuple[str, ...]
    promise: Promise

    @property
    def good(self) -> bool:
        """Whether all was as it must be; the times are another question."""
        return not self.findings

    @property
    def kept(self) -> bool:
        """Whether it was good and within what the agreements promise."""
        promise = self.promise
        in_time = promise.rto is None or self.rto <= promise.rto
        return self.good and in_time and (promise.rpo is None or self.rpo <= promise.rpo)


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A customer as it was at `backup.taken_at`, without what was erased since: `scope(customer)` leads to a scratch
    database with the customer's own privileges, `store` reads the objects of the backup under the keys that rows name.
    """

    customer: Customer
    store: ObjectStore
    backup: BackupView
    erased: Erased = field(default_factory=Erased)
