"""What was asked is done across all stores, fails closed, and is told: access, erasure, restriction and more."""

import json
import zipfile
from datetime import timedelta
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from pypdf import PdfReader
from tests.integration.rights.conftest import NUMBER, PERSON, now
from tests.support.recorded_rows import add_recording
from tests.support.spooled import CALLER, Spooler

from parley.contacts import api as contacts
from parley.exports import api as exports
from parley.inventory.api import ExportOptions, Subject, stores
from parley.people import api as people
from parley.recordings.api import finalize, installed_store
from parley.retention import api as retention
from parley.rights import api as rights

OTHER = "+442079460000"


def _recorded(count: int = 3, number: str = NUMBER) -> list[UUID]:
    return [add_recording(at=now() - timedelta(days=5, hours=one), numbers=[number, OTHER]) for one in range(count)]


def _look(place, receipt):
    return {one.store: one for one in rights.look(receipt.id, by=place.officer, at=now())}


def test_look_finds_in_every_store_and_leaves_out_what_is_chosen(place):
    mine, _others = _recorded(3), _recorded(2, "+39051000111")
    account = people.create_user(
        email=PERSON, name="Ada Marker", password="a-long-password-3", role="user", numbers=[NUMBER]
    )
    place.work()
    receipt = place.verified("erasure", number=NUMBER)
    seen = _look(place, receipt)
    assert set(seen) == set(stores().by_name)
    assert (seen["recordings"].count, seen["people"].count, seen["rights"].count) == (3, 1, 1)
    assert seen["rights"].left_out == 1
    rights.choose(receipt.id, store="recordings", records=mine[:1], why="not-this-person", by=place.officer, at=now())
    assert _look(place, receipt)["recordings"].left_out == 1
    assert {one.id for one in rights.found(receipt.id, store="people")} == {account.id}
    first = rights.found(receipt.id, store="recordings", limit=2)
    rest = rights.found(receipt.id, store="recordings", after=first[-1].id)
    assert {one.id for one in (*first, *rest)} == set(mine)


def test_nothing_is_looked_for_before_the_identity(place):
    receipt = place.ask("access")
    with pytest.raises(rights.MoveRefused):
        rights.look(receipt.id, by=place.officer, at=now())


def test_erasure_leaves_none_and_says_so(place):
    ids = _recorded(3)
    receipt = place.verified("erasure", number=NUMBER)
    rights.fulfil(receipt.id, by=place.officer, at=now())
    view = place.view(receipt)
    assert stores()["recordings"].present(ids) == frozenset()
    found = {one.store: one for one in view.found}
    assert found["recordings"].outcomes == {"erased": 3}
    assert view.done["erasure"].startswith("4 records were erased") or "records were erased" in view.done["erasure"]
    rights.answer(receipt.id, text="Your data is gone.", by=place.officer, at=now())
    place.work()
    assert "records were erased" in place.server.to(PERSON)[-1].text
    # Done again: nothing more happens.
    with pytest.raises(rights.MoveRefused):
        rights.fulfil(receipt.id, by=place.officer, at=now())


def test_an_active_account_stops_the_whole_and_says_what_to_do(place):
    ids = _recorded(2)
    account = people.create_user(email=PERSON, name="Ada", password="a-long-password-3", role="user")
    receipt = place.verified("erasure", number=NUMBER)
    with pytest.raises(rights.StaysOpen) as stopped:
        rights.fulfil(receipt.id, by=place.officer, at=now())
    assert "account that is active" in str(stopped.value)
    view = place.view(receipt)
    assert view.state == "in-work"
    assert "Close the account first" in view.blocked
    assert stores()["recordings"].present(ids) == frozenset(ids)
    assert view.story[-1].what == "stays-open"
    people.set_active(account.id, active=False, by=place.officer, at=now())
    rights.fulfil(receipt.id, by=place.officer, at=now())
    assert place.view(receipt).blocked == ""
    assert stores()["people"].present([account.id]) == frozenset()


def test_an_undeclared_model_or_an_unreachable_store_keeps_it_open(place, monkeypatch):
    ids = _recorded(2)
    receipt = place.verified("erasure", number=NUMBER)
    recordings = stores()["recordings"]
    with monkeypatch.context() as patched:
        patched.setattr(type(recordings), "models", frozenset({"recordings.Recording"}))
        with pytest.raises(rights.StaysOpen) as stopped:
            rights.fulfil(receipt.id, by=place.officer, at=now())
        assert "recordings.Part" in str(stopped.value)
    with monkeypatch.context() as patched:
        patched.setattr(type(recordings), "find", _unreachable)
        with pytest.raises(rights.StaysOpen) as stopped:
            rights.fulfil(receipt.id, by=place.officer, at=now())
        assert "recordings does not answer" in str(stopped.value)
    with monkeypatch.context() as patched:
        patched.setattr(type(recordings), "erase", _erases_nothing)
        with pytest.raises(rights.StaysOpen):
            rights.fulfil(receipt.id, by=place.officer, at=now())
    view = place.view(receipt)
    assert view.state == "in-work"
    assert view.blocked
    assert "erasure" not in view.done
    assert recordings.present(ids) == frozenset(ids)
    rights.fulfil(receipt.id, by=place.officer, at=now())
    assert recordings.present(ids) == frozenset()


def test_what_a_hold_keeps_is_told_with_the_law_and_all_of_it_keeps_it_open(place):
    ids = _recorded(3)
    held = [one for one in stores()["recordings"].every() if one.id in ids[:1]]
    retention.place_hold(**_hold(place, held))
    receipt = place.verified("erasure", number=NUMBER)
    rights.fulfil(receipt.id, by=place.officer, at=now())
    view = place.view(receipt)
    assert "stay" in view.done["erasure"]
    kept = [one for one in rights.found(receipt.id) if one.outcome == "kept"]
    assert [one.id for one in kept] == ids[:1]
    assert "Art. 17(3)" in kept[0].law
    with pytest.raises(retention.UseRestricted):
        retention.require_usable("recordings", ids[0])
    again = place.verified("erasure", email="", number=NUMBER)
    with pytest.raises(rights.StaysOpen) as stopped:
        rights.fulfil(again.id, by=place.officer, at=now())
    assert "none was erased" in str(stopped.value)


def test_access_hands_out_a_package_with_the_letter_after_identity_and_word(place, tmp_path):
    spooler = Spooler(tmp_path / "spool", place.customer)
    finalize(spooler.close(), store=installed_store(), now=now())
    receipt = place.verified("access", number=CALLER.number)
    with pytest.raises(rights.MoveRefused):
        rights.package_link(receipt.follow, at=now())
    rights.fulfil(receipt.id, by=place.officer, at=now())
    assert any("package is" in line for line in place.view(receipt).undone)
    place.work()
    view = place.view(receipt)
    assert view.undone == ()
    rights.answer(receipt.id, text="Here is what we hold.", by=place.officer, at=now())
    assert rights.package_link(receipt.follow, at=now()).startswith("/exports/")
    assert rights.by_follow(receipt.follow).package
    with zipfile.ZipFile(BytesIO(exports.open_package(view.export_id).read())) as package:
        names = package.namelist()
        letter = package.read(f"letter-{view.line.tag}.pdf")
        page = package.read(f"letter-{view.line.tag}.html").decode()
        lines = [json.loads(line) for line in package.read("tables/requests.jsonl").splitlines()]
    assert "index.html" in names
    text = "".join(one.extract_text() for one in PdfReader(BytesIO(letter)).pages)
    for words in ("Art. 15(1)(c)", "Art. 15(1)(d)", "supervisory authority", "by machine alone", "call recording"):
        assert words.replace(" ", "") in text.replace("\n", "").replace(" ", ""), words
        assert words in page
    assert lines[0]["email"] == PERSON


def test_a_restriction_is_kept_by_the_gates_and_lifted_after_the_person_was_told(place):
    ids = _recorded(2)
    receipt = place.verified("restriction", number=NUMBER)
    rights.fulfil(receipt.id, by=place.officer, at=now())
    assert retention.restricted("recordings", ids) == frozenset(ids)
    rights.answer(receipt.id, text="Use rests.", by=place.officer, at=now())
    with pytest.raises(rights.RequestRefused):
        rights.lift(receipt.id, why=" ", by=place.officer, at=now())
    rights.lift(receipt.id, why="The accuracy was verified.", by=place.officer, at=now())
    assert retention.restricted("recordings", ids) == frozenset()
    place.work()
    assert any("restriction is being lifted" in str(one.message["Subject"]) for one in place.server.to(PERSON))


def test_an_objection_waits_restricted_until_it_is_decided(place):
    ids = _recorded(2)
    receipt = place.verified("objection", number=NUMBER)
    rights.fulfil(receipt.id, by=place.officer, at=now())
    assert retention.restricted("recordings", ids) == frozenset(ids)
    with pytest.raises(rights.MoveRefused):
        rights.answer(receipt.id, text="Fine.", by=place.officer, at=now())
    rights.decide(
        receipt.id, kind="objection", granted=False, ground="compelling-grounds", words="A claim is pending.",
        by=place.officer, at=now(),
    )  # fmt: skip
    assert retention.restricted("recordings", ids) == frozenset()
    assert "Art. 21(1)" in place.view(receipt).done["objection"]


def test_access_and_erasure_first_the_copy_then_the_end(place):
    account = people.create_user(email=PERSON, name="Ada", password="a-long-password-3", role="user")
    people.set_active(account.id, active=False, by=place.officer, at=now())
    receipt = place.verified("access", "erasure")
    rights.fulfil(receipt.id, by=place.officer, at=now())
    assert "erasure" not in place.view(receipt).done
    place.work()
    later = now() + timedelta(hours=1)
    rights.fulfil(receipt.id, by=place.officer, at=later)
    view = place.view(receipt, later)
    assert set(view.done) == {"access", "erasure"}
    assert stores()["people"].present([account.id]) == frozenset()
    rights.answer(receipt.id, text="Both done.", by=place.officer, at=later)
    assert rights.by_follow(receipt.follow).package


def test_rectified_by_the_store_and_told_to_recipients(place):
    account = people.create_user(email=PERSON, name="Adda Wrong", password="a-long-password-3", role="user")
    receipt = place.verified("rectification")
    rights.look(receipt.id, by=place.officer, at=now())
    with pytest.raises(rights.RequestRefused):
        rights.rectify(receipt.id, store="people", record=uuid4(), changes={"name": "X"}, by=place.officer, at=now())
    changed = rights.rectify(
        receipt.id, store="people", record=account.id, changes={"name": "Ada"}, by=place.officer, at=now()
    )
    assert changed == ("name",)
    assert people.by_id(account.id).name == "Ada"
    rights.answer(receipt.id, text="Corrected.", by=place.officer, at=now())


def test_portability_goes_to_the_address_that_the_person_named(place):
    people.create_user(email=PERSON, name="Ada", password="a-long-password-3", role="user")
    receipt = place.verified("portability")
    rights.fulfil(receipt.id, by=place.officer, at=now())
    with pytest.raises(rights.MoveRefused):
        rights.transmit(receipt.id, to="intake@other.example", by=place.officer, at=now())
    place.work()
    rights.transmit(receipt.id, to="intake@other.example", by=place.officer, at=now())
    place.work()
    sent = place.server.to("intake@other.example")
    assert len(sent) == 1
    assert "/exports/" in sent[0].text
    assert place.server.signed(sent[0])


def test_customer_held_the_controller_says_who_is_sought(make_place):
    from parley.inventory.api import Subject

    place = make_place("ixcloud-dpa", custody="customer-held")
    ids = _recorded(2)
    receipt = place.verified("erasure", number=NUMBER)
    with pytest.raises(rights.NotVerified):
        rights.look(receipt.id, by=place.officer, at=now())
    with pytest.raises(rights.RequestRefused):
        rights.look(receipt.id, by=place.officer, at=now(), also=Subject(numbers=("+390500000000",)))
    rights.look(receipt.id, by=place.officer, at=now(), also=Subject(numbers=(NUMBER,), emails=(PERSON,)))
    rights.fulfil(receipt.id, by=place.officer, at=now())
    assert stores()["recordings"].present(ids) == frozenset()


def _hold(place, held):
    import inspect

    names = inspect.signature(retention.place_hold).parameters
    given = {
        "title": "A suit", "ground": "GDPR Art. 17(3)(e)", "law": "", "binds": "customer", "scope": "records",
        "records": held, "owner": place.officer, "review_at": now() + timedelta(days=90), "by": place.officer,
        "at": now(),
    }  # fmt: skip
    return {name: value for name, value in given.items() if name in names}


def _unreachable(_self, _subject):
    raise OSError("away")


def _erases_nothing(_self, _ids):
    from parley.inventory.api import Erased

    return Erased()


def test_an_export_that_only_the_customer_can_open_is_found_by_what_it_holds(make_place):
    place = make_place(custody="customer-held")
    directory = contacts.add_directory(name="Everybody", kind="public", by="test", at=now()).id
    added = contacts.add(contacts.NewContact(given="Ada", emails=(PERSON,)), directory=directory, by="t", at=now())
    saved = exports.start(
        title="Everything", reason="records", options=ExportOptions(formats=("csv",)), by=place.officer, at=now(),
        key="everything", since=now() - timedelta(days=1), until=now() + timedelta(days=1),
    )  # fmt: skip
    place.work()
    receipt = place.ask("erasure")
    rights.verify(receipt.id, means="known-to-controller", by=place.officer, at=now())
    rights.look(receipt.id, by=place.officer, at=now(), also=Subject(emails=(PERSON,)))
    found = {(one.store, one.id) for one in rights.found(receipt.id)}
    assert {("contacts", added), ("exports", saved)} <= found
