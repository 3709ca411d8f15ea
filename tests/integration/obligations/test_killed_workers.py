"""Duties of many customers, workers killed with SIGKILL at random: each effect exactly once, evidence for each."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from tests.support.installation import MakeCustomer, tenancy

from parley.agreement.api import Event
from parley.governance.contract import api as contract
from parley.mail.models import Message
from parley.obligations import api as obligations
from parley.obligations.models import CalendarLine, Duty
from parley.people.api import create_user

pytestmark = pytest.mark.usefixtures("unblocked")
PARTS = ("notify", "follow-up", "closing-report")
"""What each incident opens: due after 48 hours, 72 hours and 30 days."""
AGES = {"all-late": timedelta(days=30), "two-late": timedelta(hours=72), "warned": timedelta(hours=36)}
LATE = {"all-late": PARTS, "two-late": PARTS[:2], "warned": ()}


@dataclass
class Expected:
    """What must be found of one customer when everything is over, by key of the duty."""

    opened: set[str] = field(default_factory=set)
    breached: set[str] = field(default_factory=set)
    warned: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)


@pytest.fixture
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


def test_each_effect_once_though_workers_are_killed(make_customer: MakeCustomer, tmp_path: Path) -> None:
    exactly_once(make_customer, tmp_path, customers=6, duties=300, kills=4, spread=8.0, patience=60)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_each_of_10000_effects_once_though_workers_are_killed_20_times(
    make_customer: MakeCustomer, tmp_path: Path
) -> None:
    exactly_once(make_customer, tmp_path, customers=100, duties=10_000, kills=20, spread=120.0, patience=2400)


def exactly_once(
    make_customer: MakeCustomer,
    folder: Path,
    *,
    customers: int,
    duties: int,
    kills: int,
    spread: float,
    patience: float,
) -> None:
    chance = random.Random(7)
    began = time.monotonic()
    operator = an_operator()
    made = [make_customer() for _ in range(customers)]
    created = time.monotonic() - began
    due_from = datetime.now(UTC) + timedelta(seconds=duties * 0.012)
    expected = {one: opened(one, duties // customers, chance, due_from=due_from, spread=spread) for one in made}
    print(
        f"{customers} customers in {created:.0f} s, {duties} duties open in {time.monotonic() - began - created:.0f} s"
    )

    began = time.monotonic()
    with (folder / "workers.log").open("wb") as log:
        workers = [start(log), start(log)]
        try:
            time.sleep(max(0.0, (due_from - datetime.now(UTC)).total_seconds()))
            for _ in range(kills):
                time.sleep(chance.uniform(0.5, 1.5) * spread / kills)
                victim = chance.randrange(len(workers))
                workers[victim].send_signal(signal.SIGKILL)
                workers[victim].wait()
                workers[victim] = start(log)
            limit = time.monotonic() + patience
            while time.monotonic() < limit and any(not over(one, expected[one]) for one in made):
                time.sleep(0.5)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
    print(f"{kills} kills, all effects seen after {time.monotonic() - began:.0f} s")

    obligations.sweep(kinds=obligations.handlers())
    total = Counter[str]()
    for one in made:
        total += checked(one, expected[one], operator)
    print(", ".join(f"{count} {kind}" for kind, count in sorted(total.items())))


def an_operator() -> str:
    address = f"ops-{time.monotonic_ns()}@provider.example"
    with tenancy.scope(tenancy.provider()):
        create_user(email=address, name="Olga", password="a long enough pass phrase", role="operator")
    return address


def opened(
    customer: tenancy.Customer, duties: int, chance: random.Random, *, due_from: datetime, spread: float
) -> Expected:
    """Incidents whose duties fall due, or whose warnings come, within `spread` seconds; some are met in time."""
    expected = Expected()
    with tenancy.scope(customer):
        agreement = contract.binding().agreement
        for number in range((duties + 2) // 3):
            kind = chance.choices([*AGES], weights=[8, 1, 1])[0]
            known = due_from + timedelta(seconds=chance.uniform(0, spread)) - AGES[kind]
            name = f"k{number}"
            with transaction.atomic():
                obligations.open_duties(agreement, Event(kind="incident-known", id=name, at=known), zone="UTC")
            keys = {part: f"incident-known:{name}:{part}" for part in PARTS}
            expected.opened |= set(keys.values())
            expected.breached |= {keys[part] for part in LATE[kind]}
            if kind == "warned":
                # Three quarters of 48 hours, and half of 72.
                expected.warned |= {keys["notify"], keys["follow-up"]}
            elif kind == "all-late" and number % 10 == 0:
                obligations.meet(keys["closing-report"], at=datetime.now(UTC), by="incidents")
                expected.met.add(keys["closing-report"])
                expected.breached.discard(keys["closing-report"])
    return expected


def start(log: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "parley.project.cli", "daemon", "worker"], env=dict(os.environ), stderr=log, stdout=log
    )  # type: ignore[call-overload, no-any-return]


def over(customer: tenancy.Customer, expected: Expected) -> bool:
    """Whether nothing is left to come; the warnings leave the row of the duty behind its second revision."""
    with tenancy.scope(customer):
        rows = Duty.objects.filter(event_kind="incident-known")
        return (
            rows.filter(state="breached").count() >= len(expected.breached)
            and rows.filter(key__in=expected.warned, revision__gte=2).count() >= len(expected.warned)
            and Message.objects.filter(purpose="duty-alarm", key__contains=":overdue:").count()
            >= len(expected.breached)
        )


def checked(customer: tenancy.Customer, expected: Expected, operator: str) -> Counter[str]:
    """Compares evidence, rows, the provider's calendar and e-mails of one customer with what must be."""
    with tenancy.scope(customer):
        found = evidence()
        rows = {row.key: row for row in Duty.objects.filter(event_kind="incident-known")}
        messages = Counter(
            message.key for message in Message.objects.filter(purpose="duty-alarm", key__contains=":overdue:operators")
        )
        addressed = Message.objects.filter(recipients__address=operator, key__contains=":overdue:operators").count()
    assert {key for key, kind in found if kind == "duty.opened"} == expected.opened
    assert {key for key, kind in found if kind == "duty.breached"} == expected.breached
    assert {key for key, kind in found if kind == "duty.warned"} == expected.warned
    assert {key for key, kind in found if kind == "duty.met"} == expected.met
    assert set(found.values()) == {1}
    assert {key for key, row in rows.items() if row.state == "breached"} == expected.breached
    assert messages == {f"duty-alarm:{key}:overdue:operators": 1 for key in expected.breached}
    assert addressed == len(expected.breached)
    lines = CalendarLine.objects.filter(customer_id=customer.id, event_kind="incident-known")
    assert {line.key: (line.state, line.revision) for line in lines} == {
        key: (row.state, row.revision) for key, row in rows.items()
    }
    return Counter(kind for _key, kind in found)


def evidence() -> Counter[tuple[str, str]]:
    """How often the log of the customer in scope holds each kind of evidence about each duty of an incident."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.details::json ->> 'key', e.kind FROM ledger_detail d JOIN ("
            " SELECT entry_id, kind FROM ledger_entry UNION ALL SELECT entry_id, kind FROM ledger_pending) e"
            " USING (entry_id) WHERE e.kind LIKE 'duty.%%' AND d.details::json ->> 'key' LIKE 'incident-known:%%'"
        )
        return Counter((key, kind) for key, kind in cursor.fetchall())
