"""What lifecycle tells others: phases, departures with their steps, statements, returns, certificates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

State = Literal["ended", "blocked", "destroyed", "certified", "cancelled"]
STATES: Final[Mapping[str, str]] = {
    "ended": "the contract has an end; nothing was touched",
    "blocked": "live data is destroyed, a backup is kept",
    "destroyed": "keys and all copies are destroyed",
    "certified": "absence was verified and certified",
    "cancelled": "renewed before anything was touched",
}
STEPS: Final[Mapping[str, str]] = {
    "notice": "the customer is told the dates",
    "close": "the service is closed: trunks and access end, duties are carried over",
    "isolate": "what a law obliges the provider to keep is set apart",
    "backup": "a last sealed backup is taken and verified",
    "live": "the live database, its roles and all objects are destroyed",
    "keys": "the keys are destroyed",
    "copies": "backups and returned packages are destroyed",
    "leftovers": "what the provider's own tables say of the customer is deleted",
    "verify": "absence is looked for, place by place",
    "certificate": "the certificate is made and entered into the provider's log",
    "hand-over": "the certificate is handed over",
    "support": "what was collected in support is deleted",
    "forget": "addresses, letters and the public link are deleted",
}
"""In the order in which they are done; the name is in evidence and keys of deadlines."""
RETURN_STATES: Final = ("asked", "ready", "expired", "failed")
CHANNELS: Final = ("page", "console", "e-mail", "reseller", "choice")
"""How an export was asked for: by the public page, in the console, by an e-mail of the customer or of its reseller that
staff recorded, or by choosing "return" when the contract was ended."""
PhaseKey = Literal["running", "renewable", "accessible", "returnable", "kept", "destruction", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of the time after the end. `ends` None: for ever. `ours`: the agreement does not say it, we do."""

    key: PhaseKey
    starts: datetime
    ends: datetime | None
    clause: str
    ours: bool = False

    def at(self, now: datetime) -> Literal["past", "now", "ahead"]:
        """Whether it is over, runs, or comes."""
        if now < self.starts:
            return "ahead"
        return "now" if self.ends is None or now < self.ends else "past"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The phases in their order, without those of no length."""

    ends_at: datetime
    zone: str
    phases: tuple[Phase, ...]

    def phase(self, now: datetime) -> Phase:
        """The one that runs at `now`."""
        return next(one for one in self.phases if one.at(now) == "now")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step: `done_at` None while it waits, `due` when it is to be done."""

    step: str
    due: datetime | None
    done_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    evidence_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementView:
    """A statement of progress; `document` is what was hashed and entered into the provider's log."""

    number: int
    made_at: datetime
    gone: tuple[Mapping[str, Any], ...]
    remains: tuple[Mapping[str, Any], ...]
    document: str
    sha256: str
    evidence_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnView:
    """An export made from the backup; `sealed`: the provider holds no key, the file is opened with the customer's."""

    id: UUID
    state: str
    channel: str
    asked_at: datetime
    formats: tuple[str, ...]
    made_at: datetime | None
    expires_at: datetime | None
    records: int
    files: int
    size: int
    sha256: str
    sealed: bool
    progress_key: str
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedView:
    """Records kept apart because a law obliges the provider; `until` None: until a hold is lifted."""

    id: UUID
    law: str
    records: int
    until: datetime | None
    destroyed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateView:
    """The certificate; `proof` None until the log's next head covers its entry."""

    made_at: datetime
    document: str
    sha256: str
    pdf: bytes = field(repr=False)
    pdf_sha256: str
    evidence_id: UUID
    proof: bytes | None = field(repr=False)
    handed_over_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartureView:
    """One customer's departure. `next_step` and `next_at`: what happens next by itself, None when all is done."""

    id: UUID
    customer_id: UUID
    handle: str
    name: str
    custody: str
    agreement: str
    zone: str
    ends_at: datetime
    choice: Literal["delete", "return"]
    state: State
    opened_at: datetime
    confirmed_at: datetime | None
    may_export_until: datetime
    formats: tuple[str, ...]
    intake: str
    timeline: Timeline
    steps: tuple[StepView, ...]
    statements: tuple[StatementView, ...]
    returns: tuple[ReturnView, ...]
    isolated: tuple[IsolatedView, ...]
    next_step: str
    next_at: datetime | None
    progress_key: str
