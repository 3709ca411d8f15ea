"""The pages of retention and holds over HTTP: rules with their preview, holds, deletion by hand, what rests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from tests.support.spooled import CALLER, Spooler, call

from parley.inventory.api import Held
from parley.people.api import User, create_user
from parley.recordings.api import finalize, installed_store
from parley.recordings.models import Recording
from parley.retention import api as retention
from parley.tenancy import api as tenancy

PASSWORD = "a sentence that nobody guesses 9"
HOME = "/c/retention-house/"
RULE = HOME + "retention/recordings/recording/"
Recorded = Callable[[int], UUID]


@pytest.fixture(scope="module")
def house(make_customer, django_db_blocker):  # type: ignore[no-untyped-def]
    with django_db_blocker.unblock():
        customer = make_customer(handle="retention-house", agreement="imagicle-dpa")
        with tenancy.scope(customer):
            create_user(email="keeper@retention.example", name="Keeper", password=PASSWORD, role="compliance")
            create_user(
                email="una@retention.example", name="Una", password=PASSWORD, role="user", numbers=[CALLER.number]
            )
        return customer


@pytest.fixture(autouse=True)
def scoped(house):  # type: ignore[no-untyped-def]
    with tenancy.scope(house):
        yield


@pytest.fixture
def keeper(house) -> Client:  # type: ignore[no-untyped-def]
    return signed_in("keeper@retention.example")


def signed_in(email: str) -> Client:
    client = Client(HTTP_HOST="127.0.0.1")
    assert client.post(HOME + "sign-in", {"email": email, "password": PASSWORD}).status_code == 302
    return client


@pytest.fixture(scope="module")
def spooler(house, tmp_path_factory):  # type: ignore[no-untyped-def]
    return Spooler(tmp_path_factory.mktemp("spool"), house)


@pytest.fixture
def recorded(spooler):  # type: ignore[no-untyped-def]
    """A recording of so many days ago, from Una's number."""

    def make(days: int) -> UUID:
        at = datetime.now(UTC) - timedelta(days=days)
        return finalize(spooler.close(at=at, parts=[call(0.1)]), store=installed_store(), now=datetime.now(UTC))

    return make


def page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_a_rule_is_saved_only_with_the_number_that_was_shown(keeper: Client, recorded: Recorded) -> None:
    recorded(1000), recorded(1001)
    shown = page(keeper, RULE + "?amount=2&unit=years")
    assert "2 recordings would be deleted." in shown
    assert "Keep 2 years and delete 2 recordings" in shown
    wrong = keeper.post(RULE, {"amount": "2", "unit": "years", "count": "1"}).content.decode()
    assert "The number has changed since you looked." in wrong
    assert retention.rule("recordings", "recording").keep is None
    assert keeper.post(RULE, {"amount": "2", "unit": "years", "count": "2"}).status_code == 302
    assert str(retention.rule("recordings", "recording").keep) == "2 years"
    assert "Kept: 2 years." in page(keeper, RULE)
    assert "Keeper" in page(keeper, HOME + "retention/")


def test_a_time_beyond_the_calendar_is_told(keeper: Client) -> None:
    answer = keeper.get(RULE, {"amount": "99999", "unit": "years"})
    assert (answer.status_code, b"500 years at most." in answer.content) == (400, True)


@pytest.mark.parametrize("amount", ["0", "-1", "x", "", "999999999999", "1.5"])
def test_a_time_that_is_none_is_told(keeper: Client, amount: str) -> None:
    answer = keeper.get(RULE, {"amount": amount, "unit": "days"})
    assert answer.status_code == 400
    assert "A number from 1 to 99,999." in answer.content.decode()


def test_a_declared_law_stands_beside_the_rule(keeper: Client) -> None:
    assert keeper.post(HOME + "retention/", {"deed": "declare", "law": "finra-3170"}).status_code == 302
    shown = page(keeper, RULE + "?amount=2&unit=years")
    assert "FINRA Rule 3170 demands at least 3 years." in shown
    assert "delete" not in keeper.post(RULE, {"amount": "2", "unit": "years", "count": "0"})["Content-Type"]
    assert keeper.post(HOME + "retention/", {"deed": "withdraw", "law": "finra-3170"}).status_code == 302
    assert keeper.post(HOME + "retention/", {"deed": "declare", "law": "preservation-order"}).status_code == 404


def test_a_record_is_deleted_by_hand_with_evidence(keeper: Client, recorded: Recorded) -> None:
    mine = recorded(3)
    address = f"{HOME}retention/delete/recordings/{mine}/"
    assert "It cannot be brought back." in page(keeper, address)
    assert Recording.objects.filter(id=mine).exists()
    assert "1 record and" in keeper.post(address).content.decode()
    assert not Recording.objects.filter(id=mine).exists()
    assert keeper.get(address).status_code == 404


def test_a_held_recording_is_not_played_and_its_ground_is_for_oversight(keeper: Client, recorded: Recorded) -> None:
    mine = recorded(3)
    when = {"day": (datetime.now(UTC) + timedelta(days=30)).date().isoformat()}
    owner = str(User.objects.get(email="keeper@retention.example").id)
    filled = {
        "title": "Dispute", "ground": "Secret ground 4711", "scope": "records", "owner": owner,
        "records": f"http://x{HOME}recordings/{mine}/", "review": when["day"],
    }  # fmt: skip
    made = keeper.post(HOME + "holds/new", filled)
    assert made.status_code == 302, made.content
    assert "Secret ground 4711" in page(keeper, HOME + f"recordings/{mine}/")
    una = signed_in("una@retention.example")
    seen = page(una, HOME + f"recordings/{mine}/")
    assert "A hold keeps it as it is." in seen
    assert "Secret ground" not in seen
    refused = una.get(HOME + f"api/v1/recordings/{mine}/parts/000.age")
    assert refused.status_code == 403
    assert refused.json()["error_id"] == "retention.use-restricted"
    for address in ("holds/", "holds/new", "retention/", made["Location"].removeprefix(HOME)):
        assert una.get(HOME + address).status_code == 403
    by_hand = keeper.post(f"{HOME}retention/delete/recordings/{mine}/")
    assert by_hand.status_code == 409
    assert Recording.objects.filter(id=mine).exists()
    looked = keeper.post(f"{HOME}holds/look/recordings/{mine}/", {"reason": "the court asks"})
    assert looked.status_code == 302
    assert keeper.get(HOME + f"api/v1/recordings/{mine}/parts/000.age").status_code != 403
    assert keeper.post(made["Location"], {"deed": "lift", "reason": ""}).status_code == 400
    assert keeper.post(made["Location"], {"deed": "lift", "reason": "settled"}).status_code == 302
    assert "settled" in page(keeper, HOME + "holds/")


def test_a_hold_that_says_too_little_is_told_so(keeper: Client) -> None:
    wrong = keeper.post(HOME + "holds/new", {"scope": "subject", "person": "nobody", "review": "2020-01-01"})
    assert wrong.status_code == 400
    shown = wrong.content.decode()
    assert "Numbers are written +39" in shown
    assert "A day to come." in shown


def test_a_restricted_recording_says_so(keeper: Client, recorded: Recorded) -> None:
    at = datetime.now(UTC) - timedelta(days=2)
    mine = Held(store="recordings", kind="recording", id=recorded(2), at=at)
    retention.restrict([mine], reference="R-9", ground="Art. 18(1)(a)", at=at, by=uuid4())
    assert "A person asked that it be stored and not used" in page(keeper, HOME + f"recordings/{mine.id}/")
    assert "use restricted" in page(keeper, HOME + "recordings/")
