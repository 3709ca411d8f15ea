"""Where on the recording's time line each packet belongs.

RTP time stamps say where a packet lies relative to its neighbours (RFC 3550 section 5.1); only arrival times say where
a stream lies relative to another. So a run of packets keeps the spacing of its time stamps, and is anchored on arrival
once: at its start, at a new SSRC, where the sender's clock stepped, where it paused. Anchors snap to the 20 ms grid, so
that streams that began together stay aligned to the sample in spite of network jitter. Clocks that run a little faster
or slower than ours (a second an hour at most) are followed in steps of 20 ms, or the sides of a long call would part.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parley.recordings.rendition.g711 import SAMPLE_RATE
from parley.recordings.rendition.packets import Ints, Packets

GRID = 160
"""Anchors snap to this many samples (20 ms)."""
TOLERANCE = SAMPLE_RATE // 4
"""A time stamp gap that differs from the arrival gap by no more than this (250 ms) is silence suppression, no step."""
PAUSE = SAMPLE_RATE // 2
"""Arrivals that fall behind the time stamps by more than this (0.5 s), and stay behind, mean that the sender paused."""
SETTLING = 10
"""Packets after an anchor among which the earliest (least delayed) decides it."""
LOOK_AHEAD = 250
"""Packets over which a delay must last to be a pause and not a stall of the network (which catches up)."""
STEADY = 1000
"""Packets (20 s) whose least delay says how a sender's clock stands to ours."""
LARGEST_SKEW = 300e-6
"""What runs faster or slower than this is no clock, but a sender that does not keep time: its stamps are believed."""
MAX_SOURCES = 64
"""SSRCs followed per stream; packets of further ones are left out (a flood must not take memory)."""

LEFT_OUT = -(1 << 62)
"""The position of a packet that belongs nowhere."""

_NANOSECONDS_PER_SAMPLE = 1_000_000_000 // SAMPLE_RATE


@dataclass
class _Source:
    """The last packet placed of one SSRC; all in samples but the sequence number."""

    sequence: int
    timestamp: int
    length: int
    arrival: int
    position: int
    steady: "_Steady | None" = None
    skew: int = 0
    """Samples by which what comes next has to move, to follow the sender's clock."""


@dataclass(frozen=True)
class _Steady:
    """The least delay (samples) of a stretch of packets, and when the stretch began (samples)."""

    delay: int
    since: int


class StreamTimeline:
    """Gives packets of one stream their position in samples from `origin` (Unix ns), a block at a time."""

    def __init__(self, *, origin: int) -> None:
        self._origin = origin
        self._sources: dict[int, _Source] = {}
        self._end = LEFT_OUT
        self.left_out = 0

    def place(self, packets: Packets, *, ahead: Packets | None = None) -> Ints:
        """Positions of `packets`, which continue those of the last call; `LEFT_OUT` for a packet that has none.

        `ahead` is what arrives next, if known: only looked at, to tell a pause from a stall.
        """
        positions = np.full(len(packets), LEFT_OUT, np.int64)
        ends = positions.copy()
        for ssrc in _in_order_of_appearance(packets.ssrc):
            mine = np.flatnonzero(packets.ssrc == ssrc)
            if ssrc not in self._sources and len(self._sources) >= MAX_SOURCES:
                self.left_out += len(mine)
                continue
            later = ahead.select(ahead.ssrc == ssrc) if ahead is not None else None
            end = max(self._end, int(ends[: mine[0]].max(initial=LEFT_OUT)))
            positions[mine] = self._place_source(ssrc, packets.select(mine), later, end)
            ends[mine] = positions[mine] + packets.length[mine]
        self._end = max(self._end, int(ends.max(initial=LEFT_OUT)))
        return positions

    def _place_source(self, ssrc: int, packets: Packets, ahead: Packets | None, end: int) -> Ints:
        """Positions of the packets of one SSRC; `end` is where the stream's sound ended when they began to arrive."""
        count = len(packets)
        run = _Run.of(packets, ahead, self._origin)
        known = self._sources.get(ssrc)
        first = 0
        if known is not None:
            first = known.position + known.skew + int(_signed(run.timestamp[0] - known.timestamp, 32))
        # Positions as the time stamps alone have it; the anchors below shift everything that follows them.
        position = first + np.concatenate([[0], np.cumsum(_signed(np.diff(run.timestamp), 32))])
        anchored: int | None = None if known else 0
        for index in _breaks(run, position, known):
            if index >= count:
                break
            if _misplaced(run, position, index, known):
                reached = int((position[:index] + run.length[:index]).max(initial=end))
                position[index:] += _anchor(run, position, index, reached) - position[index]
                anchored = index
        steady, skew = _follow(run.arrival[:count], position[:count], anchored, known.steady if known else None)
        last = count - 1
        self._sources[ssrc] = _Source(
            int(run.sequence[last]),
            int(run.timestamp[last]),
            int(run.length[last]),
            int(run.arrival[last]),
            int(position[last]),
            steady,
            skew,
        )
        return position[:count]


@dataclass(frozen=True)
class _Run:
    """The columns that placing needs, the packets to place first, then those ahead; `arrival` in samples."""

    sequence: Ints
    timestamp: Ints
    length: Ints
    arrival: Ints

    @classmethod
    def of(cls, packets: Packets, ahead: Packets | None, origin: int) -> "_Run":
        parts = [packets] if ahead is None else [packets, ahead.select(np.arange(min(len(ahead), LOOK_AHEAD)))]
        arrival = np.concatenate([part.arrival for part in parts])
        return cls(
            np.concatenate([part.sequence for part in parts]),
            np.concatenate([part.timestamp for part in parts]),
            np.concatenate([part.length for part in parts]),
            (arrival - origin) // _NANOSECONDS_PER_SAMPLE,
        )


def _breaks(run: _Run, position: Ints, known: _Source | None) -> list[int]:
    """Indexes at which a new anchor may be due: few in any sane stream."""
    if known is not None:
        before = (known.sequence, known.timestamp, known.length, known.arrival, known.position)
    else:
        before = (run.sequence[0] - 1, run.timestamp[0] - run.length[0], run.length[0], run.arrival[0], position[0])
    sequence, timestamp, length, arrival, placed = (
        np.concatenate([[old], new])
        for old, new in zip(before, (run.sequence, run.timestamp, run.length, run.arrival, position), strict=True)
    )
    steps = _signed(np.diff(sequence), 16)
    advance = _signed(np.diff(timestamp), 32)
    linear = (advance == steps * length[:-1]) | (advance == steps * length[1:])
    delayed = np.diff(arrival) - np.diff(placed) > PAUSE
    suspicious = ~linear | delayed
    if known is None:
        suspicious[0] = True
    return [int(index) for index in np.flatnonzero(suspicious)]


def _follow(arrival: Ints, position: Ints, anchored: int | None, steady: _Steady | None) -> tuple[_Steady | None, int]:
    """The stretch to compare later delays with, and the samples by which the sender's clock has run away since then.

    `anchored` is the index of the last new anchor, None when there was none: what was before it compares with nothing.
    """
    if anchored is not None:
        delays = arrival[anchored:] - position[anchored:]
        found = _Steady(int(delays[:STEADY].min()), int(arrival[anchored])) if len(delays) >= STEADY else None
        return found, 0
    if len(arrival) < STEADY:
        return steady, 0
    delay, since = int((arrival - position)[-STEADY:].min()), int(arrival[-STEADY])
    if steady is None:
        return _Steady(delay, since), 0
    gone = delay - steady.delay
    if abs(gone) < 2 * GRID or abs(gone) > LARGEST_SKEW * (since - steady.since):
        return steady, 0
    return steady, round(gone / GRID) * GRID


def _anchor(run: _Run, position: Ints, index: int, end: int) -> int:
    """The position that arrivals give the packet at `index`: on the grid, never over sound that is there already."""
    settling = slice(index, index + SETTLING)
    earliest = int((run.arrival[settling] - position[settling]).min()) + int(position[index])
    snapped = round(earliest / GRID) * GRID
    return end if snapped <= end + GRID else snapped


def _misplaced(run: _Run, position: Ints, index: int, known: _Source | None) -> bool:
    """Whether the packet at `index` and those after it contradict the arrival times."""
    if index:
        length, timestamp, sequence = run.length[index - 1], run.timestamp[index - 1], run.sequence[index - 1]
        reference = int(run.arrival[index - 1] - position[index - 1])
    elif known is not None:
        length, timestamp, sequence = known.length, known.timestamp, known.sequence
        reference = known.arrival - known.position
    else:
        return True
    steps = int(_signed(run.sequence[index] - sequence, 16))
    advance = int(_signed(run.timestamp[index] - timestamp, 32))
    delay = run.arrival[index : index + LOOK_AHEAD] - position[index : index + LOOK_AHEAD] - reference
    if advance in (steps * int(length), steps * int(run.length[index])):
        return bool(delay.min() > PAUSE)
    return not -TOLERANCE <= delay[:SETTLING].min() <= TOLERANCE


def origin(packets: Packets) -> int:
    """The instant (Unix ns) of a stream's first sample, judged by the least delayed of its first packets."""
    first = packets.select(np.flatnonzero(packets.ssrc == packets.ssrc[0])[:SETTLING])
    spoken = np.cumsum(_signed(np.diff(first.timestamp, prepend=first.timestamp[0]), 32)) * _NANOSECONDS_PER_SAMPLE
    linear = np.abs(spoken) < SETTLING * 10 * GRID * _NANOSECONDS_PER_SAMPLE
    return int((first.arrival - spoken)[linear].min())


def _signed(difference: Ints, bits: int) -> Ints:
    """The shortest way round a counter of `bits` bits: -2**(bits-1) .. 2**(bits-1)-1."""
    half = 1 << (bits - 1)
    return (difference + half) % (1 << bits) - half


def _in_order_of_appearance(values: Ints) -> list[int]:
    unique, first = np.unique(values, return_index=True)
    order: npt.NDArray[np.intp] = np.argsort(first)
    return [int(value) for value in unique[order]]
