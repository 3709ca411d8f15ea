"""The gate's own rules: order of questions, strictness about time, speed."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.agreement.api import OFFERINGS, PURPOSES, GateRequest, available, evaluate, load

REQUEST = GateRequest(
    purpose="record-calls",
    offering="call-recording",
    region="eu",
    subscription_state="active",
    instructed_purposes=load("imagicle-dpa").instructed_purposes,
    acceptable_use_suspended=False,
    sealed_to_customer=True,
    custody="local",
    at=datetime(2026, 11, 22, tzinfo=UTC),
)


def test_an_instant_without_a_zone_is_an_error():
    with pytest.raises(ValueError, match="time zone"):
        evaluate(load("imagicle-dpa"), replace(REQUEST, at=datetime(2026, 11, 22)))


def test_a_state_that_nobody_knows_is_refused():
    decision = evaluate(load("imagicle-dpa"), replace(REQUEST, subscription_state="paused"))
    assert not decision.allowed
    assert '"paused"' in decision.reason


@given(
    agreement=st.sampled_from(available()),
    purpose=st.one_of(st.sampled_from(sorted(PURPOSES)), st.text(max_size=8)),
    offering=st.one_of(st.sampled_from(sorted(OFFERINGS)), st.text(max_size=8)),
    region=st.sampled_from(["eu", "eu-paris", "us", "", "-", "xx"]),
    state=st.sampled_from(["active", "ended", "", "other"]),
    instructed=st.frozensets(st.sampled_from(sorted(PURPOSES))),
    suspended=st.booleans(),
    sealed=st.booleans(),
    custody=st.sampled_from(["local", "customer-held", "pkcs11", "", "other"]),
)
def test_every_question_has_an_answer_that_names_a_clause_of_the_agreement(
    agreement, purpose, offering, region, state, instructed, suspended, sealed, custody
):
    loaded = load(agreement)
    decision = evaluate(
        loaded,
        replace(
            REQUEST,
            purpose=purpose,
            offering=offering,
            region=region,
            subscription_state=state,
            instructed_purposes=instructed,
            acceptable_use_suspended=suspended,
            sealed_to_customer=sealed,
            custody=custody,
        ),
    )
    assert decision.clause in loaded.clauses
    assert decision.reason
    if decision.allowed:
        assert purpose in instructed
        assert state == "active"
        assert sealed or not PURPOSES[purpose].stores_content
        assert not (custody == "customer-held" and PURPOSES[purpose].needs_key)


def test_a_decision_takes_a_few_microseconds():
    agreement = load("imagicle-dpa")

    def seconds() -> float:
        began = time.process_time()  # other work on this machine is not counted
        for _ in range(10_000):
            evaluate(agreement, REQUEST)
        return time.process_time() - began

    assert 10_000 / min(seconds() for _ in range(3)) > 200_000
