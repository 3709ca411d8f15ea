"""One open recording, as the engine sees it."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from parley.recordings.types import ClosedStream, Gap

from .hold import Hold
from .parts import Part
from .ports import PortPool
from .types import Closed, RecordingSpec, StreamSpec, StreamStats


@dataclass
class OpenRecording:
    """What belongs to a recording while it runs. `streams` are by index in the hold's tables; touched by the drain
    thread alone once it is attached."""

    recording_id: UUID
    folder: Path
    specification: RecordingSpec
    part: Part
    streams: dict[int, StreamSpec] = field(default_factory=dict)
    ended: list[ClosedStream] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    paused_ns: int = 0
    """What arrives from then on (Unix nanoseconds) is written nowhere; 0: everything is."""
    owner: int = -1
    """Its place among those to whom ports belong; -1 while it has none."""
    started: bool = False
    closing: bool = False
    closed: "Future[Closed]" = field(default_factory=Future)

    def stats(self, hold: Hold, ports: PortPool) -> tuple[StreamStats, ...]:
        """What arrived on the streams that go on."""
        return tuple(_stats(stream, index, hold, ports) for index, stream in list(self.streams.items()))


def ended_stream(stats: StreamStats) -> ClosedStream:
    """A stream's figures as `closed.json` keeps them; what the kernel dropped shows among the lost."""
    return ClosedStream(
        label=stats.label,
        port=stats.port,
        packets=stats.packets,
        bytes=stats.bytes,
        lost=max(stats.lost, stats.dropped),
        duplicates=stats.duplicates,
    )


def _stats(stream: StreamSpec, index: int, hold: Hold, ports: PortPool) -> StreamStats:
    account = hold.account[index]
    return StreamStats(
        label=stream.label,
        port=stream.port,
        packets=int(account["packets"]),
        bytes=int(account["bytes"]),
        lost=int(account["lost"]),
        duplicates=int(account["duplicates"]),
        foreign=int(account["foreign"]),
        late=int(account["late"]),
        dropped=ports.dropped(index),
        last_arrival_ns=int(account["last_ns"]),
        ssrc=int(account["ssrc"]),
    )
