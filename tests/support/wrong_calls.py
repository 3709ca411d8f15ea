"""Calls that are wrong in one way each, and the answer that each deserves."""

from collections.abc import Callable
from dataclasses import replace

from tests.support.siprec_messages import Client, media_line, metadata, multipart, sdp, siprec_body

Wrong = Callable[[Client], bytes]


def without(header: str) -> Wrong:
    return lambda client: replace(client, without=frozenset({header})).invite()


def body(kind: str, content: bytes) -> Wrong:
    return lambda client: client.invite((kind, content))


def description(text: bytes) -> Wrong:
    return lambda client: client.invite(siprec_body(text))


def document(text: bytes) -> Wrong:
    return lambda client: client.invite(siprec_body(None, text))


G729 = media_line("1", codecs="18", more="a=rtpmap:18 G729/8000\r\n")
BOMB = b'<!DOCTYPE r [<!ENTITY a "aaaa">]><recording xmlns="urn:ietf:params:xml:ns:recording:1">&a;</recording>'

CASES: dict[str, tuple[Wrong, int]] = {
    "missing SDP": (body(*multipart(("application/rs-metadata+xml", metadata()))), 400),
    "empty body": (lambda client: client.request("INVITE"), 400),
    "broken SDP": (description(b"v=0\r\nnonsense"), 400),
    "SDP not UTF-8": (description(sdp().replace(b"s=-", b"s=\xff\xfe")), 400),
    "missing metadata": (body("application/sdp", sdp()), 400),
    "broken metadata": (document(b"<recording"), 400),
    "metadata with entities": (document(BOMB), 400),
    "broken multipart": (body("multipart/mixed;boundary=x", b"--x\r\nno end"), 400),
    "two lines, one label": (description(sdp(media_line("1"), media_line("1"))), 400),
    "unsupported codec": (description(sdp(G729)), 488),
    "encrypted media": (description(sdp(media_line("1").replace("RTP/AVP", "RTP/SAVP"))), 488),
    "unknown body": (body("text/plain", b"hello"), 415),
    "unknown extension": (lambda client: replace(client, extra=(("Require", "x-magic"),)).invite(), 420),
    "short session interval": (lambda client: replace(client, extra=(("Session-Expires", "10"),)).invite(), 422),
    "missing Contact": (without("Contact"), 400),
    "missing Call-ID": (without("Call-ID"), 400),
    "missing CSeq": (without("CSeq"), 400),
    "missing From": (without("From"), 400),
    "missing To": (without("To"), 400),
    "bad UTF-8": (lambda client: client.invite().replace(b"src@", b"secretname\xff\xfe@", 1), 400),
    "Content-Length no number": (lambda client: client.invite(length="many"), 400),
    "Content-Length negative": (lambda client: client.invite(length="-5"), 400),
    "Content-Length twice": (lambda client: replace(client, extra=(("Content-Length", "7"),)).invite(), 400),
    "unknown method": (lambda client: client.request("PUBLISH"), 405),
    "unknown scheme": (lambda client: client.invite().replace(b"INVITE sip:", b"INVITE gopher:", 1), 416),
    "SIP/3.0": (lambda client: client.invite().replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1), 505),
    "in no dialog": (lambda client: replace(client, to_tag="x").request("BYE"), 481),
}
DATAGRAM = {
    "too long Content-Length": (lambda client: client.invite(length="50000"), 400),
    "oversized": (lambda client: client.invite(siprec_body(sdp() + b"a=x:" + b"y" * 60_500)), 513),
}
STREAM = {
    "no Content-Length": (without("Content-Length"), 400),
    "oversized": (lambda client: client.invite(siprec_body(sdp() + b"a=x:" + b"y" * 100_000)), 513),
    "oversized head": (lambda client: replace(client, extra=(("X", "y" * 20_000),)).invite(), 513),
}
