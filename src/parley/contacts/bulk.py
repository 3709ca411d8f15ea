"""Many contacts at once: batches that commit by themselves, each known by where it begins.

While PostgreSQL takes one batch, the next is checked, sealed and written as the bytes that COPY wants, in a thread
beside. A killed import is done again with the same rows and the same key: what was committed is counted and skipped.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from parley.contacts import models, rows
from parley.contacts.directories import directory as require_directory
from parley.contacts.errors import ContactRefused
from parley.contacts.fields import check, text
from parley.contacts.tools import KEEP, Tools, keep_epoch, leave, require, tools
from parley.contacts.types import Added, NewContact
from parley.contacts.writing import region
from parley.foundation.ids import new_id
from parley.sealing.api import SealedField, epoch_of

_COPY: Final = """
COPY contacts_contact (id, directory_id, epoch_id, changed_at, keep_until, minor, sealed, tokens, addresses)
FROM STDIN (FORMAT BINARY)
"""
_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_TRAILER: Final = struct.pack(">h", -1)
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_BIGINT: Final = 20  # its type's number in PostgreSQL
_LARGE_LISTS: Final = "SET LOCAL gin_pending_list_limit = '48MB'; SET LOCAL work_mem = '96MB'"
"""The index takes many rows in at once, in its own order: several times quicker than one by one."""
_SHORT_LIST: Final = "SET LOCAL gin_pending_list_limit = 64"
_TOUCH: Final = "UPDATE contacts_contact SET tokens = tokens[2:] || tokens[1] WHERE id = %s"
"""The same tokens in another order: an entry of the index must be made."""
_TOUCH_WORD: Final = """
UPDATE contacts_word SET found_by = found_by[2:] || found_by[1] WHERE id = (SELECT max(id) FROM contacts_word)
"""


@dataclass
class _Batch:
    """Rows ready to be written; `asked` are the different questions that the gate must answer for them."""

    first: int
    count: int = 0
    chunks: list[bytes] = field(default_factory=list)
    words: dict[int, tuple[str, str]] = field(default_factory=dict)
    sealed: dict[UUID, SealedField] = field(default_factory=dict)
    asked: set[tuple[bool, str]] = field(default_factory=set)
    last: UUID | None = None


def add_many(
    rows: Iterable[NewContact],
    *,
    directory: UUID,
    source: str,
    by: str,
    at: datetime,
    key: str,
    progress: Callable[[int], None] | None = None,
    batch: int = 10_000,
) -> Added:
    """Add many contacts in batches, each committed by itself (not inside a transaction of the caller): at least 10,000
    a second. `key` names this import: the same rows in the same order again are skipped batch by batch, so that a
    killed import is simply done again. `progress` hears how many rows are done. `source` is that of rows without one.
    Raises ContactRefused with the number of the row in its message (check rows before with `check`), GateRefused."""
    require(KEEP, at=at)
    require_directory(directory)
    writer = _Writer(directory=directory, by=by, at=at, key=key)
    done = writer.done()
    given = iter(rows)
    again = sum(1 for _ in islice(given, done))
    if progress is not None and again:
        progress(again)
    added = batches = 0
    maker = _Maker(tools=tools(), directory=directory, source=text(source, field="source"), at=at, region=region())
    with ThreadPoolExecutor(1, thread_name_prefix="contacts") as beside:
        for one in _ahead(beside, maker, given, first=again, size=batch):
            if writer.write(one):
                added, batches = added + one.count, batches + 1
            else:
                again += one.count
            if progress is not None:
                progress(one.first + one.count)
    if batches:
        writer.settle()
    return Added(contacts=added, batches=batches, again=again)


def _ahead(
    beside: ThreadPoolExecutor, maker: "_Maker", given: Iterator[NewContact], *, first: int, size: int
) -> Iterator[_Batch]:
    """Batches, the next of which is made while the caller works with the one before."""

    def following(begin: int) -> _Batch:
        return maker.make(list(islice(given, size)), first=begin)

    coming = beside.submit(copy_context().run, following, first)
    while (made := coming.result()).count:
        coming = beside.submit(copy_context().run, following, made.first + made.count)
        yield made


@dataclass(frozen=True)
class _Maker:
    """Makes rows, without a database."""

    tools: Tools
    directory: UUID
    source: str
    at: datetime
    region: str | None

    def make(self, given: list[NewContact], *, first: int) -> _Batch:
        made = _Batch(first=first)
        instant = _micros(self.at)
        for number, new in enumerate(given, start=first + 1):
            try:
                checked = check(new, region=self.region, source=self.source)
            except ContactRefused as error:
                raise ContactRefused(
                    f"row {number}: {error.args[0]}", remedy=error.remedy, field=error.field
                ) from error
            self._add(made, checked, instant)
        made.count = len(given)
        return made

    def _add(self, made: _Batch, new: NewContact, instant: bytes) -> None:
        contact = made.last = new_id(at=self.at)
        sealed, found = self.tools.seal(contact, new), self.tools.tokeniser.of(new)
        made.words.update(found.words)
        epoch = epoch_of(sealed.data)
        made.sealed.setdefault(epoch, sealed)
        made.asked.add((new.minor, new.citizenship))
        until = b"\xff\xff\xff\xff" if new.keep_until is None else b"\0\0\0\x08" + _micros(new.keep_until)
        made.chunks += (
            b"\0\x09\0\0\0\x10", contact.bytes, b"\0\0\0\x10", self.directory.bytes, b"\0\0\0\x10", epoch.bytes,
            b"\0\0\0\x08", instant, until, b"\0\0\0\x01\x01" if new.minor else b"\0\0\0\x01\x00",
            len(sealed.data).to_bytes(4, "big"), sealed.data, _array(found.tokens), _array(found.addresses),
        )  # fmt: skip


@dataclass(frozen=True)
class _Writer:
    """Writes batches, each in a transaction of its own."""

    directory: UUID
    by: str
    at: datetime
    key: str

    def done(self) -> int:
        """How many rows were committed before."""
        batches = models.Batch.objects.filter(key__startswith=f"{self.key}:").values_list("key", "contacts")
        ends = {int(key.rpartition(":")[2]): count for key, count in batches}
        done = 0
        while ends.get(done):
            done += ends[done]
        return done

    def write(self, made: _Batch) -> bool:
        """False when somebody else has written this batch meanwhile."""
        clause = require(KEEP, at=self.at)
        for minor, citizenship in made.asked:
            clause = require(KEEP, at=self.at, minors=minor, citizenship=citizenship)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO contacts_batch (key, contacts, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                    [f"{self.key}:{made.first}", made.count, self.at],
                )
                if cursor.rowcount != 1:
                    return False
                for sealed in made.sealed.values():
                    keep_epoch(sealed)
                rows.add_words(cursor, tools().tokeniser, made.words, setting=_LARGE_LISTS)
                with cursor.copy(_COPY) as copy:
                    copy.write(b"".join((_HEADER, *made.chunks, _TRAILER)))
            details = {"directory": str(self.directory), "contacts": made.count, "first": made.first, "by": self.by}
            leave("contacts.imported", clause=clause, at=self.at, details=details)
        return True

    def settle(self) -> None:
        """Have the index take in what it has on its list: any search reads all of that."""
        last = models.Contact.objects.filter(directory_id=self.directory).order_by("-id").values_list("id", flat=True)
        newest = last.first()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_SHORT_LIST)
            cursor.execute(_TOUCH, [newest])
            cursor.execute(_TOUCH_WORD)


def _micros(at: datetime) -> bytes:
    """An instant as PostgreSQL writes it: microseconds since 2000."""
    since = at - _EPOCH
    return struct.pack(">q", (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def _array(values: list[int]) -> bytes:
    """A bigint[] as PostgreSQL writes it, after its length."""
    if not values:
        return struct.pack(">iiii", 12, 0, 0, _BIGINT)
    size = len(values)
    flat = [8] * (2 * size)
    flat[1::2] = values
    return _packer(size).pack(20 + 12 * size, 1, 0, _BIGINT, size, 1, *flat)


@cache
def _packer(size: int) -> struct.Struct:
    return struct.Struct(">iiiiii" + "iq" * size)
