"""What the customer in scope answers to a planned change: received, objected, resolved, service terminated.

Every deed is one transaction of the customer's database: row, evidence, duties, letter, and the job that tells
the gate.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from parley.agreement import api as agreements
from parley.governance.contract import api as contract
from parley.governance.instructions import api as instructions
from parley.governance.subprocessors import egress, notices, rules
from parley.governance.subprocessors.errors import TerminationRefused
from parley.governance.subprocessors.models import PlannedChange
from parley.governance.subprocessors.rows import (
    ANNOUNCED,
    OBJECTED,
    change,
    event_id,
    facts,
    leave,
    locked,
    received,
)
from parley.governance.subprocessors.types import ChangeView, Outcome, entry_from_json
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy


def acknowledge(change_id: UUID, *, by: UUID, at: datetime) -> ChangeView:
    """The customer confirms that it received the notice; the window counts from then where receipt counts.

    Nothing changes when the notice counts as received already. Raises NoSuchChange.
    """
    with transaction.atomic():
        row = locked(change_id)
        if _acknowledge(row, by=by, at=at):
            row.save()
            egress.settle_later(key=f"{row.id}:acknowledged", at=at)
    return change(change_id, at=at)


def _acknowledge(row: PlannedChange, *, by: UUID, at: datetime) -> bool:
    """Whether the acknowledgement is what receipt counts from."""
    if row.on_request or row.cancelled_at or (row.received_at is not None and row.received_at <= at):
        return False
    agreement, zone = contract.binding().agreement, tenancy.standing().zone
    obligations.cancel(ANNOUNCED, event_id(row), at=at, reason="receipt acknowledged")
    received(row, at=at, how="acknowledged", agreement=agreement, zone=zone)
    row.received_by = by
    leave(row, "subprocessor.acknowledged", at=at, user=str(by))
    return True


def object_to(change_id: UUID, *, by: UUID, grounds: str, at: datetime) -> ChangeView:
    """The customer objects, in writing: nothing goes to the sub-processor from this instant.

    An objection before the assumed receipt proves receipt. Raises ObjectionRefused, which names the clause and the
    dates, and NoSuchChange.
    """
    with transaction.atomic():
        row = locked(change_id)
        agreement, zone = contract.binding().agreement, tenancy.standing().zone
        said = grounds.strip()
        rules.check_objection(facts(row), clause=row.clause, grounds=said, at=at, zone=zone)
        _acknowledge(row, by=by, at=at)
        counts_from = cast(datetime, row.received_at)
        row.objected_at, row.objected_by, row.grounds = at, by, said
        row.resolution_closes = rules.resolution_closes(
            agreement, change=str(row.id), key=row.key, counts_from=counts_from, at=at, zone=zone
        )
        row.save()
        obligations.cancel(ANNOUNCED, event_id(row), at=at, reason="the customer objected")
        event = rules.objection_event(change=str(row.id), key=row.key, counts_from=counts_from, at=at)
        obligations.open_duties(agreement, event, zone=zone, subject=row.key, at=at)
        digest = hashlib.sha256(said.encode()).hexdigest()  # the words may name a person
        leave(row, "subprocessor.objected", at=at, user=str(by), effect=row.effect, grounds_sha256=digest)
        egress.close_now(row.key)
        egress.settle_later(key=f"{row.id}:objected", at=at)
    return change(change_id, at=at)


def resolve(
    change_id: UUID, *, outcome: Outcome, note: str, by: UUID, party: str, at: datetime, tell: bool = True
) -> ChangeView:
    """The objection ends: withdrawn (the gate opens when its date has come), not used for this customer, or
    unavoidable (then the customer may terminate, where its agreement says so).

    `note` says where that was agreed. What the provider records is told to the customer. Raises ResolutionRefused and
    NoSuchChange.
    """
    with transaction.atomic():
        row = locked(change_id)
        rules.check_resolution(facts(row), clause=row.clause, outcome=outcome, note=note, party=party)
        row.outcome, row.outcome_note, row.resolved_at, row.resolved_by = outcome, note.strip(), at, by
        row.save()
        obligations.cancel(OBJECTED, str(row.id), at=at, reason=f"objection {outcome}")
        digest = hashlib.sha256(row.outcome_note.encode()).hexdigest()
        leave(
            row, "subprocessor.objection-resolved", at=at, user=str(by), party=party, outcome=outcome,
            note_sha256=digest,
        )  # fmt: skip
        if party == "provider" and tell:
            _write_resolution(row)
        egress.settle_later(key=f"{row.id}:resolved:{at.isoformat()}", at=at)
    return change(change_id, at=at)


def _write_resolution(row: PlannedChange) -> None:
    to = contract.notice_addresses()
    if not to:
        return
    what = {
        "withdrawn": _("We recorded that you withdrew your objection."),
        "not-used": _("We will not use this sub-processor for your data."),
        "unavoidable": _("We cannot do without this sub-processor; you may end the affected service instead."),
    }[row.outcome]
    entry = entry_from_json(row.entry)
    subject, text = notices.resolution(entry, what=what, note=row.outcome_note, change=str(row.id))
    mail.send(
        key=f"subprocessor-resolution:{row.id}:{row.outcome}", to=to, subject=subject, text=text,
        purpose="subprocessor-notice", clause=row.clause,
    )  # fmt: skip


def terminate_service(change_id: UUID, *, services: Sequence[str], by: UUID, at: datetime) -> ChangeView:
    """The customer ends the affected services, in writing and without penalty, because its objection was not resolved.

    Where they are all that it has, the contract ends; else what collects data for them is instructed no more. Raises
    TerminationRefused and NoSuchChange.
    """
    with transaction.atomic():
        row = locked(change_id)
        agreement, zone = contract.binding().agreement, tenancy.standing().zone
        rules.check_termination(facts(row), clause=row.clause, at=at, zone=zone)
        affected = rules.affected_services(entry_from_json(row.entry), agreement)
        chosen = tuple(sorted(set(services)))
        if not chosen or not set(chosen) <= set(affected):
            raise TerminationRefused(
                "the sub-processor does not serve what would be terminated",
                remedy="choose among: " + ", ".join(agreements.OFFERINGS[one] for one in affected),
            )
        row.terminated_at, row.terminated_by, row.terminated_services = at, by, list(chosen)
        row.save()
        obligations.cancel(OBJECTED, str(row.id), at=at, reason="service terminated")
        leave(row, "subprocessor.service-terminated", at=at, user=str(by), services=list(chosen), penalty="none")
        _end_services(row, chosen, agreement=agreement, by=by, at=at)
        egress.close_now(row.key)
        egress.settle_later(key=f"{row.id}:terminated", at=at)
    return change(change_id, at=at)


def _end_services(
    row: PlannedChange, services: Sequence[str], *, agreement: agreements.Agreement, by: UUID, at: datetime
) -> None:
    """What follows for the contract."""
    offered = {offering for term in agreement.terms.purposes for offering in term.offerings}
    everything = set(agreements.OFFERINGS) if "*" in offered else offered
    reason = f"objection to {row.key} was not resolved (clause {row.clause})"
    if everything <= set(services):
        if contract.ending() is None:
            contract.end_contract(at=at, by=str(by), reason=reason)
        return
    for purpose in sorted(rules.ended_purposes(services)):
        instructions.withdraw(purpose=purpose, text=f"Service terminated: {reason}", by=by, at=at)
