"""What other packages may use of backups: take, list, restore into a scratch database, drill, destroy.

    with restored(customer) as found, tenancy.scope(found.customer):
        ...  # rows as they were, without what was erased since; objects through found.store

No function may be called inside a transaction of another customer than the one it is for: a transaction cannot move
from one database to another. Work inside a transaction (a handler of obligations) wraps it: `apart(lambda: ...)`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from parley.backups.apart import apart
from parley.backups.errors import BackupDamaged, BackupError, Busy, DumpFailed, NoBackup, ToolMissing
from parley.backups.types import REASONS, BackupView, Drill, Promise, Reason, Remaining, Restored
from parley.obligations.api import Handler
from parley.tenancy.api import Customer


def take(customer: Customer, *, reason: Reason, at: datetime, backup_id: UUID | None = None) -> BackupView:
    """Take a sealed backup now, with evidence in the provider's and the customer's log. Takes as long as it takes.

    Idempotent by `backup_id`: what was interrupted goes on, what was done is only told. Raises BackupError,
    StorageError, KeysUnavailable.
    """
    raise NotImplementedError


def expect_backups(at: datetime) -> None:
    """See to it that the customer in scope is backed up in the rhythm of its RPO, and drilled monthly, from now on."""
    raise NotImplementedError


def backups(customer: Customer) -> tuple[BackupView, ...]:
    """The backups of a customer that exist or are being taken, newest first."""
    raise NotImplementedError


def remaining(customer: Customer) -> Remaining:
    """What is left of a customer in backups."""
    raise NotImplementedError


def destroy_all(customer: Customer, *, at: datetime) -> int:
    """Destroy every backup of a customer with all its objects, verify that nothing is left; how many backups.

    Idempotent. Leaves evidence in the provider's log. Raises BackupError when anything is left.
    """
    raise NotImplementedError


def expire(*, at: datetime) -> int:
    """Destroy the backups of all customers whose time is over, and objects that no other backup names; how many."""
    raise NotImplementedError


def shorten(customer: Customer, *, until: datetime) -> int:
    """No backup of the customer lives longer than `until`; how many were shortened. For the end of a contract."""
    raise NotImplementedError


@contextmanager
def restored(customer: Customer, backup_id: UUID | None = None, *, at: datetime | None = None) -> Iterator[Restored]:
    """The customer from a backup (the newest by default), in a scratch database that is gone at the end of the block.

    Hashes are verified first, erasures since the backup are replayed before anybody sees it. `customer` may have lost
    its database, or be departed. Raises NoBackup, BackupDamaged, Busy.
    """
    raise NotImplementedError(customer, backup_id, at)
    yield


def drill(customer: Customer, *, at: datetime, backup_id: UUID | None = None) -> Drill:
    """Restore a backup (the newest by default) beside the live data and compare; evidence in both logs."""
    raise NotImplementedError


def restore_in_place(customer: Customer, *, at: datetime, backup_id: UUID | None = None) -> BackupView:
    """Replace the customer's lost or damaged database by a backup; erasures are replayed before anybody sees it."""
    raise NotImplementedError


def handlers() -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline."""
    return {}


def long_handlers() -> Mapping[str, Handler]:
    """The long work of this package, by the kind of its deadline."""
    return {}


__all__ = [
    "REASONS",
    "BackupDamaged",
    "BackupError",
    "BackupView",
    "Busy",
    "Drill",
    "DumpFailed",
    "NoBackup",
    "Promise",
    "Reason",
    "Remaining",
    "Restored",
    "ToolMissing",
    "apart",
    "backups",
    "destroy_all",
    "drill",
    "expect_backups",
    "expire",
    "handlers",
    "long_handlers",
    "remaining",
    "restore_in_place",
    "restored",
    "shorten",
    "take",
]
