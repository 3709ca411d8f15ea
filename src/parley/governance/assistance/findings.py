"""A customer found in breach of a law is informed, and authorities as far as a law obliges (IG-2.breach-of-law)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from parley.foundation.ids import new_id
from parley.governance.assistance import clauses, words
from parley.governance.assistance.docket import follow
from parley.governance.assistance.errors import AssistanceFormError, NoSuchRecord, NotYet
from parley.governance.assistance.models import Finding
from parley.governance.assistance.types import FindingState, FindingView
from parley.governance.contract import api as contract
from parley.obligations import api as obligations


def find_breach_of_law(*, law: str, what: str, by: UUID, at: datetime) -> FindingView:
    """The customer in scope is held to break `law` in its use of the service; it is informed. Raises
    AssistanceFormError."""
    for field, text in (("law", law), ("what", what)):
        if len(text.strip()) < 3:
            raise AssistanceFormError(
                "the finding says too little", field=field, remedy="Name the law, and what was found."
            )
    row = Finding(
        id=new_id(at=at),
        law=law.strip(),
        what=what.strip(),
        clause=clauses.of_findings(contract.binding().agreement),
        found_at=at,
        found_by=by,
    )
    with transaction.atomic():
        row.save(force_insert=True)
        _leave(row, "breach-of-law.found", at=at, user=str(by))
        words.send(key=f"finding:{row.id}", letter=words.finding(law=row.law, clause=row.clause), clause=row.clause)
        _follow(row, at=at)
    return _view(row)


def informed(finding_id: UUID, *, by: str, at: datetime) -> FindingView:
    """The customer has been informed: its mail was dispatched, or `by` told it otherwise. Once. Raises NoSuchRecord."""
    with transaction.atomic():
        row = _locked(finding_id)
        if row.informed_at is None:
            row.informed_at = at
            row.save(update_fields=["informed_at"])
            _leave(row, "breach-of-law.informed", at=at, by=by)
            _follow(row, at=at)
    return _view(row)


def inform_authority(finding_id: UUID, *, authority: str, obliged_by: str, by: UUID, at: datetime) -> FindingView:
    """An authority was informed because the law `obliged_by` obliges to; without such a law nothing is reported.

    Raises NoSuchRecord, AssistanceFormError, and NotYet when one was informed before.
    """
    if len(authority.strip()) < 3 or len(obliged_by.strip()) < 3:
        raise AssistanceFormError(
            "an authority is informed only as a law obliges",
            field="obliged_by",
            remedy="Name the authority, and the provision that obliges the provider.",
        )
    with transaction.atomic():
        row = _locked(finding_id)
        if row.authority_at is not None:
            raise NotYet("an authority was informed already", remedy="Record another finding for another authority.")
        row.authority, row.obliged_by, row.authority_at = authority.strip(), obliged_by.strip(), at
        row.save(update_fields=["authority", "obliged_by", "authority_at"])
        _leave(row, "breach-of-law.authority", at=at, user=str(by), obliged_by=row.obliged_by[:200])
    return _view(row)


def corrected(finding_id: UUID, *, by: UUID, at: datetime) -> FindingView:
    """The customer has corrected it. Raises NoSuchRecord."""
    with transaction.atomic():
        row = _locked(finding_id)
        if row.corrected_at is None:
            row.corrected_at = at
            row.save(update_fields=["corrected_at"])
            _leave(row, "breach-of-law.corrected", at=at, user=str(by))
            _follow(row, at=at)
    return _view(row)


def findings() -> list[FindingView]:
    """The findings about the customer in scope, newest first."""
    return [_view(row) for row in Finding.objects.order_by("-id")]


def _leave(row: Finding, kind: str, *, at: datetime, **details: Any) -> None:
    obligations.evidence(kind=kind, clause=row.clause, details={"finding": str(row.id), **details}, at=at)


def _follow(row: Finding, *, at: datetime) -> None:
    follow(record=row.id, kind="finding", state=_state(row), opened_at=row.found_at, at=at)


def _locked(finding_id: UUID) -> Finding:
    row = Finding.objects.select_for_update().filter(id=finding_id).first()
    if row is None:
        raise NoSuchRecord("there is no such finding")
    return row


def _state(row: Finding) -> FindingState:
    if row.corrected_at:
        return "corrected"
    return "informed" if row.informed_at else "found"


def _view(row: Finding) -> FindingView:
    return FindingView(
        id=row.id,
        law=row.law,
        what=row.what,
        clause=row.clause,
        found_at=row.found_at,
        informed_at=row.informed_at,
        authority=row.authority,
        obliged_by=row.obliged_by,
        authority_at=row.authority_at,
        corrected_at=row.corrected_at,
        state=_state(row),
    )
