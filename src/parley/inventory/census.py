"""How much there is about how many people: counted from the declarations, in the database of the customer in scope.

What a package declares in `personal_data.py` says which categories are where; its `CENSUS`, in the same file, says how
the rows are told apart: which belong to one record, whom they concern, of what time they are. Counts are exact; no
value is read out. A model without a `CENSUS` row is counted when everything is asked for: by row, its people not told
apart.
"""

import importlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from django.apps import apps
from django.db import router
from django.db.models import F, Func, Model, Q, QuerySet

from parley.foundation.declarations import Declaration, PersonalData
from parley.inventory.rules import personal

EVERYTHING: Final = "*"
_INSTANTS: Final = ("started_at", "received_at", "opened_at", "made_at", "created_at", "at", "sent_at")
"""Fields that tell of what time a row is, where no `CENSUS` row says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How the rows of `model` are counted. All names but `model`, `offering`, `unit` and `who` are Django lookups.

    `record` tells records of one `unit` apart, `person` people that are told apart as `who` ("number": by a blind index
    of their number; "account": by their account); "" when they are not. `many`: `person` is an array. A row counts for
    a time when [`starts`, `ends`] touches it, or, when it is `standing` (an account, an address), when it existed then.
    """

    model: str
    offering: str
    unit: str
    record: str = "pk"
    who: str = ""
    person: str = ""
    many: bool = False
    starts: str = ""
    ends: str = ""
    standing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One category of one kind of people: how many records, of how many people; None when they are not told apart."""

    category: str
    subject: str
    records: int
    persons: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """What was found. `records` by unit, `persons` by how they are told apart; `lines` by category and subject."""

    records: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    persons: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    lines: tuple[Line, ...] = ()

    @property
    def total_records(self) -> int:
        return sum(self.records.values())

    @property
    def total_persons(self) -> int:
        """Distinct people; somebody who is known in two ways, or by two numbers, is counted for each."""
        return sum(self.persons.values())


def census(
    *,
    offering: str = EVERYTHING,
    since: datetime | None = None,
    until: datetime | None = None,
    categories: Sequence[str] = (),
    declarations: Iterable[Declaration] | None = None,
    counted: Iterable[Counted] | None = None,
) -> Census:
    """Count for the customer in scope: of one offering or everything, of a time [since, until), of some categories.

    A category stands for those below it ("user.contact" for "user.contact.email"). No categories means all.
    """
    how = {one.model: one for one in (installed("CENSUS") if counted is None else counted)}
    wanted = [
        (declaration, rows)
        for declaration in personal(installed("DECLARATIONS") if declarations is None else declarations)
        if _within(declaration.category, categories)
        and (rows := _rows(declaration, how, offering=offering, since=since, until=until)) is not None
    ]
    by_line: dict[tuple[str, str], dict[str, _Rows]] = defaultdict(dict)
    everywhere: dict[str, _Rows] = {}
    for declaration, rows in wanted:
        by_line[declaration.category, declaration.subject][declaration.model] = rows
        everywhere[declaration.model] = rows
    lines = []
    for (category, subject), found in sorted(by_line.items()):
        records, persons = _records(found.values()), _persons(found.values())
        if count := sum(records.values()):
            apart = sum(persons.values()) or None
            lines.append(Line(category=category, subject=subject, records=count, persons=apart))
    return Census(
        records=MappingProxyType({unit: count for unit, count in _records(everywhere.values()).items() if count}),
        persons=MappingProxyType({who: count for who, count in _persons(everywhere.values()).items() if count}),
        lines=tuple(lines),
    )


def installed(name: str) -> list[Any]:
    """The rows of the table `name` (DECLARATIONS, CENSUS) in every `personal_data.py` of an installed package."""
    found: list[Any] = []
    for config in apps.get_app_configs():
        if config.name.startswith("parley.") and list(config.get_models(include_auto_created=True)):
            found += getattr(importlib.import_module(f"{config.name}.personal_data"), name, ())
    return found


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one model that are wanted, and how they are counted."""

    how: Counted
    model: type[Model]
    wanted: Q

    def records(self) -> "QuerySet[Model, Any]":
        return self._present(self.how.record)

    def persons(self) -> "QuerySet[Model, Any]":
        if self.how.many:
            rows = self.model._default_manager.filter(self.wanted).order_by()
            return rows.values_list(Func(F(self.how.person), function="unnest"), flat=True)
        return self._present(self.how.person)

    def _present(self, path: str) -> "QuerySet[Model, Any]":
        """The values at `path` that are there. One filter, so that a path to many rows is walked once."""
        rows = self.model._default_manager.filter(self.wanted & Q(**{f"{path}__isnull": False}))
        return rows.order_by().values_list(path, flat=True)


def _rows(
    declaration: PersonalData,
    known: Mapping[str, Counted],
    *,
    offering: str,
    since: datetime | None,
    until: datetime | None,
) -> _Rows | None:
    """The wanted rows of the declared model; None when it is not of the offering or not in a customer's database."""
    model = apps.get_model(declaration.model)
    how = known.get(declaration.model) or Counted(
        model=declaration.model, offering="", unit=declaration.model, starts=_instant(model)
    )
    if offering not in {EVERYTHING, how.offering} or router.db_for_read(model) != "default":
        return None
    wanted = Q()
    if how.starts and until is not None:
        wanted &= Q(**{f"{how.starts}__lt": until})
    if how.starts and since is not None and not how.standing:
        wanted &= Q(**{f"{how.ends or how.starts}__gte": since})
    return _Rows(how, model, wanted)


def _instant(model: type[Model]) -> str:
    names = {one.name for one in model._meta.local_concrete_fields}
    return next((name for name in _INSTANTS if name in names), "")


def _records(found: Iterable[_Rows]) -> dict[str, int]:
    return _distinct(found, lambda rows: rows.how.unit, _Rows.records)


def _persons(found: Iterable[_Rows]) -> dict[str, int]:
    return _distinct((rows for rows in found if rows.how.who), lambda rows: rows.how.who, _Rows.persons)


def _distinct(
    found: Iterable[_Rows], kind: Callable[[_Rows], str], values: "Callable[[_Rows], QuerySet[Model, Any]]"
) -> dict[str, int]:
    """By kind, how many different values the rows have, over all their models."""
    grouped: dict[str, list[QuerySet[Model, Any]]] = defaultdict(list)
    for rows in found:
        grouped[kind(rows)].append(values(rows))
    return {
        name: first.union(*others).count() if others else first.distinct().count()
        for name, (first, *others) in grouped.items()
    }


def _within(category: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(category == one or category.startswith(f"{one}.") for one in wanted)
