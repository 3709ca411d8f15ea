"""imagicle-dpa: what its file must hold, and how its gate decides, clause by clause."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from parley.agreement.api import CALL_RECORDING, RECORD_CALLS, GateRequest, evaluate, load

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLAUSES = [
    "IM-2.roles",
    "IM-2.warranty",
    "IM-3a.instructions",
    "IM-3b.confidentiality",
    "IM-3c.security",
    "IM-3d.register",
    "IM-3d.authorisation",
    "IM-3d.notice",
    "IM-3d.flowdown",
    "IM-3e.rights",
    "IM-3f.breach",
    "IM-3f.dpia",
    "IM-3g.end",
    "IM-3h.audit",
    "IM-4.purposes",
    "IM-4.inventory",
    "IM-4.marketing",
    "IM-5.handlers",
    "IM-6.no-sale",
    "IM-7.location",
    "IM-8.support",
    "IM-8.cloud",
    "IM-8.retention",
    "IM-9.rights",
    "IM-9.procedure",
]


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


def test_the_file_carries_every_clause_of_the_text_and_marks_its_own(agreement):
    ours = [clause_id for clause_id in agreement.clauses if clause_id.startswith("IM-X.")]
    assert [*CLAUSES, *ours] == list(agreement.clauses)
    assert all(agreement.clauses[clause_id].authored for clause_id in ours)


def test_every_clause_says_what_keeps_it_or_what_it_waits_for(agreement):
    for clause in agreement.clauses.values():
        assert clause.enforced_by or clause.waits_for, clause.id
        assert clause.statement.endswith(".")


def test_im_3a_instructions_a_purpose_not_instructed_is_refused(agreement, request_to_record):
    decision = evaluate(agreement, replace(request_to_record, instructed_purposes=frozenset({"export-data"})))
    assert (decision.allowed, decision.clause) == (False, "IM-3a.instructions")
    assert decision.remedy


def test_im_4_purposes_recording_is_allowed_under_the_instructed_purpose(agreement, request_to_record):
    decision = evaluate(agreement, request_to_record)
    assert (decision.allowed, decision.clause) == (True, "IM-4.purposes")
    assert decision.facts == {
        "agreement": "imagicle-dpa",
        "version": "1",
        "purpose": "record-calls",
        "use": "essential.service",
        "covered_by": "provide-offerings",
    }


@pytest.mark.parametrize("purpose", ["train-models", "provider-analysis", "provider-marketing", "no-such-deed"])
def test_im_4_purposes_anything_else_is_refused_even_when_instructed(agreement, request_to_record, purpose):
    request = replace(request_to_record, purpose=purpose, instructed_purposes=frozenset({purpose}))
    decision = evaluate(agreement, request)
    assert (decision.allowed, decision.clause) == (False, "IM-4.purposes")


def test_im_6_no_sale_nobody_can_instruct_a_sale(agreement, request_to_record):
    decision = evaluate(agreement, replace(request_to_record, purpose="sale", instructed_purposes=frozenset({"sale"})))
    assert (decision.allowed, decision.clause) == (False, "IM-6.no-sale")


def test_im_3c_security_content_that_is_not_sealed_is_refused(agreement, request_to_record):
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
    assert agreement.terms.end.choices == ("delete", "return")


def test_im_8_support_data_of_support_cases_is_kept_three_years(agreement):
    assert (str(agreement.terms.support_data.keep), agreement.terms.support_data.clause) == ("3 years", "IM-8.support")


def test_im_8_retention_the_customer_controls_it(agreement):
    assert agreement.terms.retention.controlled_by == "customer"
    assert agreement.terms.retention.clause == "IM-8.retention"


def test_a_suspension_stops_collection_and_leaves_access(agreement, request_to_record):
    suspended = replace(request_to_record, acceptable_use_suspended=True)
    assert evaluate(agreement, suspended).clause == "IM-X.suspension"
    assert not evaluate(agreement, suspended).allowed
    assert evaluate(agreement, replace(suspended, purpose="play-recordings")).allowed
    assert agreement.clauses["IM-X.suspension"].authored
