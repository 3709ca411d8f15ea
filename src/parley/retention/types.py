"""What retention tells others: rules and their limits, holds, restrictions, verdicts, what was disposed of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from parley.agreement.api import Span
from parley.inventory.api import Erased, Held

Cause = Literal["rule", "request", "customer", "end"]
"""Why records are to go: their time is over; the person asked; the customer deletes; the contract ended."""
Outcome = Literal["erase", "restrict", "keep"]
"""`restrict`: kept for the law or the hold alone, and refused to every other use (GDPR Art. 18, Recital 67)."""
Binds = Literal["customer", "provider"]
Scope = Literal["subject", "records", "span"]
DeletionState = Literal["waiting", "approved", "refused", "withdrawn", "expired"]

CAUSES: tuple[Cause, ...] = get_args(Cause)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
BINDS: tuple[Binds, ...] = get_args(Binds)
SCOPES: tuple[Scope, ...] = get_args(Scope)
DELETION_STATES: tuple[DeletionState, ...] = get_args(DeletionState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """A statute or an authority's rule on how long records are kept, as `laws.toml` says it.

    `at_least` is a floor, `extended` the longer one that an authority may ask for; `at_most` a ceiling. `year_end`:
    time counts from the end of the calendar year. `applies`: stores with the kinds that it reaches ("*": each).
    `article` is the provision that sets the time, which `source` says in words; `checked`, when the two were last
    compared, None when they were not. It binds nobody until somebody declares that it does.
    """

    key: str
    name: str
    jurisdiction: str
    who: str
    what: str
    article: str
    source: str
    binds: Binds
    applies: Mapping[str, tuple[str, ...]]
    checked: date | None = None
    at_least: Span | None = None
    extended: Span | None = None
    at_most: Span | None = None
    year_end: bool = False

    def reaches(self, store: str, kind: str) -> bool:
        """Whether records of that kind are what it speaks of."""
        kinds = self.applies.get(store, self.applies.get("*", ()))
        return "*" in kinds or kind in kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredLaw:
    """A law that somebody declared to bind; `extended`: the authority asked for the longer time."""

    law: Law
    extended: bool
    declared_by: UUID
    declared_at: datetime

    @property
    def floor(self) -> Span | None:
        return (self.law.extended or self.law.at_least) if self.extended else self.law.at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A shortest or longest time, with the clause or law that sets it."""

    span: Span
    by: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Between what a rule may be. `controlled_by` may change it, says `clause`."""

    shortest: Limit | None
    longest: Limit | None
    controlled_by: Binds
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How long one kind of record of one store is kept; `keep` None: until somebody deletes it."""

    store: str
    kind: str
    words: str
    keep: Span | None
    set_by: UUID | None
    set_at: datetime | None
    evidence_id: UUID | None
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a rule would delete at once: `count` records, from `oldest` to `newest`.

    What it would leave: `held` by hold (its id), `kept` by law (its key) or "restriction".
    """

    count: int
    oldest: datetime | None = None
    newest: datetime | None = None
    held: Mapping[UUID, int] = field(default_factory=dict)
    kept: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """A hold; `records` are those it reaches by name, none for a span of time."""

    id: UUID
    title: str
    ground: str
    law: str
    binds: Binds
    scope: Scope
    store: str
    kind: str
    since: datetime | None
    until: datetime | None
    owner: UUID
    review_at: datetime
    placed_at: datetime
    placed_by: UUID
    clause: str
    records: int
    lifted_at: datetime | None
    lifted_by: UUID | None
    lifted_because: str
    evidence_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LookView:
    """That the owner of a hold used a record that rests. `sealed`: only the customer can read the reason."""

    store: str
    record: UUID
    person: UUID
    at: datetime
    reason: str
    sealed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LawFact:
    """A law that keeps the record until `until`."""

    key: str
    name: str
    binds: Binds
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFact:
    """A hold that reaches the record."""

    id: UUID
    ground: str
    binds: Binds


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictionFact:
    """A restriction of the record's use, by the reference of whoever asked for it."""

    reference: str
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that bears on one record at `at`. `rule_ends`: when its rule's time is over; None where there is no rule.

    `retention_clause` is the agreement's, `clause` that of the deed (a request's, the end's); `delete_any_time` is the
    agreement's word on deletion by the customer.
    """

    cause: Cause
    at: datetime
    retention_clause: str
    clause: str = ""
    reference: str = ""
    rule_ends: datetime | None = None
    delete_any_time: bool = True
    laws: tuple[LawFact, ...] = ()
    holds: tuple[HoldFact, ...] = ()
    restrictions: tuple[RestrictionFact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a record, and what decides: a clause of the agreement, a law, or a hold.

    `why` names the kind of thing that decided; `until` is when that ends by itself, None when it does not.
    """

    outcome: Outcome
    clause_or_law: str
    reason: str
    why: Literal["rule", "no-rule", "request", "customer", "end", "hold", "law", "restriction", "term", "write-once"]
    until: datetime | None = None
    hold: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A record that stays, and why."""

    record: Held
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """What `dispose` did. `restricted` of `kept` may not be used from now on. No evidence when nothing went."""

    erased: Erased
    kept: tuple[Kept, ...] = ()
    evidence_id: UUID | None = None

    @property
    def restricted(self) -> tuple[Kept, ...]:
        return tuple(one for one in self.kept if one.verdict.outcome == "restrict")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """That a record was erased, or was about to be, at `at`: what a restored backup must lose again."""

    store: str
    record: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictionView:
    """A restriction of use on one record."""

    store: str
    kind: str
    record: UUID
    reference: str
    ground: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionRuleView:
    """Whether a second person approves a deletion, within how many days; who said so, None: nobody, it is off."""

    second: bool = False
    days: int = 7
    by: UUID | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionView:
    """What `by` wants to delete, and what somebody else decided. `why` is None where only the customer can open it;
    `records` are ids of records of `store`."""

    id: UUID
    store: str
    records: tuple[UUID, ...] = field(repr=False)
    why: str | None = field(repr=False)
    by: UUID
    at: datetime
    expires_at: datetime
    state: DeletionState
    decided_by: UUID | None
    decided_at: datetime | None
