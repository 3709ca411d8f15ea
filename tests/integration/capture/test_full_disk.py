"""Acceptance line 6: no space. New calls are refused, running ones end with the reason, what was recorded is whole, and
service resumes when space returns."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from parley.recordings.capture.api import DISK_FULL, SpoolFull

from .conftest import Caller, MakeStudio
from .faulty_disk import FullDisk
from .opening import media

MIB = 1 << 20


def until(what: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_low_water_mark_ends_calls_before_the_disk_is_full(make_studio: MakeStudio) -> None:
    disk = FullDisk(20 * MIB)
    ended: list[tuple[object, str]] = []
    studio = make_studio(disk=disk, on_failure=lambda recording_id, reason: ended.append((recording_id, reason)))
    recording_id, (port,) = studio.record()
    caller = Caller()
    caller.send(port, 300)
    time.sleep(0.2)
    disk.room = MIB * 3 // 4
    until(lambda: not studio.engine.free_space_ok)
    lease = studio.engine.ports.take()
    with pytest.raises(SpoolFull):
        studio.open([lease])
    assert not ended
    disk.room = MIB // 4
    until(lambda: bool(ended))
    assert ended == [(recording_id, DISK_FULL)]
    folder = studio.spool / str(recording_id)
    until(lambda: (folder / "closed.json").exists())
    assert json.loads((folder / "closed.json").read_bytes())["reason"] == DISK_FULL
    assert media(folder, studio.identity.secret)[port] == caller.sent
    disk.room = 20 * MIB
    until(lambda: studio.engine.free_space_ok)
    again = studio.open([lease])
    caller.send(lease.port, 5)
    closed = studio.close(again)
    assert media(closed.folder, studio.identity.secret)[lease.port] == caller.sent[-5:]


def test_a_disk_that_fills_at_once_loses_nothing_that_was_recorded(make_studio: MakeStudio) -> None:
    disk = FullDisk(20 * MIB)
    ended: list[str] = []
    studio = make_studio(disk=disk, drain_seconds=0.3, on_failure=lambda _, reason: ended.append(reason))
    recording_id, (port,) = studio.record()
    caller = Caller()
    caller.send(port, 300)
    time.sleep(0.7)
    caller.send(port, 700)
    disk.room = 50_000  # below the low-water mark and below what the drain brings
    until(lambda: bool(ended))
    assert not (studio.spool / str(recording_id) / "closed.json").exists()
    time.sleep(0.6)
    disk.room = 20 * MIB
    folder = studio.spool / str(recording_id)
    until(lambda: (folder / "closed.json").exists())
    assert media(folder, studio.identity.secret)[port] == caller.sent
    until(lambda: studio.engine.free_space_ok)


@pytest.mark.timeout(60)
def test_a_real_file_system_that_is_full(tmp_path: Path) -> None:
    """The same on a small tmpfs, in a mount namespace of its own; where that is not allowed, the two tests above stand."""
    command = ["unshare", "--mount", "--map-root-user", sys.executable, __file__, str(tmp_path)]
    probe = subprocess.run(["unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "none", str(tmp_path)])
    if probe.returncode:
        pytest.skip("this account may not mount a tmpfs in a namespace of its own")
    root = str(Path(__file__).parents[2])
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    assert "resumed" in done.stdout


def in_a_small_file_system(place: Path) -> None:
    """Fill a tmpfs of 24 MiB under two running calls, then make room again."""
    import socket
    from uuid import uuid4

    from parley.recordings.capture.api import MediaEngine, RecordingSpec, StreamSpec
    from parley.sealing.api import generate_identity

    from integration.capture.conftest import Caller as Sender
    from integration.capture.opening import media as opened

    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", place], check=True)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ended: list[tuple[object, str]] = []
    engine = MediaEngine(
        sockets, place / "spool", floor=4 * MIB, drain_seconds=0.1, quarantine=0,
        on_failure=lambda recording_id, reason: ended.append((recording_id, reason)),
    )
    engine.recover({})
    engine.start()
    identity, caller = generate_identity(), Sender()

    def start() -> tuple[object, int]:
        lease, recording_id = engine.ports.take(), uuid4()
        stream = StreamSpec(label="0", port=lease.port, sources=("127.0.0.1",))
        engine.open(
            RecordingSpec(recording_id=recording_id, recipients=(identity.recipient,), manifest={}, streams=(stream,))
        )
        return recording_id, lease.port

    recording_id, port = start()
    caller.send(port, 400)
    time.sleep(0.5)
    with (place / "filler").open("wb", buffering=0) as filler:
        block = bytes(4096)
        try:
            while True:
                filler.write(block)
        except OSError:
            pass
    caller.send(port, 400)
    folder = place / "spool" / str(recording_id)
    until(lambda: (folder / "closed.json").exists())
    assert ended == [(recording_id, DISK_FULL)], ended
    recorded = opened(folder, identity.secret)[port]
    assert len(recorded) >= 400
    assert recorded == caller.sent[: len(recorded)]
    try:
        start()
    except SpoolFull:
        pass
    else:
        raise AssertionError("a full disk accepted a call")
    (place / "filler").unlink()
    until(lambda: engine.free_space_ok)
    again, port = start()
    caller.send(port, 5)
    closed = engine.close(again, "bye").result(timeout=10)  # type: ignore[arg-type]
    assert opened(closed.folder, identity.secret)[port] == caller.sent[-5:]
    engine.stop()
    print("resumed")


if __name__ == "__main__":
    in_a_small_file_system(Path(sys.argv[1]))
