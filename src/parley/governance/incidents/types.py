"""Incidents as others see them: what was declared, whom it touches, what each was told and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

PhaseKind = Literal["first", "further", "closing"]
Why = Literal["affected", "named", "not-named", "other-region", "other-recipient", "nothing-found"]

KINDS: Final[Mapping[str, Any]] = {
    "confidentiality": _("confidentiality: somebody could see what they should not"),
    "integrity": _("integrity: data was altered"),
    "availability": _("availability: data was lost or could not be reached"),
}
"""Kinds of breach (EDPB Guidelines 9/2022, section II.A)."""


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """Whom an incident touches. Every criterion that is given must hold.

    `offering` "*" for all that is stored; `since` and `until` the time of the data; `regions` of the customers ("eu"
    stands for "eu-frankfurt" too); `categories` keys of `fideslang`, with those below them; `recipient` a
    sub-processor that was open for the customer; `customers` handles: those named are affected even when no record is
    found.
    """

    offering: str = "*"
    since: datetime | None = None
    until: datetime | None = None
    regions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    recipient: str = ""
    customers: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; `criteria_from_json` is the way back."""
        return {
            "offering": self.offering,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "regions": list(self.regions),
            "categories": list(self.categories),
            "recipient": self.recipient,
            "customers": list(self.customers),
        }


def criteria_from_json(raw: Mapping[str, Any]) -> Criteria:
    """The criteria that `Criteria.to_json` wrote."""
    since, until = raw.get("since"), raw.get("until")
    return Criteria(
        offering=raw.get("offering", "*"),
        since=datetime.fromisoformat(since) if since else None,
        until=datetime.fromisoformat(until) if until else None,
        regions=tuple(raw.get("regions", ())),
        categories=tuple(raw.get("categories", ())),
        recipient=raw.get("recipient", ""),
        customers=tuple(raw.get("customers", ())),
    )


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What is known at one time: the content of GDPR Art. 33(3), what is not known yet, and what is new since."""

    nature: str
    consequences: str
    measures: str
    unknown: str = ""
    news: str = ""


@dataclass(frozen=True, kw_only=True)
class ContactPoint:
    """Where more can be learnt (GDPR Art. 33(3)(b))."""

    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True, kw_only=True)
class PhaseView:
    """One round of notices. `finished_at`: everybody's is written; None for a draft and while it is going on."""

    number: int
    kind: PhaseKind
    knowledge: Knowledge
    at: datetime | None
    by: UUID
    finished_at: datetime | None

    @property
    def draft(self) -> bool:
        return self.at is None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a round of notices is: customers looked at, of how many, and how many of them are affected."""

    total: int
    done: int
    affected: int
    finished: bool


@dataclass(frozen=True, kw_only=True)
class CustomerLine:
    """One customer in the provider's eyes: whether and why it is affected, its own clock, how it was told."""

    customer_id: UUID
    handle: str
    name: str
    affected: bool
    why: Why
    agreement: str
    clause: str
    persons: int
    records: int
    due: datetime | None
    promised: bool
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    told_phase: int
    written_phase: int
    acknowledged_at: datetime | None
    assumed_at: datetime | None
    problem: str
    next_due: datetime | None
    next_title: str
    letters: int

    def late(self, now: datetime) -> bool:
        """Whether the first notice was, or is by now, later than the agreement asks."""
        return self.due is not None and (self.first_sent_at or now) > self.due


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One incident in the provider's register. `affected` and `told` count customers; `reason` says why nobody was."""

    id: UUID
    title: str
    kind: str
    known_at: datetime
    declared_at: datetime
    declared_by: UUID
    contact: ContactPoint
    criteria: Criteria
    notified: bool
    reason: str
    closed_at: datetime | None
    phases: tuple[PhaseView, ...]
    considered: int
    affected: int
    told: int
    persons: int
    records: int
    next_due: datetime | None
    """The next date of any customer: of its first notice, a follow-up or the closing report."""
    problems: int

    @property
    def state(self) -> Literal["open", "closed"]:
        return "closed" if self.closed_at else "open"

    @property
    def knowledge(self) -> Knowledge:
        """What is known by the latest round that went out, else by the draft."""
        issued = [phase for phase in self.phases if not phase.draft] or list(self.phases)
        return issued[-1].knowledge

    @property
    def draft(self) -> PhaseView | None:
        return next((phase for phase in self.phases if phase.draft), None)


@dataclass(frozen=True, kw_only=True)
class CountLine:
    """One category of data in a notice; `persons` None when people are not told apart there."""

    category: str
    subject: str
    records: int
    persons: int | None


@dataclass(frozen=True, kw_only=True)
class NoticeView:
    """One notice as its customer sees it, with the proof of its dispatch.

    `received_at` is the acknowledgement, else when it counts as received by the agreement (`assumed`), else None.
    """

    id: UUID
    number: int
    kind: PhaseKind
    knowledge: Knowledge
    text: str
    written_at: datetime
    dispatched_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    assumed_at: datetime | None
    problem: str
    told_how: str
    message: UUID | None

    def received_at(self, now: datetime) -> datetime | None:
        """When it was received, as far as that is known or assumed at `now`."""
        if self.acknowledged_at:
            return self.acknowledged_at
        return self.assumed_at if self.assumed_at and self.assumed_at <= now else None


@dataclass(frozen=True, kw_only=True)
class Affair:
    """One incident as a customer sees it: what it is about, what of its own data, its clock, what it was told."""

    id: UUID
    title: str
    kind: str
    known_at: datetime
    declared_at: datetime
    contact: ContactPoint
    clause: str
    agreement: str
    promised: bool
    within: str
    due: datetime
    persons: int
    records: int
    counts: tuple[CountLine, ...]
    since: datetime | None
    until: datetime | None
    closed_at: datetime | None
    notices: tuple[NoticeView, ...]
    letters: int
    letters_ordered: int

    @property
    def first_sent_at(self) -> datetime | None:
        return next((notice.dispatched_at for notice in self.notices if notice.dispatched_at), None)

    def late(self, now: datetime) -> bool:
        """Whether the first notice was, or is by now, later than the agreement asks."""
        return (self.first_sent_at or now) > self.due


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody whom a letter goes to."""

    address: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class LetterView:
    """One letter to a person (GDPR Art. 34): `state` draft, ordered (by the customer's word), written, sent, failed."""

    id: UUID
    address: str
    name: str
    subject: str
    text: str
    state: Literal["draft", "ordered", "written", "sent", "failed"]
    ordered_at: datetime | None
    sent_at: datetime | None
    answer: str
