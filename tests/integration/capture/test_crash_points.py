"""The recorder dies between any two steps of storing a batch: the successor finds everything, once."""

import socket
import threading
import time
from pathlib import Path
from uuid import uuid4

import pytest

from parley.recordings.capture.api import MediaEngine, RecordingSpec, StreamSpec, create_hold
from parley.recordings.capture.framing import Framer
from parley.recordings.capture.journal import Journal
from parley.recordings.capture.parts import Part
from parley.recordings.capture.receive import Receiver
from parley.recordings.capture.store import BatchStore
from parley.sealing.api import generate_identity

from .conftest import Caller, invite
from .opening import media


class Killed(BaseException):
    """Stands for SIGKILL: nothing after it runs."""


STEPS = [
    (Receiver, "receive"),
    (Framer, "frame"),
    (BatchStore, "_publish"),
    (Journal, "append"),
    (Part, "write"),
    (Framer, "apply"),
    (Receiver, "clear"),
]


@pytest.mark.parametrize("again", [False, True], ids=["once", "and-its-successor"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_death_at_any_step_neither_loses_nor_doubles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type, step: str, after: bool, again: bool
) -> None:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    hold, identity, dead = create_hold(), generate_identity(), threading.Event()
    specification = RecordingSpec(
        recording_id=uuid4(),
        recipients=(identity.recipient,),
        manifest={},
        streams=tuple(StreamSpec(label=str(port), port=port, sources=("127.0.0.1",)) for port in ports),
        signals=(invite(ports[0]),),
    )
    callers = [Caller(ssrc=1), Caller(ssrc=2)]

    def engine() -> MediaEngine:
        dead.clear()
        return MediaEngine(
            sockets,
            tmp_path,
            hold_fd=hold,
            drain_seconds=0.02,
            floor=1 << 20,
            segment_bytes=20_000,
            on_fatal=lambda error: dead.set(),
        )

    def speak() -> None:
        for _ in range(200):
            for caller, port in zip(callers, ports, strict=True):
                caller.send(port)

    first = engine()
    first.recover({})
    for _ in ports:
        first.ports.take()
    first.open(specification)
    first.start()
    speak()
    time.sleep(0.1)
    threading.excepthook, quiet = (lambda _: None), threading.excepthook
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, dying(getattr(owner, step), after=after))
        speak()
        assert dead.wait(5)
        if again:
            with pytest.raises(Killed):
                engine().recover({specification.recording_id: specification})
    threading.excepthook = quiet
    speak()
    second = engine()
    (recovered,) = second.recover({specification.recording_id: specification})
    assert (recovered.continued, recovered.gap_seconds) == (True, 0.0)
    second.start()
    speak()
    closed = second.close(specification.recording_id, "bye").result(timeout=20)
    second.stop()
    received = media(closed.folder, identity.secret)
    for caller, port in zip(callers, ports, strict=True):
        assert received[port] == caller.sent
    assert [(each.packets, each.lost, each.duplicates) for each in closed.file.streams] == [(800, 0, 0)] * 2


def dying(real, *, after: bool):  # type: ignore[no-untyped-def]
    """`real`, which is the last thing that happens, or the first that does not."""

    def last(*given, **named):  # type: ignore[no-untyped-def]
        if after:
            real(*given, **named)
        raise Killed

    return last
