"""Acceptance line 6: the recorder is killed at random moments, and every packet is in the recording, once, in order."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from parley.recordings.capture.api import create_hold
from parley.sealing.api import generate_identity

from .opening import media

SENDER = Path(__file__).parents[2] / "peers" / "rtp_sender.py"
CHILD = Path(__file__).with_name("engine_process.py")


@pytest.mark.parametrize(
    ("kills", "pause"),
    [pytest.param(5, 0.5), pytest.param(50, 1.0, marks=[pytest.mark.soak, pytest.mark.timeout(600)])],
)
def test_nothing_is_lost_or_doubled_when_the_recorder_is_killed(tmp_path: Path, kills: int, pause: float) -> None:
    chance = random.Random(kills)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    hold, identity, recording_id, spool = create_hold(), generate_identity(), uuid4(), tmp_path / "spool"
    descriptors = [each.fileno() for each in sockets]
    given = {
        "sockets": descriptors,
        "hold": hold,
        "spool": str(spool),
        "recording": str(recording_id),
        "recipient": identity.recipient,
        "drain": 0.02,
        "segment": 1 << 16,
    }

    def recorder() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, CHILD, json.dumps(given)],
            pass_fds=[*descriptors, hold],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    # Every packet has a content of its own.
    seconds = kills * (pause + 1.2) + 4
    audio = [os.urandom(160 * int(seconds * 50 + 50)) for _ in sockets]
    streams = []
    for number, (each, content) in enumerate(zip(sockets, audio, strict=True)):
        file = tmp_path / f"{number}.raw"
        file.write_bytes(content)
        streams.append(f"{free_port()}:127.0.0.1:{each.getsockname()[1]}:0:{file}:{65000 + number}")
    child = recorder()
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    sender = subprocess.Popen([sys.executable, SENDER, str(seconds), *streams], stdout=subprocess.PIPE, text=True)
    for _ in range(kills):
        time.sleep(chance.uniform(0, pause))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child = recorder()
        if chance.random() < 0.6:  # otherwise the next one dies somewhere in its start
            assert child.stdout is not None and child.stdout.readline() == "ready\n"
    output, _ = sender.communicate(timeout=seconds + 20)
    sent = [int(number) for number in output.split()[2:]]
    finished, _ = child.communicate("close\n", timeout=30)
    assert "closed" in finished

    received = media(spool / str(recording_id), identity.secret)
    for number, each in enumerate(sockets):
        packets = received[each.getsockname()[1]]
        expected = [audio[number][tick * 160 : tick * 160 + 160] for tick in range(sent[number])]
        assert [packet[12:] for packet in packets] == expected
    figures = json.loads(finished.split("closed ")[1])
    assert figures == [[sent[0], 0, 0], [sent[1], 0, 0]]
    assert (spool / str(recording_id) / "closed.json").exists()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
