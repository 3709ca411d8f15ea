"""A backup becomes a database again: verified, loaded, brought to this version, without what was erased since.

Nobody sees it before that. It lives beside the others under a name of its own and is dropped at the end of the block;
what a killed process left is found by its row, or by its name, and dropped by `sweep`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final
from uuid import UUID, uuid5

from django.db import connections, transaction

from parley.backups import files, register
from parley.backups.apart import apart
from parley.backups.errors import BackupDamaged, Busy
from parley.backups.manifest import Contents, Named, read
from parley.backups.models import Backup, Scratch
from parley.backups.programs import loaded
from parley.backups.rewinding import rewind
from parley.backups.snapshot import Seen, look
from parley.backups.types import BackupView, Restored
from parley.inventory.api import Erased
from parley.retention import api as retention
from parley.sealing.api import SealingError
from parley.tenancy import api as tenancy
from parley.tenancy import scratch

RESTORED: Final = "backup.restored"


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """A restored database with what was found on the way: `before` the erasures, and what the manifest says."""

    restored: Restored
    contents: Contents
    objects: Mapping[str, Named]
    before: Seen


@contextmanager
def restored(
    customer: tenancy.Customer, backup_id: UUID | None = None, *, at: datetime | None = None
) -> Iterator[Restored]:
    """The customer from a backup (the newest by default), in a scratch database that is gone at the end of the block.

    Hashes are verified first, erasures since the backup are replayed before anybody sees it. `customer` may have lost
    its database, or be departed. Raises NoBackup, BackupDamaged, Busy.
    """
    with rebuilt(customer, backup_id, at=at or datetime.now(UTC)) as found:
        yield found.restored


@contextmanager
def rebuilt(customer: tenancy.Customer, backup_id: UUID | None, *, at: datetime) -> Iterator[Rebuilt]:
    """As `restored`, with what was found on the way."""
    with files.alone("files", customer.id, shared=True):
        row = register.wanted(customer, backup_id)
        with _database(row, at) as database:
            try:
                yield apart(lambda: rebuild(customer, row, database, at))
            finally:
                _leave()


@contextmanager
def _database(row: Backup, at: datetime) -> Iterator[str]:
    """An empty database until the end of the block, known to `sweep` from before it exists."""
    database = scratch.name()
    with scratch.locked(database) as ours:
        if not ours:
            raise Busy("a scratch database of that name is in use", remedy="Try again.")
        Scratch.objects.create(database=database, customer=row.customer, backup=row.id, began_at=at)
        try:
            scratch.make(database)
            yield database
        finally:
            scratch.drop(database)
            Scratch.objects.filter(database=database).delete()


def rebuild(customer: tenancy.Customer, row: Backup, database: str, at: datetime) -> Rebuilt:
    """Fill an empty database from a backup. Raises BackupDamaged, DumpFailed, ErasureIncomplete."""
    contents, objects = verified(customer, row)
    store = files.backup_store()
    with files.opened(files.dump_key(customer.id, row.id), customer, store) as dump:
        loaded(database, dump)
    if contents.version != scratch.version():
        scratch.upgrade(database)
    with scratch.connect(database) as connection:
        before = look(connection)
    there = replace(customer, database=database)
    # The provider's own database holds no records of persons that are erased one by one.
    erased = _replayed(there, since=contents.taken_at, at=at) if customer.kind == "customer" else Erased()
    with scratch.connect(database) as connection:
        after = look(connection).named
    hidden = frozenset(before.named.keys() - after.keys())
    return Rebuilt(
        restored=Restored(
            customer=there,
            store=files.BackedUp(store, objects, hidden),
            backup=register.view(row),
            erased=erased,
        ),
        contents=contents,
        objects=objects,
        before=before,
    )


def verified(customer: tenancy.Customer, row: Backup) -> tuple[Contents, dict[str, Named]]:
    """What a backup holds, after both of its files were compared with what the register kept. Raises BackupDamaged."""
    store = files.backup_store()
    dump, manifest = files.dump_key(customer.id, row.id), files.manifest_key(customer.id, row.id)
    files.require(manifest, row.manifest_sha256, store)
    files.require(dump, row.dump_sha256, store)
    try:
        with files.opened(manifest, customer, store) as clear:
            contents, objects = read(clear)
    except SealingError as error:
        raise BackupDamaged(f"{manifest} does not open", remedy="Use another backup.") from error
    if (contents.customer, contents.backup) != (str(customer.id), str(row.id)):
        raise BackupDamaged(f"{manifest} is of another backup", remedy="Use another backup.")
    if contents.dump_sha256 != row.dump_sha256:
        raise BackupDamaged(f"{dump} does not belong to its manifest", remedy="Use another backup.")
    return contents, objects


def _replayed(there: tenancy.Customer, *, since: datetime, at: datetime) -> Erased:
    with tenancy.scope(there), transaction.atomic():
        erased: Erased = retention.replay(customer_id=there.id, since=since, at=at)
        if retention.replay_notes(customer_id=there.id, since=since, at=at)["holds"]:
            retention.stand_again(at=at)
    return erased


def _leave() -> None:
    """This thread's connection leaves the scratch database, which is dropped next."""
    connection = connections["default"]
    if not connection.in_atomic_block:
        connection.close()


def restore_in_place(customer: tenancy.Customer, *, at: datetime, backup_id: UUID | None = None) -> BackupView:
    """Replace the customer's lost or damaged database by a backup; erasures are replayed before anybody sees it.

    Nobody is served meanwhile. What was written after the backup is lost, and the provider's log says so: it remembers
    the log of the customer as the backup has it, with evidence of the longer one that it knew. When it cannot be done,
    all stays as it was. Killed anywhere: call it again.
    """
    return apart(lambda: _in_place(customer, at, backup_id))


def _in_place(customer: tenancy.Customer, at: datetime, backup_id: UUID | None) -> BackupView:
    with files.alone("take", customer.id), files.alone("files", customer.id, shared=True):
        begun = Scratch.objects.filter(customer=customer.id, usable=True).exclude(becomes="").first()
        if begun is not None:
            complete(begun)
            return register.view(Backup.objects.get(id=begun.backup))
        row = register.wanted(customer, backup_id)
        verified(customer, row)
        closed = scratch.close(customer.id)
        try:
            _replace(closed, row, at)
        except Exception:
            if scratch.exists(closed.database):
                scratch.reopen(closed.id)
            raise
    return register.view(row)


def _replace(closed: tenancy.Customer, row: Backup, at: datetime) -> None:
    database = scratch.name()
    with scratch.locked(database):
        place = Scratch.objects.create(
            database=database, customer=closed.id, backup=row.id, began_at=at, becomes=closed.database
        )
        try:
            scratch.make(database)
            found = rebuild(closed, row, database, at)
            _bring_back(found)
        except Exception:
            scratch.drop(database)
            place.delete()
            raise
        finally:
            connections["default"].close()
        place.usable = True
        place.save(update_fields=["usable"])
        complete(place)


def _bring_back(found: Rebuilt) -> None:
    """Objects that rows of the restored database name and the live store lacks, copied back and compared."""
    live, kept = files.live_store(), found.restored.store
    there = {head.key: head.size for head in live.list(str(found.restored.customer.id))}
    for head in kept.list():
        if there.get(head.key) != head.size:
            stored = files.copy(head.key, source=kept, target=live)
            if stored.sha256 != found.objects[head.key].sha256:
                raise BackupDamaged(f"{head.key} did not arrive as it was sealed", remedy="Check the disk, try again.")


def complete(place: Scratch) -> None:
    """From the moment at which the restored database is usable: it takes the place of the lost one, and is served.

    Safe to do again after a crash anywhere in it.
    """
    row = Backup.objects.get(id=place.backup)
    customer = tenancy.known(place.customer)
    if customer is None:
        raise BackupDamaged("the customer of a restored database is unknown", remedy="Restore the provider's database.")
    scratch.replace(place.becomes, by=place.database)
    lost = rewind(customer)
    if customer.state == "restoring":
        customer = scratch.reopen(customer.id)
    register.tell(
        customer, kind=RESTORED, clause=register.clause_of(customer),
        details={"backup": str(row.id), "taken_at": str(row.taken_at), "log_before": lost.before, "log_now": lost.now},
        at=place.began_at, about=uuid5(row.id, place.database),
    )  # fmt: skip
    place.delete()


def sweep() -> int:
    """Drop scratch databases that no living process works on; how many. Replacements that were begun are finished."""
    dropped = 0
    rows = {row.database: row for row in Scratch.objects.all()}
    for database in sorted(scratch.all_of_them() | rows.keys()):
        with scratch.locked(database) as abandoned:
            if not abandoned:
                continue
            row = rows.get(database)
            if row is not None and row.becomes and row.usable:
                apart(partial(complete, row))
                continue
            if row is None and Scratch.objects.filter(database=database).exists():
                continue
            scratch.drop(database)
            Scratch.objects.filter(database=database).delete()
            dropped += 1
    return dropped
