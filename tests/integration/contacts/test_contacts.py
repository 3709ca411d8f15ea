"""Contacts from being added to being changed, merged and erased, in a real database."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.support.contact_book import NOW, ROSSI, add, found, kinds
from tests.support.installation import MakeCustomer, tenancy

from parley.contacts import api as contacts
from parley.contacts.api import NewContact, Number
from parley.contacts.tools import tools
from parley.governance.contract import api as contract
from parley.inventory.api import Subject
from parley.retention import api as retention


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


def test_other_metadata_leaves_the_tokens_that_a_whole_change_would_leave(public: UUID) -> None:
    contact = add(public)
    for given in (
        contacts.Metadata(purposes=("billing", "service"), source="fair", shared_with=("Carrier", "billing")),
        contacts.Metadata(purposes=("service", "fair"), shared_with=()),
        contacts.Metadata(source=""),
    ):
        held = contacts.annotate(contact, given, by="test", at=NOW).fields
        with connection.cursor() as cursor:
            cursor.execute("SELECT tsvector_to_array(tokens) FROM contacts_contact WHERE id = %s", [contact])
            assert set(cursor.fetchone()[0]) == tools().tokeniser.of(held).lexemes
    with pytest.raises(contacts.ContactRefused) as refused:
        contacts.annotate(contact, contacts.Metadata(purposes=("x" * 201,)), by="test", at=NOW)
    assert refused.value.field == "purposes"


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
