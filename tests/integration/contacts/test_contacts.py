"""Contacts from being added to being found, changed, merged and erased, in a real database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.support.installation import MakeCustomer, tenancy

from parley.contacts import api as contacts
from parley.contacts import search
from parley.contacts.api import Address, NewContact, Number
from parley.contacts.retokenising import RETOKENISE
from parley.governance.contract import api as contract
from parley.inventory.api import CannotRectify, ExportOptions, Held, Subject
from parley.ledger import api as ledger
from parley.obligations import api as obligations
from parley.obligations.api import run_due
from parley.people.api import Group, Viewer
from parley.retention import api as retention

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ROSSI = NewContact(
    given="Giovanni",
    family="Rossi",
    company="Müller Elektronik",
    title="Purchasing manager",
    numbers=(Number(value="+39 0584 943232"), Number(value="+39 347 1234567", kind="mobile")),
    emails=("Giovanni.Rossi@Example.COM",),
    addresses=(Address(street="Via Roma 12", city="Lucca", postcode="55100", country="Italy"),),
    birthday=date(1980, 2, 29),
    notes="prefers mornings\nspeaks German",
    speed_dial="44",
    custom={"customer_number": "K-1234"},
    purposes=("service",),
)


@pytest.fixture
def public(customer: tenancy.Customer) -> UUID:
    """A public directory of the customer in scope."""
    return contacts.add_directory(kind="public", name="Everybody", by="test", at=NOW).id


def add(directory: UUID, new: NewContact = ROSSI, *, at: datetime = NOW) -> UUID:
    return contacts.add(new, directory=directory, by="test", at=at)


def found(text: str, **more: Any) -> list[str]:
    return [line.name for line in contacts.search(text, **more).lines]


def kinds() -> list[str]:
    with connection.cursor() as cursor:
        return [one.kind for one in ledger.entries(cursor, limit=200)]


def test_a_contact_comes_back_as_it_was_given(public: UUID) -> None:
    contact = contacts.get(add(public))
    assert contact.fields.numbers == (
        Number(value="+390584943232"),
        Number(value="+393471234567", kind="mobile"),
    )
    assert contact.fields.emails == ("giovanni.rossi@example.com",)
    assert contact.fields.birthday == date(1980, 2, 29)
    assert contact.fields.custom == {"customer_number": "K-1234"}
    assert contact.fields.notes == ROSSI.notes
    assert contact.fields.addresses == ROSSI.addresses
    assert not contact.sealed
    assert contact.changed_at == NOW
    assert contact.created_at == NOW
    assert {"contact.added", "directory.added"} <= set(kinds())


def test_nothing_lies_in_clear(public: UUID) -> None:
    add(public)
    with connection.cursor() as cursor:
        cursor.execute("SELECT c::text FROM contacts_contact c")
        stored = "".join(row[0] for row in cursor.fetchall())
        cursor.execute("SELECT string_agg(encode(sealed, 'escape'), '') FROM contacts_contact")
        stored += cursor.fetchone()[0]
    for word in ("Rossi", "rossi", "584943232", "Lucca", "K-1234", "mornings"):
        assert word not in stored


TYPED = (
    "g", "gio", "giovanni", "ROSSI", "rossi gio", "gio rossi", "mull", "Müll", "muller elek", "purch", "lucca",
    "via ro", "551", "k-12", "k 1234", "german", "example", "giovanni.rossi@example.com", "Jovani", "rosi",
    "44682664", "446", "76774", "+390584", "0584", "0584 94 32", "00390584943", "943232", "232", "3471234567",
    "+39 347 123 4567", "44",
)  # fmt: skip


def test_search_finds_by_any_field_as_one_types(public: UUID) -> None:
    tenancy.add_trunk(tenancy.current(), name="t", sources=("192.0.2.9",), own_numbers=("+390584",), region="IT")
    add(public)
    add(public, NewContact(given="Anna", family="Bianchi", numbers=(Number(value="+4930901820"),)))
    wrong = {text: names for text in TYPED if (names := found(text)) != ["Giovanni Rossi"]}
    assert wrong == {}


@pytest.mark.parametrize("window", [1, 120])
def test_a_large_customer_is_sampled_first_and_the_same_is_found(
    public: UUID, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(search, "_LARGE", 0)
    monkeypatch.setattr(search, "WINDOW", window)
    add(public)
    add(public, NewContact(given="Anna", family="Bianchi"))
    for typed, name in (("ros", "Giovanni Rossi"), ("anna bi", "Anna Bianchi"), ("0584943232", "Giovanni Rossi")):
        assert found(typed) == [name]
        assert contacts.search(typed).more_than == (1 if window == 1 else None)


def test_search_finds_nothing_where_there_is_nothing(public: UUID) -> None:
    add(public)
    for text in ("", " ", "zz", "rossi anna", "999999", "giovannissimo", "+390584943233", "%", "\x00"):
        assert found(text) == [], text


def test_names_come_before_other_words_and_pages_do_not_repeat(public: UUID) -> None:
    add(public, NewContact(given="Zoe", family="Other", title="rossi expert"))
    for number in range(30):
        add(public, NewContact(given=f"Name{number:02}", family="Rossini"))
    add(public, NewContact(given="Carla", family="Rossi"))
    first = contacts.search("rossi", limit=20)
    assert first.lines[0].name == "Carla Rossi"
    second = contacts.search("rossi", limit=20, cursor=first.cursor)
    names = [line.name for line in (*first.lines, *second.lines)]
    assert len(names) == len(set(names)) == 32
    assert names[-1] == "Zoe Other"
    assert second.cursor is None
    with pytest.raises(contacts.BadCursor):
        contacts.search("rossi", cursor="nonsense")


def test_the_caller_is_known_by_number(public: UUID) -> None:
    old = add(public, NewContact(given="Old", numbers=(Number(value="+390584943232"),)), at=NOW - timedelta(days=1))
    new = add(public)
    line = contacts.lookup("+390584943232")
    assert line is not None
    assert (line.id, line.name) == (new, "Giovanni Rossi")
    assert contacts.lookup("+390584000000") is None
    assert contacts.lookup("") is None
    several = contacts.lookup_many(["+393471234567", "+390584943232", "4077"])
    assert {number: line.id for number, line in several.items()} == {"+393471234567": new, "+390584943232": new}
    contacts.remove([new], by="test", at=NOW)
    assert contacts.lookup("+390584943232").id == old  # type: ignore[union-attr]


def test_an_update_is_found_by_its_new_words_and_no_longer_by_the_old(public: UUID) -> None:
    contact = add(public)
    changed = contacts.update(contact, NewContact(given="Giovanni", family="Verdi"), by="test", at=NOW)
    assert "family" in changed
    assert "given" not in changed
    assert found("verdi") == ["Giovanni Verdi"]
    assert found("rossi") == []
    assert contacts.update(contact, NewContact(given="Giovanni", family="Verdi"), by="test", at=NOW) == ()
    with pytest.raises(contacts.NoSuchContact):
        contacts.update(uuid4(), ROSSI, by="test", at=NOW)


def test_metadata_is_set_and_found(public: UUID) -> None:
    contact = add(public)
    given = contacts.Metadata(purposes=("billing", "service"), source="fair", shared_with=("Carrier",))
    contacts.annotate(contact, given, by="test", at=NOW)
    held = contacts.get(contact).fields
    assert (held.purposes, held.source, held.shared_with) == (("billing", "service"), "fair", ("Carrier",))
    seen = contacts.find(purpose="billing", source="fair", by="test", at=NOW, why="case 7")
    assert [one.id for one in seen] == [contact]
    assert contacts.find(purpose="bill", by="test", at=NOW, why="case 7") == ()
    assert [one.id for one in contacts.find(email="giovanni.rossi@example.com", by="t", at=NOW, why="7")] == [contact]
    assert [one.id for one in contacts.consult([contact, uuid4()], by="test", at=NOW, why="case 7")] == [contact]
    assert kinds().count("contacts.consulted") == 4


def test_who_sees_what(public: UUID) -> None:
    owner, stranger, head = (_viewer(role) for role in ("user", "user", "administrator"))
    group = Group.objects.create(id=uuid4(), name="Sales")
    personal = contacts.personal_directory(owner.user_id, at=NOW)
    assert contacts.personal_directory(owner.user_id, at=NOW).id == personal.id
    sales = contacts.add_directory(kind="department", name="Sales", group_id=group.id, by="test", at=NOW)
    secret = add(personal.id, NewContact(given="Secret", numbers=(Number(value="+390584111111"),)))
    add(sales.id, NewContact(given="Lead"))
    add(public, NewContact(given="Known"))
    assert [one.kind for one in contacts.directories(viewer=owner)] == ["personal", "public"]
    assert [one.kind for one in contacts.directories(viewer=head)] == ["department", "public"]
    assert found("secret", viewer=owner) == ["Secret"]
    assert found("secret", viewer=stranger) == found("secret", viewer=head) == []
    assert found("lead", viewer=head) == ["Lead"]
    assert found("lead", viewer=stranger) == []
    assert contacts.lookup("+390584111111", viewer=stranger) is None
    with pytest.raises(contacts.NoSuchContact):
        contacts.get(secret, viewer=stranger)
    with pytest.raises(contacts.NoSuchDirectory):
        contacts.listing(directory=personal.id, viewer=head)
    with pytest.raises(contacts.MayNotChange):
        contacts.add(ROSSI, directory=public, by="test", at=NOW, viewer=stranger)
    contacts.add(ROSSI, directory=public, by="test", at=NOW, viewer=head)
    contacts.change_directory(public, name="All", members_change=True, by="test", at=NOW)
    contacts.add(ROSSI, directory=public, by="test", at=NOW, viewer=stranger)


def test_directories_are_kept_in_order(public: UUID) -> None:
    with pytest.raises(contacts.ContactRefused, match="of that name"):
        contacts.add_directory(kind="public", name="Everybody", by="test", at=NOW)
    contact = add(public)
    with pytest.raises(contacts.ContactRefused, match="has contacts"):
        contacts.remove_directory(public, by="test", at=NOW)
    other = contacts.add_directory(kind="public", name="Other", by="test", at=NOW)
    assert contacts.move([contact], directory=other.id, by="test", at=NOW) == 1
    assert [one.contacts for one in contacts.directories(count=True)] == [0, 1]
    contacts.remove_directory(public, by="test", at=NOW)
    with pytest.raises(contacts.NoSuchDirectory):
        add(public)
    contacts.set_custom_fields([contacts.CustomField(key="vat", label="VAT id")], by="test", at=NOW)
    assert [one.label for one in contacts.custom_fields()] == ["VAT id"]


def test_pages_of_a_list_cover_it_once(public: UUID) -> None:
    for number in range(7):
        add(public, NewContact(given=f"N{number}"), at=NOW + timedelta(seconds=number // 2))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = contacts.listing(directory=public, limit=3, cursor=cursor)
        seen += [line.name for line in page.lines]
        if (cursor := page.cursor) is None:
            break
    assert sorted(seen) == [f"N{number}" for number in range(7)]
    assert seen[0] == "N6"


def test_a_customer_that_holds_its_keys_finds_without_reading(make_customer: MakeCustomer) -> None:
    with tenancy.scope(make_customer(custody="customer-held")):
        directory = contacts.add_directory(kind="public", name="Everybody", by="test", at=NOW).id
        contact = add(directory)
        line = contacts.search("ros").lines[0]
        assert (line.id, line.sealed, line.name) == (contact, True, "")
        assert contacts.lookup("+390584943232").id == contact  # type: ignore[union-attr]
        assert contacts.get(contact).sealed
        contacts.update(contact, NewContact(family="Verdi"), by="test", at=NOW)
        assert [one.id for one in contacts.search("verdi").lines] == [contact]
        with pytest.raises(contacts.SealedToCustomer):
            contacts.annotate(contact, contacts.Metadata(source="x"), by="test", at=NOW)
        with pytest.raises(contacts.SealedToCustomer):
            contacts.merge(contact, [add(directory)], fields={}, by="test", at=NOW)
        assert contacts.remove([contact], by="test", at=NOW) == 1


def test_the_gate_is_asked(make_customer: MakeCustomer) -> None:
    with tenancy.scope(make_customer(agreement="imagino-policy")):
        directory = contacts.add_directory(kind="public", name="Everybody", by="test", at=NOW).id
        with pytest.raises(contacts.GateRefused) as refused:
            add(directory, NewContact(given="Kim", minor=True))
        assert refused.value.clause == "IG-1.minors"
        with pytest.raises(contacts.GateRefused):
            contacts.add_many(
                [NewContact(given="Kim", minor=True)], directory=directory, source="", by="t", at=NOW, key="k"
            )
        assert found("kim") == []


def test_what_must_not_be_kept_any_more_can_still_be_deleted_and_ended(make_customer: MakeCustomer) -> None:
    with tenancy.scope(make_customer()):
        directory = contacts.add_directory(kind="public", name="Everybody", by="test", at=NOW).id
        contact = add(directory)
        proof = contacts.Proof(how="form", text_version="1")
        consent = contacts.consent(contact, "newsletter", "email", given_at=NOW, proof=proof)
        contract.end_contract(at=NOW, by="test", ends_at=NOW, choice="delete")
        later = NOW + timedelta(days=400)
        with pytest.raises(contacts.GateRefused):
            contacts.update(contact, NewContact(family="Verdi"), by="test", at=later)
        contacts.withdraw_consent(consent, by="test", at=later)
        assert contacts.consents(contact)[0].withdrawn_at == later
        assert contacts.remove([contact], by="test", at=later) == 1


def test_duplicates_are_found_and_merged(public: UUID) -> None:
    keep = add(public)
    twin = add(public, NewContact(given="G.", family="Rossi", title="CEO", numbers=(Number(value="0039 0584943232"),)))
    mail = add(public, NewContact(given="John", emails=("giovanni.rossi@example.com",), custom={"vat": "1"}))
    add(public, NewContact(given="Ada", family="Byron", company="Engine"))
    add(public, NewContact(given="Ada", family="Byron", company="Engine"))
    why = {one.why: {line.id for line in one.lines} for one in contacts.duplicates()}
    assert why["number"] == {keep, twin}
    assert why["email"] == {keep, mail}
    assert len(why["name"]) == 2
    contacts.consent(twin, "marketing", "email", given_at=NOW, proof=contacts.Proof(how="form", text_version="1"))
    merged = contacts.merge(keep, [twin, mail], fields={"title": twin}, by="test", at=NOW)
    assert merged.fields.title == "CEO"
    assert merged.fields.given == "Giovanni"
    assert merged.fields.custom == {"customer_number": "K-1234", "vat": "1"}
    assert len(merged.fields.numbers) == 2
    assert len(contacts.consents(keep)) == 1
    assert contacts.STORE.present([twin, mail]) == frozenset()
    assert found("ceo") == ["Giovanni Rossi"]


def test_a_restricted_contact_is_stored_and_not_used(public: UUID) -> None:
    contact = add(public)
    held = contacts.STORE.find(Subject(numbers=("+390584943232",)))
    assert [one.id for one in held] == [contact]
    retention.restrict(held, reference="R-1", ground="accuracy", at=NOW, by="test")
    assert found("rossi") == []
    assert contacts.lookup("+390584943232") is None
    with pytest.raises(retention.UseRestricted):
        contacts.get(contact)


def test_an_erased_contact_is_found_no_more(public: UUID) -> None:
    add(public, NewContact(given="Giovanni", family="Verdi"))
    contact = add(public)
    assert contacts.remove([contact], by="test", at=NOW) == 1
    assert contacts.STORE.present([contact]) == frozenset()
    assert found("giovanni") == ["Giovanni Verdi"]
    assert found("lucca") == found("rossi") == []


def test_contacts_from_before_the_paths_get_theirs_a_few_at_a_time(public: UUID) -> None:
    add(public)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_contact SET tokens = ''")
    assert found("rossi") == []
    obligations.enqueue(kind=RETOKENISE, key="k", due=NOW, payload={"after": str(UUID(int=0))})
    while run_due(tenancy.current(), handlers=contacts.handlers(), now=NOW).done:
        pass
    assert found("rossi") == ["Giovanni Rossi"]


class Written:
    """A sink that keeps what is written."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.files: dict[str, Any] = {}

    def row(self, table: str, values: Any) -> None:
        self.tables.setdefault(table, []).append(dict(values))

    def file(self, name: str, media_type: str) -> Any:
        from contextlib import contextmanager
        from io import BytesIO

        @contextmanager
        def opened() -> Iterator[BytesIO]:
            self.files[name] = BytesIO()
            yield self.files[name]

        return opened()


def test_the_store_hands_out_corrects_and_knows_what_is_old(public: UUID) -> None:
    contact = add(public)
    dated = add(public, NewContact(given="Dated", keep_until=NOW + timedelta(days=3)))
    store = contacts.STORE
    assert [one.id for one in store.find(Subject(emails=("GIOVANNI.rossi@example.com",)))] == [contact]
    assert store.find(Subject(records=(("contacts", dated),)))[0].kind == "dated-contact"
    assert [one.id for one in store.older("contact", NOW + timedelta(days=1))] == [contact]
    assert store.older("dated-contact", NOW + timedelta(days=1)) == []
    assert store.count_older("dated-contact", NOW + timedelta(days=4)) == 1
    every = store.every(limit=1)
    assert {one.id for one in (*every, *store.every(after=every[0]))} == {contact, dated}
    contacts.object_(emails=("giovanni.rossi@example.com",), by="test", at=NOW)
    sink = Written()
    subject = Subject(numbers=("+390584943232",))
    assert list(store.write([contact], sink, ExportOptions(subject=subject))) == [contact]
    row = sink.tables["contacts"][0]
    assert row["family"] == "Rossi"
    assert "+393471234567 (mobile)" in row["numbers"]
    assert sink.tables["objections"][0]["purpose"] == "marketing"
    assert b"Rossi" in sink.files[f"contacts/{contact}.vcf"].getvalue()
    assert store.rectify(contact, {"family": "Verdi", "custom.vat": "IT1"}) == ("family", "custom")
    assert found("verdi") == ["Giovanni Rossi".replace("Rossi", "Verdi")]
    assert store.rectify(dated, {"number": "+39 0584 1"}) == ("numbers",)
    for field, value in (("secret", "1"), ("birthday", "yesterday"), ("family", "\x07")):
        with pytest.raises(CannotRectify):
            store.rectify(contact, {field: value})
    assert len(list(store.identities([contact]))) == 3


def test_a_user_that_goes_takes_its_personal_directory(public: UUID) -> None:
    user = uuid4()
    personal = contacts.personal_directory(user, at=NOW)
    contact = add(personal.id)
    held = contacts.STORE.find(Subject(user_ids=(user,)))
    assert [(one.kind, one.id) for one in held] == [("directory", personal.id)]
    contacts.STORE.erase([personal.id])
    assert contacts.STORE.present([personal.id, contact]) == frozenset()


def test_erasing_again_counts_nothing(public: UUID) -> None:
    contact = add(public)
    assert contacts.STORE.erase([contact]).records == 1
    assert contacts.STORE.erase([contact]).records == 0
    assert contacts.STORE.older("no-kind", NOW) == []


def _viewer(role: Any) -> Viewer:
    return Viewer(user_id=uuid4(), role=role, number_indexes=None)


def test_held_stays(public: UUID) -> None:
    contact = add(public)
    assert isinstance(contacts.STORE.find(Subject(records=(("contacts", contact),)))[0], Held)
