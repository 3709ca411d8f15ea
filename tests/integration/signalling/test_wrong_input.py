"""Wrong input (acceptance 12): each gets its answer with a Reason and a clean log line, and leaves nothing behind."""

import gc
import json
import resource
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from tests.support.signalling_place import (
    Place,
    Wire,
    code,
    customer,
    descriptors,
    signalling,
    trunk,
    until,
)
from tests.support.siprec_messages import Client
from tests.support.wrong_calls import CASES, DATAGRAM, STREAM

from parley.daemons.signalling.transport import Limits

SECRETS = ("390584943232", "390266711", "Anna", "Bruno", "example.org", "secretcall", "secretname")


@pytest.fixture
def logs() -> Iterator[list[dict[str, object]]]:
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured  # type: ignore[misc]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with signalling(tmp_path, stranger_rate=1e9) as running:
        yield running


def client(wire: Wire, number: int = 0) -> Client:
    return Client(call_id=f"secretcall-{number}", port=wire.port, transport="TCP" if wire.tcp else "UDP")


def check(response: bytes, expected: int, name: str) -> None:
    assert code(response) == expected, (name, response)
    assert f"Reason: SIP;cause={expected};text=".encode() in response, name


def clean(place: Place, logs: list[dict[str, object]], expected: int, name: str) -> None:
    until("a log line", lambda: any(line.get("code") == expected for line in logs))
    text = json.dumps(logs, default=str)
    assert any(line.get("reason") for line in logs), name
    for secret in SECRETS:
        assert secret not in text, name
    assert len(place.calls) == 0
    assert len(place.media.free) == 20
    assert place.media.opened == {}
    assert not list((place.folder / "sessions").iterdir())


@pytest.mark.parametrize("tcp", [False, True])
def test_each_wrong_input_gets_its_answer(place: Place, logs: list[dict[str, object]], tcp: bool) -> None:
    cases = {**CASES, **(STREAM if tcp else DATAGRAM)}
    for number, (name, (make, expected)) in enumerate(cases.items()):
        wire = Wire(place.address, tcp=tcp)
        logs.clear()
        check(wire.ask(make(client(wire, number))), expected, name)
        clean(place, logs, expected, name)
        wire.close()


def test_a_stream_that_lost_its_frame_is_closed_and_others_go_on(place: Place) -> None:
    broken, good = Wire(place.address, tcp=True), Wire(place.address, tcp=True)
    assert code(broken.ask(client(broken).invite(length="x"))) == 400
    assert broken.read(2) == b""
    assert code(good.ask(client(good).invite())) == 200


def test_a_message_without_via_is_dropped_and_noted(place: Place, logs: list[dict[str, object]]) -> None:
    wire = Wire(place.address)
    wire.send(replace(client(wire), without=frozenset({"Via"})).invite())
    until("a log line", lambda: any(line.get("code") == 0 for line in logs))
    assert wire.read(0.2) == b""


def test_a_stranger_is_refused_and_then_ignored(tmp_path: Path, logs: list[dict[str, object]]) -> None:
    with signalling(tmp_path, sources=("192.0.2.1",), stranger_rate=2.0) as place:
        wire = Wire(place.address)
        check(wire.ask(client(wire).invite()), 403, "unknown trunk")
        clean(place, logs, 403, "unknown trunk")
        for number in range(50):
            wire.send(client(wire, number).invite())
        until("ignored", lambda: place.tick() or any(line["event"] == "sip.ignored" for line in logs))
        assert len(place.calls.endpoint) == 0


def test_a_trunk_that_calls_too_fast_is_slowed_down(tmp_path: Path) -> None:
    with signalling(tmp_path, invite_rate=0.5) as place:
        wire = Wire(place.address)
        first = client(wire)
        assert code(wire.ask(first.invite())) == 200
        response = wire.ask(client(wire, 1).invite())
        check(response, 503, "too fast")
        assert b"Retry-After: 1\r\n" in response
        assert code(wire.ask(client(wire, 2).request("OPTIONS"))) == 200


def test_trunks_on_one_address_are_told_apart_by_port(tmp_path: Path) -> None:
    for tcp in (False, True):
        with signalling(tmp_path / str(tcp), sources=("127.0.0.1:5999",)) as place:
            wire = Wire(place.address, tcp=tcp)
            assert code(wire.ask(client(wire).invite())) == 403
            if tcp:  # a connection comes from any port: its Via names the port of the trunk
                assert code(wire.ask(replace(client(wire), port=5999).invite())) == 200


def test_no_free_port(place: Place, logs: list[dict[str, object]]) -> None:
    del place.media.free[1:]
    wire = Wire(place.address)
    response = wire.ask(client(wire).invite())
    check(response, 503, "no free port")
    assert b"Retry-After: 10\r\n" in response
    assert place.media.free == [30000]
    assert len(place.calls) == 0


def test_no_space(place: Place) -> None:
    place.media.full = True
    wire = Wire(place.address)
    response = wire.ask(client(wire).invite())
    check(response, 503, "no space")
    assert b"Retry-After: 30\r\n" in response
    place.media.full = False
    assert code(wire.ask(client(wire, 1).invite())) == 200


@pytest.mark.parametrize(
    ("standing", "clause"),
    [
        ({"contract_ended_at": datetime(2026, 1, 2, tzinfo=UTC)}, b"IM-8.cloud"),
        ({"acceptable_use_suspended": True}, b"IM-X.suspension"),
        ({"withdrawn_purposes": frozenset({"record-calls"})}, b"IM-3a.instructions"),
        ({"suspended_purposes": frozenset({"record-calls"})}, b"IM-X.infringing"),
        ({"signed": ()}, b"no agreement is signed"),
    ],
)
def test_the_gate_refuses_with_the_clause(tmp_path: Path, standing: dict[str, Any], clause: bytes) -> None:
    with signalling(tmp_path, entry=trunk(customer(**standing))) as place:
        wire = Wire(place.address)
        response = wire.ask(client(wire).invite())
        check(response, 403, "gate")
        assert clause in response
        assert place.media.opened == {}


def test_a_fault_of_ours_answers_500_and_gives_the_ports_back(place: Place, logs: list[dict[str, object]]) -> None:
    def fail(*_: object) -> bool:
        raise RuntimeError("secretcall in a message")

    place.media.open = fail  # type: ignore[method-assign]
    wire = Wire(place.address)
    check(wire.ask(client(wire).invite()), 500, "fault")
    clean(place, logs, 500, "fault")
    assert any(line["event"] == "sip.fault" and line["error"] == "RuntimeError" for line in logs)


def test_a_fault_in_one_call_leaves_the_others_alone(place: Place, logs: list[dict[str, object]]) -> None:
    wire = Wire(place.address)
    assert code(wire.ask(client(wire).invite())) == 200

    def fail(*_: object) -> None:
        raise RuntimeError("secretcall in a message")

    place.media.heard = fail  # type: ignore[method-assign, assignment]
    place.tick()
    assert any(line["event"] == "sip.fault" and line["error"] == "RuntimeError" for line in logs)
    assert "secretcall" not in json.dumps(logs, default=str)
    assert code(wire.ask(client(wire, 1).invite())) == 200


def test_a_full_disk_ends_the_call_with_a_reason(place: Place) -> None:
    wire = Wire(place.address)
    asker = client(wire)
    response = wire.ask(asker.invite())
    wire.send(asker.answered(response).ack("z9hG4bKa"))
    until("the ACK", lambda: place.calls.live[0].session.phase == "confirmed")
    (recording_id,) = place.media.opened
    now = place.loop.time()
    place.ask(lambda: (place.calls.capture_failed(recording_id, "disk-full", now=now), place.transport.flush()))
    bye = wire.read()
    assert bye.startswith(b"BYE ") and b"Reason: " in bye
    assert place.media.closed == [(recording_id, "disk-full")]


@pytest.mark.parametrize("many", [300, pytest.param(10_000, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])])
def test_bad_calls_leave_nothing_behind(tmp_path: Path, many: int) -> None:
    """Ports, files, descriptors and memory after `many` bad calls over both transports are as before."""
    cases = [make for make, _ in CASES.values()]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with signalling(tmp_path, stranger_rate=1e9, limits=Limits(connections_of_one=64)) as place:

        def round_of(count: int, start: int) -> None:
            udp, tcp = Wire(place.address), Wire(place.address, tcp=True)
            for number in range(start, start + count):
                wire = tcp if number % 4 == 0 else udp
                asker = client(wire, number)
                response = wire.ask(cases[number % len(cases)](asker))
                if not response:  # the stream was closed after its answer: begin another
                    tcp = Wire(place.address, tcp=True)
                elif b"CSeq: 1 INVITE" in response and b"\r\nTo:" in response:
                    wire.send(asker.answered(response).ack(f"z9hG4bK-{asker.call_id}-1-INVITE"))
            udp.close()
            tcp.close()

        def settle() -> tuple[int, int]:
            place.ask(lambda: place.calls.endpoint.tick(now=place.loop.time() + 200))
            until("no transaction left", lambda: len(place.calls.endpoint) == 0)
            until("no connection left", lambda: not place.transport._connections)
            gc.collect()
            return descriptors(), len(gc.get_objects())

        round_of(100, 0)
        before, objects = settle()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        round_of(many, 100)
        after, objects_after = settle()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
        assert after == before
        assert objects_after - objects < 500
        assert grown < 24_000 + many  # KiB; transactions that wait for their end are part of it
        assert place.calls.live == ()
        assert len(place.media.free) == 20
        assert place.media.opened == {}
        assert not list((place.folder / "sessions").iterdir())
        wire = Wire(place.address)
        assert code(wire.ask(client(wire, 999_999).invite())) == 200
    structlog.reset_defaults()
