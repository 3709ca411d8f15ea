"""ixcloud-dpa: what its file must hold, and how its gate decides, clause by clause."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.support.agreements import NOON, ask, duties, local, refused_by
from tests.support.audits import asked_for, held
from tests.support.subprocessors import STAFF, told_alone

from parley.agreement.api import CALL_RECORDING, RECORD_CALLS, GateRequest, compose, evaluate, load
from parley.governance.contract import api as contract
from parley.governance.subprocessors import api as subprocessors
from parley.tenancy import api as tenancy

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def agreement():
    return load("ixcloud-dpa")


@pytest.fixture
def request_to_record(agreement):
    return GateRequest(
        purpose=RECORD_CALLS,
        offering=CALL_RECORDING,
        region="eu",
        subscription_state="active",
        instructed_purposes=agreement.instructed_purposes,
        acceptable_use_suspended=False,
        sealed_to_customer=True,
        custody="customer-held",
        at=NOW,
    )


def test_ix_2_purpose_recording_is_allowed(agreement, request_to_record):
    """gate.purpose."""
    decision = evaluate(agreement, request_to_record)
    assert (decision.allowed, decision.clause, decision.facts["covered_by"]) == (
        True,
        "IX-2.purpose",
        "preserve-records",
    )


@pytest.mark.parametrize(
    "purpose",
    ["sale", "provider-marketing", "provider-analysis", "train-models", "support-access", "service-statistics"],
)
def test_ix_2_purpose_nobody_but_the_customer_uses_or_analyses(agreement, request_to_record, purpose):
    """gate.purpose and gate.forbidden: the provider included."""
    request = replace(request_to_record, purpose=purpose, instructed_purposes=frozenset({purpose}), custody="local")
    decision = evaluate(agreement, request)
    assert (decision.allowed, decision.clause) == (False, "IX-2.purpose")


def test_ix_2_purpose_reaches_recording_offerings_only(agreement, request_to_record):
    """gate.purpose."""
    decision = evaluate(agreement, replace(request_to_record, offering="fax"))
    assert (decision.allowed, decision.clause) == (False, "IX-2.purpose")


def test_ix_5_encryption_nothing_is_stored_unsealed(agreement, request_to_record):
    """gate.sealing."""
    decision = evaluate(agreement, replace(request_to_record, sealed_to_customer=False))
    assert (decision.allowed, decision.clause) == (False, "IX-5.encryption")
    assert agreement.clauses["IX-5.encryption"].authored


@pytest.mark.parametrize("purpose", ["play-recordings", "make-rendition"])
def test_ix_5_encryption_the_provider_cannot_open_what_the_customer_alone_holds(agreement, request_to_record, purpose):
    """gate.sealing: no machine of the provider reads content."""
    decision = evaluate(agreement, replace(request_to_record, purpose=purpose))
    assert (decision.allowed, decision.clause) == (False, "IX-5.encryption")
    assert "sealed original" in decision.remedy
    assert evaluate(agreement, replace(request_to_record, purpose="fetch-original")).allowed


@pytest.mark.parametrize("area", ["us", "me", "il", "ch"])
def test_ix_3_transfers_only_with_a_measure_that_the_customer_confirmed(agreement, request_to_record, area):
    """gate.region."""
    decision = evaluate(agreement, replace(request_to_record, region=area))
    assert (decision.allowed, decision.clause) == (False, "IX-3.transfers")
    confirmed = replace(request_to_record, region=area, confirmed_transfers=frozenset({area}))
    assert evaluate(agreement, confirmed).allowed


def test_ix_11_end_destruction_within_15_days_and_no_return(agreement, request_to_record):
    """gate.subscription: nothing after the end."""
    end = agreement.terms.end
    assert (end.choices, end.destroy.amount, end.clause) == (("delete",), 15, "IX-11.end")
    ended = replace(request_to_record, subscription_state="ended", contract_ended_at=NOW, at=NOW + timedelta(hours=1))
    for purpose in ("record-calls", "find-recordings", "fetch-original"):
        decision = evaluate(agreement, replace(ended, purpose=purpose))
        assert (decision.allowed, decision.clause) == (False, "IX-11.end")


def test_ix_a3_certificate_on_request_and_always_under_the_standard_clauses(agreement):
    """obligation.end-of-contract: the standard clauses certify unasked, and prevail."""
    assert agreement.terms.end.certificate == "on-request"
    assert "certificate" not in duties(agreement, "contract-ends")
    under = compose([agreement], standard_clauses=True).agreement
    assert duties(under, "contract-ends")["certificate"].clause == "IX-A3.certificate"


def test_ix_x_retention_is_ours_and_marked_so(agreement):
    """The term; the controls wait for the person's side."""
    assert agreement.terms.retention.authored
    assert agreement.clauses[agreement.terms.retention.clause].authored


def test_ix_x_suspension_stops_collection_only(agreement, request_to_record):
    """gate.suspension."""
    suspended = replace(request_to_record, acceptable_use_suspended=True)
    assert evaluate(agreement, suspended).clause == "IX-X.suspension"
    assert evaluate(agreement, replace(suspended, purpose="fetch-original")).allowed


def test_ix_0_law_no_area_is_outside_every_law(agreement):
    """control.transfers: what needs no measure is the EEA and the United Kingdom, whose laws the text names."""
    assert agreement.terms.regions.areas == ("eu", "uk")


def test_ix_1_chain_processor_or_sub_processor(agreement):
    """obligation.warranty has no clause here, so a partner signs without one; control.signatures keep its role."""
    roles = {role for party in agreement.parties for role in party.roles}
    assert roles >= {"controller", "processor", "sub-processor", "data-exporter", "data-importer"}
    assert "warranty" not in duties(agreement, "contract-signed", as_subprocessor="yes")


def test_ix_4_persons_confidentiality_is_proved(agreement):
    """attestation.confidentiality and gate.staff-access."""
    assert duties(agreement, "contract-signed")["attest-confidentiality"].clause == "IX-4.persons"
    assert refused_by(agreement, purpose="find-recordings", person="7b1f") == "IX-X.staff-access"


def test_ix_5_resilience_restoring_is_tested_every_half_year(agreement):
    """attestation.resilience."""
    assert local(duties(agreement, "attestation-due", key="resilience")["attest-resilience"]) == "2026-09-02 12:00"


def test_ix_6_notice_30_days_from_the_update_and_an_objection_blocks(agreement):
    """obligation.subprocessor-windows and gate.egress: the list changes 10 days ahead, the window is longer."""
    term = agreement.terms.subprocessors
    assert (str(term.notice), str(term.objection), term.counted_from) == ("10 days", "30 days", "update")
    planned = duties(agreement, "subprocessor-announced", key="speech")
    assert local(planned["earliest-start"]) == local(planned["objection-closes"]) == "2026-04-02 00:00"
    assert "stopped" in duties(agreement, "objection-received", announced_at=NOON.isoformat())
    assert refused_by(agreement, recipient="speech") == "IX-6.notice"


def test_ix_7_partner_processing_in_passing_is_still_processing(agreement):
    """control.signatures bind the partner all the same; what it is shown waits for the offering for partners."""
    assert ask(agreement, purpose="find-recordings").allowed
    assert agreement.clauses["IX-7.partner"].waits_for == ("offering.partners",)


def test_ix_8_rights_whatever_arrives_is_passed_on_promptly(agreement):
    """obligation.rights-deadlines: the customer answers, the provider passes on."""
    planned = duties(agreement, "rights-request-received")
    assert (local(planned["forward"]), planned["forward"].owner, planned["answer"].owner) == (
        "2026-03-05 12:00", "provider", "customer",
    )  # fmt: skip


def test_ix_9_dpia_the_customer_is_told_of_a_high_risk(agreement):
    """obligation.high-risk."""
    assert duties(agreement, "assessment-needed")["tell-customer"].clause == "IX-9.dpia"


def test_ix_10_incident_without_undue_delay_our_number_marked(agreement):
    """obligation.breach-notice: 24 hours are ours."""
    notify = duties(agreement, "incident-known")["notify"]
    assert (local(notify), notify.authored, agreement.terms.breach.promised) == ("2026-03-03 12:00", True, False)


def test_ix_11_end_destruction_is_due_in_15_days_and_is_never_moved(agreement):
    """obligation.end-of-contract: the fifteenth day is a Sunday here, and stays one."""
    planned = duties(agreement, "contract-ends", at=NOON.replace(day=7))
    assert local(planned["destroy"]) == "2026-03-22 12:00"
    assert "export-closes" not in planned


def test_ix_12_audit_once_in_twelve_months_with_a_cause(agreement):
    """obligation.audit-notice."""
    term = agreement.terms.audit
    assert (term.at_most, str(term.period), term.cause_required, term.business_hours) == (1, "12 months", True, True)
    assert term.exceptions == ("authority", "incident")
    assert local(duties(agreement, "audit-requested", cause="suspicion")["next-audit"]) == "2027-03-16 12:00"


def test_ix_a1_data_special_categories_only_sealed(agreement):
    """gate.categories."""
    assert refused_by(agreement, categories=frozenset({"user.telemetry", "user.device.ip_address", "system"})) == ""
    assert refused_by(agreement, categories=frozenset({"user.financial"})) == "IX-A1.data"
    special = frozenset({"user.health_and_medical"})
    assert refused_by(agreement, categories=special) == ""
    assert refused_by(agreement, categories=special, sealed_to_customer=False) == "IX-A1.data"


def test_ix_x_infringing_compulsion_and_notices_are_ours(agreement):
    """obligation.infringing."""
    assert duties(agreement, "instruction-suspended")["tell-customer"].clause == "IX-X.infringing"


def test_ix_x_compulsion_is_told_before(agreement):
    """obligation.compulsion."""
    told = duties(agreement, "compulsion-received", processing_at="2026-03-05T09:00:00+01:00")["tell-customer"]
    assert (told.clause, local(told)) == ("IX-X.compulsion", "2026-03-05 09:00")


def test_ix_x_notices_count_as_received_after_three_days(agreement):
    """obligation.subprocessor-windows."""
    assert str(agreement.terms.notices.assumed_after) == "3 days"


def test_ix_x_staff_access_needs_consent(agreement):
    """gate.staff-access."""
    assert agreement.terms.staff.consent
    assert refused_by(agreement, purpose="find-recordings", person="7b1f") == "IX-X.staff-access"


def test_ix_x_order_has_limits(agreement):
    """control.signatures."""
    assert {limit.term for limit in agreement.terms.limits} == {"breach.within", "end.destroy"}


def test_ix_12_audit_a_request_needs_a_cause_and_an_incident_lifts_the_limit(agreement):
    """control.audit-requests."""
    assert asked_for(agreement, cause="none", days=60).rule == "cause"
    history = [held(days=-100)]
    refused = asked_for(agreement, cause="suspicion", days=60, history=history)
    assert (refused.rule, refused.clause) == ("frequency", "IX-12.audit")
    after_incident = asked_for(agreement, cause="incident", days=60, history=history, incident_days=-1)
    assert (after_incident.granted, after_incident.lifted) == (True, "incident")
    assert asked_for(agreement, cause="authority", days=0, history=history).granted
    in_the_night = asked_for(agreement, cause="suspicion", days=60, hours=11)
    assert in_the_night.rule == "hours"


def test_ix_3_transfers_the_measures_that_we_generate_are_reviewed(agreement):
    """attestation.measures: appendix 2 is empty in the source, so ours is reviewed every year."""
    assert duties(agreement, "contract-signed")["attest-measures"].clause == "IX-3.transfers"


def test_ix_6_notice_affiliates_only_when_the_customer_asks(make_customer, open_databases):
    """gate.egress: no window of an affiliate closes by itself; the customer's own request opens it, and ends it."""
    customer = make_customer(agreement="ixcloud-dpa")
    change, key, _number = told_alone(customer, affiliate=True)
    now = datetime.now(UTC)
    far = now + timedelta(days=4000)
    with tenancy.scope(customer):
        assert subprocessors.change(UUID(change), at=far).state == "on-request"
        assert contract.ask("record-calls", at=far, recipient=key).clause == "IX-6.notice"
        subprocessors.request_affiliate(key, by=STAFF, at=now)
        assert contract.ask("record-calls", at=far, recipient=key).allowed
        subprocessors.revoke_request(key, by=STAFF, at=now)
        assert not contract.ask("record-calls", at=far, recipient=key).allowed


def test_ix_6_notice_counts_from_the_list_and_wants_grounds(make_customer, open_databases):
    """obligation.subprocessor-windows: receipt does not matter; reasonable grounds block the appointment."""
    customer = make_customer(agreement="ixcloud-dpa")
    change, key, number = told_alone(customer, offerings=("call-recording", "screen-recording"))
    updated = subprocessors.version(number).published_at
    with tenancy.scope(customer):
        seen = subprocessors.acknowledge(UUID(change), by=STAFF, at=updated + timedelta(days=5))
        assert (seen.received_how, seen.received_at) == ("update", updated)
        assert seen.objection_closes > updated + timedelta(days=30)
        with pytest.raises(subprocessors.ObjectionRefused, match="grounds"):
            subprocessors.object_to(UUID(change), by=STAFF, grounds="  ", at=updated + timedelta(days=9))
        at = updated + timedelta(days=29)
        seen = subprocessors.object_to(UUID(change), by=STAFF, grounds="No adequacy there.", at=at)
        assert seen.state == "blocked"
        assert not contract.ask("record-calls", at=at + timedelta(days=4000), recipient=key).allowed
        with pytest.raises(subprocessors.TerminationRefused):
            subprocessors.terminate_service(UUID(change), services=["call-recording"], by=STAFF, at=at)
        subprocessors.resolve(UUID(change), outcome="unavoidable", note="1 Dec", by=STAFF, party="provider", at=at)
        services = ["call-recording", "screen-recording"]
        seen = subprocessors.terminate_service(UUID(change), services=services, by=STAFF, at=at)
        assert seen.state == "terminated"
        assert contract.ending() is not None
