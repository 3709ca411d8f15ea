"""Access by the provider's staff: asked, consented, looked, ended. The customer in scope is the one looked at.

The row in the customer's database is the truth. The grant in the customer's standing (what the gate reads) and the
provider's list follow it: when it ends the grant goes first, when it begins the grant comes after the commit, and a job
sets both right if a crash came between. The gate compares times itself: a grant is over at its end whatever happens.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, cast
from uuid import UUID

from django.db import transaction
from django.db.models import F

from parley.agreement.api import Decision, Event, Grant, StaffTerm
from parley.foundation.ids import new_id
from parley.governance.access import words
from parley.governance.access.errors import AccessFormError, AccessRefused, NoSuchAccess
from parley.governance.access.following import follow, record_for_provider
from parley.governance.access.models import AccessDocket, StaffAccess
from parley.governance.access.rules import UNANSWERED, check_request, moved, state_at
from parley.governance.access.types import AccessView, DocketLine, Party, State
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

SUPPORT_ACCESS: Final = "support-access"
FOLLOW: Final = "access.follow"


def term() -> StaffTerm:
    """What the agreement of the customer in scope says about its provider's staff."""
    return contract.binding().agreement.terms.staff


def ask_access(
    *, staff_id: UUID, staff_name: str, offering: str, reason: str, case: str, minutes: int, at: datetime
) -> AccessView:
    """A member of the provider's staff asks to look. Where no consent is needed the access begins at once.

    Raises AccessFormError, and AccessRefused when the agreement would refuse it even with the customer's consent.
    """
    customer, agreed = tenancy.current(), term()
    reason, case = reason.strip(), case.strip()
    check_request(reason=reason, case=case, minutes=minutes, longest=agreed.longest, at=at, zone=customer.standing.zone)
    row = StaffAccess(
        id=new_id(at=at),
        staff_id=staff_id,
        staff_name=staff_name.strip(),
        offering=offering,
        reason=reason,
        case=case,
        minutes=minutes,
        consent_needed=agreed.consent,
        clause=agreed.clause,
        state="asked",
        asked_at=at,
    )
    _refuse_what_consent_cannot_heal(customer, row, at=at)
    with transaction.atomic():
        open_ones = StaffAccess.objects.select_for_update().filter(staff_id=staff_id, state__in=["asked", "active"])
        if any(_state(one, at) in ("asked", "active") for one in open_ones):
            raise AccessFormError(
                "you have an open request for this customer already",
                field="reason",
                remedy="Wait for the answer, withdraw it, or end the access that is running.",
            )
        row.save(force_insert=True)
        _leave(row, "staff-access.asked", at=at, more={"reason_sha256": hashlib.sha256(reason.encode()).hexdigest()})
        if agreed.consent:
            _write(row, "asked", words.asked(customer, _view(row, at)))
            _later(row, at=row.asked_at + UNANSWERED)
        else:
            _begin(row, at=at)
            _write(row, "begun", words.begun(customer, _view(row, at)))
        _afterwards(row, at=at)
    return _view(row, at)


def consent(request_id: UUID, *, by: UUID, at: datetime) -> AccessView:
    """The customer consents: the access begins now. `by` is its person. Raises NoSuchAccess, WrongMoment."""
    with transaction.atomic():
        row = _locked(request_id)
        moved(_state(row, at), "consent")
        row.decided_at, row.decided_by = at, by
        _begin(row, at=at)
        _leave(row, "staff-access.consented", at=at, more={"user": str(by)})
        _afterwards(row, at=at)
    return _view(row, at)


def refuse(request_id: UUID, *, by: UUID, at: datetime) -> AccessView:
    """The customer refuses. Raises NoSuchAccess, WrongMoment."""
    with transaction.atomic():
        row = _locked(request_id)
        row.state = moved(_state(row, at), "refuse")
        row.decided_at, row.decided_by = at, by
        row.save(update_fields=["state", "decided_at", "decided_by"])
        _leave(row, "staff-access.refused", at=at, more={"user": str(by)})
        _afterwards(row, at=at)
    return _view(row, at)


def withdraw(request_id: UUID, *, staff_id: UUID, at: datetime) -> AccessView:
    """Whoever asked takes the request back. Raises NoSuchAccess, WrongMoment."""
    with transaction.atomic():
        row = _locked(request_id)
        row.state = moved(_state(row, at), "withdraw")
        row.save(update_fields=["state"])
        _leave(row, "staff-access.withdrawn", at=at, more={"by_staff": str(staff_id)})
        _afterwards(row, at=at)
    return _view(row, at)


def end(request_id: UUID, *, by: UUID, party: Party, at: datetime) -> AccessView:
    """End a running access at once; the next question to the gate is refused. Raises NoSuchAccess, WrongMoment."""
    with transaction.atomic():
        row = _locked(request_id)
        moved(_state(row, at), "end")
        _take_grant(row)
        _close(row, by=party, at=at)
        _leave(row, "staff-access.ended", at=at, more={"by": party, "user": str(by), "looks": row.looks})
        _afterwards(row, at=at)
    return _view(row, at)


def look(*, staff_id: UUID, what: str, at: datetime, details: Mapping[str, str] | None = None) -> AccessView:
    """One look by somebody of the staff: asks the gate, counts, and leaves evidence before anything is shown.

    `what` names the page ("recordings", "recording"), `details` ids. Raises AccessRefused when the gate refuses.
    """
    running = current_grant(staff_id=staff_id, at=at)
    offering = running.offering if running else "call-recording"
    decision = contract.ask(SUPPORT_ACCESS, at=at, offering=offering, person=str(staff_id))
    if not decision.allowed or running is None:
        raise AccessRefused(
            decision.reason if not decision.allowed else "nobody has granted access to this person",
            clause=decision.clause if not decision.allowed else term().clause,
            remedy=(not decision.allowed and decision.remedy) or "Ask for support access first.",
        )
    with transaction.atomic():
        row = _locked(running.id)
        if _state(row, at) != "active":
            raise AccessRefused("the access has just ended", clause=row.clause, remedy="Ask for support access anew.")
        StaffAccess.objects.filter(id=row.id).update(looks=F("looks") + 1, last_look=at)
        row.refresh_from_db()
        facts = {"looked_at": what, **(details or {})}
        entry_id = new_id(at=at)
        details_kept = {**_facts(row), **facts}
        obligations.evidence(
            kind="staff-access.looked", clause=decision.clause, details=details_kept, at=at, entry_id=entry_id
        )
        customer = tenancy.current()
        transaction.on_commit(
            partial(
                record_for_provider,
                kind="staff-access.looked",
                clause=decision.clause,
                details={"customer": str(customer.id), **details_kept},
                at=at,
                entry_id=entry_id,
            )
        )
    return _view(row, at)


def current_grant(*, staff_id: UUID, at: datetime) -> AccessView | None:
    """The access of this person that is running at `at`, if any."""
    row = StaffAccess.objects.filter(staff_id=staff_id, state="active", starts__lte=at, ends__gt=at).first()
    return _view(row, at) if row else None


def running(*, at: datetime) -> list[AccessView]:
    """Whatever is running at `at`: the customer's console shows it on every page."""
    rows = StaffAccess.objects.filter(state="active", starts__lte=at, ends__gt=at).order_by("ends")
    return [_view(row, at) for row in rows]


def waiting(*, at: datetime) -> list[AccessView]:
    """Requests that wait for the customer's word at `at`, oldest first."""
    rows = StaffAccess.objects.filter(state="asked", asked_at__gt=at - UNANSWERED).order_by("asked_at")
    return [_view(row, at) for row in rows]


def history(*, at: datetime, limit: int = 50, before: UUID | None = None) -> list[AccessView]:
    """All requests, newest first; `before` is the id of the last one of the page before."""
    rows = StaffAccess.objects.order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [_view(row, at) for row in rows[:limit]]


def get(request_id: UUID, *, at: datetime) -> AccessView:
    """One request; raises NoSuchAccess."""
    row = StaffAccess.objects.filter(id=request_id).first()
    if row is None:
        raise NoSuchAccess("there is no such request")
    return _view(row, at)


def docket(*, at: datetime, limit: int = 50, before: UUID | None = None) -> list[DocketLine]:
    """The requests over all customers, newest first: the provider's list."""
    rows = AccessDocket.objects.order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [
        DocketLine(
            id=row.id,
            customer_id=row.customer_id,
            staff_id=row.staff_id,
            offering=row.offering,
            case=row.case,
            state=state_at(cast(State, row.state), asked_at=row.asked_at, ends=row.ends, at=at),
            asked_at=row.asked_at,
            ends=row.ends,
        )
        for row in rows[:limit]
    ]


def settle(request_id: UUID, *, at: datetime) -> None:
    """What the job does: an access whose time is over ends, an unanswered request lapses, and what follows, follows."""
    row = StaffAccess.objects.select_for_update().filter(id=request_id).first()
    if row is None:
        return
    now_state = _state(row, at)
    if now_state == "ended" and row.state == "active":
        _take_grant(row)
        _close(row, by="time", at=cast(datetime, row.ends))
        _leave(row, "staff-access.ended", at=at, more={"by": "time", "looks": row.looks})
    elif now_state == "lapsed" and row.state == "asked":
        row.state = "lapsed"
        row.save(update_fields=["state"])
        _leave(row, "staff-access.lapsed", at=at)
    _afterwards(row, at=at, again=False)


def _refuse_what_consent_cannot_heal(customer: tenancy.Customer, row: StaffAccess, *, at: datetime) -> None:
    """Ask the gate as if the customer had consented: what it refuses then, no consent can open."""
    granted = _grant(row, starts=at, ends=at + timedelta(minutes=row.minutes))
    candidate = replace(granted, consented=row.consent_needed)
    standing = replace(customer.standing, grants=(*customer.standing.grants, candidate))
    decision: Decision = contract.ask_for(
        replace(customer, standing=standing), SUPPORT_ACCESS, at=at, offering=row.offering, person=str(row.staff_id)
    )
    if not decision.allowed:
        raise AccessRefused(decision.reason, clause=decision.clause, remedy=decision.remedy or "")


def _grant(row: StaffAccess, *, starts: datetime, ends: datetime) -> Grant:
    return Grant(
        id=str(row.id),
        person=str(row.staff_id),
        purpose=SUPPORT_ACCESS,
        offering=row.offering,
        starts=starts,
        ends=ends,
        consented=row.decided_by is not None,
    )


def _begin(row: StaffAccess, *, at: datetime) -> None:
    row.state, row.starts, row.ends = "active", at, at + timedelta(minutes=row.minutes)
    row.save()
    signed = contract.binding().agreement
    event = Event(kind="staff-access-granted", id=str(row.id), at=at, facts={"ends": row.ends.isoformat()})
    zone = tenancy.current().standing.zone
    obligations.open_duties(signed, event, zone=zone, subject=f"case {row.case}", at=at)
    _leave(row, "staff-access.granted", at=at, more={"ends": row.ends.isoformat()})
    _later(row, at=row.ends)


def _close(row: StaffAccess, *, by: str, at: datetime) -> None:
    row.state, row.ended_at, row.ended_by = "ended", at, by
    row.save(update_fields=["state", "ended_at", "ended_by"])
    if by != "time":
        obligations.meet(f"staff-access-granted:{row.id}:ends", at=at, by=by)
    _write(row, "ended", words.ended(tenancy.current(), _view(row, at)))


def _take_grant(row: StaffAccess) -> None:
    """Before the commit: should it fail, the grant is gone all the same, and nobody looks too long."""
    follow(replace_grant=(str(row.id), None), customer_id=tenancy.current().id)


def _afterwards(row: StaffAccess, *, at: datetime, again: bool = True) -> None:
    """Once committed: the grant, the provider's list and the provider's log follow; a job repeats it after a crash."""
    customer_id = tenancy.current().id
    grant = None
    if row.state == "active" and row.starts is not None and row.ends is not None and row.ends > at:
        grant = _grant(row, starts=row.starts, ends=row.ends)

    def task() -> None:
        follow(replace_grant=(str(row.id), grant), customer_id=customer_id, row=row, at=at)

    if again:
        obligations.enqueue(kind=FOLLOW, key=f"access:{row.id}:{row.state}", due=at, payload={"request": str(row.id)})
        transaction.on_commit(task, robust=True)
    else:
        task()


def _later(row: StaffAccess, *, at: datetime) -> None:
    obligations.enqueue(
        kind=FOLLOW, key=f"access:{row.id}:at:{at.isoformat()}", due=at, payload={"request": str(row.id)}
    )


def _leave(row: StaffAccess, kind: str, *, at: datetime, more: Mapping[str, str | int] | None = None) -> None:
    """Evidence in the customer's log. The provider's follows from `follow`, once for each state."""
    obligations.evidence(kind=kind, clause=row.clause, details={**_facts(row), **(more or {})}, at=at)


def _facts(row: StaffAccess) -> dict[str, str]:
    return {"access": str(row.id), "staff": str(row.staff_id), "offering": row.offering, "case": row.case}


def _write(row: StaffAccess, phase: str, letter: tuple[str, str]) -> None:
    words.send(key=f"staff-access:{row.id}:{phase}", letter=letter, clause=row.clause)


def _locked(request_id: UUID) -> StaffAccess:
    row = StaffAccess.objects.select_for_update().filter(id=request_id).first()
    if row is None:
        raise NoSuchAccess("there is no such request")
    return row


def _state(row: StaffAccess, at: datetime) -> State:
    return state_at(cast(State, row.state), asked_at=row.asked_at, ends=row.ends, at=at)


def _view(row: StaffAccess, at: datetime) -> AccessView:
    state = _state(row, at)
    by_time = state == "ended" and row.ended_at is None
    return AccessView(
        id=row.id,
        staff_id=row.staff_id,
        staff_name=row.staff_name,
        offering=row.offering,
        reason=row.reason,
        case=row.case,
        minutes=row.minutes,
        consent_needed=row.consent_needed,
        state=state,
        clause=row.clause,
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        starts=row.starts,
        ends=row.ends,
        ended_at=row.ends if by_time else row.ended_at,
        ended_by="time" if by_time else row.ended_by,
        looks=row.looks,
        last_look=row.last_look,
    )
