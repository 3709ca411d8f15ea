"""Bodies that a browser may ask for in pieces (RFC 9110 section 14): the player seeks without loading the whole."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

PIECE = 64 * 1024


class Readable(Protocol):
    """A seekable stream of verified bytes."""

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def read(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


Conversion = Callable[[Readable], Iterator[bytes]]
"""Pieces of a body that is made of a stream, which it closes."""


def ranged(
    request: HttpRequest, source: Readable, *, size: int, media_type: str, etag: str, filename: str = ""
) -> HttpResponseBase:
    """`source` (of `size` bytes), or the range of it that the request asks for; 304 when the browser has it."""
    headers = {"Accept-Ranges": "bytes", "ETag": f'"{etag}"', "Cache-Control": "private, no-cache"}
    if filename:
        headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    if request.headers.get("If-None-Match") == f'"{etag}"':
        source.close()
        return HttpResponse(status=304, headers=headers)
    wanted = request.headers.get("Range")
    if request.headers.get("If-Range", f'"{etag}"') != f'"{etag}"':
        wanted = None
    try:
        span = parse_range(wanted, size)
    except ValueError:
        source.close()
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    start, stop = (span.start, span.stop) if span else (0, size)
    headers["Content-Length"] = str(stop - start)
    if span:
        headers["Content-Range"] = span.content_range
    if request.method == "HEAD":
        source.close()
        return HttpResponse(content_type=media_type, status=206 if span else 200, headers=headers)
    pieces = _pieces(source, start=start, stop=stop)
    return StreamingHttpResponse(pieces, content_type=media_type, status=206 if span else 200, headers=headers)


def made_while_sent(
    request: HttpRequest, source: Readable, make: Conversion, *, media_type: str, made_of: str
) -> HttpResponseBase:
    """What `make` makes of `source`: whole, for nobody knows its length beforehand; 304 when the browser has it.

    `made_of` names the source. The validator is weak (RFC 9110 section 8.8.1): made again it says the same, in other
    bytes.
    """
    etag = f'W/"{made_of}"'
    headers = {"Accept-Ranges": "none", "ETag": etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == etag:
        source.close()
        return HttpResponse(status=304, headers=headers)
    if request.method == "HEAD":
        source.close()
        return HttpResponse(content_type=media_type, headers=headers)
    return StreamingHttpResponse(make(source), content_type=media_type, headers=headers)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A byte range of a body of `total` bytes: [start, stop)."""

    start: int
    stop: int
    total: int

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{self.total}"


def parse_range(header: str | None, total: int) -> Span | None:
    """The one range that `header` asks for (RFC 9110 section 14.1.2), None for the whole body.

    A header that we do not support (another unit, several ranges, nonsense) means the whole body, as the RFC allows.
    Raises ValueError when the range lies outside the body (416).
    """
    match = re.fullmatch(r"bytes=(\d{0,19})-(\d{0,19})", header.strip()) if header else None
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = int(last)
        if not length:
            raise ValueError("an empty suffix range")
        return Span(start=max(0, total - length), stop=total, total=total)
    start = int(first)
    stop = min(int(last) + 1, total) if last else total
    if last and int(last) < start:
        return None
    if start >= total:
        raise ValueError("the range begins after the end")
    return Span(start=start, stop=stop, total=total)


def _pieces(source: Readable, *, start: int, stop: int) -> Iterator[bytes]:
    """The bytes [start, stop) of `source`, closing it at the end or when the browser goes away."""
    try:
        source.seek(start)
        left = stop - start
        while left:
            piece = source.read(min(PIECE, left))
            if not piece:
                raise EOFError("the body is shorter than announced")
            left -= len(piece)
            yield piece
    finally:
        source.close()
