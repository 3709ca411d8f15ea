"""Rows of contacts in SQL: the few statements that everything else is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from parley.contacts.tools import Tools
from parley.contacts.types import Contact, ContactLine, NewContact
from parley.sealing.api import SealedField
from parley.tenancy import api as tenancy

_INSERT: Final = """
INSERT INTO contacts_contact (id, directory_id, changed_at, keep_until, minor, sealed, tokens, addresses)
VALUES (%s, (SELECT id FROM contacts_directory WHERE id = %s FOR KEY SHARE), %s, %s, %s, %s, %s::tsvector, %s::bigint[])
"""
"""Without such a directory it is refused: a contact has one."""
_UPDATE: Final = """
UPDATE contacts_contact SET changed_at = %s, keep_until = %s, minor = %s, sealed = %s, tokens = %s::tsvector,
    addresses = %s::bigint[] WHERE id = %s
"""
_ANNOTATE: Final = """
UPDATE contacts_contact SET changed_at = %s, keep_until = %s, sealed = %s,
    tokens = ts_delete(tokens, %s::text[]) || %s::tsvector WHERE id = %s
"""
COLUMNS: Final = "c.id, c.directory_id, c.changed_at, c.keep_until, c.minor, c.sealed"
"""What `opened` reads."""
_READ: Final = "SELECT {columns} FROM contacts_contact c WHERE c.id = ANY(%s::uuid[]){lock}"
_EPOCHS: Final = "SELECT id, wrapped FROM contacts_epoch WHERE id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Row:
    """A stored contact, opened where that is possible."""

    id: UUID
    directory_id: UUID
    changed_at: datetime
    fields: NewContact
    sealed: bool

    def contact(self) -> Contact:
        """As others see it."""
        return Contact(
            id=self.id,
            directory_id=self.directory_id,
            created_at=made_at(self.id),
            changed_at=self.changed_at,
            sealed=self.sealed,
            fields=self.fields,
        )

    def line(self) -> ContactLine:
        """As a line of a list."""
        held = self.fields
        return ContactLine(
            id=self.id,
            directory_id=self.directory_id,
            sealed=self.sealed,
            name=held.name,
            company=held.company,
            title=held.title,
            numbers=held.numbers,
            emails=held.emails,
            minor=held.minor,
        )


def made_at(contact: UUID) -> datetime:
    """When an id was made (UUIDv7): the contact is as old."""
    return datetime.fromtimestamp((contact.int >> 80) / 1000, UTC)


def reading(ids: Sequence[UUID], *, lock: bool = False) -> tenancy.Asked:
    """The statement that `opened` takes rows from."""
    return _READ.format(columns=COLUMNS, lock=" ORDER BY c.id FOR UPDATE" if lock else ""), [ids]


def read(tools: Tools, ids: Sequence[UUID], *, lock: bool = False) -> list[Row]:
    """The rows of `ids` that exist, in the order asked for. Raises SealingError."""
    (answer,) = tenancy.run_together(reading(ids, lock=lock))
    return in_order(opened(tools, answer.rows), ids)


def in_order(found: Sequence[Row], ids: Sequence[UUID]) -> list[Row]:
    """Rows in the order of `ids`."""
    by_id = {row.id: row for row in found}
    return [by_id[one] for one in ids if one in by_id]


def opened(tools: Tools, rows: Sequence[Sequence[Any]]) -> list[Row]:
    """Rows that begin with `COLUMNS`, opened where that is possible. Raises SealingError."""
    if tools.opener is None:
        return [Row(row[0], row[1], row[2], NewContact(minor=row[4], keep_until=row[3]), True) for row in rows]
    if missing := {bytes(row[5][:16]) for row in rows} - tools.wrapped.keys():
        with connection.cursor() as cursor:
            cursor.execute(_EPOCHS, [[UUID(bytes=one) for one in missing]])
            tools.wrapped.update({epoch.bytes: bytes(wrapped) for epoch, wrapped in cursor.fetchall()})
    return [
        Row(
            row[0],
            row[1],
            row[2],
            tools.open(row[0], row[5], tools.wrapped.get(bytes(row[5][:16]), b""), minor=row[4], keep_until=row[3]),
            False,
        )
        for row in rows
    ]


def insert(
    tools: Tools, contact: UUID, new: NewContact, *, directory: UUID, sealed: SealedField, changed_at: datetime
) -> None:
    """Write a checked contact, in the caller's transaction, with its next statement."""
    made = tools.tokeniser.of(new)
    tenancy.run_later(
        _INSERT,
        [contact, directory, changed_at, new.keep_until, new.minor, sealed.data, made.text, made.addresses],
    )


def overwrite(tools: Tools, before: Row, new: NewContact, *, sealed: SealedField, changed_at: datetime) -> None:
    """Set a contact anew, in the caller's transaction, with its next statement."""
    made = tools.tokeniser.of(new)
    tenancy.run_later(
        _UPDATE, [changed_at, new.keep_until, new.minor, sealed.data, made.text, made.addresses, before.id]
    )


def annotate(tools: Tools, before: Row, new: NewContact, *, sealed: SealedField, changed_at: datetime) -> None:
    """As `overwrite`, of a contact of which nothing but metadata changed: its other tokens stay."""
    had, has = tools.tokeniser.all_metadata(before.fields), tools.tokeniser.all_metadata(new)
    gone, come = "{" + ",".join(had - has) + "}", " ".join(has - had)
    tenancy.run_later(_ANNOTATE, [changed_at, new.keep_until, sealed.data, gone, come, before.id])
