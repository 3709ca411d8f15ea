"""Acceptable use: the provider asks to correct, waits as long as the agreement says, may then suspend, and lifts.

A suspension stops new collection only; what is stored stays the customer's to read and export.
"""

from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from parley.agreement.api import Event, after
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.governance.instructions.errors import InstructionRefused, UnknownInstruction
from parley.governance.instructions.models import MisuseRecord
from parley.governance.instructions.settling import settle_on_commit
from parley.governance.instructions.telling import tell
from parley.governance.instructions.types import MISUSES, Misuse, MisuseState
from parley.obligations import api as obligations


def report_misuse(*, kind: str, text: str, by: UUID, at: datetime) -> Misuse:
    """The provider asks the customer in scope to correct a prohibited use; the customer is written to.

    Raises InstructionRefused.
    """
    if kind not in MISUSES:
        raise InstructionRefused(_("this kind of misuse is not known"), remedy=", ".join(MISUSES), field="kind")
    if not text.strip():
        raise InstructionRefused(
            _("a request to correct needs words"), remedy=_("Say what was found, and what has to end."), field="text"
        )
    agreement, zone = contract.binding().agreement, contract.order().zone
    term = agreement.terms.suspension
    with transaction.atomic():
        row = MisuseRecord(
            id=new_id(at=at),
            kind=kind,
            text=text.strip(),
            state="requested",
            clause=agreement.clause_of("suspension.after"),
            requested_by=str(by),
            requested_at=at,
            may_suspend_at=after(at, term.after, zone=zone) if term.after is not None else at,
        )
        row.save(force_insert=True)
        _leave_evidence(row, "misuse.reported", by=by, at=at)
        event = Event(kind="misuse-found", id=str(row.id), at=at)
        obligations.open_duties(agreement, event, zone=zone, subject=kind)
        tell(
            key=f"misuse:{row.id}:request",
            subject=_("Please correct a use of the service: %s") % MISUSES[kind],
            text=_(
                "Our request, under clause %(clause)s:\n\n%(text)s\n\n"
                "If it is not corrected by %(until)s, the service may be suspended: nothing new would be collected, "
                "and what is stored would stay yours to read and export.\n\n"
                "Say so on the page Instructions once it is corrected."
            )
            % {"clause": row.clause, "text": row.text, "until": _instant(row.may_suspend_at)},
            clause=row.clause,
        )
    return _view(row)


def correct_misuse(misuse_id: UUID, *, text: str, by: UUID, at: datetime) -> Misuse:
    """The customer says that the use is corrected; a suspension stays until the provider has lifted it."""
    if not text.strip():
        raise InstructionRefused(_("a correction needs words"), remedy=_("Say what was changed."), field="correction")
    with transaction.atomic():
        row = _locked(misuse_id, "requested", "suspended")
        row.correction, row.corrected_by, row.corrected_at = text.strip(), str(by), at
        if row.state == "requested":
            row.state = "corrected"
            obligations.cancel("misuse-found", str(row.id), at=at, reason="corrected")
        row.save()
        _leave_evidence(row, "misuse.corrected", by=by, at=at)
    return _view(row)


def suspend(misuse_id: UUID, *, by: UUID, at: datetime) -> Misuse:
    """The provider suspends the service of the customer in scope: recorders refuse new calls within two seconds.

    Raises InstructionRefused before the time to correct is over.
    """
    with transaction.atomic():
        row = _locked(misuse_id, "requested")
        if at < row.may_suspend_at:
            raise InstructionRefused(
                _("the customer has until %(until)s to correct it (clause %(clause)s)")
                % {"until": _instant(row.may_suspend_at), "clause": row.clause},
                remedy=_("Suspend it afterwards, unless it was corrected."),
            )
        row.state, row.suspended_at = "suspended", at
        row.save()
        _leave_evidence(row, "misuse.suspended", by=by, at=at)
        settle_on_commit(new_id(at=at))
        tell(
            key=f"misuse:{row.id}:suspended",
            subject=_("The service is suspended: %s") % MISUSES[row.kind],
            text=_(
                "What we asked you to correct on %(asked)s was not corrected:\n\n%(text)s\n\n"
                "Under clause %(clause)s nothing new is collected from now on. What is stored stays yours to read and "
                "export. Say on the page Instructions when it is corrected; we lift the suspension then."
            )
            % {"asked": _instant(row.requested_at), "text": row.text, "clause": row.clause},
            clause=row.clause,
        )
    return _view(row)


def lift(misuse_id: UUID, *, by: UUID, at: datetime) -> Misuse:
    """The provider lifts a suspension."""
    with transaction.atomic():
        row = _locked(misuse_id, "suspended")
        row.state, row.lifted_at = "lifted", at
        row.save()
        _leave_evidence(row, "misuse.lifted", by=by, at=at)
        settle_on_commit(new_id(at=at))
        tell(
            key=f"misuse:{row.id}:lifted",
            subject=_("The suspension is lifted: %s") % MISUSES[row.kind],
            text=_("The service collects again. The suspension of %(since)s is lifted.")
            % {"since": _instant(row.suspended_at or at)},
            clause=row.clause,
        )
    return _view(row)


def misuses(*, limit: int = 100) -> tuple[Misuse, ...]:
    """The requests to the customer in scope, the newest first."""
    return tuple(_view(row) for row in MisuseRecord.objects.order_by("-requested_at", "-id")[:limit])


def _locked(misuse_id: UUID, *states: str) -> MisuseRecord:
    row = MisuseRecord.objects.select_for_update().filter(id=misuse_id).first()
    if row is None:
        raise UnknownInstruction(_("there is no such request"), remedy=_("Choose one of the list."))
    if row.state not in states:
        raise InstructionRefused(_("this request is past that: it is %s") % row.state, remedy=_("Load the page again."))
    return row


def _leave_evidence(row: MisuseRecord, kind: str, *, by: UUID, at: datetime) -> None:
    obligations.evidence(
        kind=kind, clause=row.clause, details={"user": str(by), "misuse": str(row.id), "of": row.kind}, at=at
    )


def _instant(at: datetime) -> str:
    return f"{at.astimezone():%d %B %Y, %H:%M %Z}"


def _view(row: MisuseRecord) -> Misuse:
    return Misuse(
        id=row.id,
        kind=row.kind,
        text=row.text,
        state=cast(MisuseState, row.state),
        clause=row.clause,
        requested_at=row.requested_at,
        may_suspend_at=row.may_suspend_at,
        correction=row.correction,
        corrected_at=row.corrected_at,
        suspended_at=row.suspended_at,
        lifted_at=row.lifted_at,
    )
