"""What other packages may use of backups: take, list, restore into a scratch database, drill, destroy.

    with restored(customer) as found, tenancy.scope(found.customer):
        ...  # rows as they were, without what was erased since; objects through found.store

A transaction cannot move from one database to another: whoever is in one (a handler of obligations is) and wants to
work in a restored scope does it `apart(lambda: ...)`, in a thread with connections of its own.
"""

from collections.abc import Mapping

from parley.backups.apart import apart
from parley.backups.drilling import drill, drills
from parley.backups.errors import BackupDamaged, BackupError, Busy, DumpFailed, NoBackup, ToolMissing
from parley.backups.expiring import destroy_all, expire, shorten
from parley.backups.files import unsealed
from parley.backups.putting_back import put_back
from parley.backups.register import backups, promise_to, remaining
from parley.backups.restoring import restore_in_place, restored, sweep
from parley.backups.rules import interval_of
from parley.backups.schedule import ask_backup, ask_drill, begin, expect_backups, long_handlers
from parley.backups.taking import PROGRESS, take
from parley.backups.types import REASONS, BackupView, Drill, Promise, Reason, Remaining, Restored
from parley.obligations.api import Handler

__all__ = [
    "PROGRESS",
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
    "ask_backup",
    "ask_drill",
    "backups",
    "begin",
    "destroy_all",
    "drill",
    "drills",
    "expect_backups",
    "expire",
    "handlers",
    "interval_of",
    "long_handlers",
    "promise_to",
    "put_back",
    "remaining",
    "restore_in_place",
    "restored",
    "shorten",
    "sweep",
    "take",
    "unsealed",
]


def handlers() -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline: nothing that is quick."""
    return {}
