"""Memory does not grow with the call."""

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from tests.support.captures import Sender, pcap, speech

from parley.recordings.rendition.render import stereo, survey
from parley.recordings.types import ManifestStream

STREAMS = (
    ManifestStream(label="1", side="caller", port=30000, codec="PCMU"),
    ManifestStream(label="2", side="callee", port=30002, codec="PCMU"),
)
RECORD = 16 + 28 + 12 + 160
RTP = 16 + 28


def minute() -> np.ndarray:
    """The records of one minute of both streams, a row for each packet."""
    packets = [
        packet for port in (30000, 30002) for packet in Sender(port, ssrc=port).send(speech(60, seed=port), at=0)
    ]
    content = pcap(packets, preamble=())
    return np.frombuffer(content[24:], np.uint8).reshape(-1, RECORD)


def capture(first: np.ndarray, minutes: int) -> Iterator[bytes]:
    """The same minute again and again, with time going on; never more than one minute in memory."""
    yield pcap([], preamble=())
    for number in range(minutes):
        rows = first.copy()
        rows[:, 0:4] = (first[:, 0:4].copy().view("<u4") + np.uint32(60 * number)).view(np.uint8)
        sequence = (first[:, RTP + 2 : RTP + 4].copy().view(">u2").astype(np.int64) + 3000 * number) % 65536
        rows[:, RTP + 2 : RTP + 4] = sequence.astype(">u2").view(np.uint8)
        timestamp = (first[:, RTP + 4 : RTP + 8].copy().view(">u4").astype(np.int64) + 480_000 * number) % (1 << 32)
        rows[:, RTP + 4 : RTP + 8] = timestamp.astype(">u4").view(np.uint8)
        yield rows.tobytes()


def peak_megabytes(minutes: int) -> float:
    first = minute()
    measured = survey([capture(first, minutes)], streams=STREAMS)
    assert measured.samples == minutes * 60 * 8000
    tracemalloc.start()
    try:
        heard = sum(len(sound) for sound in stereo([capture(first, minutes)], streams=STREAMS, measured=measured))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert heard == measured.samples
    return peak / (1 << 20)


def test_an_hour_takes_no_more_memory_than_a_few_minutes() -> None:
    few, hour = peak_megabytes(10), peak_megabytes(60)
    assert hour < 96
    assert hour < few * 1.2


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_eight_hours_take_no_more_memory() -> None:
    assert peak_megabytes(8 * 60) < 96
