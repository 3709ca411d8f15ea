"""Whatever process is killed, whenever: no recording, row or ledger entry is lost or doubled, no packet missing."""

import itertools
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.peers import rtp_payloads, wait_for
from tests.support.system import Console, System, running, short_folder

from parley.project.demo.caller import CallReport, place_call
from parley.project.demo.dialogues import PACKET, Segment
from parley.project.demo.siprec_offer import Party
from parley.sealing.api import generate_identity

VICTIMS = ("recorder", "worker", "database", "sequencer", "web")


@pytest.fixture
def folder() -> Iterator[Path]:
    made = short_folder("kill")
    yield made
    shutil.rmtree(made, ignore_errors=True)


class Callers:
    """Calls one after another on several lines until told to stop. Every packet of a call has a payload of its own."""

    def __init__(self, system: System, *, address: str, lines: int, seconds: float) -> None:
        self._system, self._address, self._packets = system, address, int(seconds * 50)
        self._number = itertools.count()
        self._stop = threading.Event()
        self.reports: list[tuple[int, CallReport]] = []
        self._threads = [threading.Thread(target=self._line) for _ in range(lines)]

    def payload(self, call: int, voice: int, packet: int) -> bytes:
        """What voice (0 or 1) of a call says in one packet: recognisable, and never a value that G.711 changes."""
        return random.Random(call << 32 | voice << 31 | packet).randbytes(PACKET)

    def _line(self) -> None:
        while not self._stop.is_set():
            number = next(self._number)
            lanes = tuple(b"".join(self.payload(number, voice, n) for n in range(self._packets)) for voice in (0, 1))
            report = place_call(
                target=self._system.sip,
                transport="udp",
                local_address=self._address,
                parties=(
                    Party(name="Ada", number="+442079460018"),
                    Party(name="Bruno", number="+390584943232"),
                ),
                segments=[Segment(lanes=(lanes[0], lanes[1]))],
                codecs=("PCMA", "PCMA"),
            )
            self.reports.append((number, report))

    def __enter__(self) -> "Callers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def kill_at_random(system: System, *, kills: int, victims: tuple[str, ...], chance: random.Random) -> None:
    """kill -9 of a running service, `kills` times, each service in its turn, at moments nobody chose."""
    for turn in range(kills):
        name = victims[turn % len(victims)]
        time.sleep(chance.uniform(0.3, 2.0))
        pids = wait_for(f"{name} runs again", lambda name=name: system.pids(name), seconds=60)
        os.kill(pids[0], signal.SIGKILL)


@pytest.mark.parametrize("kills", [pytest.param(8, id="small"), pytest.param(100, id="full", marks=pytest.mark.soak)])
def test_nothing_is_lost_or_doubled(folder: Path, tmp_path: Path, kills: int) -> None:
    key = generate_identity()
    identity = tmp_path / "key"
    identity.write_text(key.secret + "\n")
    with running(folder / "data") as system:
        console = system.add_customer(
            "held", source="127.0.0.5", recipients=(key.recipient, generate_identity().recipient)
        ).sign_in()
        with Callers(system, address="127.0.0.5", lines=3, seconds=4.0) as callers:
            kill_at_random(system, kills=kills, victims=VICTIMS, chance=random.Random(time.time_ns()))
        assert [report for _, report in callers.reports if report.outcome != "completed"] == []
        wait_for("the console is back", lambda: answers(console), seconds=60)
        rows = every_recording(console, len(callers.reports))

        entries = Counter(entry["kind"] for entry in every_entry(console))
        assert entries["recording.sealed"] == len(rows)
        found = {sent_by(system, console, row, identity, tmp_path, callers) for row in rows}
        assert found == {number for number, _ in callers.reports}
        bundle = tmp_path / "evidence.json"
        newest = console.get(f"recordings/{rows[0]['id']}")
        bundle.write_bytes(wait_for("integrated evidence", lambda: evidence(console, newest), seconds=30))
        assert "recording.sealed" in bundle.read_text()


def answers(console: Console) -> bool:
    try:
        console.recordings()
    except OSError:
        return False
    return True


def evidence(console: Console, row: dict[str, object]) -> bytes | None:
    try:
        return console.download(str(row["evidence_url"]))
    except OSError:
        return None


def every_recording(console: Console, expected: int) -> list[dict[str, object]]:
    """All rows, once there are as many as calls; then a little later, to see that none is doubled."""

    def rows() -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        after = ""
        while True:
            page = console.get("recordings?limit=200" + after)
            found += page["items"]
            if not page["next"]:
                return found
            after = f"&after={page['next']}"

    wait_for(f"{expected} recordings", lambda: len(rows()) >= expected, seconds=90, every=0.5)
    time.sleep(2)
    found = rows()
    assert len(found) == expected
    return found


def every_entry(console: Console) -> Iterator[dict[str, object]]:
    before = ""
    while True:
        page = console.get("audit?limit=200" + before)
        yield from page["items"]
        if not page["next"]:
            return
        before = f"&before={page['next']}"


def sent_by(
    system: System, console: Console, row: dict[str, object], identity: Path, folder: Path, callers: Callers
) -> int:
    """The number of the call that `row` recorded; fails unless every packet of it is there once, in order."""
    detail = console.get(f"recordings/{row['id']}")
    here = folder / str(row["id"])
    here.mkdir()
    for part in detail["parts"]:
        (here / part["name"]).write_bytes(console.download(part["url"]))
    names = [str(here / part["name"]) for part in detail["parts"]]
    opened = here / "opened.pcap"
    system.parley("open", *names, "--identity", str(identity), "--output", str(opened))
    ports = {
        int(port)
        for port in subprocess.run(
            # By port, not by tshark's guess: a caller's port may belong to another protocol (44818 is EtherNet/IP).
            ["tshark", "-r", str(opened), "-Y", f"!(udp.port == {system.sip[1]})", "-T", "fields", "-e", "udp.dstport"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
    }
    heard = sorted(tuple(rtp_payloads(opened, port)) for port in ports)
    for number, report in callers.reports:
        said = sorted(
            tuple(callers.payload(number, voice, n) for n in range(report.packets[voice])) for voice in (0, 1)
        )
        if heard == said:
            return number
    lengths = [len(payloads) for payloads in heard]
    raise AssertionError(f"recording {row['id']} with {names} has packets {lengths}, and matches no call")
