"""When a delivery is tried again, when an endpoint is left alone or disabled, how a message is signed. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=6)
LONGEST_PROBE: Final = timedelta(minutes=15)
"""An endpoint that fails is asked with one delivery at a time, this often at least: when it is back, it hears soon."""
GIVEN_UP_AFTER: Final = timedelta(days=5)
KEPT: Final = timedelta(days=30)
"""How long an event can be replayed."""
TWO_SECRETS: Final = timedelta(hours=24)
GONE: Final = 410
_BUSY: Final = frozenset({429, 503})
_LONGEST_WISH: Final = timedelta(hours=1)
_BACK_AFTER: Final = 3
"""Failures in a row that make an outage: when it ends, what waits longer is tried at once."""

Verdict = Literal["delivered", "again", "given-up", "gone", "failing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What follows from an attempt. `pause`: until the delivery is tried again; `leave_alone`: until its endpoint is
    asked at all; `back`: an outage is over."""

    verdict: Verdict
    pause: timedelta = timedelta()
    leave_alone: timedelta = timedelta()
    back: bool = False


def after_attempt(
    *,
    status: int | None,
    retry_after: int | None,
    attempts: int,
    queued_at: datetime,
    failures: int,
    failing_since: datetime | None,
    now: datetime,
    luck: float,
) -> After:
    """What follows from the answer `status` (None: there was none) to attempt number `attempts` of a delivery.

    `failures` are those of the endpoint in a row before this one; `luck` is from 0 to 1 and spreads the pauses by a
    fifth either way. `retry_after` is the receiver's wish in seconds (with 429 and 503).
    """
    if status is not None and 200 <= status < 300:
        return After(verdict="delivered", back=failures >= _BACK_AFTER)
    if status == GONE:
        return After(verdict="gone")
    if failing_since is not None and now - failing_since >= GIVEN_UP_AFTER:
        return After(verdict="failing")
    wish = timedelta(seconds=retry_after) if retry_after and status in _BUSY else timedelta()
    wish = min(wish, _LONGEST_WISH)
    alone = max(wish, _spread(min(_grown(failures + 1), LONGEST_PROBE), luck))
    if now - queued_at >= GIVEN_UP_AFTER:
        return After(verdict="given-up", leave_alone=alone)
    return After(verdict="again", pause=max(wish, _spread(_grown(attempts), luck)), leave_alone=alone)


def _grown(failures: int) -> timedelta:
    """5 s, then three times as long each time, at most 6 hours."""
    tripled: int = 3 ** min(max(failures - 1, 0), 12)
    return min(FIRST_PAUSE * tripled, LONGEST_PAUSE)


def _spread(pause: timedelta, luck: float) -> timedelta:
    return pause * (0.8 + 0.4 * luck)


def signatures(secrets: Sequence[bytes], *, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature for each secret, separated by spaces.

    HMAC-SHA256 over "id.timestamp.body", base64, behind "v1," (Standard Webhooks, "Signature scheme").
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(secret, signed, hashlib.sha256).digest() for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode('ascii')}" for digest in digests)


def written(secret: bytes) -> str:
    """A secret as Standard Webhooks writes it."""
    return f"whsec_{base64.b64encode(secret).decode('ascii')}"
