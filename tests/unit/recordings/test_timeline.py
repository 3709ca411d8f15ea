"""A sender's clock is followed when it is a clock, and believed when it is none."""

import numpy as np
import pytest

from parley.recordings.rendition.packets import Packets
from parley.recordings.rendition.timeline import GRID, MAX_SOURCES, StreamTimeline

START = 1_700_000_000_000_000_000
BLOCK = 10_000
FRAME_NS = 20_000_000


def packets(count: int, *, skew: float, first: int = 0, ssrc: int = 1) -> Packets:
    """`count` packets of 20 ms whose sender's clock is slow by `skew`, with jitter of the network."""
    number = np.arange(first, first + count, dtype=np.int64)
    jitter = np.random.default_rng(first).exponential(2_000_000, count)
    arrival = START + (number * FRAME_NS * (1 + skew) + jitter).astype(np.int64)
    size = np.full(count, GRID, np.int64)
    return Packets(
        data=np.zeros(1, np.uint8),
        arrival=arrival,
        sequence=number % 65536,
        timestamp=number * GRID % (1 << 32),
        ssrc=np.full(count, ssrc, np.int64),
        payload_type=np.zeros(count, np.int64),
        offset=np.zeros(count, np.int64),
        length=size,
    )


def placed(*, blocks: int, skew: float) -> tuple[np.ndarray, np.ndarray]:
    """(positions, arrivals in samples) of a call of `blocks` times 200 s."""
    timeline = StreamTimeline(origin=START)
    parts = [packets(BLOCK, skew=skew, first=number * BLOCK) for number in range(blocks)]
    positions = [timeline.place(part) for part in parts]
    arrivals = np.concatenate([part.arrival for part in parts])
    return np.concatenate(positions), (arrivals - START) // 125_000


@pytest.mark.parametrize("skew", [0, 20e-6, -20e-6, 100e-6, -100e-6, 250e-6, -250e-6])
def test_both_sides_of_a_long_call_stay_together(skew: float) -> None:
    positions, arrivals = placed(blocks=36, skew=skew)
    apart = (arrivals - positions).astype(float)
    assert abs(np.median(apart[-1000:])) < 0.15 * 8000
    if skew == 0:
        assert np.array_equal(positions, positions[0] + GRID * np.arange(len(positions)))


@pytest.mark.parametrize("skew", [5e-3, -5e-3, -0.9])
def test_a_sender_that_keeps_no_time_is_believed(skew: float) -> None:
    positions, _ = placed(blocks=6, skew=skew)
    assert np.array_equal(np.diff(positions), np.full(len(positions) - 1, GRID))


def test_a_flood_of_sources_takes_no_memory() -> None:
    timeline = StreamTimeline(origin=START)
    for ssrc in range(MAX_SOURCES + 10):
        timeline.place(packets(5, skew=0, first=ssrc * 5, ssrc=ssrc))
    assert timeline.left_out == 50
