"""What an INVITE, re-INVITE or UPDATE of a recording client asks for: SDP, metadata, session timer (RFC 7866, 3261,
4028).
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from parley.foundation.errors import ParleyError
from parley.wire.sdp.api import BadDescription, Description
from parley.wire.sdp.api import parse as parse_sdp
from parley.wire.sip.api import Answer, Request
from parley.wire.siprec.api import MEDIA_TYPES, BadBody, Metadata, Part, parse_metadata, split_body

SUPPORTED_TAGS = ("siprec", "timer")
METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE", "INFO")
BODY_TYPES = ("application/sdp", "application/rs-metadata+xml", "application/rs-metadata", "multipart/mixed")
MIN_INTERVAL = 90
"""Seconds: the shortest session interval accepted (RFC 4028 section 5)."""

_INTERVAL = re.compile(r"([0-9]{1,9})\s*(?:;.*)?", re.DOTALL)
_REFRESHER = re.compile(r";\s*refresher\s*=\s*(uac|uas)", re.IGNORECASE)


class Refusal(ParleyError):
    """A request that gets a refusal; `answer` is the whole SIP answer."""

    error_id: ClassVar[str] = "recordings.refusal"

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.reason, remedy="see the SIP answer")
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What was asked. `interval` is the session timer in seconds (0: none), `refresher` who must refresh (""
    unstated).
    """

    sdp: Description | None = None
    metadata: Metadata | None = None
    interval: int = 0
    refresher: str = ""
    can_refresh: bool = False


def read_offer(request: Request, *, initial: bool) -> Offer:
    """Reads and checks the request; `initial` asks for SDP and metadata both. Raises Refusal with the right answer."""
    unknown = sorted(tag for tag in request.headers.tags("require") if tag not in SUPPORTED_TAGS)
    if unknown:
        raise Refusal(Answer(420, "a required extension is not supported", (("Unsupported", ", ".join(unknown)),)))
    encoding = request.headers.get("content-encoding") or "identity"
    if encoding.lower() != "identity":
        raise Refusal(Answer(415, "encoded bodies are not supported", (("Accept-Encoding", "identity"),)))
    try:
        parts = split_body(content_type=request.headers.get("content-type"), body=request.body)
        metadata = _metadata(parts)
    except BadBody as error:
        raise Refusal(Answer(400, error.reason)) from None
    try:
        sdp = _description(parts)
    except BadDescription as error:
        raise Refusal(Answer(400, error.reason)) from None
    if parts and sdp is None and metadata is None:
        raise Refusal(Answer(415, "body is neither SDP nor metadata", (("Accept", ", ".join(BODY_TYPES)),)))
    if initial and sdp is None:
        raise Refusal(Answer(400, "session description is missing"))
    if initial and metadata is None:
        raise Refusal(Answer(400, "recording metadata is missing"))
    interval, refresher = _timer(request)
    return Offer(
        sdp=sdp,
        metadata=metadata,
        interval=interval,
        refresher=refresher,
        can_refresh="update" in request.headers.tags("allow"),
    )


def _metadata(parts: tuple[Part, ...]) -> Metadata | None:
    found = [part for part in parts if part.media_type in MEDIA_TYPES]
    if len(found) > 1:
        raise BadBody("more than one recording metadata")
    return parse_metadata(found[0].content) if found else None


def _description(parts: tuple[Part, ...]) -> Description | None:
    found = [part for part in parts if part.media_type == "application/sdp"]
    if len(found) > 1:
        raise BadDescription("more than one session description")
    return parse_sdp(found[0].content) if found else None


def _timer(request: Request) -> tuple[int, str]:
    """The session timer that the client proposes; only clients that support timers bind us (RFC 4028 section 9)."""
    text = request.headers.get("session-expires")
    if text is None:
        return 0, ""
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise Refusal(Answer(400, "Session-Expires is not valid"))
    interval = int(match[1])
    if interval < MIN_INTERVAL:
        raise Refusal(Answer(422, "session interval is too small", (("Min-SE", str(MIN_INTERVAL)),)))
    supported = request.headers.tags("supported") | request.headers.tags("require")
    if "timer" not in supported:
        return 0, ""
    refresher = _REFRESHER.search(text)
    return interval, refresher[1].lower() if refresher else ""
