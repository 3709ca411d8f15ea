"""The provider's list over all customers, and its own log: both follow the records in the customers' databases.

Written through the alias `provider` after the commit; a job of the customer repeats it after a crash.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import connections, transaction

from parley.governance.assistance.models import AssistanceDocket
from parley.governance.assistance.types import DocketLine
from parley.ledger import api as ledger
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

FOLLOW = "assistance.follow"


def follow(*, record: UUID, kind: str, state: str, opened_at: datetime, at: datetime) -> None:
    """See to it that the provider's list shows this record in this state, once the caller's transaction commits."""
    customer = tenancy.current()
    facts = {"record": str(record), "kind": kind, "state": state, "opened_at": opened_at.isoformat()}
    obligations.enqueue(kind=FOLLOW, key=f"assistance:{record}:{state}", due=at, payload=facts)
    transaction.on_commit(lambda: write(facts, customer_id=customer.id), robust=True)


def write(facts: Mapping[str, str], *, customer_id: UUID) -> None:
    """Bring the list up to date; idempotent."""
    AssistanceDocket.objects.update_or_create(
        id=UUID(facts["record"]),
        defaults={
            "customer_id": customer_id,
            "kind": facts["kind"],
            "state": facts["state"],
            "opened_at": datetime.fromisoformat(facts["opened_at"]),
        },
    )


def docket(*, kind: str | None = None, limit: int = 50, before: UUID | None = None) -> list[DocketLine]:
    """The records over all customers, newest first."""
    rows = AssistanceDocket.objects.order_by("-id")
    if kind is not None:
        rows = rows.filter(kind=kind)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [
        DocketLine(id=row.id, customer_id=row.customer_id, kind=row.kind, state=row.state, opened_at=row.opened_at)
        for row in rows[:limit]
    ]


def record_for_provider(*, kind: str, clause: str, details: Mapping[str, ledger.JSON], at: datetime, once: str) -> None:
    """Evidence in the provider's own log, whoever is in scope; `once` names the deed, which is recorded once."""
    provider = tenancy.provider()
    with transaction.atomic(using="provider"), connections["provider"].cursor() as cursor:
        ledger.record(
            cursor, kind=kind, clause=clause, details=details, at=at, entry_id=uuid5(NAMESPACE_URL, f"parley:{once}")
        )
    tenancy.wake(provider.id, "ledger", at)
