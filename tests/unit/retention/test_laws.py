"""The laws are data: unique, complete, readable, each naming whom it binds."""

import re
from datetime import UTC, date, datetime
from typing import Final

import pytest

from parley.agreement.api import Span
from parley.retention import laws
from parley.retention.types import BINDS, Law


@pytest.mark.parametrize("law", laws.floors().values(), ids=lambda law: law.key)
def test_a_law_says_who_what_where_and_how_long(law: Law) -> None:
    assert law.binds in BINDS
    assert all((law.name, law.jurisdiction, law.who, law.what, law.source, law.applies))
    assert law.at_least or law.at_most
    assert not law.extended or (law.at_least and law.extended.rough_hours > law.at_least.rough_hours)


IN_WORDS: Final = {1: "one", 3: "three", 5: "five", 6: "six", 7: "seven", 8: "eight", 10: "ten", 90: "ninety"}


@pytest.mark.parametrize("law", laws.floors().values(), ids=lambda law: law.key)
def test_a_law_names_the_provision_that_sets_its_time_and_quotes_that_time(law: Law) -> None:
    assert re.search(r"\d", law.article) and law.article in law.source
    for span in (law.at_least, law.extended, law.at_most):
        if span is not None:
            assert re.search(rf"\b{IN_WORDS[span.amount]} {span.unit.rstrip('s')}s?\b", law.source), span
    assert (law.year_end, "end of the year" in law.source) in {(True, True), (False, False)}
    assert law.checked is None or date(2026, 11, 1) <= law.checked <= datetime.now(UTC).date()


def test_banks_and_insurers_keep_their_vouchers_longer_than_others() -> None:
    known = laws.floors()
    assert known["hgb-257-vouchers"].at_least == Span(8, "years")
    assert known["hgb-257-vouchers-finance"].at_least == Span(10, "years")
    assert known["fca-sysc-10a"].article == "SYSC 10A.1.15R"


def test_the_floors_that_firms_ask_for_are_known() -> None:
    known = laws.floors()
    assert (known["mifid2-16-7"].at_least, known["mifid2-16-7"].extended) == (Span(5, "years"), Span(7, "years"))
    assert known["mifid2-16-7"].reaches("recordings", "recording")
    assert not known["mifid2-16-7"].reaches("contacts", "contact")
    assert known["preservation-order"].reaches("contacts", "contact")
    assert {law.binds for law in known.values()} == {"customer", "provider"}


def test_a_time_of_commercial_law_counts_from_the_end_of_the_year() -> None:
    made = datetime(2026, 3, 1, 12, tzinfo=UTC)
    span = Span(6, "years")
    assert laws.ends(made, span, year_end=True, zone="Europe/Berlin") == datetime(2032, 12, 31, 23, tzinfo=UTC)
    assert laws.ends(made, span, year_end=False, zone="Europe/Berlin") == datetime(2032, 3, 1, 12, tzinfo=UTC)
