"""How many streams a processor records: Parley (sealed, journalled, synced), rtpengine writing plain pcap, and a bare
C loop that only receives. The same traffic for all, in turns, in one run; G.711 of 20 ms, two streams to a call.

Cost is the processor time, user and system, of the receiving process alone, from before the first packet until all are
drained.
"""

import argparse
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import uuid4

from parley.recordings.capture.api import MediaEngine, RecordingSpec, StreamSpec, create_hold
from parley.sealing.api import generate_identity

HERE = Path(__file__).parent
RATE = 50
DRAIN_SECONDS = 0.85
"""As in production, and the same for the C loop."""
FRAME = 172 + 28 + 16
"""Bytes of one packet in a plain capture."""


@dataclass(frozen=True)
class Run:
    """One contender, once: streams a processor records at full use, packets sent and kept; resident memory in bytes,
    and how much of it was there before the first call; processor seconds of closing."""

    streams_per_cpu: float
    sent: int
    kept: int
    memory: int = 0
    idle: int = 0
    closing: float = 0.0


@dataclass(frozen=True)
class Bench:
    """Where things lie, and how long each contender works."""

    folder: Path
    seconds: float

    def tool(self, name: str) -> Path:
        """The peer `name`, compiled once."""
        program = self.folder / name
        if not program.exists():
            subprocess.run(["cc", "-O2", "-o", program, HERE / "peers" / f"{name}.c"], check=True)
        return program

    def load(self, ports: list[int]) -> int:
        """Send to `ports`; the number of packets sent."""
        listed = self.folder / "ports"
        listed.write_text("\n".join(map(str, ports)))
        done = subprocess.run(
            [self.tool("rtp_load"), listed, str(self.seconds)], capture_output=True, text=True, check=True
        )
        time.sleep(2.5 * DRAIN_SECONDS)
        return int(done.stdout.split()[1])

    def measure(self, process: int, ports: list[int]) -> tuple[float, int]:
        """Processor seconds of `process` while it receives what is sent to `ports`, and the packets sent."""
        before = cpu_seconds(process)
        sent = self.load(ports)
        return cpu_seconds(process) - before, sent


def cpu_seconds(process: int) -> float:
    """User and system time of all threads of `process`, by the scheduler's own clock (ns)."""
    return (
        sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{process}/task").iterdir()) / 1e9
    )


def resident(process: int) -> int:
    """Resident memory of `process` in bytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def density(sent: int, cpu: float) -> float:
    """Streams that one processor would carry: packets for each second of its time, over packets of one stream."""
    return sent / RATE / cpu


def bare(bench: Bench, streams: int) -> Run:
    """The C loop: receives, and throws away."""
    with started([str(bench.tool("bare_receiver")), str(streams), str(DRAIN_SECONDS)]) as process:
        ports = ports_of(process)
        cpu, sent = bench.measure(process.pid, ports)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
    return Run(density(sent, cpu), sent, int(output.split()[1]))


def parley(bench: Bench, streams: int) -> Run:
    """The recorder's media engine, as it runs in production: hold, journal, sync, age parts."""
    spool = bench.folder / "spool"
    shutil.rmtree(spool, ignore_errors=True)
    with started([sys.executable, __file__, "--receiver", str(streams), "--spool", str(spool)]) as process:
        ports = ports_of(process)
        cpu, sent = bench.measure(process.pid, ports)
        memory = resident(process.pid)
        before = cpu_seconds(process.pid)
        process.stdin.write("close\n")
        process.stdin.flush()
        kept, lost, duplicates, idle = (int(number) for number in figures_of(process))
        closing = cpu_seconds(process.pid) - before
        process.communicate("end\n", timeout=60)
    if lost or duplicates:
        kept = -1
    return Run(density(sent, cpu), sent, kept, memory, idle, closing)


def rtpengine(bench: Bench, streams: int) -> Run:
    """rtpengine in user space, recording plain pcap: the same calls with two lines each."""
    spool = bench.folder / "rtpengine"
    shutil.rmtree(spool, ignore_errors=True)
    spool.mkdir()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        control.bind(("127.0.0.1", 0))
        address = control.getsockname()
    command = ["rtpengine", "--foreground", "--log-stderr", "--log-level=3", "--table=-1", "--interface=127.0.0.1"]
    command += [f"--listen-ng=127.0.0.1:{address[1]}", "--port-min=34000", "--port-max=62000", "--num-threads=2"]
    command += ["--media-num-threads=1", "--timeout=600", f"--recording-dir={spool}", "--recording-method=pcap"]
    command += ["--recording-format=raw"]
    with started(command, quiet=True, folder=bench.folder) as process:
        idle = resident(process.pid)
        ports = publish(address, streams)
        cpu, sent = bench.measure(process.pid, ports)
        memory = resident(process.pid)
    size = sum(path.stat().st_size for path in spool.rglob("*.pcap"))
    return Run(density(sent, cpu), sent, min(sent, size // FRAME), memory, idle)


def publish(address: tuple[str, int], streams: int) -> list[int]:
    """Open calls of two lines each and have them recorded; the ports to send to."""
    ports: list[int] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        control.connect(address)
        control.settimeout(1)
        ask(control, {"command": "ping"}, attempts=20)
        for call in range(streams // 2):
            sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            sdp += "".join(
                f"m=audio {10000 + 4 * (call % 1000) + 2 * line} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendonly\r\n"
                for line in (0, 1)
            )
            name = {"call-id": f"c{call}", "from-tag": "s"}
            answer = ask(control, {"command": "publish", "sdp": sdp, **name})
            ports += [int(port) for port in re.findall(r"m=audio (\d+)", answer)]
            ask(control, {"command": "start recording", **name})
    return ports


def ask(control: socket.socket, words: dict[str, str], attempts: int = 3) -> str:
    """One question of rtpengine's ng protocol (a cookie, then bencode)."""
    body = "d" + "".join(f"{len(key)}:{key}{len(words[key])}:{words[key]}" for key in sorted(words)) + "e"
    cookie = os.urandom(4).hex()
    for _ in range(attempts):
        try:
            control.send(f"{cookie} {body}".encode())
            answer = control.recv(65535).decode()
        except (TimeoutError, ConnectionRefusedError):
            time.sleep(0.1)
            continue
        if answer.startswith(cookie) and ("6:result2:ok" in answer or "6:result4:pong" in answer):
            return answer
        raise RuntimeError(f"rtpengine refused: {answer}")
    raise RuntimeError("rtpengine does not answer")


@contextmanager
def started(command: list[str], *, quiet: bool = False, folder: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process that is gone afterwards; what it leaves behind when it crashes at its end stays in `folder`."""
    errors = subprocess.DEVNULL if quiet else None
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, text=True, cwd=folder)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def ports_of(process: "subprocess.Popen[str]") -> list[int]:
    """What a receiver says before it is ready."""
    lines = iter(process.stdout.readline, "ready\n")
    return [int(line) for line in lines]


def figures_of(process: "subprocess.Popen[str]") -> list[str]:
    """The receiver's last line; whatever it says before that is worth seeing."""
    for line in iter(process.stdout.readline, ""):
        word, *figures = line.split()
        if word == "kept":
            return figures
        print(line, end="", file=sys.stderr)
    raise RuntimeError("the receiver ended early")


def receive(streams: int, spool: Path) -> None:
    """Be the receiver: the engine alone, each call with two streams, until a line arrives; then close all calls."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(streams)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    engine = MediaEngine(sockets, spool, hold_fd=create_hold(), drain_seconds=DRAIN_SECONDS)
    engine.recover({})
    engine.start()
    idle = resident(os.getpid())
    recipient = generate_identity().recipient
    calls = []
    for _ in range(streams // 2):
        leases = [engine.ports.take(), engine.ports.take()]
        lines = tuple(
            StreamSpec(label=str(number), port=lease.port, sources=("127.0.0.1",))
            for number, lease in enumerate(leases)
        )
        calls.append(uuid4())
        engine.open(RecordingSpec(recording_id=calls[-1], recipients=(recipient,), manifest={}, streams=lines))
    time.sleep(2 * DRAIN_SECONDS)
    for each in sockets:
        print(each.getsockname()[1])
    print("ready", flush=True)
    sys.stdin.readline()
    closed = [engine.close(call, "bye") for call in calls]
    streams_closed = [stream for one in closed for stream in one.result(timeout=60).file.streams]
    figures = [sum(getattr(each, name) for each in streams_closed) for name in ("packets", "lost", "duplicates")]
    print("kept", *figures, idle, flush=True)
    sys.stdin.readline()
    engine.stop()


CONTENDERS: dict[str, Callable[[Bench, int], Run]] = {"C loop": bare, "rtpengine": rtpengine, "Parley": parley}


def compare(bench: Bench, sizes: list[int], scaling: list[int], rounds: int) -> dict[tuple[str, int], list[Run]]:
    """All contenders at all sizes, in turns; Parley alone also at the sizes of `scaling`."""
    runs: dict[tuple[str, int], list[Run]] = {}
    for _ in range(rounds):
        for size in sizes:
            for name, contender in CONTENDERS.items():
                runs.setdefault((name, size), []).append(contender(bench, size))
        for size in scaling:
            runs.setdefault(("Parley", size), []).append(parley(bench, size))
    return runs


def main() -> None:
    """Measure, print a table, end with the line of figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5, help="interleaved rounds, of which the median counts")
    options.add_argument("--seconds", type=float, default=5, help="of traffic for each contender and round")
    options.add_argument("--quick", action="store_true", help="one short round at small sizes: does it work at all")
    options.add_argument("--directory", type=Path, default=None, help="where recordings are stored meanwhile")
    options.add_argument("--receiver", type=int, help=argparse.SUPPRESS)
    options.add_argument("--spool", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.receiver:
        receive(chosen.receiver, chosen.spool)
        return
    rounds, seconds = (1, 2.0) if chosen.quick else (chosen.rounds, chosen.seconds)
    sizes, scaling = ([20, 40], [40, 80]) if chosen.quick else ([500, 2000], [1000, 4000])
    with tempfile.TemporaryDirectory(dir=chosen.directory) as folder:
        report(compare(Bench(Path(folder), seconds), sizes, scaling, rounds), sizes, scaling)


def per_stream(several: list[Run], size: int) -> float:
    """KiB that one more stream takes: what the receiver grew by since it was idle."""
    return median(run.memory - run.idle for run in several) / size / 1024


def report(runs: dict[tuple[str, int], list[Run]], sizes: list[int], scaling: list[int]) -> None:
    """The table and the last line."""
    middle = {key: median(run.streams_per_cpu for run in several) for key, several in runs.items()}
    heads = ("streams", "per CPU", "us/packet", "lost", "KiB/stream", "MiB in all")
    print(" " * 12 + "".join(f"{head:>12}" for head in heads) + "   all rounds")
    for (name, size), several in runs.items():
        lost = sum(run.sent - run.kept for run in several)
        memory = median(run.memory for run in several)
        shown = f"{per_stream(several, size):12.1f}{memory / 2**20:12.1f}" if memory else " " * 24
        print(
            f"{name:12}{size:12}{middle[name, size]:12.0f}{1e6 / RATE / middle[name, size]:12.2f}{lost:12}{shown}   "
            + " ".join(f"{run.streams_per_cpu:.0f}" for run in several)
        )
    ours = [run for (name, _), several in runs.items() if name == "Parley" for run in several]
    closing = median(run.closing for run in runs["Parley", sizes[-1]]) / (sizes[-1] / 2) * 1e3
    print(f"closing a call afterwards: {closing:.2f} ms of processor time")
    figures: dict[str, str] = {
        "ratio": f"{min(middle['Parley', size] / middle['rtpengine', size] for size in sizes):.2f}",
        "c_ratio": f"{min(middle['Parley', size] / middle['C loop', size] for size in sizes):.2f}",
    }
    for size in sizes:
        figures[f"ratio_{size}"] = f"{middle['Parley', size] / middle['rtpengine', size]:.2f}"
        figures[f"c_ratio_{size}"] = f"{middle['Parley', size] / middle['C loop', size]:.2f}"
        figures[f"streams_per_cpu_{size}"] = f"{middle['Parley', size]:.0f}"
        figures[f"kib_per_stream_{size}"] = f"{per_stream(runs['Parley', size], size):.1f}"
    figures["scaling"] = f"{middle['Parley', scaling[0]] / middle['Parley', scaling[1]]:.2f}"
    figures["lost"] = str(sum(run.sent - run.kept for run in ours))
    print("bench recording", *(f"{key}={value}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
