"""What receiving an import and carrying it out share: its row, its sealed objects, when they go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

from parley.contacts.formats.reading import read_table
from parley.contacts.formats.types import Table
from parley.contacts.import_models import Import
from parley.contacts.import_types import ImportRefused, ImportView, NoSuchImport
from parley.obligations import api as obligations
from parley.sealing.api import AgeReader
from parley.tenancy import api as tenancy

RUN: Final = "contacts.import"
UNDO: Final = "contacts.import-undo"
TIDY: Final = "contacts.import-tidy"


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


def waiting_keys() -> tuple[Sequence[str], Sequence[Any]]:
    """Recipients and identities of files that wait for the worker."""
    customer, keyring = tenancy.current(), tenancy.keyring()
    identities = keyring.identities(customer)
    if identities:
        return customer.recipients, identities
    own = keyring.backup_identity(customer)
    return [str(own.recipient)], [own]


def table_of(sealed: BinaryIO) -> Table:
    """The table in a file that waits for the worker. Raises UnreadableFile."""
    return read_table(cast(BinaryIO, AgeReader(sealed, waiting_keys()[1]).stream()))


def object_key(import_id: UUID, name: str) -> str:
    """Where the "file" that was received, or that of the "broken" rows, lies."""
    return f"{tenancy.current().id}/imports/{import_id}/{name}.age"


def tidy_later(row: Import, *, due: datetime, what: str) -> None:
    """Have an object of the import removed when it is `due`."""
    payload = {"import": str(row.id), "what": what}
    obligations.enqueue(kind=TIDY, key=f"{TIDY}:{row.id}:{what}", due=due, payload=payload)


def row_of(import_id: UUID, *, locked: bool = False) -> Import:
    """Raises NoSuchImport."""
    rows = Import.objects.select_for_update() if locked else Import.objects
    row = rows.filter(id=import_id).first()
    if row is None:
        raise NoSuchImport("there is no such import")
    return row


def require_state(row: Import, *states: str) -> None:
    """Raises ImportRefused when the import is in none of them."""
    if row.state not in states:
        raise ImportRefused(f"the import is {row.state}", remedy="look at its page for what is possible now")
