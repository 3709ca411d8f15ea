"""Objections: to marketing at once, whoever asks; others stop everything once they are granted."""

from tests.integration.rights.conftest import NUMBER, PERSON, now

from parley.contacts import api as contacts
from parley.inventory.api import stores
from parley.rights import api as rights


def _marketing(address: str) -> bool:
    return contacts.may_contact(address, purpose="marketing", channel="*", at=now()).allowed


def test_marketing_stops_in_the_transaction_of_receipt(place):
    receipt = place.ask("objection", number=NUMBER, marketing=True)
    view = place.view(receipt)
    assert view.done["objection"] == "Marketing has stopped."
    assert len(contacts.objections(email=PERSON)) == 1
    assert len(contacts.objections(number=NUMBER)) == 1
    assert not _marketing(PERSON)
    # No proof of identity was wanted for that; the answer still waits for it.
    assert view.identity == "unknown"


def test_it_outlives_the_erasure_of_whoever_objected(place):
    directory = contacts.add_directory(name="All", kind="public", by="test", at=now()).id
    one = contacts.add(contacts.NewContact(given="Ada", emails=(PERSON,)), directory=directory, by="test", at=now())
    receipt = place.verified("objection", "erasure", marketing=True)
    rights.fulfil(receipt.id, by=place.officer, at=now())
    assert stores()["contacts"].present([one]) == frozenset()
    assert not _marketing(PERSON)


def test_a_granted_objection_is_to_everything(place):
    receipt = place.verified("objection")
    rights.fulfil(receipt.id, by=place.officer, at=now())
    rights.decide(receipt.id, kind="objection", granted=True, by=place.officer, at=now())
    assert {one.purpose for one in contacts.objections(email=PERSON)} == {"*"}
    rights.answer(receipt.id, text="We stopped.", by=place.officer, at=now())
    assert place.view(receipt).done["objection"] == "Granted."
