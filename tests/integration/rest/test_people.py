"""People by programs: invited, changed, closed, put into groups, signed out; never more than an administrator may."""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from tests.integration.rest.conftest import ALL, Office, bearer, now, signed_in
from tests.support.left_evidence import trail

from parley.mail.models import Message
from parley.people import api as people
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens

SENT = {"content_type": "application/json"}
FIELDS = (
    "name", "role", "level", "may_download", "may_delete", "active", "main_group", "groups", "sees_groups",
    "sees_people",
)  # fmt: skip


@pytest.fixture(scope="module")
def admin(office: Office) -> Client:
    return bearer(office.token())


def fields(one: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {name: one[name] for name in FIELDS} | changes


def kinds(office: Office, person: str) -> list[str]:
    """What the log says of a person, oldest first."""
    with tenancy.scope(office.customer):
        found = trail()
    return [one.kind for one in reversed(found) if (one.details or {}).get("person") == person]


def test_a_person_is_invited_changed_and_closed(office: Office, admin: Client) -> None:
    here = f"{office.api}/people"
    desk = admin.post(f"{office.api}/groups", {"name": "Desk"}, **SENT).json()["id"]
    new = {
        "email": "Bo@rest.example", "name": "Bo  Berg", "groups": [desk],
        "numbers": [{"value": "+39 0584 111 111"}, {"kind": "extension", "value": "311"}],
    }  # fmt: skip
    made = admin.post(here, new, **SENT)
    bo = made.json()
    assert (made.status_code, bo["email"], bo["name"], bo["role"]) == (201, "bo@rest.example", "Bo Berg", "user")
    assert [(one["kind"], one["value"]) for one in bo["numbers"]] == [("did", "+390584111111"), ("extension", "311")]
    with tenancy.scope(office.customer):
        link = re.search(r"https?://\S+/join/(\S+)", Message.objects.get(key__startswith=f"invitation:{bo['id']}").text)
    assert link is not None
    assert link[1] not in made.content.decode(), "the link is in the mail alone"
    again = admin.post(here, new, **SENT)
    assert (again.status_code, again.json()["error_id"]) == (400, "people.account_refused")

    one = f"{here}/{bo['id']}"
    wanted = fields(bo, role="supervisor", level="group", may_delete=True, sees_people=[office.ids["person_id"]])
    changed = admin.put(one, wanted, **SENT)
    assert changed.status_code == 200, changed.content
    assert fields(changed.json()) == wanted
    before = kinds(office, bo["id"])
    assert admin.put(one, wanted, **SENT).json() == changed.json(), "the same again changes nothing"
    assert kinds(office, bo["id"]) == before
    assert before.count("person.role-changed") == before.count("person.level-changed") == 1

    refused = admin.put(one, fields(bo, name="Other", role="administrator", level="own"), **SENT)
    assert (refused.status_code, admin.get(one).json()["name"]) == (400, "Bo Berg"), "all of it, or nothing"
    assert admin.put(one, fields(bo, groups=[str(uuid4())]), **SENT).status_code == 422
    assert admin.put(one, fields(bo, main_group=office.ids["group_id"]), **SENT).status_code == 422

    given = admin.post(f"{one}/numbers", {"value": "+390584222222"}, **SENT)
    assert (given.status_code, given.json()["value"]) == (201, "+390584222222")
    assert admin.post(f"{one}/numbers", {"value": "+390584111111"}, **SENT).status_code == 400
    assert admin.delete(f"{one}/numbers/{given.json()['id']}").status_code == 204
    assert admin.delete(f"{one}/numbers/{given.json()['id']}").status_code == 404

    assert admin.put(one, fields(bo, active=False), **SENT).json()["active"] is False
    assert admin.post(f"{one}/invite", **SENT).status_code == 409
    found = {state: admin.get(here, {"q": "bo berg", "state": state}).json()["total"] for state in ("open", "closed")}
    assert found == {"open": 0, "closed": 1}


def test_people_are_listed_page_by_page(office: Office, admin: Client) -> None:
    with tenancy.scope(office.customer):
        for number in range(5):
            people.create_user(email=f"p{number}@pages.example", name=f"Page {number}", password=None, role="user")
    asked, seen = {"q": "@pages.example", "limit": 2}, []
    while True:
        page = admin.get(f"{office.api}/people", asked).json()
        seen += [one["name"] for one in page["items"]]
        if page["next"] is None:
            break
        asked["after"] = page["next"]
    assert seen == [f"Page {number}" for number in range(5)]
    access, names = {"limit": 3}, []
    while True:
        page = admin.get(f"{office.api}/access", access).json()
        names += [one["name"] for one in page["items"]]
        if page["next"] is None:
            break
        access["after"] = page["next"]
    with tenancy.scope(office.customer):
        assert sorted(names) == sorted(one.name for one in people.accounts() if one.is_active)


def test_groups_hold_their_people(office: Office, admin: Client) -> None:
    here = f"{office.api}/groups"
    night, day = (admin.post(here, {"name": name}, **SENT).json()["id"] for name in ("Night", "Day"))
    assert admin.post(here, {"name": "Day"}, **SENT).status_code == 400
    with tenancy.scope(office.customer):
        cy = people.create_user(email="cy@groups.example", name="Cy", password=None, role="user").id
    first = admin.put(f"{here}/{night}/members/{cy}", {}, **SENT).json()
    assert (first["main_group"], first["groups"]) == (night, [night])
    assert admin.put(f"{here}/{day}/members/{cy}", {"main": True}, **SENT).json()["main_group"] == day
    assert admin.get(f"{here}/{day}").json()["people"] == 1
    assert admin.delete(f"{here}/{day}").status_code == 400, "somebody belongs to it"
    assert admin.delete(f"{here}/{day}/members/{cy}").status_code == 400, "its main one, and there is another"
    assert admin.delete(f"{here}/{night}/members/{cy}").json()["groups"] == [day]
    assert admin.delete(f"{here}/{night}/members/{cy}").status_code == 404
    assert admin.delete(f"{here}/{day}/members/{cy}").json() == {"id": str(cy), "main_group": None, "groups": []}
    assert admin.put(f"{here}/{day}", {"name": "Daylight"}, **SENT).json()["name"] == "Daylight"
    assert [admin.delete(f"{here}/{one}").status_code for one in (day, night, day)] == [204, 204, 404]


def test_sessions_end(office: Office, admin: Client) -> None:
    here, person = f"{office.api}/people/{office.ids['person_id']}/sessions", office.ids["person_id"]
    email = f"pia@{office.customer.handle}.example"
    browsers = [signed_in(office.customer, email) for _ in range(2)]
    home = f"/c/{office.customer.handle}/"
    assert [one.get(home).status_code for one in browsers] == [200, 200]
    listed = admin.get(here).json()
    assert len(listed) == 3
    assert set(listed[0]) == {"id", "started_at", "seen_at", "place", "browser", "means"}
    newest = max(listed, key=lambda one: one["started_at"])["id"]
    other = f"{office.api}/people/{office.admin.id}/sessions/{newest}"
    assert admin.delete(other).status_code == 404, "not that person's"
    assert [admin.delete(f"{here}/{newest}").status_code for _ in range(2)] == [204, 404]
    assert [one.get(home).status_code for one in browsers] == [200, 302]
    assert admin.delete(here).json() == {"ended": 2}
    assert (browsers[0].get(home).status_code, admin.get(here).json()) == (302, [])
    assert kinds(office, person).count("person.session-ended") == 3


def test_nobody_gives_more_than_it_has(office: Office, admin: Client) -> None:
    with tenancy.scope(office.customer):
        made = {
            role: people.create_user(email=f"{role}@may.example", name=role, password=None, role=role)
            for role in ("compliance", "supervisor", "user")
        }
        held = {
            role: tokens.make(name=role, scopes=ALL, by=one.id, at=now(), expires_at=now() + timedelta(days=1)).text
            for role, one in made.items()
        }
        group = people.groups()[0].id
    held["narrowed"] = office.token(groups=[group])
    mine = admin.get(f"{office.api}/people/{made['user'].id}").json()
    for who, token in held.items():
        program, one = bearer(token), f"{office.api}/people/{made['user'].id}"
        reads = 200 if who == "compliance" else 403
        for path in ("people", "groups", "access", f"people/{made['user'].id}/sessions"):
            assert program.get(f"{office.api}/{path}").status_code == reads, (who, path)
        raised = fields(mine, role="administrator", level="complete")
        for answer in (
            program.put(one, raised, **SENT),
            program.post(f"{office.api}/people", {"email": f"{who}@new.example", "name": "x"}, **SENT),
            program.post(f"{one}/numbers", {"value": "+390584943232"}, **SENT),
            program.put(f"{office.api}/groups/{group}/members/{made['user'].id}", {}, **SENT),
            program.delete(f"{office.api}/people/{office.admin.id}/sessions"),
        ):
            assert answer.status_code == 403, (who, answer.content)
    assert admin.get(f"{office.api}/people/{made['user'].id}").json() == mine
    operator = admin.put(f"{office.api}/people/{made['user'].id}", fields(mine, role="operator"), **SENT)
    assert operator.status_code == 422, "a role of the provider's"
    last = admin.get(f"{office.api}/people/{office.admin.id}").json()
    for change in ({"active": False}, {"role": "user", "level": "own"}):
        kept = admin.put(f"{office.api}/people/{office.admin.id}", fields(last, **change), **SENT)
        assert (kept.status_code, "nobody would be left" in kept.json()["detail"].lower()) == (400, True)


def test_no_answer_holds_a_secret(office: Office, admin: Client) -> None:
    """Of a second factor it is told that there is one; nothing else of it, of a password or of a session's key."""
    with tenancy.scope(office.customer):
        pia = people.User.objects.get(pk=office.ids["person_id"])
        enrolled = people.factors.begin_codes(pia, at=now())
        codes = people.factors.confirm_codes(pia, people.factors.code_at(enrolled.secret, now()), at=now())
        pia.refresh_from_db()
        password = pia.password
    browser = signed_in_half(office, pia.email)
    secrets = [enrolled.secret, password, *codes, browser]
    answers = [
        json.dumps(admin.get(f"{office.api}/{path}").json())
        for path in ("people", f"people/{pia.id}", f"people/{pia.id}/sessions", "access")
    ]
    assert json.loads(answers[1])["second_factor"] is True
    assert not [secret for secret in secrets if any(secret in answer for answer in answers)]


def signed_in_half(office: Office, email: str) -> str:
    """The key of a session that still waits for its second factor."""
    client = Client(HTTP_HOST="127.0.0.1")
    client.post(
        f"/c/{office.customer.handle}/sign-in", {"email": email, "password": "a sentence that nobody guesses 9"}
    )
    return str(client.session.session_key)
