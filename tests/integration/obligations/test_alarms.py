"""A duty that comes nearer or is missed is told by e-mail, once; a worker that is busy sees it all the same."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event as Stop
from threading import Thread

import pytest
from django.db import transaction
from tests.support.installation import tenancy
from tests.support.peers import wait_for
from tests.support.smtp_sink import sink

from parley.agreement.api import Event, load
from parley.daemons.worker import Watch, run
from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.people.api import create_user
from parley.storage.api import open_store

pytestmark = pytest.mark.usefixtures("unblocked")
NOTIFY = "incident-known:a1:notify"


@pytest.fixture
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture
def operator(cluster: Path) -> str:
    address = f"ops-{time.monotonic_ns()}@provider.example"
    with tenancy.scope(tenancy.provider()):
        create_user(email=address, name="Olga", password="a long enough pass phrase", role="operator")
    return address


def incident(at: datetime) -> None:
    with transaction.atomic():
        obligations.open_duties(load("imagicle-dpa"), Event(kind="incident-known", id="a1", at=at), zone="UTC")


def letters(word: str) -> list[mail.MessageView]:
    return [
        one
        for one in mail.messages(purpose="duty-alarm", limit=100_000)
        if one.subject.startswith(word) and "breach" in one.clause
    ]


def test_both_sides_are_told_of_a_missed_duty_and_the_owner_before(customer: tenancy.Customer, operator: str) -> None:
    start = datetime.now(UTC)
    contract.set_notice_addresses(["privacy@customer.example"], by="u1", at=start)
    incident(start)
    handlers = obligations.handlers()
    obligations.run_due(customer, handlers=handlers, now=start + timedelta(hours=25))
    warned = letters("Due soon")
    assert warned
    assert all(operator in [to.address for to in one.recipients] for one in warned)
    assert not letters("Overdue")
    for minutes in (0, 1):
        obligations.run_due(customer, handlers=handlers, now=start + timedelta(hours=48, minutes=minutes))
    told = letters("Overdue")
    addresses = sorted(to.address for one in told for to in one.recipients)
    assert addresses.count("privacy@customer.example") == 1
    assert addresses.count(operator) == 1
    text = mail.content(told[0].id).text
    assert "IM-3f.breach" in text
    assert "Due:" in text


def test_the_watch_finds_an_overdue_duty_although_its_wake_is_asleep(customer: tenancy.Customer) -> None:
    incident(datetime.now(UTC) - timedelta(hours=50))
    tenancy.rest(customer.id, "jobs", seen=datetime.now(UTC), due=datetime.now(UTC) + timedelta(minutes=1))
    assert Watch(obligations.handlers()).turn(now=datetime.now(UTC), clock=0.0) >= 1
    with tenancy.scope(customer):
        found = obligations.duty(NOTIFY)
    assert found is not None
    assert found.breached_at is not None


@pytest.mark.alone
def test_an_overdue_duty_is_breached_within_five_seconds_beside_a_worker_that_renders(
    customer: tenancy.Customer, tmp_path: Path
) -> None:
    """The worker's other thread is kept busy by work that takes long."""
    began, stop = Stop(), Stop()

    def slow(_work: obligations.Work) -> None:
        began.set()
        stop.wait(20)

    obligations.enqueue(kind="test.slow", key="slow", due=datetime.now(UTC), payload={})
    work = partial(
        run,
        spool=tmp_path / "spool",
        scratch=tmp_path / "scratch",
        store=open_store(tmp_path.as_uri()),
        stop=stop,
        further={**obligations.handlers(), "test.slow": slow},
    )
    worker = Thread(target=work)
    worker.start()
    try:
        assert began.wait(20)
        due = datetime.now(UTC) + timedelta(seconds=2)
        incident(due - timedelta(hours=48))

        def breached() -> bool:
            found = obligations.duty(NOTIFY)
            return found is not None and found.breached_at is not None

        wait_for("the duty is breached", breached, seconds=60)
        assert datetime.now(UTC) - due < timedelta(seconds=5)
        assert any(line.duty.key == NOTIFY for line in obligations.calendar(customer=customer.id, states=["late"]))
    finally:
        stop.set()
        worker.join()


@pytest.mark.alone
def test_an_overdue_duty_is_on_the_console_and_in_the_mail_within_five_seconds(
    customer: tenancy.Customer, operator: str, tmp_path: Path
) -> None:
    """A real worker and a real mail server; the clock is the wall's."""
    stop = Stop()
    contract.set_notice_addresses(["privacy@customer.example"], by="u1", at=datetime.now(UTC))
    with sink(tmp_path / "keys") as server:
        handlers = {**obligations.handlers(), mail.SEND: server.courier().attempt}
        work = partial(
            run, spool=tmp_path / "spool", scratch=tmp_path / "scratch", store=open_store(tmp_path.as_uri()),
            stop=stop, further=handlers,
        )  # fmt: skip
        worker = Thread(target=work)
        worker.start()
        try:
            due = datetime.now(UTC) + timedelta(seconds=4)
            incident(due - timedelta(hours=48))

            def told() -> bool:
                letters = [*server.to(operator), *server.to("privacy@customer.example")]
                return sum("Overdue" in str(one.message["Subject"]) for one in letters) == 2

            wait_for("both sides were told", told, seconds=20)
            assert datetime.now(UTC) - due < timedelta(seconds=5)
            assert obligations.duty_count(states=["late"], at=datetime.now(UTC)) == 1
            assert [line.duty.key for line in obligations.calendar(customer=customer.id, states=["late"])] == [NOTIFY]
            overdue = next(one for one in server.to(operator) if "Overdue" in str(one.message["Subject"]))
            assert server.signed(overdue)
            assert f"customer={customer.handle}" in overdue.text
        finally:
            stop.set()
            worker.join()
