"""A planned change is announced: one job per customer in the provider's database, one row in each customer's own.

The provider's transaction writes register, change, lines and jobs together. Each job then writes into a customer's
database, in a thread and hence a connection of its own, for a transaction cannot move from one database to another; the
customer's row is found again by the id of the change, so that a job that was killed in between does nothing twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar, cast
from uuid import UUID

from django.db import connections
from django.db.models import Q

from parley.foundation.ids import new_id
from parley.governance.subprocessors import egress, receiving
from parley.governance.subprocessors.errors import ChangeRefused, NoSuchChange
from parley.governance.subprocessors.models import Change, Delivery, Subprocessor
from parley.governance.subprocessors.register import OWN, known_entries, publish, put, writing
from parley.governance.subprocessors.register_rules import check_entry, material_changes
from parley.governance.subprocessors.rules import state_at
from parley.governance.subprocessors.types import (
    STATES,
    AnnouncementView,
    DeliveryView,
    Effect,
    Entry,
    Kind,
    Outcome,
    Received,
    State,
    entry_from_json,
)
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

TELL, RECALL, ENGAGE, END = "subprocessor.tell", "subprocessor.recall", "subprocessor.engage", "subprocessor.end"
Answer = TypeVar("Answer")


def announce(new: Entry, *, planned_start: datetime, at: datetime, by: UUID, replaces: str = "") -> UUID:
    """Announce to every customer that `new` shall start at `planned_start`; the id of the change.

    The register shows it as planned from this instant. `replaces` is the key of the entry that it takes the place of.
    An entry that is engaged already may be announced unchanged, to those who have not authorised it. Raises
    EntryRefused, FlowDownMissing and ChangeRefused; then nothing was done.
    """
    if planned_start <= at:
        raise ChangeRefused("the change would have started already", remedy="Plan its start for a day to come.")
    with writing():
        known = known_entries()
        before = known.get(new.key)
        _check(new, before, known=known, replaces=replaces, at=at)
        if before is None:
            put(new, status="planned", starts_on=planned_start)
        note = f"{new.name} planned" + (f" in place of {known[replaces].name}" if replaces else "")
        shown = publish(at=at, by=by, note=note, kind="subprocessor.announced", key=new.key)
        change = Change(
            id=new_id(at=at),
            kind="replacement" if replaces else "addition",
            key=new.key,
            replaces=replaces,
            entry=new.to_json(),
            register_version=shown.number,
            announced_at=at,
            planned_start=planned_start,
        )
        change.save(using=OWN, force_insert=True)
        told = [customer.id for customer in tenancy.customers()]
        Delivery.objects.using(OWN).bulk_create(Delivery(change=change, customer_id=one) for one in told)
        _enqueue_for_each(TELL, change.id, told, at=at)
        if before is None:
            payload = {"change": str(change.id)}
            obligations.enqueue(kind=ENGAGE, key=f"{ENGAGE}:{change.id}", due=planned_start, payload=payload)
    return change.id


def withdraw(change_id: UUID, *, at: datetime, by: UUID) -> None:
    """The provider does not go through with the change: everybody who was told hears of it, and nothing opens.

    Raises ChangeRefused once it has started, NoSuchChange.
    """
    with writing():
        change = _change(change_id, using=OWN)
        if change.cancelled_at is not None:
            return
        if at >= change.planned_start:
            raise ChangeRefused("the change has started", remedy="End the sub-processor instead.")
        change.cancelled_at = at
        change.save(using=OWN, update_fields=["cancelled_at"])
        Subprocessor.objects.using(OWN).filter(key=change.key, status="planned").update(status="ended")
        name = entry_from_json(change.entry).name
        publish(at=at, by=by, note=f"{name} not engaged", kind="subprocessor.withdrawn", key=change.key)
        told = list(Delivery.objects.using(OWN).filter(change=change).values_list("customer_id", flat=True))
        _enqueue_for_each(RECALL, change.id, told, at=at)


def end(key: str, *, at: datetime, by: UUID) -> None:
    """A sub-processor is engaged no more: it leaves the register, and the gate closes for every customer.

    Raises ChangeRefused while it still engages others, or when the register does not have it.
    """
    with writing():
        known = known_entries()
        if key not in known or known[key].status == "ended":
            raise ChangeRefused(f"the register has no {key!r}", remedy="Load the page again.")
        below = [one.name for one in known.values() if one.parent == key and one.status != "ended"]
        if below:
            raise ChangeRefused(f"it still engages {', '.join(below)}", remedy="End those first.")
        Subprocessor.objects.using(OWN).filter(key=key).update(status="ended")
        shown = publish(at=at, by=by, note=f"{known[key].name} ended", kind="subprocessor.ended", key=key)
        for customer in tenancy.customers():
            obligations.enqueue(
                kind=END,
                key=f"{END}:{key}:{shown.number}:{customer.id}",
                due=at,
                payload={"key": key, "customer": str(customer.id)},
            )


def announcements(*, at: datetime, before: datetime | None = None, limit: int = 50) -> list[AnnouncementView]:
    """Announced changes, newest first, with how they stand over all customers at `at`."""
    rows = Change.objects.order_by("-announced_at")
    return [_view(row, at=at) for row in (rows if before is None else rows.filter(announced_at__lt=before))[:limit]]


def announcement(change_id: UUID, *, at: datetime) -> AnnouncementView:
    """One announced change. Raises NoSuchChange."""
    return _view(_change(change_id), at=at)


def deliveries(
    change_id: UUID, *, at: datetime, state: str = "", after: str = "", limit: int = 50
) -> list[DeliveryView]:
    """The customers of a change by handle, from the one after `after`; `state` chooses among them."""
    change = _change(change_id)
    customers = {customer.id: customer for customer in tenancy.customers()}
    lines = [
        _line(row, customers[row.customer_id], change=change, at=at)
        for row in change.deliveries.all()
        if row.customer_id in customers
    ]
    chosen = [line for line in lines if line.handle > after and state in ("", line.state)]
    return sorted(chosen, key=lambda line: line.handle)[:limit]


def handlers() -> Mapping[str, obligations.Handler]:
    """What the worker does of this package in the provider's database."""
    return {TELL: _tell, RECALL: _recall, ENGAGE: _engage, END: _end}


def _tell(work: obligations.Work) -> None:
    """One customer learns of the change."""
    change = _change(UUID(work.payload["change"]), using=OWN)
    customer = tenancy.by_id(UUID(work.payload["customer"]))
    line = Delivery.objects.using(OWN).filter(change=change, customer_id=UUID(work.payload["customer"]))
    if customer is None or change.cancelled_at is not None:
        line.filter(told_at=None).delete()
        return
    _apart(customer, lambda: receiving.receive(change))
    line.update(told_at=datetime.now(UTC))


def _recall(work: obligations.Work) -> None:
    """One customer learns that the change does not happen."""
    change = _change(UUID(work.payload["change"]), using=OWN)
    customer = tenancy.by_id(UUID(work.payload["customer"]))
    if customer is not None:
        _apart(customer, lambda: receiving.recall(change.id, at=cast(datetime, change.cancelled_at)))


def _engage(work: obligations.Work) -> None:
    """The planned start has come: the register shows the sub-processor as engaged."""
    change = _change(UUID(work.payload["change"]), using=OWN)
    if Subprocessor.objects.using(OWN).filter(key=change.key, status="planned").update(status="engaged"):
        name = entry_from_json(change.entry).name
        publish(at=work.due, by=None, note=f"{name} engaged", kind="subprocessor.engaged", key=change.key)
        _tell_who_was_missed(change, at=work.due)


def _tell_who_was_missed(change: Change, *, at: datetime) -> None:
    """A customer that came to be while the change was announced is told now; until then its gate is closed."""
    known = set(Delivery.objects.using(OWN).filter(change=change).values_list("customer_id", flat=True))
    missed = [customer.id for customer in tenancy.customers() if customer.id not in known]
    Delivery.objects.using(OWN).bulk_create(Delivery(change=change, customer_id=one) for one in missed)
    _enqueue_for_each(TELL, change.id, missed, at=at)


def _end(work: obligations.Work) -> None:
    """The gate of one customer closes towards a sub-processor that is engaged no more."""
    customer = tenancy.by_id(UUID(work.payload["customer"]))
    if customer is not None:
        _apart(customer, lambda: receiving.ended(str(work.payload["key"]), at=datetime.now(UTC)))


def _apart(customer: tenancy.Customer, do: Callable[[], Answer]) -> Answer:
    """What `do` answers in the scope of `customer`, on connections of its own."""

    def scoped() -> Answer:
        try:
            with tenancy.scope(customer):
                return do()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as apart:
        return apart.submit(scoped).result()


def _check(new: Entry, before: Entry | None, *, known: Mapping[str, Entry], replaces: str, at: datetime) -> None:
    if before is not None and (before.status != "engaged" or replaces or material_changes(before, new)):
        raise ChangeRefused(
            f"the register has or had another {new.key!r}",
            remedy="Give what is planned a short name of its own: customers authorise one name and its facts.",
        )
    if replaces and (replaces not in known or known[replaces].status != "engaged"):
        raise ChangeRefused(f"the register has no {replaces!r} to replace", remedy="Choose one that is engaged.")
    check_entry(new, known=known, at=at)


def _enqueue_for_each(kind: str, change_id: UUID, customers: list[UUID], *, at: datetime) -> None:
    for customer in customers:
        obligations.enqueue(
            kind=kind,
            key=f"{kind}:{change_id}:{customer}",
            due=at,
            payload={"change": str(change_id), "customer": str(customer)},
        )


def _change(change_id: UUID, *, using: str = "provider") -> Change:
    row = Change.objects.using(using).filter(id=change_id).first()
    if row is None:
        raise NoSuchChange("there is no such change", remedy="See the list of changes.")
    return row


def _state(row: Delivery, *, change: Change, at: datetime) -> State | None:
    """How the line stands at `at`; None while the customer was not told."""
    if not row.effect:
        return "open" if row.opens_at and row.opens_at <= at else None
    return state_at(egress.facts_of(row, planned_start=change.planned_start), at)


def _view(row: Change, *, at: datetime) -> AnnouncementView:
    told = list(row.deliveries.all())
    counted = Counter(state for line in told if (state := _state(line, change=row, at=at)) is not None)
    return AnnouncementView(
        id=row.id,
        kind=cast(Kind, row.kind),
        key=row.key,
        name=entry_from_json(row.entry).name,
        replaces=row.replaces,
        register_version=row.register_version,
        announced_at=row.announced_at,
        planned_start=row.planned_start,
        cancelled_at=row.cancelled_at,
        customers=len(told),
        told=row.deliveries.filter(~Q(told_at=None)).count(),
        states={state: counted[state] for state in STATES if counted[state]},
    )


def _line(row: Delivery, customer: tenancy.Customer, *, change: Change, at: datetime) -> DeliveryView:
    return DeliveryView(
        customer_id=row.customer_id,
        handle=customer.handle,
        name=customer.name,
        agreement=row.agreement,
        state=_state(row, change=change, at=at) or "queued",
        told_at=row.told_at,
        dispatched_at=row.dispatched_at,
        received_at=row.received_at,
        received_how=cast(Received, row.received_how),
        objection_closes=row.objection_closes,
        earliest_start=row.earliest_start,
        opens_at=row.opens_at,
        objected_at=row.objected_at,
        resolution_closes=row.resolution_closes,
        outcome=cast(Outcome, row.outcome),
        terminated_at=row.terminated_at,
        effect=cast(Effect, row.effect),
        clause=row.clause,
    )
