"""kavkom-dpa: what its file says, and how gate and duties decide, clause by clause."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.support.agreements import NOON, ask, duties, local, refused_by
from tests.support.audits import asked_for, held
from tests.support.subprocessors import STAFF, told_alone
from tests.support.subprocessors import entry as sub_processor

from parley.agreement.api import Grant, load
from parley.governance.contract import api as contract
from parley.governance.subprocessors import api as subprocessors
from parley.tenancy import api as tenancy


@pytest.fixture
def agreement():
    return load("kavkom-dpa")


@pytest.mark.parametrize(
    ("purpose", "offering"),
    [
        ("keep-contacts", "contacts"),
        ("carry-calls", "telephony"),
        ("run-campaigns", "campaigns"),
        ("record-calls", "call-recording"),
        ("handle-rights-requests", "contacts"),
    ],
)
def test_kv_1_purposes_there_are_four_and_each_has_its_offerings(agreement, purpose, offering):
    """gate.purpose."""
    decision = ask(agreement, purpose=purpose, offering=offering)
    assert (decision.allowed, decision.clause) == (True, "KV-1.purposes")
    assert refused_by(agreement, purpose=purpose, offering="hotel") in ("KV-1.purposes", "")


def test_kv_1_purposes_recording_does_not_reach_other_offerings(agreement):
    """gate.purpose."""
    assert refused_by(agreement, offering="campaigns") == "KV-1.purposes"


def test_kv_1_nature_five_kinds_of_data_and_no_other(agreement):
    """gate.categories."""
    listed = frozenset({"user.name", "user.contact.email", "user.workplace", "user.financial", "user.biometric.voice"})
    assert refused_by(agreement, categories=listed) == ""
    assert refused_by(agreement, categories=frozenset({"user.location"})) == "KV-1.nature"
    (term,) = agreement.terms.data
    assert set(term.subjects) == {"customer", "prospect", "employee", "supplier_vendor"}


def test_kv_1_duration_the_customer_deletes_and_exports_at_any_time(agreement):
    """gate.subscription lets exports go on; obligation.end-of-contract dates the rest."""
    assert (agreement.terms.retention.delete_any_time, agreement.terms.retention.clause) == (True, "KV-1.duration")
    assert refused_by(agreement, purpose="export-data") == ""
    assert local(duties(agreement, "contract-ends")["destroy"]) == "2026-04-01 12:00"


def test_kv_2_instructions_what_was_not_instructed_is_refused(agreement):
    """gate.purpose."""
    assert refused_by(agreement, instructed_purposes=frozenset({"export-data"})) == "KV-2.instructions"


def test_kv_2_infringing_is_suspended_and_told_at_once(agreement):
    """gate.instruction and obligation.infringing: within the hour, which is ours."""
    assert refused_by(agreement, suspended_purposes=frozenset({"record-calls"})) == "KV-2.infringing"
    told = duties(agreement, "instruction-suspended")["tell-customer"]
    assert (told.clause, local(told), told.statutory) == ("KV-2.infringing", "2026-03-02 13:00", True)


def test_kv_2_persons_training_is_proved_every_year(agreement):
    """attestation.training; gate.staff-access keeps everybody else out."""
    assert local(duties(agreement, "attestation-due", key="training")["attest-training"]) == "2027-03-02 12:00"
    assert refused_by(agreement, person="7b1f") == "KV-X.staff-access"


@pytest.mark.parametrize("purpose", ["sale", "provider-marketing", "provider-analysis", "train-models"])
def test_kv_2_no_disclosure_nobody_can_instruct_it(agreement, purpose):
    """gate.forbidden, commercial prospecting included; gate.egress for everybody who is not open."""
    assert refused_by(agreement, purpose=purpose, instructed_purposes=frozenset({purpose})) == "KV-2.no-disclosure"
    assert refused_by(agreement, recipient="broker") == "KV-3.notice"
    assert agreement.terms.marketing.allowed == "never"


def test_kv_2_dpia_the_customer_is_told_of_a_high_risk(agreement):
    """obligation.high-risk."""
    assert duties(agreement, "assessment-needed")["tell-customer"].clause == "KV-2.dpia"


@pytest.mark.parametrize(
    ("region", "clause"), [("eu-paris", ""), ("il", ""), ("us", "KV-3.hosting"), ("uk", "KV-3.hosting")]
)
def test_kv_3_hosting_in_europe_with_teams_in_israel(agreement, region, clause):
    """gate.region: no measure opens another country, because the text knows none."""
    assert refused_by(agreement, region=region, confirmed_transfers=frozenset({"us", "uk"})) == clause


def test_kv_3_notice_a_month_from_receipt_and_an_objection_is_a_veto(agreement):
    """obligation.subprocessor-windows and gate.egress; obligations are counted on the calendar."""
    planned = duties(agreement, "subprocessor-announced", at=NOON.replace(month=1, day=31), key="sms")
    assert local(planned["earliest-start"]) == local(planned["objection-closes"]) == "2026-03-01 00:00"
    assert "stopped" in duties(agreement, "objection-received", announced_at=NOON.isoformat())
    assert refused_by(agreement, recipient="sms") == "KV-3.notice"


def test_kv_3_sms_its_carrier_is_a_recipient_like_any_other(agreement):
    """gate.egress."""
    sending = {"purpose": "run-campaigns", "offering": "campaigns", "recipient": "sms"}
    assert refused_by(agreement, **sending) == "KV-3.notice"
    assert refused_by(agreement, **sending, recipients={"sms": NOON}) == ""


def test_kv_4_rights_requests_are_passed_on_as_they_arrive(agreement):
    """obligation.rights-deadlines: one day is our reading of "upon receipt"."""
    planned = duties(agreement, "rights-request-received")
    assert (local(planned["forward"]), planned["forward"].authored) == ("2026-03-03 12:00", True)
    assert (local(planned["answer"]), planned["answer"].owner) == ("2026-04-02 12:00", "customer")


def test_kv_5_security_each_measure_that_people_keep_has_its_date(agreement):
    """attestation.confidentiality, attestation.penetration-test, attestation.terminals, attestation.changes and
    attestation.resilience; restored within 24 hours."""
    planned = duties(agreement, "attestation-due")
    due = {
        word.removeprefix("attest-"): local(duty) for word, duty in planned.items() if duty.clause == "KV-5.security"
    }
    assert due == {
        "confidentiality": "2026-09-02 12:00",
        "penetration-test": "2027-03-02 12:00",
        "terminals": "2026-09-02 12:00",
        "changes": "2026-09-02 12:00",
        "resilience": "2027-03-02 12:00",
    }
    (running,) = agreement.terms.availability
    assert (str(running.rto), running.clause) == ("24 hours", "KV-5.security")


def test_kv_5_security_content_is_sealed(agreement):
    """gate.sealing and gate.staff-access."""
    assert refused_by(agreement, sealed_to_customer=False) == "KV-5.security"
    assert refused_by(agreement, person="7b1f") == "KV-X.staff-access"


def test_kv_6_breach_48_hours_from_knowing_across_a_change_of_clocks(agreement):
    """obligation.breach-notice: hours are absolute."""
    planned = duties(agreement, "incident-known", at=NOON.replace(day=28))
    assert (local(planned["notify"]), planned["notify"].authored) == ("2026-03-30 13:00", False)


def test_kv_7_audit_once_a_year_announced_at_the_customers_expense(agreement):
    """obligation.audit-notice: fourteen days are ours."""
    term = agreement.terms.audit
    assert (term.at_most, str(term.period), term.cost) == (1, "1 year", "customer")
    assert agreement.is_ours("audit.notice")
    assert local(duties(agreement, "audit-requested", cause="none")["next-audit"]) == "2027-03-16 12:00"


def test_kv_8_end_destroyed_within_30_days_exported_until_then(agreement):
    """gate.subscription and obligation.end-of-contract."""
    ended = {"subscription_state": "ended", "contract_ended_at": NOON}
    destroyed = duties(agreement, "contract-ends")["destroy"].due
    asked = {"purpose": "export-data", **ended}
    assert refused_by(agreement, **asked, at=destroyed - timedelta(seconds=1)) == ""
    assert refused_by(agreement, **asked, at=destroyed) == "KV-8.end"
    assert refused_by(agreement, purpose="play-recordings", **ended) == "KV-8.end"


def test_kv_9_customer_support_needs_a_further_written_instruction(agreement):
    """control.instructions: signing does not instruct it, the customer's consent to one access does."""
    assert "support-access" not in agreement.instructed_purposes
    grant = Grant(
        id="1", person="7b1f", purpose="support-access", offering="call-recording", starts=NOON,
        ends=NOON + timedelta(hours=1), consented=True,
    )  # fmt: skip
    looking = {"purpose": "support-access", "person": "7b1f"}
    assert refused_by(agreement, **looking) == "KV-2.instructions"
    assert refused_by(agreement, **looking, grants=(grant,)) == ""
    assert refused_by(agreement, **looking, instructed_purposes=frozenset({"support-access"})) == "KV-X.staff-access"


def test_kv_x_compulsion_is_told_before(agreement):
    """obligation.compulsion."""
    told = duties(agreement, "compulsion-received", processing_at="2026-03-05T09:00:00+01:00")["tell-customer"]
    assert (told.clause, local(told)) == ("KV-X.compulsion", "2026-03-05 09:00")


def test_kv_x_notices_count_as_received_after_three_days(agreement):
    """obligation.subprocessor-windows."""
    assert (str(agreement.terms.notices.assumed_after), agreement.terms.notices.authored) == ("3 days", True)


def test_kv_x_suspension_stops_collection_a_day_after_the_request(agreement):
    """gate.suspension and obligation.misuse."""
    assert refused_by(agreement, acceptable_use_suspended=True) == "KV-X.suspension"
    assert refused_by(agreement, acceptable_use_suspended=True, purpose="export-data") == ""
    assert local(duties(agreement, "misuse-found")["may-suspend"]) == "2026-03-03 12:00"


def test_kv_x_staff_access_needs_consent_and_is_reviewed(agreement):
    """gate.staff-access and obligation.access-review."""
    assert agreement.terms.staff.consent
    assert duties(agreement, "access-review-held")["next-review"].clause == "KV-X.staff-access"


def test_kv_x_order_has_limits(agreement):
    """control.signatures."""
    assert {limit.term for limit in agreement.terms.limits} == {"breach.within", "audit.notice"}


def test_kv_7_audit_a_second_request_in_a_year_is_refused(agreement):
    """control.audit-requests: once a year, which an incident does not lift here; an authority is never refused."""
    history = [held(days=-100)]
    refused = asked_for(agreement, days=60, history=history)
    assert (refused.rule, refused.clause, refused.cost) == ("frequency", "KV-7.audit", "customer")
    assert asked_for(agreement, wanted_at=refused.earliest, history=history).granted
    assert not asked_for(agreement, cause="incident", days=60, history=history, incident_days=-1).granted
    assert asked_for(agreement, cause="authority", days=1, history=history).lifted == "authority"


def test_kv_3_notice_an_objection_in_time_is_a_veto_until_it_is_withdrawn(make_customer, open_databases):
    """gate.egress: closed whatever the date; no override by the provider, and a service is not lost over it."""
    customer = make_customer(agreement="kavkom-dpa")
    change, key, _number = told_alone(customer)
    now = datetime.now(UTC)
    with tenancy.scope(customer):
        seen = subprocessors.object_to(UUID(change), by=STAFF, grounds="", at=now)
        assert (seen.state, seen.clause) == ("vetoed", "KV-3.notice")
        far = now + timedelta(days=4000)
        assert contract.ask("record-calls", at=far, recipient=key).clause == "KV-3.notice"
        with pytest.raises(subprocessors.ResolutionRefused):
            subprocessors.resolve(
                UUID(change), outcome="unavoidable", note="we must", by=STAFF, party="provider", at=now
            )
        subprocessors.resolve(UUID(change), outcome="withdrawn", note="", by=STAFF, party="customer", at=now)
        assert contract.ask("record-calls", at=far, recipient=key).allowed


def test_kv_3_hosting_the_register_says_where_each_link_is(open_databases):
    """control.subprocessor-register: no entry without a country of processing."""
    with pytest.raises(subprocessors.EntryRefused, match="country"):
        subprocessors.engage(sub_processor(country="XX"), at=datetime.now(UTC), by=STAFF)
    listed = sub_processor(name="Amazon Web Services", country="FR")
    subprocessors.engage(listed, at=datetime.now(UTC), by=STAFF)
    assert subprocessors.entry(listed.key).country == "FR"


def test_kv_3_sms_a_carrier_is_authorised_by_signing_when_it_is_listed(make_customer, open_databases):
    """gate.egress and control.subprocessor-register: listed for sending messages, open to who signs after that."""
    carrier = sub_processor(role="sends SMS to contacts", purposes=("run-campaigns",), offerings=("campaigns",))
    subprocessors.engage(carrier, at=datetime.now(UTC), by=STAFF)
    with tenancy.scope(make_customer(agreement="kavkom-dpa")):
        assert carrier.key in subprocessors.authorisations()
        assert not subprocessors.may_receive(carrier.key, "record-calls", at=datetime.now(UTC)).allowed
