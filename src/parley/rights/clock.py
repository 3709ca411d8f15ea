"""The clock of a request: duties from receipt, a pause for identity, two months more. Duties follow by revision.

A duty's date never moves. When the clock moves, the open ones end with the reason, and new ones are opened for the
request's next `revision`, counted from a receipt that lies later by what the clock stood still.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from parley.agreement.api import Agreement, Event, Span, after, plan
from parley.obligations import api as obligations
from parley.rights.binding import Bound, bound, own
from parley.rights.errors import MoveRefused
from parley.rights.models import Pause, Request
from parley.rights.rules import paused_for

EVENT: Final = "rights-request-received"
_CLOCK: Final = ("answer", "extend-notice", "longest")


def event_id(row: Request) -> str:
    """What names the duties of the request at its present revision."""
    return str(row.id) if not row.revision else f"{row.id}.{row.revision}"


def key(row: Request, word: str) -> str:
    """The key of the duty "answer" or "forward"."""
    return f"{EVENT}:{row.id if word == 'forward' else event_id(row)}:{word}"


def dates(agreement: Agreement, *, received_at: datetime, zone: str) -> tuple[datetime, datetime]:
    """When the answer is due, and the last day that an extension would give."""
    planned = {one.duty: one.due for one in plan(agreement, Event(kind=EVENT, id="-", at=received_at), zone=zone)}
    return planned["answer"], planned.get("longest", planned["answer"])


def begin(row: Request, binds: Bound, *, at: datetime) -> None:
    """Open the duties of receipt."""
    _open(row, binds.agreement, binds, received_at=row.received_at, at=at)


def pause(row: Request, *, ground: str, at: datetime) -> None:
    """The clock stands still from now on: the person was asked, with `ground`, to prove who it is (Art. 12(6))."""
    if Pause.objects.filter(request=row, ended_at__isnull=True).exists() or at >= row.due:
        return
    Pause.objects.create(request=row, began_at=at, ground=ground)
    obligations.cancel(EVENT, event_id(row), at=at, reason="the clock pauses for identification", only=_CLOCK)


def resume(row: Request, *, at: datetime) -> None:
    """The clock runs on, if it stood still."""
    standing = Pause.objects.filter(request=row, ended_at__isnull=True).first()
    if standing is None:
        return
    standing.ended_at = max(at, standing.began_at)
    standing.save(update_fields=["ended_at"])
    _renew(row, at=at)


def extend(row: Request, *, at: datetime) -> None:
    """Two months more. Raises MoveRefused after the first month, a second time, and while the clock stands still."""
    if row.extended_at is not None:
        raise MoveRefused("the answer was extended already", remedy="It can be extended once.")
    if Pause.objects.filter(request=row, ended_at__isnull=True).exists():
        raise MoveRefused("the clock stands still", remedy="Verify the identity first, then extend.")
    if at >= row.due:
        raise MoveRefused(
            "the first month is over: an extension is told inside it (GDPR Art. 12(3))",
            remedy="Answer now; the delay is in evidence.",
        )
    if row.longest <= row.due:
        raise MoveRefused("the agreement gives no extension", remedy="Answer within the time that is left.")
    obligations.meet(
        key(row, "answer"), at=at, by="rights", details={"extended": True}, note="told that the answer takes longer"
    )
    obligations.cancel(EVENT, event_id(row), at=at, reason="extended", only=_CLOCK)
    row.extended_at = at
    _renew(row, at=at)


def end(row: Request, *, met: bool, by: str, at: datetime) -> None:
    """Nothing more is due: the answer was given (`met`), or the request was taken back."""
    Pause.objects.filter(request=row, ended_at__isnull=True).update(ended_at=at)
    if met and obligations.duty(key(row, "answer")) is not None:
        obligations.meet(key(row, "answer"), at=at, by=by)
    reason = "answered" if met else "withdrawn by the person"
    for revision in range(row.revision + 1):
        name = str(row.id) if not revision else f"{row.id}.{revision}"
        obligations.cancel(EVENT, name, at=at, reason=reason, only=_CLOCK)


def _renew(row: Request, *, at: datetime) -> None:
    """Duties anew for the next revision, from a receipt that lies later by all pauses."""
    binds = bound(kinds=row.kinds)
    # The clause is that of receipt: which of its own people asked is not asked again.
    term = replace(binds.term, forward="no", clause=row.clause if own() else binds.clause)
    received = row.received_at + paused_for(
        [(one.began_at, one.ended_at) for one in Pause.objects.filter(request=row)], at=at
    )
    if row.extended_at is not None:
        whole = _sum(term.answer, term.extension, received_at=received, zone=binds.zone)
        term = replace(term, answer=whole, extension=Span(0, whole.unit))
    agreement = replace(binds.agreement, terms=replace(binds.agreement.terms, rights=term))
    row.revision += 1
    row.due, row.longest = dates(agreement, received_at=received, zone=binds.zone)
    _open(row, agreement, binds, received_at=received, at=at)


def _open(row: Request, agreement: Agreement, binds: Bound, *, received_at: datetime, at: datetime) -> None:
    event = Event(kind=EVENT, id=event_id(row), at=received_at)
    obligations.open_duties(agreement, event, zone=binds.zone, subject=row.tag, at=at)


def _sum(first: Span, second: Span, *, received_at: datetime, zone: str) -> Span:
    """Both spans as one; of different units, in days of the calendar."""
    if first.unit == second.unit:
        return Span(first.amount + second.amount, first.unit)
    last = after(after(received_at, first, zone=zone), second, zone=zone)
    return Span((last - received_at).days, "days")
