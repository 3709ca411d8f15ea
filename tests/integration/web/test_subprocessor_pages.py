"""What the pages of sub-processors refuse: by clause and dates, beside the field, and to whom."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from tests.support.installation import MakeCustomer
from tests.support.subprocessors import OFFICER, told_alone

from parley.governance.subprocessors.models import PlannedChange
from parley.people.api import create_user
from parley.tenancy import api as tenancy

PASSWORD = "a sentence that nobody guesses 9"


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


def client(customer: tenancy.Customer, role: str) -> Client:
    email = f"{role}@{customer.handle}.example"
    prefix = "/provider/" if customer.kind == "provider" else f"/c/{customer.handle}/"
    with tenancy.scope(customer):
        create_user(email=email, name="Somebody", password=PASSWORD, role=role)
    made = Client(HTTP_HOST="127.0.0.1")
    assert made.post(prefix + "sign-in", {"email": email, "password": PASSWORD}).status_code == 302
    return made


def test_a_late_objection_is_told_with_clause_and_dates(make_customer: MakeCustomer) -> None:
    customer = make_customer(agreement="kavkom-dpa")
    change, _key, _version = told_alone(customer)
    now = datetime.now(UTC)
    with tenancy.scope(customer):
        PlannedChange.objects.filter(id=change).update(
            received_at=now - timedelta(days=40), received_how="acknowledged",
            objection_closes=now - timedelta(days=9), earliest_start=now - timedelta(days=9),
        )  # fmt: skip
    address = f"/c/{customer.handle}/subprocessors/changes/{change}/"
    officer = client(customer, "compliance")
    assert "Object to" not in officer.get(address).content.decode()
    answer = officer.post(address, {"deed": "object", "grounds": "too late"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "KV-3.notice was open from" in page
    assert "subprocessors.objection-refused" in page
    with tenancy.scope(customer):
        assert PlannedChange.objects.get(id=change).objected_at is None


def test_who_sees_own_calls_only_does_not_answer_for_the_organisation(make_customer: MakeCustomer) -> None:
    customer = make_customer(agreement="kavkom-dpa")
    change, _key, _version = told_alone(customer)
    address = f"/c/{customer.handle}/subprocessors/changes/{change}/"
    assert client(customer, "user").post(address, {"deed": "object", "grounds": "x"}).status_code == 403


def test_the_form_names_the_field_that_is_wrong(make_customer: MakeCustomer) -> None:
    operator = client(tenancy.provider(), "operator")
    sent = {"deed": "announce", "key": "Wrong Key", "country": "xx", "planned_start": "2031-01-01"}
    answer = operator.post("/provider/subprocessors/new/", sent)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert 'class="wrong"' in page
    assert "subprocessors.entry-refused" in page
    assert operator.get("/provider/subprocessors/versions/999999/").status_code == 404
    assert operator.get(f"/provider/subprocessors/changes/{OFFICER}/").status_code == 404
