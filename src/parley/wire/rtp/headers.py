"""The fixed RTP header (RFC 3550 section 5.1), one packet at a time or many at once.

word 0: version 2 | padding 1 | extension 1 | sources 4 | marker 1 | payload type 7 | sequence 16; word 1: timestamp;
word 2: synchronisation source. Then the contributing sources, the header extension, the payload, the padding.
"""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

HEADER = 12
_HEADER = struct.Struct(">BBHII")

Words = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RtpHeader:
    """One packet's header, and where in the packet its payload begins and ends (bytes)."""

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    start: int
    end: int


def parse_header(packet: bytes | memoryview) -> RtpHeader | None:
    """The header of `packet`, or None when it is no RTP packet: too short, other version, RTCP, impossible lengths."""
    if len(packet) < HEADER:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(packet)
    start = HEADER + 4 * (first & 0x0F)
    if first & 0x10:
        if len(packet) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
    end = len(packet) - (packet[-1] if first & 0x20 else 0)
    if first >> 6 != 2 or 192 <= second <= 223 or start > end:
        return None
    return RtpHeader(bool(second & 0x80), second & 0x7F, sequence, timestamp, ssrc, start, end)


@dataclass(frozen=True, slots=True)
class RtpColumns:
    """Headers of many packets as columns in host order; `sound` says which rows are RTP at all."""

    sound: Mask
    sequence: npt.NDArray[np.uint16]
    ssrc: Words


def parse_payloads(words: npt.NDArray[np.uint32], lengths: Words) -> RtpColumns:
    """Sequence number and source of every row.

    `words` is (n, at least 3) big-endian 32-bit words of the packets (a view is fine), `lengths` their bytes.
    """
    first = words[:, 0].astype(np.uint32)
    return RtpColumns(
        sound=is_rtp(first, lengths), sequence=first.astype(np.uint16), ssrc=words[:, 2].astype(np.uint32)
    )


def is_rtp(first: Words, lengths: Words) -> Mask:
    """Which packets are RTP version 2, by their first word.

    A second byte of 192 to 223, whose upper three bits are 110, is RTCP (RFC 5761 section 4).
    """
    version_and_kind = first & np.uint32(0xC0E0_0000)
    sound = (first >> np.uint32(30) == 2) & (version_and_kind != np.uint32(0x80C0_0000)) & (lengths >= HEADER)
    return np.asarray(sound, np.bool_)
