"""A planned change of the customer in scope as a row, as facts for the rules, and as others see it."""

from datetime import datetime
from typing import cast
from uuid import UUID

from parley.agreement import api as agreements
from parley.governance.subprocessors import rules
from parley.governance.subprocessors.egress import facts_of
from parley.governance.subprocessors.errors import NoSuchChange
from parley.governance.subprocessors.models import PlannedChange
from parley.governance.subprocessors.types import (
    ChangeView,
    Dates,
    Effect,
    Facts,
    Kind,
    Outcome,
    Received,
    entry_from_json,
)
from parley.ledger.api import JSON
from parley.obligations import api as obligations

ANNOUNCED, OBJECTED = "subprocessor-announced", "objection-received"


def planned(*, at: datetime, before: datetime | None = None, limit: int = 50) -> list[ChangeView]:
    """The changes that were announced to the customer in scope, newest first, as they stand at `at`."""
    rows = PlannedChange.objects.order_by("-announced_at")
    return [_view(row, at=at) for row in (rows if before is None else rows.filter(announced_at__lt=before))[:limit]]


def change(change_id: UUID, *, at: datetime) -> ChangeView:
    """One change as it stands at `at`. Raises NoSuchChange."""
    row = PlannedChange.objects.filter(id=change_id).first()
    if row is None:
        raise NoSuchChange("there is no such change", remedy="See the list of changes.")
    return _view(row, at=at)


def locked(change_id: UUID) -> PlannedChange:
    """The row, locked until the caller's transaction ends. Raises NoSuchChange."""
    row = PlannedChange.objects.select_for_update().filter(id=change_id).first()
    if row is None:
        raise NoSuchChange("there is no such change", remedy="See the list of changes.")
    return row


def facts(row: PlannedChange) -> Facts:
    """The row as the rules see it."""
    return facts_of(row, planned_start=row.planned_start)


def dates(row: PlannedChange, *, counts_from: datetime, agreement: agreements.Agreement, zone: str) -> Dates:
    """What the agreement makes of a notice that counts from then."""
    return rules.dates_of(
        agreement,
        change=event_id(row),
        key=row.key,
        counts_from=counts_from,
        planned_start=row.planned_start,
        zone=zone,
    )


def received(row: PlannedChange, *, at: datetime, how: Received, agreement: agreements.Agreement, zone: str) -> None:
    """The notice counts as received at `at`: dates and duties follow. The caller saves the row."""
    row.received_at, row.received_how = at, how
    found = dates(row, counts_from=at, agreement=agreement, zone=zone)
    row.objection_closes, row.earliest_start = found.objection_closes, found.earliest_start
    event = agreements.Event(
        kind="subprocessor-announced",
        id=event_id(row),
        at=at,
        facts={"key": row.key, "planned_start": row.planned_start.isoformat()},
    )
    obligations.open_duties(agreement, event, zone=zone, subject=row.key)


def event_id(row: PlannedChange) -> str:
    """The announcement in the calendar: an acknowledgement before the assumed receipt sets new dates for it."""
    return f"{row.id}.{row.received_how or 'sent'}"


def leave(row: PlannedChange, kind: str, *, at: datetime, **details: JSON) -> UUID:
    """Evidence about the change under its clause; `details` are ids and facts."""
    return obligations.evidence(
        kind=kind, clause=row.clause, details={"change": str(row.id), "key": row.key, **details}, at=at
    )


def _view(row: PlannedChange, *, at: datetime) -> ChangeView:
    known = facts(row)
    return ChangeView(
        id=row.id,
        kind=cast(Kind, row.kind),
        key=row.key,
        replaces=row.replaces,
        entry=entry_from_json(row.entry),
        register_version=row.register_version,
        announced_at=row.announced_at,
        planned_start=row.planned_start,
        agreement=row.agreement,
        clause=row.clause,
        effect=cast(Effect, row.effect),
        counted_from="update" if row.counted_from == "update" else "receipt",
        state=rules.state_at(known, at),
        dispatched_at=row.dispatched_at,
        assumed_at=row.assumed_at,
        received_at=row.received_at,
        received_how=cast(Received, row.received_how),
        objection_closes=row.objection_closes,
        earliest_start=row.earliest_start,
        opens_at=rules.opens_at(known),
        objected_at=row.objected_at,
        grounds=row.grounds,
        resolution_closes=row.resolution_closes,
        outcome=cast(Outcome, row.outcome),
        outcome_note=row.outcome_note,
        resolved_at=row.resolved_at,
        terminated_at=row.terminated_at,
        terminated_services=tuple(row.terminated_services),
        may_object=rules.may_object(known, at),
        may_terminate=rules.state_at(known, at) == "may-terminate",
    )
