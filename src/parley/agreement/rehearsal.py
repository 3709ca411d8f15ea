"""What would happen: the duties of an event, and what the gate would say from when on. Nothing is done. Pure.

The duties are those of `duties.plan`, the same that reality opens. What the gate would say is asked of the gate itself:
its answers are sampled along the time and each change is searched down to its instant.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Literal

from parley.agreement.clock import read_instant
from parley.agreement.duties import plan
from parley.agreement.events import Event, EventFactMissing, EventKind, PlannedDuty
from parley.agreement.rules import evaluate
from parley.agreement.standing import Standing
from parley.agreement.types import Agreement, Decision, GateRequest, Grant
from parley.agreement.vocabulary import PURPOSES

Kind = Literal["duty", "window", "moment", "gate"]

_SAMPLES: Final = 200
_BEFORE: Final = timedelta(seconds=1)
_SUPPORT: Final = "support-access"
_SOMEBODY: Final = "somebody"
_ORDER: Final[tuple[Kind, ...]] = ("duty", "window", "moment", "gate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing on the timeline of a rehearsal.

    `kind` "gate": from `at` on the gate answers otherwise; the others are as in `PlannedDuty`. `word` is the duty's
    ("notify"), or what the gate opens or shuts ("opens", "shuts"). `authored`: the number behind the date is ours.
    """

    at: datetime
    kind: Kind
    word: str
    title: str
    clause: str
    owner: Literal["provider", "customer"]
    authored: bool
    statutory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What the gate is asked along the time; `says` completes "From now on possible: ..."."""

    says: str
    request: GateRequest


INSTANT_FACTS: Final = ("planned_start", "announced_at", "wanted_at", "processing_at", "ends")
"""Facts that are instants."""


def supposed(kind: EventKind, *, at: str, facts: Mapping[str, str], zone: str) -> Event:
    """The event that somebody describes in words; instants without an offset are of `zone`, empty facts are left out.

    Raises EventFactMissing when an instant cannot be read.
    """
    told = {name: text.strip() for name, text in facts.items() if text.strip()}
    instants = {name: _read(name, told[name], zone) for name in INSTANT_FACTS if name in told}
    written = {name: instant.isoformat() for name, instant in instants.items()}
    return Event(kind=kind, id="rehearsal", at=_read("at", at, zone), facts=MappingProxyType(told | written))


def _read(name: str, text: str, zone: str) -> datetime:
    found = read_instant(text, zone=zone)
    if found is None:
        raise EventFactMissing(f'"{text}" for {name} is no date', remedy="write it like 2026-12-31 or 2026-12-31T17:00")
    return found


def rehearse(
    agreement: Agreement,
    event: Event,
    *,
    zone: str,
    until: datetime | None = None,
    standing: Standing | None = None,
    region: str = "",
    custody: str = "",
) -> tuple[Moment, ...]:
    """The timeline of `event` under `agreement`, up to `until`, in order of time.

    `standing`, `region` and `custody` are the customer's; without them those that the agreement names first. Raises
    EventFactMissing as `plan` does, ValueError when an instant has no time zone.
    """
    duties = plan(agreement, event, zone=zone)
    moments = [_of_duty(duty) for duty in duties]
    base = standing or Standing(zone=zone)
    request = _request(agreement, event, base, region=region, custody=custody)
    last = max((duty.due for duty in duties), default=event.at) + _BEFORE
    horizon = min(until, last) if until is not None else last
    probes = _probes(event.at, duties, base, horizon)
    state = _states(event, duties, base)
    for question in _questions(agreement, event, request):
        moments += _changes(agreement, question, state, probes)
    told = (moment for moment in _joined(moments) if until is None or moment.at <= until)
    return tuple(sorted(told, key=lambda moment: (moment.at, _ORDER.index(moment.kind))))


def _of_duty(duty: PlannedDuty) -> Moment:
    return Moment(
        at=duty.due,
        kind=duty.kind,
        word=duty.duty,
        title=duty.title,
        clause=duty.clause,
        owner=duty.owner,
        authored=duty.authored,
        statutory=duty.statutory,
    )


def _request(agreement: Agreement, event: Event, standing: Standing, *, region: str, custody: str) -> GateRequest:
    """The question of an ordinary day, which the standing completes."""
    terms = agreement.terms
    return GateRequest(
        purpose="",
        offering="call-recording",
        region=region or terms.regions.areas[0],
        subscription_state="active",
        instructed_purposes=frozenset(),
        acceptable_use_suspended=False,
        sealed_to_customer=True,
        custody=custody or terms.encryption.custody[0],
        at=event.at,
        zone=standing.zone,
    )


def _questions(agreement: Agreement, event: Event, request: GateRequest) -> Iterator[_Question]:
    """What could change by the event: each purpose, egress to the sub-processor concerned, staff that would look."""
    instructed = [PURPOSES[key] for key in PURPOSES if key in agreement.instructed_purposes]
    key = event.facts.get("key", "")
    if event.kind in ("subprocessor-announced", "objection-received"):
        if key and instructed:
            asked = _asked(agreement, request, instructed[0].key)
            yield _Question(says=f'hand data to "{key}"', request=replace(asked, recipient=key))
    elif event.kind == "staff-access-granted":
        says = PURPOSES[_SUPPORT].meaning
        yield _Question(says=says, request=replace(_asked(agreement, request, _SUPPORT), person=_SOMEBODY))
    else:
        for purpose in instructed:
            if not purpose.by_staff:
                yield _Question(says=purpose.meaning, request=_asked(agreement, request, purpose.key))


def _asked(agreement: Agreement, request: GateRequest, purpose: str) -> GateRequest:
    """The question for one purpose, in an offering that the agreement lets it reach."""
    reached = agreement.gate_table[purpose].offerings
    offering = request.offering if not reached or request.offering in reached else min(reached)
    return replace(request, purpose=purpose, offering=offering)


def _states(event: Event, duties: tuple[PlannedDuty, ...], base: Standing) -> Callable[[datetime], Standing]:
    """How the customer would stand at each instant if the event happened and nobody did anything else."""
    due = {duty.duty: duty.due for duty in duties}
    begins, changed = event.at, base
    key = event.facts.get("key", "")
    if event.kind == "contract-ends":
        changed = replace(base, contract_ended_at=event.at)
    elif event.kind == "subprocessor-announced" and key:
        opens = due.get("planned-start", due["earliest-start"])
        changed = replace(base, recipients={**base.recipients, key: opens})
    elif event.kind == "objection-received" and key and "late" not in due:
        changed = replace(base, recipients={name: at for name, at in base.recipients.items() if name != key})
    elif event.kind == "misuse-found":
        begins, changed = due["may-suspend"], replace(base, acceptable_use_suspended=True)
    elif event.kind == "instruction-suspended":
        named = frozenset({event.facts.get("purpose", "")} - {""})
        changed = replace(base, suspended_purposes=base.suspended_purposes | named)
    elif event.kind == "staff-access-granted":
        grant = Grant(
            id=event.id,
            person=_SOMEBODY,
            purpose=_SUPPORT,
            offering="*",
            starts=event.at,
            ends=due["ends"],
            consented=event.facts.get("consented", "yes") == "yes",
        )
        changed = replace(base, grants=(*base.grants, grant))
    return lambda at: changed if at >= begins else base


def _probes(start: datetime, duties: tuple[PlannedDuty, ...], standing: Standing, horizon: datetime) -> list[datetime]:
    """The instants at which the gate is asked: before the event, at it, at every date that is known, and between."""
    start, horizon = start.astimezone(UTC), horizon.astimezone(UTC)
    step = max((horizon - start) / _SAMPLES, timedelta(hours=1))
    grid = {start + step * number for number in range(max(0, (horizon - start) // step) + 1)}
    dates = {duty.due for duty in duties} | {opens.astimezone(UTC) for opens in standing.recipients.values()}
    dates |= {at.astimezone(UTC) for grant in standing.grants for at in (grant.starts, grant.ends)}
    first = start - _BEFORE
    return sorted(at for at in {first, start, horizon} | grid | dates if first <= at <= max(horizon, start))


def _changes(
    agreement: Agreement, question: _Question, state: Callable[[datetime], Standing], probes: list[datetime]
) -> Iterator[Moment]:
    """Where the answer to `question` turns, each at the first microsecond of the new answer."""

    def answer(at: datetime) -> Decision:
        asked = replace(question.request, at=at)
        return evaluate(agreement, state(at).on(asked, signed_purposes=agreement.instructed_purposes))

    before = answer(probes[0])
    for earlier, later in pairwise(probes):
        now = answer(later)
        if now.allowed != before.allowed:
            at, decided = _turn(earlier, later, answer)
            yield Moment(
                at=at,
                kind="gate",
                word="opens" if decided.allowed else "shuts",
                title=question.says,
                clause=_clause(agreement, question.request, decided),
                owner="provider",
                authored=False,
            )
        before = now


def _turn(earlier: datetime, later: datetime, answer: Callable[[datetime], Decision]) -> tuple[datetime, Decision]:
    """The first instant after `earlier` at which the answer is that of `later`, and the answer then."""
    target = answer(later)
    tick = timedelta(microseconds=1)
    low, high = 0, (later - earlier) // tick
    while high - low > 1:
        middle = (low + high) // 2
        if answer(earlier + tick * middle).allowed == target.allowed:
            high = middle
        else:
            low = middle
    at = earlier + tick * high
    return at, answer(at)


def _clause(agreement: Agreement, request: GateRequest, decision: Decision) -> str:
    """The clause that turned the gate: of a refusal its own; of an opening the one that had kept it shut."""
    if not decision.allowed:
        return decision.clause
    if request.recipient:
        return agreement.terms.subprocessors.clause
    return agreement.terms.staff.clause if request.person else decision.clause


def _joined(moments: list[Moment]) -> Iterator[Moment]:
    """The same moments; what turns at one instant by one clause is told in one line."""
    gates: dict[tuple[datetime, str, str], list[Moment]] = {}
    for moment in moments:
        if moment.kind == "gate":
            gates.setdefault((moment.at, moment.word, moment.clause), []).append(moment)
        else:
            yield moment
    for (_, word, _), same in gates.items():
        intro = "From now on possible: " if word == "opens" else "No longer possible: "
        yield replace(same[0], title=intro + "; ".join(moment.title for moment in same))
