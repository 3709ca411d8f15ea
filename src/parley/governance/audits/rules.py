"""May this audit take place as asked? And: is an attestation due? Pure: terms, history and time are arguments.

Sources: imagicle-dpa IM-3h, kavkom-dpa KV-7, ixcloud-dpa IX-12; the reading rules ("authority audits are never refused
by frequency").
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from parley.agreement.api import AuditTerm, Span, after
from parley.governance.audits.types import AuditAsked, AuditDecision, EarlierAudit

BUSINESS_HOURS: Final = (time(9), time(17))
"""Monday to Friday, on the customer's clock: no text names the hours, these are ours."""

INCIDENT_COUNTS: Final = Span(12, "months")
"""How long after an incident it is cause for an audit, where the agreement names no period. Ours."""


def decide(
    term: AuditTerm,
    asked: AuditAsked,
    *,
    history: Sequence[EarlierAudit],
    incident_known: datetime | None,
    zone: str,
    at: datetime,
) -> AuditDecision:
    """Whether the audit `asked` for at `at` is granted under `term`.

    `history` are audits granted before, `incident_known` is when staff last knew of an incident that affected this
    customer. An authority's audit is always granted. An incident, where the agreement says so, lifts the limit of
    frequency, never the notice. Audits held under an exception do not use up the limit: the texts name them as
    exceptions from it.
    """
    if asked.cause == "authority":
        return _granted(term, lifted="authority")
    incident = asked.cause == "incident" and _recent(term, incident_known, zone=zone, at=at)
    if term.cause_required and not (incident or (asked.cause == "suspicion" and asked.reason.strip())):
        return _refused(
            term, "cause", None,
            _("This agreement allows an audit on reasonable cause to believe in non-compliance, and none is stated.")
            if asked.cause != "incident"
            else _("No incident that concerned you is known in the period, and no other cause is stated."),
            _("State what makes you believe that the agreement is not kept."),
        )  # fmt: skip
    soonest = in_business_hours(after(at, term.notice, zone=zone), zone=zone, needed=term.business_hours)
    counted = tuple(earlier.held_at for earlier in history if not earlier.lifted)
    lifted = incident and "incident" in term.exceptions
    # A date on a day that is far enough away is not refused for the hour at which somebody pressed a button.
    if _day(asked.wanted_at, zone) < _day(soonest, zone):
        earliest = free_from(term, counted, soonest, zone=zone) if not lifted else soonest
        return _refused(
            term, "notice", earliest,
            _("An audit is announced %(notice)s ahead.") % {"notice": term.notice}
            if term.notice.amount
            else _("The wanted day has passed."),
            _("Ask for %(day)s or later.") % {"day": _spoken(earliest, zone)},
        )  # fmt: skip
    earliest = free_from(term, counted, asked.wanted_at, zone=zone)
    if earliest > asked.wanted_at.astimezone(UTC) and not lifted:
        return _refused(
            term, "frequency", earliest, _too_many(term), _another_way(term, _spoken(earliest, zone))
        )  # fmt: skip
    fits = in_business_hours(asked.wanted_at, zone=zone, needed=term.business_hours)
    if fits != asked.wanted_at.astimezone(UTC):
        return _refused(
            term, "hours", fits,
            _("Audits take place in business hours: Monday to Friday, %(from)s to %(to)s.")
            % {"from": f"{BUSINESS_HOURS[0]:%H:%M}", "to": f"{BUSINESS_HOURS[1]:%H:%M}"},
            _("Ask for %(moment)s.") % {"moment": _spoken(fits, zone, clock=True)},
        )  # fmt: skip
    return _granted(term, lifted="incident" if earliest > fits else "")


def free_from(term: AuditTerm, counted: Sequence[datetime], start: datetime, *, zone: str) -> datetime:
    """The first instant from `start` at which one more audit keeps `at_most` in any `period`."""
    start = start.astimezone(UTC)
    if term.at_most is None or term.period is None:
        return start
    later = (after(held, term.period, zone=zone) for held in counted)
    candidates = sorted({start, *(moment for moment in later if moment > start)})
    business = [in_business_hours(moment, zone=zone, needed=term.business_hours) for moment in candidates[1:]]
    for moment in (candidates[0], *business):
        held = sorted([*(earlier.astimezone(UTC) for earlier in counted), moment])
        pairs = zip(held, held[term.at_most :], strict=False)
        if all(after(first, term.period, zone=zone) <= next_one for first, next_one in pairs):
            return moment
    return business[-1] if business else start


def in_business_hours(moment: datetime, *, zone: str, needed: bool) -> datetime:
    """`moment`, or the next one in business hours where they are `needed`; in UTC."""
    local = moment.astimezone(ZoneInfo(zone))
    opens, closes = BUSINESS_HOURS
    if not needed or (local.weekday() < 5 and opens <= local.time() <= closes):
        return moment.astimezone(UTC)
    if local.time() > closes or local.weekday() >= 5:
        local += timedelta(days=1)
    while local.weekday() >= 5:
        local += timedelta(days=1)
    return datetime.combine(local.date(), opens, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def attestation_state(due: datetime, *, every: Span, at: datetime) -> Literal["kept", "due", "late"]:
    """How an attestation stands: due in its last tenth, in the last 30 days at most."""
    if at >= due:
        return "late"
    ahead = min(timedelta(days=30), timedelta(hours=every.rough_hours / 10))
    return "due" if due - at <= ahead else "kept"


def _recent(term: AuditTerm, known: datetime | None, *, zone: str, at: datetime) -> bool:
    return known is not None and known <= at < after(known, term.period or INCIDENT_COUNTS, zone=zone)


def _granted(term: AuditTerm, *, lifted: Literal["", "authority", "incident"] = "") -> AuditDecision:
    why = {
        "": _("Nothing in the agreement stands against it."),
        "authority": _("An authority's audit is never refused."),
        "incident": _("After an incident the limit of frequency does not apply."),
    }[lifted]
    return AuditDecision(
        granted=True, rule="granted", clause=term.clause, why=why, remedy="", earliest=None, cost=term.cost,
        lifted=lifted, conditions=_conditions(term),
    )  # fmt: skip


def _refused(
    term: AuditTerm, rule: Literal["cause", "notice", "hours", "frequency"], earliest: datetime | None, why: str,
    remedy: str,
) -> AuditDecision:  # fmt: skip
    return AuditDecision(
        granted=False, rule=rule, clause=term.clause, why=why, remedy=remedy, earliest=earliest, cost=term.cost,
        conditions=_conditions(term),
    )  # fmt: skip


def _conditions(term: AuditTerm) -> tuple[str, ...]:
    cost = {
        "customer": _("The audit is at the customer's cost."),
        "provider": _("The audit is at the provider's cost."),
        "unstated": _("The agreement does not say who bears the cost: agree on it before the audit."),
    }[term.cost]
    hours = [_("It takes place in business hours.")] if term.business_hours else []
    return (
        cost, *hours, _("It is limited to data protection, and disturbs the service no more than it must."),
        _("Certificates and attestations may answer part of it."),
    )  # fmt: skip


def _too_many(term: AuditTerm) -> str:
    if term.at_most == 1:
        return _("One audit in %(period)s is agreed, and it took place or has its date.") % {"period": term.period}
    return _("At most %(n)d audits in %(period)s are agreed.") % {"n": term.at_most, "period": term.period}


def _another_way(term: AuditTerm, day: str) -> str:
    if "incident" in term.exceptions:
        return _("Ask for %(day)s or later, or name an incident or an authority's instruction as the cause.") % {
            "day": day
        }
    return _("Ask for %(day)s or later, or name an authority's instruction as the cause.") % {"day": day}


def _day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def _spoken(moment: datetime | None, zone: str, *, clock: bool = False) -> str:
    if moment is None:
        return ""
    return moment.astimezone(ZoneInfo(zone)).strftime("%a %d %b %Y, %H:%M" if clock else "%d %b %Y")
