"""A capture to stereo sound: caller left, callee right, aligned, in windows whose size does not grow with the call."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from parley.recordings.rendition.encoders import CHANNELS, Encoder, Stereo
from parley.recordings.rendition.g711 import DECODERS, SAMPLE_RATE
from parley.recordings.rendition.lane import Lane
from parley.recordings.rendition.packets import Block, Packets, blocks
from parley.recordings.rendition.timeline import GRID, LEFT_OUT, StreamTimeline, origin
from parley.recordings.types import ManifestStream

HORIZON = 120 * SAMPLE_RATE
"""A packet that belongs more than this (120 s) behind the newest of its recording is too late to be heard."""
WINDOW = HORIZON + 60 * SAMPLE_RATE
LARGEST_PACKET = SAMPLE_RATE
_ROWS = 4096
STATIC_PAYLOAD_TYPES = {0: "PCMU", 8: "PCMA", 13: "CN"}
"""RFC 3551 section 6, as far as it concerns us."""

Capture = Callable[[], Iterable[Iterable[bytes]]]
"""Opens the original: its parts in order, each as pieces of capture. Called twice: to measure, then to render."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What one pass over the headers says: `samples` in all, and the position (from `origin`, Unix ns) of the first."""

    origin: int
    first: int
    samples: int
    left_out: int

    @property
    def starts_at(self) -> datetime | None:
        """The instant of the first sample; None: there is no sound."""
        instant = self.origin + self.first * (1_000_000_000 // SAMPLE_RATE)
        return datetime.fromtimestamp(instant / 1e9, UTC) if self.samples else None


def render(
    capture: Capture,
    *,
    streams: Sequence[ManifestStream],
    make: Callable[[int], Mapping[str, Encoder]],
    audible: Collection[int] | None = None,
    surveyed: Callable[[Survey], None] = lambda _measured: None,
) -> Iterator[tuple[str, bytes]]:
    """Pieces of every rendition as they become due: (name, bytes).

    `make(samples)` gives the encoders by name; `surveyed` hears first what was measured. Streams whose port is not in
    `audible` are silent, and the length stays that of the call. Raises NotACapture.
    """
    measured = survey(capture(), streams=streams)
    surveyed(measured)
    encoders = make(measured.samples)
    for sound in stereo(capture(), streams=streams, measured=measured, audible=audible):
        for name, encoder in encoders.items():
            yield name, encoder.encode(sound)
    for name, encoder in encoders.items():
        yield name, encoder.finish()


def survey(parts: Iterable[Iterable[bytes]], *, streams: Sequence[ManifestStream]) -> Survey:
    """Measures a capture without decoding it."""
    first, last, zero, left_out = 0, 0, 0, 0
    for number, (start, block, positions) in enumerate(_placed(parts, streams)):
        spans = [
            (int(at[at != LEFT_OUT].min()), int((at + block[port].length).max()))
            for port, at in positions.items()
            if (at != LEFT_OUT).any()
        ]
        left_out += sum(int(np.count_nonzero(at == LEFT_OUT)) for at in positions.values())
        zero = start
        low, high = min(span[0] for span in spans), max(span[1] for span in spans)
        first, last = (low, high) if number == 0 else (min(first, low), max(last, high))
    return Survey(origin=zero, first=first, samples=last - first, left_out=left_out)


def stereo(
    parts: Iterable[Iterable[bytes]],
    *,
    streams: Sequence[ManifestStream],
    measured: Survey,
    audible: Collection[int] | None = None,
) -> Iterator[Stereo]:
    """The sound, window after window; `measured.samples` samples in all. Only the ports in `audible`, if given."""
    mixer = _Mixer(streams, audible)
    remaining = measured.samples
    for _, block, positions in _placed(parts, streams):
        for sound in mixer.add(block, {port: at - measured.first for port, at in positions.items()}):
            yield sound[:remaining]
            remaining -= min(len(sound), remaining)
    while remaining:
        sound = mixer.take(min(remaining, WINDOW))
        remaining -= len(sound)
        yield sound


def _placed(
    parts: Iterable[Iterable[bytes]], streams: Sequence[ManifestStream]
) -> Iterator[tuple[int, Block, dict[int, npt.NDArray[np.int64]]]]:
    """(origin, block, port -> positions) for every block of the capture that holds sound."""
    codecs = {stream.port: codec_names(stream) for stream in streams}
    sounding = (
        {port: _audible(packets, codecs[port]) for port, packets in block.items()}
        for block in blocks(parts, ports=frozenset(codecs))
    )
    timelines: dict[int, StreamTimeline] = {}
    start: int | None = None
    ahead_of = chain(({port: p for port, p in block.items() if len(p)} for block in sounding), [None])
    block = next(ahead_of)
    for following in ahead_of:
        if block:
            if start is None:
                start = origin(min(block.values(), key=lambda packets: int(packets.arrival[0])))
            positions = {}
            for port, packets in block.items():
                timeline = timelines.setdefault(port, StreamTimeline(origin=start))
                positions[port] = timeline.place(packets, ahead=(following or {}).get(port))
            yield start, block, positions
        block = following


def codec_names(stream: ManifestStream) -> Mapping[int, str]:
    """Payload type -> upper-case encoding name of a stream."""
    if stream.payload_types:
        return STATIC_PAYLOAD_TYPES | {entry.number: entry.name.upper() for entry in stream.payload_types}
    return STATIC_PAYLOAD_TYPES


def _audible(packets: Packets, codecs: Mapping[int, str]) -> Packets:
    """Speech and comfort noise; telephone events and what we cannot decode have no place in the sound."""
    heard = [number for number, name in codecs.items() if name in DECODERS or name == "CN"]
    return packets.select(np.isin(packets.payload_type, heard) & (packets.length <= LARGEST_PACKET))


class _Mixer:
    """A lane per stream, mixed to two channels."""

    def __init__(self, streams: Sequence[ManifestStream], audible: Collection[int] | None = None) -> None:
        heard = [stream.port for stream in streams if audible is None or stream.port in audible]
        self._lanes = {port: Lane(capacity=WINDOW) for port in heard}
        self._codecs = {stream.port: codec_names(stream) for stream in streams}
        self._channel = channels(streams)
        self._base = 0

    def add(self, block: Block, positions: Mapping[int, npt.NDArray[np.int64]]) -> Iterator[Stereo]:
        """Writes a block into the lanes; yields what the windows must give up to make room for it."""
        waiting = {
            port: (block[port].select(at >= self._base), at[at >= self._base])
            for port, at in positions.items()
            if port in self._lanes
        }
        while waiting:
            limit = self._base + WINDOW - LARGEST_PACKET
            for port, (packets, at) in list(waiting.items()):
                fits = at < limit
                self._write(port, packets.select(fits), at[fits])
                if fits.all():
                    del waiting[port]
                else:
                    waiting[port] = (packets.select(~fits), at[~fits])
            if waiting:
                yield self.take(WINDOW - HORIZON)

    def take(self, count: int) -> Stereo:
        """The next `count` samples of both channels."""
        self._base += count
        mixed = np.zeros((count, CHANNELS), np.int16)
        mixed_channels: set[int] = set()
        for port, lane in self._lanes.items():
            channel, sound = self._channel[port], lane.take(count)
            if channel in mixed_channels:
                total = mixed[:, channel].astype(np.int32) + sound
                mixed[:, channel] = np.clip(total, -32768, 32767)
            else:
                mixed[:, channel] = sound
            mixed_channels.add(channel)
        return mixed

    def _write(self, port: int, packets: Packets, positions: npt.NDArray[np.int64]) -> None:
        tables = {kind: DECODERS.get(self._codecs[port][kind]) for kind in np.unique(packets.payload_type).tolist()}
        # Comfort noise first: where both claim the same moment, speech wins.
        for payload_type, table in sorted(tables.items(), key=lambda entry: entry[1] is not None):
            of_type = packets.payload_type == payload_type
            if table is None:
                # Comfort noise is rendered as silence: what was sent there was meant to be heard as nothing.
                at = positions[of_type]
                self._lanes[port].write(np.zeros((len(at), GRID), np.int16), at)
                continue
            for length in np.unique(packets.length[of_type]):
                chosen = np.flatnonzero(of_type & (packets.length == length))
                rows = sliding_window_view(packets.data, int(length))
                for batch in range(0, len(chosen), _ROWS):
                    some = chosen[batch : batch + _ROWS]
                    self._lanes[port].write(table[rows[packets.offset[some]]], positions[some])


def channels(streams: Sequence[ManifestStream]) -> dict[int, int]:
    """Port -> 0 (left, caller) or 1 (right, callee); a stream of neither side takes the side that nobody has."""
    sides = {"caller": 0, "callee": 1}
    chosen = {stream.port: sides[stream.side] for stream in streams if stream.side in sides}
    for stream in streams:
        if stream.port not in chosen:
            chosen[stream.port] = 0 if 0 not in chosen.values() else 1
    return chosen
