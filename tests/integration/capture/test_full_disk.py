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
    until((folder / "closed.json").exists)
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
    until((folder / "closed.json").exists)
    assert media(folder, studio.identity.secret)[port] == caller.sent
    until(lambda: studio.engine.free_space_ok)


@pytest.mark.timeout(60)
def test_a_real_file_system_that_is_full(tmp_path: Path) -> None:
    """The same on a small tmpfs, in a mount namespace of its own; where that is not allowed, the two tests above
    stand."""
    command = [
        "unshare",
        "--mount",
        "--map-root-user",
        sys.executable,
        "-m",
        "integration.capture.small_file_system",
        str(tmp_path),
    ]
    probe = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "none", str(tmp_path)], check=False
    )
    if probe.returncode:
        pytest.skip("this account may not mount a tmpfs in a namespace of its own")
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "resumed" in done.stdout
