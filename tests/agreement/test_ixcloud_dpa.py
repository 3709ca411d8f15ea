"""ixcloud-dpa: what its file must hold, and how its gate decides, clause by clause."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from parley.agreement.api import CALL_RECORDING, RECORD_CALLS, GateRequest, evaluate, load

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLAUSES = [
    "IX-0.law",
    "IX-1.chain",
    "IX-2.purpose",
    "IX-3.transfers",
    "IX-4.persons",
    "IX-5.encryption",
    "IX-5.resilience",
    "IX-6.notice",
    "IX-7.partner",
    "IX-8.rights",
    "IX-9.dpia",
    "IX-10.incident",
    "IX-11.end",
    "IX-12.audit",
    "IX-A1.data",
    "IX-A3.certificate",
]


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


def test_the_file_carries_every_clause_of_the_text_and_marks_its_own(agreement):
    ours = [clause_id for clause_id in agreement.clauses if clause_id.startswith("IX-X.")]
    assert [*CLAUSES, *ours] == list(agreement.clauses)
    assert all(agreement.clauses[clause_id].authored for clause_id in ours)


def test_every_clause_says_what_keeps_it_or_what_it_waits_for(agreement):
    for clause in agreement.clauses.values():
        assert clause.enforced_by or clause.waits_for, clause.id


def test_ix_2_purpose_recording_is_allowed(agreement, request_to_record):
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
    request = replace(request_to_record, purpose=purpose, instructed_purposes=frozenset({purpose}), custody="local")
    decision = evaluate(agreement, request)
    assert (decision.allowed, decision.clause) == (False, "IX-2.purpose")


def test_ix_2_purpose_reaches_recording_offerings_only(agreement, request_to_record):
    decision = evaluate(agreement, replace(request_to_record, offering="fax"))
    assert (decision.allowed, decision.clause) == (False, "IX-2.purpose")


def test_ix_5_encryption_nothing_is_stored_unsealed(agreement, request_to_record):
    decision = evaluate(agreement, replace(request_to_record, sealed_to_customer=False))
    assert (decision.allowed, decision.clause) == (False, "IX-5.encryption")
    assert agreement.clauses["IX-5.encryption"].authored


@pytest.mark.parametrize("purpose", ["play-recordings", "make-rendition"])
def test_ix_5_encryption_the_provider_cannot_open_what_the_customer_alone_holds(agreement, request_to_record, purpose):
    decision = evaluate(agreement, replace(request_to_record, purpose=purpose))
    assert (decision.allowed, decision.clause) == (False, "IX-5.encryption")
    assert "sealed original" in decision.remedy
    assert evaluate(agreement, replace(request_to_record, purpose="fetch-original")).allowed


@pytest.mark.parametrize("area", ["us", "me", "il", "ch"])
def test_ix_3_transfers_only_with_a_measure_that_the_customer_confirmed(agreement, request_to_record, area):
    decision = evaluate(agreement, replace(request_to_record, region=area))
    assert (decision.allowed, decision.clause) == (False, "IX-3.transfers")
    confirmed = replace(request_to_record, region=area, confirmed_transfers=frozenset({area}))
    assert evaluate(agreement, confirmed).allowed


def test_ix_11_end_destruction_within_15_days_and_no_return(agreement, request_to_record):
    end = agreement.terms.end
    assert (end.choices, end.destroy.amount, end.clause) == (("delete",), 15, "IX-11.end")
    ended = replace(request_to_record, subscription_state="ended", contract_ended_at=NOW, at=NOW + timedelta(hours=1))
    for purpose in ("record-calls", "find-recordings", "fetch-original"):
        decision = evaluate(agreement, replace(ended, purpose=purpose))
        assert (decision.allowed, decision.clause) == (False, "IX-11.end")


def test_ix_a3_certificate_on_request(agreement):
    assert agreement.terms.end.certificate == "on-request"


def test_retention_is_ours_and_marked_so(agreement):
    assert agreement.terms.retention.authored
    assert agreement.clauses[agreement.terms.retention.clause].authored


def test_a_suspension_stops_collection_only(agreement, request_to_record):
    suspended = replace(request_to_record, acceptable_use_suspended=True)
    assert evaluate(agreement, suspended).clause == "IX-X.suspension"
    assert evaluate(agreement, replace(suspended, purpose="fetch-original")).allowed
