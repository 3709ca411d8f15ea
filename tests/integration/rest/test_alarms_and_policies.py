"""Alarms are listed and acknowledged by program; recording policies are added, changed, moved and removed, and
recorders have them; by whom the pages let."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from tests.integration.rest.conftest import Office, bearer, now
from tests.support.left_evidence import entries

from parley.people import api as people
from parley.recordings import api as recordings
from parley.recordings.policies import read_policies
from parley.recordings.types import Mishap
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens

SCOPES = ["alarms:read", "alarms:write", "policies:read", "policies:write"]
NUMBER = "+390584943232"


def token_of(office: Office, role: people.Role) -> Client:
    with tenancy.scope(office.customer):
        made = people.create_user(
            email=f"{role}-{uuid4()}@rest.example", name=role, password="a sentence that nobody guesses 9", role=role
        )
        until = now() + timedelta(days=1)
        return bearer(tokens.make(name=role, scopes=SCOPES, by=made.id, at=now(), expires_at=until).text)


@pytest.fixture(scope="module")
def administrator(office: Office, django_db_blocker: Any) -> Client:
    with django_db_blocker.unblock():
        return token_of(office, "administrator")


def test_alarms_are_listed_page_by_page_and_acknowledged_once(office: Office) -> None:
    client, trunk = token_of(office, "compliance"), uuid4()
    with tenancy.scope(office.customer):
        mishap = Mishap(cause="gap", key="gap", call="a", trunk_id=trunk, trunk_name="main", at=now())
        ids = [
            str(recordings.alarms.raise_alarm(replace(mishap, key=f"gap:{n}", recording_id=uuid4(), at=now())))
            for n in range(5)
        ]
    seen: list[str] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        before = f"&before={page['next']}" if page["next"] else ""
        page = client.get(f"{office.api}/alarms?limit=2{before}").json()
        assert len(page["items"]) <= 2
        seen += [one["id"] for one in page["items"]]
    assert [one for one in seen if one in ids] == ids[::-1] and len(set(seen)) == len(seen)
    address = f"{office.api}/alarms/{ids[0]}"
    one = client.get(address).json()
    assert (one["cause"], one["calls"], one["acknowledged_at"]) == ("gap", 1, None) and "recorder was replaced" in one[
        "what"
    ]
    acknowledged = client.post(f"{address}/acknowledge").json()
    assert acknowledged["acknowledged_at"] and acknowledged["cleared_at"]
    again = token_of(office, "administrator").post(f"{address}/acknowledge")
    assert again.status_code == 200 and again.json() == acknowledged, "whoever was first stays named"
    still = {one["id"] for one in client.get(f"{office.api}/alarms?state=open&limit=200").json()["items"]}
    assert set(ids) & still == set(ids[1:])
    with tenancy.scope(office.customer):
        assert [kind for kind, _ in entries()].count("alarm.acknowledged") == 1
    assert client.post(f"{office.api}/alarms/{uuid4()}/acknowledge").status_code == 404
    assert client.get(f"{office.api}/alarms?before={uuid4()}").status_code == 404
    supervisor = token_of(office, "supervisor")
    assert supervisor.get(f"{office.api}/alarms").status_code == 403
    assert supervisor.post(f"{office.api}/alarms/{ids[1]}/acknowledge").status_code == 403


def test_policies_are_added_changed_moved_and_removed_and_recorders_get_them(office: Office) -> None:
    client, here = token_of(office, "administrator"), f"{office.api}/policies"
    trunk = tenancy.add_trunk(office.customer, name="main", sources=["192.0.2.78"])
    before = client.get(here).json()
    person = {"name": "Anna", "mode": "on-demand", "users": [str(office.admin.id)], "key": "anna", "sampling": 50}
    anna = client.post(here, person, "application/json")
    assert anna.status_code == 201 and anna.json()["position"] == len(before) + 1
    repeated = client.post(here, person | {"name": "Other"}, "application/json")
    assert repeated.json() == anna.json(), "the same key is the same policy"
    nights = {
        "name": "Nights", "mode": "never", "trunk": str(trunk.id), "starts": "22:00", "ends": "06:00", "days": [6, 5],
        "zone": "Europe/Rome", "number": NUMBER, "refuse": True,
    }  # fmt: skip
    added = client.post(here, nights, "application/json").json()
    assert added["has_number"] and added["days"] == [5, 6] and NUMBER[1:] not in str(added)
    address = f"{here}/{added['id']}"
    moved = client.post(f"{address}/move", {"to": "up"}, "application/json").json()
    assert [one["id"] for one in moved[len(before) :]] == [added["id"], anna.json()["id"]]
    assert client.get(address).json() == moved[len(before)] == added | {"position": len(before) + 1}

    entry = tenancy.trunk_directory().find("192.0.2.78", 5060)
    assert entry is not None
    first, second = read_policies(entry.policies).policies[len(before) :]
    assert (first.name, first.refuse, first.match.trunk_id) == ("Nights", True, trunk.id) and first.match.numbers
    assert (second.name, second.sampling, second.mode) == ("Anna", 50, "on-demand")

    read = client.get(address).json()
    changed = client.put(address, read | {"name": "Late"}, "application/json").json()
    assert changed == read | {"name": "Late"}, "what was read can be sent back: the number stays"
    assert not client.put(address, nights | {"number": ""}, "application/json").json()["has_number"]
    for one in (added["id"], anna.json()["id"]):
        assert client.delete(f"{here}/{one}").status_code == 204
        assert client.delete(f"{here}/{one}").status_code == 404
    assert client.get(here).json() == before
    with tenancy.scope(office.customer):
        kinds = [kind for kind, _ in entries() if kind.startswith("policy.")][:7]
    assert kinds == ["policy.removed"] * 2 + ["policy.changed"] * 2 + ["policy.moved"] + ["policy.added"] * 2


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"prefix": "0584"}, 400, "prefix"),
        ({"zone": "Europe/Nowhere"}, 400, "zone"),
        ({"number": "none"}, 400, "number"),
        ({"name": " "}, 400, "name"),
        ({"starts": "25:00", "ends": "26:00"}, 422, "starts"),
        ({"starts": "09:00"}, 422, "ends"),
        ({"announced": "header"}, 422, "announced_name"),
        ({"sampling": 101}, 422, "sampling"),
        ({"users": [str(UUID(int=5))]}, 422, "users"),
        ({"groups": [str(UUID(int=5))]}, 422, "groups"),
        ({"trunk": str(UUID(int=5))}, 422, "trunk"),
    ],
)
def test_a_policy_that_cannot_be_names_its_field(
    office: Office, administrator: Client, wrong: dict[str, Any], status: int, field: str
) -> None:
    before = administrator.get(f"{office.api}/policies").json()
    answer = administrator.post(f"{office.api}/policies", {"name": "x", "mode": "always"} | wrong, "application/json")
    assert answer.status_code == status and field in answer.json()["detail"].lower()
    assert administrator.get(f"{office.api}/policies").json() == before


def test_policies_are_read_by_who_oversees_and_changed_by_administrators_alone(office: Office) -> None:
    here = f"{office.api}/policies"
    with tenancy.scope(office.customer):
        policy = recordings.Policy(id=recordings.new_policy_id(now()), name="All", mode="always")
        address = f"{here}/{recordings.save_policy(policy, by=office.admin.id, at=now())}"
        people.add_group("Desk", by=office.admin.id, at=now())
        desk = next(one.id for one in people.groups() if one.name == "Desk")
    narrowed = bearer(office.token(groups=[desk]))
    for client, read in ((token_of(office, "compliance"), 200), (token_of(office, "user"), 403), (narrowed, 403)):
        assert client.get(here).status_code == client.get(address).status_code == read
        same = {"name": "All", "mode": "never"}
        deeds = (
            client.post(here, same, "application/json"),
            client.put(address, same, "application/json"),
            client.post(f"{address}/move", {"to": "up"}, "application/json"),
            client.delete(address),
        )
        assert [one.status_code for one in deeds] == [403] * 4
    assert token_of(office, "administrator").get(address).json()["mode"] == "always"
    assert token_of(office, "administrator").delete(address).status_code == 204
