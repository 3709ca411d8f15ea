"""The one function in which rule, law, hold, restriction, request and end of contract meet: for whatever meets."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.retention.rules import decide
from parley.retention.types import BINDS, CAUSES, OUTCOMES, Facts, HoldFact, LawFact, RestrictionFact

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
instants = st.integers(-5000, 5000).map(lambda days: NOW + timedelta(days=days))
laws = st.builds(
    LawFact,
    key=st.sampled_from("abc"),
    name=st.sampled_from(["Law A", "Law B"]),
    binds=st.sampled_from(BINDS),
    until=instants,
)
holds = st.builds(
    HoldFact,
    id=st.integers(1, 9).map(lambda n: UUID(int=n)),
    ground=st.just("litigation"),
    binds=st.sampled_from(BINDS),
)
resting = st.builds(RestrictionFact, reference=st.sampled_from(["R-1", "R-2"]), ground=st.just("Art. 18(1)(a)"))
facts = st.builds(
    Facts,
    cause=st.sampled_from(CAUSES),
    at=st.just(NOW),
    retention_clause=st.just("T-1.retention"),
    clause=st.sampled_from(["", "T-8.deed"]),
    reference=st.sampled_from(["", "R-1", "R-2"]),
    rule_ends=st.none() | instants,
    delete_any_time=st.booleans(),
    laws=st.lists(laws, max_size=3).map(tuple),
    holds=st.lists(holds, max_size=3).map(tuple),
    restrictions=st.lists(resting, max_size=3).map(tuple),
)


@given(facts)
def test_there_is_an_answer_that_names_what_decides(one: Facts) -> None:
    """control.erasure"""
    verdict = decide(one)
    assert verdict.outcome in OUTCOMES
    assert verdict.clause_or_law and verdict.reason
    assert (verdict.why == "hold") == (verdict.hold is not None)
    assert verdict.until is None or verdict.until > one.at
    assert verdict.outcome != "restrict" or one.cause == "request"


@given(facts, holds, laws, resting)
def test_what_keeps_never_leads_to_erasure(one: Facts, hold: HoldFact, law: LawFact, rest: RestrictionFact) -> None:
    if decide(one).outcome != "erase":
        assert decide(replace(one, holds=(*one.holds, hold))).outcome != "erase"
        assert decide(replace(one, laws=(*one.laws, law))).outcome != "erase"
        assert decide(replace(one, restrictions=(*one.restrictions, rest))).outcome != "erase"
    if one.cause != "end":
        assert decide(replace(one, holds=(*one.holds, hold))).outcome != "erase"


@given(facts)
def test_after_the_end_only_what_binds_the_provider_keeps(one: Facts) -> None:
    ended = replace(one, cause="end")
    bound = any(hold.binds == "provider" for hold in one.holds) or any(
        law.binds == "provider" and law.until > NOW for law in one.laws
    )
    assert (decide(ended).outcome == "erase") == (not bound)


@given(facts, st.integers(1, 4000))
def test_a_longer_rule_never_erases_earlier(one: Facts, days: int) -> None:
    if one.rule_ends is not None and decide(one).outcome != "erase":
        assert decide(replace(one, rule_ends=one.rule_ends + timedelta(days=days))).outcome != "erase"


def test_no_rule_deletes_nothing_by_rule() -> None:
    verdict = decide(Facts(cause="rule", at=NOW, retention_clause="T-1"))
    assert (verdict.outcome, verdict.why, verdict.clause_or_law) == ("keep", "no-rule", "T-1")


def test_a_hold_beats_rule_and_request() -> None:
    held = Facts(
        cause="rule", at=NOW, retention_clause="T-1", rule_ends=NOW - timedelta(days=9),
        holds=(HoldFact(id=UUID(int=1), ground="Court of X, 1 O 7/26", binds="customer"),),
    )  # fmt: skip
    assert decide(held).outcome == "keep"
    assert decide(held).clause_or_law == "Court of X, 1 O 7/26"
    asked = decide(replace(held, cause="request"))
    assert (asked.outcome, asked.clause_or_law) == ("restrict", "GDPR Art. 17(3)")
    assert decide(replace(held, holds=())).outcome == "erase"


def test_the_law_that_reaches_furthest_is_named() -> None:
    soon, late = NOW + timedelta(days=1), NOW + timedelta(days=900)
    verdict = decide(
        Facts(
            cause="customer", at=NOW, retention_clause="T-1",
            laws=(
                LawFact(key="a", name="MiFID II Art. 16(7)", binds="customer", until=late),
                LawFact(key="b", name="CFTC", binds="customer", until=soon),
            ),
        )
    )  # fmt: skip
    assert (verdict.outcome, verdict.clause_or_law, verdict.until) == ("keep", "MiFID II Art. 16(7)", late)


@pytest.mark.parametrize(("reference", "outcome"), [("R-1", "erase"), ("R-2", "restrict")])
def test_a_request_is_not_stopped_by_its_own_restriction(reference: str, outcome: str) -> None:
    verdict = decide(
        Facts(
            cause="request", at=NOW, retention_clause="T-1", reference=reference,
            restrictions=(RestrictionFact(reference="R-1", ground="accuracy is contested"),),
        )
    )  # fmt: skip
    assert verdict.outcome == outcome


def test_an_agreement_that_lets_nobody_delete_early_keeps_until_the_rule_is_over() -> None:
    tied = Facts(
        cause="customer", at=NOW, retention_clause="T-1", delete_any_time=False, rule_ends=NOW + timedelta(days=2)
    )
    assert (decide(tied).outcome, decide(tied).why) == ("keep", "term")
    assert decide(replace(tied, rule_ends=NOW - timedelta(days=2))).outcome == "erase"
    assert decide(replace(tied, delete_any_time=True)).outcome == "erase"
