"""A departure that is interrupted anywhere comes to the same end: at each commit, and by SIGKILL."""

import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.lifecycle.test_departure import NOW, end, furnish
from tests.support.departures import ours
from tests.support.installation import MakeCustomer, settings
from tests.support.interrupted import Point, commit_points, interrupted

from parley.lifecycle import api as lifecycle
from parley.lifecycle.models import Statement, Step
from parley.obligations import api as obligations
from parley.obligations.models import Deadline
from parley.recordings import api as recordings
from parley.tenancy import api as tenancy

pytestmark = pytest.mark.usefixtures("cluster")
LATER = NOW + timedelta(days=365)
STRIDE = 4
"""Each run of this test takes every fourth commit; `make test-soak` takes them all."""


def run(at: datetime = LATER) -> None:
    obligations.run_due(tenancy.provider(), handlers=ours(), now=at)


def again() -> None:
    """What was put off by an attempt that died is due at once: so that the test need not wait."""
    with tenancy.scope(tenancy.provider()):
        Deadline.objects.filter(done_at__isnull=True, failed_at__isnull=True, kind__startswith="lifecycle").exclude(
            kind__in=["lifecycle.forget", "lifecycle.support"]
        ).filter(attempts__gt=0).update(due=LATER)
    run()


def whole(customer: tenancy.Customer, departure: lifecycle.DepartureView) -> None:
    view = lifecycle.departure(departure.id)
    assert view.state == "certified", [one.step for one in view.steps if one.done_at is None]
    assert list(tenancy.traces(customer)) == []
    assert list(recordings.installed_store().list(str(customer.id))) == []
    certificate = lifecycle.certificate(departure.id)
    assert certificate is not None
    assert certificate.proof is not None
    steps = list(Step.objects.filter(departure_id=departure.id).values_list("step", flat=True))
    assert len(steps) == len(set(steps))
    assert [one.number for one in Statement.objects.filter(departure_id=departure.id).order_by("number")] == [1, 2]


def test_interrupted_at_each_commit(make_customer: MakeCustomer, scale: str) -> None:
    _interrupt(make_customer, stride=1 if scale == "full" else STRIDE * 4)


@pytest.mark.soak
def test_interrupted_at_every_single_commit(make_customer: MakeCustomer, scale: str) -> None:
    _interrupt(make_customer, stride=1 if scale == "full" else STRIDE)


def _interrupt(make_customer: MakeCustomer, *, stride: int) -> None:
    fired = 0
    for number, point in enumerate(commit_points()):
        if number % stride:
            continue
        customer = make_customer(agreement="ixcloud-dpa")
        furnish(customer, objects=2)
        departure = end(customer, ends_at=NOW + timedelta(days=1))
        lifecycle.confirm_end(departure.id, by="test", at=NOW)
        if not _dies(point):
            whole(customer, departure)
            break
        fired += 1
        again()
        whole(customer, departure)
    assert fired >= 2


def _dies(point: Point) -> bool:
    with interrupted(point) as meter:
        run()
    return meter.fired


def test_killed_in_the_middle_of_the_objects(make_customer: MakeCustomer) -> None:
    """SIGKILL while the objects go: another process ends what was begun."""
    customer = make_customer(agreement="ixcloud-dpa")
    furnish(customer, objects=600)
    departure = end(customer, ends_at=NOW + timedelta(days=1))
    lifecycle.confirm_end(departure.id, by="test", at=NOW)
    code = (
        "import os, django; django.setup()\n"
        "from datetime import datetime\n"
        "from parley.lifecycle import closing\n"
        "from parley.tenancy import api as tenancy\n"
        "from parley.obligations import api as obligations\n"
        "from parley.project import wiring\n"
        "closing.BATCH = 10\n"
        "handlers = {**wiring.job_handlers(), **wiring.long_handlers()}\n"
        "handlers = {kind: one for kind, one in handlers.items() if kind.startswith('lifecycle')}\n"
        f"now = datetime.fromisoformat('{LATER.isoformat()}')\n"
        "obligations.run_due(tenancy.provider(), handlers=handlers, now=now)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PARLEY_DATA_DIR": str(settings.PARLEY_DATA_DIR)}
    )
    first = Path(settings.PARLEY_STORE_URL.removeprefix("file://")) / f"{customer.id}/recordings/00000000/part"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and child.poll() is None:
        if not first.exists():
            break
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert not first.exists()
    assert lifecycle.certificate(departure.id) is None
    again()
    whole(customer, departure)
