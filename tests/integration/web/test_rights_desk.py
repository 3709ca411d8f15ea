"""The desk: every deed through the page, roles, foreign ids, the forms' mistakes; the provider's own console."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.test import Client
from tests.support.installation import MakeCustomer

from parley.obligations.api import run_due
from parley.people.api import User, create_user
from parley.project.wiring import job_handlers, long_handlers
from parley.rights import api as rights
from parley.tenancy import api as tenancy

PASSWORD = "a sentence that nobody guesses 9"
EMAIL, NUMBER = "maria@quillfeather.example", "+390584123456"


@pytest.fixture(autouse=True)
def unblocked(cluster: Path, django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="module")
def office(make_customer: MakeCustomer, django_db_blocker: object) -> tenancy.Customer:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        made = make_customer(handle="desk-one")
        with tenancy.scope(made):
            create_user(email="keeper@desk.example", name="Keeper", password=PASSWORD, role="compliance")
            create_user(email="user@desk.example", name="User", password=PASSWORD, role="user", numbers=["+390584999"])
        return made


def signed(customer: tenancy.Customer, email: str = "keeper@desk.example") -> Client:
    client = Client(HTTP_HOST="127.0.0.1")
    answer = client.post(f"/c/{customer.handle}/sign-in", {"email": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


def asked(customer: tenancy.Customer, *kinds: str, days: int = 0, **more: object) -> UUID:
    at = datetime.now(UTC) - timedelta(days=days)
    given = {"email": EMAIL, "number": NUMBER, "name": "Maria Quillfeather", "text": "Please."}
    with tenancy.scope(customer):
        return rights.receive(channel="portal", kinds=kinds, received_at=at, at=at, **{**given, **more}).id  # type: ignore[arg-type]


def view(customer: tenancy.Customer, request_id: UUID) -> rights.RequestView:
    with tenancy.scope(customer):
        return rights.request(request_id, at=datetime.now(UTC))


class Page:
    """A request's page, and its deeds."""

    def __init__(self, customer: tenancy.Customer, request_id: UUID) -> None:
        self.customer, self.id, self.client = customer, request_id, signed(customer)
        self.address = f"/c/{customer.handle}/rights/{request_id}/"

    def text(self) -> str:
        answer = self.client.get(self.address)
        assert answer.status_code == 200, answer.content
        return answer.content.decode()

    def do(self, deed: str, status: int = 302, **fields: object) -> str:
        answer = self.client.post(self.address, {"deed": deed, **fields})
        assert answer.status_code == status, answer.content.decode()
        return answer.content.decode()


def work(customer: tenancy.Customer) -> None:
    for handlers in (job_handlers(), long_handlers()):
        assert run_due(customer, handlers=handlers, now=datetime.now(UTC)).failed == 0


def test_an_empty_desk_says_how_requests_come(make_customer: MakeCustomer) -> None:
    fresh = make_customer()
    with tenancy.scope(fresh):
        create_user(email="keeper@desk.example", name="Keeper", password=PASSWORD, role="administrator")
    page = signed(fresh).get(f"/c/{fresh.handle}/rights/").content.decode()
    assert "Nobody has asked yet" in page and f"/rights/{fresh.handle}/" in page


def test_the_board_and_the_list_show_what_is_due(office: tenancy.Customer) -> None:
    late, fresh = asked(office, "access", days=45), asked(office, "erasure")
    client = signed(office)
    page = client.get("/c/desk-one/rights/").content.decode()
    assert str(late) in page and str(fresh) in page and "Maria" not in page
    overdue = client.get("/c/desk-one/rights/?column=overdue").content.decode()
    assert str(late) in overdue and str(fresh) not in overdue
    assert str(fresh) in client.get("/c/desk-one/rights/?view=list&kind=erasure").content.decode()
    by_address = client.get("/c/desk-one/rights/", {"view": "list", "find": EMAIL}).content.decode()
    assert str(late) in by_address
    tag = view(office, late).line.tag
    assert str(late) in client.get("/c/desk-one/rights/", {"view": "list", "find": tag.lower()}).content.decode()
    assert "No request matches" in client.get("/c/desk-one/rights/?view=list&find=nobody@x.example").content.decode()
    assert client.get("/c/desk-one/rights/?column=nonsense&kind=%00").status_code == 200
    assert "request of a person: overdue" in client.get("/c/desk-one/").content.decode()


def test_what_came_by_telephone_is_entered(office: tenancy.Customer) -> None:
    client, now = signed(office), datetime.now(UTC)
    form = {"channel": "telephone", "day": f"{now:%Y-%m-%d}", "clock": "00:00", "kind": ["access", "marketing"],
            "number": NUMBER, "name": "Maria", "text": "called"}  # fmt: skip
    answer = client.post("/c/desk-one/rights/enter", form)
    assert answer.status_code == 302, answer.content
    found = view(office, UUID(answer["Location"].split("/")[-2]))
    assert found.line.channel == "telephone" and set(found.line.kinds) == {"access", "objection"}
    wrong = client.post("/c/desk-one/rights/enter", {**form, "kind": [], "day": "2999-01-01"})
    assert wrong.status_code == 400 and b"future" in wrong.content and b"at least one" in wrong.content


def test_access_from_receipt_to_answer(office: tenancy.Customer) -> None:
    page = Page(office, asked(office, "access"))
    assert "The identity is verified" in page.text() and "Maria Quillfeather" in page.text()
    assert "This is needed" in page.do("verify", 400, means="document-seen", covers=["email"])
    code = re.search(r'code-big">(\d{6})<', page.do("read-out", 200))
    assert code
    page.do("verify", means="call-back", covers=["email", "number"])
    if "authorise" in view(office, page.id).possible:
        page.do("authorise")
    page.do("look")
    text = page.text()
    assert "What is held" in text and re.search(r"Package \d+ records? from", text)
    assert "is not done" in page.do("answer", 409, text="Here.")
    page.do("fulfil")
    assert "The package is being made" in page.text()
    progress = page.client.get(page.address + "progress")
    assert progress.status_code == 200 and "every 2s" in progress.content.decode()
    work(office)
    assert page.client.get(page.address + "progress")["HX-Refresh"] == "true"
    page.do("answer", text="Your data waits for you.")
    assert view(office, page.id).state == "answered"
    assert "Send this answer" not in page.text()


def test_identity_extension_note_and_refusal(office: tenancy.Customer) -> None:
    page = Page(office, asked(office, "access"))
    page.do("ask-identity", what="A call back.", why="The address is new.")
    assert "Standing still since" in page.text()
    page.do("extend", 409, reasons="many")  # the clock stands still
    page.do("verify", means="call-back", covers=["number"])
    assert "This is needed" in page.do("extend", 400, reasons="")
    page.do("extend", reasons="There are many.")
    assert view(office, page.id).extended_at is not None
    page.do("extend", 409, reasons="again")
    page.do("note", text="Spoke with the team.")
    assert "Spoke with the team." in page.text()
    assert "Choose one" in page.do("refuse", 400, reasons="No.")
    page.do("refuse", 400, ground="accurate", reasons="No.")  # not a ground of refusing access
    page.do("refuse", ground="excessive", reasons="It was answered last week.")
    assert view(office, page.id).state == "refused"


def test_what_is_not_clear_is_sorted_and_what_is_taken_back_closes(office: tenancy.Customer) -> None:
    page = Page(office, asked(office, "unclear"))
    assert "What does the person ask for?" in page.text()
    assert page.client.post(page.address, {"deed": "sort"}).status_code == 400
    page.do("sort", kinds=["rectification", "objection"])
    assert set(view(office, page.id).line.kinds) == {"rectification", "objection"}
    page.do("withdraw")
    assert view(office, page.id).state == "withdrawn"
    page.do("withdraw", 409)
    page.do("nonsense", 400)


def test_roles_foreign_ids_and_stores_that_are_none(office: tenancy.Customer, make_customer: MakeCustomer) -> None:
    mine = asked(office, "access")
    user = signed(office, "user@desk.example")
    for address in ("rights/", "rights/enter", f"rights/{mine}/", f"rights/{mine}/progress"):
        assert user.get(f"/c/desk-one/{address}").status_code == 403
    assert user.post(f"/c/desk-one/rights/{mine}/", {"deed": "note", "text": "x"}).status_code == 403
    assert b'href="/c/desk-one/rights/"' not in user.get("/c/desk-one/").content
    other = make_customer()
    with tenancy.scope(other):
        create_user(email="keeper@desk.example", name="Keeper", password=PASSWORD, role="compliance")
    elsewhere = signed(other)
    assert elsewhere.get(f"/c/{other.handle}/rights/{mine}/").status_code == 404
    assert elsewhere.post(f"/c/{other.handle}/rights/{mine}/", {"deed": "note", "text": "x"}).status_code == 404
    assert elsewhere.get(f"/c/{other.handle}/rights/{uuid4()}/found/contacts/").status_code == 404
    assert signed(office).get(f"/c/desk-one/rights/{mine}/found/nonsense/").status_code == 404


def test_deeds_need_the_token_of_a_page(office: tenancy.Customer) -> None:
    mine = asked(office, "access")
    strict = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    strict.cookies = signed(office).cookies
    assert strict.post(f"/c/desk-one/rights/{mine}/", {"deed": "withdraw"}).status_code == 403
    assert view(office, mine).state != "withdrawn"


def test_the_provider_has_its_own_desk_and_sees_only_counts_of_others(office: tenancy.Customer) -> None:
    asked(office, "access")
    provider = tenancy.provider()
    with tenancy.scope(provider):
        if not User.objects.filter(email="olga@provider.example").exists():
            create_user(email="olga@provider.example", name="Olga", password=PASSWORD, role="operator")
    own = asked(provider, "access", email="visitor@quillfeather.example")
    client = Client(HTTP_HOST="127.0.0.1")
    client.post("/provider/sign-in", {"email": "olga@provider.example", "password": PASSWORD})
    assert "Rights" in client.get("/provider/rights/").content.decode()
    newest = client.get("/provider/rights/?view=list").content.decode()  # the board shows the most urgent alone
    assert str(own) in newest
    assert "visitor@quillfeather.example" in client.get(f"/provider/rights/{own}/").content.decode()
    counts = client.get("/provider/rights/customers/").content.decode()
    assert office.name in counts and "quillfeather" not in counts and "R-" not in counts.split("<main")[1]
    answer = client.post(f"/provider/rights/{own}/", {"deed": "verify", "means": "call-back", "covers": ["email"]})
    assert answer.status_code == 302, answer.content
    assert client.post(f"/provider/rights/{own}/", {"deed": "look"}).status_code == 302


def test_decisions_choices_and_an_erasure(office: tenancy.Customer) -> None:
    page = Page(office, asked(office, "erasure", "automated-decision", "minor", email="nobody@quillfeather.example"))
    page.do("verify", means="known-to-controller", covers=["email", "number"])
    if "authorise" in view(office, page.id).possible:
        page.do("authorise")
    page.do("look")
    records = page.client.get(page.address + "found/rights/").content.decode()
    ticked = re.findall(r'name="record" value="([^"]+)"', records)
    assert ticked and "Apply to the ticked records" in records
    answer = page.client.post(
        page.address,
        {"deed": "choose", "store": "rights", "record": ticked, "why": "not-this-person", "back": "rights"},
    )
    assert answer.status_code == 302 and answer["Location"].endswith("/found/rights/")
    assert "Tick the records first" in page.do("choose", 400, store="rights", why="")
    page.do("choose", 400, store="nonsense", record=ticked, why="")
    assert "Choose one" in page.do("decide", 400, kind="minor", granted="no", words="No.")
    page.do("decide", kind="minor", granted="yes", words="The birth certificate was seen.")
    page.do("review", 400, outcome="")
    page.do("review", outcome="It was decided again, by a person.")
    page.do("transmit", 409, to="other@controller.example")
    page.do("lift", 400, why="")
    assert re.search(r"Erase \d+ record|Nothing is held", page.text())
    page.do("fulfil")
    page.do("answer", text="It is done.")
    assert view(office, page.id).state == "answered"
    work(office)
