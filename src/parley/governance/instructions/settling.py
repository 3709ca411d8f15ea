"""The standing follows from the rows: purposes given, suspended and taken back, transfers, suspension for misuse.

As `contract` does it: at once when the transaction has committed, and again by a job of the same transaction.
"""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django.db import transaction

from parley.agreement.api import Standing
from parley.governance.instructions.models import InstructionRecord, MisuseRecord, TransferRecord
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

SETTLE = "instructions.settle"


def settle_on_commit(cause: UUID, *, again: datetime | None = None) -> None:
    """Let the standing follow what the caller's transaction writes; `again`: when it changes by itself."""
    customer = tenancy.current()
    obligations.enqueue(kind=SETTLE, key=f"{SETTLE}:{cause}", due=datetime.now(UTC), payload={})
    if again is not None:
        obligations.enqueue(kind=SETTLE, key=f"{SETTLE}:{cause}:again", due=again, payload={})
    transaction.on_commit(lambda: settle(customer.id), robust=True)


def settle(customer_id: UUID) -> Standing:
    """Bring the standing of the customer in scope up to its rows."""
    return tenancy.set_standing(customer_id, _from_rows)


def settle_again(_work: obligations.Work) -> None:
    """Handler of `instructions.settle`."""
    settle(tenancy.current().id)


def _from_rows(before: Standing) -> Standing:
    rows = InstructionRecord.objects.exclude(state="replaced").values_list("state", "purpose")
    purposes: dict[str, set[str]] = {"in-force": set(), "suspended": set(), "withdrawn": set()}
    for state, purpose in rows:
        purposes[state].add(purpose)
    today = datetime.now(UTC).date()
    transfers = TransferRecord.objects.filter(withdrawn_at__isnull=True).exclude(ends_on__lt=today)
    confirmed = {
        word
        for area, measure in transfers.values_list("area", "measure")
        for word in (f"{area}:{measure}", *(() if measure == "dedicated-site" else (area,)))
    }
    return replace(
        before,
        added_purposes=frozenset(purposes["in-force"] | purposes["suspended"]),
        suspended_purposes=frozenset(purposes["suspended"]),
        withdrawn_purposes=frozenset(purposes["withdrawn"]),
        confirmed_transfers=frozenset(confirmed),
        acceptable_use_suspended=MisuseRecord.objects.filter(state="suspended").exists(),
    )


def day_after(last: "datetime") -> datetime:
    """The beginning of the day after `last`, in UTC."""
    return datetime.combine(last.date() + timedelta(days=1), time(), UTC)
