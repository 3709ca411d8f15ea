"""Imports: good rows arrive, broken ones come back and can be mended; nothing doubled or lost, whatever is killed."""

import io
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tests.support.interrupted import commit_points, interrupted

from parley.contacts import api as contacts
from parley.contacts import importing
from parley.contacts.formats.types import UnreadableFile
from parley.contacts.formats.writing import write_xlsx
from parley.contacts.import_models import Import
from parley.contacts.import_work import ConsentSource
from parley.contacts.models import Contact
from parley.obligations import api as obligations
from parley.sealing.api import generate_identity, open_bytes
from parley.storage.api import ObjectStore, open_store
from parley.tenancy import api as tenancy

BY = uuid4()
CSV = (
    "Vorname;Nachname;Firma;Telefon;Handy;E-Mail;Geburtstag;Kundennummer\r\n"
    "Jörg;Müller;Keepers GmbH;030 901820;0171 5551234;joerg@example.org;03.05.1980;17\r\n"
    "Ann;Keeper;;+39 0584 943232;;ann@example.org;;18\r\n"
    "Bo;Broken;;;;no address;;19\r\n"
    "Cy;Wrong;;030 1;;;32.01.1980;20\r\n"
    ';;;;;;;"=cmd|x"\r\n'
    "Di;Good;;;;di@example.org;1999-12-31;=1+1\r\n"
)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    folder = tmp_path / "objects"
    folder.mkdir()
    return open_store(f"file://{folder}")


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "scratch"


@pytest.fixture
def directory(customer: tenancy.Customer) -> UUID:
    return contacts.add_directory(kind="public", name="All", by="test", at=datetime.now(UTC)).id


def brought(content: bytes | str, *, store: ObjectStore, scratch: Path) -> importing.ImportView:
    received = importing.Incoming(scratch)
    raw = content.encode() if isinstance(content, str) else content
    for start in range(0, len(raw), 65536):
        received.write(raw[start : start + 65536])
    received.close()
    return importing.upload(received, by=BY, at=datetime.now(UTC), store=store)


def begin(
    found: importing.ImportView, directory: UUID, *, region: str | None = "DE", consent: ConsentSource | None = None
) -> None:
    importing.begin(
        found.id, mapping=found.mapping, directory=directory, region=region, source="fair 2026", consent=consent,
        by=BY, at=datetime.now(UTC),
    )  # fmt: skip


def work(customer: tenancy.Customer, *, store: ObjectStore, scratch: Path, later: timedelta = timedelta(0)) -> None:
    handlers = {**importing.handlers(store=store), **importing.long_handlers(store=store, scratch=scratch)}
    assert obligations.run_due(customer, handlers=handlers, now=datetime.now(UTC) + later).failed == 0


def named(directory: UUID) -> dict[str, contacts.Contact]:
    ids = Contact.objects.filter(directory_id=directory).values_list("id", flat=True)
    found = [contacts.get(one) for one in ids]
    return {one.fields.name: one for one in found}


def broken_file(found: importing.ImportView, store: ObjectStore) -> str:
    content, size, sealed = importing.open_broken(found.id, store=store)
    assert not sealed
    raw = content.read()
    assert len(raw) == size
    return raw.decode("utf-8-sig")


def test_a_list_with_mistakes_is_imported_mended_and_imported_again(
    customer: tenancy.Customer, directory: UUID, store: ObjectStore, scratch: Path
) -> None:
    contacts.set_custom_fields([contacts.CustomField(key="number", label="Kundennummer")], by="t", at=datetime.now(UTC))
    found = brought(CSV, store=store, scratch=scratch)
    assert found.mapping == (
        "given", "family", "company", "numbers.work", "numbers.mobile", "emails", "birthday", "custom.number"
    )  # fmt: skip
    seen = importing.look(found.id, region="DE", store=store)
    assert "semicolons" in seen.about
    assert [bool(row.why) for row in seen.rows] == [False, False, True, True, True, False]
    assert seen.rows[0].contact is not None
    assert [one.value for one in seen.rows[0].contact.numbers] == ["+4930901820", "+491715551234"]
    begin(found, directory)
    work(customer, store=store, scratch=scratch)
    done = importing.get(found.id)
    assert (done.state, done.rows, done.added, done.broken) == ("done", 6, 3, 3)
    people = named(directory)
    assert set(people) == {"Jörg Müller", "Ann Keeper", "Di Good"}
    assert people["Jörg Müller"].fields.birthday == date(1980, 5, 3)
    assert people["Jörg Müller"].fields.source == "fair 2026"
    assert people["Di Good"].fields.custom == {"number": "=1+1"}
    returned = broken_file(done, store)
    header, *rows = returned.splitlines()
    assert header == "Vorname,Nachname,Firma,Telefon,Handy,E-Mail,Geburtstag,Kundennummer,why,line"
    assert "E-Mail: this is not an e-mail address" in rows[0]
    assert rows[0].endswith(",4")
    assert "Geburtstag: this is no day of a year" in rows[1]
    assert "'=cmd|x" in rows[2]

    mended = returned.replace("no address", "bo@example.org").replace("32.01.1980", "31.01.1980")
    again = brought(mended, store=store, scratch=scratch)
    assert again.mapping[-2:] == ("", "")
    begin(again, directory)
    work(customer, store=store, scratch=scratch)
    done = importing.get(again.id)
    assert (done.added, done.broken) == (2, 1)
    assert {"Bo Broken", "Cy Wrong"} < set(named(directory))
    left = broken_file(done, store).splitlines()[0]
    assert left.count("why") == 1
    # Neither file nor scratch is left of what was imported; what is to be mended goes after its time.
    assert not list(scratch.iterdir())
    assert {head.key.rpartition("/")[2] for head in store.list()} == {"broken.age"}
    work(customer, store=store, scratch=scratch, later=timedelta(days=31))
    assert not list(store.list())


def test_nothing_stored_is_in_clear(
    customer: tenancy.Customer, directory: UUID, store: ObjectStore, scratch: Path, tmp_path: Path
) -> None:
    found = brought(CSV, store=store, scratch=scratch)
    begin(found, directory)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"ller" not in everything
    work(customer, store=store, scratch=scratch)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert everything
    assert b"Broken" not in everything
    row = Import.objects.get(id=found.id)
    assert "ller" not in str(row.__dict__)


def test_undo_removes_what_it_added_and_nobody_changed(
    customer: tenancy.Customer, directory: UUID, store: ObjectStore, scratch: Path
) -> None:
    own = contacts.add(contacts.NewContact(given="Own"), directory=directory, by="t", at=datetime.now(UTC))
    found = brought(CSV, store=store, scratch=scratch)
    begin(found, directory)
    work(customer, store=store, scratch=scratch)
    people = named(directory)
    ann = people["Ann Keeper"]
    contacts.update(ann.id, contacts.NewContact(given="Ann", family="Kept"), by="t", at=datetime.now(UTC))
    importing.undo(found.id, by=BY, at=datetime.now(UTC))
    work(customer, store=store, scratch=scratch)
    assert set(named(directory)) == {"Own", "Ann Kept"}
    assert contacts.get(own)
    assert importing.get(found.id).state == "undone"
    with pytest.raises(importing.ImportRefused):
        importing.undo(found.id, by=BY, at=datetime.now(UTC))


def test_consent_of_all_is_written_down(
    customer: tenancy.Customer, directory: UUID, store: ObjectStore, scratch: Path
) -> None:
    found = brought(CSV, store=store, scratch=scratch)
    consent = ConsentSource(
        purpose="newsletter", channel="email", how="web form", text_version="3", given_on=date(2026, 1, 2)
    )
    begin(found, directory, consent=consent)
    work(customer, store=store, scratch=scratch)
    for one in named(directory).values():
        (given,) = contacts.consents(one.id)
        assert (given.purpose, given.channel, given.proof.how) == ("newsletter", "email", "web form")
        assert given.given_at.date() == date(2026, 1, 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty"), (b"Name,Phone\n", "no rows"), (b"%PDF-1.4", "a PDF"), (b"PK\x03\x04junk", "damaged"),
     (bytes(range(256)) * 30, "zero bytes")],
)  # fmt: skip
def test_what_is_no_list_is_refused_and_leaves_nothing(
    customer: tenancy.Customer, store: ObjectStore, scratch: Path, content: bytes, said: str
) -> None:
    with pytest.raises(UnreadableFile, match=said):
        brought(content, store=store, scratch=scratch)
    assert not list(scratch.iterdir())
    assert not list(store.list())
    assert not Import.objects.exists()


def test_a_file_that_breaks_off_adds_nothing(
    customer: tenancy.Customer, directory: UUID, store: ObjectStore, scratch: Path
) -> None:
    target = io.BytesIO()
    rows = [[f"N{n}", f"{n}@example.org", str(hash(n * n))] for n in range(20_000)]
    write_xlsx(target, columns=["Name", "E-mail", "Note"], rows=rows)
    raw = bytearray(target.getvalue())
    raw[len(raw) * 2 // 3] ^= 0xFF
    found = brought(bytes(raw), store=store, scratch=scratch)
    begin(found, directory)
    work(customer, store=store, scratch=scratch)
    done = importing.get(found.id)
    assert done.state == "failed"
    assert "damaged" in done.error
    assert not named(directory)


def test_the_choice_must_make_sense(
    customer: tenancy.Customer, directory: UUID, store: ObjectStore, scratch: Path
) -> None:
    found = brought(CSV, store=store, scratch=scratch)
    common = {"directory": directory, "region": None, "source": "x", "by": BY, "at": datetime.now(UTC)}
    with pytest.raises(importing.ImportRefused, match="no column is a name"):
        importing.begin(found.id, mapping=["", "notes"], **common)  # type: ignore[arg-type]
    with pytest.raises(importing.ImportRefused, match="no field"):
        importing.begin(found.id, mapping=["given", "nonsense"], **common)  # type: ignore[arg-type]
    importing.withdraw(found.id, at=datetime.now(UTC))
    with pytest.raises(importing.ImportRefused, match="withdrawn"):
        importing.begin(found.id, mapping=found.mapping, **common)  # type: ignore[arg-type]
    work(customer, store=store, scratch=scratch)
    assert not list(store.list())


def test_a_file_that_nobody_imports_goes_after_a_week(
    customer: tenancy.Customer, store: ObjectStore, scratch: Path
) -> None:
    found = brought(CSV, store=store, scratch=scratch)
    work(customer, store=store, scratch=scratch, later=timedelta(days=8))
    assert importing.get(found.id).state == "withdrawn"
    assert not list(store.list())


def test_where_the_customer_holds_its_keys(make_customer, store: ObjectStore, scratch: Path) -> None:  # type: ignore[no-untyped-def]
    identity = generate_identity()
    made = make_customer(
        custody="customer-held",
        recipients=(identity.recipient, generate_identity().recipient),
    )  # fmt: skip
    with tenancy.scope(made):
        directory = contacts.add_directory(kind="public", name="All", by="t", at=datetime.now(UTC)).id
        found = brought(CSV, store=store, scratch=scratch)
        begin(found, directory)
        work(made, store=store, scratch=scratch)
        done = importing.get(found.id)
        assert (done.added, done.broken) == (3, 3)
        assert contacts.lookup("+390584943232") is not None
        content, _, sealed = importing.open_broken(found.id, store=store)
        assert sealed
        clear = open_bytes(content.read(), [identity]).decode("utf-8-sig")
        assert "this is not an e-mail address" in clear


def test_interrupted_at_any_commit_it_comes_to_the_same_end(
    customer: tenancy.Customer, directory: UUID, store: ObjectStore, scratch: Path
) -> None:
    for round_, point in enumerate(commit_points()):
        place = contacts.add_directory(kind="public", name=f"{round_}", by="t", at=datetime.now(UTC)).id
        found = brought(CSV, store=store, scratch=scratch)
        begin(found, place)
        handlers = {**importing.handlers(store=store), **importing.long_handlers(store=store, scratch=scratch)}
        with interrupted(point) as meter:
            obligations.run_due(customer, handlers=handlers, now=datetime.now(UTC))
        with tenancy.scope(customer):
            obligations.run_due(customer, handlers=handlers, now=datetime.now(UTC) + timedelta(hours=3))
            done = importing.get(found.id)
            assert (done.state, done.added, done.broken) == ("done", 3, 3), point
            assert set(named(place)) == {"Jörg Müller", "Ann Keeper", "Di Good"}, point
            assert len(broken_file(done, store).splitlines()) == 4
        if not meter.fired:
            assert round_ > 4
            break


ROWS = 4_000
_SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import django
django.setup()
from parley.tenancy import api as tenancy
from parley.contacts import import_work, importing
import_work.BATCH = 500
from parley.obligations import api as obligations
from parley.storage.api import open_store
store = open_store(sys.argv[2])
handlers = importing.long_handlers(store=store, scratch=Path(sys.argv[3]))
customer = tenancy.by_handle(sys.argv[1])
print("begun", flush=True)
obligations.run_due(customer, handlers=handlers, now=datetime.now(UTC))
"""


def many(rows: int) -> Iterator[str]:
    yield "Name,Phone,Mail\n"
    for n in range(rows):
        yield f"x{n},,broken\n" if n % 10 == 0 else f"Ann K{n},+39058494{n % 100_000:05},a{n}@example.org\n"


@pytest.mark.parametrize("rows", [ROWS, pytest.param(1_000_000, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])])
def test_killed_in_the_middle_it_goes_on_and_doubles_nothing(
    customer: tenancy.Customer, directory: UUID, store: ObjectStore, scratch: Path, tmp_path: Path, rows: int
) -> None:
    found = brought("".join(many(rows)), store=store, scratch=scratch)
    begin(found, directory)
    child = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, customer.handle, f"file://{tmp_path}/objects", str(scratch)],
        stdout=subprocess.PIPE,
    )
    deadline = time.monotonic() + 600
    while not Contact.objects.filter(directory_id=directory).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    before = Contact.objects.filter(directory_id=directory).count()
    assert before > 0
    work(customer, store=store, scratch=scratch, later=timedelta(hours=1))
    done = importing.get(found.id)
    assert (done.state, done.rows, done.added, done.broken) == ("done", rows, rows * 9 // 10, rows // 10)
    assert Contact.objects.filter(directory_id=directory).count() == rows * 9 // 10
    assert len(broken_file(done, store).splitlines()) == rows // 10 + 1
