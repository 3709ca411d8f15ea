"""Many persons with records in every store: access finds all, erasure leaves none: tables, indexes, objects, logs, the
restored backup; and the log still verifies. `make soak` has 200 persons with 50 records each."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from tests.integration.rights.conftest import Place, now
from tests.support.installation import settings
from tests.support.logs import integrate_all
from tests.support.recorded_rows import add_recording
from tests.support.spooled import CALLEE, CALLER, Spooler

from parley.backups import api as backups
from parley.contacts import api as contacts
from parley.exports import api as exports
from parley.inventory.api import ExportOptions, Subject, stores
from parley.ledger import api as ledger
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.recordings.api import RENDER, finalize, installed_store, render_recording
from parley.rights import api as rights
from parley.rights.sealed import email_index, number_index
from parley.tenancy import api as tenancy

OTHER = "+442079461234"


@dataclass
class Someone:
    """A person of the test, with a name that stands nowhere else."""

    serial: int
    records: dict[str, int]

    @property
    def marker(self) -> str:
        return f"Zyxomark{self.serial:04d}"

    @property
    def number(self) -> str:
        return f"+3905851{self.serial:05d}"

    @property
    def email(self) -> str:
        return f"{self.marker.lower()}@person.example"

    @property
    def subject(self) -> Subject:
        return Subject(numbers=(self.number,), emails=(self.email,))


@pytest.fixture
def people_of(place: Place, tmp_path: Path, scale: str) -> list[Someone]:
    """All of them, with their records: recordings (one heard as MP3), a contact, a mail, an export that holds them."""
    count, each = (200, 50) if scale == "full" else (8, 5)
    spooler = Spooler(tmp_path / "spool", place.customer)
    directory = contacts.add_directory(name="Everybody", kind="public", by="test", at=now()).id
    made = []
    for serial in range(count):
        one = Someone(serial, {"recordings": each - 2, "contacts": 1, "mail": 1, "exports": 1})
        caller = replace(CALLER, name=one.marker, number=one.number, aor=f"sip:{one.marker}@pbx")
        finalize(spooler.close(parties=(caller, CALLEE)), store=installed_store(), now=now())
        for turn in range(each - 3):
            add_recording(at=now() - timedelta(days=turn + 1), numbers=[one.number, OTHER], parts=0)
        contacts.add(
            contacts.NewContact(
                given=one.marker, numbers=(contacts.Number(value=one.number),), emails=(one.email,), notes=one.marker
            ),
            directory=directory, by="test", at=now(),
        )  # fmt: skip
        mail.send(
            key=f"test:{serial}", to=(one.email,), subject=f"Dear {one.marker}", text=one.marker, purpose="test",
            clause="T-1",
        )  # fmt: skip
        made.append(one)
    render = partial(render_recording, store=installed_store(), scratch=tmp_path / "scratch")
    (tmp_path / "scratch").mkdir()
    while obligations.run_due(place.customer, handlers={RENDER: render}, now=now()).done:
        pass
    exports.start(
        title="Everything", reason="records", options=ExportOptions(formats=("csv", "json")), by=place.officer,
        at=now(), key="everything", records=stores()["contacts"].every(),
    )  # fmt: skip
    place.work()
    return made


def test_access_finds_all_and_erasure_leaves_none_anywhere(place: Place, people_of: list[Someone]) -> None:
    _across(place, people_of)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_access_finds_all_and_erasure_leaves_none_of_200_persons(place: Place, people_of: list[Someone]) -> None:
    _across(place, people_of)


def _across(place: Place, everybody: list[Someone]) -> None:
    gone, staying = everybody[::2], everybody[1::2]
    head = integrate_all(place.customer)
    backup = backups.take(place.customer, reason="asked", at=now())
    asked = {}
    for one in everybody:
        receipt = place.verified("erasure" if one in gone else "access", email=one.email, number=one.number,
                                 name=one.marker, text=f"I am {one.marker}")  # fmt: skip
        seen = {store.store: store.count for store in rights.look(receipt.id, by=place.officer, at=now())}
        # The acknowledgement left and is blank, or waits in the outbox: then it is found as well.
        assert seen["mail"] >= one.records["mail"]
        assert {name: seen[name] for name in ("recordings", "contacts")} == {
            name: one.records[name] for name in ("recordings", "contacts")
        }
        assert seen["exports"] == 1
        asked[one.serial] = receipt
    place.work()
    objects = {key for one in gone for key in _objects(place, one)}
    assert objects
    for one in gone:
        rights.fulfil(asked[one.serial].id, by=place.officer, at=now())
        rights.answer(asked[one.serial].id, text="All of it is erased.", by=place.officer, at=now())
    place.work()
    left = {head.key for head in installed_store().list(f"{place.customer.id}/")}
    assert not objects & left
    _nothing_of(place, gone, but={"rights_request"})
    for one in staying:
        assert len(stores()["recordings"].find(one.subject)) == one.records["recordings"]
        assert len(stores()["contacts"].find(one.subject)) == 1
    # When the requests' own time is over, their indexes go as well.
    place.work(at=now() + timedelta(days=200))
    _nothing_of(place, gone, but=set())
    _restored_without(place, gone, staying, backup.id)
    _log_verifies(place, head)


def _objects(place: Place, one: Someone) -> set[str]:
    ids = [held.id for held in stores()["recordings"].find(one.subject)]
    return {head.key for record in ids for head in installed_store().list(f"{place.customer.id}/recordings/{record}/")}


def _nothing_of(place: Place, gone: list[Someone], *, but: set[str]) -> None:
    """No table holds a name, address, number, or blind index of them; no store finds them; no log names them."""
    words = [word for one in gone for word in (one.marker, one.email, one.number)]
    indexes = [index.hex() for one in gone for index in (email_index(one.email), number_index(one.number))]
    wanted = [*words, *(word.encode().hex() for word in words), *indexes]
    assert _tables(wanted) <= but
    assert not _tables(words)
    for one in gone:
        for store in stores():
            held = [] if store.name == "rights" and but else list(store.find(one.subject))
            assert not held, store.name
    logs = Path(settings.PARLEY_DATA_DIR) / "logs"
    for file in logs.rglob("*") if logs.is_dir() else ():
        text = file.read_text(errors="replace") if file.is_file() else ""
        assert not [word for word in words if word in text]


def _tables(words: list[str]) -> set[str]:
    found = set()
    pattern = "|".join(word.replace("+", r"\+").replace(".", r"\.") for word in words)
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT EXISTS (SELECT 1 FROM "{table}" t WHERE t::text ~* %s)', [pattern])
            if cursor.fetchone()[0]:
                found.add(table)
    return found


def _restored_without(place: Place, gone: list[Someone], staying: list[Someone], backup: UUID) -> None:
    with backups.restored(place.customer, backup) as restored, tenancy.scope(restored.customer):
        for one in gone:
            assert not [held for store in stores() for held in store.find(one.subject)]
        for one in staying:
            assert len(stores()["recordings"].find(one.subject)) == one.records["recordings"]
        words = [word for one in gone for word in (one.marker, one.email, one.number)]
        assert _tables([*words, *(number_index(one.number).hex() for one in gone)]) == set()


def _log_verifies(place: Place, head: ledger.Checkpoint | None) -> None:
    newest = integrate_all(place.customer)
    with tenancy.connect(place.customer, role="sequencer") as conn, conn.cursor() as cursor:
        audited = ledger.audit(cursor)
    assert head is not None
    assert audited is not None
    assert newest is not None
    assert audited.size == newest.size > head.size
