"""What a store keeps by write-once: deletions by people, programs, of many and of each night say so and
erase the rest; it goes when the lock has ended."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.test import Client
from tests.support.object_server import LOCKED, ObjectServer
from tests.support.spooled import Spooler, call

from parley.agreement.api import Span
from parley.governance.access import api as access
from parley.obligations.api import Work, enqueue, run_due
from parley.obligations.models import Deadline
from parley.people.api import create_user, viewer
from parley.recordings import api as recordings
from parley.recordings import bulk
from parley.recordings.models import Part, Recording
from parley.recordings.reading import original
from parley.recordings.resealing import api as resealing
from parley.retention import api as retention
from parley.sealing.api import open_bytes
from parley.storage.api import ObjectLockedError
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens

PASSWORD = "a sentence that nobody guesses 9"


@pytest.fixture
def prefix(object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The installation's objects are in a bucket with object lock, below this prefix."""
    name = f"worm-{uuid4().hex[:8]}"
    monkeypatch.setattr(settings, "PARLEY_STORE_URL", object_server.url(name, bucket=LOCKED))
    recordings.installed_store.cache_clear()
    yield name
    recordings.installed_store.cache_clear()


@pytest.fixture
def hold(object_server: ObjectServer, prefix: str) -> Callable[[UUID, bool], None]:
    """Have the store keep the part of a recording, or not any more, past Parley."""

    def put(recording: UUID, kept: bool) -> None:
        key = f"{prefix}/{Part.objects.get(recording=recording).object_key}"
        status = {"Status": "ON" if kept else "OFF"}
        object_server.client().put_object_legal_hold(Bucket=LOCKED, Key=key, LegalHold=status)

    return put


def record(customer: tenancy.Customer, folder: Path, *, days: int, count: int) -> list[UUID]:
    spooler, now = Spooler(folder / "spool", customer), datetime.now(UTC)
    closed = [spooler.close(at=now - timedelta(days=days), parts=[call(0.1)]) for _ in range(count)]
    return [recordings.finalize(one, store=recordings.installed_store(), now=now) for one in closed]


def left() -> set[UUID]:
    return set(Recording.objects.values_list("id", flat=True))


def test_people_programs_and_deeds_with_many_are_told_what_the_store_keeps(
    customer: tenancy.Customer, tmp_path: Path, hold: Callable[[UUID, bool], None]
) -> None:
    made = record(customer, tmp_path, days=3, count=5)
    kept = made[2]
    hold(kept, True)
    admin = create_user(email="a@worm.example", name="Ada", password=PASSWORD, role="administrator")
    home = f"/c/{customer.handle}/"

    page = Client(HTTP_HOST="127.0.0.1")
    assert page.post(home + "sign-in", {"email": "a@worm.example", "password": PASSWORD}).status_code == 302
    answer = page.post(f"{home}retention/delete/recordings/{kept}/")
    assert answer.status_code == 409
    assert "It is kept by a legal hold of the object store." in answer.content.decode()

    now = datetime.now(UTC)
    token = tokens.make(
        name="p", scopes=["recordings:delete"], groups=None, by=admin.id, at=now, expires_at=now + timedelta(days=1)
    )
    program = Client(HTTP_HOST="127.0.0.1", HTTP_AUTHORIZATION=f"Bearer {token.text}")
    refused = program.delete(f"{home}api/v1/recordings/{kept}")
    assert (refused.status_code, refused.json()["error_id"]) == (409, "storage.locked")
    assert left() == set(made)

    conversations = list(Recording.objects.values_list("conversation_id", flat=True))
    found = bulk.chosen(viewer(admin), conversations)
    deed = bulk.start(viewer(admin), "delete", found, key="k", by=admin.id, at=now)
    assert run_due(customer, handlers=bulk.handlers(), now=datetime.now(UTC)).failed == 0
    done = bulk.progress(deed)
    assert (done.done, done.kept, bool(done.finished_at)) == (4, {"write-once": 1}, True)
    assert left() == {kept}
    shown = page.get(f"{home}recordings/together/{deed}/").content.decode()
    assert "the object store keeps them by write-once" in shown
    hold(kept, False)
    assert program.delete(f"{home}api/v1/recordings/{kept}").status_code == 200
    assert not left()


def test_a_night_erases_the_rest_and_the_first_one_after_the_lock_erases_it_too(
    customer: tenancy.Customer, tmp_path: Path, hold: Callable[[UUID, bool], None]
) -> None:
    made = record(customer, tmp_path, days=40, count=4)
    hold(made[1], True)
    now = datetime.now(UTC)
    night = partial(run_due, customer, handlers={**retention.handlers(), **retention.long_handlers()})
    keep = Span(30, "days")
    retention.set_rule(store="recordings", kind="recording", keep=keep, by=uuid4(), at=now)
    first = retention.next_night(now)
    assert night(now=first).failed == 0
    assert left() == {made[1]}
    hold(made[1], False)
    assert night(now=retention.next_night(first)).failed == 0
    assert not left()


def test_work_that_a_lock_stops_is_tried_when_the_lock_ends_and_never_wears_out(customer: tenancy.Customer) -> None:
    now = datetime.now(UTC)
    until = now + timedelta(hours=9)
    ends: list[datetime | None] = [until, until + timedelta(days=900), None]

    def locked(work: Work) -> None:
        raise ObjectLockedError(ends[work.payload["end"]])

    for number in range(len(ends)):
        enqueue(kind="test.locked", key=f"locked:{number}", due=now, payload={"end": number})
    Deadline.objects.filter(kind="test.locked").update(attempts=39)
    assert run_due(customer, handlers={"test.locked": locked}, now=now).failed == 3
    rows = list(Deadline.objects.filter(kind="test.locked").order_by("key"))
    assert rows[0].due == until
    assert all(abs(row.due - now - timedelta(days=1)) < timedelta(minutes=1) for row in rows[1:])
    assert {(row.attempts, row.failed_at, row.last_error) for row in rows} == {(0, None, "storage.locked")}


def test_what_the_store_keeps_is_not_sealed_anew_until_it_is_free(
    customer: tenancy.Customer, tmp_path: Path, hold: Callable[[UUID, bool], None]
) -> None:
    made = record(customer, tmp_path, days=3, count=2)
    hold(made[0], True)
    by = create_user(email="r@worm.example", name="Rea", password=PASSWORD, role="compliance").id
    access.rotate_keys(by=by, party="customer", at=datetime.now(UTC))
    stored = set(Part.objects.values_list("object_key", flat=True))
    for kept in (True, False):
        hold(made[0], kept)
        resealing.start(by=by, at=datetime.now(UTC))
        assert run_due(customer, handlers=resealing.long_handlers(), now=datetime.now(UTC)).failed == 0
        run = resealing.newest()
        assert run and (run.done, run.refused) == (1, {"locked": 1} if kept else {})
    assert resealing.former().left == 0
    swept = datetime.now(UTC) + timedelta(hours=2)
    assert run_due(customer, handlers=resealing.long_handlers(), now=swept).failed == 0
    store = recordings.installed_store()
    left = {head.key for head in store.list(f"{customer.id}/recordings/")}
    assert left == set(Part.objects.values_list("object_key", flat=True))
    assert not left & stored
    for row in Recording.objects.all():
        for part in original(row, store=store).values():
            assert open_bytes(part.read(), tenancy.keyring().identities(customer)[:1])
