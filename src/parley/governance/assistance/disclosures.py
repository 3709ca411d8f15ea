"""Disclosures to authorities, courts, rightful claimants, providers, an acquirer (IM-3a.instructions, IG-1.disclosure).

The customer in scope is told before anything is handed over, unless a law forbids it on important grounds of public
interest; that law is named. While it forbids, nothing in the customer's database or log speaks of the disclosure: the
row and its evidence are the provider's. What was handed over is recorded either way.
"""

import hashlib
from datetime import datetime
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

from django.db import transaction

from parley.agreement.api import Event
from parley.foundation.ids import new_id
from parley.governance.assistance import clauses, words
from parley.governance.assistance.docket import record_for_provider
from parley.governance.assistance.errors import AssistanceFormError, NoSuchRecord, NotYet
from parley.governance.assistance.models import Disclosure
from parley.governance.assistance.rules import check_disclosure, hidden_from_customer
from parley.governance.assistance.types import Asker, DisclosureState, DisclosureView
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

SILENCE_OVER: Final = "assistance.silence-over"
ASKERS: Final = ("authority", "court", "claimant", "provider", "acquirer")


def receive_demand(
    *,
    asker: Asker,
    asker_name: str,
    ground: str,
    scope: str,
    intended_at: datetime,
    silence: str = "",
    silent_until: datetime | None = None,
    by: UUID,
    at: datetime,
) -> DisclosureView:
    """A demand for data of the customer in scope arrived. Unless `silence` names a law that forbids it, the customer is
    told now, with a duty that is due before `intended_at`. Raises AssistanceFormError."""
    if asker not in ASKERS:
        raise AssistanceFormError("it is not said who asks", field="asker")
    for field, text in (("asker_name", asker_name), ("ground", ground), ("scope", scope)):
        if len(text.strip()) < 3:
            raise AssistanceFormError(
                "the record would say too little", field=field, remedy="Say who asks, on which ground, for what."
            )
    if intended_at <= at:
        raise AssistanceFormError(
            "data cannot be handed over before the demand arrived",
            field="intended_at",
            remedy="Choose a later time, which leaves the customer time to act.",
        )
    row = Disclosure(
        id=new_id(at=at),
        customer_id=tenancy.current().id,
        asker=asker,
        asker_name=asker_name.strip(),
        ground=ground.strip(),
        scope=scope.strip(),
        clause=clauses.of_disclosures(contract.binding().agreement),
        received_at=at,
        received_by=by,
        intended_at=intended_at,
        silence=silence.strip(),
        silent_until=silent_until if silence.strip() else None,
    )
    with transaction.atomic(using="provider"), transaction.atomic():
        row.save(force_insert=True)
        _leave(row, "disclosure.demanded", at=at, user=str(by), asker=asker)
        if not row.silence:
            _tell(row, at=at)
        elif row.silent_until is not None:
            obligations.enqueue(
                kind=SILENCE_OVER,
                key=f"disclosure:{row.id}:silence-over",
                due=row.silent_until,
                payload={"disclosure": str(row.id)},
            )
    return _view(row)


def told_customer(disclosure_id: UUID, *, by: str, at: datetime) -> DisclosureView:
    """The customer has been told: its mail was dispatched, or `by` of the staff told it otherwise. Once."""
    with transaction.atomic(using="provider"), transaction.atomic():
        row = _locked(disclosure_id)
        if row.told_at is None:
            row.told_at = at
            row.save(update_fields=["told_at"])
            key = f"compulsion-received:{row.id}:tell-customer"
            if obligations.duty(key) is None:
                _open_duty(row, at=at)
            obligations.meet(key, at=at, by=by)
            _leave(row, "disclosure.told", at=at, by=by)
    return _view(row)


def hand_over(disclosure_id: UUID, *, manifest: str, by: UUID, at: datetime) -> DisclosureView:
    """Data was handed over; `manifest` says what: kinds and counts. Raises NoSuchRecord, AssistanceFormError, and
    NotYet while the customer has not been told."""
    with transaction.atomic(using="provider"), transaction.atomic():
        row = _locked(disclosure_id)
        _still_open(row)
        check_disclosure(
            silence=row.silence, silent_until=row.silent_until, told_at=row.told_at, manifest=manifest, at=at
        )
        row.disclosed_at, row.manifest = at, manifest.strip()
        row.save(update_fields=["disclosed_at", "manifest"])
        digest = hashlib.sha256(row.manifest.encode()).hexdigest()
        _leave(row, "disclosure.made", at=at, user=str(by), manifest_sha256=digest, told_first=row.told_at is not None)
    return _view(row)


def refuse_demand(disclosure_id: UUID, *, because: str, by: UUID, at: datetime) -> DisclosureView:
    """Nothing is handed over; why is recorded. Raises NoSuchRecord, NotYet, AssistanceFormError."""
    if len(because.strip()) < 3:
        raise AssistanceFormError("the reason is missing", field="because", remedy="Say why nothing is handed over.")
    with transaction.atomic(using="provider"), transaction.atomic():
        row = _locked(disclosure_id)
        _still_open(row)
        row.refused_at, row.refused_because = at, because.strip()
        row.save(update_fields=["refused_at", "refused_because"])
        _leave(row, "disclosure.refused", at=at, user=str(by))
    return _view(row)


def silence_over(disclosure_id: UUID, *, at: datetime) -> None:
    """What the job does when the law forbids no longer: the customer is told now."""
    row = Disclosure.objects.filter(id=disclosure_id, told_at__isnull=True).first()
    if row is not None:
        _tell(row, at=at)


def disclosures(*, at: datetime, for_customer: bool) -> list[DisclosureView]:
    """The disclosures of data of the customer in scope, newest first; `for_customer` leaves out those that a law
    still hides from it."""
    rows = Disclosure.objects.filter(customer_id=tenancy.current().id).order_by("-id")
    return [_view(row) for row in rows if not (for_customer and _hidden(row, at))]


def all_disclosures(*, limit: int = 50, before: UUID | None = None) -> list[DisclosureView]:
    """Over all customers, newest first, for the provider."""
    rows = Disclosure.objects.order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [_view(row) for row in rows[:limit]]


def demand(disclosure_id: UUID) -> DisclosureView:
    """One disclosure, for the provider. Raises NoSuchRecord."""
    row = Disclosure.objects.filter(id=disclosure_id).first()
    if row is None:
        raise NoSuchRecord("there is no such demand")
    return _view(row)


def _tell(row: Disclosure, *, at: datetime) -> None:
    if obligations.duty(f"compulsion-received:{row.id}:tell-customer") is None:
        _open_duty(row, at=at)
    words.send(
        key=f"disclosure:{row.id}",
        letter=words.disclosure(asker=row.asker, intended_at=row.intended_at, clause=row.clause),
        clause=row.clause,
    )


def _open_duty(row: Disclosure, *, at: datetime) -> None:
    event = Event(
        kind="compulsion-received",
        id=str(row.id),
        at=row.received_at,
        facts={"processing_at": max(row.intended_at, at).isoformat()},
    )
    zone = tenancy.current().standing.zone
    obligations.open_duties(contract.binding().agreement, event, zone=zone, at=at)


def _leave(row: Disclosure, kind: str, *, at: datetime, **details: Any) -> None:
    """Evidence in the provider's log always, in the customer's as soon as it may know."""
    facts = {"disclosure": str(row.id), **details}
    if not _hidden(row, at):
        obligations.evidence(kind=kind, clause=row.clause, details=facts, at=at)
    everywhere = {"customer": str(row.customer_id), "silent": bool(row.silence), **facts}
    transaction.on_commit(
        partial(
            record_for_provider, kind=kind, clause=row.clause, details=everywhere, at=at,
            once=f"disclosure:{row.id}:{kind}",
        ),
    )  # fmt: skip


def _hidden(row: Disclosure, at: datetime) -> bool:
    return hidden_from_customer(silence=row.silence, silent_until=row.silent_until, told_at=row.told_at, at=at)


def _still_open(row: Disclosure) -> None:
    if row.disclosed_at is not None or row.refused_at is not None:
        raise NotYet("this demand was dealt with already", remedy="Record a new demand if another one arrived.")


def _locked(disclosure_id: UUID) -> Disclosure:
    rows = Disclosure.objects.select_for_update()
    row = rows.filter(id=disclosure_id, customer_id=tenancy.current().id).first()
    if row is None:
        raise NoSuchRecord("there is no such demand")
    return row


def _view(row: Disclosure) -> DisclosureView:
    state: DisclosureState = "told" if row.told_at else "received"
    if row.disclosed_at or row.refused_at:
        state = "disclosed" if row.disclosed_at else "refused"
    return DisclosureView(
        id=row.id,
        customer_id=row.customer_id,
        asker=cast(Asker, row.asker),
        asker_name=row.asker_name,
        ground=row.ground,
        scope=row.scope,
        clause=row.clause,
        received_at=row.received_at,
        intended_at=row.intended_at,
        silence=row.silence,
        silent_until=row.silent_until,
        told_at=row.told_at,
        disclosed_at=row.disclosed_at,
        manifest=row.manifest,
        refused_because=row.refused_because,
        state=state,
    )
