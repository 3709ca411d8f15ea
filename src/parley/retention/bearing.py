"""What bears on records: which holds, laws and restrictions reach them, when their rule's time is over."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import CharField, DateTimeField, F, UUIDField, Value

from parley.agreement.api import Span, read_span
from parley.governance.contract import api as contract
from parley.inventory.api import Held
from parley.retention import laws
from parley.retention.models import HeldRecord, Hold, KindRule, Restriction
from parley.retention.types import Cause, DeclaredLaw, Facts, HoldFact, LawFact, RestrictionFact
from parley.tenancy import api as tenancy

_LOCK: Final = 0x5061726C6579


def one_at_a_time() -> None:
    """Hold the lock of this customer's disposals until the transaction ends: no hold is placed beside one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


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
    ids = [one.id if isinstance(one, Held) else one for one in records]
    named = (
        HeldRecord.objects.filter(store=store, record__in=ids, hold__lifted_at__isnull=True)
        .annotate(
            no_kind=Value("", CharField()), no_since=Value(None, DateTimeField()), no_until=Value(None, DateTimeField())
        )
        .values_list(
            "hold_id", F("hold__ground"), F("hold__binds"), "record", "no_kind", "no_since", "no_until"
        )
    )  # fmt: skip
    spans = (
        Hold.objects.filter(scope="span", store=store, lifted_at__isnull=True)
        .annotate(no_record=Value(None, UUIDField()))
        .values_list("id", "ground", "binds", "no_record", "kind", "since", "until")
    )
    found = [Reach(*row) for row in named.union(spans, all=True)]
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
    found: dict[UUID, list[RestrictionFact]] = defaultdict(list)
    rows = Restriction.objects.filter(store=store, record__in=list(ids)).values_list("record", "reference", "ground")
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
    term, zone = contract.binding().agreement.terms.retention, tenancy.standing().zone
    declared = laws.declared()
    spans = _rules() | dict(keep or {})
    for store in sorted({one.store for one in records}):
        of_store = [one for one in records if one.store == store]
        held, resting = reaching(store, of_store), restrictions(store, [one.id for one in of_store])
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


def _rules() -> dict[tuple[str, str], Span]:
    found = {}
    for store, kind, keep in KindRule.objects.values_list("store", "kind", "keep"):
        span = read_span(keep)
        if span is not None:
            found[store, kind] = span
    return found
