"""The inventory of one offering: what is held about whom, why, how long, how it is found, handed out and erased.

Derived from the declarations and the census alone; what the agreement says of the offering's data stands beside it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.apps import apps
from django.db import router

from parley.agreement.api import DataTerm
from parley.foundation.declarations import PersonalData
from parley.inventory.census import Counted, census, installed
from parley.inventory.rules import personal
from parley.inventory.stores import Stores, stores

SHARED: Final = "shared-services"
"""The offering of what belongs to no other: accounts, agreements, evidence."""
_ALIKE: Final = {"user.user_sensor": "user.biometric.voice"}
"""What a table says of a voice, by the word that agreements have for it; nobody is identified by the voice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryLine:
    """One category of one kind of people in one offering. Words are keys of `inventory.vocabulary`.

    `clause` is that of the agreement which speaks of it, "" when none does; `authored`: the source of that clause does
    not say it, or no clause does, so that the line is ours. `records` and `persons` are None before they are counted.
    """

    category: str
    subject: str
    purposes: tuple[str, ...]
    retention: tuple[str, ...]
    find_by: tuple[str, ...]
    export: tuple[str, ...]
    erase: tuple[str, ...]
    stores: tuple[str, ...]
    clause: str
    authored: bool
    records: int | None = None
    persons: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryPage:
    """The inventory of one offering. `announced` are categories that the agreement names and nothing is held of."""

    offering: str
    lines: tuple[InventoryLine, ...]
    announced: tuple[tuple[str, str], ...]


def offerings(declarations: Sequence[PersonalData] | None = None) -> tuple[str, ...]:
    """The offerings that hold anything, in the order of their stores, what belongs to none last."""
    found = dict.fromkeys(_of_offerings(declarations, stores()))
    return tuple(sorted(found, key=lambda one: one == SHARED))


def inventory(
    offering: str,
    *,
    terms: Sequence[DataTerm],
    counted: bool = True,
    declarations: Sequence[PersonalData] | None = None,
) -> InventoryPage:
    """The inventory of one offering for the customer in scope; with `counted`, how much there is now."""
    known = stores()
    mine = _of_offerings(declarations, known).get(offering, [])
    grouped: dict[tuple[str, str], list[PersonalData]] = defaultdict(list)
    for one in mine:
        grouped[one.category, one.subject].append(one)
    numbers = {(line.category, line.subject): line for line in census(declarations=mine).lines} if counted else {}
    lines = []
    for (category, subject), alike in sorted(grouped.items()):
        term = _term(terms, offering, category)
        number = numbers.get((category, subject))
        lines.append(
            InventoryLine(
                category=category,
                subject=subject,
                purposes=_words(alike, "purpose"),
                retention=_words(alike, "retention"),
                find_by=_words(alike, "find_by"),
                export=_words(alike, "export"),
                erase=_words(alike, "erase"),
                stores=tuple(sorted({store.name for store in known for one in alike if one.model in store.models})),
                clause=term.clause if term else "",
                authored=term is None or term.authored,
                records=(number.records if number else 0) if counted else None,
                persons=number.persons if number else None,
            )
        )
    return InventoryPage(offering=offering, lines=tuple(lines), announced=_announced(terms, offering, grouped))


def _of_offerings(declarations: Sequence[PersonalData] | None, known: Stores) -> dict[str, list[PersonalData]]:
    """The declarations of the customer's own database, by the offering that they belong to."""
    given = personal(installed("DECLARATIONS") if declarations is None else declarations)
    of_stores = {model: store.offering for store in known for model in store.models}
    counts: Iterable[Counted] = installed("CENSUS")
    of_census = {one.model: one.offering for one in counts if one.offering}
    found: dict[str, list[PersonalData]] = {offering: [] for offering in of_stores.values()}
    for one in given:
        if router.db_for_read(apps.get_model(one.model)) == "default":
            offering = of_stores.get(one.model) or of_census.get(one.model) or SHARED
            found.setdefault(offering, []).append(one)
    return {offering: rows for offering, rows in found.items() if rows}


def _words(alike: Iterable[PersonalData], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(getattr(one, name) for one in alike))


def _term(terms: Sequence[DataTerm], offering: str, category: str) -> DataTerm | None:
    """The term that names the category, or one above it, for the offering; a term of its own before one for all."""
    fitting = [
        term
        for term in terms
        if term.offering in {offering, "*"} and any(_within(category, listed) for listed in term.categories)
    ]
    return min(fitting, key=lambda term: term.offering == "*", default=None)


def _announced(
    terms: Sequence[DataTerm], offering: str, held: Mapping[tuple[str, str], object]
) -> tuple[tuple[str, str], ...]:
    """Categories with their clause that are named for the offering, and of which nothing is stored."""
    categories = {category for category, _subject in held}
    return tuple(
        (listed, term.clause)
        for term in terms
        if term.offering == offering
        for listed in term.categories
        if not any(_within(category, listed) or _within(listed, category) for category in categories)
    )


def _within(category: str, listed: str) -> bool:
    if _ALIKE.get(category) == listed or _ALIKE.get(listed) == category:
        return True
    return category == listed or category.startswith(f"{listed}.")
