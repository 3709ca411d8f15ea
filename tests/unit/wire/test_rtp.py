"""RTP headers and sequence numbers: one by one and in columns, the same."""

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from parley.wire.rtp.api import Account, count_packet, extend, parse_header, parse_payloads


def packet(first: int = 0x80, second: int = 0, sequence: int = 1, ssrc: int = 7, rest: bytes = bytes(160)) -> bytes:
    return struct.pack(">BBHII", first, second, sequence, 160, ssrc) + rest


def test_a_plain_packet() -> None:
    header = parse_header(packet(second=0x88, sequence=65535))
    assert header is not None
    assert (header.marker, header.payload_type, header.sequence, header.start, header.end) == (True, 8, 65535, 12, 172)


def test_sources_extension_and_padding_are_not_payload() -> None:
    rest = bytes(8) + struct.pack(">HH", 0xBEDE, 1) + bytes(4) + b"payload" + bytes([0, 0, 3])
    header = parse_header(packet(first=0x80 | 0x20 | 0x10 | 2, rest=rest))
    assert header is not None
    assert packet(rest=rest)[header.start : header.end] == b"payload"


def test_what_is_not_rtp() -> None:
    assert parse_header(b"\x80\x00") is None
    assert parse_header(packet(first=0x00)) is None
    assert parse_header(packet(second=200)) is None  # an RTCP sender report
    assert parse_header(packet(first=0x8F, rest=b"")) is None
    assert parse_header(packet(first=0xA0, rest=b"\xff")) is None
    assert parse_header(packet(first=0x90, rest=b"\xbe\xde\x00\x09")) is None


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 65535), st.integers(0, 2**32 - 1))))
def test_columns_agree_with_single_headers(rows: list[tuple[int, int, int, int]]) -> None:
    packets = [packet(first & 0xC0, second, sequence, ssrc) for first, second, sequence, ssrc in rows]
    words = np.frombuffer(b"".join(packets), ">u4").reshape(len(packets), 43)
    columns = parse_payloads(words, np.full(len(packets), 172, np.uint32))
    for number, one in enumerate(packets):
        header = parse_header(one)
        assert bool(columns.sound[number]) == (header is not None)
        if header is not None:
            assert (int(columns.sequence[number]), int(columns.ssrc[number])) == (header.sequence, header.ssrc)


def test_numbers_go_on_over_the_wrap_and_across_calls() -> None:
    first = extend(np.array([65534, 65535, 0, 2, 1], np.uint16), bits=16)
    assert first.tolist() == [65534, 65535, 65536, 65538, 65537]
    assert extend(np.array([3], np.uint16), bits=16, previous=65537).tolist() == [65539]
    assert extend(np.array([], np.uint16), bits=16).tolist() == []


@given(st.integers(0, 65535), st.permutations(range(20)), st.sets(st.integers(1, 18)))
def test_what_is_missing_is_counted_whatever_the_order(start: int, order: list[int], missing: set[int]) -> None:
    account = Account()
    count_packet(account, sequence=start, ssrc=1)
    for number in [each for each in order if each and each not in missing]:
        count_packet(account, sequence=start + number & 0xFFFF, ssrc=1)
    assert (account.lost, account.duplicates) == (len(missing), 0)
    count_packet(account, sequence=account.highest, ssrc=1)
    assert account.duplicates == 1


def test_a_new_source_or_a_sender_that_begins_anew_is_no_loss() -> None:
    account = Account()
    for sequence, ssrc in [(10, 1), (11, 1), (500, 2), (501, 2), (40000, 2), (40001, 2)]:
        count_packet(account, sequence=sequence, ssrc=ssrc)
    assert (account.lost, account.duplicates, account.highest) == (0, 0, 40001)


def test_a_very_late_packet_counts_as_doubled() -> None:
    account = Account()
    for sequence in [*range(200), 5]:
        count_packet(account, sequence=sequence, ssrc=1)
    assert (account.lost, account.duplicates) == (0, 1)
