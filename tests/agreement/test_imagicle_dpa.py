"""imagicle-dpa: what its file must hold, and how its gate decides, clause by clause."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.support.agreements import NOON, ask, duties, local, refused_by
from tests.support.audits import asked_for, held
from tests.support.subprocessors import FLOWDOWN, STAFF, told_alone
from tests.support.subprocessors import entry as sub_processor

from parley.agreement.api import CALL_RECORDING, RECORD_CALLS, GateRequest, Grant, compose, evaluate, load
from parley.governance.contract import api as contract
from parley.governance.subprocessors import api as subprocessors
from parley.tenancy import api as tenancy

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def agreement():
    return load("imagicle-dpa")


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
        custody="local",
        at=NOW,
    )


def test_im_3a_instructions_a_purpose_not_instructed_is_refused(agreement, request_to_record):
    """gate.purpose refuses what was not instructed."""
    decision = evaluate(agreement, replace(request_to_record, instructed_purposes=frozenset({"export-data"})))
    assert (decision.allowed, decision.clause) == (False, "IM-3a.instructions")
    assert decision.remedy


def test_im_4_purposes_recording_is_allowed_under_the_instructed_purpose(agreement, request_to_record):
    """gate.purpose lets through what signing instructs, and says which purpose covers it."""
    decision = evaluate(agreement, request_to_record)
    assert (decision.allowed, decision.clause) == (True, "IM-4.purposes")
    assert decision.facts == {
        "agreement": "imagicle-dpa",
        "version": "2",
        "purpose": "record-calls",
        "use": "essential.service",
        "covered_by": "provide-offerings",
    }


@pytest.mark.parametrize("purpose", ["train-models", "provider-analysis", "provider-marketing", "no-such-deed"])
def test_im_4_purposes_anything_else_is_refused_even_when_instructed(agreement, request_to_record, purpose):
    """gate.purpose knows three purposes and no other."""
    request = replace(request_to_record, purpose=purpose, instructed_purposes=frozenset({purpose}))
    decision = evaluate(agreement, request)
    assert (decision.allowed, decision.clause) == (False, "IM-4.purposes")


def test_im_6_no_sale_nobody_can_instruct_a_sale(agreement, request_to_record):
    """gate.forbidden: not even the customer."""
    decision = evaluate(agreement, replace(request_to_record, purpose="sale", instructed_purposes=frozenset({"sale"})))
    assert (decision.allowed, decision.clause) == (False, "IM-6.no-sale")


def test_im_3c_security_content_that_is_not_sealed_is_refused(agreement, request_to_record):
    """gate.sealing refuses unsealed content."""
    decision = evaluate(agreement, replace(request_to_record, sealed_to_customer=False))
    assert (decision.allowed, decision.clause) == (False, "IM-3c.security")
    assert agreement.terms.encryption.authored


@pytest.mark.parametrize(
    ("region", "chosen", "confirmed", "allowed"),
    [
        ("eu", "eu", (), True),
        ("eu-frankfurt", None, (), True),
        ("eu-frankfurt", "eu-paris", (), False),
        ("us", "us", (), False),
        ("us", "us", ("us",), True),
        ("atlantis", None, ("atlantis",), False),
    ],
)
def test_im_7_location_the_customers_region_holds(agreement, request_to_record, region, chosen, confirmed, allowed):
    """gate.region: the region that was chosen, the areas of the agreement, and a confirmed measure elsewhere."""
    request = replace(request_to_record, region=region, chosen_region=chosen, confirmed_transfers=frozenset(confirmed))
    decision = evaluate(agreement, request)
    assert decision.allowed is allowed
    assert allowed or decision.clause == "IM-7.location"


@pytest.mark.parametrize(
    ("purpose", "days", "allowed"),
    [
        ("record-calls", 0, False),
        ("play-recordings", 0, True),
        ("play-recordings", 30.49, True),
        ("play-recordings", 30.5, False),
        ("export-data", 89.99, True),
        ("export-data", 90, False),
        ("play-recordings", -1, False),
    ],
)
def test_im_8_cloud_access_for_30_days_export_for_90(agreement, request_to_record, purpose, days, allowed):
    """gate.subscription, by the instants of the end."""
    request = replace(
        request_to_record,
        purpose=purpose,
        subscription_state="ended",
        contract_ended_at=NOW,
        at=NOW + timedelta(days=days),
    )
    decision = evaluate(agreement, request)
    assert decision.allowed is allowed
    assert allowed or decision.clause == "IM-8.cloud"
    assert str(agreement.terms.end.destroy) == "90 days"


def test_im_3g_end_delete_or_return_is_the_customers_choice(agreement):
    """The term; gate.subscription leaves time to fetch what is returned."""
    assert agreement.terms.end.choices == ("delete", "return")


def test_im_8_support_data_of_support_cases_is_kept_three_years(agreement):
    """obligation.support-data."""
    assert local(duties(agreement, "contract-ends")["support-data-destroyed"]) == "2029-03-02 12:00"
    assert (str(agreement.terms.support_data.keep), agreement.terms.support_data.clause) == ("3 years", "IM-8.support")


def test_im_8_retention_the_customer_controls_it(agreement):
    """The term; the controls wait for the person's side."""
    assert agreement.terms.retention.controlled_by == "customer"
    assert agreement.terms.retention.clause == "IM-8.retention"


def test_im_x_suspension_stops_collection_and_leaves_access(agreement, request_to_record):
    """gate.suspension; obligation.misuse says from when it may come."""
    suspended = replace(request_to_record, acceptable_use_suspended=True)
    assert evaluate(agreement, suspended).clause == "IM-X.suspension"
    assert not evaluate(agreement, suspended).allowed
    assert evaluate(agreement, replace(suspended, purpose="play-recordings")).allowed
    assert agreement.clauses["IM-X.suspension"].authored


def test_im_2_roles_on_data_protection_this_agreement_prevails(agreement):
    """control.precedence: 90 days of the agreement before 3 months of the terms, and the page can say why."""
    assert {role for party in agreement.parties for role in party.roles} >= {"processor", "sub-processor", "controller"}
    together = compose([load("ucx-terms"), agreement])
    won = next(win for win in together.wins if win.term == "end.destroy")
    assert (won.winner, won.clause, str(together.agreement.terms.end.destroy)) == (
        "imagicle-dpa",
        "IM-8.cloud",
        "90 days",
    )
    assert {loser[2] for loser in won.losers} >= {"3 months"}
    assert won.why


def test_im_2_warranty_is_due_before_processing_starts(agreement):
    """obligation.warranty: only of a customer that processes for somebody else."""
    asked = duties(agreement, "contract-signed", as_subprocessor="yes", processing_at="2026-03-09T12:00:00+01:00")
    warranty = asked["warranty"]
    assert (local(warranty), warranty.clause, warranty.owner) == ("2026-03-09 12:00", "IM-2.warranty", "customer")
    assert "warranty" not in duties(agreement, "contract-signed")


def test_im_3a_instructions_a_compulsion_is_told_before_the_processing(agreement):
    """obligation.compulsion; gate.instruction stops what is suspended meanwhile."""
    told = duties(agreement, "compulsion-received", processing_at="2026-03-05T09:00:00+01:00")["tell-customer"]
    assert (local(told), told.clause, told.statutory) == ("2026-03-05 09:00", "IM-3a.instructions", True)
    assert refused_by(agreement, suspended_purposes=frozenset({"record-calls"})) == "IM-X.infringing"


def test_im_3b_confidentiality_is_proved_and_proved_again(agreement):
    """attestation.confidentiality: a first proof, then every year."""
    first = duties(agreement, "contract-signed")["attest-confidentiality"]
    again = duties(agreement, "attestation-due", key="confidentiality")["attest-confidentiality"]
    assert (first.clause, local(first), local(again)) == (
        "IM-3b.confidentiality", "2026-04-01 12:00", "2027-03-02 12:00",
    )  # fmt: skip


def test_im_3c_security_the_measures_are_reviewed(agreement):
    """attestation.measures, every year."""
    assert local(duties(agreement, "attestation-due", key="measures")["attest-measures"]) == "2027-03-02 12:00"


def test_im_3d_notice_30_days_14_to_object_30_to_resolve(agreement):
    """obligation.subprocessor-windows and gate.egress: closed to the day, and open then."""
    planned = duties(agreement, "subprocessor-announced", key="speech")
    assert local(planned["objection-closes"]) == "2026-03-17 00:00"
    assert local(planned["earliest-start"]) == "2026-04-01 12:00"
    objected = duties(agreement, "objection-received", announced_at=NOON.isoformat(), key="speech")
    assert local(objected["may-terminate"]) == "2026-04-02 00:00"
    opens = planned["earliest-start"].due
    for at, clause in ((opens - timedelta(seconds=1), "IM-3d.notice"), (opens, "")):
        assert refused_by(agreement, recipient="speech", recipients={"speech": opens}, at=at) == clause


def test_im_3d_authorisation_nobody_else_receives(agreement):
    """gate.egress: whom the register did not open for this customer gets nothing."""
    assert agreement.terms.subprocessors.authorisation == "general"
    decision = ask(agreement, recipient="stranger")
    assert (decision.allowed, decision.clause) == (False, "IM-3d.notice")


def test_im_3e_rights_the_provider_helps_and_may_answer(agreement):
    """control.inventory finds the data; the desk for requests waits for the person's side."""
    assert agreement.terms.rights.answers == "provider-when-authorised"
    assert "answer" in duties(agreement, "rights-request-received")


def test_im_3f_breach_48_hours_from_knowing(agreement):
    """obligation.breach-notice: the number is the text's, the follow-ups are ours."""
    planned = duties(agreement, "incident-known")
    assert (local(planned["notify"]), planned["notify"].statutory, planned["notify"].authored) == (
        "2026-03-04 12:00", True, False,
    )  # fmt: skip
    assert (local(planned["follow-up"]), planned["follow-up"].authored) == ("2026-03-05 12:00", True)


def test_im_3f_dpia_the_customer_is_told_of_a_high_risk(agreement):
    """obligation.high-risk."""
    told = duties(agreement, "assessment-needed")["tell-customer"]
    assert (told.clause, told.owner) == ("IM-3f.dpia", "provider")


def test_im_3h_audit_30_days_ahead_at_the_customers_cost_without_limit(agreement):
    """obligation.audit-notice: an authority comes at once."""
    term = agreement.terms.audit
    assert (str(term.notice), term.cost, term.at_most, term.cause_required) == ("30 days", "customer", None, False)
    assert local(duties(agreement, "audit-requested", cause="none")["earliest"]) == "2026-04-01 12:00"
    assert local(duties(agreement, "audit-requested", cause="authority")["earliest"]) == "2026-03-02 12:00"


def test_im_4_inventory_each_offering_of_the_table_has_categories_of_ours(agreement):
    """gate.categories: the offerings of the source's table, the categories marked as ours."""
    assert {term.offering for term in agreement.terms.data} == {
        "attendant-console", "queueing", "call-recording", "contacts", "call-analytics", "fax", "hotel", "assistant",
        "screen-recording", "voice-analytics", "receptionist", "agents", "shared-services",
    }  # fmt: skip
    assert all(term.authored and term.clause == "IM-4.inventory" for term in agreement.terms.data)
    assert refused_by(agreement, categories=frozenset({"user.biometric.voice"})) == ""
    assert refused_by(agreement, categories=frozenset({"user.financial"})) == "IM-4.inventory"


def test_im_4_marketing_never_to_people_in_the_customers_data(agreement):
    """gate.purpose: to contact persons the provider is a controller of its own, in the data it processes it is not."""
    assert agreement.terms.marketing.allowed == "as-controller"
    instructed = frozenset({"provider-marketing"})
    assert refused_by(agreement, purpose="provider-marketing", instructed_purposes=instructed) == "IM-4.purposes"


def test_im_4_purposes_support_looks_at_the_activated_product_only(agreement):
    """gate.staff-access: a grant names its offering."""
    grant = Grant(
        id="1", person="7b1f", purpose="support-access", offering="call-recording", starts=NOON,
        ends=NOON + timedelta(hours=2), consented=False,
    )  # fmt: skip
    looking = {"purpose": "support-access", "person": "7b1f", "grants": (grant,)}
    assert refused_by(agreement, **looking) == ""
    assert refused_by(agreement, **looking, offering="fax") == "IM-X.staff-access"
    assert refused_by(agreement, **looking, at=NOON + timedelta(hours=2)) == "IM-X.staff-access"


def test_im_5_handlers_and_media_are_listed_every_half_year(agreement):
    """attestation.handlers and attestation.media."""
    planned = duties(agreement, "attestation-due")
    assert {local(planned["attest-handlers"]), local(planned["attest-media"])} == {"2026-09-02 12:00"}


def test_im_6_no_sale_third_parties_only_when_they_are_open(agreement):
    """gate.egress."""
    assert refused_by(agreement, purpose="secure-service", recipient="broker") == "IM-3d.notice"


def test_im_8_cloud_the_end_is_dated_from_its_day(agreement):
    """obligation.end-of-contract."""
    planned = duties(agreement, "contract-ends")
    assert [local(planned[word]) for word in ("access-ends", "export-closes", "destroy")] == [
        "2026-04-02 00:00", "2026-05-31 12:00", "2026-05-31 12:00",
    ]  # fmt: skip
    assert planned["destroy"].statutory


def test_im_3g_end_destruction_is_a_duty_that_nobody_waives(agreement):
    """obligation.end-of-contract."""
    assert duties(agreement, "contract-ends")["destroy"].protects == "persons"


def test_im_9_rights_data_is_declared_so_that_it_can_be_found(agreement):
    """control.inventory; the requests themselves wait for the person's side."""
    assert "control.inventory" in agreement.clauses["IM-9.rights"].enforced_by


def test_im_9_procedure_one_month_of_receipt_and_two_more_with_notice(agreement):
    """obligation.rights-deadlines: the notice of an extension falls inside the first month."""
    planned = duties(agreement, "rights-request-received", at=NOON.replace(month=1, day=31))
    assert local(planned["answer"]) == local(planned["extend-notice"]) == "2026-02-28 12:00"
    assert local(planned["longest"]) == "2026-04-30 12:00"
    assert planned["answer"].statutory


def test_im_x_infringing_an_instruction_is_suspended_and_told(agreement):
    """obligation.infringing and gate.instruction."""
    assert duties(agreement, "instruction-suspended")["tell-customer"].clause == "IM-X.infringing"
    assert refused_by(agreement, suspended_purposes=frozenset({"record-calls"})) == "IM-X.infringing"


def test_im_x_notices_count_as_received_after_three_days(agreement):
    """obligation.subprocessor-windows counts from there."""
    assert (str(agreement.terms.notices.assumed_after), agreement.terms.notices.authored) == ("3 days", True)


def test_im_x_staff_access_is_reviewed(agreement):
    """obligation.access-review and gate.staff-access."""
    assert local(duties(agreement, "access-review-held")["next-review"]) == "2026-06-02 12:00"
    assert refused_by(agreement, purpose="support-access", person="7b1f") == "IM-X.staff-access"


def test_im_x_order_may_set_a_breach_notice_within_limits(agreement):
    """control.signatures keep what the order sets; the limits are the file's."""
    limit = next(limit for limit in agreement.terms.limits if limit.term == "breach.within")
    assert (str(limit.least), str(limit.most), limit.clause) == ("12 hours", "48 hours", "IM-X.order")


def test_im_3h_audit_a_request_is_decided_by_notice_alone(agreement):
    """control.audit-requests: no limit to their number, the customer pays, certificates may answer part of it."""
    history = [held(days=-10), held(days=-20)]
    assert asked_for(agreement, days=30, history=history).granted
    early = asked_for(agreement, days=29, history=history)
    assert (early.granted, early.rule, early.clause) == (False, "notice", "IM-3h.audit")
    assert asked_for(agreement, days=30).cost == "customer"
    assert any("Certificates" in line for line in asked_for(agreement, days=30).conditions)
    assert asked_for(agreement, cause="authority", days=0).granted


def test_im_3d_register_shows_what_is_planned_before_it_starts(make_customer, open_databases):
    """control.subprocessor-register: name, role, country and policy stand there while the gate is still closed."""
    customer = make_customer(agreement="imagicle-dpa")
    _change, key, number = told_alone(customer)
    [shown] = [one for one in subprocessors.version(number).entries if one.key == key]
    assert (shown.status, shown.role, shown.country) == ("planned", "storage of sealed recordings", "DE")
    assert shown.privacy_url.startswith("https://")
    with tenancy.scope(customer):
        refused = contract.ask(RECORD_CALLS, at=datetime.now(UTC), recipient=key)
        assert (refused.allowed, refused.clause) == (False, "IM-3d.notice")
    with pytest.raises(subprocessors.EntryRefused, match="role"):
        subprocessors.engage(sub_processor(role=""), at=NOW, by=STAFF)


def test_im_3d_authorisation_what_is_listed_at_signing_for_its_stated_purposes(make_customer, open_databases):
    """control.signatures and gate.egress: from the signature on, and no further than the register says."""
    listed = sub_processor(purposes=("record-calls",))
    subprocessors.engage(listed, at=datetime.now(UTC), by=STAFF)
    with tenancy.scope(make_customer(agreement="imagicle-dpa")):
        signed, later = contract.signatures()[0].at, datetime.now(UTC)
        assert subprocessors.authorisations()[listed.key].clause == "IM-3d.authorisation"
        assert subprocessors.may_receive(listed.key, RECORD_CALLS, at=signed).allowed
        assert not subprocessors.may_receive(listed.key, RECORD_CALLS, at=signed - timedelta(seconds=1)).allowed
        beyond = subprocessors.may_receive(listed.key, "play-recordings", at=later)
        assert (beyond.allowed, beyond.clause) == (False, "IM-3d.authorisation")


def test_im_3d_notice_a_late_objection_names_clause_and_dates(make_customer, open_databases):
    """obligation.subprocessor-windows: 14 days from receipt to the end of the day, not a second longer."""
    customer = make_customer(agreement="imagicle-dpa")
    change, _key, _number = told_alone(customer)
    with tenancy.scope(customer):
        seen = subprocessors.acknowledge(UUID(change), by=STAFF, at=datetime.now(UTC))
        with pytest.raises(subprocessors.ObjectionRefused, match=r"IM-3d\.notice was open from .* to .* is after it"):
            subprocessors.object_to(UUID(change), by=STAFF, grounds="", at=seen.objection_closes)
        last = seen.objection_closes - timedelta(seconds=1)
        assert subprocessors.object_to(UUID(change), by=STAFF, grounds="", at=last).state == "resolving"


def test_im_3d_flowdown_nobody_is_appointed_without_it(open_databases):
    """control.flowdown: each of the same duties has its clause in the contract of the link, else it is refused."""
    start = NOW + timedelta(days=90)
    for missing in (None, replace(FLOWDOWN, digest=""), replace(FLOWDOWN, clauses={**FLOWDOWN.clauses, "audits": " "})):
        with pytest.raises(subprocessors.FlowDownMissing):
            subprocessors.announce(sub_processor(flowdown=missing), planned_start=start, at=NOW, by=STAFF)
        with pytest.raises(subprocessors.FlowDownMissing):
            subprocessors.engage(sub_processor(flowdown=missing), at=NOW, by=STAFF)


@pytest.mark.parametrize("purpose", ["sale", "provider-marketing", "train-models"])
def test_im_6_no_sale_nobody_is_engaged_for_it(open_databases, purpose):
    """control.subprocessor-register: third parties help to provide the service and for nothing else."""
    with pytest.raises(subprocessors.EntryRefused, match=purpose):
        subprocessors.engage(sub_processor(purposes=("record-calls", purpose)), at=NOW, by=STAFF)
