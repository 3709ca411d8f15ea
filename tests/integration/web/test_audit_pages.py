"""The deeds of the audit pages over HTTP: forms that are filled in well, badly, or for somebody else."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from parley.governance.audits import api as audits
from parley.people.api import User, create_user
from parley.tenancy import api as tenancy

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
