"""What a session recording client says in its INVITE: SDP with a line for each voice, and recording metadata.

RFC 7866 (protocol), RFC 7865 (metadata). This client shares no code with Parley's own SIPREC parser on purpose: two
readings of the standard check each other.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

BOUNDARY: Final = "parley-demo-boundary"
CONTENT_TYPE: Final = f"multipart/mixed;boundary={BOUNDARY}"
PAYLOAD_TYPES: Final = {"PCMU": 0, "PCMA": 8}

Codec = Literal["PCMU", "PCMA"]


def identifier() -> str:
    """A fresh id of RFC 7865: base64 of 16 random octets."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A person on the call, as the session border controller knows them."""

    name: str
    number: str
    domain: str = "example.com"

    @property
    def aor(self) -> str:
        """The address of record."""
        return f"sip:{self.number}@{self.domain}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One m-line: who speaks on it (0 caller, 1 callee), in which codec, from which local port."""

    label: str
    speaker: int
    codec: Codec
    port: int
    stream_id: str = field(default_factory=identifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSession:
    """The communication session that is being recorded, with the ids that tie its parts together."""

    parties: tuple[Party, Party]
    started_at: datetime
    group_id: str = field(default_factory=identifier)
    session_id: str = field(default_factory=identifier)
    participant_ids: tuple[str, str] = field(default_factory=lambda: (identifier(), identifier()))


def sdp(*, address: str, voices: Sequence[Voice], version: int, held: bool) -> str:
    """The offer: one m-line for each voice; `inactive` while the call is on hold."""
    direction = "inactive" if held else "sendonly"
    lines = ["v=0", f"o=demo 1 {version} IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0"]
    for voice in voices:
        payload_type = PAYLOAD_TYPES[voice.codec]
        lines += [
            f"m=audio {voice.port} RTP/AVP {payload_type} 101",
            f"a=rtpmap:{payload_type} {voice.codec}/8000",
            "a=rtpmap:101 telephone-event/8000",
            f"a=label:{voice.label}",
            f"a={direction}",
        ]
    return "\r\n".join(lines) + "\r\n"


def metadata(*, session: RecordedSession, voices: Sequence[Voice]) -> str:
    """The complete rs-metadata document: group, session, both people, and who sends which stream."""
    began = session.started_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<recording xmlns="urn:ietf:params:xml:ns:recording:1">',
        "  <datamode>complete</datamode>",
        f"  <group group_id={quoteattr(session.group_id)}><associate-time>{began}</associate-time></group>",
        f"  <session session_id={quoteattr(session.session_id)}>",
        f"    <group-ref>{escape(session.group_id)}</group-ref><start-time>{began}</start-time>",
        "  </session>",
    ]
    for party, participant in zip(session.parties, session.participant_ids, strict=True):
        lines += [
            f"  <participant participant_id={quoteattr(participant)}>",
            f'    <nameID aor={quoteattr(party.aor)}><name xml:lang="en">{escape(party.name)}</name></nameID>',
            "  </participant>",
        ]
    for voice in voices:
        lines.append(
            f"  <stream stream_id={quoteattr(voice.stream_id)} session_id={quoteattr(session.session_id)}>"
            f"<label>{escape(voice.label)}</label></stream>"
        )
    for participant in session.participant_ids:
        lines.append(
            f"  <participantsessionassoc participant_id={quoteattr(participant)} "
            f"session_id={quoteattr(session.session_id)}><associate-time>{began}</associate-time></participantsessionassoc>"
        )
    for number, participant in enumerate(session.participant_ids):
        lines.append(f"  <participantstreamassoc participant_id={quoteattr(participant)}>")
        lines += [
            f"    <{'send' if voice.speaker == number else 'recv'}>{escape(voice.stream_id)}"
            f"</{'send' if voice.speaker == number else 'recv'}>"
            for voice in voices
        ]
        lines.append("  </participantstreamassoc>")
    return "\n".join([*lines, "</recording>", ""])


def body(*, address: str, session: RecordedSession, voices: Sequence[Voice], version: int, held: bool) -> bytes:
    """The multipart body of an INVITE or re-INVITE; its media type is CONTENT_TYPE."""
    parts = (
        ("Content-Type: application/sdp", sdp(address=address, voices=voices, version=version, held=held)),
        (
            "Content-Type: application/rs-metadata+xml\r\nContent-Disposition: recording-session",
            metadata(session=session, voices=voices),
        ),
    )
    text = "".join(f"--{BOUNDARY}\r\n{headers}\r\n\r\n{content}\r\n" for headers, content in parts)
    return f"{text}--{BOUNDARY}--\r\n".encode()


def answered_ports(answer: bytes) -> tuple[int, ...]:
    """The port of each m-line of an SDP answer, 0 for a rejected one."""
    lines = answer.decode("utf-8", "replace").splitlines()
    return tuple(int(line.split()[1]) for line in lines if line.startswith("m="))


def answered_address(answer: bytes) -> str:
    """The connection address of an SDP answer; raises ValueError when it has none."""
    for line in answer.decode("utf-8", "replace").splitlines():
        if line.startswith("c="):
            return line.split()[-1]
    raise ValueError("the answer names no address")
