"""GDPR Art. 19: the customer's programs are told of what a request corrected, restricted and erased, in both stores."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from tests.integration.rights.conftest import NUMBER, PERSON, Place, now
from tests.support.hook_receiver import Receiver, receiving
from tests.support.spooled import Spooler, call

from parley.contacts import api as contacts
from parley.inventory.api import CannotRectify
from parley.project import alarms
from parley.recordings.api import finalize, installed_store
from parley.retention import api as retention
from parley.rights import api as rights
from parley.webhooks import api as webhooks

COURIER = webhooks.Courier(tell=alarms.tell_of_endpoint)
ABOUT = tuple(
    kind for kind in webhooks.KINDS if kind.partition(".")[2] in {"deleted", "rectified", "restricted", "unrestricted"}
)
MARKERS = ("Ada", "Marker", PERSON, NUMBER.lstrip("+"), "Analyst", "Quillfeather")


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    with receiving() as server:
        settings.PARLEY_CALLBACK_ALLOW = (server.place,)
        yield server


def listens(place: Place, receiver: Receiver, kinds: tuple[str, ...] = ABOUT) -> UUID:
    made = webhooks.make_endpoint(name="CRM", url=receiver.url, kinds=kinds, by=place.officer, clause="x", at=now())
    receiver.secrets.append(made.secret)
    return made.id


def heard(place: Place, receiver: Receiver) -> Counter[tuple[str, str]]:
    """What came since the last time: kinds and ids; all signed, and nothing of a person."""
    before = len(receiver.taken)
    COURIER.turn(place.customer, stop=lambda: False)
    came = receiver.taken[before:]
    assert all(told.verified == 1 for told in came)
    assert not [word for word in MARKERS if word in str([told.body for told in came])]
    return Counter(
        (told.body["type"], told.body["data"][told.body["type"].partition(".")[0]]) for told in came
    )  # fmt: skip


def ada(*, dated: bool = False) -> UUID:
    shared = next(iter(contacts.directories()), None) or contacts.add_directory(
        kind="public", name="All", by="t", at=now()
    )
    new = contacts.NewContact(
        given="Adda", family="Marker", emails=(PERSON,), numbers=(contacts.Number(value=NUMBER),), title="Analyst",
        keep_until=now() + timedelta(days=900) if dated else None,
    )  # fmt: skip
    return contacts.add(new, directory=shared.id, by="t", at=now())


def test_programs_hear_of_what_a_request_did_to_contacts_and_recordings(place, receiver, tmp_path):
    contact, dated = ada(), ada(dated=True)
    spooler = Spooler(tmp_path, place.customer)
    recording = finalize(spooler.close(parts=[call(0.5)]), store=installed_store(), now=now())
    listens(place, receiver)
    deaf = listens(place, receiver, ("recording.failed",))

    asked = place.verified("rectification", "restriction", number=NUMBER)
    rights.look(asked.id, by=place.officer, at=now())
    with pytest.raises(CannotRectify):
        rights.rectify(
            asked.id, store="contacts", record=contact, changes={"email": "?"}, by=place.officer, at=now()
        )  # fmt: skip
    assert heard(place, receiver) == Counter(), "what was refused happened to nobody"
    rights.rectify(asked.id, store="contacts", record=contact, changes={"given": "Ada"}, by=place.officer, at=now())
    rights.rectify(
        asked.id, store="recordings", record=recording, changes={"caller_name": "Ada"}, by=place.officer, at=now()
    )
    assert heard(place, receiver) == Counter(
        [("contact.rectified", str(contact)), ("recording.rectified", str(recording))]
    )
    rights.rectify(asked.id, store="contacts", record=contact, changes={"given": "Ada"}, by=place.officer, at=now())
    assert heard(place, receiver) == Counter(), "nothing changed"

    rights.fulfil(asked.id, by=place.officer, at=now())
    three = [("contact", str(contact)), ("contact", str(dated)), ("recording", str(recording))]
    assert heard(place, receiver) == Counter((f"{name}.restricted", one) for name, one in three)
    assert retention.restricted("contacts", [contact, dated]) == {contact, dated}
    rights.lift(asked.id, why="All is right now.", by=place.officer, at=now())
    assert heard(place, receiver) == Counter((f"{name}.unrestricted", one) for name, one in three)
    told = [line.facts["deed"] for line in place.view(asked).story if line.what == "programs-told"]
    assert told == ["rectification", "rectification", "restriction", "lifting"]
    rights.answer(asked.id, text="It is corrected.", by=place.officer, at=now())

    erasing = place.verified("erasure", number=NUMBER)
    rights.fulfil(erasing.id, by=place.officer, at=now())
    assert heard(place, receiver) == Counter((f"{name}.deleted", one) for name, one in three)
    assert heard(place, receiver) == Counter()
    assert webhooks.deliveries(deaf).rows == ()


def test_programs_hear_of_every_contact_that_goes_and_of_none_that_stays(place, receiver):
    listens(place, receiver, ("contact.deleted",))
    first, second, third = ada(), ada(), ada()
    contacts.remove([first], by="t", at=now())
    contacts.merge(second, [third], fields={}, by="t", at=now())
    assert heard(place, receiver) == Counter([("contact.deleted", str(first)), ("contact.deleted", str(third))])
    own = contacts.personal_directory(place.officer, at=now())
    mine = contacts.add(contacts.NewContact(given="Ada"), directory=own.id, by="t", at=now())
    contacts.STORE.erase([own.id])
    assert heard(place, receiver) == Counter([("contact.deleted", str(mine))]), "with its directory"
