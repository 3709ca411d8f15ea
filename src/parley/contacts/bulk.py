"""Many contacts at once: batches that commit by themselves, each known by where it begins.

While PostgreSQL takes one batch, the next are checked, sealed and written as the bytes that COPY wants: in a thread, of
many rows in processes beside. A killed import is done again with the same rows and the same key: what was committed is
counted and skipped.
"""

import struct
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from parley.contacts import models
from parley.contacts.directories import directory as require_directory
from parley.contacts.fields import text
from parley.contacts.making import Batch, Maker
from parley.contacts.making_beside import made_beside
from parley.contacts.tools import KEEP, keep_epoch, leave, require, tools
from parley.contacts.types import Added, NewContact
from parley.contacts.writing import region
from parley.tenancy import api as tenancy

_COPY: Final = """
COPY contacts_contact (id, directory_id, changed_at, keep_until, minor, sealed, tokens, addresses)
FROM STDIN (FORMAT BINARY)
"""
_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_TRAILER: Final = struct.pack(">h", -1)
_QUICKLY: Final = """
SET LOCAL synchronous_commit = off; SET LOCAL gin_pending_list_limit = %s; SET LOCAL work_mem = '96MB'
"""
"""Nobody waits for the disk: a crash may take the newest batches, which the same import then does again, and the last
commit of all (`settle`) waits for everything before it. The index takes many rows in at once, in its own order: several
times quicker than one by one. Its list stays part of it as free space, so it may be long (kB) only where the index is
large."""
_SHORTEST_LIST: Final = 1_024
_LONGEST_LIST: Final = 16_384
_ROWS_FOR_ONE: Final = 40
_FEW: Final = 10_000
"""Rows for which no process is started."""
_AHEAD: Final = 3
"""Batches made ahead, some 7 MB each: when the index takes its list in, PostgreSQL needs the time of several."""
_SETTLE: Final = "SELECT contacts_take_in(), pg_logical_emit_message(true, 'parley', 'import')"
"""The index takes in its list, behind whoever is at it already (a vacuum): any search reads all of that. Who commits
something written, be it a message to nobody, waits for all that was written before it to be on the disk."""


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
    checked: bool = False,
) -> Added:
    """Add many contacts in batches, each committed by itself (not inside a transaction of the caller). `key`
    names this import: the same rows in the same order again are skipped batch by batch, so that a killed import is
    simply done again. `progress` hears how many rows are done. `source` is that of rows without one.
    `checked`: the rows have come out of `check` and are not looked at again.
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
    made_with, recipients = tools(), tenancy.current().recipients
    maker = Maker(
        tokeniser=made_with.tokeniser, sealer=made_with.sealer, directory=directory,
        source=text(source, field="source"), at=at, region=region(), checked=checked,
    )  # fmt: skip
    with (
        closing(_batches(maker, given, first=again, size=batch, recipients=recipients)) as several,
        ThreadPoolExecutor(1, thread_name_prefix="contacts") as thread,
    ):
        for one in _ahead(thread, several):
            if writer.write(one):
                added, batches = added + one.count, batches + 1
            else:
                again += one.count
            if progress is not None:
                progress(one.first + one.count)
    if batches:
        writer.settle()
    return Added(contacts=added, batches=batches, again=again)


def _batches(
    maker: Maker, given: Iterator[NewContact], *, first: int, size: int, recipients: Sequence[str]
) -> Generator[Batch, None, None]:
    """The rows in batches: the first few are made here, many more by processes beside."""
    few = first + _FEW
    while first < few and (rows := list(islice(given, size))):
        yield maker.make(rows, first=first)
        first += len(rows)
    if rows := list(islice(given, size)):
        others = iter(lambda: list(islice(given, size)), [])
        yield from made_beside(maker, chain([rows], others), first=first, recipients=recipients)


def _ahead(thread: Executor, several: Iterator[Batch]) -> Iterator[Batch]:
    """Each of several, while the thread goes for those that come after it."""

    def following() -> Batch | None:
        return next(several, None)

    coming = deque(thread.submit(copy_context().run, following) for _ in range(_AHEAD))
    while (made := coming.popleft().result()) is not None:
        coming.append(thread.submit(copy_context().run, following))
        yield made


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

    def write(self, made: Batch) -> bool:
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
                if made.sealed is not None:
                    keep_epoch(made.sealed)
                cursor.execute(_QUICKLY, [min(_LONGEST_LIST, _SHORTEST_LIST + made.first // _ROWS_FOR_ONE)])
                with cursor.copy(_COPY) as copy:
                    for part in (_HEADER, made.copied, _TRAILER):
                        copy.write(part)
            details = {"directory": str(self.directory), "contacts": made.count, "first": made.first, "by": self.by}
            leave("contacts.imported", clause=clause, at=self.at, details=details)
        return True

    def settle(self) -> None:
        """After the last batch: on the disk, and quickly found."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_SETTLE)
