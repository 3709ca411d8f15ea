"""A stream is cut into the same messages, however it was cut into segments."""

import pytest
from tests.support.siprec_messages import Client

from parley.wire.sip.api import Lost, Ping, StreamFramer, Whole


def test_every_split_gives_the_same_message() -> None:
    message = Client(transport="TCP").invite()
    for cut in range(len(message) + 1):
        framer = StreamFramer()
        events = framer.receive(message[:cut]) + framer.receive(message[cut:])
        assert events == [Whole(message)], cut
        assert not framer.partial


def test_single_octets_pipelined_messages_and_keep_alives() -> None:
    first, second = Client(transport="TCP").invite(), Client(call_id="2", transport="TCP").invite()
    stream = b"\r\n\r\n" + first + b"\r\n" + second + b"\r\n\r\n" + first
    expected = [Ping(), Whole(first), Whole(second), Ping(), Whole(first)]
    assert StreamFramer().receive(stream) == expected
    framer = StreamFramer()
    assert [event for octet in stream for event in framer.receive(bytes([octet]))] == expected


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"INVITE sip:a SIP/2.0\r\nVia: x\r\n\r\n", 400),
        (b"INVITE sip:a SIP/2.0\r\nContent-Length: x\r\n\r\n", 400),
        (b"INVITE sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n", 400),
        (b"INVITE sip:a SIP/2.0\r\nContent-Length: 999999999\r\n\r\n", 513),
        (b"INVITE sip:a SIP/2.0\r\nX: " + b"y" * 20_000, 513),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_what_cannot_be_framed_ends_the_stream(head: bytes, code: int) -> None:
    framer = StreamFramer()
    events = framer.receive(head)
    assert [type(event) for event in events] == [Lost]
    assert isinstance(events[0], Lost)
    assert events[0].code == code
    assert framer.receive(Client().invite()) == []
    assert not framer.partial


def test_the_buffer_stays_small() -> None:
    framer = StreamFramer()
    for _ in range(1_000):
        framer.receive(b"x" * 1_000)
    assert len(framer._buffer) == 0
