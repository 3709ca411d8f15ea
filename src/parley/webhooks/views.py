"""Rows as others see them."""

from typing import cast

from parley.webhooks.announcing import message_id
from parley.webhooks.models import Delivery, Endpoint
from parley.webhooks.types import AttemptView, DeliveryState, DeliveryView, EndpointState, EndpointView, WhyDisabled


def endpoint_view(row: Endpoint) -> EndpointView:
    return EndpointView(
        id=row.id,
        name=row.name,
        url=row.url,
        kinds=tuple(row.kinds),
        state=cast(EndpointState, row.state),
        why_disabled=cast(WhyDisabled, row.why_disabled),
        created_at=row.created_at,
        failing_since=row.failing_since,
        next_try=row.next_try,
        previous_until=row.previous_until,
        waiting=row.deliveries.filter(state="queued").count(),
    )


def delivery_view(row: Delivery) -> DeliveryView:
    """Of a row whose `event` and `tried` are loaded."""
    return DeliveryView(
        id=row.id,
        event_id=message_id(row.event_id),
        kind=row.event.kind,
        payload=row.event.payload,
        at=row.event.at,
        state=cast(DeliveryState, row.state),
        attempts=tuple(
            AttemptView(
                number=one.number, at=one.at, status=one.status, answer=one.answer, milliseconds=one.milliseconds
            )
            for one in sorted(row.tried.all(), key=lambda one: one.id)
        ),
        next_attempt=row.next_attempt if row.state == "queued" else None,
        done_at=row.done_at,
    )
