"""The long work of imports: add what is good, bring back what is not, undo.

The engine holds a transaction open around its handlers. Contacts are added in batches that commit by themselves, hence
in a thread with a connection of its own: a killed import goes on behind the last batch.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Final, TypeVar
from uuid import UUID

from django.db import connection, connections, transaction
from django.db.models import Exists, OuterRef, QuerySet

from parley.contacts import api as contacts
from parley.contacts.errors import ContactRefused
from parley.contacts.formats.types import Row, Table
from parley.contacts.formats.writing import CsvWriter
from parley.contacts.import_mapping import OWN_COLUMNS, Reading, contact_of, why_of
from parley.contacts.models import Consent, Contact
from parley.contacts.tools import KEEP, decide
from parley.contacts.types import Channel, NewContact, Proof
from parley.obligations import api as obligations
from parley.sealing.api import AgeWriter
from parley.tenancy import api as tenancy

T = TypeVar("T")
BATCH = 10_000
"""Contacts that are committed together."""
_AT_A_TIME: Final = 500
_REPORT_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSource:
    """That everybody in the file agreed to `purpose` by `channel` on `given_on`, and how that can be shown."""

    purpose: str
    channel: Channel
    how: str
    text_version: str
    given_on: date


def outside_transaction(deed: Callable[[], T]) -> T:
    """Do it with a connection of its own, for the customer in scope; raises what it raises."""
    customer = tenancy.current()
    done: list[T] = []
    raised: list[BaseException] = []

    def carry_out() -> None:
        try:
            with tenancy.scope(customer):
                done.append(deed())
        # Handed on to the thread that waits, whatever it is.
        except BaseException as error:
            raised.append(error)
        finally:
            connections.close_all()

    thread = Thread(target=carry_out, name="import")
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return done[0]


def count_rows(table: Table) -> int:
    """How many rows there are, good and broken. Raises UnreadableFile before anything is added."""
    return sum(1 for _ in table.rows)


@dataclass
class Sorter:
    """Good rows as contacts, in order; broken ones into the file that comes back."""

    table: Table
    reading: Reading
    broken: CsvWriter
    told: Callable[[int], None]
    at: datetime
    seen: int = 0
    _answers: dict[tuple[bool, str], str] = field(default_factory=dict)
    _last: float = field(default_factory=time.monotonic)

    def good(self) -> Iterator[NewContact]:
        """Every contact that can be kept."""
        columns, reading = self.table.columns, self.reading
        own = [position for position, name in enumerate(columns) if name.strip().lower() not in OWN_COLUMNS]
        for row in self.table.rows:
            self.seen += 1
            if not self.seen % 256:
                self._tell()
            made = judged(row, columns, reading)
            if not isinstance(made, str) and (made.minor or made.citizenship):
                made = self._refused(made) or made
            if isinstance(made, str):
                self.broken.row([*(row.cells[position] for position in own), made, str(row.line)])
            else:
                yield made

    def _refused(self, made: NewContact) -> str:
        """Why the agreement does not let this person be kept; "" when it does. Asked once for each sort of person."""
        asked = (made.minor, made.citizenship)
        if asked not in self._answers:
            decision = decide(KEEP, at=self.at, minors=made.minor, citizenship=made.citizenship)
            connection.close()  # this thread is one of `add_many`: nobody else would
            self._answers[asked] = "" if decision.allowed else f"{decision.reason} ({decision.clause})"
        return self._answers[asked]

    def _tell(self) -> None:
        if time.monotonic() - self._last > _REPORT_SECONDS:
            self.told(self.seen)
            self._last = time.monotonic()


def judged(row: Row, columns: Sequence[str], reading: Reading) -> NewContact | str:
    """The contact that a row gives, or why it gives none."""
    if row.why:
        return row.why
    try:
        return contacts.check(contact_of(row.cells, reading), region=reading.region)
    except ContactRefused as error:
        return why_of(error, columns, reading.mapping)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What came of a file."""

    rows: int
    added: int
    broken: int


def run(
    *,
    import_id: UUID,
    open_file: Callable[[], Table],
    reading: Reading,
    directory: UUID,
    consent: ConsentSource | None,
    by: str,
    at: datetime,
    broken_into: Path,
    progress_key: str,
) -> Arrived:
    """Add what is good, write what is not into `broken_into` (sealed). May be done again after any interruption."""
    total = count_rows(open_file())
    obligations.report(progress_key, done=0, total=total, unit="rows")
    table = open_file()
    names = [name for name in table.columns if name.strip().lower() not in OWN_COLUMNS]
    with broken_into.open("wb") as file:
        sealed = AgeWriter(file, tenancy.current().recipients)
        sorter = Sorter(
            table=table,
            reading=reading,
            broken=CsvWriter(sealed, [*names, "why", "line"]),
            told=lambda seen: obligations.report(progress_key, done=seen, total=total, unit="rows"),
            at=at,
        )
        added = contacts.add_many(
            sorter.good(),
            directory=directory,
            source=reading.source,
            by=by,
            at=at,
            key=f"import:{import_id}",
            batch=BATCH,
            checked=True,
        )
        sealed.close()
    obligations.report(progress_key, done=total, total=total, unit="rows")
    if consent is not None:
        _consent_all(consent, directory=directory, by=by, at=at)
    return Arrived(rows=total, added=added.contacts + added.again, broken=sorter.broken.count)


def _consent_all(consent: ConsentSource, *, directory: UUID, by: str, at: datetime) -> None:
    """Write the consent down for each contact of this import that has it not yet."""
    proof = Proof(how=consent.how, text_version=consent.text_version, by=by)
    given_at = min(at, datetime.combine(consent.given_on, datetime.min.time(), at.tzinfo))
    had = Consent.objects.filter(contact=OuterRef("id"), purpose=consent.purpose, channel=consent.channel)
    waiting = added_by(directory=directory, begun_at=at).filter(~Exists(had)).order_by("id")
    while ids := list(waiting.values_list("id", flat=True)[:_AT_A_TIME]):
        with transaction.atomic():
            for contact in ids:
                contacts.consent(contact, consent.purpose, consent.channel, given_at=given_at, proof=proof)


def added_by(*, directory: UUID, begun_at: datetime) -> QuerySet[Contact]:
    """The contacts of an import that nobody changed since: they carry the instant at which it began, give or take the
    microseconds by which earlier versions moved the last one."""
    return Contact.objects.filter(
        directory_id=directory, changed_at__gte=begun_at, changed_at__lt=begun_at + timedelta(microseconds=100)
    )


def undo_added(*, directory: UUID, by: str, begun_at: datetime, at: datetime, told: Callable[[int], None]) -> int:
    """Erase the contacts of an import that nobody changed since; how many are left because something holds them."""
    kept = added_by(directory=directory, begun_at=begun_at).order_by("id")
    after: UUID | None = None
    done = 0
    while True:
        ids = list((kept.filter(id__gt=after) if after else kept).values_list("id", flat=True)[:_AT_A_TIME])
        if not ids:
            return kept.count()
        with transaction.atomic():
            contacts.remove(ids, by=by, at=at)
        after, done = ids[-1], done + len(ids)
        told(done)


def scratch_file(scratch: Path) -> Path:
    """A fresh private file for sealed bytes."""
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=scratch, prefix="import-", suffix=".age", delete=False) as file:
        return Path(file.name)
