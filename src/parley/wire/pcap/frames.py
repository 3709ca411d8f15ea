"""Writing: one UDP datagram is one pcap record, 16 bytes of record header, 20 of IPv4, 8 of UDP, then its payload.

File: pcap with nanoseconds (magic 0xa1b23c4d, little-endian), LINKTYPE_RAW (101); draft-ietf-opsawg-pcap section 4.
The IPv4 checksum is right (RFC 791 section 3.1), the UDP checksum is left out (RFC 768: zero means none).
"""

import ipaddress
import struct

import numpy as np
import numpy.typing as npt

FILE_HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 101)
HEADERS = 44
"""Bytes before the payload of a record."""
PAYLOAD_MAXIMUM = 65507
"""Bytes of the largest UDP payload over IPv4."""

_IP_UDP = 28
_FIRST_WORD = 0x45000000  # version 4, five words of header, no service class; total length below
_DO_NOT_FRAGMENT = 0x4000
_TTL_AND_PROTOCOL = 0x4011  # time to live 64, UDP
_RECORD = struct.Struct("<IIII")
_IP = struct.Struct(">IIHH4s4s")
_UDP = struct.Struct(">HHHH")

Words = npt.NDArray[np.uint32]


def udp_record(*, at_ns: int, source: tuple[str, int], destination: tuple[str, int], payload: bytes) -> bytes:
    """One datagram as a record. Raises ValueError when it cannot be one: an address or a length out of range."""
    if len(payload) > PAYLOAD_MAXIMUM:
        raise ValueError("a UDP payload has at most 65507 bytes")
    ends = [ipaddress.IPv4Address(address).packed for address, _ in (source, destination)]
    length = _IP_UDP + len(payload)
    seconds, nanoseconds = divmod(at_ns, 1_000_000_000)
    words = [0x4500, length, _DO_NOT_FRAGMENT, _TTL_AND_PROTOCOL, *struct.unpack(">4H", ends[0] + ends[1])]
    return b"".join(
        (
            _RECORD.pack(seconds, nanoseconds, length, length),
            _IP.pack(
                _FIRST_WORD | length, _DO_NOT_FRAGMENT, _TTL_AND_PROTOCOL, _checksum(sum(words)), ends[0], ends[1]
            ),
            _UDP.pack(source[1], destination[1], 8 + len(payload), 0),
            payload,
        )
    )


def _checksum(total: int) -> int:
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class UdpHeaders:
    """Writes the 44 bytes before many payloads at once, in place: row i of `slots` is one record.

    `slots` is (n, stride) uint8, C-contiguous, stride a multiple of 4; the payload stands at column 44.
    """

    def __init__(self, slots: npt.NDArray[np.uint8]) -> None:
        if slots.ndim != 2 or slots.shape[1] % 4 or not slots.flags.c_contiguous:
            raise ValueError("slots are rows of whole 32-bit words")
        self._little = slots.view("<u4")
        self._big = slots.view(">u4")
        self._constant = np.uint32(0x4500 + _DO_NOT_FRAGMENT + _TTL_AND_PROTOCOL)
        self._big[:, 5] = _DO_NOT_FRAGMENT

    def write(  # one statement per field of the layout, in its order
        self,
        count: int,
        *,
        seconds: npt.NDArray[np.int64],
        nanoseconds: npt.NDArray[np.int64],
        stored: Words,
        length: Words,
        source: Words,
        source_port: Words,
        destination: Words,
        destination_port: Words,
    ) -> None:
        """Fill the headers of the first `count` rows.

        `length` is that of the payload as it was sent, `stored` how much of it the row holds; addresses and ports are
        numbers in host order.
        """
        little, big = self._little[:count], self._big[:count]
        total = length + np.uint32(_IP_UDP)
        checksum = self._constant + total + (source >> np.uint32(16)) + (source & np.uint32(0xFFFF))
        checksum += (destination >> np.uint32(16)) + (destination & np.uint32(0xFFFF))
        checksum = (checksum & np.uint32(0xFFFF)) + (checksum >> np.uint32(16))
        checksum = (checksum & np.uint32(0xFFFF)) + (checksum >> np.uint32(16))
        little[:, 0] = seconds
        little[:, 1] = nanoseconds
        little[:, 2] = stored + np.uint32(_IP_UDP)
        little[:, 3] = total
        big[:, 4] = total | np.uint32(_FIRST_WORD)
        big[:, 6] = (checksum ^ np.uint32(0xFFFF)) | np.uint32(_TTL_AND_PROTOCOL << 16)
        big[:, 7] = source
        big[:, 8] = destination
        big[:, 9] = source_port << np.uint32(16) | destination_port
        big[:, 10] = (length + np.uint32(8)) << np.uint32(16)
