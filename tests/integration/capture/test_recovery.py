"""What becomes of calls that nobody goes on with, of memory laid out otherwise, and of the journal over a long time."""

import socket
import time
from pathlib import Path
from uuid import uuid4

import pytest

from parley.recordings.capture.api import (
    INTERRUPTED,
    HoldMismatch,
    MediaEngine,
    RecordingSpec,
    StreamSpec,
    create_hold,
)
from parley.recordings.types import ClosedFile
from parley.sealing.api import generate_identity

from .conftest import Caller, MakeStudio
from .opening import media


def bound(count: int) -> list[socket.socket]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    return sockets


def test_a_call_that_does_not_go_on_keeps_what_its_sockets_held(tmp_path: Path) -> None:
    sockets, hold, identity, caller = bound(2), create_hold(), generate_identity(), Caller()
    first = MediaEngine(sockets, tmp_path, hold_fd=hold, drain_seconds=0.05, floor=1 << 20)
    first.recover({})
    first.start()
    recording_id, lease = uuid4(), first.ports.take()
    stream = StreamSpec(label="a", port=lease.port, sources=("127.0.0.1",))
    first.open(
        RecordingSpec(recording_id=recording_id, recipients=(identity.recipient,), manifest={}, streams=(stream,))
    )
    caller.send(lease.port, 50)
    time.sleep(0.3)
    first.stop()  # leaves the call open, as a death would
    caller.send(lease.port, 25)
    second = MediaEngine(sockets, tmp_path, hold_fd=hold, drain_seconds=0.05, floor=1 << 20)
    (recovered,) = second.recover({})
    second.start()
    second.stop()
    assert not recovered.continued
    folder = tmp_path / str(recording_id)
    closed = ClosedFile.from_json((folder / "closed.json").read_bytes())
    assert (closed.reason, closed.gaps) == (INTERRUPTED, ())
    assert [part.name for part in closed.parts] == ["000.age", "000.tail", "001.age"]
    assert [(each.packets, each.lost) for each in closed.streams] == [(75, 0)]
    assert media(folder, identity.secret)[lease.port] == caller.sent
    assert not second.ports.leased(lease.port)


def test_an_opening_that_was_not_answered_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / str(uuid4())
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    engine = MediaEngine(bound(1), tmp_path, floor=1 << 20)
    assert engine.recover({}) == []
    assert not folder.exists()
    engine.start()
    engine.stop()


def test_a_hold_for_other_ports_is_refused(tmp_path: Path) -> None:
    hold = create_hold()
    MediaEngine(bound(2), tmp_path, hold_fd=hold, floor=1 << 20)
    with pytest.raises(HoldMismatch):
        MediaEngine(bound(3), tmp_path, hold_fd=hold, floor=1 << 20)


def test_the_journal_stays_small_and_a_silent_call_does_not_hold_it(make_studio: MakeStudio) -> None:
    studio = make_studio(segment_bytes=150_000, drain_seconds=0.02)
    silent, (quiet_port,) = studio.record()
    loud, (loud_port,) = studio.record()
    quiet, caller = Caller(ssrc=1), Caller(ssrc=2)
    quiet.send(quiet_port, 20)
    for _ in range(60):
        caller.send(loud_port, 100)
        time.sleep(0.03)
    journal = studio.spool / "journal"
    assert sum(path.stat().st_size for path in journal.iterdir()) < 600_000
    numbers = sorted(int(path.stem) for path in journal.iterdir())
    assert numbers[0] > 2
    studio.engine.stop()
    after = MediaEngine(bound(1), studio.spool, floor=1 << 20)  # no memory was kept: as after a power cut
    assert len(after.recover({})) == 2
    after.start()
    after.stop()
    assert media(studio.spool / str(silent), studio.identity.secret)[quiet_port] == quiet.sent
    assert media(studio.spool / str(loud), studio.identity.secret)[loud_port] == caller.sent


def test_memory_and_descriptors_stay_flat_over_many_calls(make_studio: MakeStudio) -> None:
    studio = make_studio(ports=2, quarantine=0.0, drain_seconds=0.01)
    descriptors = Path("/proc/self/fd")
    before = 0
    for number in range(60):
        recording_id, (port,) = studio.record()
        Caller(ssrc=number).send(port, 3)
        assert studio.close(recording_id).file.streams[0].packets == 3
        if number == 9:
            before = len(list(descriptors.iterdir()))
    assert len(list(descriptors.iterdir())) <= before + 2
