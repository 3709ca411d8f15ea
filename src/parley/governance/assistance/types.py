"""What assistance tells others: impact assessments, disclosures, complaints, findings. Frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

AssessmentState = Literal["needed", "begun", "finished", "not-needed"]
Residual = Literal["", "low", "medium", "high"]
Asker = Literal["authority", "court", "claimant", "provider", "acquirer"]
DisclosureState = Literal["received", "told", "disclosed", "refused"]
ComplaintFrom = Literal["person", "customer", "authority"]
ComplaintState = Literal["received", "forwarded", "answered", "closed"]
FindingState = Literal["found", "informed", "corrected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """What the high-risk rules look at: facts about one customer's processing.

    `offerings`, `purposes` and `categories` are keys of the agreement's vocabulary and of `fideslang`; `subjects` of
    people. `people` is how many persons are concerned, 0 when unknown. `declared` are criteria that the customer says
    hold, whatever the rules see.
    """

    offerings: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    people: int = 0
    minors: bool = False
    declared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A criterion that holds, and what it was seen by."""

    criterion: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What the rules say: the criteria that hold, and whether high risk is likely (two or more)."""

    signs: tuple[Sign, ...]
    likely_high: bool

    @property
    def criteria(self) -> frozenset[str]:
        return frozenset(sign.criterion for sign in self.signs)


@dataclass(frozen=True, kw_only=True)
class AssessmentView:
    """An impact assessment with the provider's help (GDPR Art. 35, 36). `answers` by question."""

    id: UUID
    title: str
    state: AssessmentState
    clause: str
    signs: tuple[Sign, ...]
    opened_at: datetime
    told_at: datetime | None
    answers: Mapping[str, str]
    measures: str
    residual: Residual
    consultation: str
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class DisclosureView:
    """Somebody with a right or a power asks for data, and what was done (IM-3a, IG-1.disclosure).

    `silence` is the legal ground on which the customer is not told; until `silent_until`, or as long as it stands.
    `manifest` says what was handed over: kinds and counts.
    """

    id: UUID
    customer_id: UUID
    asker: Asker
    asker_name: str
    ground: str
    scope: str
    clause: str
    received_at: datetime
    intended_at: datetime
    silence: str
    silent_until: datetime | None
    told_at: datetime | None
    disclosed_at: datetime | None
    manifest: str
    refused_because: str
    state: DisclosureState


@dataclass(frozen=True, kw_only=True)
class ComplaintView:
    """A complaint: from whom, about what, forwarded to the controller, answered, closed."""

    id: UUID
    source: ComplaintFrom
    contact: str
    about: str
    clause: str
    received_at: datetime
    forward_due: datetime | None
    forwarded_at: datetime | None
    answered_at: datetime | None
    answer: str
    closed_at: datetime | None
    outcome: str
    state: ComplaintState


@dataclass(frozen=True, kw_only=True)
class FindingView:
    """The customer was found in breach of a law: it is informed, and authorities as far as a law obliges."""

    id: UUID
    law: str
    what: str
    clause: str
    found_at: datetime
    informed_at: datetime | None
    authority: str
    obliged_by: str
    authority_at: datetime | None
    corrected_at: datetime | None
    state: FindingState


@dataclass(frozen=True, kw_only=True)
class DocketLine:
    """One record as the provider's list over all customers knows it: no text."""

    id: UUID
    customer_id: UUID
    kind: str
    state: str
    opened_at: datetime
