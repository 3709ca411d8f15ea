"""Backups die at every commit step, are killed, meet a full disk; done again, they come to the same end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import uuid4

import pytest
from tests.integration.backups.conftest import Office
from tests.support.installation import settings
from tests.support.interrupted import Point, commit_points, interrupted
from tests.support.left_evidence import entries

from parley.backups import api as backups
from parley.backups import files, schedule
from parley.backups.models import Backup, BackupObject, Scratch
from parley.foundation.ids import new_id
from parley.obligations.api import run_due
from parley.storage.api import StoreFullError
from parley.tenancy import api as tenancy
from parley.tenancy import scratch


def now() -> datetime:
    return datetime.now(UTC)


STEPS = pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.soak)])
"""Every interruption in the soak; each ninth otherwise: the same test, quicker."""


def every(step: int) -> Iterator[Point]:
    return islice(commit_points(), 0, None, step)


def own(office: Office) -> set[str]:
    """The files of backups, without the objects."""
    return {head.key for head in office.backups.list(str(office.customer.id)) if "/backups/" in head.key}


def files_of(office: Office, *taken: backups.BackupView) -> set[str]:
    customer = office.customer.id
    return {key(customer, one.id) for one in taken for key in (files.dump_key, files.manifest_key)}


def told(kind: str) -> int:
    return [found for found, _ in entries()].count(kind)


@STEPS
def test_taking_dies_at_every_commit_and_is_taken_once(office: Office, step: int) -> None:
    died = 0
    for point in every(step):
        backup_id, before = new_id(at=now()), told("backup.taken")
        with interrupted(point) as meter:
            backups.take(office.customer, reason="asked", at=now(), backup_id=backup_id)
        if not meter.fired:
            break
        died += 1
        done = backups.take(office.customer, reason="asked", at=now(), backup_id=backup_id)
        assert done.state == "ready"
        assert told("backup.taken") == before + 1
        backups.shorten(office.customer, until=now() - timedelta(days=1))
        assert backups.expire(at=now()) == 1
        assert own(office) == set()
    assert died >= 8 // step + 1
    backups.take(office.customer, reason="asked", at=now())
    assert backups.drill(office.customer, at=now()).good


@STEPS
def test_expiring_dies_at_every_commit_and_leaves_what_the_others_name(office: Office, step: int) -> None:
    keys = {head.key for head in office.live.list(str(office.customer.id))}
    kept = backups.take(office.customer, reason="asked", at=now())
    for point in every(step):
        gone = backups.take(office.customer, reason="asked", at=now() - timedelta(days=400))
        with interrupted(point) as meter:
            backups.expire(at=now())
        if not meter.fired:
            break
        backups.expire(at=now())
        assert own(office) == files_of(office, kept)
        assert Backup.objects.get(id=gone.id).state == "gone"
    assert {head.key for head in office.backups.list(str(office.customer.id))} == files_of(office, kept) | keys
    assert backups.drill(office.customer, at=now()).good
    assert backups.destroy_all(office.customer, at=now()) == 1
    assert not list(office.backups.list(str(office.customer.id)))
    assert not BackupObject.objects.filter(customer=office.customer.id).exists()
    assert backups.remaining(office.customer).count == 0
    assert backups.destroy_all(office.customer, at=now()) == 0


@STEPS
def test_restoring_dies_at_every_commit_and_leaves_no_database(office: Office, step: int) -> None:
    backups.take(office.customer, reason="asked", at=now())
    for point in every(step):
        with interrupted(point) as meter, backups.restored(office.customer):
            pass
        if not meter.fired:
            break
        backups.sweep()
        assert not scratch.all_of_them()
        assert not Scratch.objects.exists()


@STEPS
def test_replacing_dies_at_every_commit_and_is_done_again(office: Office, step: int) -> None:
    taken = backups.take(office.customer, reason="asked", at=now())
    for point in every(step):
        with interrupted(point) as meter:
            backups.restore_in_place(office.customer, at=now())
        if meter.fired:
            assert backups.restore_in_place(office.customer, at=now()).id == taken.id
        found = tenancy.by_id(office.customer.id)
        assert found is not None
        backups.sweep()
        assert not scratch.all_of_them()
        assert not Scratch.objects.exists()
        if not meter.fired:
            break
    with tenancy.scope(office.customer):
        assert told("backup.taken") <= 1


def test_objects_go_with_the_last_backup_that_names_them(office: Office) -> None:
    start = now()
    backups.take(office.customer, reason="asked", at=start)
    key = next(iter(office.live.list(str(office.customer.id)))).key
    second = backups.take(office.customer, reason="asked", at=start + timedelta(days=1))
    office.live.delete(key)
    backups.take(office.customer, reason="asked", at=start + timedelta(days=2))
    keep = timedelta(days=settings.PARLEY_BACKUP_KEEP_DAYS)
    backups.expire(at=start + keep + timedelta(hours=1))
    assert office.backups.head(key)
    backups.expire(at=second.expires_at)
    with pytest.raises(files.ObjectNotFoundError):
        office.backups.head(key)
    assert backups.drill(office.customer, at=start + timedelta(days=3)).backup_id != second.id


def test_a_full_disk_leaves_nothing_half(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    real = files.Sealed.write
    with monkeypatch.context() as patched:

        def full(self: files.Sealed, data: bytes) -> int:
            if len(data) > 1000:
                raise OSError(28, "No space left on device")
            return real(self, data)

        patched.setattr(files.Sealed, "write", full)
        with pytest.raises(OSError, match="No space"):
            backups.take(office.customer, reason="asked", at=now())
    assert own(office) == set()
    assert not list((settings.PARLEY_DATA_DIR / "backup-scratch").iterdir())
    row = Backup.objects.get(customer=office.customer.id)
    assert (row.state, row.error) == ("failed", "OSError")
    with monkeypatch.context() as patched:

        def refused(*_: object) -> None:
            raise StoreFullError("the object store is full", remedy="make room")

        patched.setattr(type(office.backups), "put", refused)
        with pytest.raises(StoreFullError):
            backups.take(office.customer, reason="asked", at=now())
    assert backups.take(office.customer, reason="asked", at=now()).state == "ready"


CHILD = """
import os, sys
import django
django.setup()
from datetime import UTC, datetime
from uuid import UUID
from parley.tenancy import api as tenancy
from parley.backups import api as backups
customer = tenancy.known(UUID(sys.argv[2]))
print("ready", flush=True)
if sys.argv[1] == "take":
    backups.take(customer, reason="asked", at=datetime.now(UTC))
else:
    with backups.restored(customer):
        print("restored", flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("deed", "delay"), [pytest.param("take", 0.05, marks=pytest.mark.soak), ("take", 0.4), ("restore", 0.1)]
)
def test_killed_with_sigkill(office: Office, deed: str, delay: float) -> None:
    backups.take(office.customer, reason="asked", at=now())
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, deed, str(office.customer.id)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ},
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    if deed == "restore":
        assert child.stdout.readline() == b"restored\n"
        assert scratch.all_of_them()
        assert backups.sweep() == 0
    time.sleep(delay)
    child.send_signal(signal.SIGKILL)
    child.wait()
    end = time.monotonic() + 20
    while deed == "restore" and not backups.sweep():
        assert time.monotonic() < end
        time.sleep(0.1)
    assert not scratch.all_of_them()
    taken = _taken(office, end)
    assert taken.state == "ready"
    backups.expire(at=now())
    ready = [one for one in backups.backups(office.customer) if one.state == "ready"]
    assert own(office) == files_of(office, *ready)
    assert backups.drill(office.customer, at=now()).good


def _taken(office: Office, end: float) -> backups.BackupView:
    """Another backup, once the server has seen that the killed process is gone."""
    while True:
        try:
            return backups.take(office.customer, reason="asked", at=now())
        except backups.Busy:
            assert time.monotonic() < end
            time.sleep(0.1)


def test_the_schedule_takes_one_backup_a_slot_and_a_drill(office: Office) -> None:
    start = now()
    backups.expect_backups(start)
    backups.take(office.customer, reason="asked", at=start)
    backups.expect_backups(start)
    backups.expect_backups(start)
    following = start + timedelta(days=31)
    outcome = run_due(office.customer, handlers=backups.long_handlers(), now=following)
    assert outcome.failed == 0
    rows = Backup.objects.filter(customer=office.customer.id, reason="scheduled", state="ready")
    assert rows.count() == 1
    assert len(backups.drills(office.customer)) == 1
    assert outcome.next_due is not None
    assert outcome.next_due - following < timedelta(hours=22)


def test_one_deadline_looks_after_all_customers(office: Office) -> None:
    schedule.begin(at=now())
    outcome = run_due(tenancy.provider(), handlers=backups.long_handlers(), now=now())
    assert (outcome.done, outcome.failed) == (1, 0)
    with tenancy.scope(office.customer):
        later = run_due(office.customer, handlers=backups.long_handlers(), now=now() + timedelta(days=1))
    assert later.done == 1


def test_arguments_and_logs_show_no_password(office: Office, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []
    real = subprocess.Popen.__init__

    def watched(self: object, arguments: list[str], *more: object, **named: object) -> None:
        seen.append(" ".join(map(str, arguments)))
        real(self, arguments, *more, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(subprocess.Popen, "__init__", watched)
        backups.take(office.customer, reason="asked", at=now())
        backups.drill(office.customer, at=now())
    assert sum("pg_dump" in one or "pg_restore" in one for one in seen) == 2
    secret = scratch.program("pg_dump", database=office.customer.database).environment["PGPASSWORD"]
    output = capfd.readouterr()
    log = (settings.PARLEY_DATA_DIR / "postgres").resolve() / "postgres.log"
    for text in (*seen, output.out, output.err, log.read_text(errors="replace") if log.exists() else ""):
        assert secret not in text


def test_a_second_taker_is_told_that_one_is_at_work(office: Office) -> None:
    with files.alone("take", office.customer.id), pytest.raises(backups.Busy):
        backups.take(office.customer, reason="asked", at=now(), backup_id=uuid4())


def test_a_backup_of_somebody_else_is_none_of_ours(office: Office, tmp_path: Path) -> None:
    del tmp_path
    with pytest.raises(backups.NoBackup), backups.restored(office.customer, uuid4()):
        pytest.fail("there is none")
