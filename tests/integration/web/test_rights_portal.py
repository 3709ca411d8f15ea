"""The portal: anybody asks without an account and without a cookie, and learns nothing about who is known."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client
from tests.support.installation import MakeCustomer

from parley.mail.models import Message
from parley.rights import api as rights
from parley.tenancy import api as tenancy
from parley.web.public import rights as portal
from parley.web.public.limits import _COUNTER


@pytest.fixture(autouse=True)
def unblocked(cluster: Path, django_db_blocker: object) -> Iterator[None]:
    for counter in (_COUNTER, portal.REQUESTS.counter, portal.TO_ONE.counter, portal.DEEDS.counter):
        counter.forget()
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="module")
def whose(make_customer: MakeCustomer, django_db_blocker: object) -> tenancy.Customer:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        return make_customer(handle="portal-one")


def client() -> Client:
    return Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)


def stamp(page: str) -> str:
    found = re.search(r'name="stamp" value="([^"]+)"', page)
    assert found
    return found[1]


def ask(handle: str, **fields: object) -> object:
    browser = client()
    page = browser.get(f"/rights/{handle}/ask/").content.decode()
    given = {"stamp": stamp(page), "right": ["access"], "email": "maria@quillfeather.example", **fields}
    return browser.post(f"/rights/{handle}/ask/", given)


def token_of(answer: object) -> str:
    location = answer["Location"]  # type: ignore[index]
    found = re.search(r"/follow/([^/]+)/", location)
    assert found, location
    return found[1]


def code_sent(customer: tenancy.Customer) -> str:
    with tenancy.scope(customer):
        newest = Message.objects.filter(subject__contains="Your code").order_by("-created_at").first()
        assert newest is not None
        found = re.search(r"\b(\d{6})\b", newest.text)
    assert found
    return found[1]


def test_the_portal_says_who_is_responsible_and_sets_nothing(whose: tenancy.Customer) -> None:
    answer = client().get("/rights/portal-one/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert whose.name in page and tenancy.provider().name in page
    assert "supervisory authority" in page and "<script" not in page
    assert not answer.cookies and answer["Cache-Control"] == "no-store, private"
    assert "noindex" in answer["X-Robots-Tag"]
    assert client().get("/rights/provider/").status_code == 200


def test_an_unknown_handle_is_the_same_404_as_any_address(whose: tenancy.Customer) -> None:
    bodies = set()
    for address in ("/rights/nobody-here/", "/rights/nobody-here/ask/", "/rights/portal-one/follow/wrong-token/"):
        answer = client().get(address)
        assert answer.status_code == 404
        assert b"portal-one" not in answer.content
        bodies.add(answer.content)
    assert len(bodies) == 1


def test_somebody_asks_follows_proves_adds_and_takes_back(whose: tenancy.Customer) -> None:
    answer = ask("portal-one", right=["access", "erasure"], text="You called me on Monday.")
    assert answer.status_code == 303  # type: ignore[attr-defined]
    address = answer["Location"].split("?")[0]  # type: ignore[index]
    browser = client()
    page = browser.get(address + "?received=1").content.decode()
    assert "We have received your request" in page and "Your answer comes by" in page
    assert "maria@quillfeather.example" not in page and "Monday" not in page.split("What happened")[0]
    sent = browser.post(address, {"deed": "send-code", "to": "email"})
    assert sent.status_code == 303 and "sent=mail" in sent["Location"]
    assert "The code: six digits" in browser.get(sent["Location"]).content.decode()
    right = code_sent(whose)
    wrong = browser.post(address, {"deed": "confirm", "code": "000000" if right != "000000" else "111111"})
    assert wrong.status_code == 400 and 'id="e-code"' in wrong.content.decode()
    assert browser.post(address, {"deed": "confirm", "code": f" {right[:3]} {right[3:]}"}).status_code == 303
    assert "You have shown that it is you" in browser.get(address).content.decode()
    assert browser.post(address, {"deed": "add", "text": "It was at noon."}).status_code == 303
    with tenancy.scope(whose):
        view = rights.request(rights.by_follow(token_of(answer)).id, at=datetime.now(UTC))
    assert view.identity == "verified" and any(one.said == "It was at noon." for one in view.story)
    assert browser.post(address, {"deed": "withdraw"}).status_code == 303
    assert "taken back" in browser.get(address).content.decode()


def test_codes_cannot_be_guessed(whose: tenancy.Customer) -> None:
    address = ask("portal-one")["Location"].split("?")[0]  # type: ignore[index]
    browser = client()
    browser.post(address, {"deed": "send-code", "to": "email"})
    right = code_sent(whose)
    said = set()
    for n in range(4):
        answer = browser.post(address, {"deed": "confirm", "code": f"{(int(right) + 1 + n) % 1_000_000:06d}"})
        assert answer.status_code == 400
        said |= set(re.findall(r'id="e-code"[^>]*>([^<]+)<', answer.content.decode()))
    late = browser.post(address, {"deed": "confirm", "code": right})
    assert late.status_code == 400  # the right one, after three tries
    said |= set(re.findall(r'id="e-code"[^>]*>([^<]+)<', late.content.decode()))
    assert len(said) == 1  # wrong and worn out say the same
    sent = [browser.post(address, {"deed": "send-code", "to": "email"}).status_code for _ in range(6)]
    assert sent[:4] == [303] * 4 and sent[4:] == [400] * 2


def test_who_is_known_cannot_be_told(whose: tenancy.Customer) -> None:
    """The same page for somebody whose request is there already and for somebody who never was."""
    ask("portal-one", email="known@quillfeather.example")
    pages = []
    for email in ("known@quillfeather.example", "stranger@quillfeather.example"):
        answer = ask("portal-one", email=email)
        page = client().get(answer["Location"]).content.decode()  # type: ignore[index]
        with tenancy.scope(whose):
            tag = rights.by_follow(token_of(answer)).tag
        pages.append(re.sub(r"\d\d:\d\d", "", page.replace(tag, "TAG").replace(token_of(answer), "TOKEN")))
    assert pages[0] == pages[1]


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(whose: tenancy.Customer) -> None:
    answer = ask("portal-one", right=[], email="no address", text="Please <b>help</b>")
    page = answer.content.decode()  # type: ignore[attr-defined]
    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert 'aria-describedby="h-reach e-email"' in page and 'href="#f-right"' in page
    assert "Please &lt;b&gt;help&lt;/b&gt;" in page and "no address" in page
    nothing = ask("portal-one", email="")
    assert nothing.status_code == 400 and b"answer to" in nothing.content  # type: ignore[attr-defined]


def test_forms_of_other_sites_and_of_programs_are_refused(whose: tenancy.Customer) -> None:
    browser = client()
    page = browser.get("/rights/portal-one/ask/").content.decode()
    given = {"stamp": stamp(page), "right": ["access"], "email": "a@b.example"}
    foreign = browser.post("/rights/portal-one/ask/", given, HTTP_ORIGIN="https://elsewhere.example")
    assert foreign.status_code == 403
    assert browser.post("/rights/portal-one/ask/", given, HTTP_SEC_FETCH_SITE="cross-site").status_code == 403
    without = browser.post("/rights/portal-one/ask/", {**given, "stamp": ""})
    assert without.status_code == 400 and b"Nothing is lost" in without.content
    of_another = stamp(browser.get("/rights/provider/ask/").content.decode())
    assert browser.post("/rights/portal-one/ask/", {**given, "stamp": of_another}).status_code == 400
    trapped = browser.post("/rights/portal-one/ask/", {**given, "website": "https://spam.example"})
    assert trapped.status_code == 400 and b"Leave this field empty" in trapped.content


def test_nobody_floods_the_desk_or_somebody_else(whose: tenancy.Customer) -> None:
    to_one = [ask("portal-one", email="victim@quillfeather.example").status_code for _ in range(5)]  # type: ignore[attr-defined]
    assert to_one == [303, 303, 303, 429, 429]
    many = [ask("portal-one", email=f"x{n}@quillfeather.example").status_code for n in range(12)]  # type: ignore[attr-defined]
    assert 429 in many and many[0] == 303
    answer = ask("portal-one", email="y@quillfeather.example")
    assert answer.status_code == 429 and int(answer["Retry-After"]) > 0  # type: ignore[attr-defined,index]
    assert b"Nothing was lost" in answer.content  # type: ignore[attr-defined]


def test_too_much_is_refused(whose: tenancy.Customer) -> None:
    long = ask("portal-one", text="x" * 10_001)
    assert long.status_code == 400 and b"At most" in long.content  # type: ignore[attr-defined]
    assert client().post("/rights/portal-one/ask/", {"text": "x" * (2 << 20)}).status_code in {400, 413}
    assert client().post("/rights/portal-one/ask/", {"right": "access\x00", "email": "\x00"}).status_code == 400


def test_a_sealed_request_asks_for_the_address_again(make_customer: MakeCustomer) -> None:
    held = make_customer(handle="portal-held", custody="customer-held", agreement="ixcloud-dpa")
    address = ask("portal-held", email="Maria@Quillfeather.example")["Location"].split("?")[0]  # type: ignore[index]
    browser = client()
    assert "So type it again" in browser.get(address).content.decode()
    answers = {
        browser.post(address, {"deed": "send-code", "to": "email", "address": to})["Location"]
        for to in ("other@quillfeather.example", "maria@quillfeather.example")
    }
    assert len(answers) == 1  # the right and the wrong address get the same answer
    with tenancy.scope(held):
        codes = Message.objects.filter(subject__contains="Your code").count()
    assert codes == 1
    assert browser.post(address, {"deed": "confirm", "code": code_sent(held)}).status_code == 303


def test_the_provider_itself_is_asked(whose: tenancy.Customer) -> None:
    answer = ask("provider", email="visitor@quillfeather.example")
    assert answer.status_code == 303  # type: ignore[attr-defined]
    page = client().get(answer["Location"]).content.decode()  # type: ignore[index]
    assert tenancy.provider().name in page
