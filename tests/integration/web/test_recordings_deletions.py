"""Deletions that a second person approves, over HTTP: from the list, from a recording, by a program, by who may."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.integration.web.test_obligation_pages import PASSWORD, signed_in
from tests.support import many_recordings as many

from parley.obligations.api import run_due
from parley.people import api as people
from parley.recordings.api import bulk, using_store
from parley.recordings.models import Recording
from parley.storage.api import open_store
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens


@pytest.fixture(scope="module")
def customer(make_customer: Any, django_db_blocker: Any) -> Iterator[tenancy.Customer]:
    with django_db_blocker.unblock():
        made = make_customer()
        with tenancy.scope(made):
            many.add_many(20)
            for name, role in (("ada", "administrator"), ("bo", "compliance"), ("cy", "compliance"), ("una", "user")):
                numbers = [many.SWITCHBOARD] if name == "una" else []
                people.create_user(
                    email=f"{name}@two.example", name=name.title(), password=PASSWORD, role=role, numbers=numbers
                )
        yield made


def test_two_people_delete(customer: tenancy.Customer, tmp_path: Path) -> None:
    home = f"/c/{customer.handle}/"
    pages = home + "recordings/deletions/"
    ada, bo, cy, una = (signed_in(home, f"{name}@two.example") for name in ("ada", "bo", "cy", "una"))
    assert una.get(pages).status_code == 403
    assert 'name="rule"' not in bo.get(pages).content.decode()
    assert bo.post(pages, {"rule": "second", "days": "3"}).status_code == 403
    assert ada.post(pages, {"rule": "second", "days": "x"}).status_code == 400
    assert ada.post(pages, {"rule": "second", "days": "3"}).status_code == 302
    page = bo.get(home + "recordings/").content.decode()
    chosen = re.findall(r'name="line" value="([0-9a-f-]{36})"', page)[:2]
    form = {"deed": "delete", "line": chosen, "key": "k1"}
    assert "Somebody else has to approve this." in bo.post(home + "recordings/together", form).content.decode()
    assert bo.post(home + "recordings/together", {**form, "do": "1", "why": " "}).status_code == 400
    asked = bo.post(home + "recordings/together", {**form, "do": "1", "why": "asked by <b>Ann</b>"})
    request = asked["Location"]
    assert request.startswith(pages)
    assert bo.post(request, {"deed": "approve"}).status_code == 409
    assert (una.get(request).status_code, una.post(request, {"deed": "approve"}).status_code) == (404, 404)
    seen = cy.get(home + "recordings/").content.decode()
    assert re.search(r'deletions/"[^>]*>.*?<span class="count">1</span>', seen, re.S)
    shown = cy.get(request).content.decode()
    assert "asked by &lt;b&gt;Ann" in shown and "Bo" in shown and "Approve, and delete" in shown
    assert cy.post(request, {"deed": "approve"}).status_code == 302
    with tenancy.scope(customer), using_store(open_store(f"file://{tmp_path}")):
        assert Recording.objects.filter(conversation__in=chosen).exists()
        while run_due(customer, handlers=bulk.handlers(), now=datetime.now(UTC)).done:
            pass
        assert not Recording.objects.filter(conversation__in=chosen).exists()
    assert "deleted." in bo.get(request).content.decode()
    assert "approved" in cy.get(pages).content.decode()


def test_one_recording_and_a_program_ask_as_well(customer: tenancy.Customer) -> None:
    home = f"/c/{customer.handle}/"
    ada, bo, cy = (signed_in(home, f"{name}@two.example") for name in ("ada", "bo", "cy"))
    assert ada.post(home + "recordings/deletions/", {"rule": "second", "days": "3"}).status_code == 302
    with tenancy.scope(customer):
        one, other = Recording.objects.order_by("started_at").values_list("id", flat=True)[:2]
        made = tokens.make(
            name="p", scopes=["recordings:delete"], by=people.User.objects.get(email="cy@two.example").id,
            at=datetime.now(UTC), expires_at=datetime.now(UTC) + timedelta(days=1),
        )  # fmt: skip
    address = f"{home}retention/delete/recordings/{one}/"
    assert "Ask for its deletion" in bo.get(address).content.decode()
    assert bo.post(address).status_code == 409
    asked = bo.post(address, {"why": "a mistake"})
    assert asked["Location"].startswith(home + "recordings/deletions/")
    program = Client(HTTP_AUTHORIZATION=f"Bearer {made.text}", HTTP_HOST="127.0.0.1")
    answer = program.delete(f"{home}api/v1/recordings/{other}")
    assert answer.status_code == 202, answer.content
    body = answer.json()
    assert (body["state"], body["recordings"]) == ("waiting", 1)
    assert cy.post(f"{home}recordings/deletions/{body['id']}/", {"deed": "approve"}).status_code == 409
    assert bo.post(f"{home}recordings/deletions/{body['id']}/", {"deed": "refuse"}).status_code == 302
    with tenancy.scope(customer):
        assert Recording.objects.filter(id__in=[one, other]).count() == 2
    assert ada.post(home + "recordings/deletions/", {"rule": "one", "days": "3"}).status_code == 302
    assert "Ask for its deletion" not in bo.get(address).content.decode()
