"""What bears on records: which holds, laws and restrictions reach them, when their rule's time is over."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from parley.agreement.api import Span, read_span
from parley.governance.contract import api as contract
from parley.inventory.api import Held
from parley.retention import laws
from parley.retention.models import HeldRecord, Hold, Restriction
from parley.retention.types import Cause, DeclaredLaw, Facts, HoldFact, LawFact, RestrictionFact
from parley.tenancy import api as tenancy

_LOCK: Final = 0x5061726C6579
_GATHERING: Final = 0x5061726C657A
_RECENT: Final = 1.0
"""Seconds: as old may what a customer signed be, as for the gate of contacts; holds and laws are asked for anew."""
_ALONE: Final = f"SELECT pg_advisory_xact_lock({_LOCK})"
_BESIDE_OTHERS: Final = f"SELECT pg_advisory_xact_lock_shared({_LOCK})"
_GATHER_ALONE: Final = f"SELECT pg_advisory_xact_lock({_GATHERING})"
_STANDING: Final = """
SELECT 'law', law, '', '', extended, declared_by, declared_at FROM retention_lawinforce WHERE withdrawn_at IS NULL
UNION ALL SELECT 'rule', store, kind, keep, NULL, NULL, NULL FROM retention_kindrule
UNION ALL SELECT 'person', '', '', '', NULL, NULL, NULL
WHERE EXISTS (SELECT FROM retention_hold WHERE scope = 'subject' AND lifted_at IS NULL)
UNION ALL SELECT 'resting', '', '', '', NULL, NULL, NULL
WHERE EXISTS (SELECT FROM retention_heldrecord) OR EXISTS (SELECT FROM retention_heldlook)
    OR EXISTS (SELECT FROM retention_restriction)
"""
_REACHING: Final = """
SELECT r.hold_id, h.ground, h.binds, r.record, '', NULL::timestamptz, NULL::timestamptz
FROM retention_heldrecord r JOIN retention_hold h ON h.id = r.hold_id
WHERE r.store = %s AND r.record = ANY(%s::uuid[]) AND h.lifted_at IS NULL
UNION ALL
SELECT id, ground, binds, NULL, kind, since, until FROM retention_hold
WHERE scope = 'span' AND store = %s AND lifted_at IS NULL
"""
_RESTRICTED: Final = """
SELECT record, reference, ground FROM retention_restriction WHERE store = %s AND record = ANY(%s::uuid[])
"""
_OR_RESTRICTING: Final = """UNION ALL
SELECT NULL, ground, reference, record, '', NULL, NULL FROM retention_restriction
WHERE store = %s AND record = ANY(%s::uuid[])
"""
_BEARING: Final = _REACHING + _OR_RESTRICTING
"""What reaches records of a store, and (no hold) what restricts them."""


def no_disposal_beside() -> None:
    """Until the transaction ends nothing is disposed of in this customer: no hold is placed beside a disposal."""
    tenancy.run_together((_ALONE, []))


def gathering_alone() -> None:
    """Until the transaction ends nobody else gathers for holds on persons: two would write the same lines."""
    tenancy.run_together((_GATHER_ALONE, []))


@dataclass(frozen=True, slots=True)
class Unread:
    """Records of one store that are still to be read, by a statement that locks them, together with what bears on
    them; `held` makes records of its answer, and may refuse."""

    store: str
    ids: Sequence[UUID]
    reading: tenancy.Asked
    held: Callable[[tenancy.Answer], Sequence[Held]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was found while no hold can be placed: the records, what bears on them (for `facts`), whether a hold on a
    person stands, and whether anything was ever held or restricted: then lines of records that go are to go too."""

    records: Sequence[Held]
    answers: Sequence[tenancy.Answer]
    person_held: bool
    anything_rests: bool


def ask_before_disposal(wanted: Sequence[Held] | Unread) -> Asked:
    """What `Asked` says; until the transaction ends no hold is placed, while disposals of other records go on. One
    round trip; each statement after the lock sees what was committed before it was given."""
    if isinstance(wanted, Unread):
        ids: Mapping[str, Sequence[UUID]] = {wanted.store: wanted.ids}
        reading = [wanted.reading]
    else:
        ids, reading = {store: _ids(some) for store, some in _by_store(wanted).items()}, []
    answers = tenancy.run_together(*reading, (_BESIDE_OTHERS, []), *_asked(ids))
    records = wanted.held(answers.pop(0)) if isinstance(wanted, Unread) else wanted
    _, *bearing = answers
    standing = {row[0] for row in bearing[0].rows}
    return Asked(records, bearing, person_held="person" in standing, anything_rests="resting" in standing)


def _asked(ids: Mapping[str, Sequence[UUID]]) -> list[tenancy.Asked]:
    """What stands for the customer, and what bears on records of each store."""
    return [(_STANDING, []), *((_BEARING, [store, some, store, store, some]) for store, some in ids.items())]


def _by_store(records: Sequence[Held]) -> Mapping[str, list[Held]]:
    return {store: [one for one in records if one.store == store] for store in sorted({one.store for one in records})}


class Reach(NamedTuple):
    """A standing hold that reaches something of a store: one record, or (no record) a kind in a span of time."""

    hold: UUID
    ground: str
    binds: str
    record: UUID | None
    kind: str
    since: datetime | None
    until: datetime | None

    def covers(self, one: Held | UUID) -> bool:
        """Whether it reaches that record; of a bare id nothing is known, so a span covers it: rather too much."""
        if self.record is not None:
            return self.record == (one.id if isinstance(one, Held) else one)
        if isinstance(one, UUID):
            return True
        return (
            self.kind in {one.kind, "*"}
            and (self.since is None or one.at >= self.since)
            and (self.until is None or one.at < self.until)
        )


def reaching(store: str, records: Sequence[Held | UUID]) -> Mapping[UUID, tuple[Reach, ...]]:
    """By id of those records that holds reach: which. One query, whatever their number."""
    (answer,) = tenancy.run_together((_REACHING, [store, _ids(records), store]))
    return _reaching(records, answer.rows)


def _ids(records: Sequence[Held | UUID]) -> list[UUID]:
    return [one.id if isinstance(one, Held) else one for one in records]


def _reaching(records: Sequence[Held | UUID], rows: Sequence[Any]) -> Mapping[UUID, tuple[Reach, ...]]:
    found = [Reach(*row) for row in rows]
    by_record: dict[UUID, list[Reach]] = defaultdict(list)
    everywhere = [one for one in found if one.record is None]
    for one in found:
        if one.record is not None:
            by_record[one.record].append(one)
    for record in records if everywhere else ():
        covering = [one for one in everywhere if one.covers(record)]
        if covering:
            by_record[record.id if isinstance(record, Held) else record] += covering
    return {record: tuple(reaches) for record, reaches in by_record.items()}


def restrictions(store: str, ids: Iterable[UUID]) -> Mapping[UUID, tuple[RestrictionFact, ...]]:
    """By id of those whose use is restricted: by what. One query."""
    (answer,) = tenancy.run_together((_RESTRICTED, [store, list(ids)]))
    return _resting(answer.rows)


def _resting(rows: Sequence[tuple[Any, ...]]) -> Mapping[UUID, tuple[RestrictionFact, ...]]:
    found: dict[UUID, list[RestrictionFact]] = defaultdict(list)
    for record, reference, ground in rows:
        found[record].append(RestrictionFact(reference=reference, ground=ground))
    return {record: tuple(facts) for record, facts in found.items()}


def anything_rests(store: str) -> bool:
    """Whether any hold or restriction reaches anything of that store."""
    return (
        HeldRecord.objects.filter(store=store, hold__lifted_at__isnull=True).exists()
        or Hold.objects.filter(scope="span", store=store, lifted_at__isnull=True).exists()
        or Restriction.objects.filter(store=store).exists()
    )


def facts(
    records: Sequence[Held],
    *,
    cause: Cause,
    reference: str,
    at: datetime,
    clause: str = "",
    keep: Mapping[tuple[str, str], Span] | None = None,
    answers: Sequence[tenancy.Answer] = (),
) -> Iterator[tuple[Held, Facts]]:
    """Each record with all that bears on it. `keep` stands for rules that are not set yet, by (store, kind); `answers`
    are those of `ask_before_disposal`, asked for here where there are none."""
    customer = replace(tenancy.current(), standing=tenancy.standing(within=_RECENT))
    term, zone = contract.binding_of(customer).agreement.terms.retention, customer.standing.zone
    by_store = _by_store(records)
    asked = {store: _ids(some) for store, some in by_store.items()}
    found = [one.rows for one in answers or tenancy.run_together(*_asked(asked))]
    declared = laws.of_rows(sorted((row[1], *row[4:]) for row in found[0] if row[0] == "law"))
    spans = _rules([row[1:4] for row in found[0] if row[0] == "rule"]) | dict(keep or {})
    for (store, of_store), bearing in zip(by_store.items(), found[1:], strict=True):
        held = _reaching(of_store, [row for row in bearing if row[0] is not None])
        resting = _resting([(row[3], row[2], row[1]) for row in bearing if row[0] is None])
        for one in of_store:
            span = spans.get((store, one.kind))
            yield (
                one,
                Facts(
                    cause=cause,
                    at=at,
                    retention_clause=term.clause,
                    clause=clause,
                    reference=reference,
                    rule_ends=laws.ends(one.at, span, year_end=False, zone=zone) if span else None,
                    delete_any_time=term.delete_any_time,
                    laws=_laws(one, declared, zone=zone),
                    holds=tuple(
                        HoldFact(
                            id=reach.hold,
                            ground=reach.ground,
                            binds="provider" if reach.binds == "provider" else "customer",
                        )
                        for reach in held.get(one.id, ())
                    ),
                    restrictions=resting.get(one.id, ()),
                ),
            )


def _laws(record: Held, declared: Sequence[DeclaredLaw], *, zone: str) -> tuple[LawFact, ...]:
    return tuple(
        LawFact(
            key=one.law.key,
            name=one.law.name,
            binds=one.law.binds,
            until=laws.ends(record.at, one.floor, year_end=one.law.year_end, zone=zone),
        )
        for one in declared
        if one.floor is not None and one.law.reaches(record.store, record.kind)
    )


def _rules(rows: Sequence[tuple[Any, ...]]) -> dict[tuple[str, str], Span]:
    found = {}
    for store, kind, keep in rows:
        span = read_span(keep)
        if span is not None:
            found[store, kind] = span
    return found
