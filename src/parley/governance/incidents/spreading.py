"""One round of notices over all customers: a job of the provider that may be killed anywhere and goes on.

Each customer's part is a transaction of its own database, in a thread with a connection of its own, for the engine's
transaction is the provider's. A job does a slice and opens the next one, so that it keeps no other work waiting long.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final, TypeVar
from uuid import UUID

from django.db import connections, transaction

from parley.governance.incidents.mirroring import copy_affected, copy_untouched
from parley.governance.incidents.models import Affected, Considered, Declaration, Phase
from parley.governance.incidents.noticing import open_affair, write_notice
from parley.governance.incidents.rules import excluded, touched
from parley.governance.incidents.types import Criteria, Why, criteria_from_json
from parley.inventory.api import Census, census
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

SPREAD: Final = "incident.spread"
SLICE: Final = 10
CLAUSE: Final = "GDPR.33"
T = TypeVar("T")


def open_round(declaration_id: UUID, number: int, *, at: datetime, part: int = 0) -> None:
    """Have the next slice of a round done, in the caller's transaction in the provider's database."""
    obligations.enqueue(
        kind=SPREAD,
        key=f"{SPREAD}:{declaration_id}:{number}:{part}",
        due=at,
        payload={"incident": str(declaration_id), "phase": number, "part": part},
    )


def spread(work: obligations.Work) -> None:
    """The engine's handler for `incident.spread`, in the provider's scope."""
    declaration_id, number = UUID(work.payload["incident"]), int(work.payload["phase"])
    now = max(datetime.now(UTC), work.due)
    finished = apart(lambda: _slice(declaration_id, number, at=now))
    if not finished:
        open_round(declaration_id, number, at=now, part=int(work.payload["part"]) + 1)
        return
    affected = Considered.objects.filter(declaration_id=declaration_id, affected=True).count()
    considered = Considered.objects.filter(declaration_id=declaration_id).count()
    obligations.evidence(
        kind="incident.spread",
        clause=CLAUSE,
        details={"incident": str(declaration_id), "phase": number, "considered": considered, "affected": affected},
        at=now,
    )


def apart(work: Callable[[], T]) -> T:
    """`work` in a thread of its own: it may enter customers' scopes though a transaction of another is open here."""

    def alone() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(alone).result()


def _slice(declaration_id: UUID, number: int, *, at: datetime) -> bool:
    """The next customers of the round; whether it is finished. Who was dealt with before is passed over quickly."""
    phase = Phase.objects.select_related("declaration").get(declaration_id=declaration_id, number=number)
    declaration = phase.declaration
    rows = Considered.objects.filter(declaration=declaration)
    if number == 1:
        dealt_with = set(rows.values_list("customer_id", flat=True))
        waiting = [one for one in tenancy.customers() if one.id not in dealt_with]
    else:
        behind = set(rows.filter(affected=True, written_phase__lt=number).values_list("customer_id", flat=True))
        waiting = [one for one in tenancy.customers() if one.id in behind]
    for customer in waiting[:SLICE]:
        with tenancy.scope(customer):
            tell(declaration, phase, customer=customer, at=at)
    if len(waiting) > SLICE:
        return False
    Phase.objects.filter(id=phase.id, finished_at=None).update(finished_at=at)
    if phase.kind == "closing":
        Declaration.objects.filter(id=declaration.id, closed_at=None).update(closed_at=at)
    return True


def tell(declaration: Declaration, phase: Phase, *, customer: tenancy.Customer, at: datetime) -> None:
    """One customer's part of a round, whole or not at all; nothing is written at a customer that is not affected."""
    known = Affected.objects.filter(id=declaration.id).first()
    if known is None:
        criteria = criteria_from_json(declaration.criteria)
        why, found = consider(criteria, customer=customer, at=at)
        if why not in {"affected", "named"}:
            copy_untouched(declaration.id, why=why)
            return
        with transaction.atomic():
            known = open_affair(declaration, census=found, criteria=criteria, why=why, at=at)
            write_notice(known, phase, at=at)
        copy_affected(known, why=why)
        return
    with transaction.atomic():
        write_notice(known, phase, at=at)
    copy_affected(known, why=None)


def consider(criteria: Criteria, *, customer: tenancy.Customer, at: datetime) -> tuple[Why, Census]:
    """Whether the customer in scope is affected, and by how much. Reads only."""
    why = excluded(
        criteria,
        handle=customer.handle,
        region=customer.region,
        recipients=customer.standing.recipients,
        now=at,
    )
    if why is not None:
        return why, Census()
    found = census(
        offering=criteria.offering, since=criteria.since, until=criteria.until, categories=criteria.categories
    )
    return touched(criteria, handle=customer.handle, records=found.total_records), found
