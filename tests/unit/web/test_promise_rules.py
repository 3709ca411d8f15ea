"""What a row of the promises says, and what a list of duties understands of an address."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from parley.agreement.api import Clause
from parley.obligations.api import ClauseDuties, Month
from parley.web import duty_lists
from parley.web.console.promise_rules import standing, worst
from parley.web.rules import BadFilter

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
GATED = Clause(id="T-1", subject="security", statement="It is so.", source="section 1", enforced_by=("gate.purpose",))
ATTESTED = replace(GATED, enforced_by=("attestation.training",))
NEXT_MONTH, NEXT_WEEK = NOW + timedelta(days=30), NOW + timedelta(days=6)


@pytest.mark.parametrize(
    ("clause", "duties", "state", "shape"),
    [
        (replace(GATED, enforced_by=(), waits_for=("rights",)), ClauseDuties(late=2), "waits", "idle"),
        (GATED, ClauseDuties(), "kept", "kept"),
        (GATED, ClauseDuties(open=1, next_due=NEXT_WEEK), "kept", "kept"),
        (GATED, ClauseDuties(open=1, due=1, next_due=NEXT_WEEK), "due", "due"),
        (GATED, ClauseDuties(open=1, due=1, late=1, next_due=NEXT_WEEK), "late", "late"),
        (ATTESTED, ClauseDuties(open=1, next_due=NEXT_MONTH), "unattested", "due"),
        (ATTESTED, ClauseDuties(open=1, met=1, next_due=NEXT_MONTH), "attested", "kept"),
        (ATTESTED, ClauseDuties(open=1, met=1, next_due=NEXT_WEEK), "attested", "due"),
        (ATTESTED, ClauseDuties(late=1, met=1), "late", "late"),
    ],
)
def test_how_a_clause_stands(clause: Clause, duties: ClauseDuties, state: str, shape: str) -> None:
    found = standing(clause, duties, at=NOW)
    assert (found.state, found.shape) == (state, shape)
    assert str(found.word)


def test_a_subject_stands_as_its_worst_clause() -> None:
    waits = standing(replace(GATED, enforced_by=()), ClauseDuties(), at=NOW)
    kept = standing(GATED, ClauseDuties(), at=NOW)
    late = standing(GATED, ClauseDuties(late=1), at=NOW)
    assert worst([waits, kept]) == kept
    assert worst([kept, late, waits]) == late
    assert worst([waits]) == waits


def test_the_filters_of_an_address_come_back_as_the_same_address() -> None:
    query = {
        "state": "met",
        "owner": "customer",
        "clause": "IM-3f.breach",
        "since": "2026-01-01",
        "until": "2026-06-30",
    }
    filters = duty_lists.parse(query)
    assert filters.newest
    assert filters.query() == "state=met&owner=customer&clause=IM-3f.breach&since=2026-01-01&until=2026-06-30"
    since, until = filters.instants(ZoneInfo("Europe/Rome"))
    assert since == datetime(2025, 12, 31, 23, 0, tzinfo=UTC)
    assert until == datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
    assert duty_lists.parse({}).states == ("waiting",)
    assert not duty_lists.parse({}).active


@pytest.mark.parametrize(
    "query",
    [{"state": "lost"}, {"owner": "nobody"}, {"since": "tomorrow"}, {"since": "2026-02-02", "until": "2026-02-01"}],
)
def test_a_filter_that_is_none_is_named(query: dict[str, str]) -> None:
    with pytest.raises(BadFilter):
        duty_lists.parse(query)


def test_months_are_drawn_to_one_hundred_percent() -> None:
    months = [
        Month(month=date(2026, 6, 1), on_time=1, late=1, waived=0),
        Month(month=date(2026, 5, 1), on_time=3, late=0, waived=1),
    ]
    share, drawn = duty_lists.month_bars(months, now=NOW, zone=ZoneInfo("UTC"))
    assert share == "80 %"
    assert [bar.height for bar in drawn[-2:]] == [32.0, 16.0]
    assert len(drawn) == duty_lists.MONTHS
    assert drawn[-1].x + drawn[-1].width <= 100
    assert duty_lists.month_start(NOW, ZoneInfo("UTC")) == datetime(2025, 7, 1, tzinfo=UTC)
    assert duty_lists.month_bars([], now=NOW, zone=ZoneInfo("UTC"))[0] == "–"
