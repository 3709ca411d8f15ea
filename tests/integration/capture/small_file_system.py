"""Fills a real, small file system under a running call. Run by test_full_disk in a mount namespace of its own.

usage: python -m integration.capture.small_file_system FOLDER. Prints `resumed` when all is well.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from parley.recordings.capture.api import DISK_FULL, MediaEngine, RecordingSpec, SpoolFull, StreamSpec
from parley.sealing.api import generate_identity

from .conftest import Caller
from .opening import media

MIB = 1 << 20


def until(what: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def main(place: Path) -> None:
    """Fill a tmpfs of 24 MiB under two running calls, then make room again."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", place], check=True)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ended: list[tuple[UUID, str]] = []
    engine = MediaEngine(
        sockets,
        place / "spool",
        floor=4 * MIB,
        drain_seconds=0.1,
        quarantine=0,
        on_failure=lambda recording_id, reason: ended.append((recording_id, reason)),
    )
    engine.recover({})
    engine.start()
    identity, caller = generate_identity(), Caller()

    def start() -> tuple[UUID, int]:
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
        with suppress(OSError):
            while True:
                filler.write(block)
    caller.send(port, 400)
    folder = place / "spool" / str(recording_id)
    until((folder / "closed.json").exists)
    assert ended == [(recording_id, DISK_FULL)], ended
    recorded = media(folder, identity.secret)[port]
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
    caller = Caller(ssrc=2)  # another stream: the old one would be late on the port that is used again
    caller.send(port, 5)
    closed = engine.close(again, "bye").result(timeout=10)
    assert media(closed.folder, identity.secret)[port] == caller.sent
    engine.stop()
    print("resumed")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
