"""Whether an audit is granted: the terms of the texts, with the time as an argument."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.agreement.api import AuditTerm, Span, after
from parley.governance.audits.rules import attestation_state, decide, free_from, in_business_hours
from parley.governance.audits.types import AuditAsked, EarlierAudit

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
ROME = "Europe/Rome"
IMAGICLE = AuditTerm(
    notice=Span(30, "days"), cost="customer", cause_required=False, business_hours=False, clause="IM-3h.audit"
)
KAVKOM = AuditTerm(
    notice=Span(14, "days"), cost="customer", cause_required=False, business_hours=False, clause="KV-7.audit",
    at_most=1, period=Span(1, "years"),
)  # fmt: skip
IXCLOUD = AuditTerm(
    notice=Span(14, "days"), cost="unstated", cause_required=True, business_hours=True, clause="IX-12.audit",
    at_most=1, period=Span(12, "months"), exceptions=("authority", "incident"),
)  # fmt: skip
TERMS = [IMAGICLE, KAVKOM, IXCLOUD]


def ask(term, *, cause="none", reason="", days=60, history=(), incident=None, at=NOW, wanted=None):
    asked = AuditAsked(cause=cause, reason=reason, wanted_at=wanted or at + timedelta(days=days))
    return decide(term, asked, history=history, incident_known=incident, zone=ROME, at=at)


def test_notice_is_counted_in_days_of_the_customer():
    early = ask(IMAGICLE, days=29)
    assert (early.granted, early.rule, early.clause) == (False, "notice", "IM-3h.audit")
    assert early.earliest == datetime(2026, 12, 23, 9, 0, tzinfo=UTC)
    assert "23 Dec 2026" in early.remedy
    assert ask(IMAGICLE, days=30).granted
    # The thirtieth day counts from its morning: nobody is refused for the hour of the request.
    assert ask(IMAGICLE, wanted=datetime(2026, 12, 23, 7, 0, tzinfo=UTC)).granted


def test_a_cause_is_needed_only_where_the_text_wants_one():
    assert ask(IMAGICLE).granted and ask(KAVKOM).granted
    assert ask(IXCLOUD).rule == "cause"
    assert ask(IXCLOUD, cause="suspicion", reason="  ").rule == "cause"
    assert ask(IXCLOUD, cause="suspicion", reason="logs of March are missing").granted


def test_one_audit_in_the_period():
    held = EarlierAudit(held_at=NOW - timedelta(days=100))
    assert ask(IMAGICLE, history=[held]).granted
    refused = ask(KAVKOM, history=[held])
    assert (refused.rule, refused.earliest) == ("frequency", after(held.held_at, Span(1, "years"), zone=ROME))
    assert "an authority" in refused.remedy and "incident" not in refused.remedy
    assert ask(KAVKOM, history=[held], wanted=refused.earliest).granted


def test_an_audit_that_has_its_date_in_the_future_counts_too():
    coming = EarlierAudit(held_at=NOW + timedelta(days=200))
    refused = ask(KAVKOM, days=30, history=[coming])
    assert (refused.rule, refused.earliest) == ("frequency", after(coming.held_at, Span(1, "years"), zone=ROME))


def test_an_incident_lifts_the_frequency_where_the_agreement_says_so():
    held = [EarlierAudit(held_at=NOW - timedelta(days=100))]
    refused = ask(IXCLOUD, cause="suspicion", reason="odd logs", history=held)
    assert refused.rule == "frequency" and "incident" in refused.remedy
    granted = ask(IXCLOUD, cause="incident", history=held, incident=NOW - timedelta(days=2))
    assert (granted.granted, granted.lifted, granted.rule) == (True, "incident", "granted")
    assert ask(KAVKOM, cause="incident", history=held, incident=NOW - timedelta(days=2)).rule == "frequency"


def test_an_incident_that_nobody_knows_of_or_long_past_lifts_nothing():
    held = [EarlierAudit(held_at=NOW - timedelta(days=100))]
    assert ask(IXCLOUD, cause="incident", history=held).rule == "cause"
    assert ask(IXCLOUD, cause="incident", history=held, incident=NOW - timedelta(days=370)).rule == "cause"


def test_an_incident_does_not_lift_the_notice():
    assert ask(IXCLOUD, cause="incident", incident=NOW, days=3).rule == "notice"


@pytest.mark.parametrize("term", TERMS)
def test_an_authority_is_never_refused(term):
    held = [EarlierAudit(held_at=NOW - timedelta(days=1))]
    decision = ask(term, cause="authority", days=-5, history=held)
    assert (decision.granted, decision.lifted) == (True, "authority")


def test_an_audit_under_an_exception_does_not_use_up_the_limit():
    assert ask(KAVKOM, history=[EarlierAudit(held_at=NOW - timedelta(days=9), lifted="authority")]).granted


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (datetime(2027, 1, 9, 10, tzinfo=UTC), datetime(2027, 1, 11, 8, tzinfo=UTC)),  # a Saturday
        (datetime(2027, 1, 8, 5, tzinfo=UTC), datetime(2027, 1, 8, 8, tzinfo=UTC)),
        (datetime(2027, 1, 8, 20, tzinfo=UTC), datetime(2027, 1, 11, 8, tzinfo=UTC)),
    ],
)
def test_business_hours_where_agreed(wanted, fits):
    refused = ask(IXCLOUD, cause="suspicion", reason="odd logs", wanted=wanted)
    assert (refused.rule, refused.earliest) == ("hours", fits)
    assert ask(KAVKOM, wanted=wanted).granted


def test_who_pays_and_what_else_holds_is_said():
    assert "customer's cost" in ask(KAVKOM).conditions[0]
    assert "does not say" in ask(IXCLOUD, cause="suspicion", reason="odd logs").conditions[0]
    assert any("Certificates" in line for line in ask(IMAGICLE).conditions)


@given(days=st.lists(st.integers(-900, 900), max_size=6), start=st.integers(-400, 400), at_most=st.integers(1, 3))
def test_the_earliest_date_is_granted_and_keeps_the_limit_in_every_period(days, start, at_most):
    term = AuditTerm(
        notice=Span(0, "days"), cost="unstated", cause_required=False, business_hours=False, clause="X-1.audit",
        at_most=at_most, period=Span(12, "months"),
    )  # fmt: skip
    held: list[datetime] = []
    for day in days:  # a history that kept the limit itself
        moment = NOW + timedelta(days=day)
        if free_from(term, held, moment, zone=ROME) == moment:
            held.append(moment)
    found = free_from(term, held, NOW + timedelta(days=start), zone=ROME)
    assert found >= NOW + timedelta(days=start)
    every = sorted([*held, found])
    for first, next_one in zip(every, every[at_most:], strict=False):
        assert after(first, Span(12, "months"), zone=ROME) <= next_one


@given(minutes=st.integers(0, 60 * 24 * 400))
def test_business_hours_are_found_once_and_for_all(minutes):
    moment = in_business_hours(NOW + timedelta(minutes=minutes), zone=ROME, needed=True)
    assert moment >= NOW + timedelta(minutes=minutes)
    assert in_business_hours(moment, zone=ROME, needed=True) == moment


def test_an_attestation_is_due_in_its_last_tenth():
    due = NOW + timedelta(days=40)
    assert attestation_state(due, every=Span(12, "months"), at=NOW) == "kept"
    assert attestation_state(due, every=Span(12, "months"), at=NOW + timedelta(days=11)) == "due"
    assert attestation_state(due, every=Span(3, "months"), at=NOW + timedelta(days=11)) == "kept"
    assert attestation_state(due, every=Span(3, "months"), at=due) == "late"
