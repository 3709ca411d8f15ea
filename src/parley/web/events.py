"""Server-sent events (WHATWG HTML, section 9.2) of one console: `/c/<handle>/events`. One process for all customers.

An event says only that something changed; the page then asks the console for what it may see: nothing personal travels
here. PostgreSQL announces changes within one database alone: there is one listening connection for each customer
that somebody watches, and none for others.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import connections
from django.http import HttpRequest

from parley.foundation.errors import ParleyError
from parley.recordings.api import LIVE_CHANNEL
from parley.tenancy import api as tenancy

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MOST_WATCHERS: Final = 2000
MOST_OF_ONE_CUSTOMER: Final = 500
MOST_OF_ONE_SESSION: Final = 8
KEEPALIVE_SECONDS: Final = 15.0
LASTS_SECONDS: Final = 600.0  # then the browser connects again, and the session is checked again
AT_MOST_EVERY: Final = 0.25
_PATH: Final = re.compile(r"/c/([a-z0-9][a-z0-9-]{0,62})/events")

log = structlog.get_logger("parley.web.events")


@dataclass
class Channel:
    """Those who watch one customer, and the task that listens to its database for them: `listening` while it hears."""

    watchers: set[asyncio.Event] = field(default_factory=set)
    listener: "asyncio.Task[None] | None" = None
    listening: bool = False


class Hub:
    """Fans the announcements of each watched database out to its watchers. Lives in one event loop."""

    def __init__(self) -> None:
        self._channels: dict[UUID, Channel] = {}
        self._sessions: dict[str, int] = {}
        self._count = 0

    def join(self, customer: tenancy.Customer, session: str) -> asyncio.Event | None:
        """An event that is set once news can be heard, and whenever something changed; None when a limit is reached."""
        channel = self._channels.setdefault(customer.id, Channel())
        if (
            self._count >= MOST_WATCHERS
            or len(channel.watchers) >= MOST_OF_ONE_CUSTOMER
            or self._sessions.get(session, 0) >= MOST_OF_ONE_SESSION
        ):
            return None
        changed = asyncio.Event()
        channel.watchers.add(changed)
        self._sessions[session] = self._sessions.get(session, 0) + 1
        self._count += 1
        if channel.listener is None:
            channel.listener = asyncio.create_task(_listen(customer, channel))
        if channel.listening:
            changed.set()
        return changed

    def leave(self, customer: tenancy.Customer, session: str, changed: asyncio.Event) -> None:
        """The watcher went away; the last of a customer takes the listening connection along."""
        channel = self._channels[customer.id]
        channel.watchers.discard(changed)
        self._count -= 1
        self._sessions[session] -= 1
        if not self._sessions[session]:
            del self._sessions[session]
        if not channel.watchers:
            if channel.listener is not None:
                channel.listener.cancel()
            del self._channels[customer.id]


async def _listen(customer: tenancy.Customer, channel: Channel) -> None:
    """Wakes every watcher at each announcement, and after each new connection: something may have been missed."""
    parameters = tenancy.connection_parameters(customer)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(**parameters, autocommit=True) as connection:
                await connection.execute(f"LISTEN {LIVE_CHANNEL}")
                channel.listening = True
                _wake(channel.watchers)
                async for _announced in connection.notifies():
                    _wake(channel.watchers)
        except psycopg.Error as error:
            channel.listening = False
            log.warning("events.database_lost", fault=type(error).__name__)
        await asyncio.sleep(1)


def _wake(watchers: set[asyncio.Event]) -> None:
    for changed in watchers:
        changed.set()


def _who(handle: str, session: str) -> tenancy.Customer | None:
    """The customer, when the session is one of somebody who is signed in to its console."""
    try:
        customer = tenancy.by_handle(handle)
        if customer is None or customer.kind != "customer":
            return None
        with tenancy.scope(customer):
            request = HttpRequest()
            request.session = import_module(settings.SESSION_ENGINE).SessionStore(session)
            return customer if get_user(request).is_authenticated else None
    finally:
        for connection in connections.all(initialized_only=True):
            connection.close()


async def _refuse(send: Send, status: int, error_id: str, what: str, headers: list[tuple[bytes, bytes]]) -> None:
    body = json.dumps({"type": "about:blank", "title": what, "status": status, "detail": what, "error_id": error_id})
    kind = (b"content-type", b"application/problem+json")
    await send({"type": "http.response.start", "status": status, "headers": [kind, *headers]})
    await send({"type": "http.response.body", "body": body.encode()})


def _cookie(headers: dict[bytes, bytes]) -> str:
    try:
        jar = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return ""
    morsel = jar.get(settings.SESSION_COOKIE_NAME)
    return morsel.value if morsel is not None and re.fullmatch(r"[a-z0-9]{8,64}", morsel.value) else ""


class Events:
    """The ASGI application. Who is not signed in gets 401, a foreign origin 403, one too many 503."""

    def __init__(self) -> None:
        self._hub = Hub()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        public = urlsplit(settings.PARLEY_PUBLIC_URL)
        origin = f"{public.scheme}://{public.netloc}"
        shared = [
            (b"access-control-allow-origin", origin.encode()),
            (b"access-control-allow-credentials", b"true"),
            (b"vary", b"Origin"),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        match = _PATH.fullmatch(scope["path"])
        if scope["method"] != "GET" or match is None:
            await _refuse(send, 404, "web.not_found", "There is nothing at this address.", shared)
            return
        if headers.get(b"origin", origin.encode()) != origin.encode():
            await _refuse(send, 403, "web.forbidden", "Only the console may listen.", shared)
            return
        session = _cookie(headers)
        try:
            customer = await sync_to_async(_who, thread_sensitive=False)(match[1], session) if session else None
        except (ParleyError, psycopg.Error) as error:
            log.warning("events.unavailable", fault=type(error).__name__)
            await _refuse(
                send, 503, "web.unavailable", "The database does not answer.", [*shared, (b"retry-after", b"5")]
            )
            return
        if customer is None:
            await _refuse(send, 401, "web.sign_in_needed", "Nobody is signed in.", shared)
            return
        changed = self._hub.join(customer, session)
        if changed is None:
            await _refuse(send, 503, "web.too_many", "Too many pages listen.", [*shared, (b"retry-after", b"30")])
            return
        try:
            await _stream(changed, receive, send, shared)
        finally:
            self._hub.leave(customer, session, changed)


async def _stream(changed: asyncio.Event, receive: Receive, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
    """Sends events until the browser leaves or LASTS_SECONDS are over."""
    kind = (b"content-type", b"text/event-stream; charset=utf-8")
    await send({"type": "http.response.start", "status": 200, "headers": [kind, *headers]})
    await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
    gone = asyncio.create_task(_gone(receive))
    ends = asyncio.get_running_loop().time() + LASTS_SECONDS
    try:
        while not gone.done() and asyncio.get_running_loop().time() < ends:
            news = asyncio.create_task(changed.wait())
            await asyncio.wait({gone, news}, timeout=KEEPALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                news.cancel()
                return
            if news.done():
                changed.clear()
                await send({"type": "http.response.body", "body": b"event: live\ndata: changed\n\n", "more_body": True})
                await asyncio.sleep(AT_MOST_EVERY)
            else:
                news.cancel()
                await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
        with suppress(OSError):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()


async def _gone(receive: Receive) -> None:
    """Returns when the browser closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


application = Events()
