"""Who and what handles data (IM-5.handlers, IG-5.employees): roles of employees, subsidiaries, providers, media.

One register of the provider for all customers. Entries are dated: a change closes one and opens another, so that the
list of any day can be shown. Every change leaves evidence in the provider's log.
"""

from datetime import date, datetime
from typing import cast
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from parley.foundation.ids import new_id
from parley.governance.access.errors import AccessFormError, NoSuchAccess
from parley.governance.access.following import record_for_provider
from parley.governance.access.models import Handler
from parley.governance.access.rules import check_handler
from parley.governance.access.types import HandlerKind, HandlerView

OWN_CLAUSE = "provider.handlers"
CLAUSES = ("IM-5.handlers", "IG-5.employees", "IM-3b.confidentiality", "IX-4.persons", "KV-2.persons")
"""The clauses that this register carries; a page shows those of its customer's agreement."""


def enter_handler(
    *,
    kind: HandlerKind,
    name: str,
    country: str = "",
    does: str,
    bound_by: str = "",
    since: date,
    by: UUID,
    at: datetime,
) -> HandlerView:
    """A new entry; the open one of the same kind and name is closed on that day. Raises AccessFormError.

    `bound_by` says what binds them to confidentiality: an undertaking, a contract with its date.
    """
    country = country.strip().upper()
    check_handler(kind=kind, name=name, country=country, does=does)
    row = Handler(
        id=new_id(at=at), kind=kind, name=name.strip(), country=country, does=does.strip(), bound_by=bound_by.strip(),
        since=since, recorded_at=at, recorded_by=by,
    )  # fmt: skip
    with transaction.atomic(using="provider"):
        before = Handler.objects.select_for_update().filter(kind=kind, name=row.name, until__isnull=True).first()
        if before is not None:
            if before.since > since:
                raise AccessFormError(
                    "the entry before this one begins later",
                    field="since",
                    remedy=f"Choose a day from {before.since} on.",
                )
            before.until = since
            before.save(update_fields=["until"])
        row.save(force_insert=True)
        record_for_provider(
            kind="handlers.entered",
            clause=OWN_CLAUSE,
            details={"entry": str(row.id), "of": kind, "country": country, "user": str(by)},
            at=at,
            entry_id=row.id,
        )
    return _view(row)


def close_handler(entry_id: UUID, *, until: date, by: UUID, at: datetime) -> HandlerView:
    """The entry holds no longer than `until`. Raises NoSuchAccess, AccessFormError."""
    with transaction.atomic(using="provider"):
        row = Handler.objects.select_for_update().filter(id=entry_id).first()
        if row is None:
            raise NoSuchAccess("there is no such entry")
        if row.until is not None or until < row.since:
            raise AccessFormError(
                "this entry cannot end on that day", field="until", remedy="Choose an open entry and a later day."
            )
        row.until = until
        row.save(update_fields=["until"])
        record_for_provider(
            kind="handlers.closed",
            clause=OWN_CLAUSE,
            details={"entry": str(row.id), "of": row.kind, "user": str(by)},
            at=at,
            entry_id=new_id(at=at),
        )
    return _view(row)


def handlers_register(*, on: date | None = None) -> list[HandlerView]:
    """The entries that hold on the day `on`, or all of them, by kind and name."""
    rows = Handler.objects.order_by("kind", "name", "-since")
    if on is not None:
        rows = rows.filter(since__lte=on).filter(Q(until__isnull=True) | Q(until__gt=on))
    return [_view(row) for row in rows]


def _view(row: Handler) -> HandlerView:
    return HandlerView(
        id=row.id,
        kind=cast(HandlerKind, row.kind),
        name=row.name,
        country=row.country,
        does=row.does,
        bound_by=row.bound_by,
        since=row.since,
        until=row.until,
    )
