"""What the gate is told: from when each sub-processor may receive the data of the customer in scope.

The truth is in the customer's database (planned changes, authorisations). The gate's copy is in the standing, which is
kept in the provider's: `settle` derives it anew from all rows, so that doing it twice, late or after a crash gives the
same. What closes the gate is settled before the commit, what opens it after.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import cast
from uuid import UUID

from django.db import transaction

from parley.agreement.api import Standing
from parley.governance.subprocessors.models import Authorisation, Delivery, PlannedChange, Subprocessor
from parley.governance.subprocessors.rules import opens_at
from parley.governance.subprocessors.types import Dates, Effect, Facts, Outcome
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

SETTLE = "subprocessor.settle"


def facts_of(row: PlannedChange | Delivery, *, planned_start: datetime) -> Facts:
    """The row as the rules see it. A delivery that nobody was told of yet has no effect: it is not asked about."""
    dates = None
    if row.received_at and row.objection_closes and row.earliest_start:
        dates = Dates(
            clause=row.clause,
            effect=cast(Effect, row.effect),
            counted_from="update" if row.received_how == "update" else "receipt",
            counts_from=row.received_at,
            objection_closes=row.objection_closes,
            earliest_start=row.earliest_start,
        )
    return Facts(
        planned_start=planned_start,
        effect=cast(Effect, row.effect),
        dispatched_at=row.dispatched_at,
        assumed_at=row.assumed_at,
        dates=dates,
        objected_at=row.objected_at,
        resolution_closes=row.resolution_closes,
        outcome=cast(Outcome, row.outcome),
        resolved_at=row.resolved_at,
        terminated_at=row.terminated_at,
        cancelled_at=row.cancelled_at,
        on_request=row.on_request,
    )


def openings() -> Mapping[str, datetime]:
    """From when which sub-processor may receive data of the customer in scope, by everything that its rows say."""
    # An entry that is unknown here (a register that was restored from an older copy) stays closed.
    serving = set(Subprocessor.objects.exclude(status="ended").values_list("key", flat=True))
    found: dict[str, datetime] = {}
    for held in Authorisation.objects.filter(ended_at=None):
        found[held.key] = held.since
    for row in PlannedChange.objects.order_by("announced_at"):
        opens = opens_at(facts_of(row, planned_start=row.planned_start))
        if opens is not None:
            found[row.key] = min(opens, found.get(row.key, opens))
    return MappingProxyType({key: opens for key, opens in found.items() if key in serving})


def settle() -> Standing:
    """Tell the gate and the provider's table how things stand for the customer in scope."""
    customer = tenancy.current()
    for row in PlannedChange.objects.all():
        opens = opens_at(facts_of(row, planned_start=row.planned_start))
        if row.opens_at != opens:
            PlannedChange.objects.filter(id=row.id).update(opens_at=opens)
            row.opens_at = opens
        _mirror(customer.id, row)
    # Read under the lock of the standing: of two at once, the later one has seen everything.
    return tenancy.set_standing(customer.id, lambda before: replace(before, recipients=openings()))


def close_now(key: str) -> None:
    """Nothing more goes to `key` from this instant, whatever becomes of the caller's transaction."""

    def without(before: Standing) -> Standing:
        left = {known: opens for known, opens in before.recipients.items() if known != key}
        return replace(before, recipients=MappingProxyType(left))

    tenancy.set_standing(tenancy.current().id, without)


def settle_later(*, key: str, at: datetime) -> None:
    """`settle` once the caller's transaction is committed, and again by a job should this process die before."""
    customer = tenancy.current()

    def at_once() -> None:
        with tenancy.scope(customer):
            settle()

    obligations.enqueue(kind=SETTLE, key=f"{SETTLE}:{key}", due=at, payload={})
    transaction.on_commit(at_once, robust=True)


def settle_again(_work: obligations.Work) -> None:
    """The job behind `settle_later`."""
    settle()


def _mirror(customer: UUID, row: PlannedChange) -> None:
    """Bring the provider's line of this customer up to date; a line that is not there was never announced."""
    Delivery.objects.filter(change_id=row.id, customer_id=customer).update(
        agreement=row.agreement,
        clause=row.clause,
        effect=row.effect,
        dispatched_at=row.dispatched_at,
        assumed_at=row.assumed_at,
        received_at=row.received_at,
        received_how=row.received_how,
        objection_closes=row.objection_closes,
        earliest_start=row.earliest_start,
        opens_at=row.opens_at,
        objected_at=row.objected_at,
        resolution_closes=row.resolution_closes,
        outcome=row.outcome,
        resolved_at=row.resolved_at,
        terminated_at=row.terminated_at,
        cancelled_at=row.cancelled_at,
        on_request=row.on_request,
    )
