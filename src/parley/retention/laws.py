"""The laws that retention knows, and which of them bind the customer in scope."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from parley.agreement.api import Span, after, read_span
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.retention.errors import RuleRefused
from parley.retention.models import LawInForce
from parley.retention.types import DeclaredLaw, Law

_FILE: Final = "laws.toml"
DECLARED: Final = """
SELECT law, extended, declared_by, declared_at FROM retention_lawinforce
WHERE withdrawn_at IS NULL ORDER BY declared_at
"""


@cache
def floors() -> Mapping[str, Law]:
    """The laws of `laws.toml`, by key."""
    rows = tomllib.loads(resources.files("parley.retention").joinpath(_FILE).read_text())["law"]
    return {row["key"]: _law(row) for row in rows}


def declared() -> tuple[DeclaredLaw, ...]:
    """The laws that were declared to bind, and hold now; those of an earlier version that is known no more are left
    out."""
    with connection.cursor() as cursor:
        cursor.execute(DECLARED)
        return of_rows(cursor.fetchall())


def of_rows(rows: Sequence[tuple[Any, ...]]) -> tuple[DeclaredLaw, ...]:
    """What `DECLARED` found."""
    return tuple(
        DeclaredLaw(law=floors()[law], extended=extended, declared_by=declared_by, declared_at=declared_at)
        for law, extended, declared_by, declared_at in rows
        if law in floors()
    )


def declare_law(key: str, *, by: UUID, at: datetime, extended: bool = False) -> None:
    """A law binds from now on; declared before, only `extended` changes. Leaves evidence. Raises RuleRefused."""
    law = floors().get(key)
    if law is None:
        raise RuleRefused(f"there is no law {key!r} here", remedy=f"Known: {', '.join(floors())}.")
    if extended and law.extended is None:
        raise RuleRefused(f"{law.name} knows no longer time", remedy="Declare it without one.")
    with transaction.atomic():
        LawInForce.objects.filter(law=key, withdrawn_at__isnull=True).update(withdrawn_at=at, withdrawn_by=by)
        evidence = _evidence("retention.law-declared", law, by=by, at=at, extended=extended)
        LawInForce.objects.create(
            id=new_id(at=at), law=key, extended=extended, declared_at=at, declared_by=by, evidence_id=evidence
        )


def withdraw_law(key: str, *, by: UUID, at: datetime) -> None:
    """A law binds no more. Leaves evidence; nothing happens where it was not declared."""
    with transaction.atomic():
        changed = LawInForce.objects.filter(law=key, withdrawn_at__isnull=True).update(withdrawn_at=at, withdrawn_by=by)
        if changed and key in floors():
            _evidence("retention.law-withdrawn", floors()[key], by=by, at=at)


def law_history() -> tuple[tuple[str, datetime, UUID, datetime | None, UUID | None], ...]:
    """Every declaration, newest first: law, when and by whom declared, when and by whom withdrawn."""
    rows = LawInForce.objects.order_by("-declared_at")
    return tuple(rows.values_list("law", "declared_at", "declared_by", "withdrawn_at", "withdrawn_by"))


def ends(start: datetime, span: Span, *, year_end: bool, zone: str) -> datetime:
    """When a time of `span` that counts from a record of `start` is over."""
    if year_end:
        year = start.astimezone(ZoneInfo(zone)).year
        start = datetime(year + 1, 1, 1, tzinfo=ZoneInfo(zone))
    return after(start, span, zone=zone)


def _evidence(kind: str, law: Law, *, by: UUID, at: datetime, extended: bool = False) -> UUID:
    clause = contract.binding().agreement.terms.retention.clause
    return obligations.evidence(
        kind=kind,
        clause=clause,
        details={"law": law.key, "name": law.name, "extended": extended, "by": str(by)},
        at=at,
    )


def _law(row: Mapping[str, Any]) -> Law:
    spans: dict[str, Any] = {name: _span(row[name]) for name in ("at_least", "extended", "at_most") if name in row}
    plain = {name: value for name, value in row.items() if name not in spans and name != "applies"}
    return Law(applies={store: tuple(kinds) for store, kinds in row["applies"].items()}, **spans, **plain)


def _span(text: str) -> Span:
    span = read_span(text)
    if span is None:
        raise ValueError(f"{_FILE}: {text!r} is not a span")
    return span
