"""An event is written in the transaction of what happened, with a delivery for each endpoint that wants to hear."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from django.db import transaction

from parley.foundation.ids import new_id
from parley.tenancy import api as tenancy
from parley.webhooks.models import Delivery, Endpoint, Event
from parley.webhooks.types import KINDS, News

WORK: Final[tenancy.Work] = "webhooks"
HEARD: Final = "EXISTS (SELECT FROM webhooks_endpoint WHERE state = 'enabled' AND %(heard)s::text = ANY(kinds))"
"""Whether an endpoint wants to hear of the kind `heard`: a condition for a statement of whoever does many small deeds,
which spares an announcement to nobody."""
_NAMESPACE: Final = UUID("0d0b6a0e-5d2e-5c58-9b67-6c7a1c7a9f52")


def announce(kind: str, payload: Mapping[str, Any], *, key: str, at: datetime) -> None:
    """Tell the endpoints of the customer in scope that `kind` (of KINDS) happened at `at`, in the caller's transaction.

    `payload`: ids, times, states; nothing of a person. Idempotent by `key`, which says what happened to what.
    """
    announce_all([News(kind=kind, key=key, payload=payload, at=at)])


def announce_all(news: Sequence[News]) -> int:
    """As `announce`, of many at once; how many deliveries that makes."""
    if unknown := {one.kind for one in news} - KINDS.keys():
        raise ValueError(f"kinds that are not declared: {', '.join(sorted(unknown))}")
    endpoints = list(Endpoint.objects.values_list("id", "kinds", "state"))
    if not endpoints or not news:
        return 0
    customer, now = tenancy.current(), datetime.now(UTC)
    with transaction.atomic():
        events = [
            Event(
                id=uuid5(_NAMESPACE, f"{customer.id} {one.key}"), key=one.key, kind=one.kind, payload=dict(one.payload),
                at=one.at, created_at=now,
            )
            for one in news
        ]  # fmt: skip
        Event.objects.bulk_create(events, ignore_conflicts=True)
        wanted = [
            Delivery(id=new_id(at=now), endpoint_id=endpoint, event=event, queued_at=now, next_attempt=now)
            for event in events
            for endpoint, kinds, state in endpoints
            if state == "enabled" and event.kind in kinds
        ]
        # What was announced before has its deliveries already, whatever became of them.
        Delivery.objects.bulk_create(wanted, ignore_conflicts=True)
        if wanted:
            wake(customer.id, due=now)
    return len(wanted)


def wake(customer_id: UUID, *, due: datetime) -> None:
    """Have the worker look at this customer's deliveries by `due`, once the caller's transaction is committed."""
    transaction.on_commit(lambda: tenancy.wake(customer_id, WORK, due), robust=True)


def message_id(event_id: UUID) -> str:
    """The `webhook-id` of an event: the same in every attempt, for every endpoint."""
    return f"msg_{event_id.hex}"
