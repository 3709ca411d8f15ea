"""Endpoints: made, changed, disabled, their secrets rotated, what they missed replayed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from parley.foundation.ids import new_id
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy
from parley.webhooks.announcing import wake
from parley.webhooks.egress import checked
from parley.webhooks.errors import BadPlace, EndpointRefused, NoSuchDelivery, NoSuchEndpoint
from parley.webhooks.models import Delivery, Endpoint, Event
from parley.webhooks.rules import TWO_SECRETS, written
from parley.webhooks.secrets import fresh_salt, secrets_of
from parley.webhooks.types import (
    KINDS,
    TEST_KIND,
    DeliveryPage,
    DeliveryState,
    DeliveryView,
    EndpointView,
    MadeEndpoint,
)
from parley.webhooks.views import delivery_view, endpoint_view

MOST_ENDPOINTS: Final = 20
_LONGEST_NAME: Final = 200
_MOST_REPLAYED: Final = 10_000
Deed = Literal["made", "changed", "disabled", "enabled", "rotated", "removed", "replayed"]


def endpoints() -> list[EndpointView]:
    """All endpoints of the customer in scope, by name."""
    return [endpoint_view(row) for row in Endpoint.objects.order_by("name", "id")]


def endpoint(endpoint_id: UUID) -> EndpointView:
    """One endpoint. Raises NoSuchEndpoint."""
    return endpoint_view(_row(endpoint_id))


def make_endpoint(*, name: str, url: str, kinds: Sequence[str], by: UUID, clause: str, at: datetime) -> MadeEndpoint:
    """A new endpoint of the customer in scope; leaves evidence under `clause`. Raises AddressRefused, EndpointRefused.

    `url` is https and public, or a place that the operator lists.
    """
    with transaction.atomic():
        if Endpoint.objects.count() >= MOST_ENDPOINTS:
            raise EndpointRefused(f"there are {MOST_ENDPOINTS} endpoints", remedy="Remove one that nobody needs.")
        row = Endpoint(id=new_id(at=datetime.now(UTC)), salt=fresh_salt(), created_at=at)
        row.name, row.url, row.kinds = _name(name), checked(url), _kinds(kinds)
        row.save(force_insert=True)
        _leave(row, "made", by=by, clause=clause, at=at, kinds=list(row.kinds))
    return MadeEndpoint(id=row.id, secret=written(secrets_of(row, at=at)[0]))


def change_endpoint(
    endpoint_id: UUID, *, name: str, url: str, kinds: Sequence[str], by: UUID, clause: str, at: datetime
) -> EndpointView:
    """Other address, kinds or name; leaves evidence. Raises as `make_endpoint`, and NoSuchEndpoint."""
    with transaction.atomic():
        row = _row(endpoint_id, lock=True)
        row.name, row.url, row.kinds = _name(name), checked(url), _kinds(kinds)
        row.save(update_fields=["name", "url", "kinds"])
        _leave(row, "changed", by=by, clause=clause, at=at, kinds=list(row.kinds))
    return endpoint_view(row)


def disable_endpoint(endpoint_id: UUID, *, by: UUID, clause: str, at: datetime) -> EndpointView:
    """Nothing more is sent; what waits, waits. Raises NoSuchEndpoint."""
    with transaction.atomic():
        row = _row(endpoint_id, lock=True)
        if row.state == "enabled":
            row.state, row.why_disabled = "disabled", "by-hand"
            row.save(update_fields=["state", "why_disabled"])
            _leave(row, "disabled", by=by, clause=clause, at=at)
    return endpoint_view(row)


def enable_endpoint(endpoint_id: UUID, *, by: UUID, clause: str, at: datetime) -> EndpointView:
    """What waited is tried at once, for days again. Raises NoSuchEndpoint."""
    with transaction.atomic():
        row = _row(endpoint_id, lock=True)
        if row.state == "disabled":
            row.state, row.why_disabled = "enabled", ""
            row.failures, row.failing_since, row.next_try = 0, None, None
            row.save(update_fields=["state", "why_disabled", "failures", "failing_since", "next_try"])
            row.deliveries.filter(state="queued").update(queued_at=at, next_attempt=at)
            wake(tenancy.current().id, due=at)
            _leave(row, "enabled", by=by, clause=clause, at=at)
    return endpoint_view(row)


def rotate_secret(endpoint_id: UUID, *, by: UUID, clause: str, at: datetime) -> MadeEndpoint:
    """A new secret; the one before signs beside it for a day. Raises NoSuchEndpoint, and EndpointRefused while a
    rotation runs: a third secret would cut off whoever still checks with the first."""
    with transaction.atomic():
        row = _row(endpoint_id, lock=True)
        if row.previous_until is not None and at < row.previous_until:
            raise EndpointRefused(
                "this secret is being rotated", remedy=f"Wait until {row.previous_until:%Y-%m-%d %H:%M} UTC."
            )
        row.previous_salt, row.previous_until, row.salt = bytes(row.salt), at + TWO_SECRETS, fresh_salt()
        row.save(update_fields=["previous_salt", "previous_until", "salt"])
        _leave(row, "rotated", by=by, clause=clause, at=at)
    return MadeEndpoint(id=row.id, secret=written(secrets_of(row, at=at)[0]))


def remove_endpoint(endpoint_id: UUID, *, by: UUID, clause: str, at: datetime) -> None:
    """The endpoint and its log go. Raises NoSuchEndpoint."""
    with transaction.atomic():
        row = _row(endpoint_id, lock=True)
        _leave(row, "removed", by=by, clause=clause, at=at)
        row.delete()


def send_test(endpoint_id: UUID, *, at: datetime) -> UUID:
    """A message of kind `webhook.test` to this endpoint alone; its delivery. Raises NoSuchEndpoint, EndpointRefused."""
    with transaction.atomic():
        row = _enabled(endpoint_id)
        event = Event.objects.create(
            id=new_id(at=at), key=f"{TEST_KIND}:{new_id(at=at)}", kind=TEST_KIND, at=at, created_at=at,
            payload={"endpoint": str(row.id)},
        )  # fmt: skip
        made = Delivery.objects.create(id=new_id(at=at), endpoint=row, event=event, queued_at=at, next_attempt=at)
        _at_once(row, at=at)
    return made.id


def replay(endpoint_id: UUID, delivery_id: UUID, *, by: UUID, clause: str, at: datetime) -> None:
    """Send one delivery again, with the id that it had. Raises NoSuchEndpoint, NoSuchDelivery, EndpointRefused."""
    with transaction.atomic():
        row = _enabled(endpoint_id)
        if not _again(row.deliveries.filter(id=delivery_id), at=at):
            raise NoSuchDelivery("there is no such delivery", remedy="Look into the endpoint's list.")
        _leave(row, "replayed", by=by, clause=clause, at=at, deliveries=1)
        _at_once(row, at=at)


def replay_range(
    endpoint_id: UUID, *, since: datetime, until: datetime, missed: bool, by: UUID, clause: str, at: datetime
) -> int:
    """Send what happened from `since` until before `until` and is of the endpoint's kinds; how many. `missed`: only
    what was not delivered. Events are kept for 30 days. Raises NoSuchEndpoint, EndpointRefused."""
    if until <= since:
        raise EndpointRefused("the range ends before it begins", remedy="Give a later end.")
    with transaction.atomic():
        row = _enabled(endpoint_id)
        events = Event.objects.filter(at__gte=since, at__lt=until, kind__in=row.kinds).order_by("at", "id")
        chosen = list(events.values_list("id", flat=True)[: _MOST_REPLAYED + 1])
        if len(chosen) > _MOST_REPLAYED:
            raise EndpointRefused(f"more than {_MOST_REPLAYED} events", remedy="Choose a shorter time.")
        new = [
            Delivery(id=new_id(at=at), endpoint=row, event_id=event, queued_at=at, next_attempt=at)
            for event in set(chosen) - set(row.deliveries.filter(event__in=chosen).values_list("event_id", flat=True))
        ]
        known = row.deliveries.filter(event__in=chosen)
        count = _again(known.exclude(state="delivered") if missed else known, at=at)
        Delivery.objects.bulk_create(new)
        _leave(row, "replayed", by=by, clause=clause, at=at, deliveries=count + len(new))
        _at_once(row, at=at)
    return count + len(new)


def deliveries(
    endpoint_id: UUID, *, state: DeliveryState | None = None, after: UUID | None = None, limit: int = 50
) -> DeliveryPage:
    """A page of the log of an endpoint, newest first; `after` is `next` of the page before. Raises NoSuchEndpoint,
    BadPlace."""
    rows = _row(endpoint_id).deliveries.select_related("event").prefetch_related("tried").order_by("-id")
    if state is not None:
        rows = rows.filter(state=state)
    if after is not None:
        if not Delivery.objects.filter(id=after, endpoint=endpoint_id).exists():
            raise BadPlace("this is no place in the list", remedy="Start at its first page.")
        rows = rows.filter(id__lt=after)
    found = list(rows[: limit + 1])
    shown = tuple(delivery_view(row) for row in found[:limit])
    return DeliveryPage(rows=shown, next=shown[-1].id if len(found) > limit else None)


def delivery(endpoint_id: UUID, delivery_id: UUID) -> DeliveryView:
    """One delivery with its attempts. Raises NoSuchDelivery."""
    rows = Delivery.objects.select_related("event").prefetch_related("tried")
    row = rows.filter(id=delivery_id, endpoint=endpoint_id).first()
    if row is None:
        raise NoSuchDelivery("there is no such delivery", remedy="Look into the endpoint's list.")
    return delivery_view(row)


def _again(rows: QuerySet[Delivery], *, at: datetime) -> int:
    return rows.update(state="queued", queued_at=at, next_attempt=at, done_at=None)


def _at_once(row: Endpoint, *, at: datetime) -> None:
    """Somebody waits for it: the endpoint is asked now, even if it failed a moment ago."""
    Endpoint.objects.filter(id=row.id).update(next_try=None)
    wake(tenancy.current().id, due=at)


def _enabled(endpoint_id: UUID) -> Endpoint:
    row = _row(endpoint_id, lock=True)
    if row.state != "enabled":
        raise EndpointRefused("this endpoint is disabled", remedy="Enable it first.")
    return row


def _row(endpoint_id: UUID, *, lock: bool = False) -> Endpoint:
    rows = Endpoint.objects.select_for_update() if lock else Endpoint.objects
    row: Endpoint | None = rows.filter(id=endpoint_id).first()
    if row is None:
        raise NoSuchEndpoint("there is no such endpoint", remedy="Look into the list of endpoints.")
    return row


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise EndpointRefused("an endpoint needs a name", remedy=f"Give one of at most {_LONGEST_NAME} characters.")
    return name


def _kinds(kinds: Sequence[str]) -> list[str]:
    chosen = [kind for kind in KINDS if kind in kinds]
    if not chosen or set(kinds) - KINDS.keys():
        raise EndpointRefused("an endpoint hears of one kind of event at least", remedy=f"Known: {', '.join(KINDS)}.")
    return chosen


def _leave(row: Endpoint, deed: Deed, *, by: UUID, clause: str, at: datetime, **more: int | list[str]) -> None:
    details: dict[str, str | int | list[str]] = {"endpoint": str(row.id), "user": str(by), **more}
    obligations.evidence(kind=f"webhook.{deed}", clause=clause, details=details, at=at)
