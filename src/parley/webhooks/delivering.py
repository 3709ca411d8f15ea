"""One attempt at a time: claimed in one transaction, sent with none open, written down in another.

Whoever is killed between leaves a claim that runs out: the delivery is tried again with the same `webhook-id`, so that
nothing is lost and a receiver that remembers ids takes nothing twice. An endpoint that fails is asked with one delivery
at a time, ever more seldom, and holds no other endpoint up.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Min, QuerySet
from django.db.models.functions import Greatest

from parley.tenancy import api as tenancy
from parley.webhooks.announcing import message_id
from parley.webhooks.egress import Answer, post
from parley.webhooks.models import Attempt, Delivery, Endpoint, Event
from parley.webhooks.rules import KEPT, After, after_attempt, signatures
from parley.webhooks.secrets import secrets_of
from parley.webhooks.types import Backlog, EndpointView
from parley.webhooks.views import endpoint_view

LEASE: Final = timedelta(seconds=45)
"""How long an attempt may take before another begins; one request takes 20 s at most."""
_AGENT: Final = "Parley-Webhooks/1"

Tell = Callable[[EndpointView], None]
"""Told, in the transaction that disables it, of an endpoint that was disabled because of what its receiver did."""


@dataclass(frozen=True, kw_only=True)
class Courier:
    """Delivers what is due; several may work side by side."""

    tell: Tell
    lease: timedelta = LEASE

    def turn(self, customer: tenancy.Customer, *, stop: Callable[[], bool]) -> int:
        """Every delivery of `customer` that is due, once each; how many attempts were made. The next wake is set."""
        tried = 0
        with tenancy.scope(customer):
            while not stop() and (claimed := self._claim(now=datetime.now(UTC))) is not None:
                self._attempt(claimed)
                tried += 1
            due = next_due()
        if due is not None:
            tenancy.wake(customer.id, "webhooks", due)
        return tried

    def _claim(self, *, now: datetime) -> Delivery | None:
        with transaction.atomic():
            rows = _open().filter(next_attempt__lte=now).exclude(endpoint__next_try__gt=now)
            row = (
                rows.select_related("endpoint", "event")
                .order_by("next_attempt", "id")
                .select_for_update(of=("self",), skip_locked=True)
                .first()
            )
            if row is None:
                return None
            row.attempts += 1
            row.next_attempt = now + self.lease
            row.save(update_fields=["attempts", "next_attempt"])
            # While it fails, nobody else asks it meanwhile.
            Endpoint.objects.filter(id=row.endpoint_id, failures__gt=0).update(next_try=now + self.lease)
            return row

    def _attempt(self, row: Delivery) -> None:
        at = datetime.now(UTC)
        body = content(row.event)
        identifier, timestamp = message_id(row.event_id), int(at.timestamp())
        answer = post(
            row.endpoint.url,
            body,
            {
                "Content-Type": "application/json",
                "User-Agent": _AGENT,
                "webhook-id": identifier,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": signatures(
                    secrets_of(row.endpoint, at=at), message_id=identifier, timestamp=timestamp, body=body
                ),
            },
        )
        with transaction.atomic():
            self._conclude(row, answer, at=at)

    def _conclude(self, tried: Delivery, answer: Answer, *, at: datetime) -> None:
        """Write down how the attempt went; what somebody else did meanwhile (a later attempt, an end) stays."""
        endpoint = Endpoint.objects.select_for_update().filter(id=tried.endpoint_id).first()
        row = Delivery.objects.select_for_update().filter(id=tried.id, state="queued").first()
        if endpoint is None or row is None:
            return
        now = datetime.now(UTC)
        Attempt.objects.create(
            delivery=row,
            number=tried.attempts,
            at=at,
            status=answer.status,
            answer=answer.words[:80],
            milliseconds=round(answer.seconds * 1000),
        )
        after = after_attempt(
            status=answer.status,
            retry_after=answer.retry_after,
            attempts=row.attempts,
            queued_at=row.queued_at,
            failures=endpoint.failures,
            failing_since=endpoint.failing_since,
            now=now,
            luck=random.random(),  # noqa: S311 - spreads pauses, guards nothing
        )
        if after.verdict == "delivered":
            row.state, row.done_at, row.next_attempt = "delivered", now, None
        elif after.verdict == "given-up":
            row.state, row.done_at, row.next_attempt = "failed", now, None
        else:
            row.next_attempt = now + after.pause
        row.save(update_fields=["state", "done_at", "next_attempt"])
        self._settle(endpoint, after, now=now)

    def _settle(self, endpoint: Endpoint, after: After, *, now: datetime) -> None:
        if after.verdict == "delivered":
            if not endpoint.failures:
                return
            endpoint.failures, endpoint.failing_since, endpoint.next_try = 0, None, None
            if after.back:
                endpoint.deliveries.filter(state="queued", next_attempt__gt=now).update(next_attempt=now)
        else:
            endpoint.failures += 1
            endpoint.failing_since = endpoint.failing_since or now
            endpoint.next_try = now + after.leave_alone
        if after.verdict in ("gone", "failing"):
            endpoint.state, endpoint.why_disabled = "disabled", after.verdict
        endpoint.save(update_fields=["failures", "failing_since", "next_try", "state", "why_disabled"])
        if endpoint.state == "disabled":
            self.tell(endpoint_view(endpoint))


def content(event: Event) -> bytes:
    """The body: `type`, `timestamp` of what happened, `data` (Standard Webhooks, "Payload structure")."""
    told = {"type": event.kind, "timestamp": event.at.astimezone(UTC).isoformat(), "data": event.payload}
    return json.dumps(told, separators=(",", ":"), sort_keys=True).encode()


def next_due() -> datetime | None:
    """When something of the customer in scope is to be tried next."""
    due: datetime | None = _open().annotate(due=_DUE).order_by("due").values_list("due", flat=True).first()
    return due


def backlog() -> Backlog:
    """What waits in the customer in scope."""
    found = _open().aggregate(oldest=Min("queued_at"))
    return Backlog(waiting=_open().count(), due_since=found["oldest"])


def sweep(*, now: datetime) -> None:
    """Set the wake of the customer in scope from what is truly open, and forget events after their time."""
    due = next_due()
    if due is not None:
        tenancy.wake(tenancy.current().id, "webhooks", due)
    Event.objects.filter(created_at__lt=now - KEPT).delete()


# The later of the two; an endpoint that does not fail has no instant of its own.
_DUE: Final = Greatest(F("next_attempt"), F("endpoint__next_try"))


def _open() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state="queued", endpoint__state="enabled")
