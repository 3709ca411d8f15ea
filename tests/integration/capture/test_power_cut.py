"""Acceptance line 6: the power goes; at most 1.0 s of what had arrived is missing, and nothing in between."""

import socket
import threading
import time
from pathlib import Path

import pytest

from parley.recordings.capture.api import MediaEngine

from .conftest import Caller, MakeStudio, Studio
from .faulty_disk import PowerCutDisk
from .opening import media


class Talker(threading.Thread):
    """Sends 50 packets a second and remembers when each was sent."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.caller, self.port, self.at, self.over = Caller(), port, list[float](), threading.Event()

    def run(self) -> None:
        due = time.monotonic()
        while not self.over.is_set():
            self.at.append(time.monotonic())
            self.caller.send(self.port)
            due += 0.02
            time.sleep(max(0.0, due - time.monotonic()))


@pytest.mark.alone
@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("seconds", [2.3, pytest.param(61.0, marks=[pytest.mark.soak, pytest.mark.timeout(200)])])
def test_at_most_one_second_is_missing(make_studio: MakeStudio, tmp_path: Path, zeros: bool, seconds: float) -> None:
    disk = PowerCutDisk()
    studio = make_studio(disk=disk, drain_seconds=0.85, segment_bytes=100_000)
    recording_id, ports = studio.record(streams=2)
    talkers = [Talker(port) for port in ports]
    for talker in talkers:
        talker.start()
    time.sleep(seconds)
    after = tmp_path / "after"
    cut = time.monotonic()
    disk.cut(studio.spool, after, zeros=zeros)
    for talker in talkers:
        talker.over.set()
        talker.join()
    folder = reopened(after, studio) / str(recording_id)
    received = media(folder, studio.identity.secret)
    for talker in talkers:
        packets = received[talker.port]
        assert packets == talker.caller.sent[: len(packets)]
        missing_from = talker.at[len(packets)] if len(packets) < len(talker.at) else cut
        assert cut - missing_from <= 1.0


def test_a_chunk_that_was_not_synced_is_in_the_journal(make_studio: MakeStudio, tmp_path: Path) -> None:
    """The last whole chunk reached the file but not the disk: its plaintext comes from the tail."""
    disk = PowerCutDisk()
    studio = make_studio(disk=disk, drain_seconds=0.1)
    recording_id, (port,) = studio.record()
    caller = Caller()
    for _ in range(8):
        caller.send(port, 100)
        time.sleep(0.15)
    age = studio.spool / str(recording_id) / "000.age"
    assert age.stat().st_size > 2 * 65552
    time.sleep(0.3)
    after = tmp_path / "after"
    disk.cut(studio.spool, after, zeros=True)
    folder = reopened(after, studio) / str(recording_id)
    assert media(folder, studio.identity.secret)[port] == caller.sent
    assert (folder / "000.tail").stat().st_size > 100_000


def reopened(spool: Path, studio: Studio) -> Path:
    """`spool` after a machine has come back: other sockets, no memory."""
    del studio
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as fresh:
        fresh.bind(("127.0.0.1", 0))
        engine = MediaEngine([fresh], spool, floor=1 << 20)
        (recovered,) = engine.recover({})
        engine.start()
        engine.stop()
    assert not recovered.continued
    assert recovered.gap_seconds > 0
    assert (spool / str(recovered.recording_id) / "closed.json").exists()
    assert len(list((spool / "journal").glob("*.log"))) == 1
    return spool
