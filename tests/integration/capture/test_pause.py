"""What arrives in a pause is in no file: looked for in every octet that was written, opened with the key."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

from parley.recordings.capture.api import StreamSpec, create_hold
from parley.sealing.api import generate_identity

from .conftest import Caller, MakeStudio, Studio
from .opening import media


def waited(studio: Studio, recording_id: object, packets: int) -> None:
    for _ in range(100):
        if sum(stream.packets for stream in studio.engine.stats(recording_id)) >= packets:  # type: ignore[arg-type]
            return
        time.sleep(0.05)
    raise AssertionError("packets did not arrive")


def test_what_arrives_in_a_pause_is_counted_and_written_nowhere(make_studio: MakeStudio) -> None:
    studio = make_studio()
    recording_id, (port,) = studio.record()
    caller = Caller()
    caller.send(port, 20)
    time.sleep(0.01)
    studio.engine.pause(recording_id, time.time_ns())
    time.sleep(0.01)
    caller.send(port, 30)
    waited(studio, recording_id, 50)
    caller.send(port, 10)  # still in the socket when the pause ends: of the pause
    studio.engine.resume(recording_id)
    waited(studio, recording_id, 60)
    caller.send(port, 20)
    closed = studio.close(recording_id)
    assert media(closed.folder, studio.identity.secret)[port] == [*caller.sent[:20], *caller.sent[60:]]
    (stream,) = closed.file.streams
    assert (stream.packets, stream.lost) == (80, 0), "a pause is no loss"


def test_a_pause_of_one_call_leaves_the_others_alone(make_studio: MakeStudio) -> None:
    studio = make_studio()
    first, (one,) = studio.record()
    second, (two,) = studio.record()
    studio.engine.pause(first, time.time_ns())
    time.sleep(0.02)
    callers = Caller(ssrc=1), Caller(ssrc=2)
    for _ in range(10):
        callers[0].send(one)
        callers[1].send(two)
    waited(studio, first, 10)
    waited(studio, second, 10)
    assert one not in media(studio.close(first).folder, studio.identity.secret)
    assert media(studio.close(second).folder, studio.identity.secret)[two] == callers[1].sent


def test_a_stream_that_is_added_in_a_pause_is_paused_too(make_studio: MakeStudio) -> None:
    studio = make_studio()
    recording_id, _ports = studio.record()
    studio.engine.pause(recording_id, time.time_ns())
    lease = studio.engine.ports.take()
    studio.engine.add_stream(recording_id, StreamSpec(label="x", port=lease.port, sources=("127.0.0.1",)))
    caller = Caller()
    time.sleep(0.02)
    caller.send(lease.port, 10)
    waited(studio, recording_id, 10)
    studio.engine.resume(recording_id)
    time.sleep(0.1)
    caller.send(lease.port, 5)
    closed = studio.close(recording_id)
    assert media(closed.folder, studio.identity.secret) == {lease.port: caller.sent[10:]}


def test_a_recorder_that_is_killed_in_a_pause_is_followed_by_one_that_keeps_it(tmp_path: Path) -> None:
    """Also what waited in the socket, and what the dead one had in its hands, is written nowhere."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("127.0.0.1", 0))
        hold, identity, recording_id, spool = create_hold(), generate_identity(), uuid4(), tmp_path / "spool"
        given = {
            "sockets": [here.fileno()],
            "hold": hold,
            "spool": str(spool),
            "recording": str(recording_id),
            "recipient": identity.recipient,
            "drain": 0.02,
            "segment": 1 << 16,
        }

        def recorder() -> subprocess.Popen[str]:
            return subprocess.Popen(
                [sys.executable, Path(__file__).with_name("engine_process.py"), json.dumps(given)],
                pass_fds=[here.fileno(), hold],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )

        def told(child: subprocess.Popen[str], word: str = "") -> None:
            assert child.stdin is not None and child.stdout is not None
            if word:
                child.stdin.write(f"{word}\n")
                child.stdin.flush()
            assert child.stdout.readline() == f"{word or 'ready'}\n"

        port, caller = here.getsockname()[1], Caller()
        child = recorder()
        told(child)
        caller.send(port, 20)
        time.sleep(0.1)
        told(child, "pause")
        time.sleep(0.05)
        caller.send(port, 15)
        child.send_signal(signal.SIGKILL)
        child.wait()
        caller.send(port, 15)
        child = recorder()
        told(child)
        caller.send(port, 15)
        time.sleep(0.1)
        told(child, "resume")
        time.sleep(0.1)
        caller.send(port, 20)
        finished, _ = child.communicate("close\n", timeout=30)
        assert "closed" in finished
    assert media(spool / str(recording_id), identity.secret)[port] == [*caller.sent[:20], *caller.sent[65:]]
