"""The register of complaints and enquiries that reach the provider: from persons, customers, authorities.

What a person or an authority sends about a customer's processing is passed on to that customer at once, with its
details in the console (IX-8.rights); then answered and closed. With the provider in scope: complaints about itself.
"""

import hashlib
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import transaction

from parley.agreement.api import Span, after
from parley.foundation.ids import new_id
from parley.governance.assistance import clauses, words
from parley.governance.assistance.docket import follow
from parley.governance.assistance.errors import AssistanceFormError, NoSuchRecord, NotYet
from parley.governance.assistance.models import Complaint
from parley.governance.assistance.rules import MOST_TEXT
from parley.governance.assistance.types import ComplaintFrom, ComplaintState, ComplaintView
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

OWN_CLAUSE = "provider.complaints"
FORWARD_DUE = "assistance.forward-due"
PROMPTLY = Span(3, "days")
"""What we take "promptly" to mean at most: ours. A mail goes at once where there are addresses."""


def register_complaint(
    *, source: ComplaintFrom, contact: str, about: str, received_at: datetime, by: UUID, at: datetime
) -> ComplaintView:
    """Enter a complaint; from a person or an authority it is passed on to the customer in scope at once.

    `contact` is how its sender is reached. Raises AssistanceFormError.
    """
    if source not in ("person", "customer", "authority"):
        raise AssistanceFormError("it is not said who complains", field="source")
    if not 3 <= len(about.strip()) <= MOST_TEXT:
        raise AssistanceFormError("the complaint itself is missing", field="about", remedy="Copy or summarise it.")
    if received_at > at:
        raise AssistanceFormError("it cannot be received in the future", field="received_at")
    customer = tenancy.current()
    own = customer.kind == "provider"
    row = Complaint(
        id=new_id(at=at),
        source=source,
        contact=contact.strip(),
        about=about.strip(),
        clause=OWN_CLAUSE if own else clauses.of_complaints(contract.binding().agreement),
        received_at=received_at,
    )
    if not own and source != "customer":
        row.forward_due = after(received_at, PROMPTLY, zone=customer.standing.zone)
    with transaction.atomic():
        row.save(force_insert=True)
        _leave(row, "complaint.received", at=at, user=str(by), source=source)
        if row.forward_due is not None:
            letter = words.complaint(source=source, received_at=received_at, clause=row.clause)
            words.send(key=f"complaint:{row.id}", letter=letter, clause=row.clause)
            obligations.enqueue(
                kind=FORWARD_DUE,
                key=f"complaint:{row.id}:forward-due",
                due=row.forward_due,
                payload={"complaint": str(row.id)},
            )
        _follow(row, at=at)
    return _view(row)


def forwarded(complaint_id: UUID, *, by: str, at: datetime) -> ComplaintView:
    """The customer has it: the mail was dispatched, or `by` passed it on otherwise. Once. Raises NoSuchRecord."""
    with transaction.atomic():
        row = _locked(complaint_id)
        if row.forwarded_at is None and row.forward_due is not None:
            row.forwarded_at = at
            row.save(update_fields=["forwarded_at"])
            _leave(row, "complaint.forwarded", at=at, by=by, late=at > row.forward_due)
            _follow(row, at=at)
    return _view(row)


def forward_due(complaint_id: UUID, *, at: datetime) -> None:
    """What the job does when a complaint should have been passed on: one that was not leaves evidence of it."""
    row = Complaint.objects.filter(id=complaint_id, forwarded_at__isnull=True).first()
    if row is not None:
        _leave(row, "complaint.not-forwarded", at=at)


def answer_complaint(complaint_id: UUID, *, answer: str, by: UUID, at: datetime) -> ComplaintView:
    """Its sender was answered with these words. Raises NoSuchRecord, NotYet, AssistanceFormError."""
    if not 3 <= len(answer.strip()) <= MOST_TEXT:
        raise AssistanceFormError("the answer is missing", field="answer", remedy="Write what was answered.")
    with transaction.atomic():
        row = _locked(complaint_id)
        if row.closed_at is not None:
            raise NotYet("this complaint is closed", remedy="Register a new one if it goes on.")
        row.answered_at, row.answer = at, answer.strip()
        row.save(update_fields=["answered_at", "answer"])
        _leave(row, "complaint.answered", at=at, user=str(by), answer_sha256=_digest(row.answer))
        _follow(row, at=at)
    return _view(row)


def close_complaint(complaint_id: UUID, *, outcome: str, by: UUID, at: datetime) -> ComplaintView:
    """Done, with this outcome. Raises NoSuchRecord, AssistanceFormError, and NotYet before it is answered and, where
    it has to be, passed on."""
    if len(outcome.strip()) < 3:
        raise AssistanceFormError("the outcome is missing", field="outcome", remedy="Say what came of it.")
    with transaction.atomic():
        row = _locked(complaint_id)
        if row.closed_at is not None:
            raise NotYet("this complaint is closed", remedy="Register a new one if it goes on.")
        if row.answered_at is None:
            raise NotYet("nobody has answered yet", remedy="Answer first.")
        if row.forward_due is not None and row.forwarded_at is None:
            raise NotYet("the customer does not have it yet", remedy="Pass it on, and record how.")
        row.closed_at, row.outcome = at, outcome.strip()
        row.save(update_fields=["closed_at", "outcome"])
        _leave(row, "complaint.closed", at=at, user=str(by), outcome_sha256=_digest(row.outcome))
        _follow(row, at=at)
    return _view(row)


def complaints(*, limit: int = 50, before: UUID | None = None) -> list[ComplaintView]:
    """The complaints of whoever is in scope, newest first."""
    rows = Complaint.objects.order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [_view(row) for row in rows[:limit]]


def complaint(complaint_id: UUID) -> ComplaintView:
    """One complaint. Raises NoSuchRecord."""
    row = Complaint.objects.filter(id=complaint_id).first()
    if row is None:
        raise NoSuchRecord("there is no such complaint")
    return _view(row)


def _leave(row: Complaint, kind: str, *, at: datetime, **details: Any) -> None:
    obligations.evidence(kind=kind, clause=row.clause, details={"complaint": str(row.id), **details}, at=at)


def _follow(row: Complaint, *, at: datetime) -> None:
    if row.clause != OWN_CLAUSE:
        follow(record=row.id, kind="complaint", state=_state(row), opened_at=row.received_at, at=at)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _locked(complaint_id: UUID) -> Complaint:
    row = Complaint.objects.select_for_update().filter(id=complaint_id).first()
    if row is None:
        raise NoSuchRecord("there is no such complaint")
    return row


def _state(row: Complaint) -> ComplaintState:
    if row.closed_at:
        return "closed"
    if row.answered_at:
        return "answered"
    return "forwarded" if row.forwarded_at else "received"


def _view(row: Complaint) -> ComplaintView:
    return ComplaintView(
        id=row.id,
        source=cast(ComplaintFrom, row.source),
        contact=row.contact,
        about=row.about,
        clause=row.clause,
        received_at=row.received_at,
        forward_due=row.forward_due,
        forwarded_at=row.forwarded_at,
        answered_at=row.answered_at,
        answer=row.answer,
        closed_at=row.closed_at,
        outcome=row.outcome,
        state=_state(row),
    )
