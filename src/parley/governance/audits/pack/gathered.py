"""What a pack is made of, as values: gathered for the customer in scope, then written as JSON and as a PDF."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from parley.agreement import api as agreements
from parley.agreement.api import MECHANISMS, SUBJECTS, Agreement
from parley.foundation.declarations import Declaration, PersonalData
from parley.governance.audits import attestations, requests
from parley.governance.audits.types import AuditView, ShownAttestation
from parley.governance.contract import api as contract
from parley.governance.incidents import api as incidents
from parley.governance.subprocessors import api as subprocessors
from parley.inventory import api as inventory
from parley.ledger import api as ledger
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

MOST_DUTIES = 5_000
_YEARS_BACK = 3

ClauseState = Literal["late", "due", "attested", "kept", "idle", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseLine:
    """One clause: what it promises, what keeps it, how it stands, how much evidence there is."""

    id: str
    subject: str
    statement: str
    source: str
    authored: bool
    kept_by: tuple[str, ...]
    waits: tuple[str, ...]
    state: ClauseState
    evidence: int
    last: datetime | None
    next_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedText:
    """One agreement that bound the customer, with the very text that was signed."""

    agreement: str
    version: str
    title: str
    digest: str
    since: datetime
    until: datetime | None
    how: str
    reference: str
    overrides: dict[str, str]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLine:
    """One incident that touched the customer: its clock, and when the first notice went out."""

    id: UUID
    kind: str
    clause: str
    known_at: datetime
    due: datetime
    within: str
    told_at: datetime | None
    late: bool
    persons: int
    records: int
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All that a pack says besides the evidence itself."""

    name: str
    handle: str
    region: str
    custody: str
    origin: str
    log_key: str
    provider_key: str
    zone: str
    made_at: datetime
    texts: tuple[SignedText, ...]
    clauses: tuple[ClauseLine, ...]
    duties: tuple[obligations.DutyView, ...]
    months: tuple[obligations.Month, ...]
    attestations: tuple[ShownAttestation, ...]
    links: tuple[tuple[int, dict[str, Any]], ...]
    register_version: int
    fields: tuple[PersonalData, ...]
    counts: tuple[tuple[str, str, int, int | None], ...]
    audits: tuple[AuditView, ...]
    incidents: tuple[IncidentLine, ...]
    wins: tuple[agreements.Win, ...]


def gather(*, at: datetime) -> Gathered:
    """Everything for the customer in scope, as it stands at `at`."""
    customer = tenancy.current()
    with connection.cursor() as cursor:
        evidence = ledger.evidence_by_clause(cursor)
    shown = tuple(attestations.shown(at=at))
    version = subprocessors.latest()
    keyring = tenancy.keyring()
    return Gathered(
        name=customer.name,
        handle=customer.handle,
        region=customer.region,
        custody=customer.custody,
        origin=ledger.log_origin(log_id=customer.log_id),
        log_key=str(keyring.ledger_signer(customer).log_key),
        provider_key=str(keyring.ledger_signer(tenancy.provider()).cosigner_key),
        zone=customer.standing.zone,
        made_at=at,
        texts=_texts(),
        clauses=clause_lines(contract.binding().agreement, evidence, obligations.by_clause(at=at), shown=shown),
        duties=tuple(obligations.duties(at=at, newest=True, limit=MOST_DUTIES)),
        months=tuple(
            obligations.kept_on_time(at.replace(year=at.year - _YEARS_BACK, day=1), zone=customer.standing.zone)
        ),
        attestations=shown,
        links=tuple((link.depth, link.entry.to_json()) for link in subprocessors.links()),
        register_version=version.number if version else 0,
        fields=inventory.personal(_declared()),
        counts=tuple((line.category, line.subject, line.records, line.persons) for line in inventory.census().lines),
        audits=tuple(requests.audits(limit=1000)),
        incidents=tuple(_incident(one, at=at) for one in incidents.affairs(limit=1000)),
        wins=contract.binding().wins,
    )


def clause_lines(
    agreement: Agreement,
    evidence: dict[str, ledger.ClauseEvidence],
    duties: dict[str, obligations.ClauseDuties],
    *,
    shown: tuple[ShownAttestation, ...],
) -> tuple[ClauseLine, ...]:
    """Every clause in the order of its subjects, with its state: the worst of what is true of it."""
    attested: dict[str, list[ShownAttestation]] = {}
    for line in shown:
        attested.setdefault(line.clause, []).append(line)
    lines = []
    for subject in SUBJECTS:
        for clause in agreement.clauses.values():
            if clause.subject != subject:
                continue
            found, owed, proofs = evidence.get(clause.id), duties.get(clause.id), attested.get(clause.id, [])
            lines.append(
                ClauseLine(
                    id=clause.id,
                    subject=SUBJECTS[subject],
                    statement=clause.statement,
                    source=clause.source,
                    authored=clause.authored,
                    kept_by=tuple(MECHANISMS[name].does for name in clause.enforced_by),
                    waits=tuple(agreements.AWAITED[name] for name in clause.waits_for),
                    state=_state(clause, owed, proofs, evidence=found.count if found else 0),
                    evidence=found.count if found else 0,
                    last=found.last if found else None,
                    next_due=owed.next_due if owed else None,
                )
            )
    return tuple(lines)


def _state(
    clause: agreements.Clause,
    owed: obligations.ClauseDuties | None,
    proofs: list[ShownAttestation],
    *,
    evidence: int,
) -> ClauseState:
    if (owed is not None and owed.late) or any(proof.late for proof in proofs):
        return "late"
    if owed is not None and owed.due:
        return "due"
    if not clause.enforced_by:
        return "open"
    if proofs and all(proof.attested_at is not None for proof in proofs):
        return "attested"
    return "kept" if evidence else "idle"


def _incident(one: incidents.Affair, *, at: datetime) -> IncidentLine:
    return IncidentLine(
        id=one.id, kind=one.kind, clause=one.clause, known_at=one.known_at, due=one.due, within=one.within,
        told_at=one.first_sent_at, late=one.late(at), persons=one.persons, records=one.records, closed_at=one.closed_at,
    )  # fmt: skip


def _texts() -> tuple[SignedText, ...]:
    return tuple(
        SignedText(
            agreement=one.agreement,
            version=one.version,
            title=one.title,
            digest=one.digest,
            since=one.at,
            until=one.replaced_at,
            how=one.how,
            reference=one.reference,
            overrides=dict(one.overrides),
            text=tenancy.agreement_text(one.digest) or "",
        )
        for one in contract.signatures()
    )


def _declared() -> list[Declaration]:
    return inventory.installed("DECLARATIONS")
