"""Audits from the request to the closed findings, for the customer in scope. The decision itself is in `rules`."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from django.db import connection, transaction

from parley.agreement.api import Event
from parley.foundation.ids import new_id
from parley.governance.audits import letters, rules
from parley.governance.audits.errors import AuditRefused, NoSuchAudit
from parley.governance.audits.incidents import latest_incident
from parley.governance.audits.models import AuditFinding, AuditOfCustomer, AuditRequest
from parley.governance.audits.types import (
    OPEN_STATES,
    AuditAsked,
    AuditDecision,
    AuditLine,
    AuditView,
    Cause,
    EarlierAudit,
    FindingView,
    Rule,
    Severity,
    State,
)
from parley.governance.contract import api as contract
from parley.ledger.api import JSON
from parley.obligations import api as obligations
from parley.obligations.api import Handler, Work
from parley.tenancy import api as tenancy

MOVES: Final[Mapping[State, frozenset[State]]] = {
    "refused": frozenset(),
    "asked": frozenset({"agreed", "withdrawn"}),
    "agreed": frozenset({"agreed", "held", "withdrawn"}),
    "held": frozenset({"reported"}),
    "reported": frozenset({"closed"}),
    "closed": frozenset(),
    "withdrawn": frozenset(),
}
"""From which state to which; every other move is refused and changes nothing."""

LONGEST_TEXT: Final = 20_000
MIRROR: Final = "audits.mirror"


def judge(asked: AuditAsked, *, at: datetime) -> AuditDecision:
    """What would be decided on `asked` at `at`, for the customer in scope, without asking it."""
    customer = tenancy.current()
    return rules.decide(
        contract.binding().agreement.terms.audit,
        asked,
        history=_history(),
        incident_known=latest_incident(at=at),
        zone=customer.standing.zone,
        at=at,
    )


def ask(
    *, cause: Cause, reason: str, scope: str, auditor: str, wanted_at: datetime, by: UUID, at: datetime
) -> AuditView:
    """A request for an audit, decided at once and kept with its decision, granted or refused.

    A granted one opens the provider's duty to answer. Raises AuditRefused for an empty scope or auditor.
    """
    for name, text in (("what is to be audited", scope), ("who audits", auditor)):
        if not text.strip() or len(text) > LONGEST_TEXT or len(reason) > LONGEST_TEXT:
            raise AuditRefused(f"the request does not say {name}", remedy="Say it in a sentence.")
    agreement, zone = contract.binding().agreement, tenancy.current().standing.zone
    with transaction.atomic():
        with connection.cursor() as cursor:  # two requests at once must not both find the year free
            cursor.execute("LOCK TABLE audits_auditrequest IN SHARE ROW EXCLUSIVE MODE")
        decision = judge(AuditAsked(cause=cause, reason=reason, wanted_at=wanted_at), at=at)
        audit_id = new_id(at=at)
        entry = obligations.evidence(
            kind="audit.granted" if decision.granted else "audit.refused",
            clause=decision.clause,
            details={
                "audit": str(audit_id), "user": str(by), "cause": cause, "wanted_at": wanted_at.isoformat(),
                "rule": decision.rule, "lifted": decision.lifted, "request_sha256": _hash(reason, scope, auditor),
                "earliest": decision.earliest.isoformat() if decision.earliest else None,
            },
            at=at,
        )  # fmt: skip
        row = AuditRequest.objects.create(
            id=audit_id, cause=cause, reason=reason, scope=scope, auditor=auditor, wanted_at=wanted_at, asked_at=at,
            asked_by=by, granted=decision.granted, rule=decision.rule, clause=decision.clause, why=decision.why,
            remedy=decision.remedy, earliest=decision.earliest, lifted=decision.lifted, cost=decision.cost,
            conditions=list(decision.conditions), state="asked" if decision.granted else "refused", evidence_id=entry,
        )  # fmt: skip
        if decision.granted:
            event = Event(
                kind="audit-requested",
                id=str(audit_id),
                at=at,
                facts={"cause": cause, "wanted_at": wanted_at.isoformat()},
            )
            obligations.open_duties(agreement, event, zone=zone, subject=str(audit_id))
        _mirror(row, at=at)
    return _view(row)


def agree(
    audit_id: UUID, *, date: datetime, answer: str, certificates: Sequence[str] = (), by: UUID, at: datetime
) -> AuditView:
    """The provider's answer: when the audit takes place, and which certificates answer part of it. It also goes to the
    customer's addresses for notices.

    An authority's audit cannot be moved to a later date. Raises AuditRefused, NoSuchAudit.
    """
    with transaction.atomic():
        row = _locked(audit_id)
        if row.cause == "authority" and date > row.wanted_at:
            raise AuditRefused("an authority chooses the date of its audit", remedy="Agree to its date.")
        first = row.answered_at is None
        row.agreed_for, row.answer, row.answered_at, row.certificates = date, answer, at, list(certificates)
        _move(row, "agreed", at=at, by=by, agreed_for=date.isoformat(), answer_sha256=_hash(answer))
        letters.date_agreed(row, date=date)
        if first:
            obligations.meet(f"audit-requested:{row.id}:answer-request", at=at, by=str(by), details={})
    return _view(row)


def hold(audit_id: UUID, *, held_at: datetime, by: UUID, at: datetime) -> AuditView:
    """The audit took place at `held_at`. Raises AuditRefused for a time to come."""
    if held_at > at:
        raise AuditRefused("the audit has not taken place yet", remedy="Say so when it has.")
    with transaction.atomic():
        row = _locked(audit_id)
        row.held_at = held_at
        _move(row, "held", at=at, by=by, held_at=held_at.isoformat())
    return _view(row)


def report(audit_id: UUID, *, text: str, findings: Sequence[tuple[Severity, str]], by: UUID, at: datetime) -> AuditView:
    """The auditor's report, with what it found."""
    if not text.strip():
        raise AuditRefused("a report has a text", remedy="Say at least that nothing was found.")
    with transaction.atomic():
        row = _locked(audit_id)
        row.report, row.reported_at = text, at
        kept = [
            AuditFinding(
                id=new_id(at=at + timedelta(milliseconds=number)),
                audit=row,
                severity=severity,
                statement=statement,
                found_at=at,
            )
            for number, (severity, statement) in enumerate(findings)
            if statement.strip()
        ]
        AuditFinding.objects.bulk_create(kept)
        _move(row, "reported", at=at, by=by, findings=[str(one.id) for one in kept], report_sha256=_hash(text))
        if not kept:
            _move(row, "closed", at=at, by=by)
    return _view(row)


def remedy(audit_id: UUID, finding_id: UUID, *, remedy: str, by: UUID, at: datetime) -> AuditView:
    """A finding is remedied, as `remedy` says; the last one closes the audit."""
    if not remedy.strip():
        raise AuditRefused("the remedy is not described", remedy="Say what was changed.")
    with transaction.atomic():
        row = _locked(audit_id)
        finding = row.findings.filter(id=finding_id, remedied_at__isnull=True).first()
        if finding is None:
            raise NoSuchAudit("there is no such open finding")
        finding.remedy, finding.remedied_at = remedy, at
        finding.save(update_fields=["remedy", "remedied_at"])
        _evidence(row, "audit.finding-remedied", at=at, by=by, finding=str(finding_id), remedy_sha256=_hash(remedy))
        if not row.findings.filter(remedied_at__isnull=True).exists():
            _move(row, "closed", at=at, by=by)
    return _view(row)


def withdraw(audit_id: UUID, *, by: UUID, at: datetime) -> AuditView:
    """The customer takes its request back; what it opened is cancelled, and the limit of frequency is as before."""
    with transaction.atomic():
        row = _locked(audit_id)
        _move(row, "withdrawn", at=at, by=by)
        obligations.cancel("audit-requested", str(row.id), at=at, reason="the request was withdrawn")
    return _view(row)


def audits(*, limit: int = 50, before: datetime | None = None) -> list[AuditView]:
    """The requests of the customer in scope, newest first."""
    rows = AuditRequest.objects.order_by("-asked_at").prefetch_related("findings")
    if before is not None:
        rows = rows.filter(asked_at__lt=before)
    return [_view(row) for row in rows[:limit]]


def audit(audit_id: UUID) -> AuditView:
    """One request. Raises NoSuchAudit."""
    row = AuditRequest.objects.filter(id=audit_id).first()
    if row is None:
        raise NoSuchAudit("there is no such audit")
    return _view(row)


def all_audits(*, open_only: bool = False, limit: int = 50, before: datetime | None = None) -> list[AuditLine]:
    """Requests of all customers, newest first: the provider's list."""
    rows = AuditOfCustomer.objects.order_by("-asked_at")
    if open_only:
        rows = rows.filter(state__in=OPEN_STATES)
    if before is not None:
        rows = rows.filter(asked_at__lt=before)
    return [
        AuditLine(
            audit_id=row.audit, customer_id=row.customer, cause=cast(Cause, row.cause), state=cast(State, row.state),
            asked_at=row.asked_at, wanted_at=row.wanted_at, held_for=row.held_for,
        )
        for row in rows[:limit]
    ]  # fmt: skip


def handlers() -> Mapping[str, Handler]:
    """What the worker does for requests."""
    return {MIRROR: _mirror_again}


def _history() -> list[EarlierAudit]:
    """Audits granted before, withdrawn ones left out: by the day on which they were or are to be held."""
    rows = AuditRequest.objects.filter(granted=True).exclude(state="withdrawn")
    return [
        EarlierAudit(
            held_at=row.held_at or row.agreed_for or row.wanted_at,
            lifted=row.lifted,  # type: ignore[arg-type]
        )
        for row in rows
    ]


def _locked(audit_id: UUID) -> AuditRequest:
    row = AuditRequest.objects.select_for_update().filter(id=audit_id).first()
    if row is None:
        raise NoSuchAudit("there is no such audit")
    return row


def _move(row: AuditRequest, state: State, *, at: datetime, by: UUID, **facts: JSON) -> None:
    if state not in MOVES[cast(State, row.state)]:
        raise AuditRefused(
            f"an audit that is {row.state} cannot become {state}", remedy="Load the page again: it has moved on."
        )
    row.state = state
    row.save()
    _evidence(row, f"audit.{state}", at=at, by=by, **facts)
    _mirror(row, at=at)


def _evidence(row: AuditRequest, kind: str, *, at: datetime, by: UUID, **facts: JSON) -> None:
    obligations.evidence(kind=kind, clause=row.clause, details={"audit": str(row.id), "user": str(by), **facts}, at=at)


def _mirror(row: AuditRequest, *, at: datetime) -> None:
    """Keeps the provider's list true: at once after the commit, and by a job should the process die before that."""
    obligations.enqueue(kind=MIRROR, key=f"{MIRROR}:{row.id}:{new_id(at=at)}", due=at, payload={"audit": str(row.id)})
    transaction.on_commit(lambda: _copy(row.id), robust=True)


def _mirror_again(work: Work) -> None:
    """Handler of `audits.mirror`."""
    _copy(UUID(str(work.payload["audit"])))


def _copy(audit_id: UUID) -> None:
    row = AuditRequest.objects.get(id=audit_id)
    AuditOfCustomer.objects.update_or_create(
        audit=row.id,
        defaults={
            "customer": tenancy.current().id, "cause": row.cause, "state": row.state, "asked_at": row.asked_at,
            "wanted_at": row.wanted_at, "held_for": row.held_at or row.agreed_for,
        },
    )  # fmt: skip


def _hash(*texts: str) -> str:
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()


def _view(row: AuditRequest) -> AuditView:
    findings = tuple(
        FindingView(
            id=one.id, severity=cast(Severity, one.severity), statement=one.statement, found_at=one.found_at,
            remedy=one.remedy, remedied_at=one.remedied_at,
        )
        for one in sorted(row.findings.all(), key=lambda one: one.id)
    )  # fmt: skip
    decision = AuditDecision(
        granted=row.granted, rule=cast(Rule, row.rule), clause=row.clause, why=row.why, remedy=row.remedy,
        earliest=row.earliest, cost=row.cost, lifted=row.lifted, conditions=tuple(row.conditions),  # type: ignore[arg-type]
    )  # fmt: skip
    return AuditView(
        id=row.id, cause=cast(Cause, row.cause), reason=row.reason, scope=row.scope, auditor=row.auditor,
        wanted_at=row.wanted_at, asked_at=row.asked_at, asked_by=row.asked_by, decision=decision,
        state=cast(State, row.state), agreed_for=row.agreed_for, answer=row.answer, answered_at=row.answered_at,
        certificates=tuple(row.certificates), held_at=row.held_at, report=row.report, reported_at=row.reported_at,
        evidence_id=row.evidence_id, findings=findings,
    )  # fmt: skip
