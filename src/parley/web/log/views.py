"""Checkpoint, tiles and entry bundles of one log (c2sp.org/tlog-tiles): what an auditor's program reads.

There is nothing to sign in to: an entry says what happened when and under which clause, and commits to details that are
not served; a log's address is random and tells nothing of the customer. One answer is one indexed query of at most 256
rows; what exists never changes, so that caches may keep it.

An address may read MOST_A_MINUTE resources: a log of ten million entries is audited within two hours, one of a hundred
thousand within the first minute; with what an auditor's program keeps, later visits ask for what is new alone.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from parley.ledger import api as ledger
from parley.tenancy import api as tenancy
from parley.web.public.limits import Counter, asker

Found = TypeVar("Found")

_FULL: Final = 256
_TOP_LEVEL: Final = 7  # 256**8 entries: no log has a tile above it
_OCTETS: Final = "application/octet-stream"
_TEXT: Final = "text/plain; charset=utf-8"
_KEPT: Final = "public, max-age=31536000, immutable"
MOST_A_MINUTE: Final = 1200
_COUNTER: Final = Counter()


def _limited(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answers 429, and when to go on, to an address that reads faster than MOST_A_MINUTE; no database is asked."""

    @wraps(view)
    def guarded(request: HttpRequest, **which: Any) -> HttpResponse:
        seconds = _COUNTER.wait(asker(request), now=time.monotonic(), most=MOST_A_MINUTE)
        if not seconds:
            return view(request, **which)
        said = f"too many requests from this address: go on after {seconds} seconds, and keep what you have\n"
        refused = _answer(said.encode(), content_type=_TEXT, cache="no-store", status=429)
        refused.headers["Retry-After"] = str(seconds)
        return refused

    return guarded


@_limited
@require_safe
def checkpoint(_request: HttpRequest, log_id: str) -> HttpResponse:
    """The newest published head as a signed note; 404 before the first."""
    published = _read(log_id, ledger.published)
    if published is None:
        return _missing("no such log, or it has no entry yet")
    return _answer(published.note.encode(), content_type=_TEXT, cache="no-cache")


@_limited
@require_safe
def tile(_request: HttpRequest, log_id: str, level: str, number: str, width: str | None = None) -> HttpResponse:
    """`width` hashes (all 256 without it) of a tile; 404 while the log is not that long."""
    place, wanted = _number(number), _width(width)
    if place is None or wanted is None or int(level) > _TOP_LEVEL:
        return _missing("a tile has another address")
    return _found(_read(log_id, lambda cursor: ledger.tile(cursor, level=int(level), index=place, width=wanted)))


@_limited
@require_safe
def entries(_request: HttpRequest, log_id: str, number: str, width: str | None = None) -> HttpResponse:
    """The leaves under a tile of level 0, each after its length in two bytes; 404 while the log is not that long."""
    place, wanted = _number(number), _width(width)
    if place is None or wanted is None:
        return _missing("a bundle of entries has another address")
    return _found(_read(log_id, lambda cursor: ledger.entry_bundle(cursor, index=place, width=wanted)))


def _read(log_id: str, question: Callable[[ledger.Cursor], Found | None]) -> Found | None:
    """The answer from the database of the customer whose log it is; None when there is no such log."""
    customer = tenancy.by_log_id(log_id)
    if customer is None:
        return None
    with tenancy.scope(customer), connection.cursor() as cursor:
        return question(cursor)


def _number(path: str) -> int | None:
    """The number written as x001/x234/067; None for any other spelling of one."""
    digits = path.replace("x", "").replace("/", "")
    return None if len(digits) > 3 and digits.startswith("000") else int(digits)


def _width(text: str | None) -> int | None:
    """How many hashes or entries are asked for; None when it is spelt as no partial tile is."""
    if text is None:
        return _FULL
    return int(text) if int(text) < _FULL else None


def _found(data: bytes | None) -> HttpResponse:
    if data is None:
        return _missing("no such log, or it is not that long yet")
    return _answer(data, content_type=_OCTETS, cache=_KEPT)


def _missing(why: str) -> HttpResponse:
    # For programs: no page, and nothing to keep, for it may exist a second later.
    return _answer(f"{why}\n".encode(), content_type=_TEXT, cache="no-store", status=404)


def _answer(data: bytes, *, content_type: str, cache: str, status: int = 200) -> HttpResponse:
    # Any origin may read: an auditor's page verifies a log as well as ours does.
    headers = {"Cache-Control": cache, "Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(data, status=status, content_type=content_type, headers=headers)
