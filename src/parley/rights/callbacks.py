"""Telling the platform that asked how a request stands (OpenDSR): signed, tried for days, never into our own network.

The body is JSON without anything of the person. Header `X-OpenDSR-Signature` is base64 of the Ed25519 signature of the
body, `X-OpenDSR-Processor-Domain` the host of the installation, `Idempotency-Key` the id of the callback. How the
address is reached, and what is never reached: `webhooks.egress`.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
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
from parley.webhooks import api as webhooks

SEND: Final = "rights.callback"
GIVEN_UP_AFTER: Final = timedelta(days=5)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=2)

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
    try:
        return webhooks.checked(address)
    except webhooks.AddressRefused as refused:
        raise CallbackRefused(f"callbacks: {refused.args[0]}", remedy=refused.remedy) from refused


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
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "X-OpenDSR-Processor-Domain": urlsplit(settings.PARLEY_PUBLIC_URL).hostname or "",
        "X-OpenDSR-Signature": signature(body),
    }
    return webhooks.post(address, body, headers).words


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


def _open_attempt(row: Callback, *, due: datetime) -> None:
    with transaction.atomic():
        obligations.enqueue(
            kind=SEND, key=f"{SEND}:{row.id}:{row.attempts}", due=due, payload={"callback": str(row.id)}
        )
