"""Deletions and tags of many by programs: all that match, after their number was seen; a second person approves or
refuses; each sees how far it is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.integration.rest.conftest import bearer
from tests.support import many_recordings as many

from parley.obligations.api import run_due
from parley.people import api as people
from parley.recordings.api import Wanted, bulk, deletions, using_store
from parley.recordings.models import Recording
from parley.storage.api import open_store
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens


@pytest.fixture(scope="module")
def customer(make_customer: Any, django_db_blocker: Any) -> Iterator[tenancy.Customer]:
    """Twelve recordings of a customer whose rule asks for a second person."""
    with django_db_blocker.unblock():
        made = make_customer()
        with tenancy.scope(made):
            many.add_many(12)
            for name, role in (("ada", "administrator"), ("bo", "compliance"), ("una", "user")):
                people.create_user(email=f"{name}@asked.example", name=name, password=None, role=role)
            ada = people.viewer(people.User.objects.get(email="ada@asked.example"))
            deletions.set_rule(ada, second=True, days=3, at=datetime.now(UTC))
        yield made


def program(customer: tenancy.Customer, name: str) -> Client:
    with tenancy.scope(customer):
        by, at = people.User.objects.get(email=f"{name}@asked.example").id, datetime.now(UTC)
        made = tokens.make(name=name, scopes=tuple(tokens.SCOPES), by=by, at=at, expires_at=at + timedelta(days=1))
    return bearer(made.text)


def test_one_program_asks_and_another_persons_decides(customer: tenancy.Customer, tmp_path: Path) -> None:
    api = f"/c/{customer.handle}/api/v1"
    ada, bo, una = (program(customer, name) for name in ("ada", "bo", "una"))
    with tenancy.scope(customer):
        wanted = [str(one) for one in Recording.objects.order_by("-started_at").values_list("id", flat=True)[:3]]
    asked = [ada.delete(f"{api}/recordings/{one}?why=wrong+number").json()["id"] for one in wanted]
    first = bo.get(f"{api}/deletions", {"limit": 2}).json()
    rest = bo.get(f"{api}/deletions", {"limit": 2, "after": first["next"]}).json()
    assert [one["id"] for one in [*first["items"], *rest["items"]]] == asked
    assert (rest["next"], {one["why"] for one in first["items"]}) == (None, {"wrong number"})
    assert [one["mine"] for one in ada.get(f"{api}/deletions").json()["items"]] == [True] * 3

    refused = ada.post(f"{api}/deletions/{asked[0]}/approve")
    assert (refused.status_code, refused.json()["error_id"]) == (409, "retention.approval-refused")
    assert una.get(f"{api}/deletions").status_code == 403
    assert una.get(f"{api}/deletions/{asked[0]}").status_code == 404
    assert una.post(f"{api}/deletions/{asked[0]}/approve").status_code == 403

    seen = bo.get(f"{api}/deletions/{asked[0]}").json()
    assert (seen["records"], seen["kept"], seen["bulk"], seen["state"]) == ([wanted[0]], {}, None, "waiting")
    approved = bo.post(f"{api}/deletions/{asked[0]}/approve").json()
    assert (approved["state"], approved["bulk"]["total"], approved["bulk"]["finished_at"]) == ("approved", 1, None)
    assert bo.post(f"{api}/deletions/{asked[0]}/approve").status_code == 409
    assert bo.post(f"{api}/deletions/{asked[1]}/refuse").json()["state"] == "refused"
    assert ada.post(f"{api}/deletions/{asked[2]}/refuse").json()["state"] == "withdrawn"
    with tenancy.scope(customer), using_store(open_store(f"file://{tmp_path}")):
        while run_due(customer, handlers=bulk.handlers(), now=datetime.now(UTC)).done:
            pass
    assert ada.get(f"{api}/recordings/{wanted[0]}").status_code == 404
    assert {ada.get(f"{api}/recordings/{one}").status_code for one in wanted[1:]} == {200}
    done = ada.get(f"{api}/recordings/bulk/{asked[0]}").json()
    assert (done["deed"], done["done"], done["kept"]) == ("delete", 1, {})
    assert bo.get(f"{api}/recordings/bulk/{asked[0]}").status_code == 404
    assert bo.get(f"{api}/deletions/{asked[0]}").json()["bulk"]["done"] == 1

    over = bo.get(f"{api}/deletions", {"state": "over", "limit": 2}).json()
    last = bo.get(f"{api}/deletions", {"state": "over", "limit": 2, "after": over["next"]}).json()
    assert [one["id"] for one in [*over["items"], *last["items"]]] == asked[::-1]
    assert bo.get(f"{api}/deletions", {"after": wanted[0]}).status_code == 404
    assert bo.get(f"{api}/deletions").json() == {"items": [], "next": None}


def test_all_that_match_are_tagged_and_their_deletion_asked_for(customer: tenancy.Customer, tmp_path: Path) -> None:
    api = f"/c/{customer.handle}/api/v1"
    ada, una = program(customer, "ada"), program(customer, "una")
    matching, sent = {"number": many.SWITCHBOARD}, {"content_type": "application/json"}
    with tenancy.scope(customer):
        viewer = people.viewer(people.User.objects.get(email="ada@asked.example"))
        found = {str(one.id) for one in bulk.matching(viewer, Wanted(number=many.SWITCHBOARD))}
        everything = {str(one) for one in Recording.objects.values_list("id", flat=True)}
    assert found and everything - found
    assert una.get(f"{api}/recordings/count").json() == {"recordings": 0, "beyond": False}
    assert ada.get(f"{api}/recordings/count", matching).json() == {"recordings": len(found), "beyond": False}

    wanted = {"tag": "Case 7", "matching": matching, "key": "k1"}
    assert ada.post(f"{api}/recordings/bulk/tag", wanted, **sent).status_code == 422
    other = ada.post(f"{api}/recordings/bulk/tag", {**wanted, "count": len(found) + 1}, **sent)
    assert (other.status_code, f"it reaches {len(found)} recordings now" in other.json()["detail"]) == (409, True)
    unseen = una.post(f"{api}/recordings/bulk/tag", {"tag": "x", "recordings": [min(found)]}, **sent)
    assert (unseen.status_code, unseen.json()["error_id"]) == (404, "recordings.no-such-recording")
    begun = ada.post(f"{api}/recordings/bulk/tag", {**wanted, "count": len(found)}, **sent)
    assert (begun.status_code, begun.json()["total"], begun.json()["deed"]) == (202, len(found), "tag")
    assert ada.post(f"{api}/recordings/bulk/tag", {**wanted, "count": 1}, **sent).json()["id"] == begun.json()["id"]

    going = {"recordings": sorted(found), "key": "k1"}
    assert una.post(f"{api}/recordings/bulk/delete", going, **sent).status_code == 403
    assert ada.post(f"{api}/recordings/bulk/delete", going, **sent).json()["error_id"] == "retention.approval-refused"
    asked = ada.post(f"{api}/recordings/bulk/delete", {**going, "why": "their time is over"}, **sent).json()
    assert (asked["bulk"], asked["request"]["state"], asked["request"]["recordings"]) == (None, "waiting", len(found))
    assert ada.post(f"{api}/recordings/bulk/delete", going, **sent).json() == asked
    with tenancy.scope(customer), using_store(open_store(f"file://{tmp_path}")):
        deletions.set_rule(viewer, second=False, days=3, at=datetime.now(UTC))
        while run_due(customer, handlers=bulk.handlers(), now=datetime.now(UTC)).done:
            pass
    done = ada.get(f"{api}/recordings/bulk/{begun.json()['id']}").json()
    assert (done["done"], bool(done["finished_at"])) == (len(found), True)
    tagged = {"matching": {"tag": "case 7"}, "count": len(found)}
    gone = ada.post(f"{api}/recordings/bulk/delete", tagged, **sent).json()
    assert (gone["bulk"]["deed"], gone["bulk"]["total"], gone["request"]) == ("delete", len(found), None)
    with tenancy.scope(customer), using_store(open_store(f"file://{tmp_path}")):
        while run_due(customer, handlers=bulk.handlers(), now=datetime.now(UTC)).done:
            pass
        left = {str(one) for one in Recording.objects.values_list("id", flat=True)}
    assert left == everything - found
    assert ada.post(f"{api}/recordings/bulk/delete", tagged, **sent).status_code == 404
