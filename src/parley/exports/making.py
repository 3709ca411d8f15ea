"""The job that makes a saved export: gathered, zipped, sealed to the customer while it is written, stored, evidenced.

A job that is killed begins anew and comes to the same end: the object's key follows from the export, and whoever
withdraws or erases the export removes what lies there. The last step locks the row: an export that was withdrawn or
erased meanwhile keeps nothing.
"""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, cast
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import transaction

from parley.agreement.api import Event
from parley.exports.discovery import Proofs, wanted_formats
from parley.exports.models import Export, ExportedRecord
from parley.exports.package import write_package
from parley.exports.saved import (
    EXPORT_DATA,
    MAKE,
    end,
    indexes_of,
    keep_persons,
    keep_written,
    object_key,
    own,
    progress_key,
    subject_of,
)
from parley.exports.types import Package
from parley.foundation.errors import ParleyError
from parley.governance.contract import api as contract
from parley.inventory.api import ExportOptions, Held, Store, stores
from parley.obligations import api as obligations
from parley.obligations.api import GiveUp, Handler, Work
from parley.recordings.api import STORE as RECORDINGS
from parley.recordings.api import installed_store
from parley.retention import api as retention
from parley.sealing.api import AgeWriter
from parley.storage.api import StoredObject
from parley.tenancy import api as tenancy

EXPIRE: Final = "exports.expire"
SETTLE: Final = "exports.settle"
ATTEMPTS: Final = 8
BATCH: Final = 500
_SETTLED: Final = timedelta(minutes=15)
_OWN_LIFE: Final = timedelta(days=30)
_REPORT_SECONDS: Final = 1.0
_DAY: Final = 86_400
_FIRST: Final = UUID(int=0)


def handlers() -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline."""
    return {EXPIRE: expire, SETTLE: settle}


def long_handlers() -> Mapping[str, Handler]:
    """The long work of this package, by the kind of its deadline."""
    return {MAKE: make}


def make(work: Work) -> None:
    """Handler of `exports.make`. What fails is tried again; after ATTEMPTS the export says so."""
    export_id = UUID(str(work.payload["export"]))
    row = Export.objects.filter(id=export_id).first()
    if row is None or row.state != "queued":
        return
    directory = scratch_of(export_id)
    try:
        with transaction.atomic():
            _make(row, directory)
    except Exception as error:
        # Whatever goes wrong: an export that stays half made would never say so.
        if work.attempt < ATTEMPTS:
            raise
        name = error.error_id if isinstance(error, ParleyError) else type(error).__name__
        installed_store().delete_many([object_key(export_id)])
        _apart_failed(export_id, name)
        raise GiveUp(f"the export could not be made: {name}", remedy="Ask for another one.") from error
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def expire(work: Work) -> None:
    """Handler of `exports.expire`: the link's time is over, the package goes."""
    row = Export.objects.select_for_update().filter(id=UUID(str(work.payload["export"]))).first()
    if row is not None and row.state == "ready":
        end(row, state="expired", at=work.now)


def settle(work: Work) -> None:
    """Handler of `exports.settle`: somebody may have been erased while the package was made, by an erasure that did
    not see it yet. Such a package goes as well."""
    row = Export.objects.select_for_update().filter(id=UUID(str(work.payload["export"]))).first()
    if row is None or row.state != "ready" or row.made_at is None:
        return
    gone = {(one.store, one.record) for one in retention.tombstones(tenancy.current().id, since=row.asked_at)}
    contents = row.contents.filter(written=True, record__in=[record for _store, record in gone])
    if gone & set(contents.values_list("store", "record")):
        end(row, state="withdrawn", at=work.now, by="erasure")


def scratch_of(export_id: UUID) -> Path:
    """Where the sealed package grows: emptied by each attempt."""
    return Path(settings.PARLEY_DATA_DIR) / "scratch" / f"export-{export_id}"


def _make(row: Export, directory: Path) -> None:
    customer = tenancy.current()
    began = datetime.now(UTC)
    _swept(directory)
    row.contents.filter(written=True).update(written=False)
    path = directory / "package.zip.age"
    with path.open("wb") as file:
        writer = AgeWriter(file, customer.recipients)
        package = _write(row, cast(BinaryIO, writer))
        writer.close()
    locked = Export.objects.select_for_update().filter(id=row.id).first()
    if locked is None or locked.state != "queued":
        return
    if _erased_meanwhile(row, since=began):
        raise ParleyError("records were erased while they were exported", remedy="It is made again without them.")
    _keep(locked, package, installed_store().put(object_key(row.id), path), at=datetime.now(UTC))


def _write(row: Export, target: BinaryIO) -> Package:
    subject, discovery = subject_of(row), row.reason == "discovery"
    formats = wanted_formats(row.formats) if discovery else tuple(row.formats)
    options = ExportOptions(subject=subject, redact_others=row.redact_others, formats=formats)
    if subject is not None:
        keep_persons(row.id, indexes_of(subject))
    notes: dict[str, bytes] = {}
    return write_package(
        target,
        batches=_remembered(row, _batches(row, notes)),
        options=options,
        title=row.title,
        extra=notes,
        database=row.reason == "everything",
        proofs=Proofs(row) if discovery else None,
        progress=_reporter(row),
    )


def _batches(row: Export, notes: dict[str, bytes]) -> Iterator[tuple[Store, Sequence[UUID]]]:
    """What the export holds, in batches: those that were listed, else all of the span, store by store. What the
    agreement keeps out is said in `notes`."""
    known = stores()
    if row.listed:
        for name in row.contents.order_by("store").values_list("store", flat=True).distinct():
            yield from _listed(row, known[name])
        return
    for store in known if row.reason != "discovery" else (RECORDINGS,):
        decision = contract.ask(EXPORT_DATA, at=row.asked_at, offering=store.offering)
        if decision.allowed:
            yield from _spanned(row, store)
        else:
            said = f"{store.name}: not exported ({decision.clause}). {decision.reason}\n"
            notes["NOT-INCLUDED.txt"] = notes.get("NOT-INCLUDED.txt", b"") + said.encode()


def _listed(row: Export, store: Store) -> Iterator[tuple[Store, Sequence[UUID]]]:
    last = 0
    while page := list(
        row.contents.filter(store=store.name, id__gt=last).order_by("id").values_list("id", "record")[:BATCH]
    ):
        last = page[-1][0]
        yield store, [record for _number, record in page]


def _spanned(row: Export, store: Store) -> Iterator[tuple[Store, Sequence[UUID]]]:
    after = Held(store=store.name, kind="", id=_FIRST, at=row.since) if row.since else None
    while page := store.every(after=after, limit=BATCH):
        within = [held.id for held in page if row.until is None or held.at < row.until]
        wanted = [one for one in within if one != row.id]
        if wanted:
            yield store, wanted
        if len(within) < len(page):
            return
        after = page[-1]


def _remembered(row: Export, batches: Iterable[tuple[Store, Sequence[UUID]]]) -> Iterator[tuple[Store, Sequence[UUID]]]:
    """Each batch, once it is remembered which records and which persons are in it."""
    for store, ids in batches:
        keep_written(row.id, store.name, ids)
        identities = getattr(store, "identities", None)
        if identities is not None:
            keep_persons(row.id, (bytes(value) for _field, value in identities(ids)))
        yield store, ids


def _reporter(row: Export) -> Callable[[int], None]:
    """Tells about once a second how far it is; the export never fails for it."""
    total = row.contents.count() if row.listed else _total(row)
    last = [0.0]

    def tell(done: int) -> None:
        if time.monotonic() - last[0] < _REPORT_SECONDS:
            return
        last[0] = time.monotonic()
        with contextlib.suppress(psycopg.Error, tenancy.DatabaseUnavailable):
            obligations.report(progress_key(row.id), done=done, total=max(done, total), unit="records")

    tell(0)
    return tell


def _total(row: Export) -> int:
    until = row.until or datetime.now(UTC)
    counted = 0
    for store in stores() if row.reason != "discovery" else (RECORDINGS,):
        for kind in store.kinds:
            counted += store.count_older(kind, until)
            if row.since is not None:
                counted -= store.count_older(kind, row.since)
    return max(0, counted)


def _erased_meanwhile(row: Export, *, since: datetime) -> bool:
    """Whether a record that was written is gone by now."""
    found = retention.tombstones(tenancy.current().id, since=since)
    recent = {(one.store, one.record) for one in found if one.at >= since}
    if not recent:
        return False
    written = ExportedRecord.objects.filter(export=row, written=True, record__in=[record for _s, record in recent])
    return bool(recent & set(written.values_list("store", "record")))


def _keep(row: Export, package: Package, stored: StoredObject, *, at: datetime) -> None:
    """The row, the evidence, the duty that the link expires, and what makes it expire."""
    row.state, row.made_at, row.records, row.files = "ready", at, package.records, package.files
    row.tables, row.by_store = dict(package.tables), dict(package.by_store)
    row.size, row.sha256, row.sealed_size, row.sealed_sha256 = package.size, package.sha256, stored.size, stored.sha256
    row.expires_at = _expiry(row, at)
    row.evidence_id = obligations.evidence(
        kind="export.made",
        clause=row.clause,
        details={
            "export": str(row.id), "what": row.reason, "records": dict(package.by_store), "tables": len(package.tables),
            "files": package.files, "size": package.size, "sha256": package.sha256,
            "manifest_sha256": package.manifest_sha256, "sealed_sha256": stored.sha256,
            "others_left_out": row.redact_others and bool(row.subject), "expires_at": row.expires_at.isoformat(),
        },
        at=at,
    )  # fmt: skip
    row.save()
    obligations.forget_progress(progress_key(row.id))
    for kind, due in ((EXPIRE, row.expires_at), (SETTLE, at + _SETTLED)):
        obligations.enqueue(kind=kind, key=f"{kind}:{row.id}", due=due, payload={"export": str(row.id)})


def _expiry(row: Export, at: datetime) -> datetime:
    """Opens the duty of the agreement that says how long a link lives; the instant at which it ends.

    That of the provider's own people lives 30 days: ours.
    """
    if own():
        return at + _OWN_LIFE
    event = Event(kind="export-made", id=str(row.id), at=at)
    zone = tenancy.standing().zone
    obligations.open_duties(contract.binding().agreement, event, zone=zone, subject=str(row.id)[-8:], at=at)
    return min(duty.due for duty in obligations.duties(event_kind="export-made", event_id=str(row.id), at=at))


def _swept(directory: Path) -> None:
    """An empty directory for this attempt; what killed jobs left goes after a day."""
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    for left in directory.parent.glob("export-*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _DAY:
                shutil.rmtree(left, ignore_errors=True)


def _apart_failed(export_id: UUID, error: str) -> None:
    """Say that it failed outside of the job's transaction, which is undone."""
    with contextlib.closing(tenancy.connect(tenancy.current(), autocommit=True)) as connected:
        connected.execute(
            "UPDATE exports_export SET state = 'failed', error = %s, ended_at = now(), subject = ''"
            " WHERE id = %s AND state = 'queued'",
            [error, export_id],
        )
