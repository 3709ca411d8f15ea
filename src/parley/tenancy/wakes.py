"""Whom to look after, and when: one row per customer and kind of work in the provider's database.

A wake is a hint that spares looking into every customer's database all the time. It is written after the customer's own
transaction; when a crash comes between, whoever sweeps the databases now and then finds the work all the same.
"""

from datetime import datetime
from uuid import UUID

from django.db import connections

from parley.tenancy import models
from parley.tenancy.types import Work


def wake(customer_id: UUID, what: Work, due: datetime) -> None:
    """See to it that `what` of this customer is looked at by `due`; an earlier wake stays."""
    with connections["provider"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenancy_wake (customer_id, what, due) VALUES (%s, %s, %s)"
            " ON CONFLICT (customer_id, what) DO UPDATE SET due = LEAST(tenancy_wake.due, EXCLUDED.due)",
            [customer_id, what, due],
        )


def due_wakes(what: Work, now: datetime) -> list[UUID]:
    """The customers to look at now, longest overdue first."""
    due = models.Wake.objects.filter(what=what, due__lte=now).order_by("due")
    return list(due.values_list("customer_id", flat=True))


def rest(customer_id: UUID, what: Work, *, seen: datetime, due: datetime | None) -> None:
    """All that was due at `seen` is done: sleep until `due`, or for ever. A wake that came meanwhile stays.

    `seen` is the instant that `due_wakes` was asked with.
    """
    rows = models.Wake.objects.filter(customer_id=customer_id, what=what, due__lte=seen)
    if due is None:
        rows.delete()
    else:
        rows.update(due=due)
