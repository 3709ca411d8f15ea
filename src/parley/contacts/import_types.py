"""Imports as pages see them, and what can be wrong with one."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from parley.contacts.errors import ContactsError
from parley.contacts.types import NewContact


class ImportRefused(ContactsError):
    """The import cannot begin, or cannot be undone, as it is; `field` names what has to change."""

    error_id: ClassVar[str] = "contacts.import-refused"

    def __init__(self, message: str, *, remedy: str = "", field: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.field = field


class NoSuchImport(ContactsError):
    """There is no such import."""

    error_id: ClassVar[str] = "contacts.no-such-import"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportView:
    """An import as pages show it. `broken_file`: the rows that did not arrive can be fetched."""

    id: UUID
    state: str
    kind: str
    size: int
    directory_id: UUID | None
    mapping: tuple[str, ...]
    source: str
    region: str
    rows: int
    added: int
    broken: int
    removed: int
    error: str
    uploaded_by: UUID
    uploaded_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    broken_file: bool
    progress_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """A row as it would arrive, or why it would not."""

    line: int
    contact: NewContact | None = field(repr=False)
    why: str
    cells: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The first rows of a file under a mapping; `about` says how it was read."""

    about: str
    columns: tuple[str, ...]
    mapping: tuple[str, ...]
    rows: tuple[PreviewRow, ...] = field(repr=False)
    sample: tuple[str, ...] = field(repr=False)
