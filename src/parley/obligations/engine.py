"""The one engine for deadlines and jobs.

The truth is a row in the customer's database. Effect, evidence and done-mark commit in one transaction, so that an
effect happens exactly once whatever is killed when. Beginning an attempt is a transaction of its own: work that kills
its process is seen to be tried again and again, with growing pauses, and does not hold up what comes after it.
"""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet

from parley.foundation.errors import ParleyError
from parley.foundation.ids import new_id
from parley.ledger import api as ledger
from parley.obligations.calendar import mend
from parley.obligations.models import Deadline
from parley.obligations.rules import pause_after
from parley.obligations.types import GiveUp, Handler, Outcome, Work
from parley.tenancy import api as tenancy

_log = structlog.get_logger(__name__)
_KEPT = timedelta(days=30)
_LOOK_AGAIN = timedelta(days=1)

_ENQUEUE = """
INSERT INTO obligations_deadline (id, kind, key, due, payload, attempts, created_at, last_error)
VALUES (%s, %s, %s, %s, %s, 0, %s, '') ON CONFLICT (key) DO NOTHING RETURNING id
"""


def enqueue(*, kind: str, key: str, due: datetime, payload: Mapping[str, Any], long: bool = False) -> UUID | None:
    """Open a deadline in the caller's transaction, for the customer in scope; None when `key` was enqueued before.

    `payload` is stored in clear: ids and facts, no personal data. Whoever runs deadlines is woken on commit. `long`: a
    thread of its own does such work, so that it keeps no deadline waiting; its kind has its handler there.
    """
    now = datetime.now(UTC)
    customer = tenancy.current()
    with connection.cursor() as cursor:
        cursor.execute(_ENQUEUE, [new_id(at=now), kind, key, due, json.dumps(payload), now])
        opened = cursor.fetchone()
    transaction.on_commit(lambda: tenancy.wake(customer.id, "long" if long else "jobs", due), robust=True)
    return opened[0] if opened else None


def evidence(
    *,
    kind: str,
    clause: str,
    details: Mapping[str, ledger.JSON],
    at: datetime,
    entry_id: UUID | None = None,
    often: bool = False,
) -> UUID:
    """Record evidence in the caller's transaction, for the customer in scope, and wake its sequencer on commit.

    As `ledger.api.record`: idempotent by `entry_id`, no personal data. Of a deed that is done `often` the sequencer is
    woken once a second.
    """
    customer = tenancy.current()
    recorded = ledger.record(tenancy.Later(), kind=kind, clause=clause, details=details, at=at, entry_id=entry_id)
    if often:
        transaction.on_commit(lambda: tenancy.wake_soon(customer.id, "ledger"), robust=True)
    else:
        transaction.on_commit(lambda: tenancy.wake(customer.id, "ledger", at), robust=True)
    return recorded


def run_due(
    customer: tenancy.Customer,
    *,
    handlers: Mapping[str, Handler],
    now: datetime,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Do what is due at `now` for one customer, at most once each; kinds without a handler are left alone.

    Begins nothing more once `stop()` says so. Safe beside other processes doing the same. Raises DatabaseError when the
    database is gone.
    """
    done = failed = 0
    with tenancy.scope(customer):
        while not stop() and (work := _begin(handlers, now)):
            if _carry_out(work, handlers[work.kind]):
                done += 1
            else:
                failed += 1
        return Outcome(done=done, failed=failed, next_due=_next_due(handlers))


def sweep(*, kinds: Collection[str], long: Collection[str] = (), stop: Callable[[], bool] = lambda: False) -> int:
    """Set the wakes of all customers from what is truly open, in case one was lost; how many have something open.

    Leaves the rest to the next sweep once `stop()` says so. Also clears deadlines that were done 30 days ago, and mends
    the provider's calendar.
    """
    found = 0
    for customer in [*tenancy.customers(), tenancy.provider()]:
        if stop():
            break
        with tenancy.scope(customer):
            Deadline.objects.filter(done_at__lt=datetime.now(UTC) - _KEPT).delete()
            due, due_long = _next_due(kinds), _next_due(long)
            mend()
        if due is not None:
            tenancy.wake(customer.id, "jobs", due)
        if due_long is not None:
            tenancy.wake(customer.id, "long", due_long)
        found += due is not None or due_long is not None
    return found


def _begin(handlers: Mapping[str, Handler], now: datetime) -> Work | None:
    """Count an attempt at what is longest due, and put the next one off, before anything is tried."""
    with transaction.atomic():
        rows = _open(handlers).filter(due__lte=now).order_by("due").select_for_update(skip_locked=True)
        while (row := rows.first()) is not None:
            due, pause = row.due, pause_after(row.attempts)
            if pause is not None:
                row.attempts += 1
                row.due = max(now, datetime.now(UTC)) + pause
                row.save(update_fields=["attempts", "due"])
                return Work(
                    id=row.id, kind=row.kind, key=row.key, due=due, payload=row.payload, attempt=row.attempts, now=now
                )
            row.failed_at, row.last_error = now, row.last_error or "obligations.never-finished"
            row.save(update_fields=["failed_at", "last_error"])
    return None


def _carry_out(work: Work, handler: Handler) -> bool:
    """Effect and done-mark in one transaction; False when it has to be tried again or was given up."""
    try:
        with transaction.atomic():
            row = _open((work.kind,)).filter(id=work.id).select_for_update(skip_locked=True).first()
            if row is None or row.attempts != work.attempt:
                return True
            handler(work)
            row.done_at = datetime.now(UTC)
            row.last_error = ""
            row.save(update_fields=["done_at", "last_error"])
    # Whatever goes wrong in one piece of work must not stop the others: it is written down and tried again.
    except Exception as error:
        if isinstance(error, DatabaseError) and not _database_answers():
            raise
        _log.warning("work failed", kind=work.kind, work=str(work.id), attempt=work.attempt, error=_name(error))
        _note(work, error)
        return False
    return True


def _note(work: Work, error: Exception) -> None:
    with transaction.atomic():
        changes: dict[str, Any] = {"last_error": _name(error)}
        if isinstance(error, GiveUp):
            changes["failed_at"] = datetime.now(UTC)
        elif isinstance(error, ParleyError) and error.again_at is not None:
            # It waits for an instant that is known (write-once that ends): these are no attempts that wear out.
            changes |= {"due": min(error.again_at, datetime.now(UTC) + _LOOK_AGAIN), "attempts": 0}
        Deadline.objects.filter(id=work.id, done_at__isnull=True, failed_at__isnull=True).update(**changes)


def _name(error: Exception) -> str:
    """What may be kept of an error: its id, or its class; messages may quote data."""
    return error.error_id if isinstance(error, ParleyError) else type(error).__name__


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _open(kinds: Collection[str]) -> QuerySet[Deadline]:
    return Deadline.objects.filter(done_at__isnull=True, failed_at__isnull=True, kind__in=list(kinds))


def _next_due(kinds: Collection[str]) -> datetime | None:
    due: datetime | None = _open(kinds).order_by("due").values_list("due", flat=True).first()
    return due
