"""The standing follows from the rows: what was signed, the order's time zone, the end.

Set as soon as the transaction of the rows has committed; a job in the same transaction sets it again should the process
die in between. Read under the lock of the standing, so that the later of two never brings back the older rows.
"""

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID

from django.db import transaction

from parley.agreement.api import Signed, Standing
from parley.governance.contract.models import EndingRecord, OrderRecord, SignatureRecord
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

SETTLE = "contract.settle"


def settle_on_commit(cause: UUID) -> None:
    """Let the standing follow what the caller's transaction writes; `cause` is a row of it."""
    customer = tenancy.current()
    obligations.enqueue(kind=SETTLE, key=f"{SETTLE}:{cause}", due=datetime.now(UTC), payload={})
    transaction.on_commit(lambda: settle(customer.id), robust=True)


def settle(customer_id: UUID) -> Standing:
    """Bring the standing of the customer in scope up to its rows."""
    return tenancy.set_standing(customer_id, _from_rows)


def settle_again(_work: obligations.Work) -> None:
    """Handler of `contract.settle`."""
    settle(tenancy.current().id)


def _from_rows(before: Standing) -> Standing:
    order = OrderRecord.objects.filter(id=1).first()
    ending = EndingRecord.objects.filter(renewed_at__isnull=True).first()
    return replace(
        before,
        signed=signed_now(),
        zone=order.zone if order is not None else "UTC",
        contract_ended_at=ending.ends_at if ending is not None else None,
    )


def signed_now() -> tuple[Signed, ...]:
    """What binds the customer in scope, in the order in which each agreement was first signed."""
    first: dict[str, int] = {}
    rows = list(SignatureRecord.objects.order_by("signed_at", "kind", "agreement", "id"))
    for row in rows:
        first.setdefault(row.agreement, len(first))
    binding = sorted((row for row in rows if row.replaced_at is None), key=lambda row: first[row.agreement])
    return tuple(
        Signed(
            agreement=row.agreement,
            version=row.version,
            digest=row.digest,
            since=row.signed_at,
            overrides=MappingProxyType(dict(row.overrides)),
        )
        for row in binding
    )
