"""A recorder process as the supervisor starts one: sipp signals over UDP and TCP, a separate sender speaks, kill -9
strikes.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.support.installation import MakeCustomer
from tests.support.peers import Leg, Party, SippCall, speak, wait_for
from tests.support.recorder_place import Recorders, recorders
from tests.support.signalling_place import Wire, code
from tests.support.siprec_messages import Client
from tests.support.wrong_calls import CASES

from parley.governance.contract import api as contract
from parley.governance.instructions import api as instructions
from parley.recordings.api import read_closed, read_manifest
from parley.tenancy import api as tenancy

CALLER, CALLEE = Party("+390584943232", "Anna Caller"), Party("+390266711", "Bruno Callee")


@pytest.fixture(scope="module")
def place(cluster: Path, make_customer: MakeCustomer) -> Iterator[Recorders]:
    owner = make_customer(agreement="ixcloud-dpa", custody="customer-held")
    tenancy.add_trunk(owner, name="recorder-test", sources=["127.0.0.1"], own_numbers=["+390584"])
    with recorders(cluster) as made:
        made.start()
        made.ready()
        yield made


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    path = tmp_path / "audio"
    path.write_bytes(os.urandom(8_000))
    return path


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_sipp_calls_and_a_separate_sender_speaks(place: Recorders, tmp_path: Path, audio: Path, transport: str) -> None:
    before = set(place.closed())
    call = SippCall(
        folder=tmp_path,
        target=place.sip,
        transport=transport,
        caller=CALLER,
        callee=CALLEE,
        group="g",
        seconds=1.5,
        media_ports=(16000, 16002),
    )
    ports = call.ports
    speak(0.8, [Leg(16000, ports[0], 0, audio), Leg(16002, ports[1], 8, audio, ssrc=2)]).wait(10)
    call.finish()
    (folder,) = wait_for("a closed recording", lambda: set(place.closed()) - before)
    closed, manifest = read_closed(folder), read_manifest(folder)
    assert closed.reason == "bye"
    assert [stream.packets for stream in closed.streams] == [40, 40]
    assert [stream.side for stream in manifest.streams] == ["caller", "callee"]
    assert manifest.direction == "outbound"
    wait_for("no session file", lambda: not list((place.spool / "sessions").glob("*.session")))


def test_kill_9_in_mid_call_the_next_recorder_answers_the_bye(place: Recorders, tmp_path: Path, audio: Path) -> None:
    before = set(place.closed())
    call = SippCall(
        folder=tmp_path,
        target=place.sip,
        caller=CALLER,
        callee=CALLEE,
        group="g2",
        seconds=5,
        media_ports=(16000, 16002),
    )
    ports = call.ports
    sender = speak(4, [Leg(16000, ports[0], 0, audio), Leg(16002, ports[1], 8, audio, ssrc=2)])
    time.sleep(1.2)
    place.running[-1].kill()
    place.running[-1].wait(5)
    place.start()
    place.ready()
    sender.wait(15)
    call.finish()
    (folder,) = wait_for("one closed recording", lambda: set(place.closed()) - before)
    closed = read_closed(folder)
    assert closed.reason == "bye"
    assert [stream.packets for stream in closed.streams] == [200, 200]
    assert len(closed.parts) >= 2


@pytest.mark.parametrize("many", [300, pytest.param(10_000, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])])
def test_bad_calls_leave_the_process_as_it_was(place: Recorders, many: int) -> None:
    """Descriptors, memory, spool and ports of the real process: flat, and the next good call is recorded."""
    process = Path(f"/proc/{place.running[-1].pid}")
    cases = list(CASES.values())

    def bad_calls(count: int) -> None:
        wire = Wire(place.sip)
        for number in range(count):
            make, expected = cases[number % len(cases)]
            asker = Client(call_id=f"bad-{count}-{number}", port=wire.port)
            response = wire.ask(make(asker))
            while b"calls come too fast" in response:
                time.sleep(0.05)
                asker = replace(asker, call_id=asker.call_id + "x")
                response = wire.ask(make(asker))
            assert code(response) == expected
            if b"CSeq: 1 INVITE" in response and b"\r\nTo:" in response:
                wire.send(asker.answered(response).ack(f"z9hG4bK-{asker.call_id}-1-INVITE"))
        wire.close()

    def held() -> tuple[int, int]:
        pages = int((process / "statm").read_text().split()[1])
        return sum(1 for _ in (process / "fd").iterdir()), pages * 4

    bad_calls(100)
    spool, (files, memory) = set(place.recordings()), held()
    bad_calls(many)
    files_after, memory_after = held()
    assert files_after <= files
    assert memory_after - memory < 8_000 + many  # KiB; refusals wait 5 s for a late ACK
    assert set(place.recordings()) == spool
    assert not list((place.spool / "sessions").iterdir())


STAFF = UUID(int=7)


def _owner() -> tenancy.Customer:
    entry = tenancy.trunk_directory().find("127.0.0.1", 5060)
    assert entry is not None
    return entry.customer


def _refused_after_two_seconds(place: Recorders, clause: bytes, *, call_id: str) -> None:
    time.sleep(2.0)
    wire = Wire(place.sip)
    response = wire.ask(Client(port=wire.port, call_id=call_id).invite())
    assert (code(response), clause in response) == (403, True), response


def _suspend(at: datetime) -> None:
    report = instructions.report_misuse(kind="spam", text="stop it", by=STAFF, at=at - timedelta(hours=25))
    instructions.suspend(report.id, by=STAFF, at=at)


def _lift(at: datetime) -> None:
    for report in instructions.misuses():
        if report.state == "suspended":
            instructions.lift(report.id, by=STAFF, at=at)


def _withdraw(at: datetime) -> None:
    instructions.withdraw(purpose="record-calls", text="no more recording", by=STAFF, at=at)


def _infringe(at: datetime) -> None:
    said = instructions.Details(region="us")
    instructions.give(purpose="record-calls", text="record in the US", details=said, by=STAFF, at=at)


def _instruct(at: datetime) -> None:
    instructions.give(purpose="record-calls", text="record", by=STAFF, at=at)


@pytest.mark.parametrize(
    ("change", "undo", "clause"),
    [
        (_suspend, _lift, b"IX-X.suspension"),
        (_withdraw, _instruct, b"IX-2.purpose"),
        (_infringe, _instruct, b"IX-X.infringing"),
    ],
)
def test_a_running_recorder_learns_within_two_seconds_how_its_customer_stands(
    place: Recorders, change: Callable[[datetime], None], undo: Callable[[datetime], None], clause: bytes
) -> None:
    wire = Wire(place.sip)
    with tenancy.scope(_owner()):
        change(datetime.now(UTC))
        _refused_after_two_seconds(place, clause, call_id=f"refused-{change.__name__}")
        undo(datetime.now(UTC))
        time.sleep(2.0)
        asker = Client(port=wire.port, call_id=f"taken-{change.__name__}")
        response = wire.ask(asker.invite())
        assert code(response) == 200, response
        asker = asker.answered(response)
        wire.send(asker.ack("z9hG4bKa"))
        wire.send(asker.next().request("BYE"))
    wait_for("no session file", lambda: not list((place.spool / "sessions").glob("*.session")))


def test_stopping_says_bye_and_closes(place: Recorders, tmp_path: Path) -> None:
    before = set(place.closed())
    wire = Wire(place.sip)
    asker = Client(port=wire.port, call_id="stopped")
    response = wire.ask(asker.invite())
    assert code(response) == 200
    wire.send(asker.answered(response).ack("z9hG4bKa"))
    time.sleep(0.2)
    place.running[-1].terminate()
    asked = time.monotonic()
    assert place.running[-1].wait(15) == 0
    assert time.monotonic() - asked < 6
    bye = wire.read()
    assert bye.startswith(b"BYE ")
    assert b'text="recorder is stopping"' in bye
    (folder,) = set(place.closed()) - before
    assert read_closed(folder).reason == "shutdown"
    place.start()
    place.ready()


def test_the_log_names_nobody(place: Recorders) -> None:
    text = place.log
    assert "call.recording" in text
    for word in ("390584943232", "390266711", "Anna", "Bruno", "example.org", "127.0.0.1"):
        assert word not in text


def test_an_ended_contract_reaches_the_recorder_too(place: Recorders) -> None:
    with tenancy.scope(_owner()):
        contract.end_contract(at=datetime.now(UTC), by=str(STAFF))
        _refused_after_two_seconds(place, b"IX-11.end", call_id="refused-end")
