"""The objection list: who is named, who cannot be, what is counted, and that looking somebody up is evidence."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.support.installation import tenancy
from tests.support.left_evidence import trail

from parley.contacts import api as contacts
from parley.contacts.api import NewContact, Number
from parley.inventory.api import Subject
from parley.people import api as people
from parley.retention import api as retention

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ANNA = NewContact(
    given="Anna", family="Bianchi", company="=Bianchi", emails=("anna@x.example", "ab@x.example"),
    numbers=(Number(value="+390584943232"),),
)  # fmt: skip


def objected(minutes: int, **given: Any) -> None:
    contacts.object_(by="test", at=NOW + timedelta(minutes=minutes), **given)


def viewer(name: str, role: people.Role) -> people.Viewer:
    return people.viewer(people.create_user(email=f"{name}@list.example", name=name, password=None, role=role))


def table(**given: Any) -> list[dict[str, str]]:
    pieces = contacts.export_objections(by="test", at=NOW, viewer=None, **given)
    return list(csv.DictReader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))


def test_who_has_a_contact_is_named_and_others_are_counted(customer: tenancy.Customer) -> None:
    shared = contacts.add_directory(kind="public", name="Everybody", by="test", at=NOW).id
    officer, owner = viewer("officer", "compliance"), viewer("owner", "user")
    own = contacts.personal_directory(owner.user_id, at=NOW).id
    anna = contacts.add(ANNA, directory=shared, by="test", at=NOW)
    hidden = contacts.add(NewContact(given="Hugo", emails=("hugo@x.example",)), directory=own, by="test", at=NOW)
    objected(0, numbers=["0039 0584 943232"], emails=["Anna@x.example"], purpose="*", ground="preferences")
    for minute in (1, 2, 3):
        objected(minute, emails=[f"nobody{minute}@x.example"], channel="email", ground="unsubscribed")
    objected(4, numbers=["+390584000001"], purpose="survey", channel="phone")
    objected(5, emails=["hugo@x.example"], channel="post")

    def seen(eyes: people.Viewer | None, **wanted: Any) -> list[tuple[list[UUID], dict[str, int], str, str]]:
        page = contacts.objection_list(viewer=eyes, **wanted)
        return [([who.id for who in one.contacts], dict(one.entries), one.purpose, one.channel) for one in page.lines]

    whole = [
        ([], {"email": 1}, "marketing", "post"), ([], {"number": 1}, "survey", "phone"),
        ([], {"email": 3}, "marketing", "email"), ([anna], {"email": 1, "number": 1}, "*", "*"),
    ]  # fmt: skip
    assert seen(officer) == whole, "another's own directory is nobody's to see"
    assert seen(None) == [([hidden], {"email": 1}, "marketing", "post"), *whole[1:]]
    assert seen(owner)[0][0] == [hidden]
    assert seen(officer, known=True) == whole[3:]
    assert seen(officer, known=False) == whole[:3]
    assert seen(officer, channel="phone") == [whole[1], whole[3]], "what holds for it: every way, too"
    assert seen(officer, purpose="survey") == [whole[1], whole[3]]
    assert seen(officer, purpose="nothing", known=False) == []
    (line,) = contacts.objection_list(known=True, viewer=officer).lines
    assert set(line.addresses) == {"anna@x.example", "+390584943232"}, "not the address that is not on the list"
    assert dict(contacts.objection_counts()) == {"email": 5, "number": 2}
    assert contacts.objection_purposes() == ("*", "marketing", "survey")

    pages, cursor = [], None
    while True:
        page = contacts.objection_list(limit=2, cursor=cursor, viewer=officer)
        pages += [one for line in page.lines for one in line.entries.values()]
        if (cursor := page.cursor) is None:
            break
    assert sum(pages) == 7
    with pytest.raises(contacts.BadCursor):
        contacts.objection_list(cursor="x", viewer=officer)

    rows = table()
    assert [one["how it came"] for one in rows] == ["objection"] * 2 + ["unsubscribed"] * 3 + ["preferences"] * 2
    named = [one for one in rows if one["contact"] == str(anna)]
    assert {one["number or address"] for one in named} == {"anna@x.example", "+390584943232"}
    assert {one["company"] for one in named} == {"'=Bianchi"}, "no cell is a formula"
    assert {one["name"] for one in rows if one["how it came"] == "unsubscribed"} == {""}
    assert len(table(known=False, channel="phone")) == 1

    held = contacts.STORE.find(Subject(records=(("contacts", anna),)))
    retention.restrict(held, reference="art18", ground="accuracy", at=NOW, by="test", clause="GDPR")
    assert seen(officer, channel="phone")[1][0] == [], "whose use is restricted is not shown"
    contacts.remove([hidden], by="test", at=NOW)
    assert seen(None)[0] == whole[0], "the objection stays, and names nobody any more"


def test_somebody_is_looked_up_with_evidence_that_names_nobody(customer: tenancy.Customer) -> None:
    objected(0, emails=["eva@x.example"], ground="request")
    assert [(one.at, one.ground) for one in contacts.check_objection(" EVA@x.example ", by="officer", at=NOW)] == [
        (NOW, "request")
    ]
    assert contacts.check_objection("+39 0584 943232", by="officer", at=NOW) == ()
    for wrong in ("nobody", "", "1" * 65):
        with pytest.raises(contacts.ContactRefused) as refused:
            contacts.check_objection(wrong, by="officer", at=NOW)
        assert refused.value.field == "who"
    with tenancy.scope(customer):
        found = trail(["objections.checked"])
    assert sorted((one.details["kind"], one.details["entries"], one.details["by"]) for one in found if one.details) == [
        ("email", 1, "officer"), ("number", 0, "officer"),
    ]  # fmt: skip
    assert "eva" not in str([one.details for one in found])
