"""A message from its bytes, guarded against hostile input, and a response to its bytes (RFC 3261 sections 7, 8.2.6,
20).
"""

import re
from dataclasses import dataclass, field, replace

from sipmessage import CSeq
from sipmessage.message import COMPACT_FORMS

from parley.wire.sip.errors import BadMessage
from parley.wire.sip.headers import NameAddress, Via, split_list

MAX_MESSAGE = 60_000
"""Octets of a whole message; a SIPREC INVITE of a large conference stays below 20,000."""
MAX_HEAD = 16_384
MAX_HEADERS = 128
MAX_VIAS = 70

_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]{1,128}")
_CALL_ID = re.compile(r"[\x21-\x7e]{1,512}")
_FOLD = re.compile(r"\r?\n[ \t]+")
_SINGLE = ("call-id", "cseq", "from", "to", "content-length", "content-type", "max-forwards")

PHRASES = {
    100: "Trying",
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    405: "Method Not Allowed",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    422: "Session Interval Too Small",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    503: "Service Unavailable",
    505: "Version Not Supported",
    513: "Message Too Large",
}


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in order of arrival; names in lower case and long form, values unfolded, octets kept."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """The first value of `name` (lower case), None when absent."""
        return next((value for key, value in self.fields if key == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Every field of `name` (lower case), as written."""
        return tuple(value for key, value in self.fields if key == name)

    def items(self, name: str) -> tuple[str, ...]:
        """The comma-separated items of every field of `name`."""
        return tuple(item for value in self.all(name) for item in split_list(value))

    def tags(self, name: str) -> frozenset[str]:
        """Option tags or method names listed in `name`, in lower case."""
        return frozenset(item.lower() for item in self.items(name))


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose routing headers were checked; `raw` is the message as it arrived."""

    method: str
    uri: str
    headers: Headers
    body: bytes = b""
    raw: bytes = b""
    vias: tuple[Via, ...] = ()
    call_id: str = ""
    sequence: int = 0
    from_tag: str = ""
    to_tag: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A response to one of our own requests."""

    code: int
    headers: Headers
    vias: tuple[Via, ...] = ()
    call_id: str = ""
    sequence: int = 0
    method: str = ""
    to_tag: str | None = None
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say to a request: code, why (a Reason header when refusing), further headers and a body."""

    code: int
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = ""
    body: bytes = b""
    to_tag: str = field(default="")

    def tagged(self, tag: str) -> "Answer":
        return self if self.to_tag else replace(self, to_tag=tag)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def split_head(data: bytes) -> tuple[bytes, bytes] | None:
    """Head (without the empty line) and the rest, or None while the head is incomplete."""
    head, mark, rest = data.partition(b"\r\n\r\n")
    return (head, rest) if mark else None


def parse_headers(head: bytes) -> tuple[str, Headers, str]:
    """Start line, headers and the first fault found ("" for none) of a message head.

    Octets that are not UTF-8 are kept as surrogates, so that they can be echoed as they came; they are a fault all
    the same.
    """
    fault = ""
    text = head.decode("utf-8", "surrogateescape")
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        fault = "message head is not UTF-8"
    lines = _FOLD.sub(" ", text).split("\r\n")
    fields: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t")
        if not colon or not _NAME.fullmatch(name) or any(letter in value for letter in "\r\n\0"):
            fault = fault or "header line is not valid"
            continue
        name = COMPACT_FORMS.get(name.lower(), name).lower()
        fields.append((name, value.strip(" \t")))
        if len(fields) > MAX_HEADERS:
            return lines[0], Headers(tuple(fields[:MAX_HEADERS])), "too many header fields"
    return lines[0], Headers(tuple(fields)), fault


def content_length(headers: Headers) -> int | None:
    """The announced body length in octets, None when absent. Raises ValueError when it is no number or two differ."""
    values = set(headers.all("content-length"))
    if not values:
        return None
    value = values.pop()
    if values or not re.fullmatch(r"[0-9]{1,9}", value):
        raise ValueError("Content-Length is not valid")
    return int(value)


def parse_message(data: bytes) -> Request | Response:
    """One whole message, from a datagram or a frame of a stream.

    Octets beyond Content-Length are dropped, fewer are a fault (RFC 3261 section 18.3). Raises BadMessage, which
    carries the answer to give when there is somebody to answer to.
    """
    parts = split_head(data)
    head, body = parts if parts is not None else (data, b"")
    start, headers, fault = parse_headers(head[:MAX_HEAD])
    if start.startswith("SIP/2.0 "):
        if fault or parts is None:
            raise BadMessage(code=400, reason=fault or "message is cut off")
        return _response(start, headers, data)
    request = _start_line(start, headers)
    if len(data) > MAX_MESSAGE or len(head) > MAX_HEAD:
        raise BadMessage(code=513, reason="message is too large", request=_answerable(request))
    if parts is None:
        fault = fault or "message head is cut off"
    if fault:
        raise BadMessage(code=400, reason=fault, request=_answerable(request))
    return _checked(_with_body(request, body, data))


def _start_line(start: str, headers: Headers) -> Request:
    pieces = start.split(" ")
    if len(pieces) != 3 or not pieces[2].upper().startswith("SIP/") or not _TOKEN.fullmatch(pieces[0]):
        raise BadMessage(code=400, reason="first line is not a SIP request", request=None)
    request = Request(method=pieces[0], uri=pieces[1], headers=headers)
    if pieces[2].upper() != "SIP/2.0":
        raise BadMessage(code=505, reason="SIP version is not 2.0", request=_answerable(request))
    return request


def _with_body(request: Request, body: bytes, data: bytes) -> Request:
    try:
        length = content_length(request.headers)
    except ValueError as error:
        raise BadMessage(code=400, reason=str(error), request=_answerable(request)) from None
    if length is not None and length > len(body):
        raise BadMessage(code=400, reason="body is shorter than Content-Length", request=_answerable(request))
    length = len(body) if length is None else length
    return replace(request, body=body[:length], raw=data[: len(data) - len(body) + length])


def _answerable(request: Request) -> Request | None:
    """The request with whatever routing headers can be read, None when no Via says where the answer goes."""
    try:
        vias = tuple(Via.parse(item) for item in request.headers.items("via")[:MAX_VIAS])
    except ValueError:
        return None
    if not vias:
        return None
    return replace(request, vias=vias, call_id=request.headers.get("call-id") or "")


def _checked(request: Request) -> Request:
    """The request with its routing headers read. Raises BadMessage naming the first header that is missing or wrong."""
    seen = _answerable(request)
    headers = request.headers

    def bad(reason: str, code: int = 400) -> BadMessage:
        return BadMessage(code=code, reason=reason, request=seen)

    if seen is None or len(headers.items("via")) > MAX_VIAS:
        raise bad("Via is missing or not valid")
    for name in _SINGLE:
        values = headers.all(name)
        if len(values) > 1 and name != "content-length":
            raise bad(f"{name.title()} is repeated")
        if not values and name in {"from", "to", "call-id", "cseq"}:
            raise bad(f"{name.title()} is missing")
    if not _CALL_ID.fullmatch(seen.call_id):
        raise bad("Call-Id is not valid")
    sequence, method = _sequence(headers.get("cseq") or "")
    if method != request.method:
        raise bad("Cseq is not valid")
    from_tag, to_tag = _tag(headers.get("from")), _tag(headers.get("to"))
    if from_tag is None or to_tag is None:
        raise bad("From or To is not valid")
    if not from_tag:
        raise bad("From has no tag")
    if (headers.get("max-forwards") or "70").strip("0123456789"):
        raise bad("Max-Forwards is not valid")
    if not re.match(r"(sips?|tel):", request.uri, re.IGNORECASE):
        raise bad("request URI has an unsupported scheme", 416)
    return replace(seen, sequence=sequence, from_tag=from_tag, to_tag=to_tag or None)


def _sequence(text: str) -> tuple[int, str]:
    if not text.isascii():
        return 0, ""
    try:
        value = CSeq.parse(text)
    except ValueError:
        return 0, ""
    return (value.sequence, value.method) if value.sequence < 2**31 else (0, "")


def _tag(text: str | None) -> str | None:
    """The tag of a From or To value, "" without one, None when the value cannot be read."""
    try:
        return NameAddress.parse(text or "").tag or ""
    except ValueError:
        return None


def _response(start: str, headers: Headers, data: bytes) -> Response:
    match = re.match(r"SIP/2\.0 ([1-6][0-9]{2})( |$)", start)
    vias = headers.items("via")
    sequence, method = _sequence(headers.get("cseq") or "")
    if match is None or not vias or not method:
        raise BadMessage(code=400, reason="response is not valid")
    try:
        via = Via.parse(vias[0])
    except ValueError:
        raise BadMessage(code=400, reason="response Via is not valid") from None
    return Response(
        code=int(match.group(1)),
        headers=headers,
        vias=(via,),
        call_id=headers.get("call-id") or "",
        sequence=sequence,
        method=method,
        to_tag=_tag(headers.get("to")) or None,
        raw=data,
    )


def build_response(request: Request, answer: Answer, *, address: str, port: int) -> bytes:
    """The response to `request`, which arrived from `address`:`port` (RFC 3261 section 8.2.6.2).

    Via, From, To, Call-ID, CSeq are the request's own octets; a To tag is added to all but 100; Record-Route comes
    back in answers that make a dialog (RFC 3261 section 12.1.1).
    """
    lines = [f"SIP/2.0 {answer.code} {PHRASES.get(answer.code, 'Refused')}"]
    vias = [via.text for via in request.vias]
    vias[0] = request.vias[0].answered_from(address=address, port=port)
    lines += [f"Via: {via}" for via in vias]
    if 101 <= answer.code <= 299:
        lines += [f"Record-Route: {value}" for value in request.headers.all("record-route")]
    for name, title in (("from", "From"), ("to", "To"), ("call-id", "Call-ID"), ("cseq", "CSeq")):
        value = request.headers.get(name)
        if value is not None:
            tag = f";tag={answer.to_tag}" if name == "to" and not _tag(value) and answer.code > 100 else ""
            lines.append(f"{title}: {value}{tag}")
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if answer.body:
        lines.append(f"Content-Type: {answer.content_type}")
    lines.append(f"Content-Length: {len(answer.body)}")
    return _encode("\r\n".join(lines) + "\r\n\r\n") + answer.body


def build_request(*, method: str, uri: str, headers: tuple[tuple[str, str], ...], body: bytes = b"") -> bytes:
    """A request of our own in octets; Content-Length is added."""
    lines = [
        f"{method} {uri} SIP/2.0",
        *(f"{name}: {value}" for name, value in headers),
        f"Content-Length: {len(body)}",
    ]
    return _encode("\r\n".join(lines) + "\r\n\r\n") + body
