"""Telling the platform that asked how a request stands (OpenDSR): signed, tried for days, never into our own network.

The body is JSON without anything of the person. Header `X-OpenDSR-Signature` is base64 of the Ed25519 signature of the
body, `X-OpenDSR-Processor-Domain` the host of the installation, `Idempotency-Key` the id of the callback. Only https to
addresses that are public; names are resolved once, and the connection goes to the address that was checked.
"""

import base64
import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction

from parley.foundation.ids import new_id
from parley.obligations import api as obligations
from parley.rights.errors import CallbackRefused
from parley.rights.models import Callback, Request
from parley.rights.types import ENDED
from parley.tenancy import api as tenancy

SEND: Final = "rights.callback"
GIVEN_UP_AFTER: Final = timedelta(days=5)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=2)
_LONGEST_ADDRESS: Final = 500
_TIMEOUT: Final = 10.0
_IN_ALL: Final = 20.0
"""Seconds of one attempt: a receiver that answers a byte at a time keeps no worker."""
_MOST_READ: Final = 4096

STATUS: Final[Mapping[str, str]] = {
    "answered": "completed", "refused": "denied", "withdrawn": "cancelled", "received": "pending",
    "forwarded": "pending", "acknowledged": "pending",
}  # fmt: skip
"""OpenDSR's word for a state; everything else is "in_progress"."""


def payload(row: Request) -> dict[str, Any]:
    """What the asking platform is told: ids, status, dates; nothing of the person."""
    return {
        "controller_id": tenancy.current().handle,
        "subject_request_id": row.external_id or str(row.id),
        "reference": row.tag,
        "regulation": row.regulation,
        "request_status": STATUS.get(row.state, "in_progress"),
        "state": row.state,
        "request_types": list(row.kinds),
        "received_time": row.received_at.isoformat(),
        "expected_completion_time": row.due.isoformat(),
        "results_ready": row.state == "answered" and row.export_id is not None,
        "ended_time": row.ended_at.isoformat() if row.ended_at else None,
    }


def checked(address: str) -> str:
    """The address as it is asked later. Raises CallbackRefused; nothing is resolved here."""
    address = address.strip()
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise CallbackRefused("the address for callbacks cannot be read", remedy="Give an https address.") from error
    plain = len(address) <= _LONGEST_ADDRESS and address.isascii() and address.isprintable() and " " not in address
    if not plain or not parts.hostname or parts.username or parts.password or parts.fragment:
        raise CallbackRefused("the address for callbacks cannot be used", remedy="Give a plain https address.")
    if _listed(parts):
        return address
    if parts.scheme != "https" or port not in (None, 443, 8443):
        raise CallbackRefused("callbacks go to https only", remedy="Give an https address on port 443 or 8443.")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return address
    if not _public(literal):
        raise CallbackRefused("callbacks go to public addresses only", remedy="Give a public https address.")
    return address


def expect(row: Request, *, at: datetime) -> None:
    """Have the platform told how the request stands now, in the caller's transaction; the same status only once."""
    told = payload(row)
    last = Callback.objects.filter(request=row).order_by("-created_at", "-id").first()
    if last is not None and last.payload == told:
        return
    now = datetime.now(UTC)
    made = Callback.objects.create(id=new_id(at=now), request=row, payload=told, created_at=now)
    _open_attempt(made, due=at if at < now else now)


def attempt(work: obligations.Work) -> None:
    """One attempt at one callback; a later one waits for those before it, so that states arrive in order."""
    row = Callback.objects.select_for_update().filter(id=UUID(work.payload["callback"]), state="queued").first()
    if row is None or not row.request.callback:
        return
    earlier = Callback.objects.filter(request=row.request, state="queued", created_at__lt=row.created_at).exists()
    row.attempts += 1
    answer = (
        "waits for the one before"
        if earlier
        else post(row.request.callback, json.dumps(row.payload, sort_keys=True).encode(), key=str(row.id))
    )
    row.answer, now = answer[:80], max(datetime.now(UTC), work.due)
    if not earlier and answer[:1] == "2":
        row.state, row.sent_at = "sent", now
    elif now - row.created_at >= GIVEN_UP_AFTER:
        row.state = "failed"
    row.save()
    if row.state == "queued":
        _open_attempt(row, due=now + min(_FIRST_PAUSE * (2 ** min(row.attempts - 1, 12)), _LONGEST_PAUSE))


def post(address: str, body: bytes, *, key: str) -> str:
    """The receiver's status line, or why there is none; follows no redirect, reads little, takes 20 s at most."""
    try:
        parts = urlsplit(checked(address))
        connection = _connection(parts)
    except CallbackRefused as refused:
        return str(refused.args[0])
    except OSError as error:
        return type(error).__name__
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "X-OpenDSR-Processor-Domain": urlsplit(settings.PARLEY_PUBLIC_URL).hostname or "",
        "X-OpenDSR-Signature": signature(body),
    }
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    hurry = threading.Timer(_IN_ALL, _cut, [connection])
    hurry.daemon = True
    hurry.start()
    try:
        connection.request("POST", target, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read(_MOST_READ)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        hurry.cancel()
        connection.close()
    return f"{answer.status} from the receiver"


def signature(body: bytes) -> str:
    """The signature of a body as its header carries it: base64 of Ed25519."""
    return base64.b64encode(_signing_key().sign(body)).decode("ascii")


def public_key() -> bytes:
    """The key that verifies the signatures, 32 bytes."""
    return _signing_key().public_key().public_bytes_raw()


def ended(row: Request) -> bool:
    """Whether nothing more will be told."""
    return row.state in ENDED


def _signing_key() -> Ed25519PrivateKey:
    """One key of the installation: that of callbacks, from the provider's own keyring."""
    return Ed25519PrivateKey.from_private_bytes(tenancy.keyring().index_key(tenancy.provider(), "callback signature"))


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
            raise CallbackRefused("the name leads to an address that is not public")
        if family in (socket.AF_INET, socket.AF_INET6):
            return _Pinned(host, port, place=_Place(family, tuple(address)))
    raise CallbackRefused("the name leads nowhere")


def _cut(connection: http.client.HTTPConnection) -> None:
    """Ends the connection from outside: whoever reads from it hears that it is over."""
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not TLS's own, which a reader does not survive


def _public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if mapped is not None:
        return _public(mapped)
    return address.is_global and not address.is_multicast


def _listed(parts: SplitResult) -> bool:
    """Whether the operator lists the place ("host:port") as one of its own to be told."""
    return parts.scheme in ("http", "https") and f"{parts.hostname}:{parts.port}" in settings.PARLEY_CALLBACK_ALLOW


def _open_attempt(row: Callback, *, due: datetime) -> None:
    with transaction.atomic():
        obligations.enqueue(
            kind=SEND, key=f"{SEND}:{row.id}:{row.attempts}", due=due, payload={"callback": str(row.id)}
        )
