"""Short ways to ask agreements: their gate with everything in order but one thing, and their duties by name."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from parley.agreement.api import Agreement, Decision, Event, EventKind, GateRequest, PlannedDuty, evaluate, load, plan

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
"""A Monday, noon in Rome; summer time starts four weeks later."""


def ask(agreement: Agreement | str, **changes: Any) -> Decision:
    """The gate's answer to a request in which everything is in order, but for `changes`."""
    held = load(agreement) if isinstance(agreement, str) else agreement
    usual = GateRequest(
        purpose="record-calls",
        offering="call-recording",
        region="eu",
        subscription_state="active",
        instructed_purposes=held.instructed_purposes,
        acceptable_use_suspended=False,
        sealed_to_customer=True,
        custody="local",
        at=NOON,
        zone="Europe/Rome",
    )
    return evaluate(held, replace(usual, **changes))


def refused_by(agreement: Agreement | str, **changes: Any) -> str:
    """The clause that refuses a request with `changes`; "" when it is allowed. A refusal says why."""
    decision = ask(agreement, **changes)
    assert decision.reason
    return "" if decision.allowed else decision.clause


def duties(agreement: Agreement | str, kind: EventKind, *, at: datetime = NOON, **facts: str) -> dict[str, PlannedDuty]:
    """The duties of an event at `at` in Rome, by their word."""
    held = load(agreement) if isinstance(agreement, str) else agreement
    planned = plan(held, Event(kind=kind, id="1", at=at, facts=facts), zone="Europe/Rome")
    return {duty.duty: duty for duty in planned}


def local(duty: PlannedDuty) -> str:
    """When it is due, on clocks in Rome."""
    from zoneinfo import ZoneInfo

    return duty.due.astimezone(ZoneInfo("Europe/Rome")).strftime("%Y-%m-%d %H:%M")
