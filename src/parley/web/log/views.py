"""Checkpoint, tiles and entry bundles of one log (c2sp.org/tlog-tiles): what an auditor's program reads.

There is nothing to sign in to: an entry says what happened when and under which clause, and commits to details that are
not served; a log's address is random and tells nothing of the customer. One answer is one indexed query of at most 256
rows; what exists never changes, so that caches may keep it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from parley.ledger import api as ledger
from parley.tenancy import api as tenancy

_FULL: Final = 256
_TOP_LEVEL: Final = 7  # 256**8 entries: no log has a tile above it
_KEPT: Final = "public, max-age=31536000, immutable"


@require_safe
def checkpoint(_request: HttpRequest, log_id: str) -> HttpResponse:
    """The newest published head as a signed note; 404 before the first."""
    with _cursor(log_id) as cursor:
        published = ledger.published(cursor)
    if published is None:
        raise Http404("this log has no entry yet")
    return _answer(published.note.encode(), content_type="text/plain; charset=utf-8", cache="no-cache")


@require_safe
def tile(_request: HttpRequest, log_id: str, level: str, number: str, width: str | None = None) -> HttpResponse:
    """`width` hashes (all 256 without it) of a tile."""
    place, wanted = _number(number), _width(width)
    if int(level) > _TOP_LEVEL:
        raise Http404("no such tile")
    with _cursor(log_id) as cursor:
        data = ledger.tile(cursor, level=int(level), index=place, width=wanted)
    return _found(data)


@require_safe
def entries(_request: HttpRequest, log_id: str, number: str, width: str | None = None) -> HttpResponse:
    """The leaves under a tile of level 0, each after its length in two bytes."""
    place, wanted = _number(number), _width(width)
    with _cursor(log_id) as cursor:
        data = ledger.entry_bundle(cursor, index=place, width=wanted)
    return _found(data)


@contextmanager
def _cursor(log_id: str) -> Iterator[ledger.Cursor]:
    """A cursor in the database of the customer that this log is of."""
    customer = tenancy.by_log_id(log_id)
    if customer is None:
        raise Http404("no such log")
    with tenancy.scope(customer), connection.cursor() as cursor:
        yield cursor


def _number(path: str) -> int:
    """The number written as x001/x234/067; Http404 for any other spelling of it."""
    digits = path.replace("x", "").replace("/", "")
    if len(digits) > 3 and digits.startswith("000"):
        raise Http404("a tile's number has one spelling")
    return int(digits)


def _width(text: str | None) -> int:
    width = _FULL if text is None else int(text)
    if text is not None and width >= _FULL:
        raise Http404("a full tile has no width")
    return width


def _found(data: bytes | None) -> HttpResponse:
    if data is None:
        raise Http404("the log is not that long yet")
    return _answer(data, content_type="application/octet-stream", cache=_KEPT)


def _answer(data: bytes, *, content_type: str, cache: str) -> HttpResponse:
    # Any origin may read: an auditor's page verifies a log as well as ours does.
    headers = {"Cache-Control": cache, "Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(data, content_type=content_type, headers=headers)
