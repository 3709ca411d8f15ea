"""Rules: how long each kind of record of each store is kept, between which limits, and what a rule would delete."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from parley.agreement.api import RetentionTerm, Span, read_span
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.inventory.api import Held, Store, stores
from parley.obligations import api as obligations
from parley.retention import bearing, laws
from parley.retention.errors import RuleRefused
from parley.retention.models import KindRule
from parley.retention.nights import expect_night
from parley.retention.rules import decide
from parley.retention.types import Binds, DeclaredLaw, Limit, Limits, Preview, Rule
from parley.tenancy import api as tenancy

_PAGE: Final = 1000
LONGEST: Final = Span(500, "years")
"""The longest time of a rule: longer ones run over the beginning of the calendar."""


def rules() -> tuple[Rule, ...]:
    """One row for every kind of every store, in their order, whether somebody set a rule or not."""
    rows = {(row.store, row.kind): row for row in KindRule.objects.all()}
    declared, found, term = laws.declared(), [], contract.binding().agreement.terms.retention
    for store in stores():
        for kind, words in store.kinds.items():
            row = rows.get((store.name, kind))
            found.append(
                Rule(
                    store=store.name,
                    kind=kind,
                    words=words,
                    keep=read_span(row.keep) if row else None,
                    set_by=row.set_by if row else None,
                    set_at=row.set_at if row else None,
                    evidence_id=row.evidence_id if row else None,
                    limits=_limits(store.name, kind, declared, term),
                )
            )
    return tuple(found)


def rule(store: str, kind: str) -> Rule:
    """The row of one kind. Raises RuleRefused when there is no such kind."""
    found = next((one for one in rules() if (one.store, one.kind) == (store, kind)), None)
    if found is None:
        raise RuleRefused(f"there is no kind {kind!r} in {store!r}", remedy="See the table of rules.")
    return found


def limits(store: str, kind: str) -> Limits:
    """Between what a rule for that kind may be, and who may change it."""
    return _limits(store, kind, laws.declared(), contract.binding().agreement.terms.retention)


def set_rule(*, store: str, kind: str, keep: Span | None, by: UUID, at: datetime, as_provider: bool = False) -> Rule:
    """Set how long a kind is kept; None: until somebody deletes it. The next nightly deletion goes by it.

    Raises RuleRefused for a time outside the limits, and when the agreement gives the other side the control.
    """
    before = rule(store, kind)
    _require_right(before.limits, as_provider=as_provider)
    _require_in_calendar(keep)
    _require_within(before.limits, keep)
    with transaction.atomic():
        evidence = obligations.evidence(
            kind="retention.rule-set",
            clause=before.limits.clause,
            details={
                "store": store, "kind": kind, "keep": str(keep) if keep else "", "by": str(by),
                "before": str(before.keep) if before.keep else "",
            },
            at=at,
        )  # fmt: skip
        values = {
            "keep": str(keep) if keep else "", "set_at": at, "set_by": by, "clause": before.limits.clause,
            "evidence_id": evidence,
        }  # fmt: skip
        KindRule.objects.update_or_create(
            store=store, kind=kind, defaults=values, create_defaults={"id": new_id(at=at), **values}
        )
        expect_night(at=at)
    return rule(store, kind)


def preview(store: str, kind: str, keep: Span | None, at: datetime) -> Preview:
    """What the rule would delete if its night were `at`: exact numbers, and what would hold records back.

    Raises RuleRefused for a time that is longer than `LONGEST`.
    """
    _require_in_calendar(keep)
    if keep is None:
        return Preview(count=0)
    found, zone = stores()[store], tenancy.standing().zone
    due = cutoff(keep, at, zone=zone)
    total = found.count_older(kind, due)
    if not total:
        return Preview(count=0)
    if bearing.anything_rests(store):
        return _walked(found, kind, keep, due, at)
    kept: dict[str, int] = {}
    for law, ends in _floors(store, kind, laws.declared(), zone=zone):
        free = _turning(ends, at, rough=timedelta(hours=(law.floor or keep).rough_hours) + timedelta(days=366))
        if free < due:
            kept[law.law.name] = found.count_older(kind, due) - found.count_older(kind, free)
            due = free
    count = found.count_older(kind, due)
    oldest = found.older(kind, due, limit=1)
    return Preview(
        count=count, oldest=oldest[0].at if oldest else None, newest=_newest(found, kind, due, count), kept=kept
    )


def kept_by_law(record: Held) -> datetime | None:
    """Until when the declared laws keep a record at least, the longest of them; None where none does."""
    floors = _floors(record.store, record.kind, laws.declared(), zone=tenancy.standing().zone)
    return max((ends(record.at) for _law, ends in floors), default=None)


def laws_on(store: str) -> tuple[str, ...]:
    """Names of the declared laws that keep anything of that store."""
    kinds = stores()[store].kinds
    return tuple(
        one.law.name for one in laws.declared() if one.floor and any(one.law.reaches(store, kind) for kind in kinds)
    )


def cutoff(keep: Span, at: datetime, *, zone: str) -> datetime:
    """Records before this instant are past `keep` at `at`."""
    return _turning(
        lambda start: laws.ends(start, keep, year_end=False, zone=zone), at, rough=timedelta(hours=keep.rough_hours)
    )


def _turning(ends: Callable[[datetime], datetime], at: datetime, *, rough: timedelta) -> datetime:
    """The first start whose end lies after `at`: `ends` grows with its start, `rough` is about how far it reaches."""
    low, high = at - rough - timedelta(days=400), at + timedelta(seconds=1)
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) / 2
        if ends(middle) > at:
            high = middle
        else:
            low = middle
    return high


def _walked(store: Store, kind: str, keep: Span, due: datetime, at: datetime) -> Preview:
    """Record by record: where holds and restrictions may overlap nothing else counts right."""
    count, oldest, newest = 0, None, None
    held: Counter[UUID] = Counter()
    kept: Counter[str] = Counter()
    for page in pages(store, kind, due):
        for record, facts in bearing.facts(page, cause="rule", reference="", at=at, keep={(store.name, kind): keep}):
            verdict = decide(facts)
            if verdict.outcome == "erase":
                count, oldest, newest = count + 1, oldest or record.at, record.at
            elif verdict.hold is not None:
                held[verdict.hold] += 1
            else:
                kept[verdict.why if verdict.why == "restriction" else verdict.clause_or_law] += 1
    return Preview(count=count, oldest=oldest, newest=newest, held=dict(held), kept=dict(kept))


def pages(store: Store, kind: str, before: datetime, *, size: int = _PAGE) -> Iterator[Sequence[Held]]:
    """Pages of the records of a kind before an instant, oldest first."""
    last: Held | None = None
    while page := store.older(kind, before, after=last, limit=size):
        yield page
        last = page[-1]


def _floors(
    store: str, kind: str, declared: Sequence[DeclaredLaw], *, zone: str
) -> list[tuple[DeclaredLaw, Callable[[datetime], datetime]]]:
    """The floors that reach the kind, each with when it lets a record go."""

    def ends(law: DeclaredLaw, floor: Span) -> Callable[[datetime], datetime]:
        return lambda start: laws.ends(start, floor, year_end=law.law.year_end, zone=zone)

    return [(one, ends(one, one.floor)) for one in declared if one.floor and one.law.reaches(store, kind)]


def _newest(store: Store, kind: str, due: datetime, count: int) -> datetime | None:
    """The time of the last record before `due`: found by halving, for a store reads forward only."""
    if not count:
        return None
    low, high = due - timedelta(days=365 * 100), due
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if store.count_older(kind, middle) == count:
            high = middle
        else:
            low = middle
    return low


def _limits(store: str, kind: str, declared: Sequence[DeclaredLaw], term: RetentionTerm) -> Limits:
    reaching = [one for one in declared if one.law.reaches(store, kind)]
    floors = [Limit(span=one.floor, by=one.law.key, name=one.law.name) for one in reaching if one.floor]
    ceilings = [Limit(span=one.law.at_most, by=one.law.key, name=one.law.name) for one in reaching if one.law.at_most]
    shortest = max(floors, key=lambda one: one.span.rough_hours, default=None)
    longest = min(ceilings, key=lambda one: one.span.rough_hours, default=None)
    if shortest and longest and longest.span.rough_hours < shortest.span.rough_hours:
        longest = None  # What a statute orders to keep, no authority's advice on storage shortens.
    return Limits(shortest=shortest, longest=longest, controlled_by=term.controlled_by, clause=term.clause)


def _require_right(limits: Limits, *, as_provider: bool) -> None:
    side: Binds = "provider" if as_provider else "customer"
    if limits.controlled_by != side:
        raise RuleRefused(
            f"the {limits.controlled_by} controls how long records are kept ({limits.clause})",
            remedy=f"Ask the {limits.controlled_by} to change the rule.",
        )


def _require_in_calendar(keep: Span | None) -> None:
    if keep is not None and keep.rough_hours > LONGEST.rough_hours:
        raise RuleRefused(f"records are kept for {LONGEST} at most", remedy="Choose a shorter time, or no end.")


def _require_within(limits: Limits, keep: Span | None) -> None:
    if limits.longest and (keep is None or keep.rough_hours > limits.longest.span.rough_hours):
        raise RuleRefused(
            f"{limits.longest.name} allows at most {limits.longest.span}",
            remedy="Choose a shorter time, or withdraw the law where it does not bind you.",
        )
    if keep and limits.shortest and keep.rough_hours < limits.shortest.span.rough_hours:
        raise RuleRefused(
            f"{limits.shortest.name} demands at least {limits.shortest.span}",
            remedy="Choose a longer time, or withdraw the law where it does not bind you.",
        )
    if keep is not None and not keep.amount:
        raise RuleRefused("records cannot be kept for no time at all", remedy="Stop collecting them instead.")
