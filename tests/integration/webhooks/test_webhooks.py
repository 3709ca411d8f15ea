"""Webhooks against a real receiver that goes away, errs, is slow or gone: nothing lost, nothing doubled by id."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from tests.support.hook_receiver import Receiver, receiving
from tests.support.installation import MakeCustomer
from tests.support.peers import wait_for
from tests.support.spooled import Spooler, call
from tests.support.system import free_ports

from parley.inventory.api import Held
from parley.ledger import api as ledger
from parley.mail import api as mail
from parley.people.api import create_user
from parley.project import alarms
from parley.recordings.api import LiveReport, end_live, finalize, installed_store, read_manifest, report_live
from parley.retention import api as retention
from parley.tenancy import api as tenancy
from parley.webhooks import api as webhooks
from parley.webhooks.delivering import next_due
from parley.webhooks.models import Delivery, Endpoint, Event
from parley.webhooks.rules import GIVEN_UP_AFTER

BY, CLAUSE = UUID(int=7), "IM-4.purposes"
ALL = tuple(webhooks.KINDS)
COURIER = webhooks.Courier(tell=alarms.tell_of_endpoint)


@pytest.fixture(autouse=True)
def unblocked_everywhere(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="module")
def one(make_customer: MakeCustomer) -> tenancy.Customer:
    made = make_customer()
    with tenancy.scope(made):
        create_user(
            email="admin@hooks.example", name="Admin", password="a sentence that nobody guesses 9", role="administrator"
        )
    return made


@pytest.fixture
def place(one: tenancy.Customer) -> Iterator[tenancy.Customer]:
    """The customer in scope, without the endpoints and events of the tests before."""
    with tenancy.scope(one):
        Endpoint.objects.all().delete()
        Event.objects.all().delete()
        yield one


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    with receiving() as server:
        settings.PARLEY_CALLBACK_ALLOW = (server.place,)
        yield server


def now() -> datetime:
    return datetime.now(UTC)


def endpoint(receiver: Receiver, kinds: tuple[str, ...] = ALL) -> UUID:
    made = webhooks.make_endpoint(name="CRM", url=receiver.url, kinds=kinds, by=BY, clause=CLAUSE, at=now())
    receiver.secrets.append(made.secret)
    return made.id


def happen(number: int = 1) -> list[str]:
    """Recordings begin; their keys."""
    keys = [f"recording.started:{uuid4()}" for _ in range(number)]
    for key in keys:
        webhooks.announce("recording.started", {"recording": key[-36:]}, key=key, at=now())
    return keys


def deliver(customer: tenancy.Customer) -> int:
    return COURIER.turn(customer, stop=lambda: False)


def later(**by: float) -> None:
    """As if `by` had passed for everything that waits."""
    step = timedelta(**by)
    for row in Delivery.objects.filter(state="queued"):
        row.next_attempt -= step
        row.queued_at -= step
        row.save()
    for row in Endpoint.objects.all():
        row.next_try = row.next_try and row.next_try - step
        row.failing_since = row.failing_since and row.failing_since - step
        row.previous_until = row.previous_until and row.previous_until - step
        row.save()


def test_a_recording_from_its_start_to_its_end(place, receiver, tmp_path):
    """Started, finished, failed and deleted, where they happen: ids and times, signed, nothing of a person."""
    endpoint(receiver)
    spooler = Spooler(tmp_path, place)
    directory = spooler.close(parts=[call(0.5)], reason="interrupted")
    manifest = read_manifest(directory)
    for _twice in range(2):
        report_live(LiveReport(manifest=manifest, at=now(), packets=1, bytes=1, on_hold=False))
    assert deliver(place) == 1
    recording = finalize(directory, store=installed_store(), now=now())
    assert deliver(place) == 2
    end_live(recording)
    held = Held(store="recordings", kind="recording", id=recording, at=manifest.started_at)
    retention.dispose([held], cause="customer", reference="test", by=BY, at=now())
    assert deliver(place) == 1
    kinds = [told.body["type"] for told in receiver.taken]
    assert kinds[0] == "recording.started"
    assert sorted(kinds[1:3]) == ["recording.failed", "recording.finished"]
    assert kinds[3] == "recording.deleted"
    for told in receiver.taken:
        assert told.verified == 1
        assert told.body["data"]["recording"] == str(recording)
        assert not any(word in str(told.body) for word in ("Quillfeather", "3905", "sip:"))
    finished = next(one.body for one in receiver.taken if one.body["type"] == "recording.finished")
    assert finished["data"]["state"] == "interrupted"
    assert set(finished["data"]) == {"recording", "trunk", "direction", "started_at", "ended_at", "state"}
    assert deliver(place) == 0


def test_what_is_undone_was_never_announced(place, receiver):
    endpoint(receiver)
    with pytest.raises(ValueError, match="no kind"), transaction.atomic():
        happen()
        raise ValueError("no kind of success")
    assert deliver(place) == 0
    with pytest.raises(ValueError, match="not declared"):
        webhooks.announce("recording.invented", {}, key="k", at=now())


def test_an_outage_loses_nothing_and_hears_soon_when_it_is_over(place, receiver):
    one = endpoint(receiver)
    receiver.mode = "500"
    happen(20)
    assert deliver(place) == 1, "an endpoint that fails is asked once, not with everything"
    for _probe in range(6):
        later(hours=1)
        assert deliver(place) == 1
    assert webhooks.endpoint(one).failing_since is not None
    receiver.mode = "302"
    later(hours=1)
    assert deliver(place) == 1
    assert all("/elsewhere" not in str(told) for told in receiver.told)
    receiver.mode = "200"
    later(minutes=20)
    assert deliver(place) == 20, "the first that comes through sends all others on their way"
    assert len({told.id for told in receiver.taken}) == len(receiver.taken) == 20
    assert webhooks.endpoint(one).failing_since is None
    assert webhooks.backlog().waiting == 0
    assert next_due() is None


def test_a_receiver_that_is_away_and_one_that_is_well(place, receiver, settings):
    """An endpoint that nobody answers at holds the other one up in nothing."""
    away = f"127.0.0.1:{free_ports(1)}"
    settings.PARLEY_CALLBACK_ALLOW = (receiver.place, away)
    webhooks.make_endpoint(name="away", url=f"http://{away}/", kinds=ALL, by=BY, clause=CLAUSE, at=now())
    endpoint(receiver)
    happen(5)
    deliver(place)
    assert len(receiver.taken) == 5
    assert webhooks.backlog().waiting == 5


def test_410_disables_and_the_administrator_hears(place, receiver):
    one = endpoint(receiver)
    receiver.mode = "410"
    happen(3)
    assert deliver(place) == 1
    found = webhooks.endpoint(one)
    assert (found.state, found.why_disabled, found.waiting) == ("disabled", "gone", 3)
    letter = mail.messages(purpose="webhook-disabled")[0]
    assert [to.address for to in letter.recipients] == ["admin@hooks.example"]
    happen()
    assert deliver(place) == 0
    receiver.mode = "200"
    webhooks.enable_endpoint(one, by=BY, clause=CLAUSE, at=now())
    assert deliver(place) == 3
    since = now() - timedelta(hours=1)
    assert webhooks.replay_range(one, since=since, until=now(), missed=True, by=BY, clause=CLAUSE, at=now()) == 1
    assert deliver(place) == 1
    assert len({told.id for told in receiver.taken}) == 4


def test_days_of_failure_disable_and_a_single_delivery_is_given_up(place, receiver):
    one = endpoint(receiver)
    receiver.mode = "500"
    happen()
    deliver(place)
    later(hours=GIVEN_UP_AFTER / timedelta(hours=1))
    deliver(place)
    assert webhooks.endpoint(one).why_disabled == "failing"
    webhooks.enable_endpoint(one, by=BY, clause=CLAUSE, at=now())
    later(hours=GIVEN_UP_AFTER / timedelta(hours=1))
    deliver(place)
    page = webhooks.deliveries(one)
    assert page.rows[0].state == "failed"
    assert [attempt.status for attempt in page.rows[0].attempts] == [500, 500, 500]
    receiver.mode = "200"
    webhooks.replay(one, page.rows[0].id, by=BY, clause=CLAUSE, at=now())
    later(hours=1)
    assert deliver(place) == 1
    assert len({told.id for told in receiver.told}) == 1


def test_a_secret_is_rotated_without_a_gap(place, receiver):
    one = endpoint(receiver)
    made = webhooks.rotate_secret(one, by=BY, clause=CLAUSE, at=now())
    receiver.secrets.append(made.secret)
    with pytest.raises(webhooks.EndpointRefused):
        webhooks.rotate_secret(one, by=BY, clause=CLAUSE, at=now())
    happen()
    deliver(place)
    later(hours=25)
    happen()
    deliver(place)
    assert [told.verified for told in receiver.taken] == [2, 1]
    row = Endpoint.objects.get()
    assert made.secret.encode() not in bytes(row.salt) + str(row.__dict__).encode()


def test_replays_say_what_they_said_and_tests_reach_one_endpoint(place, receiver):
    one, other = endpoint(receiver, ("recording.deleted",)), endpoint(receiver)
    happen(2)
    deliver(place)
    assert webhooks.replay_range(
        other, since=now() - timedelta(hours=1), until=now(), missed=False, by=BY, clause=CLAUSE, at=now()
    ) == 2  # fmt: skip
    deliver(place)
    assert sorted(Counter(told.id for told in receiver.taken).values()) == [2, 2]
    assert webhooks.replay_range(
        one, since=now() - timedelta(hours=1), until=now(), missed=False, by=BY, clause=CLAUSE, at=now()
    ) == 0, "it never wanted to hear of these"  # fmt: skip
    sent = webhooks.send_test(one, at=now())
    assert deliver(place) == 1
    assert webhooks.delivery(one, sent).state == "delivered"
    with pytest.raises(webhooks.NoSuchDelivery):
        webhooks.delivery(other, sent)
    page = webhooks.deliveries(other, limit=1)
    assert page.next is not None
    assert webhooks.deliveries(other, after=page.next, limit=1).rows[0].id != page.rows[0].id


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "https://10.1.2.3/",
        "https://[::1]/",
        "https://169.254.169.254/",
        "https://a.example:22/",
        "https://a..example/",
        f"https://{'a' * 64}.example/",
        "https://[64:ff9b::169.254.169.254]/",
    ],
)
def test_addresses_that_are_never_called(place, url):
    with pytest.raises(webhooks.AddressRefused):
        webhooks.make_endpoint(name="x", url=url, kinds=ALL, by=BY, clause=CLAUSE, at=now())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "::7f00:1",
        "fec0::1",
        "fd00::1",
        "fe80::1",
        "ff0e::1",
    ],
)
def test_a_name_that_leads_home_is_not_called(place, monkeypatch, address):
    made = webhooks.make_endpoint(name="x", url="https://hooks.example/", kinds=ALL, by=BY, clause=CLAUSE, at=now())
    monkeypatch.setattr(
        "parley.webhooks.egress.socket.getaddrinfo",
        lambda *_a, **_k: [(socket.AF_INET6 if ":" in address else socket.AF_INET, 1, 6, "", (address, 443))],
    )
    happen()
    deliver(place)
    assert webhooks.deliveries(made.id).rows[0].attempts[0].answer == "the name leads to an address that is not public"


def test_what_is_done_with_endpoints_is_in_the_log(place, receiver):
    one = endpoint(receiver)
    webhooks.disable_endpoint(one, by=BY, clause=CLAUSE, at=now())
    webhooks.remove_endpoint(one, by=BY, clause=CLAUSE, at=now())
    with connection.cursor() as cursor:
        kinds = [entry.kind for entry in ledger.entries(cursor, limit=3)]
    assert set(kinds) == {"webhook.made", "webhook.disabled", "webhook.removed"}


class Workers:
    """A worker process that is killed and started again."""

    def __init__(self, receiver: Receiver, folder: Path, *, lease: float) -> None:
        self._environment = {**os.environ, "PARLEY_CALLBACK_ALLOW": receiver.place}
        script = Path(__file__).parents[2] / "support" / "courier_process.py"
        self._command = [sys.executable, str(script), str(lease), str(folder)]
        self.running = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, env=self._environment)

    def kill(self) -> None:
        self.running.send_signal(signal.SIGKILL)
        self.running.wait()
        self.running = self._start()

    def end(self) -> None:
        self.running.terminate()
        self.running.wait(30)


def test_killed_in_the_middle_of_an_attempt(place, receiver, tmp_path):
    """kill -9 while the receiver has the request and has not answered: told again, by the same id."""
    endpoint(receiver)
    receiver.mode = "hang"
    with ExitStack() as stack:
        workers = Workers(receiver, tmp_path, lease=2)
        stack.callback(workers.end)
        happen()
        wait_for("the receiver is told", lambda: receiver.told, seconds=30)
        receiver.mode = "200"
        workers.kill()
        wait_for("the receiver is told again", lambda: receiver.taken, seconds=30)
        wait_for("written down", lambda: webhooks.backlog().waiting == 0, seconds=60)
    assert len({told.id for told in receiver.told}) == 1
    assert receiver.taken[0].verified == 1


@pytest.mark.parametrize("kills", [2, pytest.param(60, marks=pytest.mark.soak)])
def test_killed_at_any_moment(place, receiver, tmp_path, kills):
    """Outages and kill -9 by turns while calls go on: each event arrives, under one id, and no other id ever does.

    Who is killed before a good answer is written down leaves the endpoint failing: it is then asked ever more seldom.
    """
    endpoint(receiver)
    with ExitStack() as stack:
        workers = Workers(receiver, tmp_path, lease=2)
        stack.callback(workers.end)
        keys = []
        for turn in range(kills):
            receiver.mode = ("slow", "500", "slow")[turn % 3]
            keys += happen(8)
            wait_for("it works", partial(_more, receiver, len(receiver.told)), seconds=900)
            time.sleep(0.1 * (turn % 7))
            workers.kill()
        receiver.mode = "200"
        wait_for("everything is told", lambda: webhooks.backlog().waiting == 0, seconds=900)
    expected = {f"msg_{one.hex}" for one in Event.objects.filter(key__in=keys).values_list("id", flat=True)}
    assert len(expected) == len(keys) == 8 * kills
    assert {told.id for told in receiver.taken} == {told.id for told in receiver.told} == expected
    by_id = Counter(told.id for told in receiver.taken)
    assert sum(by_id.values()) - len(by_id) <= 3 * kills, "what repeats is what was under way when it was killed"
    assert all(told.verified == 1 for told in receiver.told)


def _more(receiver: Receiver, before: int) -> bool:
    return len(receiver.told) > before
