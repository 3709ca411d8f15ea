"""Attestations: what only people can keep, proven by the provider once for all customers whose agreements ask for it.

The proof is a row of the provider; every customer that is concerned gets evidence in its own log, its duty is met and
the next one opened: by a job that may be run again without doing anything twice.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connections, transaction
from django.db.models import F

from parley.agreement.api import AttestationTerm, Event, Span, after
from parley.foundation.ids import new_id
from parley.governance.audits import proofs
from parley.governance.audits.errors import NoSuchAudit, ProofRefused
from parley.governance.audits.models import Attestation, AttestationHere, Responsible
from parley.governance.audits.rules import attestation_state
from parley.governance.audits.types import AttestationView, Demand, Desk, ShownAttestation
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.obligations.api import Handler, Work
from parley.storage.api import ObjectStore
from parley.tenancy import api as tenancy

TELL_ALL: Final = "attestations.tell-all"
CATCH_UP: Final = "attestations.catch-up"
CLAUSE: Final = "attestation"
"""What the provider's own log names: its customers' clauses stand in theirs."""

FIRST_PROOF: Final = Span(30, "days")
_EARLIER: Final = 20


def demands(*, at: datetime) -> dict[str, Demand]:
    """What the agreements of all customers together ask for, by key: under each the shortest interval."""
    found: dict[str, list[tuple[AttestationTerm, datetime]]] = {}
    for customer in _under_contract(at):
        since = min(signed.since for signed in customer.standing.signed)
        for term in contract.binding_of(customer).agreement.terms.attestations:
            found.setdefault(term.key, []).append((term, since))
    return {key: _demand(key, terms) for key, terms in sorted(found.items())}


def desk(*, at: datetime) -> list[Desk]:
    """Every key that is asked for: who is responsible, what was proven last, when the next proof is due."""
    people = dict(Responsible.objects.values_list("key", "person"))
    found = [_on_desk(demand, people.get(key), at=at) for key, demand in demands(at=at).items()]
    return sorted(found, key=lambda one: one.due)


def on_desk(key: str, *, at: datetime) -> Desk:
    """One key with its earlier proofs. Raises NoSuchAudit for a key that no agreement asks for."""
    demand = demands(at=at).get(key)
    if demand is None:
        raise NoSuchAudit("no customer's agreement asks for this attestation")
    person = Responsible.objects.filter(key=key).values_list("person", flat=True).first()
    return _on_desk(demand, person, at=at)


def assign(key: str, *, person: UUID, by: UUID, at: datetime) -> None:
    """`person` of the provider's staff gives the proof of `key` from now on. In the provider's scope."""
    on_desk(key, at=at)
    with transaction.atomic():
        Responsible.objects.update_or_create(key=key, defaults={"person": person, "assigned_at": at, "assigned_by": by})
        obligations.evidence(
            kind="attestation.assigned",
            clause=CLAUSE,
            details={"key": key, "person": str(person), "user": str(by)},
            at=at,
        )


def attest(
    key: str, *, attested_at: datetime, proof: bytes, by: UUID, at: datetime, store: ObjectStore
) -> AttestationView:
    """The provider proves `key`, as done at `attested_at`. In the provider's scope; customers hear of it by a job.

    Raises NoSuchAudit for a key that nobody asks for, ProofRefused for a date to come, one so long ago that the next
    proof would be due already, or a file that cannot be taken.
    """
    standing = on_desk(key, at=at)
    demand = standing.demand
    if attested_at > at:
        raise ProofRefused("the date lies ahead", remedy="Give the day on which it was done.")
    if after(attested_at, demand.every, zone="UTC") <= at:
        raise ProofRefused(
            f"it was done longer than {demand.every} ago", remedy="Do it again, then upload the proof of that."
        )
    attestation_id = new_id(at=at)
    kept = proofs.keep(proof, name=str(attestation_id), store=store)
    with transaction.atomic():
        entry = obligations.evidence(
            kind="attestation.recorded",
            clause=CLAUSE,
            details={
                "attestation": str(attestation_id), "key": key, "attested_at": attested_at.isoformat(),
                "sha256": kept.sha256, "size": kept.size, "user": str(by),
            },
            at=at,
        )  # fmt: skip
        row = Attestation.objects.create(
            id=attestation_id, key=key, statement=demand.statement, attested_at=attested_at, recorded_at=at,
            recorded_by=by, responsible=standing.person, object_key=kept.object_key, media_type=kept.media_type,
            size=kept.size, sha256=kept.sha256, sealed_sha256=kept.sealed_sha256, evidence_id=entry,
        )  # fmt: skip
        obligations.enqueue(kind=TELL_ALL, key=f"{TELL_ALL}:{row.id}", due=at, payload={"attestation": str(row.id)})
    return _view(row)


def attestation(attestation_id: UUID) -> AttestationView:
    """One proof. Raises NoSuchAudit."""
    return _view(_row(attestation_id))


def proof(attestation_id: UUID, *, store: ObjectStore) -> bytes:
    """The proof in clear, for the provider's staff. Raises NoSuchAudit, PackRefused, StorageError."""
    row = _row(attestation_id)
    return proofs.opened(row.object_key, sha256=row.sha256, store=store).read()


def shown(*, at: datetime) -> list[ShownAttestation]:
    """What is attested to the customer in scope, by due date: the attestations of its own agreement."""
    agreement, zone = contract.binding().agreement, tenancy.current().standing.zone
    since = min(signed.since for signed in tenancy.current().standing.signed)
    last: dict[str, AttestationHere] = {}
    for row in AttestationHere.objects.order_by("key", "-attested_at").distinct("key"):
        last[row.key] = row
    found = []
    for term in agreement.terms.attestations:
        here = last.get(term.key)
        first = min(term.every, FIRST_PROOF, key=lambda span: span.rough_hours)
        due = here.next_due if here else after(since, first, zone=zone)
        found.append(
            ShownAttestation(
                key=term.key, statement=term.statement, clause=term.clause, every=term.every,
                responsible=term.responsible, attested_at=here.attested_at if here else None,
                sha256=here.sha256 if here else "", next_due=due, late=due <= at,
                evidence_id=here.evidence_id if here else None, authored=term.authored,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: one.next_due or at)


def history(key: str) -> list[AttestationHere]:
    """Every attestation of one key that the customer in scope was told of, newest first."""
    return list(AttestationHere.objects.filter(key=key).order_by("-attested_at"))


def catch_up_later(*, at: datetime) -> None:
    """Have the customer in scope told, soon, of everything that was attested before it asked."""
    obligations.enqueue(kind=CATCH_UP, key=f"{CATCH_UP}:{new_id(at=at)}", due=at, payload={})


def on_warning(duty: obligations.DutyView) -> None:
    """A duty to attest comes nearer: perhaps it was attested long ago, and only this customer was not told."""
    if ":attest-" in duty.key:
        catch_up_later(at=duty.starts)


def tell(row: Attestation) -> bool:
    """Tell the customer in scope of one attestation: evidence, duty met, next one opened; False when it was told.

    Only what its own agreement asks for, only once, and nothing older than what it knows: that would open a duty for
    a date that the newer proof has moved. In a transaction of its own.
    """
    agreement, zone = contract.binding().agreement, tenancy.current().standing.zone
    news = False
    if AttestationHere.objects.filter(key=row.key, attested_at__gt=row.attested_at).exists():
        return False
    with transaction.atomic():
        for term in agreement.terms.attestations:
            if term.key == row.key and _tell_clause(row, term, zone=zone):
                news = True
        if news:
            event = Event(kind="attestation-due", id=str(row.id), at=row.attested_at, facts={"key": row.key})
            obligations.open_duties(agreement, event, zone=zone, subject=row.key)
    return news


def handlers() -> Mapping[str, Handler]:
    """What the worker does for attestations."""
    return {TELL_ALL: _tell_all, CATCH_UP: _catch_up}


def _tell_clause(row: Attestation, term: AttestationTerm, *, zone: str) -> bool:
    here = AttestationHere(
        id=new_id(at=row.recorded_at),
        attestation=row.id,
        key=row.key,
        clause=term.clause,
        attested_at=row.attested_at,
        sha256=row.sha256,
        next_due=after(row.attested_at, term.every, zone=zone),
        evidence_id=new_id(at=row.recorded_at),
    )
    AttestationHere.objects.bulk_create([here], ignore_conflicts=True)
    if not AttestationHere.objects.filter(id=here.id).exists():
        return False
    obligations.evidence(
        kind="attestation.shown",
        clause=term.clause,
        details={
            "attestation": str(row.id), "key": row.key, "attested_at": row.attested_at.isoformat(),
            "sha256": row.sha256, "next_due": here.next_due.isoformat(),
        },
        at=row.recorded_at,
        entry_id=here.evidence_id,
    )  # fmt: skip
    for duty in obligations.duties(clause=term.clause, states=("waiting",), kinds=("duty",), limit=1000):
        if duty.key.endswith(f":attest-{row.key}"):
            obligations.meet(
                duty.key,
                at=max(row.recorded_at, duty.starts),
                by=str(row.recorded_by),
                details={"attestation": str(row.id), "sha256": row.sha256},
            )
    return True


def _tell_all(work: Work) -> None:
    """Handler, in the provider's scope: tells every customer, each in a transaction of its own."""
    row = _row(UUID(str(work.payload["attestation"])))
    _apart(lambda: _tell_each(row))


def _tell_each(row: Attestation) -> None:
    concerned = [one for one in _under_contract(row.recorded_at) if _asks_for(one, row.key)]
    Attestation.objects.filter(id=row.id).update(of=len(concerned), told=0)
    for customer in concerned:
        with tenancy.scope(customer):
            tell(row)
        Attestation.objects.filter(id=row.id).update(told=F("told") + 1)
    Attestation.objects.filter(id=row.id, told_at__isnull=True).update(told_at=row.recorded_at)


def _catch_up(_work: Work) -> None:
    """Handler, in a customer's scope: the newest attestation of each key, as far as it still counts."""
    for term in contract.binding().agreement.terms.attestations:
        row = Attestation.objects.filter(key=term.key).order_by("-attested_at").first()
        if row is not None:
            tell(row)


def _apart(work: Callable[[], None]) -> None:
    """`work` with database connections of its own: the caller's transaction belongs to one database only."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(run).result()


def _under_contract(at: datetime) -> list[tenancy.Customer]:
    """The customers that signed, and whose contract has not ended at `at`."""
    ended = ((one, one.standing.contract_ended_at) for one in tenancy.customers() if one.standing.signed)
    return [one for one, end in ended if end is None or end > at]


def _asks_for(customer: tenancy.Customer, key: str) -> bool:
    return any(term.key == key for term in contract.binding_of(customer).agreement.terms.attestations)


def _demand(key: str, terms: list[tuple[AttestationTerm, datetime]]) -> Demand:
    strictest = min((term for term, _ in terms), key=lambda term: term.every.rough_hours)
    return Demand(
        key=key,
        statement=strictest.statement,
        every=strictest.every,
        responsible=strictest.responsible,
        customers=len(terms),
        clauses=tuple(sorted({term.clause for term, _ in terms})),
        first_signed=min(since for _, since in terms),
    )


def _on_desk(demand: Demand, person: UUID | None, *, at: datetime) -> Desk:
    rows = list(Attestation.objects.filter(key=demand.key).order_by("-attested_at")[:_EARLIER])
    first = min(demand.every, FIRST_PROOF, key=lambda span: span.rough_hours)
    due = (
        after(rows[0].attested_at, demand.every, zone="UTC")
        if rows
        else after(demand.first_signed or at, first, zone="UTC")
    )
    return Desk(
        demand=demand,
        person=person,
        last=_view(rows[0]) if rows else None,
        due=due,
        state=attestation_state(due, every=demand.every, at=at),
        earlier=tuple(_view(row) for row in rows[1:]),
    )


def _row(attestation_id: UUID) -> Attestation:
    row = Attestation.objects.filter(id=attestation_id).first()
    if row is None:
        raise NoSuchAudit("there is no such attestation")
    return row


def _view(row: Attestation) -> AttestationView:
    return AttestationView(
        id=row.id, key=row.key, statement=row.statement, attested_at=row.attested_at, recorded_at=row.recorded_at,
        recorded_by=row.recorded_by, responsible=row.responsible, media_type=row.media_type, size=row.size,
        sha256=row.sha256, told=row.told, of=row.of, told_at=row.told_at, evidence_id=row.evidence_id,
    )  # fmt: skip
