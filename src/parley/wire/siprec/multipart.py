"""The parts of a SIP body (RFC 2046 section 5.1, RFC 5621), with limits."""

import re
from dataclasses import dataclass

from parley.wire.siprec.errors import BadBody

MAX_PARTS = 8
MAX_PART_HEAD = 4_096

_TYPE = re.compile(r"([A-Za-z0-9!#$&^_.+\-]{1,100}/[A-Za-z0-9!#$&^_.+\-]{1,100})\s*(;.*)?", re.DOTALL)
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One part: lower-case media type and content."""

    media_type: str
    content: bytes


def split_body(*, content_type: str | None, body: bytes) -> tuple[Part, ...]:
    """The parts of a body; a body that is not multipart is one part, an empty one none.

    Nested multiparts are opened one level deep. Raises BadBody.
    """
    if not body:
        return ()
    if content_type is None:
        raise BadBody("body has no Content-Type")
    return _parts(content_type, body, depth=0)


def _parts(content_type: str, body: bytes, *, depth: int) -> tuple[Part, ...]:
    match = _TYPE.fullmatch(content_type.strip())
    if match is None:
        raise BadBody("Content-Type is not valid")
    media_type = match[1].lower()
    if not media_type.startswith("multipart/"):
        return (Part(media_type, body),)
    if depth > 1:
        raise BadBody("multipart body is nested too deep")
    boundary = _BOUNDARY.search(match[2] or "")
    if boundary is None:
        raise BadBody("multipart body has no boundary")
    found: list[Part] = []
    for chunk in _chunks(body, (boundary[1] or boundary[2]).encode()):
        head, content = _open_part(chunk)
        part_type = head.get("content-type", "text/plain")
        encoding = head.get("content-transfer-encoding", "binary").lower()
        if encoding not in {"binary", "8bit", "7bit"}:
            raise BadBody("part has an encoding other than binary")
        found += _parts(part_type, content, depth=depth + 1)
        if len(found) > MAX_PARTS:
            raise BadBody("multipart body has too many parts")
    return tuple(found)


def _chunks(body: bytes, boundary: bytes) -> list[bytes]:
    """What lies between the delimiter lines; the closing delimiter must be there."""
    delimiter = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|$)")
    chunks: list[bytes] = []
    start: int | None = None
    position = 0
    while True:
        match = delimiter.search(body, position)
        if match is None:
            raise BadBody("multipart body has no closing delimiter")
        if start is not None:
            chunks.append(body[start : match.start()])
        if match[1] is not None:
            return chunks
        if len(chunks) > MAX_PARTS:
            raise BadBody("multipart body has too many parts")
        start = match.end()
        # An empty part: the line end of one delimiter may also begin the next.
        position = max(match.start() + 1, match.end() - 2)


def _open_part(chunk: bytes) -> tuple[dict[str, str], bytes]:
    match = re.search(rb"\r?\n\r?\n", chunk[:MAX_PART_HEAD])
    if chunk[:2] == b"\r\n" or chunk[:1] == b"\n":
        return {}, chunk.split(b"\n", 1)[1]
    if match is None:
        raise BadBody("part has no end of headers")
    try:
        text = chunk[: match.start()].decode("utf-8")
    except UnicodeDecodeError:
        raise BadBody("part head is not UTF-8") from None
    head: dict[str, str] = {}
    for line in re.sub(r"\r?\n[ \t]+", " ", text).splitlines():
        name, colon, value = line.partition(":")
        if not colon:
            raise BadBody("part has a header line that is not valid")
        head.setdefault(name.strip().lower(), value.strip())
    return head, chunk[match.end() :]
