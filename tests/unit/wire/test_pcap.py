"""Captures: written headers are right, readers take pieces of any size."""

import struct
from ipaddress import IPv4Address

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.wire.pcap.api import FILE_HEADER, HEADERS, MalformedCapture, UdpHeaders, read_udp, udp_record

A, B = ("192.0.2.7", 40000), ("198.51.100.9", 30002)


def ones_complement(header: bytes) -> int:
    """RFC 1071: the sum over a correct header, its checksum included, is all ones."""
    total = sum(struct.unpack(">10H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_a_record_has_the_right_headers() -> None:
    record = udp_record(at_ns=1_700_000_000_123_456_789, source=A, destination=B, payload=b"INVITE")
    assert struct.unpack("<IIII", record[:16]) == (1_700_000_000, 123_456_789, 34, 34)
    assert ones_complement(record[16:36]) == 0xFFFF
    assert record[25] == 17
    assert struct.unpack(">HHHH", record[36:44]) == (40000, 30002, 14, 0)
    assert record[HEADERS:] == b"INVITE"


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 65535), st.integers(0, 276)), min_size=1, max_size=8)
)
def test_headers_of_many_rows_are_those_of_single_records(rows: list[tuple[int, int, int]]) -> None:
    slots = np.zeros((8, 320), np.uint8)
    headers = UdpHeaders(slots)
    count = len(rows)
    lengths = np.array([length for _, _, length in rows], np.uint32)
    headers.write(
        count,
        seconds=np.full(count, 1_700_000_000),
        nanoseconds=np.arange(count),
        stored=lengths,
        length=lengths,
        source=np.array([address for address, _, _ in rows], np.uint32),
        source_port=np.array([port for _, port, _ in rows], np.uint32),
        destination=np.full(count, int(IPv4Address(B[0])), np.uint32),
        destination_port=np.full(count, B[1], np.uint32),
    )
    for number, (address, port, length) in enumerate(rows):
        source = ".".join(str(octet) for octet in address.to_bytes(4, "big"))
        single = udp_record(
            at_ns=1_700_000_000_000_000_000 + number, source=(source, port), destination=B, payload=bytes(length)
        )
        assert slots[number, : HEADERS + length].tobytes() == single


@given(st.integers(1, 200))
def test_a_reader_takes_pieces_of_any_size_and_leaves_a_torn_record(size: int) -> None:
    records = [udp_record(at_ns=n, source=A, destination=B, payload=bytes([n]) * n) for n in range(40)]
    capture = FILE_HEADER + b"".join(records) + records[-1][:-1]
    pieces = [capture[at : at + size] for at in range(0, len(capture), size)]
    frames = list(read_udp(pieces))
    assert [frame.payload for frame in frames] == [bytes([n]) * n for n in range(40)]
    assert {frame.source for frame in frames} == {A}
    assert {frame.destination for frame in frames} == {B}


def test_what_is_no_capture_is_refused() -> None:
    with pytest.raises(MalformedCapture):
        list(read_udp([bytes(64)]))
    with pytest.raises(MalformedCapture):
        list(read_udp([FILE_HEADER + struct.pack("<IIII", 0, 0, 1 << 20, 1 << 20)]))
    with pytest.raises(ValueError, match="65507"):
        udp_record(at_ns=0, source=A, destination=B, payload=bytes(65508))


def test_what_is_not_udp_is_passed_over() -> None:
    tcp = bytearray(udp_record(at_ns=0, source=A, destination=B, payload=b"x"))
    tcp[25] = 6
    assert [
        frame.payload
        for frame in read_udp([FILE_HEADER, bytes(tcp), udp_record(at_ns=0, source=A, destination=B, payload=b"y")])
    ] == [b"y"]
