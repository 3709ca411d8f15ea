"""Signalling on real sockets, with a note-taker in the place of the media engine: what was opened, added, ended,
closed.
"""

import asyncio
import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from parley.agreement.api import Signed, Standing
from parley.daemons.recorder_gate import agreement_gate
from parley.daemons.signalling.calls import Calls
from parley.daemons.signalling.ports import Done, Frame, Gate, Heard
from parley.daemons.signalling.state import SessionFiles
from parley.daemons.signalling.transport import Limits, Transport
from parley.recordings.session import Line, Patience
from parley.recordings.types import Manifest, Mishap
from parley.sealing.api import Identity, generate_identity
from parley.tenancy.api import Customer, TrunkDirectory, TrunkEntry

IDENTITY: Identity = generate_identity()


def signed_text(agreement: str) -> str:
    """The text of a packaged agreement: what a customer of these tests has signed."""
    return resources.files("parley.agreement").joinpath("agreements", f"{agreement}.toml").read_text(encoding="utf-8")


def customer(agreement: str = "imagicle-dpa", state: str = "active", region: str = "eu", **standing: Any) -> Customer:
    """A customer that has signed; `standing` says how else it stands."""
    digest = hashlib.sha256(signed_text(agreement).encode()).hexdigest()
    signed = Signed(agreement=agreement, version="1", digest=digest, since=datetime(2026, 1, 1, tzinfo=UTC))
    return Customer(
        id=uuid4(),
        handle="acme",
        name="Acme",
        kind="customer",
        region=region,
        custody="local",
        state=state,
        agreement=agreement,
        agreement_version="1",
        recipients=(IDENTITY.recipient,),
        log_id="log",
        database="c_x",
        standing=Standing(**{"signed": (signed,), **standing}),
    )


def trunk(owner: Customer | None = None) -> TrunkEntry:
    owner = owner or customer()
    return TrunkEntry(
        trunk_id=uuid4(),
        name="main",
        customer=owner,
        own_numbers=("+390584",),
        region="IT",
        recipients=owner.recipients,
        index_keys={"number": b"n" * 32, "conversation": b"c" * 32},
        texts={one.digest: signed_text(one.agreement) for one in owner.standing.signed},
    )


@dataclass
class NoteTaker:
    """Takes notes where the engine would record; ports are numbers only."""

    free: list[int] = field(default_factory=lambda: list(range(30000, 30040, 2)))
    full: bool = False
    opened: dict[UUID, tuple[Manifest, tuple[Line, ...], tuple[Frame, ...]]] = field(default_factory=dict)
    described: list[Manifest] = field(default_factory=list)
    added: list[tuple[UUID, Line]] = field(default_factory=list)
    ended: list[tuple[UUID, int]] = field(default_factory=list)
    frames: list[tuple[UUID, Frame]] = field(default_factory=list)
    closed: list[tuple[UUID, str]] = field(default_factory=list)
    used: dict[UUID, set[int]] = field(default_factory=dict)
    last_at: float | None = None
    steered: list[tuple[UUID, datetime | None]] = field(default_factory=list)

    def refusal(self) -> str:
        return "no space left to record" if self.full else ""

    def take(self, count: int) -> tuple[int, ...] | None:
        if len(self.free) < count:
            return None
        return tuple(self.free.pop(0) for _ in range(count))

    def give_back(self, port: int) -> None:
        self.free.append(port)

    def open(
        self, manifest: Manifest, recipients: Sequence[str], lines: Sequence[Line], frames: Sequence[Frame]
    ) -> bool:
        assert recipients
        self.opened[manifest.recording_id] = (manifest, tuple(lines), tuple(frames))
        self.used[manifest.recording_id] = {line.port for line in lines}
        return True

    def describe(self, manifest: Manifest) -> None:
        self.described.append(manifest)

    def add(self, recording_id: UUID, line: Line) -> None:
        self.added.append((recording_id, line))
        self.used[recording_id].add(line.port)

    def end(self, recording_id: UUID, port: int) -> None:
        self.ended.append((recording_id, port))
        self.used[recording_id].discard(port)
        self.free.append(port)

    def signal(self, recording_id: UUID, frame: Frame) -> None:
        self.frames.append((recording_id, frame))

    def pause(self, recording_id: UUID, at: datetime) -> None:
        self.steered.append((recording_id, at))

    def resume(self, recording_id: UUID) -> None:
        self.steered.append((recording_id, None))

    def close(self, recording_id: UUID, reason: str) -> None:
        self.closed.append((recording_id, reason))
        self.free += self.used.pop(recording_id, set())

    def heard(self, recording_id: UUID) -> Heard:
        return Heard(0, 0, self.last_at)


@dataclass
class Listener:
    """Notes what the console would be told."""

    running: dict[UUID, bool] = field(default_factory=dict)
    over: list[UUID] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    mishaps: list[Mishap] = field(default_factory=list)
    well: list[str] = field(default_factory=list)

    def live(self, trunk: TrunkEntry, manifest: Manifest, heard: Heard, *, held: bool) -> None:
        self.running[manifest.recording_id] = held

    def ended(self, trunk: TrunkEntry, recording_id: UUID) -> None:
        self.over.append(recording_id)

    def steered(self, trunk: TrunkEntry, manifest: Manifest, done: Done) -> None:
        self.done.append(done)

    def trouble(self, trunk: TrunkEntry, trouble: Mishap) -> None:
        self.mishaps.append(trouble)

    def well_again(self, trunk: TrunkEntry, key: str, at: datetime) -> None:
        self.well.append(key)


@dataclass
class Place:
    """A running signalling side."""

    calls: Calls
    media: NoteTaker
    reports: Listener
    files: SessionFiles
    folder: Path
    address: tuple[str, int]
    loop: asyncio.AbstractEventLoop
    transport: Transport

    def ask(self, do: Callable[[], object]) -> object:
        """Runs `do` in the loop of the signalling side and returns what it returns."""

        async def call() -> object:
            return do()

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(10)

    def tick(self) -> None:
        self.ask(self.transport.tick)


def make_calls(
    folder: Path,
    *,
    media: NoteTaker | None = None,
    sources: Sequence[str] = ("127.0.0.1",),
    entry: TrunkEntry | None = None,
    gate: Gate | None = None,
    patience: Patience | None = None,
    stranger_rate: float = 50.0,
    invite_rate: float = 500.0,
    silent_after: float = 20.0,
    sip_port: int = 5090,
    key: bytes = b"k" * 32,
) -> tuple[Calls, NoteTaker, Listener, SessionFiles]:
    media, reports = media or NoteTaker(), Listener()
    directory = TrunkDirectory(dict.fromkeys(sources, entry or trunk()))
    files = SessionFiles(folder=folder / "sessions", key=key)
    calls = Calls(
        media=media,
        gate=gate or agreement_gate(region="eu"),
        directory=lambda: directory,
        files=files,
        reports=reports,
        address_for=lambda _peer: "127.0.0.1",
        sip_port=sip_port,
        patience=patience,
        stranger_rate=stranger_rate,
        invite_rate=invite_rate,
        silent_after=silent_after,
        clock=lambda: datetime.now(UTC),
    )
    return calls, media, reports, files


@contextlib.contextmanager
def signalling(
    folder: Path,
    *,
    limits: Limits | None = None,
    inherited: tuple[socket.socket, socket.socket] | None = None,
    **options: object,
) -> Iterator[Place]:
    """A signalling side on sockets of its own (or on duplicates of `inherited`), in a thread of its own."""
    udp, tcp = sip_sockets() if inherited is None else (inherited[0].dup(), inherited[1].dup())
    address = udp.getsockname()
    calls, media, reports, files = make_calls(folder, sip_port=address[1], **options)  # type: ignore[arg-type]
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> Transport:
        transport = Transport(calls=calls, address_for=lambda _peer: "127.0.0.1", sip_port=address[1], limits=limits)
        for saved in files.load():
            calls.resume(saved)
        await transport.start(udp=udp, tcp=tcp)
        return transport

    transport = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    try:
        yield Place(calls, media, reports, files, folder, address, loop, transport)
    finally:
        asyncio.run_coroutine_threadsafe(transport.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def sip_sockets() -> tuple[socket.socket, socket.socket]:
    """A datagram socket and a listener on the same free port of the loopback."""
    for _ in range(50):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind(udp.getsockname())
        except OSError:
            udp.close()
            tcp.close()
            continue
        tcp.listen(64)
        return udp, tcp
    raise AssertionError("no port is free for both UDP and TCP")


class Wire:
    """One client socket: sends octets, reads whole messages."""

    def __init__(self, address: tuple[str, int], *, tcp: bool = False, host: str = "127.0.0.1") -> None:
        self.tcp = tcp
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(5)
        self.socket.connect(address)
        self.buffer = b""

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, seconds: float = 5) -> bytes:
        """The next message; b"" when none comes in time or the connection is closed."""
        self.socket.settimeout(seconds)
        try:
            if not self.tcp:
                return self.socket.recv(65535)
            while True:
                head, mark, rest = self.buffer.partition(b"\r\n\r\n")
                if mark:
                    length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
                    if len(rest) >= length:
                        self.buffer = rest[length:]
                        return head + mark + rest[:length]
                data = self.socket.recv(65535)
                if not data:
                    return b""
                self.buffer += data
        except TimeoutError:
            return b""

    def ask(self, data: bytes) -> bytes:
        self.send(data)
        return self.read()

    def close(self) -> None:
        self.socket.close()


def code(response: bytes) -> int:
    return int(response.split(b" ", 2)[1]) if response else 0


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def until(what: str, probe: Callable[[], object], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.01)
