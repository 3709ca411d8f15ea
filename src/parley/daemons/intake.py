"""Takes in e-mail by which persons ask for their rights: SMTP on this machine, behind the provider's mail server.

`rights+<handle>@<domain>` and `<handle>@rights.<domain>` reach the customer of that handle, `provider` the provider
itself. A message is accepted (250) once it is committed, put off (4xx) while the database is away, refused (550) for an
address that is none: the same answer for every one that is none. One recipient for each transaction: the sending server
brings the others one by one, so that no message is half taken (RFC 5321 section 4.5.3.1.10). What a server sends twice,
because our 250 was lost, is told apart by its Message-ID (rights.receive_mail).
"""

import asyncio
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import Final

import django.db
import psycopg
import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from parley.foundation.errors import ParleyError
from parley.rights import api as rights
from parley.tenancy import api as tenancy

_log = structlog.get_logger(__name__)
_THREADS: Final = 4
_WELCOME: Final = "Parley, requests of persons"
_AWAY: Final = "451 4.3.0 our database is away, try again later"
_NOBODY: Final = "550 5.1.1 no such mailbox"
_ONE_AT_A_TIME: Final = "452 4.5.3 one recipient at a time"
_BUSY: Final = b"421 4.7.0 too many connections, try again later\r\n"
_PLUS: Final = re.compile(r"rights\+([a-z0-9-]{2,40})@([a-z0-9.-]{1,253})", re.IGNORECASE)
_SUBDOMAIN: Final = re.compile(r"([a-z0-9-]{2,40})@rights\.([a-z0-9.-]{1,253})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one sender may take of us: bytes of a message, connections at once, seconds of silence, seconds in all."""

    message: int = 5_000_000
    connections: int = 64
    silence: float = 60.0
    session: float = 300.0


def handle_of(address: str, *, domain: str) -> str | None:
    """The handle that an address for requests names, None when it is no such address. `domain` "": any domain."""
    for pattern in (_PLUS, _SUBDOMAIN):
        match = pattern.fullmatch(address)
        if match and (not domain or match[2].lower() == domain.lower()):
            return match[1].lower()
    return None


@dataclass
class Intake:
    """What the mail server asks us: who is known, and whether a message was taken."""

    domain: str
    pool: ThreadPoolExecutor
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Whether there is such an address."""
        handle = handle_of(address, domain=self.domain)
        known = [handle_of(one, domain=self.domain) for one in envelope.rcpt_tos]
        if known and handle not in known:
            return _ONE_AT_A_TIME
        said = await self._aside(lambda: _known(handle))
        if said[:1] == "2":
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Whether the message is taken: 250 is said after the commit."""
        handle = handle_of(envelope.rcpt_tos[0], domain=self.domain)
        raw = envelope.original_content or b""
        return await self._aside(lambda: _take(handle, raw, at=self.now()))

    async def handle_exception(self, error: Exception) -> str:
        """What went wrong between us and the sender: told by its kind, for a text may quote what was sent."""
        _log.error("intake.failed", error=type(error).__name__)
        return "451 4.3.0 something went wrong on our side, try again later"

    async def _aside(self, work: Callable[[], str]) -> str:
        """Does `work` in a thread that keeps its own connections; a database that is away is an answer."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, _guarded, work)


def _guarded(work: Callable[[], str]) -> str:
    try:
        return work()
    except (django.db.Error, psycopg.Error, tenancy.DatabaseUnavailable) as error:
        _log.warning("intake.database_away", error=type(error).__name__)
        django.db.connections.close_all()
        return _AWAY


def _whose(handle: str | None) -> tenancy.Customer | None:
    if handle is None:
        return None
    return tenancy.provider() if handle == "provider" else tenancy.by_handle(handle)


def _known(handle: str | None) -> str:
    return _NOBODY if _whose(handle) is None else "250 2.1.5 recipient ok"


def _take(handle: str | None, raw: bytes, *, at: datetime) -> str:
    """Hand a message to whom it is for; the answer for its sender. A customer that went since RCPT is nobody."""
    customer = _whose(handle)
    if customer is None:
        return _NOBODY
    try:
        with tenancy.scope(customer):
            taken = rights.receive_mail(raw, at)
    except (rights.RequestRefused, rights.GateRefused) as refused:
        _log.info("intake.refused", customer=str(customer.id), error_id=refused.error_id)
        return "554 5.6.0 this message cannot be taken as a request"
    except ParleyError as error:
        _log.error("intake.failed", customer=str(customer.id), error_id=error.error_id)
        return "451 4.3.0 it cannot be taken now, try again later"
    _log.info("intake.taken", customer=str(customer.id), outcome=taken.outcome, size=len(raw))
    return "250 2.0.0 taken"


class Conversation(SMTP):
    """One connection, which does not last for ever."""

    def __init__(self, intake: Intake, *, limits: Limits, live: set[asyncio.BaseTransport]) -> None:
        super().__init__(
            intake,
            data_size_limit=limits.message,
            enable_SMTPUTF8=True,
            decode_data=False,
            hostname="parley",
            ident=_WELCOME,
            timeout=limits.silence,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            command_call_limit={"*": 100, "RCPT": 200},
        )
        self._limits, self._live = limits, live

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            asyncio.get_running_loop().call_later(self._limits.session, transport.abort)
        self._live.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport is not None:
            self._live.discard(self.transport)
        super().connection_lost(error)


class TurnedAway(asyncio.Protocol):
    """One connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.write(_BUSY)
            transport.close()


async def serve(
    *, host: str, port: int, intake: Intake, limits: Limits, stop: Event, listening: Callable[[int], None]
) -> None:
    """Listens until `stop` is set; `listening` is told the port. Messages whose commit has begun are waited for."""
    loop, live = asyncio.get_running_loop(), set[asyncio.BaseTransport]()

    def greet() -> asyncio.Protocol:
        if len(live) >= limits.connections:
            return TurnedAway()
        return Conversation(intake, limits=limits, live=live)

    server = await loop.create_server(greet, host, port)
    listening(server.sockets[0].getsockname()[1])
    try:
        while not stop.is_set():
            await asyncio.sleep(0.2)
    finally:
        server.close()
        await loop.run_in_executor(None, intake.pool.shutdown)
        await asyncio.sleep(0.1)  # what was committed meanwhile is said to have been taken
        for transport in tuple(live):
            transport.close()


def run(
    *,
    host: str,
    port: int,
    domain: str,
    stop: Event,
    limits: Limits | None = None,
    listening: Callable[[int], None] = lambda _port: None,
) -> None:
    """Takes in e-mail on `host`:`port` until `stop` is set."""
    logging.getLogger("mail").disabled = True  # aiosmtpd's log quotes envelopes and lines of messages
    logging.getLogger("mail.log").disabled = True
    pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="intake")
    intake = Intake(domain=domain, pool=pool)
    asyncio.run(serve(host=host, port=port, intake=intake, limits=limits or Limits(), stop=stop, listening=listening))
