"""Offers read and answered: a port per m-line, every label echoed."""

import pytest
from tests.support.siprec_messages import media_line, sdp

from parley.wire.sdp.api import BadDescription, Origin, build, is_held, parse, recordable

ORIGIN = Origin(session=7, version=1, address="10.0.0.9")


def test_two_lines_with_labels() -> None:
    offer = parse(sdp())
    assert [(media.label, media.port, media.direction, media.address) for media in offer.media] == [
        ("1", 6000, "sendonly", "127.0.0.1"),
        ("2", 6002, "sendonly", "127.0.0.1"),
    ]
    assert [codec.name for media in offer.media for codec in recordable(media)] == ["PCMU", "PCMA"]


def test_the_answer_mirrors_the_offer() -> None:
    more = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtpmap:97 opus/48000/2\r\n"
    offer = parse(
        sdp(
            media_line("a", codecs="8 0 97 101 13", more=more),
            "m=video 7000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=label:v\r\n",
            media_line("b", codecs="0", direction="inactive"),
            media_line("c", port=0),
        )
    )
    answer = build(offer=offer, ports={0: 30000, 1: 30002, 2: 30004, 3: 30006}, origin=ORIGIN).decode().split("\r\n")
    assert answer == [
        "v=0", "o=parley 7 1 IN IP4 10.0.0.9", "s=-", "c=IN IP4 10.0.0.9", "t=0 0",
        "m=audio 30000 RTP/AVP 8 0 101 13",
        "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15",
        "a=rtpmap:13 CN/8000", "a=label:a", "a=recvonly",
        "m=video 0 RTP/AVP 96", "a=label:v",
        "m=audio 30004 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=label:b", "a=inactive",
        "m=audio 0 RTP/AVP 0", "a=label:c", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "m=audio 6000 RTP/SAVP 0\r\n",
        "m=audio 6000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n",
        "m=audio 6000 RTP/AVP 96\r\na=rtpmap:96 PCMU/16000\r\n",
        "m=audio 6000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n",
        "m=audio 6000 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n",
        "m=image 6000 udptl t38\r\n",
    ],
)
def test_what_cannot_be_recorded(line: str) -> None:
    assert recordable(parse(sdp(line)).media[0]) == ()


def test_hold_the_new_and_the_old_way() -> None:
    new = parse(sdp(media_line("1", direction="inactive"))).media[0]
    old = parse(sdp(media_line("1"), address="0.0.0.0")).media[0]
    session_level = parse(sdp("m=audio 1 RTP/AVP 0\r\n").replace(b"t=0 0", b"t=0 0\r\na=inactive")).media[0]
    assert is_held(new) and is_held(old) and is_held(session_level)
    assert not is_held(parse(sdp()).media[0])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"v=0\r\n",
        b"v=1\r\no=- 1 1 IN IP4 1.2.3.4\r\n",
        sdp().replace(b"o=src", b"x=src"),
        sdp().replace(b"m=audio 6000", b"m=audio 66000"),
        sdp().replace(b"m=audio 6000 RTP/AVP 0", b"m=audio"),
        sdp().replace(b"RTP/AVP 0", b"RTP/AVP zero"),
        sdp().replace(b"RTP/AVP 0", "RTP/AVP \u0660".encode()),
        sdp().replace(b"c=IN IP4 127.0.0.1", b"c=IN IP4 300.0.0.1"),
        sdp().replace(b"c=IN IP4 127.0.0.1\r\n", b""),
        sdp().replace(b"a=label:2", b"a=label:1"),
        sdp().replace(b"a=label:2", b"a=label:<x>"),
        sdp().replace(b"a=label:2", b"a=rtpmap:8"),
        sdp().replace(b"s=-", b"s-"),
        sdp().replace(b"s=-", b"s=\xff"),
        sdp(*(media_line(str(number)) for number in range(17))),
        sdp() + b"a=x\r\n" * 600,
        sdp() + b"a=" + b"x" * 40_000,
    ],
)
def test_broken_descriptions_are_refused(body: bytes) -> None:
    with pytest.raises(BadDescription):
        parse(body)
