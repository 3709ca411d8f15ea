"""A drill: a backup is restored, compared with what it was taken of, and timed against what the agreements promise."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from parley.backups import register
from parley.backups.apart import apart
from parley.backups.errors import BackupDamaged
from parley.backups.manifest import Named
from parley.backups.models import DrillRow
from parley.backups.restoring import Rebuilt, rebuilt
from parley.backups.types import Drill, Promise
from parley.foundation.ids import new_id
from parley.ledger import api as ledger
from parley.sealing.api import AgeReader, SealingError
from parley.storage.api import ObjectStore, StorageError
from parley.tenancy import api as tenancy

DRILLED: Final = "backup.drilled"
READ_AT_MOST: Final = 2 << 30
"""Bytes of objects that a drill reads; beyond it samples, and says so."""
OPENED: Final = 20
"""Objects that a drill opens with the customer's key, where the provider holds it."""
_SECONDS: Final = ("rto", "rpo")


@dataclass(frozen=True, kw_only=True)
class _Objects:
    """What reading objects showed: `rest` are seconds that those not read would take."""

    read: int
    opened: int
    rest: float
    findings: tuple[str, ...]


def drill(
    customer: tenancy.Customer, *, at: datetime, backup_id: UUID | None = None, drill_id: UUID | None = None
) -> Drill:
    """Restore a backup (the newest by default) beside the live data and compare; evidence in both logs.

    Idempotent by `drill_id`. Raises what a restoration raises: then the drill has failed, and evidence says so.
    """
    known = drill_id or new_id(at=at)
    return apart(lambda: _drill(customer, at, backup_id, known))


def drills(customer: tenancy.Customer, *, limit: int = 36) -> tuple[Drill, ...]:
    """The drills of a customer, newest first."""
    return tuple(_view(row) for row in DrillRow.objects.filter(customer=customer.id).order_by("-at", "-id")[:limit])


def _drill(customer: tenancy.Customer, at: datetime, backup_id: UUID | None, drill_id: UUID) -> Drill:
    row = DrillRow.objects.filter(id=drill_id).first()
    if row is None:
        row = _done(customer, at, backup_id, drill_id)
        row.save(force_insert=True)
    found = _view(row)
    _tell(customer, found)
    return found


def _done(customer: tenancy.Customer, at: datetime, backup_id: UUID | None, drill_id: UUID) -> DrillRow:
    began = time.monotonic()
    backup = register.wanted(customer, backup_id)
    promise = register.promise_to(customer)
    row = DrillRow(
        id=drill_id, customer=customer.id, backup=backup.id, at=at, promise=_promise_json(promise),
        rpo_seconds=(at - (backup.taken_at or backup.began_at)).total_seconds(), tables=0, records=0,
        object_count=backup.object_count, objects_read=0, opened=0, entries=0, erased=0, rto_seconds=0.0,
    )  # fmt: skip
    try:
        with rebuilt(customer, backup.id, at=at) as found:
            rows = _rows(found)
            log = _log(found)
            usable = time.monotonic()
            objects = _read(found)
            ready = time.monotonic()
            after = _erased(found)
    except BackupDamaged as error:
        # The best that a drill can find: it is told as its result, not only as an error.
        row.findings, row.rto_seconds = [str(error.args[0])], time.monotonic() - began
        return row
    row.findings = [*rows, *log, *objects.findings, *after]
    row.rto_seconds = (ready if objects.read else usable) - began + objects.rest
    row.estimated = objects.rest > 0
    row.tables, row.records = len(found.before.tables), sum(found.before.tables.values())
    row.objects_read, row.opened = objects.read, objects.opened
    row.entries, row.erased = found.before.entries, found.restored.erased.records
    return row


def _rows(found: Rebuilt) -> list[str]:
    """Tables whose rows are not as many as the manifest says; those that an upgrade made or removed do not count."""
    said, there = found.contents.tables, found.before.tables
    return [
        f"table {table}: {there[table]} rows restored, {said[table]} in the backup"
        for table in sorted(said.keys() & there.keys())
        if said[table] != there[table] and table not in {"django_migrations", "django_content_type", "auth_permission"}
    ]


def _log(found: Rebuilt) -> list[str]:
    """Whether the log verifies, leaf by leaf, up to the head in the manifest."""
    with tenancy.connect(found.restored.customer) as connection, connection.cursor() as cursor:
        try:
            head = ledger.audit(cursor)
        except ledger.LedgerError as error:
            return [f"the log does not verify: {error.args[0]}"]
    size, root = (head.size, head.root.hex()) if head else (0, found.contents.root)
    if (size, root) != (found.contents.entries, found.contents.root):
        return [f"the log ends at {size}, not at {found.contents.entries} as the manifest says"]
    return []


def _read(found: Rebuilt) -> _Objects:
    """Read objects and compare their hashes: all, or evenly picked ones when they are too many; open some."""
    store = found.restored.store
    names = [found.objects[head.key] for head in store.list()]
    chosen = _chosen(names)
    began, size, findings, opened = time.monotonic(), 0, list[str](), 0
    for one in chosen:
        try:
            store.get_range(one.key, 0, 1)  # compares the whole object with the manifest
            size += one.size
        except (BackupDamaged, StorageError) as error:
            findings.append(str(error.args[0]))
    identities = tenancy.keyring().identities(found.restored.customer)
    for one in [one for one in chosen if one.key.endswith(".age")][:: max(1, len(chosen) // OPENED)][:OPENED]:
        if identities and not _opens(one, store, identities):
            findings.append(f"{one.key} does not open")
        opened += bool(identities)
    spent, left = time.monotonic() - began, sum(one.size for one in names) - sum(one.size for one in chosen)
    rest = spent * left / size if size and left > 0 else 0.0
    return _Objects(read=len(chosen), opened=opened, rest=rest, findings=tuple(findings))


def _chosen(names: Sequence[Named]) -> Sequence[Named]:
    """All of them, or every nth, so that about READ_AT_MOST bytes are read."""
    total = sum(one.size for one in names)
    return names[:: -(-total // READ_AT_MOST)] if total > READ_AT_MOST else names


def _opens(one: Named, store: ObjectStore, identities: Sequence[str]) -> bool:
    with store.open(one.key) as sealed:
        try:
            reader = AgeReader(sealed, identities, tolerant=True)
            return all(piece is not None for piece in reader)
        except SealingError:
            return False


def _erased(found: Rebuilt) -> list[str]:
    """Objects of erased records must be out of reach."""
    hidden = found.before.named.keys() & found.objects.keys() - {head.key for head in found.restored.store.list()}
    gone = found.restored.erased.objects
    return [] if not gone or hidden or not found.objects else ["objects of erased records are still named"]


def _tell(customer: tenancy.Customer, found: Drill) -> None:
    for clause in register.drill_clauses(customer, found.promise):
        register.tell(
            customer, kind=DRILLED, clause=clause, at=found.at, about=uuid5(found.id, clause),
            details={
                "drill": str(found.id), "backup": str(found.backup_id), "good": found.good, "kept": found.kept,
                "rto_ms": round(found.rto.total_seconds() * 1000), "rpo_seconds": round(found.rpo.total_seconds()),
                "rto_promised": _seconds(found.promise.rto), "rpo_promised": _seconds(found.promise.rpo),
                "estimated": found.estimated, "tables": found.tables, "records": found.records,
                "objects": found.objects, "objects_read": found.objects_read, "opened": found.opened,
                "entries": found.entries, "erased": found.erased, "findings": len(found.findings),
            },
        )  # fmt: skip


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds())


def _promise_json(promise: Promise) -> dict[str, Any]:
    return {**asdict(promise), **{name: _seconds(getattr(promise, name)) for name in _SECONDS}}


def _view(row: DrillRow) -> Drill:
    spans = {name: None if row.promise.get(name) is None else timedelta(seconds=row.promise[name]) for name in _SECONDS}
    return Drill(
        id=row.id, customer_id=row.customer, backup_id=row.backup, at=row.at,
        rto=timedelta(seconds=row.rto_seconds), rpo=timedelta(seconds=row.rpo_seconds), estimated=row.estimated,
        tables=row.tables, records=row.records, objects=row.object_count, objects_read=row.objects_read,
        opened=row.opened, entries=row.entries, erased=row.erased, findings=tuple(row.findings),
        promise=Promise(**{**row.promise, **spans}),
    )  # fmt: skip
