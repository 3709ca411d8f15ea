"""Reading: the UDP datagrams of a capture, one after another, from pieces of any size."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from parley.foundation.errors import ParleyError

_FILE = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")
_MAGIC = 0xA1B23C4D
_LINKTYPE_RAW = 101
_UDP = 17
_LARGEST = 1 << 18


class MalformedCapture(ParleyError):
    """The bytes are not a nanosecond pcap of raw IP, or a record in it cannot be one. Permanent."""

    error_id: ClassVar[str] = "pcap.malformed"


@dataclass(frozen=True, slots=True)
class UdpFrame:
    """One datagram: arrival in Unix nanoseconds, both ends as (address, port), payload as far as it was stored."""

    at_ns: int
    source: tuple[str, int]
    destination: tuple[str, int]
    payload: bytes


def read_udp(pieces: Iterable[bytes]) -> Iterator[UdpFrame]:
    """The datagrams in `pieces` (consecutive bytes of one capture), in file order, in bounded memory.

    A record that the end cuts off is left out: a part ends where the recorder stopped. What is not IPv4 with UDP is
    passed over. Raises MalformedCapture.
    """
    held = bytearray()
    started = False
    for piece in pieces:
        held += piece
        position = 0
        if not started:
            if len(held) < _FILE.size:
                continue
            _check(held)
            started, position = True, _FILE.size
        while position + _RECORD.size <= len(held):
            seconds, nanoseconds, stored, _ = _RECORD.unpack_from(held, position)
            if stored > _LARGEST:
                raise MalformedCapture("a capture holds a record longer than any packet", remedy="take another copy")
            end = position + _RECORD.size + stored
            if end > len(held):
                break
            frame = _udp(bytes(held[position + _RECORD.size : end]), seconds * 1_000_000_000 + nanoseconds)
            if frame is not None:
                yield frame
            position = end
        del held[:position]


def _check(data: bytearray) -> None:
    magic, _, _, _, _, _, link = _FILE.unpack_from(data)
    if magic != _MAGIC or link != _LINKTYPE_RAW:
        raise MalformedCapture("this is not a nanosecond capture of raw IP", remedy="give a part that Parley wrote")


def _udp(packet: bytes, at_ns: int) -> UdpFrame | None:
    if len(packet) < 28 or packet[0] >> 4 != 4 or packet[9] != _UDP:
        return None
    udp = (packet[0] & 0x0F) * 4
    if len(packet) < udp + 8:
        return None
    source_port, destination_port = struct.unpack_from(">HH", packet, udp)
    source, destination = (".".join(map(str, packet[at : at + 4])) for at in (12, 16))
    return UdpFrame(at_ns, (source, source_port), (destination, destination_port), packet[udp + 8 :])
