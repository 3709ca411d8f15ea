"""Short ways to ask for audits: what a real agreement's terms decide, days counted from a Monday noon in Rome."""

from datetime import datetime, timedelta
from typing import Any

from tests.support.agreements import NOON

from parley.agreement.api import Agreement
from parley.governance.audits import api as audits


def held(*, days: int) -> audits.EarlierAudit:
    """An audit that took place, or will, so many days from now."""
    return audits.EarlierAudit(held_at=NOON + timedelta(days=days))


def asked_for(
    agreement: Agreement,
    *,
    cause: audits.Cause = "none",
    days: int = 60,
    hours: int = 0,
    wanted_at: datetime | None = None,
    incident_days: int | None = None,
    **more: Any,
) -> audits.AuditDecision:
    """The decision on an audit wanted in so many days; `incident_days` is when an incident was known."""
    wanted = wanted_at or NOON + timedelta(days=days, hours=hours)
    reason = "logs are missing" if cause == "suspicion" else ""
    return audits.decide(
        agreement.terms.audit,
        audits.AuditAsked(cause=cause, reason=reason, wanted_at=wanted),
        incident_known=None if incident_days is None else NOON + timedelta(days=incident_days),
        zone="Europe/Rome",
        at=NOON,
        **{"history": (), **more},
    )
