"""Departures as others see them. Read through the provider's alias: in any scope, or in none."""

import json
from datetime import datetime
from typing import BinaryIO, Literal, cast
from uuid import UUID

from parley.lifecycle.desk import closing_at, desk, destruction_at, facts
from parley.lifecycle.errors import UnknownDeparture
from parley.lifecycle.following import hashed
from parley.lifecycle.models import Certificate, Departure, Isolated, Return, Statement, Step
from parley.lifecycle.returning import fetch, progress_key
from parley.lifecycle.rules import PAGE_KEPT, export_until, timeline
from parley.lifecycle.types import (
    STEPS,
    CertificateView,
    DepartureView,
    IsolatedView,
    ReturnView,
    State,
    StatementView,
    StepView,
)
from parley.obligations import api as obligations


def departure_of(customer_id: UUID) -> DepartureView | None:
    """The departure of that customer that was not cancelled."""
    row = Departure.objects.filter(customer_id=customer_id).exclude(state="cancelled").first()
    return view(row) if row is not None else None


def departure(departure_id: UUID) -> DepartureView:
    """One departure. Raises UnknownDeparture."""
    row = Departure.objects.filter(id=departure_id).first()
    if row is None:
        raise UnknownDeparture("there is no such departure", remedy="See the list of departures.")
    return view(row)


def departures(*, open_only: bool = False, before: datetime | None = None, limit: int = 50) -> list[DepartureView]:
    """Departures of all customers, newest first; `open_only` leaves out those that were cancelled or certified."""
    found = Departure.objects.order_by("-opened_at", "-id")
    if open_only:
        found = found.exclude(state__in=["cancelled", "certified"])
    if before is not None:
        found = found.filter(opened_at__lt=before)
    return [view(row) for row in found[:limit]]


def by_token(token: str) -> DepartureView:
    """The departure that a public link leads to. Raises UnknownDeparture."""
    row = Departure.objects.filter(token_hash=hashed(token)).exclude(token_hash="").first() if token else None
    if row is None:
        raise UnknownDeparture("this link is not valid", remedy="Look for the newest letter about the end, or ask us.")
    return view(row)


def statements(departure_id: UUID) -> tuple[StatementView, ...]:
    """The statements of progress so far, oldest first."""
    return tuple(_statement(one) for one in Statement.objects.filter(departure_id=departure_id).order_by("number"))


def certificate(departure_id: UUID) -> CertificateView | None:
    """The certificate of deletion, once there is one."""
    row = Certificate.objects.filter(departure_id=departure_id).first()
    if row is None:
        return None
    return CertificateView(
        made_at=row.made_at,
        document=row.document,
        sha256=row.sha256,
        pdf=bytes(row.pdf),
        pdf_sha256=row.pdf_sha256,
        evidence_id=row.evidence_id,
        proof=bytes(row.proof) if row.proof is not None else None,
        handed_over_at=row.handed_over_at,
    )


def open_return(departure_id: UUID, return_id: UUID, *, at: datetime) -> tuple[ReturnView, BinaryIO]:
    """The package, in clear where the provider holds the key, else sealed. Raises UnknownDeparture when it is gone."""
    row, made, file = fetch(departure_id, return_id, at=at)
    return _return(row, made), file


def progress(key: str) -> obligations.Progress | None:
    """How far a piece of long work of a departure has come: `progress_key` of a departure or a return."""
    with desk():
        return obligations.progress(key)


def view(row: Departure) -> DepartureView:
    """A row as others see it."""
    told = facts(row)
    done = {one.step: one for one in Step.objects.filter(departure=row)}
    steps = tuple(_step(row, name, done) for name in STEPS if name in done or _expected(row, name, done))
    waiting = [one for one in steps if one.done_at is None and one.due is not None]
    following = min(waiting, key=lambda one: (one.due, list(STEPS).index(one.step)), default=None)
    return DepartureView(
        id=row.id,
        customer_id=row.customer_id,
        handle=row.handle,
        name=row.name,
        custody=row.custody,
        agreement=row.agreement,
        zone=row.zone,
        ends_at=row.ends_at,
        choice=cast(Literal["delete", "return"], row.choice),
        state=cast(State, row.state),
        opened_at=row.opened_at,
        confirmed_at=row.confirmed_at,
        may_export_until=export_until(told, ends_at=row.ends_at, confirmed=row.confirmed_at),
        formats=told.formats,
        intake=row.intake,
        timeline=timeline(told, ends_at=row.ends_at, zone=row.zone, confirmed=row.confirmed_at),
        steps=steps,
        statements=statements(row.id),
        returns=tuple(_return(row, one) for one in Return.objects.filter(departure=row).order_by("-asked_at")),
        isolated=tuple(
            IsolatedView(
                id=one.id, law=one.law, records=one.records, until=one.until, destroyed_at=one.destroyed_at
            )
            for one in Isolated.objects.filter(departure=row).order_by("law")
        ),
        next_step=following.step if following else "",
        next_at=following.due if following else None,
        progress_key=f"lifecycle.{following.step}:{row.id}" if following else "",
    )  # fmt: skip


def _expected(row: Departure, step: str, done: dict[str, Step]) -> bool:
    """Whether a step that was not done is still to come."""
    if row.state == "cancelled":
        return False
    if step == "support":
        return facts(row).support is not None
    if step == "backup":
        return "live" not in done and destruction_at(row) > closing_at(row)
    return True


def _step(row: Departure, step: str, done: dict[str, Step]) -> StepView:
    made = done.get(step)
    if made is not None:
        return StepView(
            step=step, due=None, done_at=made.done_at, facts=made.facts, evidence_id=made.evidence_id
        )  # fmt: skip
    return StepView(step=step, due=_due(row, step))


def _due(row: Departure, step: str) -> datetime | None:
    told, start = facts(row), destruction_at(row)
    if step == "notice":
        return row.opened_at
    if step in {"close", "isolate", "backup", "live"}:
        return closing_at(row)
    if step == "support":
        return told.support
    return start + PAGE_KEPT if step == "forget" else start


def _statement(row: Statement) -> StatementView:
    said = json.loads(row.document)
    return StatementView(
        number=row.number,
        made_at=row.made_at,
        gone=tuple(said["gone"]),
        remains=tuple(said["remains"]),
        document=row.document,
        sha256=row.sha256,
        evidence_id=row.evidence_id,
    )


def _return(row: Departure, one: Return) -> ReturnView:
    return ReturnView(
        id=one.id,
        state=one.state,
        channel=one.channel,
        asked_at=one.asked_at,
        formats=tuple(one.formats),
        made_at=one.made_at,
        expires_at=one.expires_at,
        records=one.records,
        files=one.files,
        size=one.size,
        sha256=one.sha256,
        sealed=row.custody == "customer-held",
        progress_key=progress_key(one.id),
        error=one.error,
    )
