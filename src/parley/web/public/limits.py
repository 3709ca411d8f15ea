"""How often one address may ask for public pages: a window of time, counted in this process alone.

With several web processes each counts for itself: an address may ask that many times of each. What guards a secret
(passwords, codes) is counted in the database, for all of them together.
"""

import time
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from parley.web.forwarded import subscriber

MOST_A_MINUTE: Final = 120
MOST_ADDRESSES: Final = 20_000
View = Callable[..., HttpResponse]


class Counter:
    """Requests by address since `began`; forgets all of them each window, and when too many addresses come."""

    def __init__(self, *, seconds: int = 60) -> None:
        self._lock = Lock()
        self._seconds = seconds
        self._began = 0.0
        self._counts: dict[str, int] = {}

    def wait(self, address: str, *, now: float, most: int = MOST_A_MINUTE) -> int:
        """0 when `address` may ask at `now` (monotonic seconds), else the seconds after which it may again."""
        with self._lock:
            if now - self._began >= self._seconds or len(self._counts) >= MOST_ADDRESSES:
                self._began, self._counts = now, {}
            self._counts[address] = self._counts.get(address, 0) + 1
            return 0 if self._counts[address] <= most else max(1, round(self._seconds - (now - self._began)))

    def forget(self) -> None:
        """Begin a new window."""
        with self._lock:
            self._began, self._counts = 0.0, {}


def asker(request: HttpRequest) -> str:
    """Who is counted: the client's address as `web.forwarded` left it; of IPv6 the subscriber's network."""
    return subscriber(request.META.get("REMOTE_ADDR", ""))


_COUNTER: Final = Counter()


def limited(view: View) -> View:
    """Answers 429 to an address that asks too often."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        seconds = _COUNTER.wait(asker(request), now=time.monotonic())
        if not seconds:
            return view(request, *args, **kwargs)
        said = _("Too many requests from this address. Try again in a minute.")
        headers = {"Retry-After": str(seconds), "Cache-Control": "no-store"}
        return HttpResponse(f"{said}\n", status=429, content_type="text/plain; charset=utf-8", headers=headers)

    return guarded
