"""Duties: what each kind of event obliges whom to, by when, by which clause."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.made_agreements import audit, breach, end, made_agreement, span, subprocessors

from parley.agreement.duties import plan
from parley.agreement.ending import end_instants
from parley.agreement.events import Event, EventFactMissing, EventKind, warnings_before
from parley.agreement.types import AttestationTerm, SupportDataTerm, SuspensionTerm

ROME = "Europe/Rome"
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # 12:00 in Rome, winter time; summer time starts on 29 March


def duties(kind, *, agreement=None, at=NOON, zone=ROME, **facts):
    event = Event(kind=kind, id="e1", at=at, facts=facts)
    return {duty.duty: duty for duty in plan(agreement or made_agreement(), event, zone=zone)}


def in_rome(duty):
    return duty.due.astimezone(ZoneInfo(ROME)).strftime("%Y-%m-%d %H:%M")


def test_a_breach_is_notified_within_the_hours_of_the_agreement_from_when_staff_first_knew():
    found = duties("incident-known")
    assert found["notify"].due == NOON + timedelta(hours=48)
    assert found["notify"].clause == "TT-12.breach"
    assert found["notify"].statutory
    assert not found["notify"].authored
    assert found["follow-up"].due == NOON + timedelta(hours=72)
    assert in_rome(found["closing-report"]) == "2026-04-01 12:00"
    assert found["follow-up"].authored
    assert found["closing-report"].authored


def test_our_own_target_for_a_breach_is_marked_as_ours():
    ours = made_agreement(breach=breach(within=span("24 hours"), promised=False, authored=True))
    notify = duties("incident-known", agreement=ours)["notify"]
    assert (notify.due, notify.authored, notify.statutory) == (NOON + timedelta(hours=24), True, True)


def test_a_subprocessor_starts_when_both_its_notice_and_the_window_of_objection_have_passed():
    found = duties("subprocessor-announced", key="speech")
    assert in_rome(found["objection-closes"]) == "2026-03-17 00:00"  # the end of the 14th day
    assert in_rome(found["earliest-start"]) == "2026-04-01 12:00"  # 30 days, the same time of day in summer time
    slow = made_agreement(subprocessors=subprocessors(notice=span("10 days"), objection=span("1 month")))
    found = duties("subprocessor-announced", agreement=slow)
    assert found["earliest-start"].due == found["objection-closes"].due
    assert in_rome(found["earliest-start"]) == "2026-04-03 00:00"
    assert "planned-start" not in found


@pytest.mark.parametrize(
    ("planned", "starts"), [("2026-03-10T00:00:00+00:00", "2026-04-01"), ("2026-06-01T00:00:00+00:00", "2026-06-01")]
)
def test_a_subprocessor_never_starts_before_the_windows_closed_nor_before_it_was_planned(planned, starts):
    assert in_rome(duties("subprocessor-announced", planned_start=planned)["planned-start"]).startswith(starts)


@pytest.mark.parametrize("effect", ["veto", "blocks"])
def test_an_objection_that_is_a_veto_stops_the_change_at_once(effect):
    found = duties("objection-received", agreement=made_agreement(subprocessors=subprocessors(effect=effect)))
    assert set(found) == {"stopped"}
    assert found["stopped"].due == NOON


def test_an_objection_opens_the_window_of_resolution_and_then_the_way_out():
    found = duties("objection-received", announced_at="2026-02-20T00:00:00+00:00")
    assert [in_rome(duty) for duty in found.values()] == ["2026-04-02 00:00"] * 2
    assert list(found) == ["resolution", "may-terminate"]


def test_an_objection_after_its_window_stops_nothing():
    assert set(duties("objection-received", announced_at="2026-01-20T00:00:00+00:00")) == {"late"}


def test_the_end_of_the_contract_runs_renewal_access_export_destruction():
    found = duties("contract-ends")
    assert {word: in_rome(duty) for word, duty in found.items()} == {
        "renewal-closes": "2026-04-02 00:00",
        "access-ends": "2026-04-02 00:00",
        "export-closes": "2026-05-02 00:00",
        "destroy": "2026-05-31 12:00",
    }
    assert found["destroy"].protects == "persons"
    assert found["destroy"].statutory


def test_an_end_without_windows_ends_access_at_once_and_offers_no_export():
    none = span("0 days")
    bare = made_agreement(end=end(renew=none, access=none, export=none, destroy=span("15 days"), certificate="always"))
    found = duties("contract-ends", agreement=bare)
    assert list(found) == ["access-ends", "destroy", "certificate"]
    assert found["access-ends"].due == NOON
    assert found["certificate"].due == found["destroy"].due == datetime(2026, 3, 17, 11, 0, tzinfo=UTC)


def test_data_of_support_cases_outlives_the_service_by_its_own_term():
    kept = made_agreement(support_data=SupportDataTerm(keep=span("3 years"), clause="TT-4.support"))
    duty = duties("contract-ends", agreement=kept)["support-data-destroyed"]
    assert (duty.clause, in_rome(duty)) == ("TT-4.support", "2029-03-02 12:00")


def test_the_export_window_never_outlives_the_data():
    term = end(export=span("90 days"))
    instants = end_instants(term, NOON, zone=ROME)
    assert instants.export == instants.destroy


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["UTC", ROME, "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"]),
    st.tuples(*[st.integers(0, 120)] * 4),
)
def test_the_windows_of_the_end_are_in_order_whatever_day_and_zone(ended, zone, days):
    renew, access, export, destroy = (span(f"{number} days") for number in sorted(days))
    term = end(renew=renew, access=access, export=export, destroy=destroy)
    instants = end_instants(term, ended, zone=zone)
    assert ended <= instants.renewal <= instants.access <= instants.export <= instants.destroy


def test_a_request_of_a_person_is_passed_on_answered_and_may_be_extended():
    found = duties("rights-request-received", at=datetime(2026, 1, 31, 9, 0, tzinfo=UTC), zone="UTC")
    assert {word: duty.due.date().isoformat() for word, duty in found.items()} == {
        "forward": "2026-02-01",
        "answer": "2026-02-28",
        "extend-notice": "2026-02-28",
        "longest": "2026-04-30",
    }
    assert found["answer"].statutory
    assert (found["answer"].owner, found["answer"].protects) == ("customer", "persons")
    assert (found["forward"].owner, found["forward"].authored) == ("provider", True)


def test_an_agreement_that_does_not_forward_answers_itself():
    agreement = made_agreement()
    direct = replace(agreement.terms.rights, forward="no", answers="provider")
    found = duties("rights-request-received", agreement=made_agreement(rights=direct))
    assert "forward" not in found
    assert found["answer"].owner == "provider"


def test_an_audit_waits_for_its_notice_and_an_authority_for_nothing():
    found = duties("audit-requested", cause="none")
    assert in_rome(found["earliest"]) == "2026-04-01 12:00"
    assert in_rome(found["next-audit"]) == "2027-04-01 12:00"
    assert duties("audit-requested", cause="authority")["earliest"].due == NOON
    later = duties("audit-requested", cause="none", wanted_at="2026-06-01T10:00:00+02:00")
    assert in_rome(later["next-audit"]) == "2027-06-01 10:00"
    endless = made_agreement(audit=audit(at_most=None, period=None))
    assert "next-audit" not in duties("audit-requested", agreement=endless)


def test_an_infringing_instruction_is_told_at_once_by_its_clause():
    duty = duties("instruction-suspended")["tell-customer"]
    assert (duty.due, duty.clause, duty.owner) == (NOON + timedelta(hours=1), "TT-1.infringing", "provider")


def test_a_compulsion_is_told_before_the_processing_starts():
    duty = duties("compulsion-received", processing_at="2026-03-05T08:00:00+01:00")["tell-customer"]
    assert (duty.due, duty.clause) == (datetime(2026, 3, 5, 7, 0, tzinfo=UTC), "TT-1.compulsion")
    with pytest.raises(EventFactMissing, match="processing_at"):
        duties("compulsion-received")


@pytest.mark.parametrize("written", ["tomorrow", "2026-03-05", "2026-03-05T08:00:00"])
def test_a_fact_that_is_no_instant_is_explained(written):
    with pytest.raises(EventFactMissing, match="ISO 8601"):
        duties("compulsion-received", processing_at=written)


def test_misuse_may_be_suspended_after_its_hours_or_at_once():
    assert duties("misuse-found")["may-suspend"].due == NOON + timedelta(hours=24)
    at_once = made_agreement(suspension=SuspensionTerm(clause="TT-6.suspension"))
    assert duties("misuse-found", agreement=at_once)["may-suspend"].due == NOON


def test_attestations_are_due_soon_after_signing_and_again_by_their_term():
    training = AttestationTerm(
        key="training", statement="people are trained", every=span("1 year"), responsible="hr", clause="TT-14.people"
    )
    tests = replace(training, key="tests", every=span("7 days"))
    agreement = made_agreement(attestations=(training, tests))
    first = duties("contract-signed", agreement=agreement)
    assert {word: in_rome(duty) for word, duty in first.items()} == {
        "attest-tests": "2026-03-09 12:00",
        "attest-training": "2026-04-01 12:00",
    }
    assert set(duties("attestation-due", agreement=agreement)) == {"attest-training", "attest-tests"}
    again = duties("attestation-due", agreement=agreement, key="training")
    assert {word: in_rome(duty) for word, duty in again.items()} == {"attest-training": "2027-03-02 12:00"}


def test_a_customer_that_processes_for_others_confirms_it_before_processing_starts():
    chain = made_agreement(clauses=("TT-2.warranty",))
    assert duties("contract-signed", agreement=chain) == {}
    starts = "2026-03-20T00:00:00+00:00"
    duty = duties("contract-signed", agreement=chain, as_subprocessor="yes", processing_at=starts)["warranty"]
    assert (duty.owner, duty.clause, duty.due) == ("customer", "TT-2.warranty", datetime.fromisoformat(starts))
    assert duties("contract-signed", as_subprocessor="yes") == {}


def test_staff_access_ends_by_itself_and_never_later_than_the_agreement_lets_it():
    found = duties("staff-access-granted", ends="2026-03-02T12:00:00+00:00")
    assert found["ends"].due == NOON + timedelta(hours=1)
    assert in_rome(found["review"]) == "2026-05-31 12:00"
    assert duties("staff-access-granted", ends="2026-03-09T00:00:00+00:00")["ends"].due == NOON + timedelta(hours=8)
    assert duties("staff-access-granted")["ends"].due == NOON + timedelta(hours=8)


def test_reviews_assessments_and_links_have_their_dates():
    assert in_rome(duties("access-review-held")["next-review"]) == "2026-06-02 12:00"
    assert in_rome(duties("assessment-needed")["tell-customer"]) == "2026-03-09 12:00"
    assert in_rome(duties("export-made")["link-expires"]) == "2026-04-01 12:00"
    named = made_agreement(clauses=("TT-12.dpia",))
    assert duties("assessment-needed", agreement=named)["tell-customer"].clause == "TT-12.dpia"


NEEDED = {"compulsion-received": {"processing_at": "2026-04-05T08:00:00+02:00"}}


@pytest.mark.parametrize("kind", get_args(EventKind))
def test_every_kind_gives_sorted_duties_with_unique_keys_and_clauses_of_the_agreement(kind):
    agreement = made_agreement(
        clauses=("TT-2.warranty",),
        attestations=(
            AttestationTerm(key="a", statement="a", every=span("1 year"), responsible="hr", clause="TT-1.purposes"),
        ),
    )
    found = plan(agreement, Event(kind=kind, id="e7", at=NOON, facts=NEEDED.get(kind, {})), zone=ROME)
    assert found
    assert [duty.due for duty in found] == sorted(duty.due for duty in found)
    assert len({duty.key for duty in found}) == len(found)
    for duty in found:
        assert duty.key == f"{kind}:e7:{duty.duty}"
        assert duty.clause in agreement.clauses
        assert duty.title
        assert duty.starts <= duty.due
        assert duty.due.tzinfo is UTC
        assert all(duty.starts <= at < duty.due for at in duty.warn_at)
        assert bool(duty.warn_at) <= (duty.kind == "duty")


def test_an_event_without_a_time_zone_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="time zone"):
        duties("incident-known", at=datetime(2026, 3, 2))


def test_warnings_come_at_half_three_quarters_and_nine_tenths():
    due = NOON + timedelta(hours=48)
    assert [(at - NOON) / timedelta(hours=48) for at in warnings_before(NOON, due)] == [0.5, 0.75, 0.9]
    assert warnings_before(NOON, NOON) == ()
    assert len(warnings_before(NOON, NOON + timedelta(minutes=5))) == 2
