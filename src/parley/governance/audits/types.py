"""What audits tell others: requests and their decisions, packs, attestations."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from parley.agreement.api import Span

Cause = Literal["none", "suspicion", "incident", "authority"]
CAUSES: Final[tuple[Cause, ...]] = ("none", "suspicion", "incident", "authority")
Rule = Literal["granted", "cause", "notice", "hours", "frequency"]
State = Literal["refused", "asked", "agreed", "held", "reported", "closed", "withdrawn"]
STATES: Final[tuple[State, ...]] = ("refused", "asked", "agreed", "held", "reported", "closed", "withdrawn")
OPEN_STATES: Final[frozenset[State]] = frozenset({"asked", "agreed", "held", "reported"})
Severity = Literal["observation", "minor", "major"]
SEVERITIES: Final[tuple[Severity, ...]] = ("observation", "minor", "major")
PackScope = Literal["newest", "all"]
PackState = Literal["waiting", "making", "ready", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAsked:
    """What somebody asks for: why, of what, for when, and who would audit."""

    cause: Cause
    reason: str
    wanted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierAudit:
    """An audit that was granted before: when it was held, or is to be, and by which exception, "" for none."""

    held_at: datetime
    lifted: Literal["", "authority", "incident"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDecision:
    """Whether an audit takes place as asked.

    `rule` is the first rule that stands against it, "granted" when none does; `lifted` the exception that let it pass
    the limit of frequency. `earliest` is the first instant at which the same audit would be granted without an
    exception; None when no date would help. `conditions` are sentences that hold for the audit.
    """

    granted: bool
    rule: Rule
    clause: str
    why: str
    remedy: str
    earliest: datetime | None
    cost: Literal["customer", "provider", "unstated"]
    lifted: Literal["", "authority", "incident"] = ""
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """Something that an audit found; open until it is remedied."""

    id: UUID
    severity: Severity
    statement: str
    found_at: datetime
    remedy: str
    remedied_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """A request for an audit with all that became of it."""

    id: UUID
    cause: Cause
    reason: str
    scope: str
    auditor: str
    wanted_at: datetime
    asked_at: datetime
    asked_by: UUID
    decision: AuditDecision
    state: State
    agreed_for: datetime | None
    answer: str
    answered_at: datetime | None
    certificates: tuple[str, ...]
    held_at: datetime | None
    report: str
    reported_at: datetime | None
    evidence_id: UUID
    findings: tuple[FindingView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One request in the provider's list over all customers."""

    audit_id: UUID
    customer_id: UUID
    cause: Cause
    state: State
    asked_at: datetime
    wanted_at: datetime
    held_for: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackView:
    """An audit pack: being made, or ready to be fetched. Hashes are SHA-256 in hexadecimal."""

    id: UUID
    audit_id: UUID | None
    scope: PackScope
    state: PackState
    asked_at: datetime
    done: int
    total: int
    made_at: datetime | None
    size: int
    sha256: str
    sealed_size: int
    sealed_sha256: str
    manifest_sha256: str
    head_size: int
    entries: int
    error: str
    evidence_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAttestation:
    """One attestation as a customer sees it: what is attested, when it last was, with which hash, when next."""

    key: str
    statement: str
    clause: str
    every: Span
    responsible: str
    attested_at: datetime | None
    sha256: str
    next_due: datetime | None
    late: bool
    evidence_id: UUID | None
    authored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What the customers' agreements together ask the provider to attest under one key: the strictest interval."""

    key: str
    statement: str
    every: Span
    responsible: str
    customers: int
    clauses: tuple[str, ...]
    first_signed: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationView:
    """One proof that the provider gave."""

    id: UUID
    key: str
    statement: str
    attested_at: datetime
    recorded_at: datetime
    recorded_by: UUID
    responsible: UUID | None
    media_type: str
    size: int
    sha256: str
    told: int
    of: int
    told_at: datetime | None
    evidence_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One key on the provider's desk: what is asked, who is responsible, what was proven last, when next."""

    demand: Demand
    person: UUID | None
    last: AttestationView | None
    due: datetime
    state: Literal["kept", "due", "late"]
    earlier: tuple[AttestationView, ...] = field(default=())
