"""Sockets for signalling: datagrams and connections to the call table and back, limited in number, time and size."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from parley.daemons.signalling.calls import Calls
from parley.wire.sip import api as sip

_log = structlog.get_logger()
_LINGER = 2.0
"""Seconds for which a stream that lost its frame is still read, unheeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of connections: how many in all and from one address, seconds for a begun message and for silence, octets
    unsent.
    """

    connections: int = 1_024
    connections_of_one: int = 128
    message_seconds: float = 10.0
    idle_seconds: float = 900.0
    stranger_seconds: float = 10.0
    unsent: int = 1 << 20


class Transport:
    """The two SIP sockets of a recorder."""

    def __init__(
        self, *, calls: Calls, address_for: Callable[[str], str], sip_port: int, limits: Limits | None = None
    ) -> None:
        self._calls = calls
        self._address_for = address_for
        self._sip_port = sip_port
        self.limits = limits or Limits()
        self._loop = asyncio.get_running_loop()
        self._udp: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._connections: dict[int, _Connection] = {}
        self._of_one: Counter[str] = Counter()
        self._last_number = 0
        self._timer: asyncio.TimerHandle | None = None
        self._connecting: set[asyncio.Task[None]] = set()

    async def start(self, *, udp: socket.socket, tcp: socket.socket) -> None:
        """Serves the sockets."""
        udp.setblocking(False)
        self._udp, _ = await self._loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)
        tcp.setblocking(False)
        self._server = await self._loop.create_server(lambda: _Connection(self), sock=tcp)

    async def close(self) -> None:
        """Lets go of sockets and connections; what is still unsent is sent first."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections.values()):
            connection.close()
        await asyncio.sleep(0)
        if self._udp is not None:
            self._udp.close()

    def flow(self, protocol: str, remote: tuple[str, int], connection: int = 0) -> sip.Flow:
        """How a message from `remote` came."""
        return sip.Flow(protocol, (self._address_for(remote[0]), self._sip_port), remote, connection)

    def receive(self, data: bytes, flow: sip.Flow) -> None:
        """Hands one message to the call table and sends what comes of it."""
        self._calls.receive(data, flow, now=self._loop.time())
        self.flush()

    def lost(self, lost: sip.Lost, flow: sip.Flow) -> None:
        self._calls.lost(lost, flow, now=self._loop.time())
        self.flush()

    def tick(self) -> None:
        """Once a second: calls, connections that are slow or idle."""
        now = self._loop.time()
        self._calls.tick(now=now)
        for connection in list(self._connections.values()):
            connection.check(now)
        self.flush()

    def flush(self) -> None:
        """Sends what the endpoint has to send and sets the clock for its next timer."""
        for send in self._calls.endpoint.outgoing():
            if send.flow.protocol == "UDP":
                if self._udp is not None and not self._udp.is_closing():
                    self._udp.sendto(send.data, send.flow.remote)
            else:
                self._send_connected(send)
        deadline = self._calls.endpoint.next_timer
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._timers) if deadline is not None else None

    def admit(self, connection: "_Connection", host: str) -> int:
        """A number for a new connection, 0 when there are too many."""
        limits = self.limits
        if len(self._connections) >= limits.connections or self._of_one[host] >= limits.connections_of_one:
            _log.warning("sip.connection-refused", connections=len(self._connections))
            return 0
        self._last_number += 1
        self._connections[self._last_number] = connection
        self._of_one[host] += 1
        return self._last_number

    def dismiss(self, number: int, host: str) -> None:
        if self._connections.pop(number, None) is not None:
            self._of_one[host] -= 1
            if not self._of_one[host]:
                del self._of_one[host]

    def _timers(self) -> None:
        self._timer = None
        now = self._loop.time()
        self._calls.handle(self._calls.endpoint.tick(now=now), now=now)
        self.flush()

    def _send_connected(self, send: sip.Send) -> None:
        connection = self._connections.get(send.flow.connection)
        if connection is not None:
            connection.send(send.data)
        elif not send.data.startswith(b"SIP/2.0") and len(self._connecting) < 64:
            # A request of ours whose connection is gone (RFC 3261 section 18.1.1); an answer has no reader left.
            task = self._loop.create_task(self._connect_and_send(send))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def _connect_and_send(self, send: sip.Send) -> None:
        host, port = send.flow.remote
        try:
            async with asyncio.timeout(5):
                _, protocol = await self._loop.create_connection(lambda: _Connection(self), host, port)
        except (OSError, TimeoutError) as error:
            _log.info("sip.unreachable", error=type(error).__name__)
            return
        protocol.send(send.data)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data.strip(b"\r\n\0")) > 4:  # less is a keep-alive (RFC 5626 section 3.5)
            self._transport.receive(data.lstrip(b"\r\n"), self._transport.flow("UDP", (addr[0], addr[1])))

    def error_received(self, exc: Exception) -> None:
        _log.info("sip.unreachable", error=type(exc).__name__)


class _Connection(asyncio.Protocol):
    """One stream: framed, limited, answered in order."""

    def __init__(self, transport: Transport) -> None:
        self._owner = transport
        self._framer = sip.StreamFramer()
        self._stream: asyncio.Transport | None = None
        self._number = 0
        self._remote = ("", 0)
        self._opened = self._heard = 0.0
        self._begun: float | None = None
        self._messages = 0
        self._finished: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's word for a stream
        self._stream = transport
        self._remote = transport.get_extra_info("peername")[:2]
        self._opened = self._heard = asyncio.get_running_loop().time()
        self._number = self._owner.admit(self, self._remote[0])
        if not self._number:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._owner.dismiss(self._number, self._remote[0])

    def data_received(self, data: bytes) -> None:
        if self._stream is None or self._stream.is_closing() or self._finished is not None:
            return
        now = asyncio.get_running_loop().time()
        self._heard = now
        flow = self._owner.flow("TCP", self._remote, self._number)
        events = self._framer.receive(data)
        for event in events:
            match event:
                case sip.Whole():
                    self._messages += 1
                    self._owner.receive(event.data, flow)
                case sip.Ping():
                    self.send(b"\r\n")
                case sip.Lost():
                    self._owner.lost(event, flow)
                    self._finish(now)
        if not self._framer.partial:
            self._begun = None
        elif events or self._begun is None:
            self._begun = now

    def send(self, data: bytes) -> None:
        if self._stream is None or self._stream.is_closing() or self._finished is not None:
            return
        self._stream.write(data)
        if self._stream.get_write_buffer_size() > self._owner.limits.unsent:
            _log.warning("sip.connection-closed", reason="peer does not read")
            self._stream.abort()

    def _finish(self, now: float) -> None:
        """Says that no more comes, and hears out the peer for a moment: closing at once could undo the last answer."""
        self._finished = now
        if self._stream is not None and not self._stream.is_closing():
            self._stream.write_eof()

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()

    def check(self, now: float) -> None:
        """Closes the connection when a message takes too long, or when nothing comes."""
        limits = self._owner.limits
        if self._finished is not None:
            if now - self._finished > _LINGER:
                self.close()
            return
        slow = self._begun is not None and now - self._begun > limits.message_seconds
        silent = now - self._heard > limits.idle_seconds
        empty = not self._messages and now - self._opened > limits.stranger_seconds
        if slow or silent or empty:
            _log.info("sip.connection-closed", reason="slow" if slow else "idle")
            self.close()
