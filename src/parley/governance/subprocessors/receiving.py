"""What the provider's announcement brings to the customer in scope: row, notice, receipt, and its withdrawal.

Every step is one transaction of the customer's database: row, evidence, duties, letter, and the job that tells
the gate.
"""

from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import transaction

from parley.agreement import api as agreements
from parley.governance.contract import api as contract
from parley.governance.subprocessors import egress, notices
from parley.governance.subprocessors.models import Authorisation, Change, Delivery, PlannedChange
from parley.governance.subprocessors.rows import ANNOUNCED, OBJECTED, dates, event_id, leave, locked, received
from parley.governance.subprocessors.types import Entry, entry_from_json
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

DISPATCHED, ASSUMED = "subprocessor.dispatched", "subprocessor.assumed"


def receive(change: Change) -> None:
    """The change reaches the customer in scope: its row, the notice, the evidence; once."""
    if not PlannedChange.objects.filter(id=change.id).exists() and not _held_already(change):
        with transaction.atomic():
            _write_down(change)
    egress.settle()


def _held_already(change: Change) -> bool:
    """Whether the customer has authorised this sub-processor before: then there is nothing to ask it."""
    held = Authorisation.objects.filter(key=change.key, ended_at=None).first()
    if held is None:
        return False
    line = Delivery.objects.filter(change_id=change.id, customer_id=tenancy.current().id)
    line.update(opens_at=held.since, clause=held.clause, agreement=contract.binding().agreement.id)
    return True


def _write_down(change: Change) -> None:
    agreement, zone = contract.binding().agreement, tenancy.standing().zone
    term, entry = agreement.terms.subprocessors, entry_from_json(change.entry)
    row = PlannedChange(
        id=change.id,
        kind=change.kind,
        key=change.key,
        replaces=change.replaces,
        entry=change.entry,
        register_version=change.register_version,
        announced_at=change.announced_at,
        planned_start=change.planned_start,
        agreement=agreement.id,
        clause=term.clause,
        effect=term.effect,
        counted_from=term.counted_from,
        on_request=term.authorisation == "on-request" and entry.affiliate,
    )
    row.save(force_insert=True)
    obligations.evidence(
        kind="subprocessor.announced",
        clause=row.clause,
        details={
            "change": str(row.id),
            "key": row.key,
            "replaces": row.replaces,
            "register_version": row.register_version,
            "planned_start": row.planned_start.isoformat(),
            "on_request": row.on_request,
        },
        at=row.announced_at,
    )
    if not row.on_request and row.counted_from == "update":
        received(row, at=row.announced_at, how="update", agreement=agreement, zone=zone)
        row.save()
    _write_notice(row, entry, agreement=agreement, zone=zone)
    egress.settle_later(key=f"{row.id}:told", at=row.announced_at)


def _write_notice(row: PlannedChange, entry: Entry, *, agreement: agreements.Agreement, zone: str) -> None:
    to = contract.notice_addresses()
    if not to:
        return  # Nobody to write to: the row says so, on both consoles, and the gate stays closed until somebody reads.
    if row.on_request:
        subject, text = notices.on_request(entry, clause=row.clause, change=str(row.id))
    else:
        span = agreement.terms.notices.assumed_after
        assumed = row.announced_at if row.received_at else agreements.after(row.announced_at, span, zone=zone)
        subject, text = notices.announcement(
            entry,
            replaces=row.replaces,
            planned_start=row.planned_start,
            dates=dates(row, counts_from=assumed, agreement=agreement, zone=zone),
            assumed=str(span),
            zone=zone,
            change=str(row.id),
        )
    mail.send(
        key=f"subprocessor-notice:{row.id}", to=to, subject=subject, text=text, purpose="subprocessor-notice",
        clause=row.clause, then=DISPATCHED,
    )  # fmt: skip


def dispatched(work: obligations.Work) -> None:
    """The mail server took the notice: unless somebody acknowledges before, it counts as received in due course."""
    if work.payload["state"] != "sent":
        return
    row = locked(UUID(str(work.payload["key"]).rpartition(":")[2]))
    if row.dispatched_at is not None:
        return
    agreement, zone = contract.binding().agreement, tenancy.standing().zone
    row.dispatched_at = mail.message(UUID(work.payload["message"])).sent_at
    row.assumed_at = agreements.after(
        cast(datetime, row.dispatched_at), agreement.terms.notices.assumed_after, zone=zone
    )
    if row.received_at is None and not row.on_request and row.cancelled_at is None:
        received(row, at=row.assumed_at, how="assumed", agreement=agreement, zone=zone)
        obligations.enqueue(
            kind=ASSUMED, key=f"{ASSUMED}:{row.id}", due=row.assumed_at, payload={"change": str(row.id)}
        )
    row.save()
    egress.settle_later(key=f"{row.id}:dispatched", at=work.due)


def assumed(work: obligations.Work) -> None:
    """Nobody acknowledged the notice: it counts as received from now on, as the agreement states."""
    row = locked(UUID(work.payload["change"]))
    if row.received_how == "assumed" and row.received_at is not None:
        leave(row, "subprocessor.receipt-assumed", at=row.received_at)


def recall(change_id: UUID, *, at: datetime) -> None:
    """The provider withdrew the change: nothing opens, and the customer is told."""
    with transaction.atomic():
        row = PlannedChange.objects.select_for_update().filter(id=change_id).first()
        if row is None or row.cancelled_at is not None:
            return
        row.cancelled_at = at
        row.save()
        obligations.cancel(ANNOUNCED, event_id(row), at=at, reason="change withdrawn")
        obligations.cancel(OBJECTED, str(row.id), at=at, reason="change withdrawn")
        leave(row, "subprocessor.withdrawn", at=at)
        if to := contract.notice_addresses():
            subject, text = notices.recall(entry_from_json(row.entry), change=str(row.id))
            mail.send(
                key=f"subprocessor-recall:{row.id}", to=to, subject=subject, text=text, purpose="subprocessor-notice",
                clause=row.clause,
            )  # fmt: skip
    egress.settle()


def ended(key: str, *, at: datetime) -> None:
    """The sub-processor left the register: nothing goes to it any more, and what was announced of it is over."""
    if key in tenancy.standing().recipients:
        with transaction.atomic():
            clause = contract.binding().agreement.terms.subprocessors.clause
            Authorisation.objects.filter(key=key, ended_at=None).update(ended_at=at)
            PlannedChange.objects.filter(key=key, cancelled_at=None).update(cancelled_at=at)
            obligations.evidence(kind="subprocessor.closed", clause=clause, details={"key": key}, at=at)
    egress.settle()
