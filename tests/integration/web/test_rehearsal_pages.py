"""Rehearsal pages: the provider's for any customer, the customer's own for those who see everything."""

import html
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.test import Client
from tests.support.installation import MakeCustomer
from tests.support.system import PASSWORD

from parley.people.api import create_user
from parley.tenancy import api as tenancy

EVENT = "event=contract-ends&at=2027-03-02T12:00"


def signed_in(prefix: str, email: str) -> Client:
    client = Client(HTTP_HOST="127.0.0.1")
    answer = client.post(f"{prefix}sign-in", {"email": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


@pytest.fixture(scope="module")
def provider(cluster: object, django_db_blocker: object) -> Client:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        with tenancy.scope(tenancy.provider()):
            create_user(email="rehearser@provider.example", name="Op", password=PASSWORD, role="operator")
        return signed_in("/provider/", "rehearser@provider.example")


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return html.unescape(answer.content.decode())


def test_the_provider_rehearses_each_customer_under_its_own_agreement(
    provider: Client, make_customer: MakeCustomer
) -> None:
    dates = {
        "imagicle-dpa": "Mon 31 May 2027, 12:00",
        "kavkom-dpa": "Thu 1 Apr 2027, 12:00",
        "ixcloud-dpa": "Wed 17 Mar 2027, 12:00",
        "ucx-terms": "Wed 2 Jun 2027, 12:00",
    }
    for agreement, destroyed in dates.items():
        customer = make_customer(agreement=agreement)
        shown = read(provider, f"/provider/rehearsal/?customer={customer.handle}&{EVENT}")
        listed = shown[shown.index("<ol") :]
        before = listed[: listed.index("Destroy all data")]
        assert destroyed in before[before.rindex("<li") :], agreement
        assert "today" in shown


def test_an_unknown_customer_and_an_unreadable_date_are_explained_in_the_form(
    provider: Client, make_customer: MakeCustomer
) -> None:
    assert "There is no customer of this name." in read(provider, "/provider/rehearsal/?customer=nobody")
    known = make_customer().handle
    assert "write it like 2026-12-31" in read(provider, f"/provider/rehearsal/?customer={known}&at=soon")
    assert "The contract ends" in read(provider, f"/provider/rehearsal/?customer={known}&event=nonsense")


def test_a_customer_whose_contract_ended_is_rehearsed_as_it_stands(
    provider: Client, make_customer: MakeCustomer
) -> None:
    customer = make_customer(agreement="imagicle-dpa")
    ended = datetime(2027, 1, 1, tzinfo=UTC)
    tenancy.set_standing(customer.id, lambda held: replace(held, contract_ended_at=ended))
    shown = read(provider, f"/provider/rehearsal/?customer={customer.handle}&event=misuse-found&at=2027-03-02T12:00")
    assert "No longer possible" not in shown, "nothing is collected any more, so a suspension changes nothing"


def test_only_those_who_see_everything_rehearse_in_a_console(make_customer: MakeCustomer) -> None:
    customer = make_customer()
    with tenancy.scope(customer):
        for role in ("compliance", "user"):
            create_user(email=f"{role}@x.example", name=role, password=PASSWORD, role=role)
    prefix = f"/c/{customer.handle}/"
    assert "IM-8.cloud" in read(signed_in(prefix, "compliance@x.example"), f"{prefix}rehearsal/?{EVENT}")
    assert signed_in(prefix, "user@x.example").get(f"{prefix}rehearsal/").status_code == 403
