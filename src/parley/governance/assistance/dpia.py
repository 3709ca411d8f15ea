"""Impact assessments (GDPR Art. 35, 36): found necessary by rules, told to the customer, carried out with our help."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from parley.agreement.api import Event
from parley.foundation.ids import new_id
from parley.governance.assistance import clauses, words
from parley.governance.assistance.docket import follow
from parley.governance.assistance.errors import AssistanceFormError, NoSuchRecord, NotYet
from parley.governance.assistance.models import Assessment
from parley.governance.assistance.rules import assess, check_assessment
from parley.governance.assistance.types import AssessmentState, AssessmentView, Processing, Residual, Risk, Sign
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

CHECK: Final = "assistance.check"
EVERY: Final = timedelta(days=30)
ACTIVE_OFFERINGS: Final = frozenset({"call-recording"})
"""What customers can activate in this version."""


def processing(*, offerings: frozenset[str] = ACTIVE_OFFERINGS, people: int = 0) -> Processing:
    """What the customer in scope processes, from what it signed and instructed."""
    agreed, standing = contract.binding().agreement, tenancy.current().standing
    terms = [term for term in agreed.terms.data if term.offering in (*offerings, "*")]
    purposes = (agreed.instructed_purposes | standing.added_purposes) - standing.withdrawn_purposes
    return Processing(
        offerings=offerings,
        purposes=frozenset(purposes),
        categories=frozenset(category for term in terms for category in term.categories),
        subjects=frozenset(subject for term in terms for subject in term.subjects),
        people=people,
    )


def check(*, what: Processing, at: datetime, title: str = "") -> AssessmentView | None:
    """Apply the rules to `what`; a likely high risk that was not assessed before opens an assessment and tells the
    customer. Returns the assessment that covers it, None when no high risk is likely. Leaves evidence each time."""
    agreed, risk = contract.binding().agreement, assess(what)
    clause, fingerprint = clauses.of_assessments(agreed), _fingerprint(what, risk)
    with transaction.atomic():
        row = Assessment.objects.filter(fingerprint=fingerprint).order_by("-id").first() if risk.likely_high else None
        obligations.evidence(
            kind="assessment.checked",
            clause=clause,
            details={
                "criteria": sorted(risk.criteria),
                "likely_high": risk.likely_high,
                "covered_by": str(row.id) if row else "",
            },
            at=at,
        )
        if row is None and risk.likely_high:
            row = _open(what, risk, clause=clause, fingerprint=fingerprint, title=title, at=at)
    return _view(row) if row else None


def expect_check(*, at: datetime) -> None:
    """A job looks at the processing of the customer in scope at `at`, and every 30 days from then on."""
    obligations.enqueue(kind=CHECK, key=f"assistance.check:{at:%Y-%m-%d}", due=at, payload={})


def expect_recheck(*, at: datetime) -> None:
    """What the customer in scope signed or instructed has changed: a job looks at its processing once more."""
    obligations.enqueue(kind=CHECK, key=f"assistance.recheck:{at:%Y-%m-%dT%H:%M}", due=at, payload={"once": True})


def regular_check(*, at: datetime, once: bool = False) -> None:
    """What the job does; unless `once`, it comes again after 30 days."""
    check(what=processing(), at=at)
    if not once:
        expect_check(at=at + EVERY)


def save_assessment(
    assessment_id: UUID,
    *,
    answers: Mapping[str, str],
    measures: str,
    residual: Residual,
    consultation: str,
    finish: bool,
    by: UUID,
    at: datetime,
) -> AssessmentView:
    """Keep what was answered so far; with `finish` the assessment is complete and stays as it is.

    Raises NoSuchRecord, AssistanceFormError, and NotYet for one that was finished before.
    """
    check_assessment(answers=answers, measures=measures, residual=residual, consultation=consultation, finish=finish)
    with transaction.atomic():
        row = _locked(assessment_id)
        if row.state in ("finished", "not-needed"):
            raise NotYet("this assessment is finished", remedy="Open a new one when the processing changes.")
        row.answers, row.measures, row.consultation = dict(answers), measures, consultation
        row.residual, row.state = residual, "finished" if finish else "begun"
        if finish:
            row.finished_at, row.finished_by = at, by
        row.save()
        _tell_by_page(row, at=at, by=by)
        if finish:
            _leave(row, "assessment.finished", at=at, user=str(by), residual=residual, consulted=bool(consultation))
        follow(record=row.id, kind="assessment", state=row.state, opened_at=row.opened_at, at=at)
    return _view(row)


def dismiss_assessment(assessment_id: UUID, *, reason: str, by: UUID, at: datetime) -> AssessmentView:
    """The customer says, as controller, why none is needed; its word and reason are kept. Raises as the other one."""
    if len(reason.strip()) < 20:
        raise AssistanceFormError(
            "the reason says too little",
            field="reason",
            remedy="Say in a sentence why no assessment is needed: the law asks for the reason in writing.",
        )
    with transaction.atomic():
        row = _locked(assessment_id)
        if row.state not in ("needed", "begun"):
            raise NotYet("this assessment is finished", remedy="Open a new one when the processing changes.")
        row.state, row.measures, row.finished_at, row.finished_by = "not-needed", reason.strip(), at, by
        row.save()
        _tell_by_page(row, at=at, by=by)
        digest = hashlib.sha256(row.measures.encode()).hexdigest()
        _leave(row, "assessment.dismissed", at=at, user=str(by), reason_sha256=digest)
        follow(record=row.id, kind="assessment", state=row.state, opened_at=row.opened_at, at=at)
    return _view(row)


def told(assessment_id: UUID, *, at: datetime, by: str) -> None:
    """The customer has been told (its mail was dispatched, or it has read the page): the duty is met, once."""
    with transaction.atomic():
        row = Assessment.objects.select_for_update().filter(id=assessment_id).first()
        if row is not None and row.told_at is None:
            row.told_at = at
            row.save(update_fields=["told_at"])
            obligations.meet(f"assessment-needed:{row.id}:tell-customer", at=at, by=by)
            _leave(row, "assessment.told", at=at, by=by)


def assessments() -> list[AssessmentView]:
    """The assessments of the customer in scope, newest first."""
    return [_view(row) for row in Assessment.objects.order_by("-id")]


def assessment(assessment_id: UUID) -> AssessmentView:
    """One assessment. Raises NoSuchRecord."""
    row = Assessment.objects.filter(id=assessment_id).first()
    if row is None:
        raise NoSuchRecord("there is no such assessment")
    return _view(row)


def exported(view: AssessmentView) -> str:
    """The record as JSON, for the controller's own files and for the authority."""
    document: dict[str, Any] = {
        "title": view.title,
        "state": view.state,
        "clause": view.clause,
        "criteria": [{"criterion": sign.criterion, "because": sign.because} for sign in view.signs],
        "opened_at": view.opened_at.isoformat(),
        "told_at": view.told_at.isoformat() if view.told_at else None,
        "answers": dict(view.answers),
        "measures": view.measures,
        "residual_risk": view.residual,
        "prior_consultation": view.consultation,
        "finished_at": view.finished_at.isoformat() if view.finished_at else None,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _open(what: Processing, risk: Risk, *, clause: str, fingerprint: str, title: str, at: datetime) -> Assessment:
    row = Assessment(
        id=new_id(at=at),
        title=title or _("Processing by: %(offerings)s") % {"offerings": ", ".join(sorted(what.offerings))},
        state="needed",
        clause=clause,
        fingerprint=fingerprint,
        signs=[{"criterion": sign.criterion, "because": sign.because} for sign in risk.signs],
        opened_at=at,
    )
    row.save(force_insert=True)
    event = Event(kind="assessment-needed", id=str(row.id), at=at)
    zone = tenancy.current().standing.zone
    obligations.open_duties(contract.binding().agreement, event, zone=zone, at=at)
    _leave(row, "assessment.needed", at=at, criteria=sorted(risk.criteria))
    words.send(key=f"assessment:{row.id}", letter=words.assessment_needed(risk.signs, clause=clause), clause=clause)
    follow(record=row.id, kind="assessment", state=row.state, opened_at=at, at=at)
    return row


def _tell_by_page(row: Assessment, *, at: datetime, by: UUID) -> None:
    """Whoever works on the assessment knows of it: where no mail was dispatched, this is how the customer was told."""
    if row.told_at is None:
        told(row.id, at=at, by=str(by))
        row.refresh_from_db(fields=["told_at"])


def _fingerprint(what: Processing, risk: Risk) -> str:
    facts = [sorted(what.offerings), sorted(risk.criteria), sorted(what.declared)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _leave(row: Assessment, kind: str, *, at: datetime, **details: Any) -> None:
    obligations.evidence(kind=kind, clause=row.clause, details={"assessment": str(row.id), **details}, at=at)


def _locked(assessment_id: UUID) -> Assessment:
    row = Assessment.objects.select_for_update().filter(id=assessment_id).first()
    if row is None:
        raise NoSuchRecord("there is no such assessment")
    return row


def _view(row: Assessment) -> AssessmentView:
    return AssessmentView(
        id=row.id,
        title=row.title,
        state=cast(AssessmentState, row.state),
        clause=row.clause,
        signs=tuple(Sign(criterion=one["criterion"], because=one["because"]) for one in row.signs),
        opened_at=row.opened_at,
        told_at=row.told_at,
        answers=row.answers,
        measures=row.measures,
        residual=cast(Residual, row.residual),
        consultation=row.consultation,
        finished_at=row.finished_at,
    )
