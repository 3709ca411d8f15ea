"""What happens, and what it obliges somebody to: the values of `duties.plan`, and the sheet that it is written on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from parley.agreement.clock import Span, after, closes
from parley.agreement.types import Agreement, Terms
from parley.foundation.errors import ParleyError

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


class EventFactMissing(ParleyError):
    """An event was told without a fact that its duties are counted from, or with one that cannot be read."""

    error_id: ClassVar[str] = "agreement.event-fact"


def warnings_before(starts: datetime, due: datetime) -> tuple[datetime, ...]:
    """When to speak up: at half, three quarters and nine tenths of the time, never within the last minute."""
    length = due - starts
    points = (starts + length * share for share in (0.5, 0.75, 0.9))
    return tuple(point for point in points if due - point >= timedelta(minutes=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One event under one agreement: what the planners of `duties` write their lines with."""

    agreement: Agreement
    event: Event
    zone: str

    @property
    def terms(self) -> Terms:
        return self.agreement.terms

    @property
    def start(self) -> datetime:
        return self.event.at.astimezone(UTC)

    def after(self, span: Span) -> datetime:
        return after(self.event.at, span, zone=self.zone)

    def closes(self, span: Span) -> datetime:
        return closes(self.event.at, span, zone=self.zone)

    def instant(self, fact: str) -> datetime | None:
        """The instant that a fact says, in UTC; None when it is not there."""
        text = self.event.facts.get(fact, "")
        if not text:
            return None
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            read = None
        if read is None or read.tzinfo is None:
            raise EventFactMissing(
                f'the fact "{fact}" of {self.event.kind} is "{text}", which is no instant',
                remedy="write it in ISO 8601 with an offset: 2026-03-01T09:00:00+01:00",
            )
        return read.astimezone(UTC)

    def by(self, path: str) -> dict[str, Any]:
        """What a line that rests on the field `path` of a term says of it: its clause, and whether it is ours."""
        return {"clause": self.agreement.clause_of(path), "authored": self.agreement.is_ours(path)}

    def clause_named(self, word: str, *, otherwise: str) -> str:
        """The first clause whose id ends in `word` ("dpia" of "IM-3f.dpia"), else `otherwise`."""
        return next((name for name in self.agreement.clauses if name.partition(".")[2] == word), otherwise)

    def duty(self, word: str, title: str, *, clause: str, due: datetime, **more: Any) -> PlannedDuty:
        """A duty of the provider that protects the customer, with warnings, unless `more` says otherwise."""
        given: dict[str, Any] = {"owner": "provider", "protects": "customer"} | more
        starts = min(self.start, due)
        return PlannedDuty(
            key=f"{self.event.kind}:{self.event.id}:{word}",
            duty=word,
            clause=clause,
            title=title,
            kind="duty",
            starts=starts,
            due=due,
            warn_at=warnings_before(starts, due),
            **given,
        )

    def window(self, word: str, title: str, *, clause: str, due: datetime, **more: Any) -> PlannedDuty:
        """A window of the customer that closes at `due`."""
        given = {"owner": "customer"} | more
        return replace(self.duty(word, title, clause=clause, due=due, **given), kind="window", warn_at=())

    def moment(self, word: str, title: str, *, clause: str, due: datetime, **more: Any) -> PlannedDuty:
        """Something that happens by itself at `due`."""
        return replace(self.duty(word, title, clause=clause, due=due, **more), kind="moment", warn_at=())
