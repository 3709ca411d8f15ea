"""Backups end: each at its time, all of them with their customer; objects when no backup names them any more.

The row is marked first, the files go next, the row is told last: killed anywhere, the next expiry goes on.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.db.models import Q

from parley.backups import files, register
from parley.backups.apart import apart
from parley.backups.errors import BackupError, Busy
from parley.backups.models import Backup, BackupObject, DrillRow
from parley.foundation.ids import new_id
from parley.tenancy import api as tenancy

EXPIRED: Final = "backup.expired"
DESTROYED: Final = "backups.destroyed"
_BATCH: Final = 1000


def expire(*, at: datetime) -> int:
    """Destroy the backups of all customers whose time is over, and objects that no other backup names; how many."""
    due = Backup.objects.exclude(state="gone").filter(Q(expires_at__lte=at) | Q(state="failed"))
    gone = 0
    for customer_id in sorted(set(due.values_list("customer", flat=True))):
        customer = tenancy.known(customer_id)
        if customer is not None:
            try:
                gone += apart(partial(_expire, customer, at))
            except Busy:
                continue
    return gone


def _expire(customer: tenancy.Customer, at: datetime) -> int:
    with files.alone("take", customer.id), files.alone("files", customer.id):
        rows = Backup.objects.filter(customer=customer.id).exclude(state="gone")
        over = list(rows.filter(Q(expires_at__lte=at) | Q(state="failed")).order_by("number"))
        _remove_files(customer.id, over)
        _remove_unnamed(customer.id, without=[row.id for row in over])
        for row in over:
            if row.state == "ready":
                register.tell(
                    customer, kind=EXPIRED, clause=register.clause_of(customer),
                    details={"backup": str(row.id), "expires_at": row.expires_at.isoformat()}, at=at, about=row.id,
                )  # fmt: skip
            row.state, row.gone_at = "gone", at
            row.save(update_fields=["state", "gone_at"])
        return len(over)


def destroy_all(customer: tenancy.Customer, *, at: datetime) -> int:
    """Destroy every backup of a customer with all its objects, verify that nothing is left; how many backups.

    Idempotent. Leaves evidence in the provider's log. Raises Busy, and BackupError when anything is left.
    """
    return apart(lambda: _destroy_all(customer, at))


def _destroy_all(customer: tenancy.Customer, at: datetime) -> int:
    store = files.backup_store()
    with files.alone("take", customer.id), files.alone("files", customer.id):
        rows = Backup.objects.filter(customer=customer.id).exclude(state="gone")
        objects = store.delete_many([head.key for head in store.list(str(customer.id))])
        left = sum(1 for _ in store.list(str(customer.id)))
        if left:
            raise BackupError(f"{left} files of backups are still there", remedy="Check the backup store.")
        count = len(rows)
        if count or objects:
            register.tell(
                customer, kind=DESTROYED, clause=register.clause_of(customer), at=at, about=new_id(at=at),
                details={"backups": count, "files": objects},
            )  # fmt: skip
        BackupObject.objects.filter(customer=customer.id).delete()
        DrillRow.objects.filter(customer=customer.id).delete()
        rows.update(state="gone", gone_at=at)
    return count


def shorten(customer: tenancy.Customer, *, until: datetime) -> int:
    """No backup of the customer lives longer than `until`; how many were shortened. For the end of a contract."""
    rows = Backup.objects.filter(customer=customer.id, expires_at__gt=until).exclude(state="gone")
    return rows.update(expires_at=until)


def _remove_files(customer_id: UUID, rows: Sequence[Backup]) -> None:
    store = files.backup_store()
    store.delete_many(
        key for row in rows for key in (files.dump_key(customer_id, row.id), files.manifest_key(customer_id, row.id))
    )


def _remove_unnamed(customer_id: UUID, *, without: Sequence[UUID]) -> None:
    """Objects that none of the other backups names go: first from the store, then their rows."""
    living = Backup.objects.filter(customer=customer_id, state__in=["ready", "taking"]).exclude(id__in=without)
    numbers = sorted(living.values_list("number", flat=True))
    unnamed = [
        (pk, key)
        for pk, key, first, last in BackupObject.objects.filter(customer=customer_id).values_list(
            "id", "key", "first", "last"
        )
        if not any(first <= number and (last is None or number <= last) for number in numbers)
    ]
    store = files.backup_store()
    for start in range(0, len(unnamed), _BATCH):
        some = unnamed[start : start + _BATCH]
        store.delete_many(key for _, key in some)
        BackupObject.objects.filter(id__in=[pk for pk, _ in some]).delete()
    known = set(BackupObject.objects.filter(customer=customer_id).values_list("key", flat=True))
    kept = tuple(f"{files.folder(customer_id, one)}/" for one in living.values_list("id", flat=True))
    strays = [head.key for head in store.list(str(customer_id)) if head.key not in known]
    store.delete_many(key for key in strays if not key.startswith(kept))
