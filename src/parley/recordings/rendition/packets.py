"""A capture, read as columns: one numpy array per header field, a block of packets at a time.

The capture is what the recorder wrote: little-endian nanosecond pcap, LINKTYPE_RAW (IPv4 or IPv6, UDP), one file per
part. A cut last record is dropped, because a part may end where the recorder died.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from parley.foundation.errors import ParleyError

BLOCK_BYTES = 4 << 20
_FILE_HEADER = struct.Struct("<IHHiIII")
_MAGIC_NANOSECONDS = 0xA1B23C4D
_LINKTYPE_RAW = 101
_RECORD_HEADER = 16
_LENGTH = struct.Struct("<I")
_RTP_HEADER = 12
_LARGEST_FRAME = 1 << 18

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


class NotACapture(ParleyError):
    """The original does not hold a capture that Parley wrote. Permanent."""

    error_id: ClassVar[str] = "recordings.not-a-capture"


@dataclass(frozen=True)
class Packets:
    """RTP packets of one stream in order of arrival; every field is an int64 array of the same length.

    `arrival` is in Unix nanoseconds, `offset` and `length` say where the payload lies in `data`.
    """

    data: Bytes
    arrival: Ints
    sequence: Ints
    timestamp: Ints
    ssrc: Ints
    payload_type: Ints
    offset: Ints
    length: Ints

    def __len__(self) -> int:
        return len(self.arrival)

    def select(self, which: npt.NDArray[np.bool_] | Ints) -> "Packets":
        """The packets that a mask or an index names."""
        return Packets(
            self.data,
            self.arrival[which],
            self.sequence[which],
            self.timestamp[which],
            self.ssrc[which],
            self.payload_type[which],
            self.offset[which],
            self.length[which],
        )


Block = Mapping[int, Packets]
"""A block of the capture: local UDP port -> its RTP packets."""


def blocks(parts: Iterable[Iterable[bytes]], *, ports: frozenset[int], size: int = BLOCK_BYTES) -> Iterator[Block]:
    """The RTP packets that were sent to `ports`, about `size` bytes of capture at a time, in order of arrival.

    `parts` are the parts of the original in order, each as pieces of any length. Raises NotACapture.
    """
    for part in parts:
        started = False
        for data in _gather(part, size):
            start = 0
            if not started:
                start = _check_header(data)
                started = True
            yield _columns(np.frombuffer(data, np.uint8), _record_offsets(data, start), ports)


def _gather(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Whole records only: pieces joined to about `size` bytes, cut after a record; the torn end is dropped."""
    held = bytearray()
    first = True
    for piece in pieces:
        held += piece
        if len(held) >= size:
            end = _last_record_end(held, _FILE_HEADER.size if first else 0)
            yield bytes(held[:end])
            del held[:end]
            first = False
    end = _last_record_end(held, _FILE_HEADER.size if first else 0)
    if first or end:
        yield bytes(held[:end])


def _check_header(data: bytes) -> int:
    if not data:
        return 0
    if len(data) < _FILE_HEADER.size:
        raise NotACapture("the capture is shorter than its header")
    magic, _, _, _, _, _, link = _FILE_HEADER.unpack_from(data)
    if magic != _MAGIC_NANOSECONDS or link != _LINKTYPE_RAW:
        raise NotACapture("the capture is not a nanosecond pcap of raw IP")
    return _FILE_HEADER.size


def _last_record_end(data: bytes | bytearray, start: int) -> int:
    if len(data) < start:
        return len(data)
    offsets = _record_offsets(data, start)
    if not len(offsets):
        return start
    last = int(offsets[-1])
    return last + _RECORD_HEADER + int(_LENGTH.unpack_from(data, last + 8)[0])


def _record_offsets(data: bytes | bytearray, start: int) -> Ints:
    """Where each whole record begins.

    Packets of a call are mostly of one length: a run of equal records is stepped over in one comparison.
    """
    view = memoryview(data)
    runs: list[Ints] = []
    position, end = start, len(data)
    while position + _RECORD_HEADER <= end:
        length = _LENGTH.unpack_from(view, position + 8)[0]
        if length > _LARGEST_FRAME:
            raise NotACapture("the capture holds an impossible record")
        stride = length + _RECORD_HEADER
        possible = (end - position) // stride
        if not possible:
            break
        count = _equal_run(view, position, stride, length, possible)
        runs.append(position + stride * np.arange(count, dtype=np.int64))
        position += stride * count
    return np.concatenate(runs) if runs else np.empty(0, np.int64)


def _equal_run(view: memoryview, position: int, stride: int, length: int, possible: int) -> int:
    """How many records of `length` follow one another from `position`."""
    count, step = 1, 16
    while count < possible:
        ahead = min(step, possible - count)
        base = position + count * stride + 8
        lengths = np.ndarray((ahead,), "<u4", view, base, (stride,))
        different = np.flatnonzero(lengths != length)
        if len(different):
            return count + int(different[0])
        count += ahead
        step *= 8
    return count


def _columns(data: Bytes, records: Ints, ports: frozenset[int]) -> Block:
    """Header fields of all records at once; what is no RTP version 2 packet to one of `ports` is left out."""
    padded = np.concatenate([data, np.zeros(64, np.uint8)])
    frame = records + _RECORD_HEADER
    frame_end = frame + _little(padded, records + 8)
    version = padded[frame] >> 4
    ip_header = np.where(version == 4, (padded[frame].astype(np.int64) & 0xF) * 4, 40)
    protocol = np.where(version == 4, padded[frame + 9], padded[frame + 6])
    udp = frame + ip_header
    rtp = udp + 8
    fits = (rtp + _RTP_HEADER <= frame_end) & (protocol == 17)
    udp, rtp, frame_end, records = udp[fits], rtp[fits], frame_end[fits], records[fits]
    port = _big16(padded, udp + 2)
    mine = np.isin(port, list(ports)) & (padded[rtp] >> 6 == 2)
    port, rtp, frame_end, records = port[mine], rtp[mine], frame_end[mine], records[mine]
    start, end = _payload_bounds(padded, rtp, frame_end)
    arrival = _little(padded, records) * 1_000_000_000 + _little(padded, records + 4)
    everything = Packets(
        padded,
        arrival,
        _big16(padded, rtp + 2),
        _big32(padded, rtp + 4),
        _big32(padded, rtp + 8),
        (padded[rtp + 1] & 0x7F).astype(np.int64),
        start,
        end - start,
    )
    sound = everything.length > 0
    return {int(number): everything.select((port == number) & sound) for number in np.unique(port)}


def _payload_bounds(data: Bytes, rtp: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Where payloads begin and end: after the contributing sources and the extension, before the padding."""
    first = data[rtp].astype(np.int64)
    start = rtp + _RTP_HEADER + 4 * (first & 0x0F)
    extended = np.flatnonzero((first & 0x10 != 0) & (start + 4 <= end))
    start[extended] += 4 + 4 * _big16(data, start[extended] + 2)
    end = end.copy()
    padded = np.flatnonzero((first & 0x20 != 0) & (end > start))
    end[padded] -= data[end[padded] - 1]
    return start, np.maximum(end, start)


def _little(data: Bytes, at: Ints) -> Ints:
    return (
        data[at].astype(np.int64)
        | data[at + 1].astype(np.int64) << 8
        | data[at + 2].astype(np.int64) << 16
        | data[at + 3].astype(np.int64) << 24
    )


def _big16(data: Bytes, at: Ints) -> Ints:
    return data[at].astype(np.int64) << 8 | data[at + 1]


def _big32(data: Bytes, at: Ints) -> Ints:
    return _big16(data, at) << 16 | _big16(data, at + 2)
