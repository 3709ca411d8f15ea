"""What bears on records: which holds, laws and restrictions reach them, when their rule's time is over."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from parley.agreement.api import Span, read_span
from parley.governance.contract import api as contract
from parley.inventory.api import Held
from parley.retention import laws
from parley.retention.models import HeldRecord, Hold, Restriction
from parley.retention.types import Cause, DeclaredLaw, Facts, HoldFact, LawFact, RestrictionFact
from parley.tenancy import api as tenancy

_LOCK: Final = 0x5061726C6579


_RULES: Final = "SELECT store, kind, keep FROM retention_kindrule"
_REACHING: Final = """
SELECT r.hold_id, h.ground, h.binds, r.record, '', NULL::timestamptz, NULL::timestamptz
FROM retention_heldrecord r JOIN retention_hold h ON h.id = r.hold_id
WHERE r.store = %s AND r.record = ANY(%s::uuid[]) AND h.lifted_at IS NULL
UNION ALL
SELECT id, ground, binds, NULL, kind, since, until FROM retention_hold
WHERE scope = 'span' AND store = %s AND lifted_at IS NULL
"""
_RESTRICTED: Final = "SELECT record, reference, ground FROM retention_restriction WHERE store = %s AND record = ANY(%s)"
_BY_PERSON: Final = "SELECT EXISTS (SELECT FROM retention_hold WHERE scope = 'subject' AND lifted_at IS NULL)"


def one_at_a_time() -> None:
    """Hold the lock of this customer's disposals until the transaction ends: no hold is placed beside one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def one_at_a_time_and_person_held() -> bool:
    """`one_at_a_time`; whether then a hold on a person stands. One round trip; the second statement sees what was
    committed before the lock was given."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_LOCK}); {_BY_PERSON}")
        return bool(_each(cursor)[1][0][0])


def _each(cursor: Any) -> list[list[Any]]:
    """The rows of each of several statements."""
    found = [cursor.fetchall()]
    while cursor.nextset():
        found.append(cursor.fetchall())
    return found


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
    with connection.cursor() as cursor:
        cursor.execute(_REACHING, [store, _ids(records), store])
        return _reaching(records, cursor.fetchall())


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
    with connection.cursor() as cursor:
        cursor.execute(_RESTRICTED, [store, list(ids)])
        return _resting(cursor.fetchall())


def _resting(rows: Sequence[tuple[UUID, str, str]]) -> Mapping[UUID, tuple[RestrictionFact, ...]]:
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
) -> Iterator[tuple[Held, Facts]]:
    """Each record with all that bears on it. `keep` stands for rules that are not set yet, by (store, kind)."""
    customer = replace(tenancy.current(), standing=tenancy.standing())
    term, zone = contract.binding_of(customer).agreement.terms.retention, customer.standing.zone
    names = sorted({one.store for one in records})
    by_store = {store: [one for one in records if one.store == store] for store in names}
    asked: list[tuple[str, list[Any]]] = [(laws.DECLARED, []), (_RULES, [])]
    for store, of_store in by_store.items():
        asked += [(_REACHING, [store, _ids(of_store), store]), (_RESTRICTED, [store, _ids(of_store)])]
    with connection.cursor() as cursor:  # one round trip, whatever the number of stores
        cursor.execute("; ".join(sql for sql, _ in asked), [value for _, values in asked for value in values])
        declared_rows, rule_rows, *bearing = _each(cursor)
    declared, spans = laws.of_rows(declared_rows), _rules(rule_rows) | dict(keep or {})
    for number, (store, of_store) in enumerate(by_store.items()):
        held, resting = _reaching(of_store, bearing[2 * number]), _resting(bearing[2 * number + 1])
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


def _rules(rows: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str], Span]:
    found = {}
    for store, kind, keep in rows:
        span = read_span(keep)
        if span is not None:
            found[store, kind] = span
    return found
