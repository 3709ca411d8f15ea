"""A closed recording becomes rows and evidence once, whatever fails at whichever step."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.integration.recordings.conftest import Place, PlaceFor, Somebody
from tests.support.captures import Packet
from tests.support.spooled import CALLEE, CALLER, call

from parley.obligations.models import Deadline
from parley.recordings import finalize as steps
from parley.recordings.api import RENDER, MalformedFile, SpoolDamaged, closed_recordings, get, search, sweep_discarded
from parley.recordings.models import NumberIndex, Part, Recording
from parley.tenancy import api as tenancy


def ledgered() -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM ledger_pending WHERE kind LIKE 'recording.%'")
        return Counter(row[0] for row in cursor.fetchall())


def details_of(kind: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT details FROM ledger_detail JOIN ledger_pending USING (entry_id) WHERE kind = %s", [kind])
        found: dict[str, Any] = json.loads(cursor.fetchone()[0])
        return found


def test_a_closed_recording_becomes_rows_objects_and_evidence(place: Place, everybody: Somebody) -> None:
    directory = place.spooler.close(parts=[call(), call()])
    sealed = {path.name: path.read_bytes() for path in directory.glob("*.age")}
    recording_id = place.finalize(directory)
    assert not directory.exists()
    found = get(everybody, recording_id)
    assert [part.name for part in found.parts] == ["000.age", "001.age"]
    for part in found.parts:
        key = f"{place.customer.id}/recordings/{recording_id}/{part.name}"
        stored = place.content(key)
        assert stored == sealed[part.name]
        assert hashlib.sha256(stored).hexdigest() == part.sha256
    assert (found.parties, found.call_id, found.sealed) == ((CALLER, CALLEE), "call@pbx", False)
    assert ledgered() == {"recording.sealed": 1}
    details = details_of("recording.sealed")
    assert details["recording"] == str(recording_id)
    assert [entry["sha256"] for entry in details["files"]] == [part.sha256 for part in found.parts]
    assert Deadline.objects.get(kind=RENDER).payload == {"recording": str(recording_id)}
    assert place.customer.id in tenancy.due_wakes("ledger", datetime.now(UTC))


def test_evidence_and_rows_hold_no_party(place: Place) -> None:
    place.recorded()
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(details, '') FROM ledger_detail")
        text = cursor.fetchone()[0]
        for table in ("recordings_recording", "recordings_conversation", "obligations_deadline"):
            cursor.execute(f"SELECT string_agg(t::text, '') FROM {table} t")
            text += cursor.fetchone()[0]
    for secret in (CALLER.name, CALLER.number, CALLEE.aor, "943232", "call@pbx"):
        assert secret not in text
        assert secret.encode().hex() not in text


class Fault(Exception):
    """A process that dies here."""


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, name: str, *, persisted: bool) -> Iterator[None]:
    """Makes one step fail, before it did anything or after all of it was done."""
    real: Callable[..., Any] = getattr(steps, name)

    def fail(*arguments: Any, **named: Any) -> Any:
        if persisted:
            real(*arguments, **named)
        raise Fault

    with monkeypatch.context() as patched:
        patched.setattr(steps, name, fail)
        with pytest.raises(Fault):
            yield


@pytest.mark.parametrize("persisted", [False, True], ids=["failed", "failed but persisted"])
@pytest.mark.parametrize(
    "step", ["verify_part", "store_parts", "commit_rows", "record_sealed", "forget_call", "discard", "read_closed"]
)
def test_dying_at_any_step_and_trying_again_gives_one_recording(
    place: Place, everybody: Somebody, monkeypatch: pytest.MonkeyPatch, step: str, persisted: bool
) -> None:
    directory = place.spooler.close()
    with dying(monkeypatch, step, persisted=persisted):
        place.finalize(directory)
    sweep_discarded(place.spool)
    for left in closed_recordings(place.spool):
        place.finalize(left)
    assert not list(place.spool.iterdir())
    assert (Recording.objects.count(), Part.objects.count(), NumberIndex.objects.count()) == (1, 1, 2)
    assert ledgered() == {"recording.sealed": 1}
    assert Deadline.objects.filter(kind=RENDER).count() == 1
    assert len(search(everybody).rows) == 1


def test_finalising_twice_changes_nothing(place: Place) -> None:
    directory = place.spooler.close()
    copies = {path.name: path.read_bytes() for path in directory.iterdir()}
    place.finalize(directory)
    before = Recording.objects.values().get()
    directory.mkdir()
    for name, content in copies.items():
        (directory / name).write_bytes(content)
    place.finalize(directory)
    assert Recording.objects.values().get() == before
    assert ledgered() == {"recording.sealed": 1}
    assert not directory.exists()


@pytest.mark.parametrize("damage", ["changed", "cut", "missing"])
def test_a_damaged_part_stays_in_the_spool(place: Place, damage: str) -> None:
    directory = place.spooler.close()
    part = directory / "000.age"
    if damage == "missing":
        part.unlink()
    else:
        content = part.read_bytes()
        part.write_bytes(content[:-1] + (b"" if damage == "cut" else bytes([content[-1] ^ 1])))
    with pytest.raises(SpoolDamaged):
        place.finalize(directory)
    assert directory.exists()
    assert not Recording.objects.exists()
    assert not ledgered()


def test_files_of_two_recordings_are_not_mixed(place: Place) -> None:
    first, second = place.spooler.close(), place.spooler.close()
    (second / "closed.json").replace(first / "closed.json")
    with pytest.raises(SpoolDamaged):
        place.finalize(first)


def test_a_torn_manifest_is_refused(place: Place) -> None:
    directory = place.spooler.close()
    (directory / "manifest.json").write_bytes((directory / "manifest.json").read_bytes()[:100])
    with pytest.raises(MalformedFile):
        place.finalize(directory)


def test_a_recording_that_still_runs_is_left_alone(place: Place) -> None:
    directory = place.spooler.close()
    (directory / "closed.json").unlink()
    (place.spool / "journal").mkdir()
    (place.spool / "sessions").mkdir()
    assert not list(closed_recordings(place.spool))


def test_sessions_that_share_a_call_are_segments_of_one_conversation(place: Place, everybody: Somebody) -> None:
    now = datetime.now(UTC)
    second = place.recorded(at=now, conversation="group-1")
    first = place.recorded(at=now - timedelta(minutes=1), conversation="group-1")
    other = place.recorded(at=now - timedelta(minutes=2))
    rows = search(everybody).rows
    assert [(row.recording_id, row.segments) for row in rows] == [(first, 2), (other, 1)]
    segments = get(everybody, second).segments
    assert [(segment.recording_id, segment.current) for segment in segments] == [(first, False), (second, True)]


def test_what_only_the_customer_can_open_is_not_rendered(
    make_customer: Callable[..., tenancy.Customer], place_for: PlaceFor, everybody: Somebody
) -> None:
    customer = make_customer(custody="customer-held", agreement="ixcloud-dpa")
    with tenancy.scope(customer):
        place = place_for(customer)
        recording_id = place.recorded()
        found = get(everybody, recording_id)
        assert (found.rendition, found.sealed, found.parties, found.caller) == ("customer-held", True, (), None)
        assert search(everybody, number=CALLER.number).rows[0].recording_id == recording_id
        assert not Deadline.objects.filter(kind=RENDER).exists()


def test_a_clock_set_back_keeps_no_recording_out(place: Place, everybody: Somebody) -> None:
    directory = place.spooler.close(at=datetime.now(UTC) + timedelta(hours=1))
    content = json.loads((directory / "closed.json").read_bytes())
    content["ended_at"] = "2020-01-01T00:00:00Z"
    (directory / "closed.json").write_text(json.dumps(content))
    assert get(everybody, place.finalize(directory)).seconds == 0


def test_an_empty_recording_is_kept_too(place: Place, everybody: Somebody) -> None:
    nothing: list[list[Packet]] = []
    recording_id = place.recorded(parts=nothing, reason="no-media")
    assert get(everybody, recording_id).parts == ()


def test_a_spool_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert not list(closed_recordings(tmp_path / "none"))
