"""A sequencer that is killed loses and doubles nothing, whenever it happens (acceptance lines 6 and 8)."""

import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest
from tests.support.logs import administrator, record_many

from parley.daemons import sequencer
from parley.ledger import api as ledger
from parley.tenancy import api as tenancy

SUPPORT = Path(__file__).parents[2] / "support"
DAEMON = """
import threading, django
django.setup()
from parley.daemons.sequencer import run
run(stop=threading.Event(), poll_seconds=0.01, pause_seconds=0.0, sweep_seconds=0.5)
"""


def test_killed_before_and_after_every_statement_and_commit(make_customer):
    customer = make_customer()
    done = subprocess.run(
        [sys.executable, SUPPORT / "crashing_sequencer.py", str(customer.id)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kills = int(done.stdout.split("kills=")[1].split()[0])
    assert kills > 50  # the daemon's statements and commits really were counted


@pytest.mark.parametrize("kills", [4, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(600)])])
def test_the_daemon_killed_at_random_under_load(make_customer, kills):
    customer = make_customer()
    chance = random.Random(kills)
    recorded, stop = [], Event()

    def business() -> None:
        while not stop.is_set():
            recorded.extend(record_many(customer, chance.randint(1, 40)))
            tenancy.wake(customer.id, "ledger", datetime.now(UTC))
            stop.wait(0.01)

    thread = Thread(target=business)
    thread.start()
    for _ in range(kills):
        daemon = subprocess.Popen([sys.executable, "-c", DAEMON], stdout=subprocess.DEVNULL)
        _until_larger(customer, _size(customer))
        time.sleep(chance.random() * 0.2)
        daemon.kill()
        daemon.wait()
    stop.set()
    thread.join()
    _finish(customer, len(recorded))
    with tenancy.connect(customer) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT entry_id FROM ledger_entry")
        assert sorted(row[0] for row in cursor.fetchall()) == sorted(recorded)
        assert ledger.audit(cursor).size == len(recorded)


def test_a_log_in_trouble_does_not_hold_up_the_others(make_customer):
    broken, well = make_customer(), make_customer()
    for customer in (broken, well):
        record_many(customer, 5)
        tenancy.wake(customer.id, "ledger", datetime.now(UTC))
    with administrator(broken) as conn:
        conn.execute("ALTER TABLE ledger_head DISABLE TRIGGER USER")
        conn.execute("UPDATE ledger_head SET root = sha256('tampered')")
    now = datetime.now(UTC)
    tending = sequencer.Sequencer()
    tending.turn(now=now)
    assert (_size(broken), _size(well)) == (0, 5)
    assert broken.id not in tenancy.due_wakes("ledger", now)
    assert broken.id in tenancy.due_wakes("ledger", now + tending.retry)  # tried again, but not at once
    with administrator(broken) as conn:
        conn.execute("UPDATE ledger_head SET root = sha256('')")
    tending.sweep(now=now + tending.retry)
    assert _size(broken) == 5


def test_a_lost_wake_is_made_good_by_the_sweep(make_customer):
    customer = make_customer()
    record_many(customer, 2)  # and nobody is woken
    tending = sequencer.Sequencer()
    tending.turn(now=datetime.now(UTC))
    assert _size(customer) == 0
    tending.sweep(now=datetime.now(UTC))
    assert _size(customer) == 2


def test_heads_of_one_customer_keep_their_pause(make_customer):
    customer = make_customer()
    tending = sequencer.Sequencer()
    now = datetime.now(UTC)
    for moment, expected in ((now, 1), (now + tending.pause / 2, 1), (now + tending.pause, 3)):
        record_many(customer, 1)
        tenancy.wake(customer.id, "ledger", now)
        tending.turn(now=moment)
        assert _size(customer) == expected


def test_run_ends_when_told(cluster):
    stop = Event()
    thread = Thread(target=sequencer.run, kwargs={"stop": stop, "poll_seconds": 0.01})
    thread.start()
    time.sleep(0.1)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def _size(customer: tenancy.Customer) -> int:
    with tenancy.connect(customer) as conn:
        return conn.execute("SELECT size FROM ledger_head").fetchone()[0]


def _until_larger(customer: tenancy.Customer, size: int, *, seconds: float = 30.0) -> None:
    """Waits until the daemon has integrated something."""
    end = time.monotonic() + seconds
    while _size(customer) <= size:
        assert time.monotonic() < end
        time.sleep(0.01)


def _finish(customer: tenancy.Customer, size: int) -> None:
    sequencer.Sequencer().sweep(now=datetime.now(UTC))
    assert _size(customer) == size
