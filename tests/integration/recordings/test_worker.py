"""The worker dies, the database goes, calls keep closing: each recording appears once and can be played."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection, connections
from tests.integration.recordings.conftest import Place, Somebody
from tests.support.spooled import call

from parley.obligations.models import Deadline
from parley.recordings.api import RENDER, get, rendition, search
from parley.recordings.models import Recording, Rendition
from parley.tenancy.databases import administration

WORKER = """
import signal, sys
from pathlib import Path
from threading import Event
import django
django.setup()
from parley.daemons.worker import run
from parley.storage.api import open_store
stop = Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
spool, scratch, store = sys.argv[1:]
run(spool=Path(spool), scratch=Path(scratch), store=open_store(store), stop=stop, poll_seconds=0.1, sweep_seconds=2)
"""


def start(place: Place) -> "subprocess.Popen[bytes]":
    where = [str(place.spool), str(place.scratch), place.url]
    return subprocess.Popen([sys.executable, "-c", WORKER, *where], env=dict(os.environ), stdout=subprocess.DEVNULL)


@contextmanager
def working(place: Place) -> Iterator["subprocess.Popen[bytes]"]:
    worker = start(place)
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def until(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to pass"
        time.sleep(0.05)


def all_ready(count: int) -> Callable[[], bool]:
    return lambda: Recording.objects.filter(rendition="ready").count() == count


def entries() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM ledger_pending WHERE kind LIKE 'recording.%' ORDER BY kind")
        return [row[0] for row in cursor.fetchall()]


def rendered() -> int:
    return Deadline.objects.filter(kind=RENDER, done_at__isnull=False).count()


def assert_each_once(place: Place, everybody: Somebody, count: int) -> None:
    assert Recording.objects.count() == rendered() == count
    assert Rendition.objects.count() == 3 * count
    assert entries() == ["recording.rendered"] * count + ["recording.sealed"] * count
    assert not list(place.spool.iterdir())
    for row in search(everybody, limit=200).rows:
        assert rendition(everybody, row.recording_id, "mp3", store=place.store).read()


def test_a_closed_call_is_listed_at_once_and_played_soon_after(place: Place, everybody: Somebody) -> None:
    place.spooler.close()
    with working(place) as worker:
        until(all_ready(1))
        directory = place.spooler.close()
        until(
            lambda: Recording.objects.filter(id=directory.name).exists(), seconds=3
        )  # half a second on an idle machine
        until(all_ready(2))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0
    assert_each_once(place, everybody, 2)


def test_a_damaged_directory_holds_nothing_up(place: Place, everybody: Somebody) -> None:
    damaged = place.spooler.close(at=datetime(2020, 1, 1, tzinfo=UTC))
    (damaged / "000.age").write_bytes(b"")
    good = place.spooler.close()
    with working(place):
        until(all_ready(1))
    assert damaged.exists()
    assert str(get(everybody, search(everybody).rows[0].recording_id).recording_id) == good.name


def test_lost_connections_are_made_again(place: Place, everybody: Somebody) -> None:
    place.spooler.close()
    with working(place):
        until(all_ready(1))
        with administration() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (%s, 'parley_provider')",
                [place.customer.database],
            )
        connections.close_all()
        place.spooler.close()
        time.sleep(0.3)  # until the server has said goodbye to the connections of this test, too
        until(all_ready(2))
    assert_each_once(place, everybody, 2)


def survives_kills(place: Place, everybody: Somebody, *, kills: int, seconds: float) -> None:
    chance = random.Random(11)
    packets = call(seconds)
    worker, closed = start(place), 0
    try:
        for _ in range(kills):
            for _ in range(3):
                place.spooler.close(parts=[packets])
                closed += 1
            time.sleep(chance.uniform(0.6, 1.4))
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            worker = start(place)
        until(all_ready(closed), seconds=60)
    finally:
        worker.kill()
        worker.wait()
    assert_each_once(place, everybody, closed)


def test_kill_9_loses_and_doubles_nothing(place: Place, everybody: Somebody) -> None:
    survives_kills(place, everybody, kills=4, seconds=5)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_many_kill_9_lose_and_double_nothing(place: Place, everybody: Somebody) -> None:
    survives_kills(place, everybody, kills=50, seconds=20)


def test_what_a_killed_worker_left_in_scratch_is_removed(place: Place) -> None:
    left = place.scratch / "render-left"
    left.mkdir()
    (left / "mp3").write_bytes(b"sealed")
    with working(place):
        until(lambda: not left.exists())
    assert Path(place.scratch).is_dir()
