"""An offer from its text: media lines with label, direction, addresses and codecs. Strict in form, mild in what it
skips.
"""

import re
from dataclasses import dataclass, field
from typing import ClassVar

from parley.foundation.errors import ParleyError

MAX_TEXT = 32_768
MAX_LINES = 512
MAX_MEDIA = 16
DIRECTIONS = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})
STATIC_CODECS = {0: ("PCMU", 8000), 8: ("PCMA", 8000), 13: ("CN", 8000)}
"""Payload types that need no rtpmap (RFC 3551 table 4), of those that we record."""

_MEDIA = re.compile(
    r"([a-z][a-z0-9\-]*) ([0-9]{1,5})(?:/[0-9]{1,2})? ([A-Za-z0-9/.\-]{1,40})((?: [A-Za-z0-9.*\-]{1,40}){1,64})"
)
_IPV4 = re.compile(r"IN IP4 ([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?:/[0-9/]+)?")
_RTPMAP = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9.\-_]{1,40})/([0-9]{1,6})(?:/[0-9]{1,2})?")
_FMTP = re.compile(r"([0-9]{1,3}) (.{1,500})")
_LABEL = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~]{1,64}")


class BadDescription(ParleyError):
    """An SDP that cannot be read: the peer's fault; the text never quotes it."""

    error_id: ClassVar[str] = "sdp.bad-description"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, remedy="correct the session description of the peer")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type of a media line: number, upper-case name, Hz, format parameters."""

    payload_type: int
    name: str
    clock_rate: int
    parameters: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """One m-line. `codecs` are those that could be named; `address` is None when it is not a usable IPv4 address."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    codecs: tuple[Codec, ...] = ()
    label: str | None = None
    direction: str = "sendrecv"
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """A whole session description; `origin` is the o-line, which changes its version when anything changes."""

    origin: str
    media: tuple[Media, ...]


@dataclass(slots=True)
class _Section:
    """What is being collected: the session part (no media) or one m-line."""

    kind: str = ""
    port: int = 0
    protocol: str = ""
    formats: tuple[str, ...] = ()
    label: str | None = None
    direction: str | None = None
    address: str | None = None
    connected: bool = False
    maps: dict[int, tuple[str, int]] = field(default_factory=dict)
    parameters: dict[int, str] = field(default_factory=dict)


def parse(body: bytes) -> Description:
    """Reads an offer. Raises BadDescription with a reason in words.

    Lines of types that a recorder has no use for are skipped; a malformed line of a type that it reads is refused.
    """
    if len(body) > MAX_TEXT:
        raise BadDescription("session description is too large")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadDescription("session description is not UTF-8") from None
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(lines) > MAX_LINES:
        raise BadDescription("session description has too many lines")
    if not lines or lines[0] != "v=0":
        raise BadDescription("session description does not begin with v=0")
    origin = next((line[2:] for line in lines if line.startswith("o=")), "")
    sections = [_Section()]
    for line in lines[1:]:
        _line(sections, line)
    if not origin:
        raise BadDescription("session description has no origin")
    if len(sections) == 1:
        raise BadDescription("session description has no media line")
    media = tuple(_media(section, sections[0]) for section in sections[1:])
    labels = [item.label for item in media if item.label is not None]
    if len(set(labels)) != len(labels):
        raise BadDescription("two media lines share a label")
    return Description(origin=origin, media=media)


def _line(sections: list[_Section], line: str) -> None:
    """Adds what one line says to the section that it belongs to."""
    kind, value = line[:1], line[2:]
    if line[1:2] != "=" or not "a" <= kind <= "z":
        raise BadDescription("session description has a line without a type")
    if kind == "m":
        if len(sections) > MAX_MEDIA:
            raise BadDescription("session description has too many media lines")
        sections.append(_media_line(value))
    elif kind == "c":
        _connection(sections[-1], value)
    elif kind == "a":
        _attribute(sections[-1], value)


def _media_line(value: str) -> _Section:
    match = _MEDIA.fullmatch(value.rstrip(" "))
    if match is None or int(match[2]) > 65535:
        raise BadDescription("media line is not valid")
    return _Section(kind=match[1], port=int(match[2]), protocol=match[3].upper(), formats=tuple(match[4].split()))


def _connection(section: _Section, value: str) -> None:
    match = _IPV4.fullmatch(value.strip())
    section.connected = True
    section.address = None
    if match is not None:
        if any(int(part) > 255 for part in match[1].split(".")):
            raise BadDescription("connection address is not valid")
        section.address = match[1]
    elif not value.startswith("IN IP"):
        raise BadDescription("connection line is not valid")


def _attribute(section: _Section, value: str) -> None:
    name, _, content = value.partition(":")
    if name in DIRECTIONS and not content:
        section.direction = name
    elif name == "label":
        if not _LABEL.fullmatch(content.strip()):
            raise BadDescription("label is not valid")
        section.label = content.strip()
    elif name == "rtpmap":
        match = _RTPMAP.fullmatch(content.strip())
        if match is None or int(match[1]) > 127:
            raise BadDescription("rtpmap is not valid")
        section.maps[int(match[1])] = (match[2].upper(), int(match[3]))
    elif name == "fmtp":
        match = _FMTP.fullmatch(content.strip())
        if match is not None:
            section.parameters[int(match[1])] = match[2]


def _media(section: _Section, session: _Section) -> Media:
    codecs = []
    if section.protocol.startswith("RTP/"):
        for text in dict.fromkeys(section.formats):
            if not text.isascii() or not text.isdigit() or int(text) > 127:
                raise BadDescription("payload type is not valid")
            number = int(text)
            named = section.maps.get(number) or STATIC_CODECS.get(number)
            if named is not None:
                codecs.append(Codec(number, named[0], named[1], section.parameters.get(number, "")))
    address = section.address if section.connected else session.address
    if not (section.connected or session.connected) and section.port:
        raise BadDescription("media line has no connection address")
    return Media(
        kind=section.kind,
        port=section.port,
        protocol=section.protocol,
        formats=section.formats,
        codecs=tuple(codecs),
        label=section.label,
        direction=section.direction or session.direction or "sendrecv",
        address=address,
    )
