"""The bundled caller against sipp as the recorder: signalling is accepted, and both voices arrive whole and on time."""

import itertools
import socket
import statistics
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest
from tests.support.peers import PEERS, wait_for

from parley.project.demo.caller import Order, Party, place_call
from parley.project.demo.dialogues import PACKET, Segment, dialogues, to_mulaw

PARTIES = (Party(name='Ana "Ä" <Öz> & Sons', number="+12125550100"), Party(name="Ben", number="+442079460100"))


@pytest.fixture
def sinks():
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for sink in sockets:
        sink.bind(("127.0.0.1", 0))
        sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sink.settimeout(0.3)
    yield sockets
    for sink in sockets:
        sink.close()


@pytest.fixture
def recorder(sinks, tmp_path):
    """sipp answering one call; yields a function that starts it and tells its address."""
    started = []

    def start(transport):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        ports = [str(sink.getsockname()[1]) for sink in sinks]
        command = ["sipp", "-sf", str(PEERS / "siprec_server.xml"), "-m", "1", "-i", "127.0.0.1", "-p", str(port)]
        command += [
            "-t",
            "u1" if transport == "udp" else "t1",
            "-nostdin",
            "-trace_err",
            "-error_file",
            str(tmp_path / "errors"),
        ]
        command += ["-key", "first_port", ports[0], "-key", "second_port", ports[1]]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started.append(process)
        wait_for("sipp to listen", lambda: f":{port:04X} " in Path(f"/proc/net/{transport}").read_text())
        return ("127.0.0.1", port), process

    yield start
    for process in started:
        process.kill()
        process.wait()


def received(sink, into):
    while True:
        try:
            into.append((time.monotonic(), sink.recv(2048)))
        except TimeoutError:
            if into:
                return


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_is_placed_and_both_voices_arrive_whole_and_paced(recorder, sinks, transport):
    target, sipp = recorder(transport)
    lanes = (bytes(range(160)) * 50, bytes(reversed(range(160))) * 50)
    arrivals = ([], [])
    listeners = [threading.Thread(target=received, args=pair) for pair in zip(sinks, arrivals, strict=True)]
    for listener in listeners:
        listener.start()
    report = place_call(
        target=target,
        transport=transport,
        local_address="127.0.0.21",
        parties=PARTIES,
        segments=[Segment(lanes=lanes)],
    )
    for listener in listeners:
        listener.join()
    assert (report.outcome, report.packets) == ("completed", (50, 50))
    assert sipp.wait(timeout=10) == 0
    for number, packets in enumerate(arrivals):
        headers = [struct.unpack(">BBHII", data[:12]) for _, data in packets]
        assert {header[4] for header in headers} == {report.ssrcs[number]}
        assert [(header[2] - headers[0][2]) & 0xFFFF for header in headers] == list(range(50))
        assert {(b[3] - a[3]) & 0xFFFFFFFF for a, b in itertools.pairwise(headers)} == {PACKET}
        voice = b"".join(data[12:] for _, data in packets)
        assert voice == (lanes[0] if number == 0 else to_mulaw(lanes[1]))
        gaps = [b[0] - a[0] for a, b in itertools.pairwise(packets)]
        assert abs(statistics.mean(gaps) - 0.020) < 0.002


def test_nobody_there_is_a_report_not_an_exception():
    report = place_call(
        target=("127.0.0.1", 1), transport="tcp", local_address="127.0.0.21", parties=PARTIES, segments=[]
    )
    assert report.outcome == "failed"
    assert "127.0.0.1:1" in report.reason


def test_dialogues_have_two_voices_and_one_has_a_hold():
    loaded = dialogues()
    assert len(loaded) >= 3
    for dialogue in loaded.values():
        segments = dialogue.segments()
        assert all(len(segment.lanes[0]) == len(segment.lanes[1]) for segment in segments)
        assert all(len(set(lane)) > 20 for segment in segments if not segment.held for lane in segment.lanes)
    assert [segment.held for segment in loaded["delivery"].segments()] == [False, True, False]


def test_an_order_survives_its_line():
    order = Order(
        key="a", host="127.0.0.1", port=5090, transport="tcp", local_address="127.0.0.11",
        caller=PARTIES[0], callee=PARTIES[1], dialogue="trade", group_id="g",
    )  # fmt: skip
    assert Order.from_line(order.to_line()) == order
