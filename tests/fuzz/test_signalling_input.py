"""Random hostile input against framing, messages, descriptions, bodies, metadata and the whole endpoint.

`PARLEY_FUZZ_SECONDS` says how long (2 by default, so that the target itself stays alive); the seed is printed when
something escapes, and `PARLEY_FUZZ_SEED` repeats a run.
"""

import os
import random
import time
from collections.abc import Callable

import pytest
from tests.support.siprec_messages import Client, media_line, metadata, sdp, siprec_body

from parley.recordings.offers import Refusal, read_offer
from parley.recordings.parties import read_cast
from parley.wire.sdp.api import BadDescription, Origin, build
from parley.wire.sdp.api import parse as parse_sdp
from parley.wire.sip.api import (
    Answer,
    BadMessage,
    Endpoint,
    Flow,
    Request,
    RequestArrived,
    StreamFramer,
    Whole,
    accept,
    parse_message,
)
from parley.wire.siprec.api import BadBody, parse_metadata, split_body

FLOW = Flow("UDP", ("127.0.0.1", 5090), ("127.0.0.1", 5080))
SLOW = 0.5
"""Seconds that no single input may take: more is a way to stop the recorder."""
TOKENS = [
    b"\r\n", b"\r\n\r\n", b"\n", b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b" ", b"\t", b";", b",", b"<", b">",
    b'"', b"\\", b":", b"=", b"--part", b"--part--", b"Via: ", b"v:", b"l: 5\r\n",
    b"Content-Length: 99999999999\r\n", b";branch=z9hG4bK", b";rport", b";received=", b"sip:", b"[::1]", b"<!DOCTYPE",
    b"<!ENTITY a 'b'>", b"&a;", b"]]>", b"<![CDATA[", b"m=audio 0 RTP/AVP 0\r\n", b"a=label:1\r\n",
    b"c=IN IP4 0.0.0.0\r\n", b"0" * 300, b"(" * 300, b"-" * 300, b"a." * 300, '\u0661\u2028'.encode(),
]  # fmt: skip
SEEDS = [
    Client().invite(),
    Client(to_tag="x").request("UPDATE", body=siprec_body()),
    Client().request("OPTIONS"),
    Client(to_tag="x").ack(),
    Client().request("CANCEL"),
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKme\r\nTo: <sip:a>;tag=1\r\nCSeq: 1 BYE\r\n"
    b"Content-Length: 0\r\n\r\n",
]


def mutated(source: bytes, chance: random.Random) -> bytes:
    data = bytearray(source)
    for _ in range(chance.choice((1, 1, 2, 3, 8, 30))):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(6)
        if kind == 0:
            data[at:at] = chance.choice(TOKENS)
        elif kind == 1:
            del data[at : at + chance.choice((1, 2, 10, 200))]
        elif kind == 2 and data:
            data[at % len(data)] = chance.randrange(256)
        elif kind == 3:
            piece = data[at : at + chance.choice((5, 50, 500))]
            data[at:at] = piece * chance.choice((1, 2, 20))
        elif kind == 4:
            del data[at:]
        else:
            data[at : at + 4] = chance.choice(TOKENS)
        if not data or len(data) > 80_000:
            return bytes(data[:80_000])
    return bytes(data)


def fuzz_endpoint(chance: random.Random) -> None:
    endpoint = Endpoint(tag_key=b"k" * 32, stranger=lambda _flow, _request: None)
    for step in range(chance.randrange(1, 6)):
        for event in endpoint.receive(mutated(chance.choice(SEEDS), chance), FLOW, now=step):
            if isinstance(event, RequestArrived):
                endpoint.respond(event.transaction, Answer(chance.choice((200, 400, 488)), "why"), now=step)
        for send in endpoint.outgoing():
            head = send.data.split(b"\r\n\r\n")[0]
            assert head.startswith((b"SIP/2.0 ", b"BYE "))
            assert b"\n" not in head.replace(b"\r\n", b""), "an answer carries a smuggled line"
    endpoint.tick(now=1_000)
    endpoint.tick(now=2_000)
    assert len(endpoint) == 0


def fuzz_offer(chance: random.Random) -> None:
    try:
        message = parse_message(mutated(SEEDS[chance.randrange(2)], chance))
    except BadMessage:
        return
    if not isinstance(message, Request):
        return
    try:
        accept(message, local_tag="t").request("BYE", via="v", contact="c")
        offer = read_offer(message, initial=True)
    except (BadMessage, Refusal):
        return
    assert offer.metadata is not None
    assert offer.sdp is not None
    read_cast(offer.metadata, ["1", "2"], region="IT", own_numbers=("+39",))


def fuzz_framing(chance: random.Random) -> None:
    """Whatever the segments, the same stream gives the same messages."""
    stream = b"".join(mutated(chance.choice(SEEDS), chance) for _ in range(3))
    whole = StreamFramer().receive(stream)
    framer, pieces, position = StreamFramer(), [], 0
    while position < len(stream):
        step = chance.choice((1, 2, 3, 50, 1_000))
        pieces += framer.receive(stream[position : position + step])
        position += step
    assert [type(one) for one in whole] == [type(one) for one in pieces]
    assert [one for one in whole if isinstance(one, Whole)] == [one for one in pieces if isinstance(one, Whole)]


def fuzz_sdp(chance: random.Random) -> None:
    try:
        offer = parse_sdp(mutated(sdp(media_line("1"), media_line("2", codecs="8 0 101")), chance))
    except BadDescription:
        return
    answer = build(offer=offer, ports=dict.fromkeys(range(20), 30000), origin=Origin(1, 1, "127.0.0.1"))
    assert answer.count(b"m=") >= len(offer.media)
    assert [media.label for media in parse_sdp(answer).media] == [media.label for media in offer.media]


def fuzz_body(chance: random.Random) -> None:
    kind, content = siprec_body()
    try:
        split_body(content_type=mutated(kind.encode(), chance).decode("latin1"), body=content)
        split_body(content_type=kind, body=mutated(content, chance))
    except BadBody:
        return


def fuzz_metadata(chance: random.Random) -> None:
    known = parse_metadata(metadata())
    try:
        known = known.updated(parse_metadata(mutated(metadata(mode=chance.choice(("complete", "partial"))), chance)))
    except BadBody:
        return
    read_cast(known, ["1", "2", "3"], region="IT", own_numbers=("+39",))


@pytest.mark.parametrize(
    "target",
    [fuzz_endpoint, fuzz_offer, fuzz_framing, fuzz_sdp, fuzz_body, fuzz_metadata],
    ids=lambda one: one.__name__,
)
def test_nothing_escapes(target: Callable[[random.Random], None]) -> None:
    seconds = float(os.environ.get("PARLEY_FUZZ_SECONDS", "2")) / 6
    seed = int(os.environ.get("PARLEY_FUZZ_SEED", str(random.SystemRandom().randrange(1 << 32))))
    end = time.monotonic() + seconds
    rounds = 0
    while time.monotonic() < end:
        began = time.process_time()
        try:
            target(random.Random(seed + rounds))
        except Exception as error:
            raise AssertionError(f"PARLEY_FUZZ_SEED={seed + rounds} makes {type(error).__name__}: {error}") from error
        assert time.process_time() - began < SLOW, f"PARLEY_FUZZ_SEED={seed + rounds} takes too long"
        rounds += 1
    assert rounds
