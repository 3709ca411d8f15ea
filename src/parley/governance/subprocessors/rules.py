"""What an announcement means for one customer, and what may be done about it when. Pure: the time is an argument."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from parley.agreement import api as agreements
from parley.governance.subprocessors.errors import ObjectionRefused, ResolutionRefused, TerminationRefused
from parley.governance.subprocessors.types import Dates, Entry, Facts, Outcome, State

SERVICE_PURPOSES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {agreements.CALL_RECORDING: (agreements.RECORD_CALLS,)}
)
"""What ends with a service that the customer terminates, by offering. What is stored stays readable."""

LONGEST_GROUNDS: Final = 4000
_BLANK: Final = re.compile(r"\s*")


def dates_of(
    agreement: agreements.Agreement, *, change: str, key: str, counts_from: datetime, planned_start: datetime, zone: str
) -> Dates:
    """The dates that `agreement` gives an announcement whose notice counts from `counts_from`."""
    term = agreement.terms.subprocessors
    event = agreements.Event(
        kind="subprocessor-announced",
        id=change,
        at=counts_from,
        facts={"key": key, "planned_start": planned_start.isoformat()},
    )
    due = {duty.duty: duty.due for duty in agreements.plan(agreement, event, zone=zone)}
    return Dates(
        clause=term.clause,
        effect=term.effect,
        counted_from=term.counted_from,
        counts_from=counts_from,
        objection_closes=due["objection-closes"],
        earliest_start=due["earliest-start"],
    )


def objection_event(*, change: str, key: str, counts_from: datetime, at: datetime) -> agreements.Event:
    """The event that an objection is, for `plan` and for the calendar."""
    return agreements.Event(
        kind="objection-received", id=change, at=at, facts={"key": key, "announced_at": counts_from.isoformat()}
    )


def resolution_closes(
    agreement: agreements.Agreement, *, change: str, key: str, counts_from: datetime, at: datetime, zone: str
) -> datetime | None:
    """Until when an objection of `at` can be resolved before the customer may terminate; None: it stops the change."""
    event = objection_event(change=change, key=key, counts_from=counts_from, at=at)
    due = {duty.duty: duty.due for duty in agreements.plan(agreement, event, zone=zone)}
    return due.get("resolution")


def opens_at(facts: Facts) -> datetime | None:
    """From when the sub-processor may receive this customer's data; None: as things stand, never."""
    if facts.cancelled_at or facts.terminated_at or facts.on_request or facts.dates is None:
        return None
    opens = max(facts.dates.earliest_start, facts.planned_start)
    if facts.objected_at is None:
        return opens
    if facts.outcome == "withdrawn" and facts.resolved_at is not None:
        return max(opens, facts.resolved_at)
    return None


def state_at(facts: Facts, at: datetime) -> State:
    """The one word for how a planned change stands with a customer at `at`."""
    if facts.cancelled_at:
        return "cancelled"
    if facts.terminated_at:
        return "terminated"
    if facts.on_request:
        return "on-request"
    if facts.objected_at and facts.outcome != "withdrawn":
        return _objected(facts, at)
    if facts.dates is None:
        return "sent" if facts.dispatched_at else "unsent"
    if at < facts.dates.counts_from:
        return "sent"
    if at < facts.dates.objection_closes and not facts.objected_at:
        return "window"
    opens = opens_at(facts)
    return "open" if opens is not None and opens <= at else "waiting"


def _objected(facts: Facts, at: datetime) -> State:
    if facts.outcome == "not-used":
        return "not-used"
    if facts.outcome == "unavoidable":
        return "may-terminate"
    if facts.effect == "veto":
        return "vetoed"
    if facts.effect == "blocks":
        return "blocked"
    return "resolving" if facts.resolution_closes is None or at < facts.resolution_closes else "may-terminate"


def may_object(facts: Facts, at: datetime) -> bool:
    """Whether an objection would be in time. One that comes before the assumed receipt proves receipt."""
    return facts.objected_at is None and state_at(facts, at) in ("unsent", "sent", "window")


def check_objection(facts: Facts, *, clause: str, grounds: str, at: datetime, zone: str) -> None:
    """Raises ObjectionRefused, which names the clause and the dates, when an objection of `at` does not count."""
    if facts.cancelled_at:
        raise ObjectionRefused(
            f"the change was withdrawn on {words(facts.cancelled_at, zone)}", remedy="There is nothing to object to."
        )
    if facts.on_request:
        raise ObjectionRefused(
            f"clause {clause} lets the provider's affiliates receive your data on your own request only",
            remedy="Do not request it: without a request nothing is sent.",
        )
    if facts.objected_at:
        raise ObjectionRefused(
            f"you objected already, on {words(facts.objected_at, zone)}", remedy="One objection stops the change."
        )
    if facts.dates and at >= facts.dates.objection_closes:
        start, end = words(facts.dates.counts_from, zone), words(facts.dates.objection_closes, zone)
        raise ObjectionRefused(
            f"the window of clause {clause} was open from {start} to {end}; {words(at, zone)} is after it",
            remedy="Write to the provider: it will answer, but the window of the agreement has closed.",
        )
    if len(grounds) > LONGEST_GROUNDS:
        raise ObjectionRefused(f"the grounds have more than {LONGEST_GROUNDS} characters", remedy="Say it shorter.")
    if facts.effect == "blocks" and _BLANK.fullmatch(grounds):
        raise ObjectionRefused(
            f"clause {clause} wants reasonable grounds for an objection", remedy="Say what speaks against it."
        )


def check_resolution(facts: Facts, *, clause: str, outcome: Outcome, note: str, party: str) -> None:
    """Raises ResolutionRefused when the objection cannot be resolved like this.

    Only the customer withdraws its objection, or the provider records the customer's written word (then `note` says
    where it is). "unavoidable" exists where the agreement then lets the customer terminate instead (effect "blocks").
    """
    if facts.objected_at is None or facts.cancelled_at or facts.terminated_at or facts.outcome == "withdrawn":
        raise ResolutionRefused("there is no open objection", remedy="Load the page again to see how it stands.")
    if party == "customer" and outcome != "withdrawn":
        raise ResolutionRefused("a customer resolves its objection by withdrawing it", remedy="Withdraw it, or wait.")
    if outcome == "unavoidable" and facts.effect != "blocks":
        raise ResolutionRefused(
            f"under clause {clause} an objection cannot be overridden",
            remedy="Do without this sub-processor for this customer, or agree with it.",
        )
    if party == "provider" and _BLANK.fullmatch(note):
        raise ResolutionRefused(
            "nothing says how the objection was resolved",
            remedy="Name the letter or the meeting, with its date, in which it was.",
        )


def check_termination(facts: Facts, *, clause: str, at: datetime, zone: str) -> None:
    """Raises TerminationRefused unless the objection was not resolved in its time."""
    state = state_at(facts, at)
    if state == "may-terminate":
        return
    if state == "resolving" and facts.resolution_closes is not None:
        raise TerminationRefused(
            f"clause {clause} gives until {words(facts.resolution_closes, zone)} to resolve your objection",
            remedy="You may terminate the affected service without penalty from that moment.",
        )
    raise TerminationRefused(
        f"clause {clause} lets a service be terminated when an objection made in time was not resolved",
        remedy="Nothing goes to the sub-processor while your objection stands."
        if state in ("vetoed", "blocked", "not-used")
        else "Terminate under the rules of your order instead.",
    )


def words(instant: datetime, zone: str) -> str:
    """An instant as messages name it, with its zone."""
    return f"{instant.astimezone(ZoneInfo(zone)):%d %b %Y, %H:%M} ({zone})"


def ended_purposes(services: Iterable[str]) -> frozenset[str]:
    """The purposes that end with `services`."""
    return frozenset(purpose for service in services for purpose in SERVICE_PURPOSES.get(service, ()))


def affected_services(entry: Entry, agreement: agreements.Agreement) -> tuple[str, ...]:
    """The offerings of `agreement` that a sub-processor serves: what a customer may terminate on its account."""
    reached = {offering for term in agreement.terms.purposes for offering in term.offerings}
    known = set(agreements.OFFERINGS) if "*" in reached else reached
    return tuple(sorted(known if "*" in entry.offerings else known & set(entry.offerings)))
