"""The little of SIP that a session recording client needs: one dialog over one socket, UDP or TCP (RFC 3261).

Shares no code with Parley's own SIP stack on purpose. It retransmits over UDP, acknowledges repeated 2xx, answers
BYE and OPTIONS inside the dialog, and gives up after 32 s.
"""

import secrets
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self

Transport = Literal["udp", "tcp"]

T1: Final = 0.5
T2: Final = 4.0
TIMEOUT: Final = 32.0
_LARGEST: Final = 65_535


class CallFailed(Exception):
    """The peer could not be reached, or answered nothing that makes sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A received request or response; header names in lower case, the first value of each."""

    start: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The message in `data`, which is whole."""
        head, _, body = data.partition(b"\r\n\r\n")
        start, *lines = head.decode("utf-8", "replace").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), value.strip())
        return cls(start=start, headers=headers, body=body)

    @property
    def status(self) -> int:
        """The status code, 0 for a request."""
        words = self.start.split()
        return int(words[1]) if len(words) > 1 and words[0] == "SIP/2.0" and words[1].isdigit() else 0

    @property
    def method(self) -> str:
        """The method of the request, or of the request that this answers."""
        return self.headers.get("cseq", "").split()[-1] if self.status else self.start.split()[0]

    @property
    def sequence(self) -> str:
        """The number in CSeq."""
        return self.headers.get("cseq", "0").split()[0]


class Link:
    """One socket to the recorder; `receive` returns whole messages."""

    def __init__(self, *, transport: Transport, target: tuple[str, int], local_address: str) -> None:
        self.transport = transport
        self.target = target
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self._socket = socket.socket(socket.AF_INET, kind)
        self._pending = bytearray()
        try:
            self._socket.bind((local_address, 0))
            if transport == "tcp":
                self._socket.settimeout(5)
                self._socket.connect(target)
        except OSError as error:
            self._socket.close()
            raise CallFailed(f"no connection to {target[0]}:{target[1]} over {transport}: {error.strerror}") from error
        self.local: tuple[str, int] = self._socket.getsockname()

    def send(self, data: bytes) -> None:
        """Sends one message. Raises CallFailed when the peer is gone."""
        try:
            if self.transport == "udp":
                self._socket.sendto(data, self.target)
            else:
                self._socket.sendall(data)
        except OSError as error:
            raise CallFailed(f"the connection broke: {error.strerror}") from error

    def receive(self, *, until: float) -> Message | None:
        """The next message, or None when `until` (monotonic) has passed. Raises CallFailed when the peer hung up."""
        while True:
            if self.transport == "tcp" and (message := self._framed()) is not None:
                return message
            wait = until - time.monotonic()
            if wait <= 0:
                return None
            self._socket.settimeout(wait)
            try:
                data = self._socket.recv(_LARGEST)
            except TimeoutError:
                return None
            except OSError as error:
                raise CallFailed(f"the connection broke: {error.strerror}") from error
            if self.transport == "udp":
                if data.strip():
                    return Message.parse(data)
            elif not data:
                raise CallFailed("the recorder closed the connection")
            else:
                self._pending += data

    def _framed(self) -> Message | None:
        """A whole message from the stream, by Content-Length (RFC 3261 section 18.3)."""
        while self._pending.startswith(b"\r\n"):
            del self._pending[:2]
        end = self._pending.find(b"\r\n\r\n")
        if end < 0:
            return None
        length = int(Message.parse(bytes(self._pending[: end + 4])).headers.get("content-length", "0"))
        stop = end + 4 + length
        if len(self._pending) < stop:
            return None
        data = bytes(self._pending[:stop])
        del self._pending[:stop]
        return Message.parse(data)

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()


class Dialog:
    """One recording session seen from the client: INVITE, re-INVITE, BYE, and what the recorder says meanwhile."""

    def __init__(self, *, link: Link, caller_uri: str) -> None:
        self.call_id = f"{secrets.token_hex(12)}@{link.local[0]}"
        self.ended_by_peer: str | None = None
        self._link = link
        self._from = f"<{caller_uri}>;tag={secrets.token_hex(6)}"
        self._to = f"<sip:recorder@{link.target[0]}:{link.target[1]}>"
        self._remote = f"sip:recorder@{link.target[0]}:{link.target[1]};transport={link.transport}"
        self._sequence = 0
        self._last_ack = b""

    def invite(self, *, body: bytes, content_type: str) -> Message:
        """Sends an INVITE, or a re-INVITE once there is a dialog; returns the final response, acknowledged."""
        self._sequence += 1
        branch = _branch()
        extra = {"Require": "siprec", "Accept": "application/sdp", "Content-Type": content_type}
        response = self._transact("INVITE", branch=branch, headers=extra, body=body)
        if response.status < 300:
            self._to = response.headers.get("to", self._to)
            self._remote = _uri(response.headers.get("contact", "")) or self._remote
            branch = _branch()
        to = response.headers.get("to", self._to)
        self._last_ack = self._request("ACK", branch=branch, to=to)
        self._link.send(self._last_ack)
        return response

    def bye(self, *, patience: float = TIMEOUT) -> Message:
        """Ends the session; returns the final response, for which it waits `patience` seconds."""
        self._sequence += 1
        return self._transact("BYE", branch=_branch(), headers={}, body=b"", patience=patience)

    def listen(self, *, until: float) -> None:
        """Serves what arrives until `until` (monotonic), or until the recorder ends the session."""
        while self.ended_by_peer is None:
            message = self._link.receive(until=until)
            if message is None:
                return
            self._serve(message)

    def _transact(
        self, method: str, *, branch: str, headers: Mapping[str, str], body: bytes, patience: float = TIMEOUT
    ) -> Message:
        data = self._request(method, branch=branch, to=self._to, headers=headers, body=body)
        self._link.send(data)
        now = time.monotonic()
        give_up, interval, provisional = now + patience, T1, False
        resend = now + interval if self._link.transport == "udp" else give_up
        while (now := time.monotonic()) < give_up:
            message = self._link.receive(until=min(resend, give_up))
            if message is None:
                if time.monotonic() >= resend and not (provisional and method == "INVITE"):
                    self._link.send(data)
                    interval = min(interval * 2, T2 if method != "INVITE" else TIMEOUT)
                resend = max(resend + interval, time.monotonic() + 0.01)
            elif not (message.status and message.method == method and message.sequence == str(self._sequence)):
                self._serve(message)
            elif message.status < 200:
                provisional = True
            else:
                return message
        raise CallFailed(f"no final response to {method} within {patience:.0f} s")

    def _serve(self, message: Message) -> None:
        if message.status:
            if message.method == "INVITE" and 200 <= message.status < 300 and self._last_ack:
                self._link.send(self._last_ack)
            return
        if message.method == "ACK":
            return
        if message.method == "BYE":
            self.ended_by_peer = message.headers.get("reason", "no reason given")
        status = "200 OK" if message.method in {"BYE", "OPTIONS"} else "405 Method Not Allowed"
        lines = [f"SIP/2.0 {status}"]
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            lines.append(f"{name}: {message.headers.get(name.lower(), '')}")
        lines += ["Allow: ACK, BYE, OPTIONS", "Content-Length: 0", "", ""]
        self._link.send("\r\n".join(lines).encode())

    def _request(
        self, method: str, *, branch: str, to: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> bytes:
        host, port = self._link.local
        lines = [
            f"{method} {self._remote} SIP/2.0",
            f"Via: SIP/2.0/{self._link.transport.upper()} {host}:{port};branch={branch};rport",
            "Max-Forwards: 70",
            f"From: {self._from}",
            f"To: {to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self._sequence} {method}",
            f"Contact: <sip:demo@{host}:{port};transport={self._link.transport}>;+sip.src",
            "User-Agent: Parley demo caller",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _branch() -> str:
    return f"z9hG4bK{secrets.token_hex(10)}"


def _uri(contact: str) -> str:
    return contact[contact.find("<") + 1 : contact.find(">")] if "<" in contact else contact.partition(";")[0].strip()
