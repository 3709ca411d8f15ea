"""The provider's calendar over all customers: copies of their duties in the provider's database.

A copy is made after the commit of the change; `revision` keeps a late one from undoing a newer. A process that dies in
between leaves the copy behind, and `mend`, which the sweep calls, sees it by count and sum of revisions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Count, Q, Sum

from parley.obligations import models
from parley.obligations.duty_reading import by_week, in_states, months, page, view
from parley.obligations.duty_types import CalendarLine, Month
from parley.tenancy import api as tenancy

_COLUMNS = (
    "id", "customer_id", "key", "event_kind", "event_id", "clause", "title", "subject", "kind", "owner", "protects",
    "statutory", "authored", "starts", "due", "warn_from", "next_at", "state", "late", "met_at", "evidence_id",
    "revision",
)  # fmt: skip
_CHANGING = ("next_at", "state", "late", "met_at", "evidence_id", "revision")
_COPY = (
    f"INSERT INTO obligations_calendarline ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})"  # noqa: S608 - our own column names
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = EXCLUDED.{name}' for name in _CHANGING)}"
    " WHERE obligations_calendarline.revision < EXCLUDED.revision"
)


def copy_on_commit(rows: Sequence[models.Duty]) -> None:
    """Bring the calendar's lines of `rows` up to date once the present transaction is committed."""
    if rows:
        customer = tenancy.current().id
        lines = [_line(customer, row) for row in rows]
        transaction.on_commit(lambda: _copy(lines), robust=True)


def forget_customer(customer_id: UUID) -> int:
    """Drop the lines of a customer that has departed: its own duties are no more; how many there were."""
    return models.CalendarLine.objects.filter(customer_id=customer_id).delete()[0]


def calendar(
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    customer: UUID | None = None,
    states: Collection[str] | None = None,
    owner: str | None = None,
    kinds: Collection[str] | None = None,
    clause: str | None = None,
    at: datetime | None = None,
    limit: int = 200,
    after: str | None = None,
    newest: bool = False,
) -> list[CalendarLine]:
    """The duties of all customers, by due date (`newest`: the last due first), as they stand at `at`, by default now.

    `states` as `duty_reading.in_states`; `after` is the `cursor` of the last line of the page before. Raises BadPlace.
    """
    now = at or datetime.now(UTC)
    rows = models.CalendarLine.objects.filter(chosen(
        since=since, until=until, customer=customer, states=states, owner=owner, kinds=kinds, clause=clause,
        at=now,
    ))  # fmt: skip
    return [
        CalendarLine(customer_id=row.customer_id, duty=view(row, at=now))
        for row in page(rows, after=after, newest=newest, limit=limit)
    ]


def count(
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    customer: UUID | None = None,
    states: Collection[str] | None = None,
    owner: str | None = None,
    kinds: Collection[str] | None = None,
    at: datetime | None = None,
) -> int:
    """How many lines the calendar has of that choice."""
    chosen_lines = chosen(
        since=since, until=until, customer=customer, states=states, owner=owner, kinds=kinds,
        at=at or datetime.now(UTC),
    )  # fmt: skip
    return models.CalendarLine.objects.filter(chosen_lines).count()


def chosen(
    *,
    at: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    customer: UUID | None = None,
    states: Collection[str] | None = None,
    owner: str | None = None,
    kinds: Collection[str] | None = None,
    clause: str | None = None,
) -> Q:
    """The condition of a choice of lines or duties."""
    where = Q()
    given = {"due__gte": since, "due__lt": until, "customer_id": customer, "owner": owner, "clause": clause}
    for name, value in given.items():
        if value is not None:
            where &= Q(**{name: value})
    if kinds is not None:
        where &= Q(kind__in=list(kinds))
    return where if states is None else where & in_states(states, at=at)


def in_need(*, at: datetime) -> list[UUID]:
    """The customers of whom a duty has a warning or a due date behind it that nobody looked at yet."""
    rows = models.CalendarLine.objects.filter(next_at__lte=at)
    return list(rows.values_list("customer_id", flat=True).distinct())


def mend() -> bool:
    """Copy all duties of the customer in scope when the calendar does not hold them as they are; whether it did."""
    customer = tenancy.current().id
    truth = models.Duty.objects.aggregate(rows=Count("id"), revisions=Sum("revision"))
    copies = models.CalendarLine.objects.filter(customer_id=customer)
    if truth == copies.aggregate(rows=Count("id"), revisions=Sum("revision")):
        return False
    # Copies first: what is copied was committed before, so a duty that appears meanwhile is never taken for strange.
    copied = set(copies.values_list("id", flat=True))
    strange = copied - set(models.Duty.objects.values_list("id", flat=True))
    if strange:
        copies.filter(id__in=strange).delete()
    _copy(_line(customer, row) for row in models.Duty.objects.iterator(chunk_size=1000))
    return True


def kept_on_time(since: datetime, *, zone: str = "UTC") -> list[Month]:
    """Per month of the due date in `zone`, how the duties of all customers were kept."""
    return months(models.CalendarLine.objects.all(), since=since, zone=zone)


def due_by_week(*, at: datetime, weeks: int, customer: UUID | None = None) -> list[int]:
    """As `duty_reading.due_by_week`, over all customers or one."""
    return by_week(models.CalendarLine.objects.filter(chosen(at=at, customer=customer)), at=at, weeks=weeks)


def _copy(lines: Iterable[Sequence[Any]]) -> None:
    with connections["provider"].cursor() as cursor:
        cursor.executemany(_COPY, list(lines))


def _line(customer: UUID, row: models.Duty) -> tuple[Any, ...]:
    values: Mapping[str, Any] = {**{name: getattr(row, name, None) for name in _COLUMNS}, "customer_id": customer}
    return tuple(values[name] for name in _COLUMNS)
