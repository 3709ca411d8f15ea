"""The recorder's answer: one port per m-line, every label echoed, receive only (RFC 3264 section 6, RFC 7866 section
7.1.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from parley.wire.sdp.description import Codec, Description, Media

AUDIO = frozenset({"PCMU", "PCMA"})
SUPPORTED = frozenset({*AUDIO, "TELEPHONE-EVENT", "CN"})
PLAIN_RTP = frozenset({"RTP/AVP", "RTP/AVPF"})


def recordable(media: Media) -> tuple[Codec, ...]:
    """The codecs of an m-line that we take; empty when the line has to be rejected (no plain RTP audio in G.711)."""
    if media.kind != "audio" or media.protocol not in PLAIN_RTP or media.address is None:
        return ()
    codecs = tuple(codec for codec in media.codecs if codec.name in SUPPORTED and codec.clock_rate == 8000)
    return codecs if any(codec.name in AUDIO for codec in codecs) else ()


def is_held(media: Media) -> bool:
    """Whether the offerer sends nothing for now: `inactive`, `recvonly`, or the old way with address 0.0.0.0."""
    return media.direction in {"inactive", "recvonly"} or media.address == "0.0.0.0"  # noqa: S104 - a value on the wire


@dataclass(frozen=True, slots=True)
class Origin:
    """Our o-line: a session id, a version that grows with each change, the address at which media is received."""

    session: int
    version: int
    address: str


def build(*, offer: Description, ports: Mapping[int, int], origin: Origin, inactive: bool = False) -> bytes:
    """The answer to `offer`; `ports` gives the local port of each m-line by position, absent or 0 rejects the line.

    `inactive` asks the other side to send nothing.
    """
    lines = [
        "v=0",
        f"o=parley {origin.session} {origin.version} IN IP4 {origin.address}",
        "s=-",
        f"c=IN IP4 {origin.address}",
        "t=0 0",
    ]
    for position, media in enumerate(offer.media):
        codecs = recordable(media)
        port = ports.get(position, 0) if codecs and media.port else 0
        formats = [str(codec.payload_type) for codec in codecs] if port else list(media.formats)
        lines.append(f"m={media.kind} {port} {media.protocol} {' '.join(formats)}")
        if port:
            for codec in codecs:
                lines.append(f"a=rtpmap:{codec.payload_type} {_wire_name(codec.name)}/{codec.clock_rate}")
                if codec.parameters and codec.name == "TELEPHONE-EVENT":
                    lines.append(f"a=fmtp:{codec.payload_type} {codec.parameters}")
        if media.label is not None:
            lines.append(f"a=label:{media.label}")
        if port:
            lines.append("a=inactive" if inactive or is_held(media) else "a=recvonly")
    return ("\r\n".join(lines) + "\r\n").encode()


def _wire_name(name: str) -> str:
    return "telephone-event" if name == "TELEPHONE-EVENT" else name
