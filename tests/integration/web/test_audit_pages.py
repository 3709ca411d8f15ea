"""The deeds of the audit pages over HTTP: forms that are filled in well, badly, or for somebody else."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from parley.governance.audits import api as audits
from parley.ledger import api as ledger
from parley.people.api import User, create_user
from parley.tenancy import api as tenancy
from parley.web.console import evidence

PASSWORD = "a sentence that nobody guesses 9"


@pytest.fixture(scope="module")
def house(make_customer, django_db_blocker):  # type: ignore[no-untyped-def]
    with django_db_blocker.unblock():
        customer = make_customer(handle="audit-house", agreement="imagicle-dpa")
        with tenancy.scope(customer):
            create_user(email="keeper@audit.example", name="Keeper", password=PASSWORD, role="compliance")
        with tenancy.scope(tenancy.provider()):
            if not User.objects.filter(email="omar@provider.example").exists():
                create_user(email="omar@provider.example", name="Omar", password=PASSWORD, role="operator")
        return customer


def signed_in(home: str, email: str) -> Client:
    client = Client(HTTP_HOST="127.0.0.1")
    assert client.post(home + "sign-in", {"email": email, "password": PASSWORD}).status_code == 302
    return client


@pytest.fixture
def keeper(house):  # type: ignore[no-untyped-def]
    return signed_in("/c/audit-house/", "keeper@audit.example")


@pytest.fixture
def omar(house):  # type: ignore[no-untyped-def]
    return signed_in("/provider/", "omar@provider.example")


def proofs_of(page: HttpResponse) -> set[str]:
    return set(re.findall(r"/provider/attestations/proofs/[0-9a-f-]+", page.content.decode()))


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def asked(client: Client, **given: str) -> UUID:
    wanted = {"cause": "none", "reason": "", "scope": "All logs", "auditor": "Auditors", "day": in_days(40)}
    answer = client.post("/c/audit-house/audits/ask", wanted | {"clock": "10:00"} | given)
    assert answer.status_code == 302, answer.content
    return UUID(answer["Location"].rstrip("/").rpartition("/")[2])


def test_an_audit_from_end_to_end(house, keeper, omar):  # type: ignore[no-untyped-def]
    audit_id = asked(keeper)
    listed = omar.get("/provider/audits/?open=1").content.decode()
    assert str(audit_id) in listed
    page = f"/provider/customers/audit-house/audits/{audit_id}/"
    assert "Answer due:" in omar.get(page).content.decode()
    agreed = {"deed": "agree", "day": in_days(41), "clock": "09:30", "answer": "Welcome <b>all</b>"}
    assert omar.post(page, agreed).status_code == 302
    shown = keeper.get(f"/c/audit-house/audits/{audit_id}/").content.decode()
    assert "Welcome &lt;b&gt;all&lt;/b&gt;" in shown
    assert omar.post(page, {"deed": "hold", "day": in_days(0), "clock": "00:00"}).status_code == 302
    report = {"deed": "report", "report": "One thing.", "finding-1": "A door stood open.", "severity-1": "minor"}
    assert keeper.post(f"/c/audit-house/audits/{audit_id}/", report).status_code == 302
    with tenancy.scope(house):
        (finding,) = audits.audit(audit_id).findings
    assert omar.post(page, {"deed": "remedy", "finding": str(finding.id), "remedy": "Closed it."}).status_code == 302
    with tenancy.scope(house):
        assert audits.audit(audit_id).state == "closed"


def test_what_is_wrong_stands_beside_its_field(keeper, omar):  # type: ignore[no-untyped-def]
    answer = keeper.post("/c/audit-house/audits/ask", {"cause": "magic", "scope": "", "auditor": "A", "day": "soon"})
    assert answer.status_code == 400
    text = answer.content.decode()
    assert all(words in text for words in ("Choose one.", "This is needed.", "A day is written"))
    page = f"/provider/customers/audit-house/audits/{asked(keeper)}/"
    answer = omar.post(page, {"deed": "agree", "day": in_days(40), "clock": "half past", "answer": ""})
    assert answer.status_code == 400 and "A time is written" in answer.content.decode()


def test_deeds_that_do_not_fit_are_refused_and_say_why(keeper, omar):  # type: ignore[no-untyped-def]
    audit_id = asked(keeper)
    page = f"/provider/customers/audit-house/audits/{audit_id}/"
    answer = omar.post(page, {"deed": "report", "report": "Too early."})
    assert answer.status_code == 409 and b"audits.refused" in answer.content
    assert omar.post(page, {"deed": "explode"}).status_code == 400
    assert keeper.post(f"/c/audit-house/audits/{audit_id}/", {"deed": "withdraw"}).status_code == 302
    assert keeper.post(f"/c/audit-house/audits/{audit_id}/", {"deed": "withdraw"}).status_code == 409


def test_only_who_sees_everything_asks(house, django_db_blocker):  # type: ignore[no-untyped-def]
    with tenancy.scope(house):
        create_user(email="user@audit.example", name="User", password=PASSWORD, role="user", numbers=["+390584999998"])
    user = signed_in("/c/audit-house/", "user@audit.example")
    for path in ("audits/", "audits/ask", "attestations/"):
        assert user.get(f"/c/audit-house/{path}").status_code == 403
    assert user.post("/c/audit-house/audits/", {"scope": "all"}).status_code == 403


def test_a_proof_is_uploaded_and_comes_back(omar):  # type: ignore[no-untyped-def]
    page = "/provider/attestations/measures/"
    wrong = omar.post(page, {"deed": "attest", "day": in_days(3), "proof": SimpleUploadedFile("p.pdf", b"%PDF-1.7")})
    assert wrong.status_code == 400 and "lies ahead" in wrong.content.decode()
    none = omar.post(page, {"deed": "attest", "day": in_days(-3)})
    assert none.status_code == 400 and "Choose the file" in none.content.decode()
    before = proofs_of(omar.get(page))
    proof = SimpleUploadedFile("what Ada wrote.pdf", b"%PDF-1.7 measures")
    assert omar.post(page, {"deed": "attest", "day": in_days(-3), "proof": proof}).status_code == 302
    shown = omar.get(page)
    assert b"Ada" not in shown.content
    (address,) = proofs_of(shown) - before
    answer = omar.get(address)
    assert (answer.content, answer["Content-Type"]) == (b"%PDF-1.7 measures", "application/pdf")
    assert "attachment" in answer["Content-Disposition"]


def test_two_packs_at_once_are_one(keeper):  # type: ignore[no-untyped-def]
    first = keeper.post("/c/audit-house/audits/", {"deed": "pack", "scope": "newest"})
    assert first.status_code == 302
    waiting = keeper.get(first["Location"].replace("http://127.0.0.1", "")).content.decode()
    assert "It begins in a moment." in waiting
    assert keeper.post("/c/audit-house/audits/", {"deed": "pack", "scope": "all"}).status_code == 409
    fetched = keeper.get(first["Location"] + "file")
    assert fetched.status_code == 409 and b"not ready" in fetched.content


def test_the_trail_of_a_person_in_some_days_on_the_page_and_as_csv(house: tenancy.Customer, keeper: Client) -> None:
    at = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)  # in Rome the 29th, the day on which the clock changes
    with tenancy.scope(house):
        anna = create_user(email="anna@audit.example", name='=HYPERLINK("x")', password=PASSWORD, role="user")
        with connection.cursor() as cursor:
            for number in range(120):
                details: dict[str, ledger.JSON] = {"user": str(anna.id), "number": number}
                when = at + timedelta(minutes=number)
                ledger.record(cursor, kind="recording.noted", clause="T-1", details=details, at=when)
    here = "/c/audit-house/audit/"
    keeper.cookies["parley_zone"] = "Europe/Rome"
    days = {"person": str(anna.id), "since": "2026-03-29", "until": "2026-03-29"}
    entries, address = [], f"{here}?{urlencode(days)}"
    while address:
        page = keeper.get(address).content.decode()
        entries += re.findall(r'href="/c/audit-house/audit/([0-9a-f-]{36})/"', page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older[1].replace("&amp;", "&") if older else ""
    assert len(entries) == len(set(entries)) == 120
    assert f'value="{anna.id}" selected' in page and 'value="2026-03-29"' in page
    for asked in (
        {"until": "2026-03-28"},
        {"kind": "recording.played"},
        {"since": "2026-03-30", "until": "2026-04-30"},
    ):
        assert b"No entry matches these filters." in keeper.get(here, days | {"since": ""} | asked).content
    for wrong in ({"since": "yesterday"}, {"person": "anna"}, {"until": "9999-12-31"}, {"since": "2026-03-30"}):
        assert b"Nothing was searched" in keeper.get(here, days | wrong).content
        assert keeper.get(here + "trail.csv", days | wrong).status_code == 400
    answer = keeper.get(here + "trail.csv", days)
    lines = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert [line["entry"] for line in lines] == entries
    assert lines[0]["who"] == """'=HYPERLINK("x")""" and lines[0]["account"] == str(anna.id)
    assert [json.loads(line["details"])["number"] for line in lines] == list(range(119, -1, -1))
    assert (lines[-1]["at"], lines[-1]["kind"]) == ("2026-03-28T23:30:00.000+00:00", "recording.noted")
    with tenancy.scope(house), connection.cursor() as cursor:
        (noted,) = ledger.entries(cursor, kinds=["trail.listed"])
    assert noted.details is not None and noted.details["asked"] == urlencode({"person": str(anna.id), **days})
    assert signed_in("/c/audit-house/", "anna@audit.example").get(here + "trail.csv").status_code == 403


def test_a_csv_ends_where_it_is_said_to(
    house: tenancy.Customer, keeper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "CSV_ROWS", 5)
    monkeypatch.setattr(evidence, "_CSV_PAGE", 2)
    answer = keeper.get("/c/audit-house/audit/trail.csv")
    assert len(list(csv.DictReader(io.StringIO(answer.getvalue().decode())))) == 5
