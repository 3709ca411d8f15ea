"""Duties as they stand: lists, counts by clause, how they were kept over the months."""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, TypeVar, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, Model, Q, QuerySet
from django.db.models.functions import TruncMonth

from parley.obligations import models
from parley.obligations.duty_rules import state_at
from parley.obligations.duty_types import BadPlace, ClauseDuties, DutyView, Kind, Month, Party, State

T = TypeVar("T", bound=Model)


def duties(
    *,
    state: State | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    clause: str | None = None,
    event_id: str | None = None,
    event_kind: str | None = None,
    owner: str | None = None,
    kinds: Collection[str] | None = None,
    states: Collection[str] | None = None,
    at: datetime | None = None,
    limit: int = 200,
    newest: bool = False,
    after: str | None = None,
) -> list[DutyView]:
    """The duties of the customer in scope by due date (`newest`: the last due first), as they stand at `at`.

    `since` and `until` bound the due date; `state` and `states` as `in_states`; now is the default of `at`; `after` is
    the `cursor` of the last line of the page before. Raises BadPlace.
    """
    now = at or datetime.now(UTC)
    rows = models.Duty.objects.all()
    given = {
        "due__gte": since, "due__lt": until, "clause": clause, "event_id": event_id, "event_kind": event_kind,
        "owner": owner, "kind__in": None if kinds is None else list(kinds),
    }  # fmt: skip
    rows = rows.filter(**{name: value for name, value in given.items() if value is not None})
    wanted = [state] if state is not None else states
    if wanted is not None:
        rows = rows.filter(in_states(wanted, at=now))
    return [view(row, at=now) for row in page(rows, after=after, newest=newest, limit=limit)]


def duty(key: str, *, at: datetime | None = None) -> DutyView | None:
    """The duty of that key, if there is one."""
    row = models.Duty.objects.filter(key=key).first()
    return view(row, at=at or datetime.now(UTC)) if row else None


def duty_of(duty_id: UUID, *, at: datetime | None = None) -> DutyView | None:
    """The duty of that id, if there is one."""
    row = models.Duty.objects.filter(id=duty_id).first()
    return view(row, at=at or datetime.now(UTC)) if row else None


def count(
    *, states: Collection[str], at: datetime, owner: str | None = None, kinds: Collection[str] | None = None
) -> int:
    """How many duties of the customer in scope are in one of `states` (as `in_states`)."""
    rows = models.Duty.objects.filter(in_states(states, at=at))
    if owner is not None:
        rows = rows.filter(owner=owner)
    return rows.count() if kinds is None else rows.filter(kind__in=list(kinds)).count()


def page(rows: QuerySet[T], *, after: str | None, newest: bool, limit: int) -> QuerySet[T]:
    """A page of duties or lines in the order of their due dates. Raises BadPlace."""
    if after is not None:
        due, last = _place(after)
        way = "lt" if newest else "gt"
        rows = rows.filter(Q(**{f"due__{way}": due}) | Q(**{"due": due, f"id__{way}": last}))
    order = ("-due", "-id") if newest else ("due", "id")
    return rows.order_by(*order)[: max(1, min(limit, 100_000))]


def by_clause(*, at: datetime) -> dict[str, ClauseDuties]:
    """What is open and late, and the next due date, of each clause that has duties."""
    overdue = in_states(["late"], at=at)
    rows = models.Duty.objects.values("clause").annotate(
        opened=Count("id", filter=Q(state="open")),
        soon=Count("id", filter=Q(state="open", kind="duty", warn_from__lte=at, due__gt=at)),
        overdue=Count("id", filter=overdue),
        kept=Count("id", filter=Q(state="met")),
        following=Min("due", filter=Q(state="open", due__gt=at)),
    )
    return {
        row["clause"]: ClauseDuties(
            open=row["opened"], due=row["soon"], late=row["overdue"], met=row["kept"], next_due=row["following"]
        )
        for row in rows
    }


def due_by_week(*, at: datetime, weeks: int) -> list[int]:
    """How many duties of the customer in scope are late, then how many are due in each of the next `weeks` weeks."""
    return by_week(models.Duty.objects.all(), at=at, weeks=weeks)


def by_week(rows: QuerySet[Any], *, at: datetime, weeks: int) -> list[int]:
    """As `due_by_week`, of duties or of lines of the calendar."""
    week = timedelta(days=7)
    counts = {"late": Count("id", filter=in_states(["late"], at=at))}
    for number in range(weeks):
        within = Q(state="open", kind="duty", due__gt=at + number * week, due__lte=at + (number + 1) * week)
        counts[f"week{number}"] = Count("id", filter=within)
    found = rows.aggregate(**counts)
    return [found[name] for name in counts]


def kept_on_time(since: datetime, *, zone: str = "UTC") -> list[Month]:
    """Per month of the due date in `zone`, how the duties of the customer in scope were kept."""
    return months(models.Duty.objects.all(), since=since, zone=zone)


def months(rows: QuerySet[Any], *, since: datetime, zone: str) -> list[Month]:
    """As `kept_on_time`, of duties or of lines of the calendar; windows and moments keep themselves."""
    ended = (
        rows.filter(kind="duty", due__gte=since, state__in=["met", "breached", "waived"])
        .annotate(month=TruncMonth("due", tzinfo=ZoneInfo(zone)))
        .values("month")
        .annotate(
            on_time=Count("id", filter=Q(state="met", late=False)),
            overdue=Count("id", filter=Q(state="breached") | Q(state="met", late=True)),
            waived=Count("id", filter=Q(state="waived")),
        )
        .order_by("month")
    )
    return [
        Month(month=_first(row["month"]), on_time=row["on_time"], late=row["overdue"], waived=row["waived"])
        for row in ended
    ]


def in_states(states: Iterable[str], *, at: datetime) -> Q:
    """The condition for duties in one of `states` at `at`.

    Besides the states of a DutyView: "waiting" is open or due or late, "late" breached and not met, or open past its
    due date although no worker has looked yet.
    """
    late = Q(state="breached") | Q(state="open", kind="duty", due__lte=at)
    known = {
        "open": Q(state="open"),
        "due": Q(state="open", due__gt=at) & Q(warn_from__lte=at),
        "late": late,
        "breached": late,
        "waiting": Q(state="open") | late,
    }
    where = Q(pk__in=[])
    for state in states:
        where |= known.get(state, Q(state=state))
    return where


def view(row: models.Duty | models.CalendarLine, *, at: datetime) -> DutyView:
    """The row as others see it at `at`."""
    overdue = row.state == "open" and row.kind == "duty" and row.due <= at
    return DutyView(
        id=row.id,
        key=row.key,
        clause=row.clause,
        title=row.title,
        subject=row.subject,
        kind=cast(Kind, row.kind),
        owner=cast(Party, row.owner),
        protects=cast(Literal["customer", "provider", "persons"], row.protects),
        statutory=row.statutory,
        authored=row.authored,
        starts=row.starts,
        due=row.due,
        state=state_at(row.state, kind=row.kind, warn_from=row.warn_from, due=row.due, at=at),
        late=row.late or overdue,
        met_at=row.met_at,
        breached_at=getattr(row, "breached_at", None),
        event_kind=row.event_kind,
        event_id=row.event_id,
        evidence_id=row.evidence_id,
        reason=getattr(row, "reason", ""),
    )


def _place(after: str) -> tuple[datetime, UUID]:
    due, _, line = after.partition("_")
    try:
        return datetime.fromisoformat(due).astimezone(UTC), UUID(line)
    except (ValueError, OverflowError) as error:
        raise BadPlace("this is no place in the list", remedy="Start at its first page.") from error


def _first(month: datetime) -> date:
    return date(month.year, month.month, 1)
