"""A process that dies at any commit of an erasure, a receipt, an answer: done again, it comes to the same end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from tests.integration.rights.conftest import NUMBER, Place, now
from tests.support.installation import settings
from tests.support.interrupted import commit_points, interrupted
from tests.support.recorded_rows import add_recording

from parley.inventory.api import stores
from parley.obligations import api as obligations
from parley.recordings.api import installed_store
from parley.rights import api as rights
from parley.rights.models import Event, Request


def test_an_erasure_that_dies_at_any_commit_comes_to_the_same_end(make_place: Callable[..., Place]) -> None:
    place, fired = make_place(), 0
    for point in commit_points():
        ids = [add_recording(at=now() - timedelta(days=1), numbers=[NUMBER], parts=0) for _ in range(3)]
        receipt = place.verified("erasure", number=NUMBER)
        with interrupted(point) as meter:
            rights.fulfil(receipt.id, by=place.officer, at=now())
        done = "erasure" in place.view(receipt).done
        # Never half: all of it is there with the request open, or none of it with the request done.
        assert stores()["recordings"].present(ids) == (frozenset() if done else frozenset(ids))
        if not done:
            rights.fulfil(receipt.id, by=place.officer, at=now())
        view = place.view(receipt)
        assert stores()["recordings"].present(ids) == frozenset()
        assert [line.what for line in view.story].count("erased") == 1
        rights.answer(receipt.id, text="Erased.", by=place.officer, at=now())
        fired += meter.fired
        if not meter.fired:
            break
    assert fired >= 2


def test_a_receipt_that_dies_is_whole_or_not_there(make_place: Callable[..., Place]) -> None:
    place = make_place("kavkom-dpa")
    for turn, point in enumerate(commit_points()):
        with interrupted(point) as meter:
            place.ask(channel="api", external_id=f"x{turn}", email=f"p{turn}@person.example")
        row = Request.objects.filter(external_id=f"x{turn}").first()
        if row is not None:
            assert row.state == "acknowledged"
            assert Event.objects.filter(request=row, what="forwarded").exists()
            assert obligations.duties(event_id=str(row.id))
        again = place.ask(channel="api", external_id=f"x{turn}", email=f"p{turn}@person.example")
        assert Request.objects.filter(external_id=f"x{turn}").count() == 1
        assert place.view(again).state == "acknowledged"
        if not meter.fired:
            break
    place.work()
    forwards = [one for one in place.server.taken if "has reached us" in str(one.message["Subject"])]
    assert len(forwards) == Request.objects.count()


_CHILD = """
import sys
import django
django.setup()
from uuid import UUID
from datetime import UTC, datetime
from parley.rights import api as rights
from parley.tenancy import api as tenancy
with tenancy.scope(UUID(sys.argv[1])):
    print("ready", flush=True)
    rights.fulfil(UUID(sys.argv[2]), by=UUID(sys.argv[3]), at=datetime.now(UTC))
    print("done", flush=True)
"""


def test_kill_9_in_the_middle_of_an_erasure(make_place: Callable[..., Place]) -> None:
    place = make_place()
    ids = [add_recording(at=now() - timedelta(days=1), numbers=[NUMBER], parts=2) for _ in range(120)]
    for record in ids:
        installed_store().put(f"{place.customer.id}/recordings/{record}/000.age", b"sealed")
    receipt = place.verified("erasure", number=NUMBER)
    environment = os.environ | {"PARLEY_STORE_URL": settings.PARLEY_STORE_URL}
    given = [str(place.customer.id), str(receipt.id), str(place.officer)]
    child = subprocess.Popen([sys.executable, "-c", _CHILD, *given], stdout=subprocess.PIPE, env=environment)
    assert child.stdout.readline() == b"ready\n"
    # As soon as the first object is gone, it is in the middle.
    folder = f"{place.customer.id}/recordings/"
    deadline = time.monotonic() + 20
    while len(list(installed_store().list(folder))) == len(ids) and time.monotonic() < deadline:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    child.wait()
    if "erasure" not in place.view(receipt).done:
        rights.fulfil(receipt.id, by=place.officer, at=now())
    assert stores()["recordings"].present(ids) == frozenset()
    assert not list(installed_store().list(folder))
    assert [line.what for line in place.view(receipt).story].count("erased") == 1
