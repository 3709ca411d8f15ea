"""Whatever dies when: an export comes to the same end, with one object, one entry of the log, one duty."""

import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.exports.conftest import Desk
from tests.support.interrupted import commit_points, interrupted
from tests.support.left_evidence import entries

from parley.exports import api as exports
from parley.exports.making import scratch_of
from parley.exports.models import ExportedPerson, ExportedRecord
from parley.inventory.api import ExportOptions, stores
from parley.obligations import api as obligations
from parley.obligations.api import run_due
from parley.retention import api as retention

CSV = ExportOptions(formats=("csv",))


def made_once(desk: Desk) -> None:
    assert desk.objects() == [f"{desk.customer.id}/exports/{one.id}.zip.age" for one in exports.listing()]
    kinds = [kind for kind, _clause in entries()]
    assert kinds.count("export.made") == 1
    assert len(obligations.duties(event_kind="export-made")) == 1


def test_each_commit_of_the_job(desk: Desk) -> None:
    desk.recorded(render=False)
    for number, point in enumerate(commit_points()):
        export = desk.ask(key=f"point {number}", options=CSV)
        now = datetime.now(UTC)
        with interrupted(point) as meter:
            run_due(desk.customer, handlers=exports.long_handlers(), now=now)
        again = run_due(desk.customer, handlers=exports.long_handlers(), now=now + timedelta(hours=1))
        assert again.failed == 0
        assert exports.get(export).state == "ready"
        assert len(desk.objects()) == 1
        assert len(obligations.duties(event_kind="export-made", event_id=str(export))) == 1
        assert not scratch_of(export).exists()
        exports.withdraw(export, by=None, at=now)
        if not meter.fired:
            break
    assert number >= 4
    assert [kind for kind, _clause in entries()].count("export.made") == number + 1


def test_each_commit_of_asking_and_withdrawing(desk: Desk) -> None:
    for number, point in enumerate(commit_points()):
        with interrupted(point) as meter:
            desk.ask(key=f"ask {number}", options=CSV)
        export = desk.ask(key=f"ask {number}", options=CSV)
        assert desk.make().failed == 0
        with interrupted(point):
            exports.withdraw(export, by=None, at=datetime.now(UTC))
        assert exports.withdraw(export, by=None, at=datetime.now(UTC)).state == "withdrawn"
        assert not desk.objects()
        if not meter.fired:
            break
    assert len(exports.listing()) == number + 1


def test_killed_for_good_in_the_middle(desk: Desk) -> None:
    """SIGKILL while the package is half written: another process makes it, whole."""
    for _ in range(3):
        desk.recorded(render=False)
    export = desk.ask(options=CSV)
    program = f"""
        import time
        from datetime import UTC, datetime
        from uuid import UUID
        import django
        django.setup()
        from parley.exports import api as exports, making
        from parley.obligations.api import run_due
        from parley.tenancy import api as tenancy

        wrote = making.write_package
        def slow(target, **given):
            done = wrote(target, **given)
            print("written", flush=True)
            time.sleep(60)
            return done
        making.write_package = slow
        customer = tenancy.by_id(UUID("{desk.customer.id}"))
        run_due(customer, handlers=exports.long_handlers(), now=datetime.now(UTC))
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "written"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    left = scratch_of(export)
    assert left.exists()
    deadline = time.monotonic() + 30
    while exports.get(export).state != "ready" and time.monotonic() < deadline:
        run_due(desk.customer, handlers=exports.long_handlers(), now=datetime.now(UTC) + timedelta(hours=1))
        time.sleep(0.1)
    assert exports.get(export).by_store["recordings"] == 3
    made_once(desk)
    assert not left.exists()


def test_erased_while_it_was_made(desk: Desk) -> None:
    """An erasure that came too early to see the export: the export does not outlive it."""
    recording = desk.recorded(render=False)
    export = desk.ask(options=CSV)
    desk.make()
    held = next(one for one in stores()["recordings"].every() if one.id == recording)
    ExportedPerson.objects.all().delete()  # as for an erasure that looked before these were committed
    retention.dispose([held], cause="request", reference="R-1", at=datetime.now(UTC), by="test")
    assert exports.get(export).state == "ready"
    desk.later(days=1)
    assert exports.get(export).state == "withdrawn"
    assert not desk.objects()
    assert not ExportedRecord.objects.exists()


@pytest.mark.parametrize("attempts", [8])
def test_what_cannot_be_made_says_so(desk: Desk, attempts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from parley.exports import making

    def broken(*_given: object, **_named: object) -> None:
        raise RuntimeError("never")

    monkeypatch.setattr(making, "write_package", broken)
    export = desk.ask(options=CSV)
    for attempt in range(attempts):
        now = datetime.now(UTC) + timedelta(days=attempt)
        assert run_due(desk.customer, handlers=exports.long_handlers(), now=now).failed == 1
    assert exports.get(export).state == "failed"
    assert exports.get(export).error == "RuntimeError"
    assert not desk.objects()
