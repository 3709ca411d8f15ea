"""Duties: opened by an event under an agreement, then met, breached, waived or cancelled, each with its evidence.

Every change is one transaction of the customer's database: row, evidence, jobs and what hooks write. The provider's
calendar is brought up to date after the commit (see `calendar`).
"""

import hashlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from parley.agreement.api import Agreement, Event, PlannedDuty, plan
from parley.foundation.ids import new_id
from parley.ledger.api import JSON
from parley.obligations.calendar import copy_on_commit
from parley.obligations.duty_hooks import call
from parley.obligations.duty_reading import view
from parley.obligations.duty_rules import check_waiver, next_warning
from parley.obligations.duty_types import DutyView, Party, UnknownDuty
from parley.obligations.engine import enqueue, evidence
from parley.obligations.models import Duty

DUE, WARN = "duty.due", "duty.warn"


def open_duties(
    agreement: Agreement,
    event: Event,
    *,
    zone: str,
    subject: str = "",
    at: datetime | None = None,
    only: Collection[str] | None = None,
) -> list[UUID]:
    """Open what `event` obliges to under `agreement`, for the customer in scope, in the caller's transaction.

    Returns the ids of the duties that are new: a key that was opened before stays as it is. `subject` says in a few
    words what they are about, without naming a person. `at` is when they are opened, now by default. `only`: of these
    names alone ("destroy"), as when somebody else's duties are carried over.
    """
    now = at or datetime.now(UTC)
    with transaction.atomic():
        opened = [
            row
            for planned in plan(agreement, event, zone=zone)
            if only is None or planned.duty in only
            if (row := _open(agreement, event, planned, subject=subject, at=now)) is not None
        ]
        copy_on_commit(opened)
    return [row.id for row in opened]


def meet(key: str, *, at: datetime, by: str, details: Mapping[str, JSON] | None = None, note: str = "") -> DutyView:
    """What the duty asks for was done at `at`; a duty met after it was due is breached first, and then met late.

    Doing it again changes nothing, nor does meeting what was waived or cancelled. `by` is a user's id or names the
    part that did it; `details` are ids and facts for the evidence; `note` is what a person wrote about it, of which the
    log holds the hash. Raises UnknownDuty.
    """
    with transaction.atomic():
        row = _locked(key)
        if row.state == "open" and row.kind == "duty" and at > row.due:
            breach(row, at=row.due)
        if row.state in {"open", "breached"}:
            row.state, row.met_at, row.late, row.next_at = "met", at, at > row.due, None
            row.ended_at, row.ended_by, row.reason = at, by, note.strip()
            noted = {"note_sha256": _hashed(row.reason)} if row.reason else {}
            _changed(row, "duty.met", at=at, by=by, late=row.late, **noted, **(details or {}))
        return view(row, at=at)


def waive(key: str, *, at: datetime, by: str, reason: str, party: Party) -> DutyView:
    """`party`, which the clause protects, waives the duty in writing. Raises UnknownDuty and WaiverRefused."""
    with transaction.atomic():
        row = _locked(key)
        check_waiver(state=row.state, statutory=row.statutory, protects=row.protects, party=party, reason=reason)
        row.state, row.next_at, row.ended_at, row.ended_by, row.reason = "waived", None, at, by, reason.strip()
        _changed(row, "duty.waived", at=at, by=by, party=party, reason_sha256=_hashed(row.reason))
        return view(row, at=at)


def cancel(event_kind: str, event_id: str, *, at: datetime, reason: str, only: Collection[str] | None = None) -> int:
    """What opened the duties is no more (renewed, withdrawn): those still open end; returns how many.

    `reason` is a few words of ours ("contract renewed"), kept in the evidence: it names no person. `only` are the words
    of the duties that end ("answer"); all by default.
    """
    with transaction.atomic():
        rows = Duty.objects.select_for_update().filter(event_kind=event_kind, event_id=event_id, state="open")
        if only is not None:
            rows = rows.filter(duty__in=only)
        cancelled = 0
        for row in rows.order_by("key"):
            row.state, row.next_at, row.ended_at, row.reason = "cancelled", None, at, reason
            _changed(row, "duty.cancelled", at=at, reason=reason)
            cancelled += 1
        return cancelled


def breach(row: Duty, *, at: datetime) -> None:
    """The locked, open duty was not met when it was due: evidence, and everybody who must hear of it hears."""
    row.state, row.late, row.breached_at, row.next_at = "breached", True, at, None
    _changed(row, "duty.breached", at=at)
    call("overdue", view(row, at=at))


def passed(row: Duty, *, at: datetime) -> None:
    """The locked, open window closed, or the moment came."""
    row.state, row.met_at, row.next_at = "met", row.due, None
    _changed(row, "duty.passed", at=at)
    call("passed", view(row, at=at))


def warned(row: Duty, *, at: datetime) -> None:
    """A warning of the locked, open duty is due: evidence, whoever must hear of it hears, and the next is set."""
    following = next_warning(row.warn_at, due=row.due, at=at)
    row.next_at = following or row.due
    _changed(row, "duty.warned", at=at)
    call("warning", view(row, at=at))
    _enqueue_warning(row, following)


def _open(agreement: Agreement, event: Event, planned: PlannedDuty, *, subject: str, at: datetime) -> Duty | None:
    """The new row with its jobs and evidence; None when the key is known."""
    following = next_warning(planned.warn_at, due=planned.due, at=at)
    row = Duty(
        id=new_id(at=at),
        key=planned.key,
        event_kind=event.kind,
        event_id=event.id,
        duty=planned.duty,
        clause=planned.clause,
        title=planned.title,
        subject=subject,
        kind=planned.kind,
        owner=planned.owner,
        protects=planned.protects,
        statutory=planned.statutory,
        authored=planned.authored,
        agreement=agreement.id,
        digest=agreement.digest,
        starts=planned.starts,
        due=planned.due,
        warn_at=sorted(planned.warn_at),
        warn_from=min(planned.warn_at, default=None),
        next_at=following or planned.due,
        state="open",
        opened_at=at,
        evidence_id=new_id(at=at),
    )
    Duty.objects.bulk_create([row], ignore_conflicts=True)
    if not Duty.objects.filter(id=row.id).exists():
        return None
    _evidence(row, "duty.opened", at=at, due=row.due.isoformat(), event=row.event_kind)
    enqueue(kind=DUE, key=f"{DUE}:{row.key}", due=row.due, payload={"key": row.key})
    _enqueue_warning(row, following)
    return row


def _enqueue_warning(row: Duty, at: datetime | None) -> None:
    if at is not None:
        enqueue(kind=WARN, key=f"{WARN}:{row.key}:{at.isoformat()}", due=at, payload={"key": row.key})


def _hashed(words: str) -> str:
    """What the log holds of words that may name a person."""
    return hashlib.sha256(words.encode()).hexdigest()


def _locked(key: str) -> Duty:
    row = Duty.objects.select_for_update().filter(key=key).first()
    if row is None:
        raise UnknownDuty(f"there is no duty {key!r}", remedy="See the obligations of this customer.")
    return row


def _changed(row: Duty, kind: str, *, at: datetime, **details: JSON) -> None:
    """Save the row with evidence of its change, and have the provider's calendar follow."""
    row.revision += 1
    row.evidence_id = new_id(at=at)
    row.save()
    _evidence(row, kind, at=at, **details)
    copy_on_commit([row])


def _evidence(row: Duty, kind: str, *, at: datetime, **details: JSON) -> None:
    """`row.evidence_id` in the log: which duty, what became of it."""
    evidence(
        kind=kind,
        clause=row.clause,
        details={"duty": str(row.id), "key": row.key, **details},
        at=at,
        entry_id=row.evidence_id,
    )
