"""Rows of contacts and of the dictionary, in SQL: the few statements that everything else is made of.

A word stays in the dictionary as long as a contact has it (`words.tidy`). Who adds contacts holds a shared lock of the
customer's database until its commit, so that no word goes while a contact that has it comes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from parley.contacts import words
from parley.contacts.tokens import Tokeniser
from parley.contacts.tools import Tools
from parley.contacts.types import Contact, ContactLine, NewContact
from parley.sealing.api import SealedField, epoch_of

_SHARE: Final = f"SELECT pg_advisory_xact_lock_shared({words.LOCK})"
_SHORT_LISTS: Final = "SET LOCAL gin_pending_list_limit = 512"
"""A search reads the whole list of what an index has not taken in yet, so it is kept short."""
_KNOWN: Final = "SELECT id FROM contacts_word WHERE id = ANY(%s::bigint[])"
_ADD_WORDS: Final = """
INSERT INTO contacts_word (id, found_by)
SELECT split_part(line, ' ', 1)::bigint, split_part(line, ' ', 2)::bigint[] FROM unnest(%s::text[]) line
ON CONFLICT (id) DO NOTHING
"""
_INSERT: Final = """
INSERT INTO contacts_contact (id, directory_id, epoch_id, changed_at, keep_until, minor, sealed, tokens, addresses)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_UPDATE: Final = """
WITH gone AS (INSERT INTO contacts_leavingword SELECT unnest(%s::bigint[]) ON CONFLICT DO NOTHING)
UPDATE contacts_contact SET epoch_id = %s, changed_at = %s, keep_until = %s, minor = %s, sealed = %s, tokens = %s,
    addresses = %s WHERE id = %s
"""
COLUMNS: Final = "c.id, c.directory_id, c.changed_at, c.keep_until, c.minor, c.sealed"
"""What `opened` reads."""
_READ: Final = "SELECT {columns}{more} FROM contacts_contact c WHERE c.id = ANY(%s){lock}"
_EPOCHS: Final = "SELECT id, wrapped FROM contacts_epoch WHERE id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Row:
    """A stored contact, opened where that is possible; `tokens` and `addresses` only where they were asked for."""

    id: UUID
    directory_id: UUID
    changed_at: datetime
    fields: NewContact
    sealed: bool
    tokens: Sequence[int] = ()
    addresses: Sequence[int] = ()

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


def read(tools: Tools, ids: Sequence[UUID], *, lock: bool = False, whole: bool = False) -> list[Row]:
    """The rows of `ids` that exist, in the order asked for; `whole` with their tokens. Raises SealingError."""
    with connection.cursor() as cursor:
        cursor.execute(
            _READ.format(
                columns=COLUMNS,
                more=", c.tokens, c.addresses" if whole else "",
                lock=" ORDER BY c.id FOR UPDATE" if lock else "",
            ),
            [list(ids)],
        )
        found = {row.id: row for row in opened(tools, cursor.fetchall())}
    return [found[one] for one in ids if one in found]


def opened(tools: Tools, rows: Sequence[Sequence[Any]]) -> list[Row]:
    """Rows of `COLUMNS` (and tokens, addresses), opened where that is possible. Raises SealingError."""
    if tools.opener is None:
        return [
            Row(row[0], row[1], row[2], NewContact(minor=row[4], keep_until=row[3]), True, *row[6:8]) for row in rows
        ]
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
            *row[6:8],
        )
        for row in rows
    ]


def insert(
    tools: Tools, contact: UUID, new: NewContact, *, directory: UUID, sealed: SealedField, changed_at: datetime
) -> None:
    """Write a checked contact with its words, in the caller's transaction."""
    made = tools.tokeniser.of(new)
    with connection.cursor() as cursor:
        lines = _missing(cursor, tools.tokeniser, made.words)
        cursor.execute(
            f"{_ADD_WORDS}; {_INSERT}",
            [
                lines, contact, directory, epoch_of(sealed.data), changed_at, new.keep_until, new.minor, sealed.data,
                made.tokens, made.addresses,
            ],
        )  # fmt: skip


def overwrite(tools: Tools, before: Row, new: NewContact, *, sealed: SealedField, changed_at: datetime) -> None:
    """Set a contact anew, in the caller's transaction; words that nobody has any more are forgotten."""
    made = tools.tokeniser.of(new)
    lost = set(before.tokens) - set(made.tokens)
    gone = sorted(lost & tools.tokeniser.of(before.fields).words.keys() if not before.sealed else lost)
    with connection.cursor() as cursor:
        coming = made.words.keys() - set(before.tokens)
        lines = _missing(cursor, tools.tokeniser, {one: made.words[one] for one in coming}) if coming else []
        cursor.execute(
            f"{_ADD_WORDS}; {_UPDATE}" if lines else _UPDATE,
            [
                *([lines] if lines else []), gone, epoch_of(sealed.data), changed_at, new.keep_until, new.minor,
                sealed.data, made.tokens, made.addresses, before.id,
            ],
        )  # fmt: skip
    if gone:
        words.tidy_soon()


def add_words(
    cursor: Any, tokeniser: Tokeniser, coming: Mapping[int, tuple[str, str]], *, setting: str = _SHORT_LISTS
) -> None:
    """See to it that the dictionary has these words until the caller's transaction has committed, and after it.
    `setting` says how long the lists of the indexes may become."""
    lines = _missing(cursor, tokeniser, coming, setting=setting)
    for first in range(0, len(lines), 5_000):
        cursor.execute(_ADD_WORDS, [lines[first : first + 5_000]])


def _missing(
    cursor: Any, tokeniser: Tokeniser, coming: Mapping[int, tuple[str, str]], *, setting: str = _SHORT_LISTS
) -> list[str]:
    """What `_ADD_WORDS` wants of those words that the dictionary has not; none goes from it until the commit."""
    # One round trip. Ordered: two who add the same new words wait for each other, and never each for the other.
    cursor.execute(f"{setting}; {_SHARE}; {_KNOWN}", [sorted(coming)])
    cursor.nextset()
    cursor.nextset()
    missing = sorted(coming.keys() - {row[0] for row in cursor.fetchall()})
    return [f"{one} {{{','.join(map(str, tokeniser.dictionary(*coming[one])))}}}" for one in missing]
