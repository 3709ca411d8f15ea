"""The SQL of the list: which conversations, in which order, read from as few rows as a page has.

Every table that search reads carries the place in the list, (`listed_at`, `listed_id`), behind what it is searched by:
a page of one number, tag or word is a range of one index, wherever in the list it lies. Several are joined by walking
the one that fewest recordings have; a viewer who sees only some numbers adds these as one more. A person in hundreds
of numbers' place is the exception: then the list is walked by date, and nearly every line of it matches. What is known
of announcement and consent stands in the recording itself and is walked like the rest: who refused are few.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from django.db import connection

Table = Literal["recordings_numberindex", "recordings_tag", "recordings_wordindex", "recordings_recording"]
Column = Literal["value", "consent", "notice"]
Place = tuple[datetime, UUID]
"""Where a line stands in the list: the start of its conversation, and the conversation's id."""

_PROBED: Final = 2000
"""How many index rows are counted before a term is taken for a common one."""
_WIDE: Final = 64
"""A common term of more values than this is no way into the list: the list is walked instead."""


@dataclass(frozen=True, slots=True)
class Term:
    """A recording must have one of `values` in `table`: blind indexes, or states in a `column` of its own, "" for none
    being no such state."""

    table: Table
    values: tuple[bytes, ...] | tuple[str, ...] = field(repr=False)
    column: Column = "value"

    @property
    def own(self) -> bool:
        """Whether it is a column of the recording."""
        return self.table == "recordings_recording"

    def clause(self, alias: str, value: str) -> str:
        """That a row has `value`; for a state as its partial index wants it."""
        return f"{alias}.{self.column} = {value}" + (f" AND {alias}.{self.column} <> ''" if self.own else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a recording must be besides: pieces of SQL over `r`, with their parameters; and the stretch of the
    list, `after` exclusive."""

    clauses: tuple[str, ...] = ()
    params: tuple[Any, ...] = field(default=(), repr=False)
    since: datetime | None = None
    until: datetime | None = None
    after: Place | None = None


def statement(terms: Sequence[Term], limits: Limits, *, limit: int, offset: int = 0) -> tuple[str, list[Any]] | None:
    """A query for places in the list, newest first; None when nothing can match."""
    if any(not term.values for term in terms):
        return None
    driver = _driver(terms)
    others = [term for term in terms if term is not driver]
    if driver is None or len(driver.values) == 1:
        inner, params = _walk(driver, "%s", [] if driver is None else [driver.values[0]], others, limits)
        return f"{inner} LIMIT %s OFFSET %s", [*params, limit, offset]
    inner, params = _walk(driver, "v.value", [], others, limits)
    kind = "text" if driver.own else "bytea"
    outer = (
        f"SELECT DISTINCT s.listed_at, s.listed_id FROM unnest(%s::{kind}[]) AS v(value)"  # noqa: S608 - `kind` is one of two words here
        f" CROSS JOIN LATERAL ({inner} LIMIT %s) s ORDER BY s.listed_at DESC, s.listed_id DESC LIMIT %s OFFSET %s"
    )
    return outer, [list(driver.values), *params, limit + offset, limit, offset]


def is_plain(terms: Sequence[Term], limits: Limits) -> bool:
    """Whether the list is a range of one index, whatever is asked: the same plan serves every value."""
    return not limits.clauses and len(terms) <= 1 and all(len(term.values) == 1 for term in terms)


def plain_statement(terms: Sequence[Term], limits: Limits, *, limit: int) -> tuple[str, list[Any]]:
    """As `statement`, for what `is_plain`; the limit is written out, for a plan that is made before values are known
    has to know how few lines are wanted."""
    driver = terms[0] if terms else None
    inner, params = _walk(driver, "%s", [driver.values[0]] if driver else [], [], limits)
    return f"{inner} LIMIT {limit:d}", params


def _driver(terms: Sequence[Term]) -> Term | None:
    """The term to walk: the only one, else the one that fewest recordings have; None to walk the list itself."""
    if not terms:
        return None
    if len(terms) == 1 and len(terms[0].values) <= _WIDE:
        return terms[0]
    counted = [(_count(term), len(term.values), number) for number, term in enumerate(terms)]
    count, values, number = min(counted)
    return None if count >= _PROBED and values > _WIDE else terms[number]


def _count(term: Term) -> int:
    """How many index rows there are, up to `_PROBED`."""
    rows = f"SELECT FROM {term.table} t WHERE {term.clause('t', 'ANY(%s)')} LIMIT %s"
    query = f"SELECT count(*) FROM ({rows}) n"  # noqa: S608 - table and column are Literals of `Term`
    with connection.cursor() as cursor:
        cursor.execute(query, [list(term.values), _PROBED])
        found: int = cursor.fetchone()[0]
    return found


def _walk(
    driver: Term | None, value: str, first: list[Any], others: Sequence[Term], limits: Limits
) -> tuple[str, list[Any]]:
    """The walk of the driver's table, or of the list itself, in the order of the list, each conversation once."""
    whole = driver is None or driver.own
    at, listed, recording = ("r.listed_at", "r.conversation_id", "r.id") if whole else (
        "t.listed_at", "t.listed_id", "t.recording_id"
    )  # fmt: skip
    source = "recordings_recording r" if driver is None or driver.own else f"{driver.table} t"
    if not whole and (limits.clauses or any(term.own for term in others)):
        source += " JOIN recordings_recording r ON r.id = t.recording_id"
    where, params = ([] if driver is None else [driver.clause("r" if whole else "t", value)]), list(first)
    if limits.since is not None:
        where.append(f"{at} >= %s")
        params.append(limits.since)
    # One bound from above: given two, the index is entered at the first of them and read up to the other.
    bounds = [limits.after] if limits.after is not None else []
    bounds += [(limits.until, UUID(int=0))] if limits.until is not None else []
    if bounds:
        where.append(f"({at}, {listed}) < (%s, %s)")
        params += min(bounds)
    where += limits.clauses
    params += limits.params
    for term in others:
        if term.own:
            where.append(f"r.{term.column} = ANY(%s)")
        else:
            has = term.clause("o", "ANY(%s)")
            where.append(f"EXISTS (SELECT FROM {term.table} o WHERE o.recording_id = {recording} AND {has})")
        params.append(list(term.values))
    return (
        f"SELECT DISTINCT {at} AS listed_at, {listed} AS listed_id FROM {source}"  # noqa: S608 - own names alone
        f"{' WHERE ' if where else ''}{' AND '.join(where)} ORDER BY {at} DESC, {listed} DESC",
        params,
    )
