"""Whom to look after, and when: one row per customer and kind of work in the provider's database.

A wake is a hint that spares looking into every customer's database all the time. It is written after the customer's own
transaction; when a crash comes between, whoever sweeps the databases now and then finds the work all the same.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connections

from parley.tenancy import models
from parley.tenancy.types import Work

_PAUSE: Final = timedelta(seconds=1)
_MOST: Final = 256
_WAKE: Final = """
INSERT INTO tenancy_wake (customer_id, what, due) SELECT %s, %s, %s FROM {quickly}
ON CONFLICT (customer_id, what) DO UPDATE SET due = LEAST(tenancy_wake.due, EXCLUDED.due)
"""
_UNSYNCED: Final = "(SELECT set_config('synchronous_commit', 'off', true)) AS hint"
"""A hint that a crash loses is found by the sweep: nobody waits for the disk."""
_AS_ALL: Final = "(SELECT) AS hint"
_soon: dict[tuple[UUID, Work], datetime] = {}


def wake(customer_id: UUID, what: Work, due: datetime) -> None:
    """See to it that `what` of this customer is looked at by `due`; an earlier wake stays."""
    with connections["provider"].cursor() as cursor:
        quickly = _AS_ALL if cursor.db.in_atomic_block else _UNSYNCED
        cursor.execute(_WAKE.format(quickly=quickly), [customer_id, what, due])


def wake_soon(customer_id: UUID, what: Work) -> None:
    """After a commit: a wake that this process has set and that is still to come will find this too; else one is set,
    at once after a pause, in a second in a burst."""
    now, last = datetime.now(UTC), _soon.get((customer_id, what))
    if last is not None and last > now:
        return
    due = now if last is None or last < now - _PAUSE else now + _PAUSE
    wake(customer_id, what, due)
    if len(_soon) > _MOST:
        _soon.clear()
    _soon[customer_id, what] = due


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
