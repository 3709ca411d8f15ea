"""A backup is taken: dump, objects, manifest, row, evidence. Killed anywhere, it is taken again; nothing counts twice.

The dump and the manifest are of one exported snapshot. Objects are listed after it: what the snapshot names and the
store has no more was erased since, and its tombstone erases it after a restoration too.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from typing import Final, TypeVar
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Max

from parley.backups import files, register
from parley.backups.apart import apart
from parley.backups.errors import BackupError
from parley.backups.manifest import Contents, Named, written
from parley.backups.models import Backup, BackupObject
from parley.backups.programs import dumped
from parley.backups.snapshot import Seen, named, seen
from parley.backups.types import BackupView, Reason
from parley.foundation.errors import ParleyError
from parley.foundation.ids import new_id
from parley.obligations import api as obligations
from parley.storage.api import ObjectNotFoundError, ObjectStore, StoredObject
from parley.tenancy import api as tenancy
from parley.tenancy import scratch

TAKEN: Final = "backup.taken"
PROGRESS: Final = "backups.take"
_BATCH: Final = 200
_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


def take(customer: tenancy.Customer, *, reason: Reason, at: datetime, backup_id: UUID | None = None) -> BackupView:
    """Take a sealed backup now, with evidence in the provider's and the customer's log. Takes as long as it takes.

    Idempotent by `backup_id`: what was interrupted goes on, what was done is only told. Raises BackupError,
    StorageError, KeysUnavailable.
    """
    return apart(lambda: _take(customer, reason, at, backup_id or new_id(at=at)))


def _take(customer: tenancy.Customer, reason: Reason, at: datetime, backup_id: UUID) -> BackupView:
    with files.alone("take", customer.id):
        row = _begin(customer, reason, at, backup_id)
        if row.state == "taking":
            try:
                _make(customer, row, at)
            except (ParleyError, OSError) as error:
                _fail(row, error)
                raise
        if row.state == "ready":
            _tell(customer, row)
    return register.view(row)


def _begin(customer: tenancy.Customer, reason: Reason, at: datetime, backup_id: UUID) -> Backup:
    """The row of this backup, before anything of it exists. What other attempts left is cleared away."""
    with transaction.atomic(using="provider"):
        for left in Backup.objects.filter(customer=customer.id, state="taking").exclude(id=backup_id):
            left.state, left.error = "failed", left.error or "backups.interrupted"
            left.save(update_fields=["state", "error"])
        row = Backup.objects.filter(id=backup_id).first() or Backup(
            id=backup_id, customer=customer.id, reason=reason, began_at=at, state="failed"
        )
        if row.state in {"failed", "taking"}:
            newest = Backup.objects.filter(customer=customer.id).exclude(id=backup_id).aggregate(n=Max("number"))["n"]
            row.number, row.state, row.error = (newest or 0) + 1, "taking", ""
            row.expires_at = register.expires(customer, taken=at, final=reason == "final")
            row.save()
    return row


def _make(customer: tenancy.Customer, row: Backup, at: datetime) -> None:
    store = files.backup_store()
    recipient = tenancy.keyring().backup_identity(customer).recipient
    with seen(customer.database) as moment, files.sealed_file(recipient) as sealed:
        for piece in dumped(customer.database, snapshot=moment.name):
            sealed.feed(piece)
        dump = sealed.put(store, files.dump_key(customer.id, row.id))
    objects = _copied(customer, row, store)
    damaged = _damaged(customer, moment, objects)
    contents = Contents(
        customer=str(customer.id),
        backup=str(row.id),
        taken_at=at,
        version=scratch.version(),
        parley=version("parley"),
        dump_sha256=dump.sha256,
        entries=moment.entries,
        root=moment.root,
        tables=moment.tables,
    )
    with files.sealed_file(recipient) as sealed:
        for piece in written(contents, objects.values()):
            sealed.feed(piece)
        manifest = sealed.put(store, files.manifest_key(customer.id, row.id))
    _finish(row, at, dump=dump, manifest=manifest, objects=objects, damaged=damaged, entries=moment.entries)


def _copied(customer: tenancy.Customer, row: Backup, store: ObjectStore) -> dict[str, Named]:
    """Everything that the live store has of the customer, now in the backup store as well, by key."""
    live = files.live_store()
    rows = BackupObject.objects.filter(customer=customer.id).order_by()
    known = {key: Named(key=key, size=size, sha256=sha256) for key, size, sha256 in rows.values_list(
        "key", "size", "sha256"
    )}  # fmt: skip
    listed = {head.key: head.size for head in live.list(str(customer.id))}
    fresh = [key for key, size in listed.items() if key not in known or known[key].size != size]
    found = {key: known[key] for key in listed if key in known}
    for done, some in enumerate(_batches(fresh)):
        _report(customer, done=done * _BATCH, total=len(fresh) + 1)
        copied = [_copy(key, live, store) for key in some]
        found.update((one.key, one) for one in copied if one is not None)
        BackupObject.objects.bulk_create(
            [
                BackupObject(customer=customer.id, key=one.key, size=one.size, sha256=one.sha256, first=row.number)
                for one in copied
                if one is not None
            ],
            update_conflicts=True,
            unique_fields=["customer", "key"],
            update_fields=["size", "sha256", "last"],
        )
    return dict(sorted(found.items()))


def _copy(key: str, live: ObjectStore, store: ObjectStore) -> Named | None:
    """One object copied; None for one that was erased meanwhile."""
    try:
        stored = files.copy(key, source=live, target=store)
    except ObjectNotFoundError:
        return None
    return Named(key=key, size=stored.size, sha256=stored.sha256)


def _damaged(customer: tenancy.Customer, moment: Seen, objects: Mapping[str, Named]) -> int:
    """How many objects are not what their rows say: another hash, or missing although a row still names them."""
    other = [key for key, known in moment.named.items() if key in objects and known not in {"", objects[key].sha256}]
    missing = [key for key in moment.named if key not in objects]
    if missing:
        with scratch.connect(customer.database) as connection:
            missing = [key for key in missing if key in named(connection)]
    if other or missing:
        _log.error("backup.damaged", customer=str(customer.id), changed=len(other), missing=len(missing))
    return len(other) + len(missing)


def _finish(
    row: Backup, at: datetime, *, dump: StoredObject, manifest: StoredObject, objects: Mapping[str, Named],
    damaged: int, entries: int,
) -> None:  # fmt: skip
    """The backup is ready, and objects that it does not name belong to those before it alone: one transaction."""
    row.state, row.taken_at, row.made_at = "ready", at, datetime.now(UTC)
    row.dump_size, row.dump_sha256 = dump.size, dump.sha256
    row.manifest_size, row.manifest_sha256 = manifest.size, manifest.sha256
    row.object_count, row.objects_size = len(objects), sum(one.size for one in objects.values())
    row.damaged, row.entries = damaged, entries
    held = BackupObject.objects.filter(customer=row.customer)
    with transaction.atomic(using="provider"):
        vanished = [pk for pk, key in held.filter(last=None).values_list("id", "key") if key not in objects]
        back = [pk for pk, key in held.exclude(last=None).values_list("id", "key") if key in objects]
        for some in _batches(vanished):
            BackupObject.objects.filter(id__in=some).update(last=row.number - 1)
        for some in _batches(back):
            BackupObject.objects.filter(id__in=some).update(last=None)
        row.save()


def _tell(customer: tenancy.Customer, row: Backup) -> None:
    register.tell(
        customer,
        kind=TAKEN,
        clause=register.clause_of(customer),
        details={
            "backup": str(row.id), "reason": row.reason, "dump_sha256": row.dump_sha256,
            "manifest_sha256": row.manifest_sha256, "size": row.dump_size + row.manifest_size,
            "objects": row.object_count, "objects_size": row.objects_size, "damaged": row.damaged,
            "entries": row.entries, "expires_at": row.expires_at.isoformat(),
        },
        at=row.taken_at or row.began_at,
        about=row.id,
    )  # fmt: skip
    with tenancy.scope(customer):
        if register.customer_reachable(customer):
            obligations.forget_progress(PROGRESS)


def _fail(row: Backup, error: Exception) -> None:
    """It did not work: said in the row, and the files of this attempt go."""
    row.state = "failed"
    row.error = error.error_id if isinstance(error, ParleyError) else type(error).__name__
    row.save(update_fields=["state", "error"])
    with suppress(BackupError, ParleyError, OSError):
        files.backup_store().delete_many(
            [files.dump_key(row.customer, row.id), files.manifest_key(row.customer, row.id)]
        )


def _report(customer: tenancy.Customer, *, done: int, total: int) -> None:
    with tenancy.scope(customer):
        obligations.report(PROGRESS, done=done, total=total, unit="files")


def _batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    remaining = iter(items)
    while some := list(islice(remaining, _BATCH)):
        yield some
