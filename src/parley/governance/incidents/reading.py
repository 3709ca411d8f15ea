"""Reading incidents: the provider's register and clocks, and what one customer sees of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet, Sum

from parley.governance.incidents.errors import NoSuchIncident
from parley.governance.incidents.models import Affected, Considered, Declaration, Notice, Phase
from parley.governance.incidents.noticing import contact_of, counts_of, knowledge_of
from parley.governance.incidents.types import (
    Affair,
    CustomerLine,
    Incident,
    Knowledge,
    NoticeView,
    PhaseKind,
    PhaseView,
    Progress,
    Why,
    criteria_from_json,
)
from parley.tenancy import api as tenancy


def register(*, before: datetime | None = None, limit: int = 50) -> list[Incident]:
    """The provider's register of breaches (GDPR Art. 33(5)), newest first, the un-notified ones included."""
    rows = _declarations()
    rows = rows.filter(declared_at__lt=before) if before else rows
    return [_incident(row) for row in rows.order_by("-declared_at")[:limit]]


def incident(incident_id: UUID) -> Incident:
    """One incident of the register. Raises NoSuchIncident."""
    row = _declarations().filter(id=incident_id).first()
    if row is None:
        raise NoSuchIncident
    return _incident(row)


def progress(incident_id: UUID) -> Progress:
    """How far the latest round of notices is. Raises NoSuchIncident."""
    phase = Phase.objects.filter(declaration_id=incident_id, at__isnull=False).order_by("-number").first()
    if phase is None:
        raise NoSuchIncident
    rows = Considered.objects.filter(declaration_id=incident_id)
    affected = rows.filter(affected=True).count()
    finished = phase.finished_at is not None
    if phase.number == 1:
        done = rows.count()
        return Progress(
            total=done if finished else len(tenancy.customers()), done=done, affected=affected, finished=finished
        )
    written = rows.filter(affected=True, written_phase__gte=phase.number).count()
    return Progress(total=affected, done=written, affected=affected, finished=finished)


def customer_lines(
    incident_id: UUID, *, affected: bool = True, after: str = "", limit: int = 100
) -> list[CustomerLine]:
    """Customers of an incident by handle; `after` is the handle of the last one seen."""
    rows = Considered.objects.filter(declaration_id=incident_id, affected=affected, handle__gt=after)
    return [_line(row) for row in rows.order_by("handle")[:limit]]


def clocks(incident_id: UUID, *, limit: int = 24) -> list[CustomerLine]:
    """The customers whose clock needs a person: those not told yet by due date, then the others."""
    rows = Considered.objects.filter(declaration_id=incident_id, affected=True)
    waiting = list(rows.filter(first_sent_at=None).order_by("due", "handle")[:limit])
    told = list(rows.exclude(first_sent_at=None).order_by("due", "handle")[: limit - len(waiting)])
    return [_line(row) for row in (*waiting, *told)]


def affairs(*, before: datetime | None = None, limit: int = 50) -> list[Affair]:
    """The incidents that touch the customer in scope, newest first."""
    rows = Affected.objects.order_by("-declared_at")
    rows = rows.filter(declared_at__lt=before) if before else rows
    return [_affair(row) for row in rows[:limit]]


def affair(incident_id: UUID) -> Affair:
    """One incident of the customer in scope. Raises NoSuchIncident."""
    row = Affected.objects.filter(id=incident_id).first()
    if row is None:
        raise NoSuchIncident
    return _affair(row)


def unacknowledged() -> tuple[int, UUID | None]:
    """How many notices to the customer in scope wait to be acknowledged, and the incident of the newest."""
    rows = Notice.objects.filter(acknowledged_at=None).order_by("-written_at").values_list("affected_id", flat=True)
    found = list(rows[:1000])
    return len(found), found[0] if found else None


def _declarations() -> QuerySet[Declaration]:
    touched = Q(considered__affected=True)
    return Declaration.objects.prefetch_related("phases").annotate(
        n_considered=Count("considered"),
        n_affected=Count("considered", filter=touched),
        n_told=Count("considered", filter=touched & Q(considered__first_sent_at__isnull=False)),
        n_persons=Sum("considered__persons", filter=touched, default=0),
        n_records=Sum("considered__records", filter=touched, default=0),
        n_problems=Count("considered", filter=~Q(considered__problem="") & touched),
        next_due=Min("considered__next_due", filter=touched),
    )


def _incident(row: Declaration) -> Incident:
    figures = vars(row)  # what the query adds
    return Incident(
        id=row.id,
        title=row.title,
        kind=row.kind,
        known_at=row.known_at,
        declared_at=row.declared_at,
        declared_by=row.declared_by,
        contact=contact_of(row),
        criteria=criteria_from_json(row.criteria),
        notified=row.notified,
        reason=row.reason,
        closed_at=row.closed_at,
        phases=tuple(_phase(one) for one in sorted(row.phases.all(), key=lambda one: one.number)),
        considered=figures["n_considered"],
        affected=figures["n_affected"],
        told=figures["n_told"],
        persons=figures["n_persons"],
        records=figures["n_records"],
        next_due=figures["next_due"],
        problems=figures["n_problems"],
    )


def _phase(row: Phase) -> PhaseView:
    return PhaseView(
        number=row.number,
        kind=cast(PhaseKind, row.kind),
        knowledge=knowledge_of(row),
        at=row.at,
        by=row.by,
        finished_at=row.finished_at,
    )


def _line(row: Considered) -> CustomerLine:
    return CustomerLine(
        customer_id=row.customer_id,
        handle=row.handle,
        name=row.name,
        affected=row.affected,
        why=cast(Why, row.why),
        agreement=row.agreement,
        clause=row.clause,
        persons=row.persons,
        records=row.records,
        due=row.due,
        promised=row.promised,
        first_sent_at=row.first_sent_at,
        last_sent_at=row.last_sent_at,
        told_phase=row.told_phase,
        written_phase=row.written_phase,
        acknowledged_at=row.acknowledged_at,
        assumed_at=row.assumed_at,
        problem=row.problem,
        next_due=row.next_due,
        next_title=row.next_title,
        letters=row.letters,
    )


def _affair(row: Affected) -> Affair:
    notices: Sequence[Notice] = list(row.notices.order_by("number"))
    return Affair(
        id=row.id,
        title=row.title,
        kind=row.kind,
        known_at=row.known_at,
        declared_at=row.declared_at,
        contact=contact_of(row),
        clause=row.clause,
        agreement=row.agreement,
        promised=row.promised,
        within=row.within,
        due=row.due,
        persons=row.persons,
        records=row.records,
        counts=counts_of(row),
        since=row.since,
        until=row.until,
        closed_at=row.closed_at,
        notices=tuple(_notice(one) for one in notices),
        letters=row.letters.count(),
        letters_ordered=row.letters.filter(ordered_at__isnull=False).count(),
    )


def _notice(row: Notice) -> NoticeView:
    return NoticeView(
        id=row.id,
        number=row.number,
        kind=cast(PhaseKind, row.kind),
        knowledge=Knowledge(**row.facts),
        text=row.text,
        written_at=row.written_at,
        dispatched_at=row.dispatched_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        assumed_at=row.assumed_at,
        problem=row.problem,
        told_how=row.told_how,
        message=row.message,
    )
