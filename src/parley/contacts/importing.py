"""Imports of contact files: uploaded, looked at, done as long work, undone.

received = Incoming(scratch) ... upload(received, ...) -> look(id, ...) -> begin(id, ...) -> [worker] -> get(id)

The file waits as an object sealed to the customer; where the customer alone holds its keys, to the key that this
installation keeps for that customer, because the worker has to read it once. Rows that are good arrive; the others come
back in a file of the same columns that says why, and that can be imported again when it is mended.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

from django.db import transaction

from parley.contacts import api as contacts
from parley.contacts.errors import ContactsError, GateRefused, MayNotChange
from parley.contacts.formats.reading import read_table
from parley.contacts.formats.types import Table, UnreadableFile
from parley.contacts.import_mapping import CUSTOM, LEAVE_OUT, TARGETS, Reading, guess
from parley.contacts.import_models import Import
from parley.contacts.import_types import ImportRefused, ImportView, NoSuchImport, Preview, PreviewRow
from parley.contacts.import_work import (
    ConsentSource,
    added_by,
    judged,
    outside_transaction,
    run,
    scratch_file,
    undo_added,
)
from parley.contacts.types import OFFERING, NewContact
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.obligations.api import Handler, Work
from parley.people.api import Viewer
from parley.sealing.api import AgeReader, AgeWriter
from parley.storage.api import ObjectStore
from parley.tenancy import api as tenancy

__all__ = [
    "KEPT_BROKEN", "KEPT_WAITING", "MOST_BYTES", "PREVIEWED", "ConsentSource", "ImportRefused", "ImportView",
    "Incoming",
    "NoSuchImport", "Preview", "PreviewRow", "begin", "get", "handlers", "listing", "long_handlers", "look",
    "open_broken", "progress_key", "require_allowed", "targets", "undo", "upload", "withdraw",
]  # fmt: skip

MOST_BYTES: Final = 512 << 20
"""Of an uploaded file."""
PREVIEWED: Final = 20
RUN: Final = "contacts.import"
UNDO: Final = "contacts.import-undo"
TIDY: Final = "contacts.import-tidy"
KEPT_WAITING: Final = timedelta(days=7)
KEPT_BROKEN: Final = timedelta(days=30)
_NEEDED: Final = ("name", "given", "family", "company", "numbers.", "emails")


class Incoming:
    """A file that is being received: sealed while it arrives, nothing of it touches a disk in clear."""

    def __init__(self, scratch: Path) -> None:
        self.path = scratch_file(scratch)
        self._file = self.path.open("wb")
        self._sealed = AgeWriter(self._file, _waiting_keys()[0])

    @property
    def size(self) -> int:
        """Bytes received."""
        return self._sealed.offset

    def write(self, data: bytes) -> None:
        """The next bytes. Raises ImportRefused when they are too many."""
        if self.size + len(data) > MOST_BYTES:
            self.discard()
            raise ImportRefused(
                f"the file has more than {MOST_BYTES >> 20} MB", remedy="split it and import the parts", field="file"
            )
        self._sealed.write(data)

    def close(self) -> None:
        """All is received."""
        self._sealed.close()
        self._file.close()

    def discard(self) -> None:
        """It is not wanted."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def upload(received: Incoming, *, by: UUID, at: datetime, store: ObjectStore) -> ImportView:
    """Keep a received file until it is imported. Raises UnreadableFile, GateRefused, ImportRefused, StorageError."""
    clause = require_allowed(at=at)
    try:
        with received.path.open("rb") as sealed:
            table = _table(sealed)
            sample = list(islice(table.rows, 200))
        if not sample:
            raise UnreadableFile("the file has no rows below its header", remedy="choose a file with contacts in it")
        mapping = guess(table.columns, [row.cells for row in sample if not row.why], contacts.custom_fields())
        row = Import(
            id=new_id(at=at), state="uploaded", kind=table.kind, size=received.size, mapping=list(mapping),
            clause=clause, uploaded_by=by, uploaded_at=at,
        )  # fmt: skip
        store.put(_object(row.id, "file"), received.path)
        with transaction.atomic():
            row.save(force_insert=True)
            _tidy_later(row, due=at + KEPT_WAITING, what="waiting")
    finally:
        received.discard()
    return view(row)


def require_allowed(*, at: datetime) -> str:
    """The clause by which contacts may be kept now. Raises GateRefused."""
    decision = contract.ask("keep-contacts", at=at, offering=OFFERING)
    if not decision.allowed:
        raise GateRefused(decision.reason, remedy=decision.remedy or "", clause=decision.clause)
    return decision.clause


def get(import_id: UUID) -> ImportView:
    """One import. Raises NoSuchImport."""
    return view(_row(import_id))


def listing(*, limit: int = 20) -> tuple[ImportView, ...]:
    """The imports of the customer in scope, newest first."""
    return tuple(view(row) for row in Import.objects.order_by("-uploaded_at")[:limit])


def look(
    import_id: UUID, *, mapping: Sequence[str] | None = None, region: str | None = None, store: ObjectStore
) -> Preview:
    """The first rows as they would arrive. Raises NoSuchImport, UnreadableFile, StorageError."""
    row = _row(import_id)
    _require(row, "uploaded")
    with store.open(_object(row.id, "file")) as sealed:
        table = _table(sealed)
        chosen = tuple(mapping) if mapping is not None else tuple(row.mapping)
        chosen = (*chosen, *[LEAVE_OUT] * len(table.columns))[: len(table.columns)]
        reading = Reading(chosen, region)
        rows = list(islice(table.rows, PREVIEWED))
        shown = [(one, judged(one, table.columns, reading)) for one in rows]
    return Preview(
        about=table.about,
        columns=table.columns,
        mapping=chosen,
        sample=tuple(
            next((one.cells[place] for one in rows if one.cells[place]), "") for place in range(len(table.columns))
        ),
        rows=tuple(
            PreviewRow(
                line=one.line,
                cells=one.cells,
                contact=made if isinstance(made, NewContact) else None,
                why=made if isinstance(made, str) else "",
            )
            for one, made in shown
        ),
    )


def begin(
    import_id: UUID,
    *,
    mapping: Sequence[str],
    directory: UUID,
    region: str | None,
    source: str,
    purposes: Sequence[str] = (),
    consent: ConsentSource | None = None,
    by: UUID,
    at: datetime,
    viewer: Viewer | None = None,
) -> ImportView:
    """Have the worker import it. Raises ImportRefused, NoSuchDirectory, MayNotChange, GateRefused."""
    clause = require_allowed(at=at)
    _check_mapping(mapping)
    if not contacts.directory(directory, viewer=viewer).may_change:
        raise MayNotChange("you may not change this directory", remedy="choose another one")
    with transaction.atomic():
        row = _row(import_id, locked=True)
        _require(row, "uploaded")
        row.state, row.begun_at, row.directory_id, row.clause = "queued", at, directory, clause
        row.mapping = list(mapping)
        row.options = {"region": region, "source": source.strip()[:200], "purposes": list(purposes)}
        if consent is not None:
            row.options["consent"] = {
                "purpose": consent.purpose, "channel": consent.channel, "how": consent.how[:200],
                "text_version": consent.text_version[:200], "given_on": consent.given_on.isoformat(),
            }  # fmt: skip
        row.save()
        obligations.enqueue(kind=RUN, key=f"{RUN}:{row.id}", due=at, payload={"import": str(row.id)}, long=True)
        obligations.evidence(
            kind="contacts.import-begun", clause=clause,
            details={"import": str(row.id), "user": str(by), "directory": str(directory)}, at=at,
        )  # fmt: skip
    return view(row)


def withdraw(import_id: UUID, *, at: datetime) -> None:
    """Forget an uploaded file that was not imported."""
    with transaction.atomic():
        row = _row(import_id, locked=True)
        _require(row, "uploaded", "withdrawn", "failed")
        if row.state == "uploaded":
            row.state, row.ended_at = "withdrawn", at
            row.save(update_fields=["state", "ended_at"])
        _tidy_later(row, due=at, what="file")


def undo(import_id: UUID, *, by: UUID, at: datetime) -> ImportView:
    """Have the contacts of an import erased that nobody changed since. Raises ImportRefused."""
    with transaction.atomic():
        row = _row(import_id, locked=True)
        _require(row, "done", "failed")
        row.state = "undoing"
        row.save(update_fields=["state"])
        payload = {"import": str(row.id), "by": str(by)}
        obligations.enqueue(kind=UNDO, key=f"{UNDO}:{row.id}", due=at, payload=payload, long=True)
    return view(row)


def open_broken(import_id: UUID, *, store: ObjectStore) -> tuple[BinaryIO, int, bool]:
    """The file of broken rows, its size, and whether it is sealed: it is where the customer alone holds the key."""
    row = _row(import_id)
    if not view(row).broken_file:
        raise NoSuchImport("there is no file of broken rows, or no more", remedy="import the original file again")
    key = _object(row.id, "broken")
    sealed = store.open(key)
    identities = tenancy.keyring().identities(tenancy.current())
    if not identities:
        return sealed, store.head(key).size, True
    reader = AgeReader(sealed, identities)
    return cast(BinaryIO, reader.stream()), reader.size, False


def handlers(*, store: ObjectStore) -> Mapping[str, Handler]:
    """What the worker does between other things: files that are no longer needed go."""
    return {TIDY: partial(_tidy, store=store)}


def long_handlers(*, store: ObjectStore, scratch: Path) -> Mapping[str, Handler]:
    """The long work. `scratch` takes sealed files while they grow."""
    return {RUN: partial(_run, store=store, scratch=scratch), UNDO: _undo}


def _run(work: Work, *, store: ObjectStore, scratch: Path) -> None:
    row = _row(UUID(str(work.payload["import"])), locked=True)
    if row.state != "queued" or row.begun_at is None or row.directory_id is None:
        return
    options: Mapping[str, Any] = row.options
    reading = Reading(tuple(row.mapping), options["region"], options["source"], tuple(options["purposes"]))
    broken = scratch_file(scratch)
    begun_at, directory = row.begun_at, row.directory_id
    try:
        with store.open(_object(row.id, "file")) as sealed:
            arrived = outside_transaction(
                lambda: run(
                    import_id=row.id, open_file=lambda: _table(sealed), reading=reading, directory=directory,
                    consent=_consent(options), by=str(row.uploaded_by), at=begun_at, broken_into=broken,
                    progress_key=progress_key(row.id),
                )
            )  # fmt: skip
        if arrived.broken:
            store.put(_object(row.id, "broken"), broken)
    except (UnreadableFile, ContactsError) as error:
        _fail(row, error, at=work.now)
        return
    finally:
        broken.unlink(missing_ok=True)
    row.rows, row.added, row.broken = arrived.rows, arrived.added, arrived.broken
    row.state, row.ended_at = "done", work.now
    row.save()
    _tidy_later(row, due=work.now, what="file")
    _tidy_later(row, due=work.now + KEPT_BROKEN, what="broken")
    obligations.forget_progress(progress_key(row.id))
    obligations.evidence(
        kind="contacts.import-done",
        clause=row.clause,
        details={"import": str(row.id), "added": row.added, "broken": row.broken, "directory": str(row.directory_id)},
        at=work.now,
    )


def _fail(row: Import, error: UnreadableFile | ContactsError, *, at: datetime) -> None:
    """Nothing more can come of this file: it says why, and what it added before stays, and can be undone."""
    row.state, row.error, row.ended_at = "failed", str(error)[:500], at
    if row.directory_id is not None and row.begun_at is not None:
        row.added = added_by(directory=row.directory_id, begun_at=row.begun_at).count()
    row.save(update_fields=["state", "error", "ended_at", "added"])
    _tidy_later(row, due=at, what="file")
    obligations.forget_progress(progress_key(row.id))


def _undo(work: Work) -> None:
    row = _row(UUID(str(work.payload["import"])), locked=True)
    if row.state != "undoing" or row.begun_at is None or row.directory_id is None:
        return
    directory, begun_at, total = row.directory_id, row.begun_at, row.added
    key, by = progress_key(row.id), str(work.payload["by"])
    left = outside_transaction(
        lambda: undo_added(
            directory=directory, by=by, begun_at=begun_at, at=work.now,
            told=lambda done: obligations.report(key, done=done, total=total, unit="contacts"),
        )
    )  # fmt: skip
    row.state, row.removed, row.ended_at = "undone", max(0, row.added - left), work.now
    row.save(update_fields=["state", "removed", "ended_at"])
    _tidy_later(row, due=work.now, what="broken-now")
    obligations.forget_progress(key)
    obligations.evidence(
        kind="contacts.import-undone", clause=row.clause,
        details={"import": str(row.id), "removed": row.removed, "user": str(work.payload["by"])}, at=work.now,
    )  # fmt: skip


def _tidy(work: Work, *, store: ObjectStore) -> None:
    """Remove the objects of an import that nobody needs any more."""
    row = _row(UUID(str(work.payload["import"])), locked=True)
    what = str(work.payload["what"])
    if what == "waiting" and row.state != "uploaded":
        return
    name = "broken" if what.startswith("broken") else "file"
    store.delete_many([_object(row.id, name)])
    if name == "broken":
        row.file_gone_at = work.now
    elif row.state == "uploaded":
        row.state, row.ended_at = "withdrawn", work.now
    row.save(update_fields=["state", "ended_at", "file_gone_at"])


def view(row: Import) -> ImportView:
    """The row as others see it."""
    return ImportView(
        id=row.id, state=row.state, kind=row.kind, size=row.size, directory_id=row.directory_id,
        mapping=tuple(row.mapping), source=row.options.get("source", ""), region=row.options.get("region") or "",
        rows=row.rows, added=row.added, broken=row.broken, removed=row.removed, error=row.error,
        uploaded_by=row.uploaded_by, uploaded_at=row.uploaded_at, begun_at=row.begun_at, ended_at=row.ended_at,
        broken_file=row.state == "done" and row.broken > 0 and row.file_gone_at is None,
        progress_key=progress_key(row.id),
    )  # fmt: skip


def progress_key(import_id: UUID) -> str:
    """The key of `obligations.progress`."""
    return f"{RUN}:{import_id}"


def targets() -> tuple[str, ...]:
    """What a column can be."""
    return (*TARGETS, *(f"{CUSTOM}{one.key}" for one in contacts.custom_fields()))


def _check_mapping(mapping: Sequence[str]) -> None:
    known = {LEAVE_OUT, *targets()}
    if unknown := next((one for one in mapping if one not in known), None):
        raise ImportRefused(f"there is no field “{unknown[:60]}”", remedy="choose another one", field="mapping")
    if not any(target.startswith(_NEEDED) for target in mapping if target):
        raise ImportRefused(
            "no column is a name, a company, a number or an e-mail address", remedy="choose one", field="mapping"
        )


def _consent(options: Mapping[str, Any]) -> ConsentSource | None:
    given = options.get("consent")
    return ConsentSource(**{**given, "given_on": date.fromisoformat(given["given_on"])}) if given else None


def _waiting_keys() -> tuple[Sequence[str], Sequence[Any]]:
    """Recipients and identities of files that wait for the worker."""
    customer, keyring = tenancy.current(), tenancy.keyring()
    identities = keyring.identities(customer)
    if identities:
        return customer.recipients, identities
    own = keyring.backup_identity(customer)
    return [str(own.recipient)], [own]


def _table(sealed: BinaryIO) -> Table:
    return read_table(cast(BinaryIO, AgeReader(sealed, _waiting_keys()[1]).stream()))


def _object(import_id: UUID, name: str) -> str:
    return f"{tenancy.current().id}/imports/{import_id}/{name}.age"


def _tidy_later(row: Import, *, due: datetime, what: str) -> None:
    payload = {"import": str(row.id), "what": what}
    obligations.enqueue(kind=TIDY, key=f"{TIDY}:{row.id}:{what}", due=due, payload=payload)


def _row(import_id: UUID, *, locked: bool = False) -> Import:
    rows = Import.objects.select_for_update() if locked else Import.objects
    row = rows.filter(id=import_id).first()
    if row is None:
        raise NoSuchImport("there is no such import")
    return row


def _require(row: Import, *states: str) -> None:
    if row.state not in states:
        raise ImportRefused(f"the import is {row.state}", remedy="look at its page for what is possible now")
