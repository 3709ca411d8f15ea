"""What was erased, so that a restored backup loses it again: ids in the provider's database, nothing about anybody.

A tombstone is laid before the erasing commit, so that no crash lets an erased record come back from a backup. Whether
the deed was done or undone `reconcile` finds out afterwards, by looking for the record.

Nobody waits for the disk when a tombstone is laid, where the provider's database and the customer's lie on one server:
its commit stands before the erasing one in that server's one write-ahead log, and who waits for a record of the log to
be on the disk waits for all before it. So a crash may lose a tombstone with the erasure, and never without it. On two
servers there are two logs: then the tombstone is on its disk before an erasure can be committed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
SELECT %s::uuid, %s::text, %s::text, %s::timestamptz, false, record FROM unnest(%s::uuid[]) AS record, {quickly}
ON CONFLICT (customer_id, store, record) DO UPDATE SET cause = EXCLUDED.cause, at = EXCLUDED.at, sure = false
"""
_LAY_QUICKLY: Final = _LAY.format(quickly="(SELECT set_config('synchronous_commit', 'off', true)) AS hint")
_LAY_AS_ALL: Final = _LAY.format(quickly="(SELECT) AS hint")


@contextmanager
def laid(records: Mapping[str, Sequence[UUID]], *, cause: Cause, at: datetime) -> Iterator[None]:
    """Tombstones of records of the customer in scope, by store, which the block erases: they stand when it ends, before
    the erasing transaction of the caller can be committed. They are of another database, committed at once. Where an
    earlier deed was undone its tombstone takes this instant: a backup of the time between has the record."""
    customer_id = tenancy.current().id
    pieces = [(store, some) for store, ids in records.items() for some in batches(list(dict.fromkeys(ids)))]
    laying = _LAY_QUICKLY if tenancy.provider_beside() and not _joins() else _LAY_AS_ALL
    asked: list[tenancy.Asked] = [(laying, [customer_id, store, cause, at, some]) for store, some in pieces]
    with tenancy.run_beside(*asked, using="provider"):
        yield


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
    """Look once for each record of the customer in scope that has a tombstone: of one that is still there it goes."""
    customer_id, known, gone, last = tenancy.current().id, stores(), 0, 0
    while True:
        unsure = models.Tombstone.objects.filter(customer_id=customer_id, sure=False, at__lt=at - _UNSURE, id__gt=last)
        some = list(unsure.order_by("id").values_list("id", "store", "record")[:BATCH])
        if not some:
            return gone
        last = some[-1][0]
        for name in {store for _, store, _ in some} & known.by_name.keys():
            of_store = {record: number for number, store, record in some if store == name}
            left = known[name].present(list(of_store))
            stones = models.Tombstone.objects.filter(id__in=of_store.values(), sure=False)
            gone += stones.filter(record__in=left).delete()[0]
            stones.exclude(record__in=left).update(sure=True)


def batches(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """Pieces that a statement takes at once."""
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _joins() -> bool:
    """Whether a transaction is open there already, with which everything goes."""
    return connections["provider"].in_atomic_block
