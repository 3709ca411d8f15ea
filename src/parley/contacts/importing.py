"""Imports of contact files: received, looked at, begun; `import_running` carries them out.

received = Incoming(scratch) ... upload(received, ...) -> look(id, ...) -> begin(id, ...) -> [worker] -> get(id)

The file waits as an object sealed to the customer; where the customer alone holds its keys, to the key that this
installation keeps for that customer, because the worker has to read it once. Rows that are good arrive; the others come
back in a file of the same columns that says why, and that can be imported again when it is mended.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, cast
from uuid import UUID

from django.db import transaction

from parley.contacts import api as contacts
from parley.contacts.errors import GateRefused, MayNotChange
from parley.contacts.formats.types import UnreadableFile
from parley.contacts.import_ground import (
    RUN,
    UNDO,
    object_key,
    progress_key,
    require_state,
    row_of,
    table_of,
    tidy_later,
    view,
    waiting_keys,
)
from parley.contacts.import_mapping import CUSTOM, LEAVE_OUT, TARGETS, Reading, guess
from parley.contacts.import_models import Import
from parley.contacts.import_running import KEPT_BROKEN, handlers, long_handlers
from parley.contacts.import_types import ImportRefused, ImportView, NoSuchImport, Preview, PreviewRow
from parley.contacts.import_work import ConsentSource, judged, scratch_file
from parley.contacts.types import OFFERING, NewContact
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
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
KEPT_WAITING: Final = timedelta(days=7)
_NEEDED: Final = ("name", "given", "family", "company", "numbers.", "emails")


class Incoming:
    """A file that is being received: sealed while it arrives, nothing of it touches a disk in clear."""

    def __init__(self, scratch: Path) -> None:
        self.path = scratch_file(scratch)
        self._file = self.path.open("wb")
        self._sealed = AgeWriter(self._file, waiting_keys()[0])

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
            table = table_of(sealed)
            sample = list(islice(table.rows, 200))
        if not sample:
            raise UnreadableFile("the file has no rows below its header", remedy="choose a file with contacts in it")
        mapping = guess(table.columns, [row.cells for row in sample if not row.why], contacts.custom_fields())
        row = Import(
            id=new_id(at=at), state="uploaded", kind=table.kind, size=received.size, mapping=list(mapping),
            clause=clause, uploaded_by=by, uploaded_at=at,
        )  # fmt: skip
        store.put(object_key(row.id, "file"), received.path)
        with transaction.atomic():
            row.save(force_insert=True)
            tidy_later(row, due=at + KEPT_WAITING, what="waiting")
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
    return view(row_of(import_id))


def listing(*, limit: int = 20) -> tuple[ImportView, ...]:
    """The imports of the customer in scope, newest first."""
    return tuple(view(row) for row in Import.objects.order_by("-uploaded_at")[:limit])


def look(
    import_id: UUID, *, mapping: Sequence[str] | None = None, region: str | None = None, store: ObjectStore
) -> Preview:
    """The first rows as they would arrive. Raises NoSuchImport, UnreadableFile, StorageError."""
    row = row_of(import_id)
    require_state(row, "uploaded")
    with store.open(object_key(row.id, "file")) as sealed:
        table = table_of(sealed)
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
        row = row_of(import_id, locked=True)
        require_state(row, "uploaded")
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
        row = row_of(import_id, locked=True)
        require_state(row, "uploaded", "withdrawn", "failed")
        if row.state == "uploaded":
            row.state, row.ended_at = "withdrawn", at
            row.save(update_fields=["state", "ended_at"])
        tidy_later(row, due=at, what="file")


def undo(import_id: UUID, *, by: UUID, at: datetime) -> ImportView:
    """Have the contacts of an import erased that nobody changed since. Raises ImportRefused."""
    with transaction.atomic():
        row = row_of(import_id, locked=True)
        require_state(row, "done", "failed")
        row.state = "undoing"
        row.save(update_fields=["state"])
        payload = {"import": str(row.id), "by": str(by)}
        obligations.enqueue(kind=UNDO, key=f"{UNDO}:{row.id}", due=at, payload=payload, long=True)
    return view(row)


def open_broken(import_id: UUID, *, store: ObjectStore) -> tuple[BinaryIO, int, bool]:
    """The file of broken rows, its size, and whether it is sealed: it is where the customer alone holds the key."""
    row = row_of(import_id)
    if not view(row).broken_file:
        raise NoSuchImport("there is no file of broken rows, or no more", remedy="import the original file again")
    key = object_key(row.id, "broken")
    sealed = store.open(key)
    identities = tenancy.keyring().identities(tenancy.current())
    if not identities:
        return sealed, store.head(key).size, True
    reader = AgeReader(sealed, identities)
    return cast(BinaryIO, reader.stream()), reader.size, False


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
