"""What was erased, so that a restored backup loses it again: ids in the provider's database, nothing about anybody.

A tombstone is laid before the erasing commit, so that no crash lets an erased record come back from a backup. It is
made sure after the commit, with the next ones that are laid; one that never was (the deed was undone, or the process
ended) is looked at by `reconcile`.

Nobody waits for the disk when a tombstone is laid, where the provider's database and the customer's lie on one server:
its commit stands before the erasing one in that server's one write-ahead log, and who waits for a record of the log to
be on the disk waits for all before it. So a crash may lose a tombstone with the erasure, and never without it. On two
servers there are two logs: then the tombstone is on its disk before anything is erased.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
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
ON CONFLICT (customer_id, store, record) DO UPDATE SET cause = EXCLUDED.cause, at = EXCLUDED.at
"""
_SURE: Final = """
UPDATE retention_tombstone SET sure = true WHERE customer_id = %s AND store = %s AND record = ANY(%s::uuid[])
"""
_LAY_QUICKLY: Final = _LAY.format(quickly="(SELECT set_config('synchronous_commit', 'off', true)) AS hint")
_LAY_AS_ALL: Final = _LAY.format(quickly="(SELECT) AS hint")
_UNSYNCED: Final = "SELECT set_config('synchronous_commit', 'off', true)"
_FEW: Final = 100
"""Records whose erasure is made sure with the next one that is laid; of more at once."""
_gone: deque[tenancy.Asked] = deque(maxlen=10_000)
"""What this process erased and has not made sure yet."""


def lay(records: Mapping[str, Sequence[UUID]], *, cause: Cause, at: datetime) -> None:
    """Before records of the customer in scope are erased, by store. Committed at once: the caller's transaction is of
    another database. Where an earlier deed was undone its tombstone takes this instant: a backup of the time between
    has the record."""
    customer_id = tenancy.current().id
    pieces = [(store, some) for store, ids in records.items() for some in batches(list(dict.fromkeys(ids)))]
    laying = _LAY_QUICKLY if tenancy.provider_beside() and not _joins() else _LAY_AS_ALL
    laid: list[tenancy.Asked] = [(laying, [customer_id, store, cause, at, some]) for store, some in pieces]
    sure: list[tenancy.Asked] = [(_SURE, [customer_id, store, some]) for store, some in pieces]
    tenancy.run_together(*_taken(), *laid, using="provider")
    transaction.on_commit(lambda: _make_sure(sure, few=sum(len(some) for _, some in pieces) <= _FEW), robust=True)


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
    _commit(_taken())
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


def _make_sure(sure: Sequence[tenancy.Asked], *, few: bool) -> None:
    """That the records went. What a crash loses of that `reconcile` finds out by looking: nobody waits for the disk."""
    if few:
        _gone.extend(sure)
    else:
        _commit(sure)


def _taken() -> list[tenancy.Asked]:
    taken = list[tenancy.Asked]()
    with suppress(IndexError):  # another thread takes them too
        while True:
            taken.append(_gone.popleft())
    return taken


def _commit(asked: Sequence[tenancy.Asked]) -> None:
    """In one transaction of the provider's database, at once and without the disk."""
    hint: list[tenancy.Asked] = [] if _joins() else [(_UNSYNCED, [])]
    tenancy.run_together(*hint, *asked, using="provider")


def _joins() -> bool:
    """Whether a transaction is open there already, with which everything goes."""
    return connections["provider"].in_atomic_block
