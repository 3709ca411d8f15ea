"""The drill: one change announced to many customers under the five agreements, with objections and a termination.

Egress is asked at the gate with the time as an argument: for each customer refused until its own window closed, then
open. The expected instants are computed here by hand, not by the code under test.
"""

import calendar
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from tests.support.installation import MakeCustomer
from tests.support.smtp_sink import Sink
from tests.support.subprocessors import OFFICER, STAFF, entry

from parley.governance.contract import api as contract
from parley.governance.subprocessors import api as subprocessors
from parley.governance.subprocessors.models import PlannedChange
from parley.tenancy import api as tenancy

Turn = Callable[..., None]
TICK = timedelta(microseconds=1)
DAYS = timedelta(days=1)
DEED = {"imagino-policy": ("keep-contacts", "contacts")}
AGREEMENTS = ("imagicle-dpa", "kavkom-dpa", "ixcloud-dpa", "imagino-policy", "ucx-terms")

WORKER = """
import sys
from datetime import UTC, datetime
import django
django.setup()
from parley.governance.subprocessors import api as subprocessors
from parley.obligations.api import run_due
from parley.tenancy import api as tenancy
while True:
    run_due(tenancy.provider(), handlers=subprocessors.handlers(), now=datetime.now(UTC))
"""


@dataclass(frozen=True)
class Expected:
    """What the five texts give, worked out here: the last moment to object, and the first moment of egress."""

    closes: datetime
    opens: datetime


def end_of(day: datetime) -> datetime:
    return day.replace(hour=0, minute=0, second=0, microsecond=0) + DAYS


def a_month_after(start: datetime) -> datetime:
    year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
    return start.replace(year=year, month=month, day=min(start.day, calendar.monthrange(year, month)[1]))


def expected(agreement: str, *, received: datetime, updated: datetime, planned: datetime) -> Expected:
    if agreement == "kavkom-dpa":  # KV-3.notice: one month from receipt, and only without an objection
        closes = end_of(a_month_after(received))
        return Expected(closes, max(closes, planned))
    if agreement == "ixcloud-dpa":  # IX-6.notice: 30 days of the list's update, the change 10 days after it
        closes = end_of(updated + 30 * DAYS)
        return Expected(closes, max(closes, updated + 10 * DAYS, planned))
    # IM-3d.notice: 14 days from receipt, the start 30 days after it; the two silent texts take the same, authored
    closes = end_of(received + 14 * DAYS)
    return Expected(closes, max(closes, received + 30 * DAYS, planned))


def allowed(customer: tenancy.Customer, key: str, at: datetime) -> bool:
    deed, offering = DEED.get(customer.agreement, ("record-calls", "call-recording"))
    return contract.ask(deed, at=at, offering=offering, recipient=key).allowed


def drill(make_customer: MakeCustomer, turn: Turn, server: Sink, *, count: int) -> str:
    began = time.monotonic()
    customers = [make_customer(agreement=AGREEMENTS[number % 5]) for number in range(count)]
    for customer in customers:
        with tenancy.scope(customer):
            contract.set_notice_addresses([f"notices@{customer.handle}.example"], by="drill", at=datetime.now(UTC))
    made = time.monotonic()
    updated = datetime.now(UTC)
    planned = updated + 20 * DAYS
    new = entry(offerings=("call-recording", "contacts"), purposes=("record-calls", "keep-contacts"))
    change = subprocessors.announce(new, planned_start=planned, at=updated, by=STAFF)
    assert subprocessors.announcement(change, at=updated).told == 0
    turn(*customers)
    told = time.monotonic()
    progress = subprocessors.announcement(change, at=updated)
    assert progress.told == progress.customers >= count

    objectors = {customers[1].id: "kavkom-dpa", customers[2].id: "ixcloud-dpa", customers[0].id: "imagicle-dpa"}
    received_how: Counter[str] = Counter()
    asked = terminated = 0
    for number, customer in enumerate(customers):
        with tenancy.scope(customer):
            letters = [one for one in server.to(f"notices@{customer.handle}.example") if str(change) in one.text]
            assert len(letters) == 1, customer.handle
            if number % 5 != 2 and number % 2 and customer.id not in objectors:
                subprocessors.acknowledge(change, by=OFFICER, at=datetime.now(UTC))
            seen = subprocessors.change(change, at=datetime.now(UTC))
            assert seen.received_at and seen.dispatched_at and seen.objection_closes and seen.opens_at
            if seen.received_how == "assumed":
                assert seen.received_at == seen.dispatched_at + 3 * DAYS
            received_how[seen.received_how] += 1
            due = expected(customer.agreement, received=seen.received_at, updated=updated, planned=planned)
            assert (seen.objection_closes, seen.opens_at) == (due.closes, due.opens), customer.agreement
            if customer.id in objectors:
                terminated += objection(customer, change, seen, key=new.key)
                asked += 3
                continue
            for at, open_then in ((updated, False), (due.closes - TICK, False), (due.opens - TICK, False),
                                  (due.opens, True), (due.opens + 400 * DAYS, True)):  # fmt: skip
                assert allowed(customer, new.key, at) is open_then, (customer.agreement, at)
                asked += 1
            with pytest.raises(subprocessors.ObjectionRefused, match="is after it"):
                subprocessors.object_to(change, by=OFFICER, grounds="too late", at=due.closes)
    done = time.monotonic()
    far = updated + 400 * DAYS
    states = subprocessors.announcement(change, at=far).states
    ours = Counter(line.state for line in subprocessors.deliveries(change, at=far, limit=10_000)
                   if line.handle in {customer.handle for customer in customers})  # fmt: skip
    assert ours == {"open": count - 3, "vetoed": 1, "blocked": 1, "terminated": 1}, states
    return (
        f"subprocessor drill customers={count} agreements=5 objections=3 terminations={terminated}"
        f" receipts={dict(received_how)} gate_questions={asked} states={dict(ours)}"
        f" seconds: customers={made - began:.0f} announce_and_mail={told - made:.0f} answers_and_gate={done - told:.0f}"
    )


def objection(customer: tenancy.Customer, change: UUID, seen: subprocessors.ChangeView, *, key: str) -> int:
    """One objection in the last moment of its window; 1 when the service was terminated over it."""
    assert seen.objection_closes is not None
    last = seen.objection_closes - TICK
    after = subprocessors.object_to(change, by=OFFICER, grounds="Its country has no adequacy.", at=last)
    states = {"kavkom-dpa": "vetoed", "ixcloud-dpa": "blocked", "imagicle-dpa": "resolving"}
    assert after.state == states[customer.agreement]
    for at in (last, seen.opens_at or last, last + 4000 * DAYS):
        assert not allowed(customer, key, at)
    if customer.agreement != "imagicle-dpa":
        with pytest.raises(subprocessors.TerminationRefused):
            subprocessors.terminate_service(change, services=["call-recording"], by=OFFICER, at=last + 400 * DAYS)
        return 0
    closes = end_of(last + 30 * DAYS)
    assert after.resolution_closes == closes
    with pytest.raises(subprocessors.TerminationRefused):
        subprocessors.terminate_service(change, services=["call-recording"], by=OFFICER, at=closes - TICK)
    ended = subprocessors.terminate_service(change, services=["call-recording"], by=OFFICER, at=closes)
    assert ended.state == "terminated"
    assert not allowed(customer, key, closes + 400 * DAYS)
    assert not contract.ask("record-calls", at=closes).allowed
    return 1


def test_one_change_under_five_agreements(
    make_customer: MakeCustomer, turn: Turn, server: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = drill(make_customer, turn, server, count=10)
    with capsys.disabled():
        sys.stdout.write(f"\n{summary}\n")


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_one_change_announced_to_200_customers(
    make_customer: MakeCustomer, turn: Turn, server: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = drill(make_customer, turn, server, count=200)
    with capsys.disabled():
        sys.stdout.write(f"\n{summary}\n")


def test_each_customer_is_told_once_whatever_is_killed(make_customer: MakeCustomer) -> None:
    customers = [make_customer(agreement=AGREEMENTS[number % 5]) for number in range(6)]
    at = datetime.now(UTC)
    change = subprocessors.announce(entry(), planned_start=at + 90 * DAYS, at=at, by=STAFF)

    def worker() -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-c", WORKER], env=dict(os.environ))

    running = worker()
    try:
        for _ in range(3):
            time.sleep(1.2)
            running.send_signal(signal.SIGKILL)
            running.wait()
            running = worker()
        limit = time.monotonic() + 60
        while (seen := subprocessors.announcement(change, at=at)).told < seen.customers:
            assert time.monotonic() < limit, seen
            time.sleep(0.2)
    finally:
        running.kill()
        running.wait()
    for customer in customers:
        with tenancy.scope(customer), connection.cursor() as cursor:
            assert PlannedChange.objects.count() == 1
            cursor.execute("SELECT count(*) FROM ledger_pending WHERE kind = 'subprocessor.announced'")
            assert cursor.fetchone()[0] == 1
