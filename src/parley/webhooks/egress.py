"""Requests to places that others name: only https, only public addresses, no redirect followed, bounded in all.

A name is resolved once, each address is checked, and the connection goes to the address that was checked: a name that
leads elsewhere a moment later gains nothing. `PARLEY_CALLBACK_ALLOW` lists places of the operator's own ("host:port"),
which may be private and plain http.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from parley.webhooks.errors import AddressRefused, NoAnswer

LONGEST_ADDRESS: Final = 500
_TIMEOUT: Final = 10.0
_IN_ALL: Final = 20.0
"""Seconds of one request: a receiver that answers a byte at a time keeps no worker."""
_MOST_READ: Final = 4096
_MOST_RETRY: Final = 24 * 3600
_GLOBAL: Final = ipaddress.IPv6Network("2000::/3")
"""Global unicast (RFC 4291 section 2.4), all that is given out: the rest is local, reserved, or of another kind."""
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""The prefix of NAT64 (RFC 6052): a network without IPv4 of its own reaches every IPv4 address by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The receiver's status, or None and `words` for why there is none. `retry_after` is in seconds, where it said."""

    status: int | None
    words: str
    retry_after: int | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a place answered, whole."""

    status: int
    body: bytes


def checked(address: str) -> str:
    """The address as it is asked later. Raises AddressRefused; nothing is resolved here."""
    address = address.strip()
    try:
        parts = urlsplit(address)
        port = parts.port
        (parts.hostname or "").encode("idna")  # as the resolver reads it: labels of 1 to 63 characters
    except ValueError as error:
        raise AddressRefused("the address cannot be read", remedy="Give an https address.") from error
    plain = len(address) <= LONGEST_ADDRESS and address.isascii() and address.isprintable() and " " not in address
    if not plain or not parts.hostname or parts.username or parts.password or parts.fragment:
        raise AddressRefused("the address cannot be used", remedy="Give a plain https address.")
    if _listed(parts):
        return address
    if parts.scheme != "https" or port not in (None, 443, 8443):
        raise AddressRefused("only https is called", remedy="Give an https address on port 443 or 8443.")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return address
    if not _public(literal):
        raise AddressRefused("only public addresses are called", remedy="Give a public https address.")
    return address


def post(address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """What the receiver answers to `body`; reads little of it, takes 20 s at most."""
    began = time.monotonic()
    try:
        parts = urlsplit(checked(address))
        connection = _connection(parts)
    except AddressRefused as refused:
        return _none(str(refused.args[0]), began)
    except OSError as error:
        return _none(type(error).__name__, began)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    hurry = threading.Timer(_IN_ALL, _cut, [connection])
    hurry.daemon = True
    hurry.start()
    try:
        connection.request("POST", target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        answer.read(_MOST_READ)
    except (OSError, http.client.HTTPException) as error:
        return _none(type(error).__name__, began)
    finally:
        hurry.cancel()
        connection.close()
    return Answer(
        status=answer.status,
        words=f"{answer.status} from the receiver",
        retry_after=_seconds(answer.headers.get("Retry-After", "")),
        seconds=time.monotonic() - began,
    )


def fetch(address: str, *, body: bytes | None, headers: Mapping[str, str], most: int) -> Fetched:
    """What the place answers to a GET, or to a POST of `body`: `most` bytes at most, in 20 s at most.

    Raises AddressRefused, NoAnswer.
    """
    parts = urlsplit(checked(address))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = _connection(parts)
    except OSError as error:
        raise NoAnswer(f"it cannot be reached ({type(error).__name__})") from error
    hurry = threading.Timer(_IN_ALL, _cut, [connection])
    hurry.daemon = True
    hurry.start()
    try:
        connection.request("GET" if body is None else "POST", target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        content = answer.read(most + 1)
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"it does not answer ({type(error).__name__})") from error
    finally:
        hurry.cancel()
        connection.close()
    if len(content) > most:
        raise NoAnswer(f"its answer is larger than {most} bytes")
    return Fetched(status=answer.status, body=content)


def _none(words: str, began: float) -> Answer:
    return Answer(status=None, words=words, retry_after=None, seconds=time.monotonic() - began)


def _seconds(text: str) -> int | None:
    return min(int(text), _MOST_RETRY) if text.isascii() and text.isdigit() and len(text) < 10 else None


@dataclass(frozen=True)
class _Place:
    """Where to connect to: an address that was checked."""

    family: socket.AddressFamily
    address: tuple[Any, ...]


class _Pinned(http.client.HTTPSConnection):
    """Connects to the address that was checked, and asks the certificate for the name."""

    def __init__(self, host: str, port: int, *, place: _Place) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, port, timeout=_TIMEOUT, context=self._tls)
        self._place = place

    def connect(self) -> None:
        plain = socket.socket(self._place.family, socket.SOCK_STREAM)
        plain.settimeout(_TIMEOUT)
        try:
            plain.connect(self._place.address)
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()
        except BaseException:
            plain.close()
            raise


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    host = str(parts.hostname)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if _listed(parts) and parts.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for family, *_rest, address in found:
        if not _listed(parts) and not _public(ipaddress.ip_address(address[0])):
            raise AddressRefused("the name leads to an address that is not public")
        if family in (socket.AF_INET, socket.AF_INET6):
            return _Pinned(host, port, place=_Place(family, tuple(address)))
    raise AddressRefused("the name leads nowhere")


def _cut(connection: http.client.HTTPConnection) -> None:
    """Ends the connection from outside: whoever reads from it hears that it is over."""
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not TLS's own, which a reader does not survive


def _public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether it is everybody's to call. What carries an IPv4 address (mapped, 6to4, NAT64) leads to that one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    translated = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF) if address in _TRANSLATED else None
    carried = address.ipv4_mapped or address.sixtofour or translated
    return _public(carried) if carried is not None else address in _GLOBAL and address.is_global


def _listed(parts: SplitResult) -> bool:
    """Whether the operator lists the place ("host:port") as one of its own to be told."""
    return parts.scheme in ("http", "https") and f"{parts.hostname}:{parts.port}" in settings.PARLEY_CALLBACK_ALLOW
