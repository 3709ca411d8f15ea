"""Clauses that only people can keep: a duty at signing, a proof that meets it, the next duty."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.governance.audits.conftest import PDF, integrate

from parley.governance.audits import api as audits
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

DAY = timedelta(days=1)


@pytest.fixture
def proved(make_customer, work, store, officer):
    """`proved(agreement, clause, *keys)`: the provider proves `keys`; the duties of the clause before and after."""

    def prove(agreement, clause, *keys):
        customer, now = make_customer(agreement=agreement), datetime.now(UTC)
        with tenancy.scope(customer):
            before = {duty.key.rpartition(":attest-")[2] for duty in obligations.duties(clause=clause, limit=500)}
            assert set(keys) <= before, before
            late = audits.shown(at=now + 400 * DAY)
            assert all(one.late for one in late if one.key in keys)
        with tenancy.scope(tenancy.provider()):
            for key in keys:
                audits.assign(key, person=officer, by=officer, at=now)
                audits.attest(key, attested_at=now - DAY, proof=PDF, by=officer, at=now, store=store)
        work(tenancy.provider())
        with tenancy.scope(customer):
            found = obligations.duties(clause=clause, limit=500)
            states = {key: sorted(duty.state for duty in found if duty.key.endswith(f":attest-{key}")) for key in keys}
            assert all(words.count("open") == 1 and set(words) == {"met", "open"} for words in states.values()), states
            shown = {one.key: one for one in audits.shown(at=now) if one.clause == clause}
            assert all(shown[key].attested_at == now - DAY and not shown[key].late for key in keys)
        return shown

    return prove


def test_im_3b_confidentiality_one_proof_a_year_reaches_the_customer(proved):
    """attestation.confidentiality: due at signing, met by the provider's proof, due again a year later."""
    shown = proved("imagicle-dpa", "IM-3b.confidentiality", "confidentiality")["confidentiality"]
    assert (shown.next_due - shown.attested_at).days in {365, 366}


def test_im_3c_security_the_review_of_measures_is_proven(proved):
    """attestation.measures."""
    proved("imagicle-dpa", "IM-3c.security", "measures")


def test_im_5_handlers_lists_are_proven_to_the_customer(proved):
    """attestation.handlers and attestation.media."""
    proved("imagicle-dpa", "IM-5.handlers", "handlers", "media")


def test_kv_2_persons_training_reaches_the_customer(proved):
    """attestation.training."""
    proved("kavkom-dpa", "KV-2.persons", "training")


def test_kv_5_security_each_proof_reaches_the_customer(proved):
    """attestation.confidentiality, attestation.penetration-test, attestation.terminals, attestation.changes and
    attestation.resilience."""
    proved(
        "kavkom-dpa", "KV-5.security", "confidentiality", "penetration-test", "terminals", "changes", "resilience"
    )  # fmt: skip


def test_ix_4_persons_confidentiality_reaches_the_customer(proved):
    """attestation.confidentiality."""
    proved("ixcloud-dpa", "IX-4.persons", "confidentiality")


def test_ix_5_resilience_a_tested_restore_reaches_the_customer(proved):
    """attestation.resilience: twice a year."""
    shown = proved("ixcloud-dpa", "IX-5.resilience", "resilience")["resilience"]
    assert (shown.next_due - shown.attested_at).days in range(180, 185)


def test_ig_1_transport_the_proof_reaches_the_user(proved):
    """attestation.transport."""
    proved("imagino-policy", "IG-1.transport", "transport")


def test_ig_2_role_the_guidance_is_proven(proved):
    """attestation.guidance."""
    proved("imagino-policy", "IG-2.role", "guidance")


def test_ig_5_employees_the_personnel_departments_proof_is_shown(proved):
    """attestation.staff-data."""
    proved("imagino-policy", "IG-5.employees", "staff-data")


def test_ux_6_processing_information_for_the_customer_is_one_pack(make_customer, work, store):
    """control.audit-pack and attestation.confidentiality: information, in a bundle that anybody can verify."""
    customer, now = make_customer(agreement="ucx-terms"), datetime.now(UTC)
    with tenancy.scope(customer):
        assert "confidentiality" in {one.key for one in audits.shown(at=now)}
        asked = audits.ask_pack(scope="newest", by=customer.id, at=now)
        integrate(customer)
        work(customer)
        content, _size, _sealed = audits.fetch(asked.id, store=store)
        with zipfile.ZipFile(io.BytesIO(content.read())) as made:
            clauses = {line["id"]: line for line in json.loads(made.read("clauses.json"))}
    assert clauses["UX-6.processing"]["kept_by"]


def test_im_3h_audit_everything_is_in_one_verifiable_pack(make_customer, work, store):
    """control.audit-pack."""
    pack_of(make_customer, work, store, "imagicle-dpa", "IM-3h.audit")


def test_kv_7_audit_documentation_is_made_available(make_customer, work, store):
    """control.audit-pack."""
    pack_of(make_customer, work, store, "kavkom-dpa", "KV-7.audit")


def test_ix_12_audit_information_is_in_one_verifiable_pack(make_customer, work, store):
    """control.audit-pack and control.evidence."""
    pack_of(make_customer, work, store, "ixcloud-dpa", "IX-12.audit")


def pack_of(make_customer, work, store, agreement, clause):
    customer, now = make_customer(agreement=agreement), datetime.now(UTC)
    with tenancy.scope(customer):
        asked = audits.ask_pack(scope="newest", by=customer.id, at=now)
        integrate(customer)
        work(customer)
        with zipfile.ZipFile(io.BytesIO(audits.fetch(asked.id, store=store)[0].read())) as made:
            assert any(name.startswith("agreement/" + agreement) for name in made.namelist())
            lines = {line["id"]: line for line in json.loads(made.read("clauses.json"))}
    assert "verifiable" in " ".join(lines[clause]["kept_by"])
