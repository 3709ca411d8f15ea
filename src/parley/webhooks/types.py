"""What webhooks tell others: endpoints, deliveries, attempts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal
from uuid import UUID

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "recording.started": "a call is being recorded",
        "recording.finished": "a recording is complete, stored and in the log",
        "recording.failed": "a recording ended because something failed, or cannot be made audible",
        "recording.deleted": "a recording was deleted, with everything made from it",
        "recording.rectified": "a recording's data was corrected at a person's request",
        "recording.restricted": "a recording is stored and not used, at a person's request",
        "recording.unrestricted": "a recording may be used again",
        "contact.deleted": "a contact was deleted",
        "contact.rectified": "a contact was corrected at a person's request",
        "contact.restricted": "a contact is stored and not used, at a person's request",
        "contact.unrestricted": "a contact may be used again",
        "alarm.raised": "a call that should be recorded is not, or went silent",
    }
)
"""Every kind of event that is announced, in words. Those of rectification, restriction and deletion are what recipients
are told by GDPR Art. 19: the record's id; what there is to know of it now, they fetch."""
TEST_KIND: Final = "webhook.test"
"""What the test button sends, to one endpoint, whatever it wants to hear of."""

EndpointState = Literal["enabled", "disabled"]
WhyDisabled = Literal["", "by-hand", "gone", "failing"]
"""`gone`: the receiver answered 410. `failing`: no delivery came through for days."""
DeliveryState = Literal["queued", "delivered", "failed"]
"""`failed`: given up after days; a replay tries it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that happened. `key` names it for ever: the same key again is the same event.

    `payload` is what receivers read as "data": ids, times and states, nothing of a person.
    """

    kind: str
    key: str
    payload: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointView:
    """An address that is told of events of some kinds. `next_try` is set while it fails: nothing is sent before."""

    id: UUID
    name: str
    url: str
    kinds: tuple[str, ...]
    state: EndpointState
    why_disabled: WhyDisabled
    created_at: datetime
    failing_since: datetime | None
    next_try: datetime | None
    previous_until: datetime | None
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeEndpoint:
    """An endpoint with its secret ("whsec_" and base64 of 32 bytes), shown when it is made or rotated."""

    id: UUID
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One attempt: the receiver's status (None: there was none), what happened in words, how long it took."""

    number: int
    at: datetime
    status: int | None
    answer: str
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One event for one endpoint. `event_id` is the `webhook-id` that the receiver sees, in every attempt."""

    id: UUID
    event_id: str
    kind: str
    payload: Mapping[str, Any]
    at: datetime
    state: DeliveryState
    attempts: tuple[AttemptView, ...]
    next_attempt: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    """Deliveries of an endpoint, newest first; `next` is the place of the next page, None on the last."""

    rows: tuple[DeliveryView, ...]
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits to be delivered: how many, and since when the oldest is due (None: nothing waits)."""

    waiting: int
    due_since: datetime | None
