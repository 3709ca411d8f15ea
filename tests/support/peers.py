"""Programs that are not Parley, for tests to speak to it with: sipp, the RTP sender, a packet capture, tshark."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Answer = TypeVar("Answer")
PEERS = Path(__file__).parents[1] / "peers"
PACKET = 160


def wait_for(what: str, probe: Callable[[], Answer], seconds: float = 60.0, every: float = 0.1) -> Answer:
    """The first true answer of `probe()`; fails with `what` after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)


@dataclass(frozen=True)
class Party:
    number: str
    name: str


class SippCall:
    """One SIPREC call by sipp; `ports` are the media ports that the answer gave, in the order of the m-lines."""

    def __init__(
        self,
        *,
        folder: Path,
        target: tuple[str, int],
        transport: str = "udp",
        local_ip: str = "127.0.0.1",
        caller: Party,
        callee: Party,
        group: str,
        seconds: float,
        media_ports: tuple[int, int],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        keys = {
            "caller": caller.number,
            "caller_name": caller.name,
            "callee": callee.number,
            "callee_name": callee.name,
            "group": group,
            "caller_port": str(media_ports[0]),
            "callee_port": str(media_ports[1]),
        }
        command = [
            "sipp",
            f"{target[0]}:{target[1]}",
            "-sf",
            str(PEERS / "siprec_call.xml"),
            "-m",
            "1",
            "-i",
            local_ip,
            "-d",
            str(int(seconds * 1000)),
        ]
        command += ["-t", "u1" if transport == "udp" else "t1", "-trace_logs", "-log_file", str(folder / "log")]
        command += ["-trace_err", "-error_file", str(folder / "errors"), "-nostdin"]
        for name, value in keys.items():
            command += ["-key", name, value]
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )

    @property
    def ports(self) -> tuple[int, int]:
        def read() -> tuple[int, int] | None:
            assert self.process.poll() in (None, 0), self._errors()
            log = self.folder / "log"
            found = re.search(r"ports (\d+) (\d+)", log.read_text()) if log.exists() else None
            return (int(found[1]), int(found[2])) if found else None

        return wait_for("an answer with two ports", read)

    def _errors(self) -> str:
        errors = self.folder / "errors"
        return errors.read_text() if errors.exists() else "sipp failed without a word"

    def finish(self, seconds: float = 30) -> None:
        assert self.process.wait(seconds) == 0, self._errors()


@dataclass(frozen=True)
class Leg:
    source: int
    port: int
    payload_type: int
    audio: Path
    first_sequence: int = 1000
    ssrc: int = 1

    def expected(self, packets: int) -> list[bytes]:
        """The RTP payloads that the sender sends, in order."""
        audio = self.audio.read_bytes()
        looped = audio * (packets * PACKET // len(audio) + 2)
        starts = (tick * PACKET % len(audio) for tick in range(packets))
        return [looped[start : start + PACKET] for start in starts]


def speak(seconds: float, legs: Sequence[Leg], host: str = "127.0.0.1") -> subprocess.Popen[str]:
    """Start the independent sender; all legs begin at the same instant."""
    words = [
        f"{leg.source}:{host}:{leg.port}:{leg.payload_type}:{leg.audio}:{leg.first_sequence}:{leg.ssrc}" for leg in legs
    ]
    return subprocess.Popen(
        [sys.executable, str(PEERS / "rtp_sender.py"), str(seconds), *words], stdout=subprocess.PIPE, text=True
    )


def may_capture() -> bool:
    """Only root may capture packets; for others the sender's own list is the truth."""
    return os.geteuid() == 0


@contextmanager
def capture(path: Path, ports: Sequence[int]) -> Iterator[None]:
    """A packet capture of UDP to `ports` on the loopback, by dumpcap."""
    expression = "udp and (" + " or ".join(f"dst port {port}" for port in ports) + ")"
    process = subprocess.Popen(
        ["dumpcap", "-q", "-i", "lo", "-f", expression, "-w", str(path)], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if line.startswith(("File:", "Capturing")) and path.exists():
                break
        time.sleep(0.3)
        yield
        time.sleep(0.3)
    finally:
        process.terminate()
        process.communicate()


def rtp_payloads(pcap: Path, port: int) -> list[bytes]:
    """The RTP payloads (without 12-byte headers) sent to `port`, in the order of the capture, as tshark reads them."""
    out = subprocess.run(
        ["tshark", "-r", str(pcap), "-Y", f"udp.dstport=={port}", "-T", "fields", "-e", "udp.payload"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [bytes.fromhex(line.replace(":", ""))[12:] for line in out.split()]


@dataclass(frozen=True)
class RtpStream:
    port: int
    payload: str
    packets: int
    lost: int


def tshark_streams(pcap: Path) -> list[RtpStream]:
    """What `tshark -z rtp,streams` lists, without any option that would help it."""
    out = subprocess.run(
        ["tshark", "-q", "-r", str(pcap), "-z", "rtp,streams"], check=True, capture_output=True, text=True
    ).stdout
    streams = []
    for line in out.splitlines():
        found = re.match(
            r"\s*[\d.]+\s+[\d.]+\s+\S+\s+\d+\s+\S+\s+(\d+)\s+0x[0-9A-Fa-f]+\s+(.+?)\s+(\d+)\s+(-?\d+) \(", line
        )
        if found:
            streams.append(RtpStream(int(found[1]), found[2], int(found[3]), int(found[4])))
    return streams
