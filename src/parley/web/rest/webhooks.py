"""Webhooks: endpoints, their deliveries, replay."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from parley.governance.contract import api as contract
from parley.web.rest.description import answers
from parley.web.rest.schemas import Instant, Line
from parley.web.rest.scopes import Scope, overseeing
from parley.webhooks import api as webhooks

router = Router(tags=["webhooks"])
Kind = Literal[
    "recording.started", "recording.finished", "recording.failed", "recording.deleted", "recording.rectified",
    "recording.restricted", "recording.unrestricted", "contact.deleted", "contact.rectified", "contact.restricted",
    "contact.unrestricted", "alarm.raised",
]  # fmt: skip


class EndpointIn(Schema):
    """An endpoint: https to a public address, or a place that the operator lists."""

    name: Line = Field(min_length=1, max_length=200)
    url: Line = Field(min_length=1, max_length=500)
    kinds: list[Kind] = Field(min_length=1, max_length=len(webhooks.KINDS))


class EndpointOut(Schema):
    """An endpoint. While it fails, nothing is sent before `next_try`; `waiting` deliveries are kept for it."""

    id: UUID
    name: str
    url: str
    kinds: list[str]
    state: str
    why_disabled: str
    created_at: datetime
    failing_since: datetime | None
    next_try: datetime | None
    waiting: int


class SecretOut(Schema):
    """A secret as Standard Webhooks writes it. It is not shown again."""

    id: UUID
    secret: str


class WantedDeliveries(Schema):
    """Which deliveries."""

    state: Literal["queued", "delivered", "failed"] | None = None
    after: UUID | None = Field(None, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=200)


class AttemptOut(Schema):
    """One attempt: the receiver's status, or what happened instead."""

    number: int
    at: datetime
    status: int | None
    answer: str
    milliseconds: int


class DeliveryOut(Schema):
    """One event for this endpoint. `event` is the `webhook-id` that the receiver sees each time."""

    id: UUID
    event: str
    kind: str
    at: datetime
    data: dict[str, Any]
    state: str
    next_attempt: datetime | None
    done_at: datetime | None
    attempts: list[AttemptOut]


class DeliveriesOut(Schema):
    """One page of deliveries, newest first; hand `next` back as `after`."""

    items: list[DeliveryOut]
    next: UUID | None


class Range(Schema):
    """What to send again: events of the last 30 days, all or only those that did not come through."""

    since: Instant
    until: Instant
    missed: bool = True


class ReplayedOut(Schema):
    """How many deliveries were queued."""

    queued: int


@router.get(
    "/webhooks",
    response=answers(list[EndpointOut]),
    url_name="webhooks",
    summary="The endpoints",
    auth=Scope("webhooks:read"),
)
def list_webhooks(request: HttpRequest) -> list[EndpointOut]:
    """By name."""
    overseeing(request)
    return [_out(one) for one in webhooks.endpoints()]


@router.post(
    "/webhooks",
    response=answers(SecretOut, 409, 422, success=201),
    summary="Make an endpoint",
    auth=Scope("webhooks:write"),
)
def make_webhook(request: HttpRequest, new: EndpointIn) -> Status[SecretOut]:
    """Its secret is shown here, and not again."""
    made = webhooks.make_endpoint(name=new.name, url=new.url, kinds=new.kinds, **_deed(request))
    return Status(201, SecretOut(id=made.id, secret=made.secret))


@router.get(
    "/webhooks/{uuid:endpoint_id}",
    response=answers(EndpointOut, 404, 422),
    url_name="webhook",
    summary="One endpoint",
    auth=Scope("webhooks:read"),
)
def get_webhook(request: HttpRequest, endpoint_id: UUID) -> EndpointOut:
    """How it stands."""
    overseeing(request)
    return _out(webhooks.endpoint(endpoint_id))


@router.put(
    "/webhooks/{uuid:endpoint_id}",
    response=answers(EndpointOut, 404, 409, 422),
    summary="Change an endpoint",
    auth=Scope("webhooks:write"),
)
def change_webhook(request: HttpRequest, endpoint_id: UUID, changed: EndpointIn) -> EndpointOut:
    """Name, address and kinds; what waits goes to the new address."""
    deed = _deed(request)
    return _out(webhooks.change_endpoint(endpoint_id, name=changed.name, url=changed.url, kinds=changed.kinds, **deed))


@router.delete(
    "/webhooks/{uuid:endpoint_id}",
    response=answers(None, 404, 422, success=204),
    summary="Remove an endpoint",
    auth=Scope("webhooks:write"),
)
def remove_webhook(request: HttpRequest, endpoint_id: UUID) -> Status[None]:
    """With its log."""
    webhooks.remove_endpoint(endpoint_id, **_deed(request))
    return Status(204, None)


@router.post(
    "/webhooks/{uuid:endpoint_id}/enable",
    response=answers(EndpointOut, 404, 422),
    summary="Enable an endpoint",
    auth=Scope("webhooks:write"),
)
def enable_webhook(request: HttpRequest, endpoint_id: UUID) -> EndpointOut:
    """What waited is sent."""
    return _out(webhooks.enable_endpoint(endpoint_id, **_deed(request)))


@router.post(
    "/webhooks/{uuid:endpoint_id}/disable",
    response=answers(EndpointOut, 404, 422),
    summary="Disable an endpoint",
    auth=Scope("webhooks:write"),
)
def disable_webhook(request: HttpRequest, endpoint_id: UUID) -> EndpointOut:
    """What waits, waits."""
    return _out(webhooks.disable_endpoint(endpoint_id, **_deed(request)))


@router.post(
    "/webhooks/{uuid:endpoint_id}/rotate",
    response=answers(SecretOut, 404, 409, 422),
    summary="Rotate the secret",
    auth=Scope("webhooks:write"),
)
def rotate_webhook(request: HttpRequest, endpoint_id: UUID) -> SecretOut:
    """For a day both secrets sign; 409 while a rotation runs."""
    made = webhooks.rotate_secret(endpoint_id, **_deed(request))
    return SecretOut(id=made.id, secret=made.secret)


@router.post(
    "/webhooks/{uuid:endpoint_id}/test",
    response=answers(DeliveryOut, 404, 409, 422, success=202),
    summary="Send a test",
    auth=Scope("webhooks:write"),
)
def send_webhook_test(request: HttpRequest, endpoint_id: UUID) -> Status[DeliveryOut]:
    """A message of kind `webhook.test`; 409 while the endpoint is disabled."""
    overseeing(request)
    sent = webhooks.send_test(endpoint_id, at=timezone.now())
    return Status(202, _delivery(webhooks.delivery(endpoint_id, sent)))


@router.post(
    "/webhooks/{uuid:endpoint_id}/replay",
    response=answers(ReplayedOut, 404, 409, 422, success=202),
    summary="Replay a time",
    auth=Scope("webhooks:write"),
)
def replay_webhook(request: HttpRequest, endpoint_id: UUID, wanted: Range) -> Status[ReplayedOut]:
    """Each event by the id that it had."""
    queued = webhooks.replay_range(
        endpoint_id, since=wanted.since, until=wanted.until, missed=wanted.missed, **_deed(request)
    )
    return Status(202, ReplayedOut(queued=queued))


@router.get(
    "/webhooks/{uuid:endpoint_id}/deliveries",
    response=answers(DeliveriesOut, 404, 422),
    url_name="deliveries",
    summary="The log of an endpoint",
    auth=Scope("webhooks:read"),
)
def list_deliveries(request: HttpRequest, endpoint_id: UUID, wanted: Query[WantedDeliveries]) -> DeliveriesOut:
    """Newest first, with every attempt; kept for 30 days."""
    overseeing(request)
    page = webhooks.deliveries(endpoint_id, state=wanted.state, after=wanted.after, limit=wanted.limit)
    return DeliveriesOut(items=[_delivery(one) for one in page.rows], next=page.next)


@router.post(
    "/webhooks/{uuid:endpoint_id}/deliveries/{uuid:delivery_id}/replay",
    response=answers(DeliveryOut, 404, 409, 422, success=202),
    summary="Replay a delivery",
    auth=Scope("webhooks:write"),
)
def replay_delivery(request: HttpRequest, endpoint_id: UUID, delivery_id: UUID) -> Status[DeliveryOut]:
    """By the id that it had."""
    webhooks.replay(endpoint_id, delivery_id, **_deed(request))
    return Status(202, _delivery(webhooks.delivery(endpoint_id, delivery_id)))


def _deed(request: HttpRequest) -> dict[str, Any]:
    """Who does it, when, and under which clause."""
    here, now = overseeing(request), timezone.now()
    return {"by": here.person.id, "at": now, "clause": contract.ask("secure-service", at=now).clause}


def _out(one: webhooks.EndpointView) -> EndpointOut:
    return EndpointOut(
        id=one.id, name=one.name, url=one.url, kinds=list(one.kinds), state=one.state, why_disabled=one.why_disabled,
        created_at=one.created_at, failing_since=one.failing_since, next_try=one.next_try, waiting=one.waiting,
    )  # fmt: skip


def _delivery(one: webhooks.DeliveryView) -> DeliveryOut:
    return DeliveryOut(
        id=one.id, event=one.event_id, kind=one.kind, at=one.at, data=dict(one.payload), state=one.state,
        next_attempt=one.next_attempt, done_at=one.done_at,
        attempts=[
            AttemptOut(
                number=each.number, at=each.at, status=each.status, answer=each.answer, milliseconds=each.milliseconds
            )
            for each in one.attempts
        ],
    )  # fmt: skip
