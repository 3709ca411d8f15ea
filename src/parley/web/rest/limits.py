"""How often one token may ask: so many requests a minute, counted in each process of the web.

The answer says where the token stands, by the header fields of draft-ietf-httpapi-ratelimit-headers.
"""

import time
from dataclasses import dataclass
from threading import Lock
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from parley.web.problems import Problem, answer

WINDOW: Final = 60
_MOST_TOKENS: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is left of the window: requests, and seconds until the next one."""

    left: int
    seconds: int
    allowed: bool


class Counter:
    """Requests of each token in its own window, which begins with its first request."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._windows: dict[UUID, tuple[float, int]] = {}

    def count(self, token: UUID, *, now: float, most: int) -> Standing:
        """One more request at `now` (monotonic seconds)."""
        with self._lock:
            if len(self._windows) >= _MOST_TOKENS:
                self._windows = {one: found for one, found in self._windows.items() if now - found[0] < WINDOW}
            began, used = self._windows.get(token, (now, 0))
            if now - began >= WINDOW:
                began, used = now, 0
            used += 1
            self._windows[token] = began, used
        seconds = max(1, round(WINDOW - (now - began)))
        return Standing(left=max(0, most - used), seconds=seconds, allowed=used <= most)


COUNTER: Final = Counter()


def refusal(request: HttpRequest, token: UUID) -> HttpResponse | None:
    """429 for a token that asks too often, else None; `mark` tells it where it stands."""
    most = settings.PARLEY_TOKEN_RATE
    standing = COUNTER.count(token, now=time.monotonic(), most=most)
    request.META["parley.rate"] = standing
    if standing.allowed:
        return None
    problem = Problem(
        status=429,
        error_id="web.too_many_requests",
        what=_("This token asks too often."),
        safe=_("Nothing was done."),
        remedy=_("At most %(most)s requests a minute; wait as long as Retry-After says.") % {"most": most},
        retry_after=standing.seconds,
    )
    return answer(request, problem)


def mark(request: HttpRequest, response: HttpResponseBase) -> None:
    """The header fields that say where the token stands."""
    standing = request.META.get("parley.rate")
    if isinstance(standing, Standing):
        response["RateLimit-Policy"] = f'"minute";q={settings.PARLEY_TOKEN_RATE};w={WINDOW}'
        response["RateLimit"] = f'"minute";r={standing.left};t={standing.seconds}'
