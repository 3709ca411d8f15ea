"""Break-glass access: nobody by default, asked, consented, live, over by itself, ended at once, and all of it kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.support.installation import MakeCustomer
from tests.support.left_evidence import trail

from parley.governance.access import api as access
from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

STAFF, ADMIN = uuid4(), uuid4()
REASON = "A call of this morning does not play; look at its state."


def now() -> datetime:
    return datetime.now(UTC)


def open_customer(make_customer: MakeCustomer, agreement: str, **more: object) -> tenancy.Customer:
    administrator = tenancy.NewUser(email="anna@example.org", name="Anna", password="seven-quiet-lanterns")
    return make_customer(agreement=agreement, administrator=administrator, **more)


@pytest.fixture
def kavkom(make_customer: MakeCustomer) -> Iterator[tenancy.Customer]:
    """Its agreement asks for consent."""
    with tenancy.scope(open_customer(make_customer, "kavkom-dpa")) as customer:
        yield customer


@pytest.fixture
def imagicle(make_customer: MakeCustomer) -> Iterator[tenancy.Customer]:
    """Its agreement instructs support access."""
    with tenancy.scope(open_customer(make_customer, "imagicle-dpa")) as customer:
        yield customer


def ask(*, at: datetime, minutes: int = 60, staff: UUID = STAFF) -> access.AccessView:
    return access.ask_access(
        staff_id=staff, staff_name="Olga Op", offering="call-recording", reason=REASON, case="C-4711",
        minutes=minutes, at=at,
    )  # fmt: skip


def gate(at: datetime, staff: UUID = STAFF) -> tuple[bool, str]:
    decision = contract.ask(access.SUPPORT_ACCESS, at=at, person=str(staff))
    return decision.allowed, decision.clause


def kinds() -> list[str]:
    return [one.kind for one in reversed(trail()) if one.kind.startswith("staff-access")]


def run(customer: tenancy.Customer, *, at: datetime) -> None:
    obligations.run_due(customer, handlers=access.handlers(), now=at)


def test_nobody_has_access_by_default(kavkom: tenancy.Customer) -> None:
    assert gate(now()) == (False, "KV-2.instructions")
    with pytest.raises(access.AccessRefused) as refusal:
        access.look(staff_id=STAFF, what="recordings", at=now())
    assert refusal.value.clause == "KV-2.instructions"


def test_with_consent_from_asking_to_the_end(kavkom: tenancy.Customer) -> None:
    at = now()
    asked = ask(at=at)
    assert (asked.state, asked.consent_needed) == ("asked", True)
    assert not gate(at)[0]
    letters = [message.subject for message in mail.messages()]
    assert any("C-4711" in subject and "consent" in subject for subject in letters)

    granted = access.consent(asked.id, by=ADMIN, at=at + timedelta(minutes=5))
    assert granted.ends == at + timedelta(minutes=65)
    assert gate(at + timedelta(minutes=6))[0]
    assert not gate(at + timedelta(minutes=6), staff=uuid4())[0]
    assert [one.id for one in access.running(at=at + timedelta(minutes=6))] == [asked.id]

    looked = access.look(staff_id=STAFF, what="recordings", at=at + timedelta(minutes=7))
    assert looked.looks == 1
    ended = access.end(asked.id, by=ADMIN, party="customer", at=at + timedelta(minutes=8))
    assert (ended.state, ended.ended_by) == ("ended", "customer")
    assert not gate(at + timedelta(minutes=8))[0]
    assert tenancy.standing().grants == ()
    steps = ("asked", "granted", "consented", "looked", "ended")
    assert sorted(kinds()) == sorted(f"staff-access.{word}" for word in steps)
    with tenancy.scope(tenancy.provider()):
        seen = kinds()
    assert {"staff-access.asked", "staff-access.granted", "staff-access.looked", "staff-access.ended"} <= set(seen)
    duty = obligations.duty(f"staff-access-granted:{asked.id}:ends")
    assert duty is not None
    assert duty.state == "met"
    assert next(line for line in access.docket(at=now()) if line.id == asked.id).state == "ended"


def test_without_consent_it_begins_at_once_and_ends_by_itself(imagicle: tenancy.Customer) -> None:
    at = now()
    began = ask(at=at, minutes=30)
    assert began.state == "active"
    assert gate(at)[0]
    over = at + timedelta(minutes=30)
    assert gate(over) == (False, "IM-X.staff-access")  # the gate needs no job
    assert access.get(began.id, at=over).state == "ended"
    run(imagicle, at=over)
    assert tenancy.standing().grants == ()
    assert "staff-access.ended" in kinds()
    assert access.get(began.id, at=over).ended_by == "time"
    before = kinds()
    run(imagicle, at=over + timedelta(hours=1))
    assert kinds() == before


def test_a_request_nobody_answers_lapses(kavkom: tenancy.Customer) -> None:
    at = now()
    asked = ask(at=at)
    late = at + timedelta(days=7)
    with pytest.raises(access.WrongMoment):
        access.consent(asked.id, by=ADMIN, at=late)
    run(kavkom, at=late)
    assert access.get(asked.id, at=late).state == "lapsed"
    assert kinds()[-1] == "staff-access.lapsed"


def test_refused_stays_refused(kavkom: tenancy.Customer) -> None:
    asked = ask(at=now())
    access.refuse(asked.id, by=ADMIN, at=now())
    with pytest.raises(access.WrongMoment):
        access.consent(asked.id, by=ADMIN, at=now())
    assert not gate(now())[0]


def test_one_open_request_at_a_time_and_no_longer_than_the_agreement(kavkom: tenancy.Customer) -> None:
    with pytest.raises(access.AccessFormError) as refusal:
        ask(at=now(), minutes=8 * 60 + 1)
    assert refusal.value.field == "minutes"
    first = ask(at=now(), minutes=8 * 60)
    with pytest.raises(access.AccessFormError):
        ask(at=now())
    access.withdraw(first.id, staff_id=STAFF, at=now())
    assert ask(at=now()).state == "asked"


def test_what_no_consent_can_open_is_refused_with_its_clause(make_customer: MakeCustomer) -> None:
    with tenancy.scope(open_customer(make_customer, "ixcloud-dpa", custody="customer-held")):
        with pytest.raises(access.AccessRefused) as refusal:
            ask(at=now())
        assert refusal.value.clause == "IX-2.purpose"
        assert access.history(at=now()) == []
    with tenancy.scope(open_customer(make_customer, "kavkom-dpa", custody="customer-held")):
        with pytest.raises(access.AccessRefused) as refusal:
            ask(at=now())
        assert refusal.value.clause == "KV-5.security"


def test_a_crash_after_the_customers_commit_is_healed_by_the_job(
    kavkom: tenancy.Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row says active, but neither the standing nor the provider's list has heard of it."""
    from parley.governance.access import requests

    asked = ask(at=now())
    with monkeypatch.context() as crash:
        crash.setattr(requests, "follow", lambda **_facts: (_ for _ in ()).throw(SystemError("killed")))
        access.consent(asked.id, by=ADMIN, at=now())
    assert not gate(now())[0]
    run(kavkom, at=now())
    assert gate(now())[0]
    assert next(line for line in access.docket(at=now()) if line.id == asked.id).state == "active"


def test_the_log_holds_no_name_and_no_reason(kavkom: tenancy.Customer) -> None:
    access.consent(ask(at=now()).id, by=ADMIN, at=now())
    written = str([one.details for one in trail()])
    assert "Olga" not in written
    assert "does not play" not in written
