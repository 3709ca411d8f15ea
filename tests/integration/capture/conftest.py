"""An engine on real sockets, and one to speak to it."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from parley.recordings.capture.api import Closed, MediaEngine, PortLease, RecordingSpec, SignalFrame, StreamSpec
from parley.sealing.api import Identity, generate_identity


@dataclass
class Caller:
    """Sends RTP from a socket of its own, 160 octets a packet."""

    address: str = "127.0.0.1"
    ssrc: int = 0x1000
    sequence: int = 0
    timestamp: int = 0
    sent: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, 0))

    def packet(self, size: int = 160) -> bytes:
        number = len(self.sent)
        return struct.pack(
            ">BBHII", 0x80, 0, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc
        ) + number.to_bytes(4, "big") * (size // 4)

    def send(self, port: int, count: int = 1, size: int = 160) -> None:
        for _ in range(count):
            packet = self.packet(size)
            self.socket.sendto(packet, ("127.0.0.1", port))
            self.sent.append(packet)
            self.sequence += 1
            self.timestamp += 160


@dataclass
class Studio:
    """One engine, its spool, and the key that opens what it records."""

    engine: MediaEngine
    spool: Path
    identity: Identity

    def record(self, streams: int = 1, sources: tuple[str, ...] = ("127.0.0.1",)) -> tuple[UUID, list[int]]:
        leases = [self.engine.ports.take() for _ in range(streams)]
        return self.open(leases, sources), [lease.port for lease in leases]

    def open(self, leases: list[PortLease], sources: tuple[str, ...] = ("127.0.0.1",)) -> UUID:
        recording_id = uuid4()
        self.engine.open(
            RecordingSpec(
                recording_id=recording_id,
                recipients=(self.identity.recipient,),
                manifest={},
                streams=tuple(
                    StreamSpec(label=str(number), port=lease.port, sources=sources)
                    for number, lease in enumerate(leases)
                ),
                signals=(invite(leases[0].port),),
            )
        )
        return recording_id

    def close(self, recording_id: UUID, reason: str = "bye") -> Closed:
        return self.engine.close(recording_id, reason).result(timeout=20)


def invite(port: int) -> SignalFrame:
    return SignalFrame(
        at_ns=time.time_ns(),
        source=("127.0.0.1", 5060),
        destination=("127.0.0.1", port),
        payload=b"INVITE sip:srs\r\n\r\n",
    )


MakeStudio = Callable[..., Studio]


@pytest.fixture
def make_studio(tmp_path: Path) -> Iterator[MakeStudio]:
    engines: list[MediaEngine] = []
    identity = generate_identity()

    def make(*, ports: int = 4, spool: Path | None = None, **options: Any) -> Studio:
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(ports)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        place = spool if spool is not None else tmp_path / "spool"
        engine = MediaEngine(sockets, place, **{"drain_seconds": 0.05, "floor": 1 << 20, **options})
        engine.recover({})
        engine.start()
        engines.append(engine)
        return Studio(engine, place, identity)

    yield make
    for engine in engines:
        engine.stop()
