"""Event x clause gives dated duties: what an event obliges whom to, by when. Pure: reality and rehearsal ask the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from parley.agreement.types import Agreement

EventKind = Literal[
    "contract-signed",
    "contract-ends",
    "subprocessor-announced",
    "objection-received",
    "incident-known",
    "rights-request-received",
    "audit-requested",
    "instruction-suspended",
    "compulsion-received",
    "misuse-found",
    "attestation-due",
    "staff-access-granted",
    "access-review-held",
    "assessment-needed",
    "export-made",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, or is supposed in a rehearsal. `id` names it among its kind. `at` is the instant from
    which the clause counts: receipt, awareness, the end. `facts` are texts that some kinds need (see `plan`)."""

    kind: EventKind
    id: str
    at: datetime
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDuty:
    """A duty that an event creates.

    `key` is unique within a customer ("incident-known:<id>:notify"), `duty` the word after it. `title` is one sentence.
    `owner` must do it; `protects` may waive it in writing unless `statutory`. `kind` "duty" must be met by `due`;
    "window" merely closes at `due`; "moment" is something that happens at `due` by itself (access ends, egress opens).
    `warn_at`: when to speak up before.
    """

    key: str
    duty: str
    clause: str
    title: str
    kind: Literal["duty", "window", "moment"]
    owner: Literal["provider", "customer"]
    protects: Literal["customer", "provider", "persons"]
    starts: datetime
    due: datetime
    statutory: bool = False
    warn_at: tuple[datetime, ...] = ()
    authored: bool = False


def plan(agreement: Agreement, event: Event, *, zone: str) -> tuple[PlannedDuty, ...]:
    """The duties of `event` under `agreement`, by due date; `zone` is the time zone in which its deadlines fall."""
    raise NotImplementedError


def warnings_before(starts: datetime, due: datetime) -> tuple[datetime, ...]:
    """When to speak up: at half, three quarters and nine tenths of the time, never within the last minute."""
    length = due - starts
    points = (starts + length * share for share in (0.5, 0.75, 0.9))
    return tuple(point for point in points if due - point >= timedelta(minutes=1))
