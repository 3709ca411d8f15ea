"""Exports of contacts as a file for other programs: a directory, what a search finds, or everything; streamed.

The gate is asked and evidence is left before the first byte. Contacts whose use is restricted (GDPR Art. 18) stay out.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, Literal
from uuid import UUID

from parley.contacts import api as contacts
from parley.contacts.cards import card
from parley.contacts.formats.writing import (
    ENDINGS,
    MEDIA_TYPES,
    CsvWriter,
    Outgoing,
    write_ldif,
    write_vcards,
    xlsx_pieces,
)
from parley.contacts.models import Contact
from parley.contacts.rows import read
from parley.contacts.tools import leave, require, tools
from parley.contacts.types import STORE_NAME, CustomField, NewContact, NumberKind
from parley.people.api import Viewer
from parley.retention import api as retention

Format = Literal["csv", "xlsx", "vcard", "vcard3", "ldif"]
FORMATS: Final[tuple[Format, ...]] = ("csv", "xlsx", "vcard", "vcard3", "ldif")
MOST_FOUND: Final = 20_000
"""Of a search: who wants more wants a directory."""
_AT_A_TIME: Final = 500
_NUMBERS: Final[dict[NumberKind, str]] = {
    "work": "work number", "mobile": "mobile", "home": "home number", "fax": "fax", "extension": "extension",
    "other": "other number",
}  # fmt: skip
_COLUMNS: Final = (
    "given name", "family name", "company", "department", "job title", *_NUMBERS.values(), "email", "street",
    "postcode", "city", "region", "country", "birthday", "notes", "speed dial", "citizenship", "minor",
)  # fmt: skip
"""The reader's own words: a file that went out comes in again without a hand laid on it."""
_LAST: Final = ("purposes", "source", "keep until")


def media_type(kind: Format) -> str:
    """The type of the file as HTTP names it."""
    return MEDIA_TYPES[kind]


def ending(kind: Format) -> str:
    """The end of the file's name."""
    return ENDINGS[kind]


def export(
    kind: Format,
    *,
    directory: UUID | None = None,
    text: str = "",
    by: str,
    at: datetime,
    viewer: Viewer | None = None,
) -> Iterator[bytes]:
    """The file, piece by piece. Asks the gate and leaves evidence before this returns.

    Raises GateRefused, NoSuchDirectory, SealedToCustomer.
    """
    clause = require("export-data", at=at)
    tools().require_opener()
    if directory is not None:
        contacts.directory(directory, viewer=viewer)
    what = "search" if text else "directory" if directory else "everything"
    leave(
        "contacts.exported", clause=clause, at=at,
        details={"by": by, "what": what, "format": kind, "directory": str(directory or "")},
    )  # fmt: skip
    found = _found(text, directory, viewer) if text else _every(directory, viewer)
    return _pieces(kind, found)


def _found(text: str, directory: UUID | None, viewer: Viewer | None) -> Iterator[tuple[UUID, NewContact]]:
    """What the search finds, best first."""
    cursor: str | None = None
    seen = 0
    while seen < MOST_FOUND:
        page = contacts.search(text, directory=directory, limit=100, cursor=cursor, viewer=viewer)
        ids = [line.id for line in page.lines]
        yield from _opened(ids)
        seen += len(ids)
        cursor = page.cursor
        if not cursor or not ids:
            return


def _every(directory: UUID | None, viewer: Viewer | None) -> Iterator[tuple[UUID, NewContact]]:
    """All contacts of the directory, or of those that the viewer sees, oldest first."""
    seen = [directory] if directory else [one.id for one in contacts.directories(viewer=viewer)]
    after: UUID | None = None
    while True:
        rows = Contact.objects.filter(directory_id__in=seen).order_by("id")
        ids = list((rows.filter(id__gt=after) if after else rows).values_list("id", flat=True)[:_AT_A_TIME])
        if not ids:
            return
        yield from _opened(ids)
        after = ids[-1]


def _opened(ids: Sequence[UUID]) -> Iterator[tuple[UUID, NewContact]]:
    apart = retention.restricted(STORE_NAME, ids)
    for row in read(tools(), ids):
        if row.id not in apart:
            yield row.id, row.fields


def _pieces(kind: Format, found: Iterator[tuple[UUID, NewContact]]) -> Iterator[bytes]:
    own = contacts.custom_fields()
    if kind == "xlsx":
        return xlsx_pieces(columns=_header(own), rows=(_cells(contact, own) for _, contact in found))
    return _flowing(kind, own, found)


def _flowing(kind: Format, own: Sequence[CustomField], found: Iterator[tuple[UUID, NewContact]]) -> Iterator[bytes]:
    """A file that grows contact by contact."""
    out = Outgoing()
    if kind == "csv":
        table = CsvWriter(out, _header(own))
    elif kind == "ldif":
        write_ldif(out, [])
    while some := list(islice(found, _AT_A_TIME)):
        if kind == "csv":
            for _, contact in some:
                table.row(_cells(contact, own))
        elif kind == "ldif":
            write_ldif(out, [card(one, contact) for one, contact in some], head=False)
        else:
            version: Literal["3.0", "4.0"] = "3.0" if kind == "vcard3" else "4.0"
            write_vcards(out, [card(one, contact) for one, contact in some], version=version)
        yield out.take()
    yield out.take()


def _header(own: Sequence[CustomField]) -> list[str]:
    return [*_COLUMNS, *(one.label for one in own), *_LAST]


def _cells(contact: NewContact, own: Sequence[CustomField]) -> list[str]:
    home = contact.addresses[0] if contact.addresses else None
    numbers = {kind: "\n".join(one.value for one in contact.numbers if one.kind == kind) for kind in _NUMBERS}
    return [
        contact.given, contact.family, contact.company, contact.department, contact.title, *numbers.values(),
        "\n".join(contact.emails),
        *((home.street, home.postcode, home.city, home.region, home.country) if home else ("",) * 5),
        contact.birthday.isoformat() if contact.birthday else "", contact.notes, contact.speed_dial,
        contact.citizenship, "yes" if contact.minor else "",
        *(contact.custom.get(one.key, "") for one in own),
        "\n".join(contact.purposes), contact.source, contact.keep_until.isoformat() if contact.keep_until else "",
    ]  # fmt: skip
