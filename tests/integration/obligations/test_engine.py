"""An effect happens exactly once: not twice, and not never, whatever is killed when."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from parley.obligations.api import GiveUp, Work, backlog, enqueue, evidence, run_due, sweep
from parley.obligations.models import Deadline
from parley.tenancy import api as tenancy

pytestmark = pytest.mark.usefixtures("unblocked")

WORKER = """
import sys, time
from datetime import UTC, datetime
from uuid import UUID
import django
django.setup()
from parley.obligations.api import evidence, run_due
from parley.tenancy import api as tenancy
customer = tenancy.by_id(UUID(sys.argv[1]))
def effect(work):
    evidence(kind="test.effect", clause="T-1", details={"effect": work.key}, at=datetime.now(UTC))
    time.sleep(float(sys.argv[2]))
while True:
    run_due(customer, handlers={"test.work": effect}, now=datetime.now(UTC))
    time.sleep(0.01)
"""


@pytest.fixture
def unblocked(django_db_blocker: object) -> object:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


def now() -> datetime:
    return datetime.now(UTC)


def effects() -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT details FROM ledger_detail")
        found = [json.loads(row[0]) for row in cursor.fetchall()]
    return Counter(details["effect"] for details in found if "effect" in details)


def rows() -> QuerySet[Deadline]:
    """The deadlines of the test; signing an agreement opened others."""
    return Deadline.objects.filter(kind__startswith="test.")


def effect(work: Work) -> None:
    evidence(kind="test.effect", clause="T-1", details={"effect": work.key}, at=now())


def test_work_is_done_once_with_its_evidence(customer: tenancy.Customer) -> None:
    assert enqueue(kind="test.work", key="one", due=now(), payload={"n": 1}) is not None
    assert enqueue(kind="test.work", key="one", due=now(), payload={"n": 2}) is None
    outcome = run_due(customer, handlers={"test.work": effect}, now=now())
    assert (outcome.done, outcome.failed, outcome.next_due) == (1, 0, None)
    assert run_due(customer, handlers={"test.work": effect}, now=now()).done == 0
    assert effects() == {"one": 1}


def test_work_that_is_rolled_back_was_never_there(customer: tenancy.Customer) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        enqueue(kind="test.work", key="ghost", due=now(), payload={})
        evidence(kind="test.effect", clause="T-1", details={"effect": "ghost"}, at=now())
        raise RuntimeError
    assert not rows().exists()
    assert not effects()


def test_a_later_deadline_waits_and_is_announced(customer: tenancy.Customer) -> None:
    later = now() + timedelta(hours=1)
    enqueue(kind="test.work", key="later", due=later, payload={})
    outcome = run_due(customer, handlers={"test.work": effect}, now=now())
    assert (outcome.done, outcome.next_due) == (0, later)
    assert run_due(customer, handlers={"test.work": effect}, now=later).done == 1


def test_what_is_left_is_waiting_late_or_failed(customer: tenancy.Customer) -> None:
    at = now()

    def fails(work: Work) -> None:
        raise GiveUp("never") if work.kind == "test.hopeless" else RuntimeError

    for kind in ("test.work", "test.tried", "test.hopeless", "test.done", "test.begun"):
        enqueue(kind=kind, key=kind, due=at, payload={})
    enqueue(kind="test.work", key="tomorrow", due=at + timedelta(days=1), payload={})
    run_due(customer, handlers={"test.hopeless": fails, "test.tried": fails, "test.done": effect}, now=at)
    rows().filter(kind="test.begun").update(attempts=1)

    def left(later: timedelta) -> dict[tuple[str, str], int]:
        return {one: number for one, number in backlog(now=at + later).items() if one[0].startswith("test.")}

    failed = {("test.hopeless", "failed"): 1}
    assert left(timedelta(seconds=1)) == {("test.work", "waiting"): 1, ("test.begun", "waiting"): 1, **failed}
    assert left(timedelta(hours=1)) == {
        ("test.work", "late"): 1, ("test.tried", "late"): 1, ("test.begun", "waiting"): 1, **failed
    }  # fmt: skip


def test_enqueueing_wakes_whoever_runs_deadlines(customer: tenancy.Customer) -> None:
    enqueue(kind="test.work", key="wake", due=now(), payload={})
    assert customer.id in tenancy.due_wakes("jobs", now())
    evidence(kind="test.effect", clause="T-1", details={"effect": "x"}, at=now())
    assert customer.id in tenancy.due_wakes("ledger", now())


def test_a_lost_wake_is_found_by_the_sweep(customer: tenancy.Customer) -> None:
    enqueue(kind="test.work", key="lost", due=now(), payload={})
    tenancy.rest(customer.id, "jobs", seen=now(), due=None)
    assert customer.id not in tenancy.due_wakes("jobs", now())
    assert sweep(kinds=["test.work"]) >= 1
    assert customer.id in tenancy.due_wakes("jobs", now())


def test_a_failure_leaves_no_effect_and_is_tried_again_later(customer: tenancy.Customer) -> None:
    def fail(work: Work) -> None:
        effect(work)
        raise ValueError("a message that may quote data")

    enqueue(kind="test.work", key="fails", due=now(), payload={})
    outcome = run_due(customer, handlers={"test.work": fail}, now=now())
    assert (outcome.done, outcome.failed) == (0, 1)
    assert not effects()
    row = rows().get()
    assert (row.attempts, row.last_error, row.failed_at) == (1, "ValueError", None)
    assert run_due(customer, handlers={"test.work": effect}, now=row.due).done == 1
    assert effects() == {"fails": 1}


def test_hopeless_work_is_given_up_and_stands_in_nobodys_way(customer: tenancy.Customer) -> None:
    def hopeless(_work: Work) -> None:
        raise GiveUp("never")

    enqueue(kind="test.hopeless", key="no", due=now() - timedelta(seconds=5), payload={})
    enqueue(kind="test.work", key="yes", due=now(), payload={})
    outcome = run_due(customer, handlers={"test.hopeless": hopeless, "test.work": effect}, now=now())
    assert (outcome.done, outcome.failed, outcome.next_due) == (1, 1, None)
    assert rows().get(key="no").last_error == "obligations.give-up"


def test_work_that_kills_its_process_ends_too(customer: tenancy.Customer) -> None:
    enqueue(kind="test.work", key="poison", due=now(), payload={})
    rows().update(attempts=40)
    assert run_due(customer, handlers={"test.work": effect}, now=now()).next_due is None
    assert rows().get().last_error == "obligations.never-finished"


def test_work_of_an_unknown_kind_is_left_for_who_knows_it(customer: tenancy.Customer) -> None:
    enqueue(kind="test.other", key="other", due=now(), payload={})
    run_due(customer, handlers={"test.work": effect}, now=now())
    assert rows().get().attempts == 0


def exactly_once(
    customer: tenancy.Customer, *, deadlines: int, kills: int, slowness: str, patience: float = 60
) -> None:
    chance = random.Random(5)
    with transaction.atomic():
        for number in range(deadlines):
            enqueue(kind="test.work", key=f"k{number}", due=now(), payload={})

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", WORKER, str(customer.id), slowness], env=dict(os.environ))

    workers = [start(), start()]
    try:
        for _ in range(kills):
            time.sleep(chance.uniform(0.7, 1.3))
            victim = chance.randrange(2)
            workers[victim].send_signal(signal.SIGKILL)
            workers[victim].wait()
            workers[victim] = start()
        limit = time.monotonic() + patience
        while rows().filter(done_at=None).exists() and time.monotonic() < limit:
            time.sleep(0.1)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert effects() == {f"k{number}": 1 for number in range(deadlines)}


def test_effects_happen_exactly_once_under_kill_9(customer: tenancy.Customer) -> None:
    exactly_once(customer, deadlines=300, kills=4, slowness="0.02")


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_effects_happen_exactly_once_under_many_kill_9(customer: tenancy.Customer) -> None:
    exactly_once(customer, deadlines=10_000, kills=50, slowness="0.001", patience=900)


def test_ids_are_uuids(customer: tenancy.Customer) -> None:
    assert isinstance(enqueue(kind="test.work", key="id", due=now(), payload={}), UUID)
