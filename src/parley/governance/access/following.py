"""What follows a request in the provider's database: the grant that the gate reads, the list, the provider's log.

Each is idempotent and goes through the alias `provider`, so that it can be done in any customer's scope.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import connections, transaction

from parley.agreement.api import Grant, Standing
from parley.governance.access.models import AccessDocket, StaffAccess
from parley.ledger import api as ledger
from parley.tenancy import api as tenancy

_KINDS: Final = {
    "asked": "staff-access.asked",
    "active": "staff-access.granted",
    "refused": "staff-access.refused",
    "withdrawn": "staff-access.withdrawn",
    "lapsed": "staff-access.lapsed",
    "ended": "staff-access.ended",
}


def follow(
    *,
    replace_grant: tuple[str, Grant | None],
    customer_id: UUID,
    row: StaffAccess | None = None,
    at: datetime | None = None,
) -> None:
    """Set the grant of that id (None: take it away); with `row`, also the provider's list and its log."""
    grant_id, grant = replace_grant

    def change(standing: Standing) -> Standing:
        others = tuple(one for one in standing.grants if one.id != grant_id)
        return replace(standing, grants=others if grant is None else (*others, grant))

    tenancy.set_standing(customer_id, change)
    if row is None or at is None:
        return
    AccessDocket.objects.update_or_create(
        id=row.id,
        defaults={
            "customer_id": customer_id,
            "staff_id": row.staff_id,
            "offering": row.offering,
            "case": row.case,
            "state": row.state,
            "asked_at": row.asked_at,
            "ends": row.ends,
        },
    )
    record_for_provider(
        kind=_KINDS[row.state],
        clause=row.clause,
        details={
            "customer": str(customer_id),
            "access": str(row.id),
            "staff": str(row.staff_id),
            "offering": row.offering,
            "case": row.case,
            "looks": row.looks,
        },
        at=at,
        entry_id=uuid5(NAMESPACE_URL, f"parley:staff-access:{row.id}:{row.state}"),
    )


def record_for_provider(
    *, kind: str, clause: str, details: Mapping[str, ledger.JSON], at: datetime, entry_id: UUID
) -> None:
    """Evidence in the provider's own log, whoever is in scope; idempotent by `entry_id`."""
    provider = tenancy.provider()
    with transaction.atomic(using="provider"), connections["provider"].cursor() as cursor:
        ledger.record(cursor, kind=kind, clause=clause, details=details, at=at, entry_id=entry_id)
    tenancy.wake(provider.id, "ledger", at)
