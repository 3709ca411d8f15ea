"""The pages of an end: who may do what, what is refused with which words, what a link opens and what it does not."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from tests.support.departures import letters, move
from tests.support.installation import MakeCustomer

from parley.governance.contract import api as contract
from parley.lifecycle import api as lifecycle
from parley.people.api import User, create_user
from parley.tenancy import api as tenancy

PASSWORD = "a sentence that nobody guesses 9"
NOW = datetime.now(UTC)


@pytest.fixture
def leaver(make_customer: MakeCustomer) -> Iterator[tenancy.Customer]:
    made = make_customer(agreement="kavkom-dpa")
    with tenancy.scope(made):
        create_user(email=f"keeper@{made.handle}.example", name="Keeper", password=PASSWORD, role="compliance")
        create_user(email=f"user@{made.handle}.example", name="User", password=PASSWORD, role="user")
        contract.set_notice_addresses([f"privacy@{made.handle}.example"], by="test", at=NOW)
    return made


def signed_in(customer: tenancy.Customer, who: str = "keeper") -> Client:
    client = Client(HTTP_HOST="127.0.0.1")
    email = f"{who}@{customer.handle}.example"
    assert client.post(f"/c/{customer.handle}/sign-in", {"email": email, "password": PASSWORD}).status_code == 302
    return client


def link_of(customer: tenancy.Customer) -> str:
    found = lifecycle.departure_of(customer.id)
    assert found is not None
    move(NOW)
    return letters(found.id)[-1][1].rsplit("/end/", 1)[1].split()[0]


def code_of(customer: tenancy.Customer) -> str:
    """The code in the newest letter."""
    found = lifecycle.departure_of(customer.id)
    assert found is not None
    (code,) = re.findall(r"\b\d{6}\b", letters(found.id)[-1][1])
    return str(code)


def test_only_who_sees_everything_ends_a_contract_and_only_by_its_name(leaver: tenancy.Customer) -> None:
    address = f"/c/{leaver.handle}/lifecycle/"
    assert signed_in(leaver, "user").get(address).status_code == 403
    client = signed_in(leaver)
    assert b"Did it end today" in client.get(address).content
    wrong = client.post(address, {"deed": "end", "choice": "delete", "name": "another"})
    assert wrong.status_code == 400
    assert lifecycle.departure_of(leaver.id) is None
    day = (NOW + timedelta(days=40)).date().isoformat()
    made = client.post(address, {"deed": "end", "choice": "delete", "name": leaver.handle, "day": day})
    assert made.status_code == 302
    page = client.get(address).content
    assert b"Renew the contract" in page  # it has not ended yet
    assert client.post(address, {"deed": "renew"}).status_code == 302
    assert lifecycle.departure_of(leaver.id) is None


def test_the_public_page_is_for_its_holder_alone(leaver: tenancy.Customer) -> None:
    with tenancy.scope(leaver):
        lifecycle.end(at=NOW, by="test", ends_at=None, choice="delete", reason="")
    token = link_of(leaver)
    public = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    answer = public.get(f"/end/{token}")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store, private"
    assert not answer.cookies
    for address in ("x" * 32, f"{token}x", token.swapcase()):
        assert public.get(f"/end/{address}").status_code == 404
    assert public.get(f"/end/{token}/certificate/pdf").status_code == 404
    assert public.get(f"/end/{token}/statements/1.json").status_code == 200
    assert public.post(f"/end/{token}", {"deed": "export"}).status_code == 303
    assert b"being made" in public.get(f"/end/{token}/progress").content
    assert public.post(f"/end/{token}", {"deed": "confirm", "name": leaver.handle}).status_code == 400
    move(datetime.now(UTC))
    assert b"Fetch the export" in public.get(f"/end/{token}").content
    confirm = {"deed": "confirm", "name": leaver.handle, "code": "123456"}
    assert public.post(f"/end/{token}", confirm).status_code == 400  # the address alone destroys nothing
    assert public.post(f"/end/{token}", {"deed": "send-code"}).url == f"/end/{token}?sent=1#confirm"  # type: ignore[attr-defined]
    assert b"A code was mailed" in public.get(f"/end/{token}?sent=1").content
    code = code_of(leaver)
    answer = public.post(f"/end/{token}", confirm | {"code": code, "name": "another"})
    assert answer.status_code == 400
    assert f"Write {leaver.handle}." in answer.content.decode()
    assert code not in answer.content.decode()
    assert public.post(f"/end/{token}", confirm | {"code": f"{code[:3]} {code[3:]}"}).status_code == 303
    move(datetime.now(UTC))
    assert public.get(f"/end/{token}/certificate/pdf").content.startswith(b"%PDF")
    assert b"Fetch the export" not in public.get(f"/end/{token}").content


def test_staff_records_an_export_asked_for_by_mail_and_renews_the_link(leaver: tenancy.Customer) -> None:
    with tenancy.scope(leaver):
        lifecycle.end(at=NOW, by="test", ends_at=None, choice="delete", reason="")
    former = link_of(leaver)
    with tenancy.scope(tenancy.provider()):
        if not User.objects.filter(email="lena@provider.example").exists():
            create_user(email="lena@provider.example", name="Lena", password=PASSWORD, role="operator")
    client = Client(HTTP_HOST="127.0.0.1")
    client.post("/provider/sign-in", {"email": "lena@provider.example", "password": PASSWORD})
    found = lifecycle.departure_of(leaver.id)
    assert found is not None
    address = f"/provider/departures/{found.id}/"
    assert leaver.name.encode() in client.get("/provider/departures/").content
    assert client.post(address, {"deed": "export"}).status_code == 400
    assert client.post(address, {"deed": "export", "sender": "somebody@else.example"}).status_code == 400
    assert client.post(address, {"deed": "export", "sender": f"privacy@{leaver.handle}.example"}).status_code == 302
    (asked,) = lifecycle.departure(found.id).returns
    assert asked.channel == "e-mail"
    shown = client.post(address, {"deed": "link"})
    assert b"/end/" in shown.content
    public = Client(HTTP_HOST="127.0.0.1")
    assert public.get(f"/end/{former}").status_code == 404
    move(datetime.now(UTC))
