"""The calendars in both consoles: filters, pages, tables to take along, and the deeds that people may do."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from tests.support.installation import MakeCustomer, tenancy

from parley.agreement.api import Event
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.people.api import create_user

PASSWORD = "a sentence that nobody guesses 9"


@pytest.fixture(scope="module")
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="module")
def customer(make_customer: MakeCustomer, unblocked: None) -> tenancy.Customer:
    """One duty late, one met late, one due; 60 more by audits."""
    now = datetime.now(UTC)
    made = make_customer()
    with tenancy.scope(made):
        create_user(email="keeper@pages.example", name="Keeper", password=PASSWORD, role="compliance")
        create_user(email="user@pages.example", name="User", password=PASSWORD, role="user")
        opened("incident-known", "p1", now - timedelta(hours=49))
        opened("incident-known", "p2", now - timedelta(hours=50))
        obligations.meet("incident-known:p2:notify", at=now, by="incidents")
        for number in range(60):
            opened("audit-requested", f"a{number}", now, facts={"cause": "none"})
        obligations.run_due(made, handlers=obligations.handlers(), now=now)
    return made


def opened(kind: str, name: str, at: datetime, facts: dict[str, str] | None = None) -> None:
    event = Event(kind=kind, id=name, at=at, facts=facts or {})  # type: ignore[arg-type]
    with transaction.atomic():
        obligations.open_duties(contract.binding().agreement, event, zone="Europe/Rome", subject="=of p")


def signed_in(home: str, email: str) -> Client:
    client = Client(HTTP_HOST="127.0.0.1")
    assert client.post(home + "sign-in", {"email": email, "password": PASSWORD}).status_code == 302
    return client


@pytest.fixture
def keeper(customer: tenancy.Customer) -> Client:
    return signed_in(f"/c/{customer.handle}/", "keeper@pages.example")


@pytest.fixture(scope="module")
def operator(unblocked: None, cluster: object) -> Client:
    with tenancy.scope(tenancy.provider()):
        create_user(email="ops@pages.example", name="Olga", password=PASSWORD, role="operator")
    return signed_in("/provider/", "ops@pages.example")


def duty(customer: tenancy.Customer, key: str) -> obligations.DutyView:
    with tenancy.scope(customer):
        found = obligations.duty(key)
    assert found is not None
    return found


def rows(page: str) -> int:
    return page.count('class="row"')


def test_what_is_late_stands_first_and_pages_follow(customer: tenancy.Customer, keeper: Client) -> None:
    home = f"/c/{customer.handle}/obligations/"
    page = keeper.get(home).content.decode()
    assert "1 duty is late" in page
    assert page.index('class="overdue"') < page.index("Answer")
    assert rows(page) == 50
    link = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    following = keeper.get(link).content.decode()
    assert 0 < rows(following) <= 50
    assert keeper.get(home + "?state=late").content.decode().count('class="overdue"') == 1
    assert "met late" in keeper.get(home + "?state=met").content.decode()
    assert "There is no such state." in keeper.get(home + "?state=lost").content.decode()
    assert keeper.get(home + "?after=nowhere").status_code in {400, 404, 422}


def test_a_table_holds_every_line_and_no_formula(customer: tenancy.Customer, keeper: Client, operator: Client) -> None:
    for client, address, column in (
        (keeper, f"/c/{customer.handle}/obligations/table.csv?clause=IM-3f.breach&state=all", 0),
        (operator, f"/provider/calendar/table.csv?customer={customer.handle}&clause=IM-3f.breach&state=all", 1),
    ):
        answer = client.get(address)
        assert answer["Content-Type"].startswith("text/csv")
        lines = list(csv.reader(io.StringIO(answer.content.decode())))
        assert len(lines) == 1 + 6
        assert lines[0][column] == "due"
        assert {line[column + 4] for line in lines[1:]} == {"'=of p"}
        assert sum(line[column + 2] == "yes" for line in lines[1:]) == 2


def test_the_provider_sees_all_customers_and_chooses_one(customer: tenancy.Customer, operator: Client) -> None:
    page = operator.get(f"/provider/calendar/?customer={customer.handle}&state=late").content.decode()
    assert "1 duty is late" in page
    assert rows(page) == 1
    assert operator.get("/provider/calendar/").status_code == 200
    assert "nobody?" in operator.get("/provider/calendar/?customer=nobody").content.decode()


def test_a_deed_of_the_staff_is_written_down_and_late(customer: tenancy.Customer, operator: Client) -> None:
    late = duty(customer, "incident-known:p1:notify")
    address = f"/provider/calendar/{customer.handle}/{late.id}/"
    assert operator.post(address, {"deed": "met", "how": " "}).status_code == 422
    assert duty(customer, late.key).state == "breached"
    assert operator.post(address, {"deed": "met", "how": "Told by telephone, see the minutes."}).status_code == 302
    met = duty(customer, late.key)
    assert (met.state, met.late, met.reason) == ("met", True, "Told by telephone, see the minutes.")
    assert operator.post(address, {"deed": "met", "how": "again"}).status_code == 404


def test_only_the_protected_party_waives(customer: tenancy.Customer, keeper: Client, operator: Client) -> None:
    answer = duty(customer, "audit-requested:a1:answer-request")
    theirs = operator.post(f"/provider/calendar/{customer.handle}/{answer.id}/", {"deed": "waive", "reason": "no time"})
    assert theirs.status_code == 422
    own = f"/c/{customer.handle}/obligations/{answer.id}/"
    assert keeper.post(own, {"deed": "waive", "reason": ""}).status_code == 422
    assert keeper.post(own, {"deed": "met"}).status_code == 404  # it is the provider's to do
    assert keeper.post(own, {"deed": "waive", "reason": "Answered by letter."}).status_code == 302
    assert duty(customer, answer.key).state == "waived"


def test_a_user_without_that_right_sees_the_promises_but_no_evidence(customer: tenancy.Customer) -> None:
    home = f"/c/{customer.handle}/"
    user = signed_in(home, "user@pages.example")
    assert user.get(home + "obligations/").status_code == 403
    assert user.get(home + "promises/").status_code == 200
    page = user.get(home + "promises/IM-3f.breach/").content.decode()
    assert "Kept by" in page
    assert "data-verify" not in page
    assert user.get(home + "promises/XX-1.nothing/").status_code == 404


def test_a_row_asks_for_its_own_content_alone(customer: tenancy.Customer, keeper: Client) -> None:
    part = keeper.get(f"/c/{customer.handle}/promises/IM-3f.breach/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 0 < part.count("data-verify") <= 10


def test_several_agreements_show_which_won_and_why(make_customer: MakeCustomer, unblocked: None) -> None:
    made = make_customer(agreement=("imagicle-dpa", "ucx-terms"))
    with tenancy.scope(made):
        create_user(email="keeper@both.example", name="Keeper", password=PASSWORD, role="compliance")
        wins = contract.binding().wins
    home = f"/c/{made.handle}/"
    keeper = signed_in(home, "keeper@both.example")
    page = keeper.get(home + "promises/").content.decode()
    assert "Where your agreements differ" in page
    assert wins
    assert wins[0].clause in page
    assert "Which agreement won" in keeper.get(f"{home}promises/{wins[0].clause}/").content.decode()
