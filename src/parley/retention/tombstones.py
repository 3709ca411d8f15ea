"""What was erased, so that a restored backup loses it again: ids in the provider's database, nothing about anybody.

A tombstone is laid before the erasing commit, so that no crash lets an erased record come back from a backup. It is
made sure after the commit; one that never was (the deed was undone) is taken away by `reconcile`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connections, transaction

from parley.governance.contract import api as contract
from parley.inventory.api import Erased, stores
from parley.obligations import api as obligations
from parley.retention import models
from parley.retention.errors import ErasureIncomplete
from parley.retention.types import Cause, Tombstone
from parley.tenancy import api as tenancy

BATCH: Final = 1000
_MARGIN: Final = timedelta(days=1)
"""A tombstone is laid before its record goes: a backup of the time between has both."""
_UNSURE: Final = timedelta(hours=1)
_LAY: Final = """
INSERT INTO retention_tombstone (customer_id, store, cause, at, sure, record)
SELECT %s, %s, %s, %s, false, unnest(%s::uuid[])
ON CONFLICT (customer_id, store, record) DO UPDATE SET cause = EXCLUDED.cause, at = EXCLUDED.at
"""
_SURE: Final = """
UPDATE retention_tombstone SET sure = true {quickly} WHERE customer_id = %s AND store = %s AND record = ANY(%s)
"""
_UNSYNCED: Final = "FROM (SELECT set_config('synchronous_commit', 'off', true)) AS hint"


def lay(records: Mapping[str, Sequence[UUID]], *, cause: Cause, at: datetime) -> None:
    """Before records of the customer in scope are erased, by store. Committed at once: the caller's transaction is of
    another database. Where an earlier deed was undone its tombstone takes this instant: a backup of the time between
    has the record."""
    customer_id = tenancy.current().id
    with connections["provider"].cursor() as cursor:
        for store, ids in records.items():
            for some in batches(list(dict.fromkeys(ids))):
                cursor.execute(_LAY, [customer_id, store, cause, at, list(some)])
    transaction.on_commit(lambda: _make_sure(customer_id, records), robust=True)


def tombstones(customer_id: UUID, *, since: datetime | None = None) -> tuple[Tombstone, ...]:
    """What was erased of that customer, oldest first: everything, or from a day before `since` on."""
    rows = models.Tombstone.objects.filter(customer_id=customer_id)
    if since is not None:
        rows = rows.filter(at__gte=since - _MARGIN)
    return tuple(
        Tombstone(store=store, record=record, at=at)
        for store, record, at in rows.order_by("at", "id").values_list("store", "record", "at")
    )


def replay(*, customer_id: UUID, since: datetime | None, at: datetime) -> Erased:
    """Erase once more what was erased since the backup of `since` was taken, in the restored database in scope.

    In the caller's transaction; nothing may be read there before it is committed. Leaves evidence in the restored log.
    Raises ErasureIncomplete when something stays, or when no store answers for a tombstone.
    """
    by_store: dict[str, list[UUID]] = defaultdict(list)
    for one in tombstones(customer_id, since=since):
        by_store[one.store].append(one.record)
    known = stores()
    unknown = sorted(by_store.keys() - known.by_name.keys())
    if unknown:
        raise ErasureIncomplete(
            "nobody answers for records that were erased", missing=unknown, remedy="Install the offering again."
        )
    erased = Erased()
    with transaction.atomic():
        for name, ids in by_store.items():
            for some in batches(ids):
                erased += known[name].erase(some)
                if left := known[name].present(some):
                    raise ErasureIncomplete("erased records came back", missing=[f"{name}: {len(left)} records"])
        obligations.evidence(
            kind="retention.replayed",
            clause=contract.binding().agreement.terms.retention.clause,
            details={
                "tombstones": {name: len(ids) for name, ids in by_store.items()}, "records": erased.records,
                "objects": erased.objects,
            },
            at=at,
        )  # fmt: skip
    return erased


def forget_tombstones(customer_id: UUID, before: datetime) -> int:
    """No backup is older than `before`: what was erased earlier cannot come back. Returns how many went."""
    return models.Tombstone.objects.filter(customer_id=customer_id, at__lt=before).delete()[0]


def reconcile(*, at: datetime) -> int:
    """Tombstones of the customer in scope that were never made sure: those of records that are still there go."""
    unsure = models.Tombstone.objects.filter(customer_id=tenancy.current().id, sure=False, at__lt=at - _UNSURE)
    by_store: dict[str, list[UUID]] = defaultdict(list)
    for store, record in unsure.values_list("store", "record"):
        by_store[store].append(record)
    gone = 0
    known = stores()
    for name, ids in by_store.items():
        for some in batches(ids if name in known.by_name else []):
            left = known[name].present(some)
            of_store = models.Tombstone.objects.filter(customer_id=tenancy.current().id, store=name, sure=False)
            gone += of_store.filter(record__in=left).delete()[0]
            of_store.filter(record__in=[one for one in some if one not in left]).update(sure=True)
    return gone


def batches(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """Pieces that a statement takes at once."""
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _make_sure(customer_id: UUID, records: Mapping[str, Sequence[UUID]]) -> None:
    """That the record went. Where a crash loses it `reconcile` finds it out by looking: nobody waits for the disk."""
    with connections["provider"].cursor() as cursor:
        for store, ids in records.items():
            for some in batches(ids):
                quickly = "" if cursor.db.in_atomic_block else _UNSYNCED
                cursor.execute(_SURE.format(quickly=quickly), [customer_id, store, list(some)])
