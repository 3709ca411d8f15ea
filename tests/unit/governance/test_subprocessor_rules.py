"""Sub-processors, pure: how a change stands at each instant, what is refused when, what the register takes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.agreement import api as agreements
from parley.governance.subprocessors import register_rules, rules
from parley.governance.subprocessors.errors import EntryRefused, FlowDownMissing, ObjectionRefused, ResolutionRefused
from parley.governance.subprocessors.types import FLOWDOWN_DUTIES, Dates, Entry, Facts, FlowDown, entry_from_json

AT = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DATES = Dates(
    clause="IM-3d.notice",
    effect="resolution",
    counted_from="receipt",
    counts_from=AT + 3 * DAY,
    objection_closes=AT + 17 * DAY,
    earliest_start=AT + 33 * DAY,
)
FACTS = Facts(planned_start=AT + 40 * DAY, effect="resolution", dispatched_at=AT, dates=DATES)
FLOWDOWN = FlowDown(digest="0" * 64, signed_on=date(2026, 1, 1), clauses=dict.fromkeys(FLOWDOWN_DUTIES, "section 2"))


def entry(key: str = "host", **more: Any) -> Entry:
    given = {
        "key": key, "name": "Host", "role": "hosting", "country": "FR", "address": "Paris", "contact": "dpo@host",
        "privacy_url": "https://host.example/", "purposes": ("record-calls",), "offerings": ("*",),
        "flowdown": FLOWDOWN,
    }  # fmt: skip
    return Entry(**given | more)


@pytest.mark.parametrize(
    ("days", "state"), [(0, "sent"), (2.9, "sent"), (3, "window"), (16.9, "window"), (17, "waiting"), (40, "open")]
)
def test_a_change_goes_from_sent_to_open(days: float, state: str) -> None:
    assert rules.state_at(FACTS, AT + days * DAY) == state


def test_the_gate_opens_at_the_later_of_the_clause_and_the_plan() -> None:
    assert rules.opens_at(FACTS) == AT + 40 * DAY
    assert rules.opens_at(replace(FACTS, planned_start=AT + DAY)) == AT + 33 * DAY
    assert rules.opens_at(replace(FACTS, dates=None)) is None
    assert rules.opens_at(replace(FACTS, cancelled_at=AT)) is None


@given(
    objected=st.integers(0, 400), outcome=st.sampled_from(["", "not-used", "unavoidable"]),
    effect=st.sampled_from(["veto", "blocks", "resolution"]), asked=st.integers(0, 5000),
)  # fmt: skip
def test_after_an_objection_nothing_opens_unless_it_is_withdrawn(
    objected: int, outcome: Any, effect: Any, asked: int
) -> None:
    at = AT + objected * timedelta(hours=1)
    facts = replace(FACTS, effect=effect, objected_at=at, outcome=outcome, resolved_at=at)
    assert rules.opens_at(facts) is None
    assert rules.state_at(facts, at + asked * DAY) != "open"
    withdrawn = replace(facts, outcome="withdrawn", resolved_at=AT + 100 * DAY)
    assert rules.opens_at(withdrawn) == AT + 100 * DAY


@pytest.mark.parametrize(("effect", "state"), [("veto", "vetoed"), ("blocks", "blocked"), ("resolution", "resolving")])
def test_an_objection_does_what_the_agreement_says(effect: Any, state: str) -> None:
    facts = replace(FACTS, effect=effect, objected_at=AT + 4 * DAY, resolution_closes=AT + 34 * DAY)
    assert rules.state_at(facts, AT + 5 * DAY) == state
    late = rules.state_at(facts, AT + 34 * DAY)
    assert late == ("may-terminate" if effect == "resolution" else state)


def test_a_late_objection_names_the_clause_and_both_dates_in_the_customers_zone() -> None:
    with pytest.raises(ObjectionRefused) as refused:
        rules.check_objection(FACTS, clause="IM-3d.notice", grounds="", at=AT + 17 * DAY, zone="Europe/Rome")
    for words in ("IM-3d.notice", "05 Mar 2026, 12:00", "19 Mar 2026, 12:00", "Europe/Rome"):
        assert words in str(refused.value)
    rules.check_objection(FACTS, clause="IM-3d.notice", grounds="", at=AT + 17 * DAY - timedelta(seconds=1), zone="UTC")


def test_a_second_objection_and_one_without_needed_grounds_are_refused() -> None:
    with pytest.raises(ObjectionRefused, match="already"):
        rules.check_objection(replace(FACTS, objected_at=AT), clause="x", grounds="y", at=AT + DAY, zone="UTC")
    with pytest.raises(ObjectionRefused, match="grounds"):
        rules.check_objection(replace(FACTS, effect="blocks"), clause="x", grounds=" \n", at=AT + DAY, zone="UTC")


def test_only_the_customer_or_its_written_word_withdraws() -> None:
    objected = replace(FACTS, objected_at=AT + 4 * DAY)
    with pytest.raises(ResolutionRefused, match="how"):
        rules.check_resolution(objected, clause="x", outcome="withdrawn", note=" ", party="provider")
    with pytest.raises(ResolutionRefused, match="withdrawing"):
        rules.check_resolution(objected, clause="x", outcome="not-used", note="", party="customer")
    with pytest.raises(ResolutionRefused, match="no open objection"):
        rules.check_resolution(FACTS, clause="x", outcome="withdrawn", note="", party="customer")
    rules.check_resolution(objected, clause="x", outcome="withdrawn", note="letter of 3 May", party="provider")


@pytest.mark.parametrize(
    ("agreement", "closes", "starts"),
    [
        ("imagicle-dpa", "2026-03-16T23:00", "2026-04-01T10:00"),
        ("kavkom-dpa", "2026-04-02T22:00", "2026-04-02T22:00"),
        ("ixcloud-dpa", "2026-04-01T22:00", "2026-04-01T22:00"),
    ],
)
def test_dates_come_from_the_agreements_own_plan_across_summer_time(agreement: str, closes: str, starts: str) -> None:
    found = rules.dates_of(
        agreements.load(agreement), change="1", key="host", counts_from=AT, planned_start=AT, zone="Europe/Rome"
    )
    assert f"{found.objection_closes.astimezone(UTC):%Y-%m-%dT%H:%M}" == closes
    assert f"{found.earliest_start.astimezone(UTC):%Y-%m-%dT%H:%M}" == starts


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "Host"), ("key", "a--b"), ("key", ""), ("name", " "), ("role", ""), ("address", ""), ("contact", ""),
        ("country", "fr"), ("country", "EU"), ("privacy_url", "http://host.example/"), ("purposes", ()),
        ("purposes", ("sale",)), ("offerings", ("nothing",)), ("parent", "nobody"), ("parent", "host"),
    ],
)  # fmt: skip
def test_an_entry_that_is_not_complete_is_refused_by_field(field: str, value: Any) -> None:
    with pytest.raises(EntryRefused) as refused:
        register_rules.check_entry(entry(**{field: value}), known={"host": entry()}, at=AT)
    assert refused.value.field == field
    assert refused.value.remedy


@pytest.mark.parametrize("duty", FLOWDOWN_DUTIES)
def test_each_duty_must_be_imposed_by_the_contract(duty: str) -> None:
    lacking = replace(FLOWDOWN, clauses={**FLOWDOWN.clauses, duty: " "})
    with pytest.raises(FlowDownMissing, match=duty):
        register_rules.check_entry(entry(flowdown=lacking), known={}, at=AT)
    with pytest.raises(FlowDownMissing, match="to come"):
        register_rules.check_entry(entry(flowdown=replace(FLOWDOWN, signed_on=date(2027, 1, 1))), known={}, at=AT)


def test_the_chain_stands_below_who_engages_it_and_never_turns_in_a_circle() -> None:
    known = [entry("c", parent="b", name="C"), entry("a", name="A"), entry("b", parent="a", name="B"), entry("z")]
    assert [(link.entry.key, link.depth) for link in register_rules.chain(known)] == [
        ("a", 0), ("b", 1), ("c", 2), ("z", 0),
    ]  # fmt: skip
    with pytest.raises(EntryRefused, match="circle"):
        register_rules.check_entry(entry("a", parent="c"), known={one.key: one for one in known}, at=AT)


def test_an_entry_survives_json_and_its_digest_tells_every_change() -> None:
    one = entry(starts_on=AT, affiliate=True, parent="x")
    assert entry_from_json(one.to_json()) == one
    assert register_rules.digest_of([one]) == register_rules.digest_of([entry_from_json(one.to_json())])
    for other in (replace(one, contact="x"), replace(one, flowdown=replace(FLOWDOWN, signed_on=date(2025, 1, 1)))):
        assert register_rules.digest_of([other]) != register_rules.digest_of([one])
        [change] = register_rules.differences([one], [other])
        assert change.what == "changed" and len(change.fields) == 1


def test_what_was_authorised_cannot_be_corrected_only_replaced() -> None:
    assert register_rules.material_changes(entry(), entry(country="US", contact="x")) == ("country",)
