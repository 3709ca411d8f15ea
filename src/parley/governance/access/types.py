"""What access tells others: requests of staff, reviews, keys, who handles the data. Frozen."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

State = Literal["asked", "active", "refused", "withdrawn", "lapsed", "ended"]
Deed = Literal["consent", "refuse", "withdraw", "end"]
Party = Literal["customer", "provider"]
Decided = Literal["keep", "change", "remove"]
Whose = Literal["customer-people", "provider-staff"]
KeyHappening = Literal["rotated", "loss", "compromise", "drill-passed", "drill-failed", "recovered"]
HandlerKind = Literal["employees", "subsidiary", "provider", "medium"]


@dataclass(frozen=True, kw_only=True)
class AccessView:
    """A request of one member of the provider's staff, and what became of it by the time that was asked for.

    `minutes` is the length asked for; `starts` and `ends` stand once it is active. `ended_by` is "time", "customer" or
    "provider". `looks` counts what was looked at.
    """

    id: UUID
    staff_id: UUID
    staff_name: str
    offering: str
    reason: str
    case: str
    minutes: int
    consent_needed: bool
    state: State
    clause: str
    asked_at: datetime
    decided_at: datetime | None
    starts: datetime | None
    ends: datetime | None
    ended_at: datetime | None
    ended_by: str
    looks: int
    last_look: datetime | None


@dataclass(frozen=True, kw_only=True)
class DocketLine:
    """A request as the provider's list over all customers knows it: no reason, no name."""

    id: UUID
    customer_id: UUID
    staff_id: UUID
    offering: str
    case: str
    state: State
    asked_at: datetime
    ends: datetime | None


@dataclass(frozen=True, kw_only=True)
class Account:
    """Somebody who may sign in, as a review sees it; `made_at` is when the account was made, where that is known."""

    user_id: UUID
    role: str
    active: bool
    last_sign_in: datetime | None
    made_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a review decided of one account; `new_role` for "change" alone."""

    account: Account
    decision: Decided
    new_role: str = ""


@dataclass(frozen=True, kw_only=True)
class ReviewView:
    """A review that was held: who had which role, and what was decided."""

    id: UUID
    whose: Whose
    held_at: datetime
    held_by: UUID
    next_due: datetime
    judgements: tuple[Judgement, ...]


@dataclass(frozen=True, kw_only=True)
class KeyEventView:
    """Something that happened to a customer's keys. `consequence` says in words what it means for the data."""

    id: UUID
    what: KeyHappening
    at: datetime
    by: UUID
    party: Party
    before: tuple[str, ...]
    after: tuple[str, ...]
    concerned: tuple[str, ...]
    consequence: str
    note: str


@dataclass(frozen=True, kw_only=True)
class ChallengeView:
    """A secret word sealed to one recipient, for a drill: whoever can say the word has the key."""

    id: UUID
    recipient: str
    made_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class HandlerView:
    """An entry of the register of who and what handles data, valid from `since` until `until`."""

    id: UUID
    kind: HandlerKind
    name: str
    country: str
    does: str
    bound_by: str
    since: date
    until: date | None
