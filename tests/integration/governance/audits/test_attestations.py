"""One proof of the provider serves every customer whose agreement asks for it, exactly once each."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.governance.audits.conftest import PDF
from tests.support.left_evidence import trail

from parley.governance.audits import api as audits
from parley.governance.audits import attestations
from parley.governance.audits.models import Attestation, AttestationHere
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

DAY = timedelta(days=1)


def details(kind):
    return [entry.details for entry in trail([kind])]


def duties_of(key):
    found = obligations.duties(limit=1000)
    return [duty for duty in found if duty.key.endswith(f":attest-{key}")]


def test_one_proof_meets_every_customers_duty_and_opens_the_next(make_customer, work, store, officer):
    asking = [make_customer(agreement="imagicle-dpa"), make_customer(agreement="ixcloud-dpa")]
    other = make_customer(agreement="imagino-policy")
    now = datetime.now(UTC)
    done_at = now - 3 * DAY
    with tenancy.scope(tenancy.provider()):
        audits.assign("confidentiality", person=officer, by=officer, at=now)
        given = audits.attest("confidentiality", attested_at=done_at, proof=PDF, by=officer, at=now, store=store)
        assert given.responsible == officer
        assert details("attestation.recorded")[0]["sha256"] == hashlib.sha256(PDF).hexdigest()
    work(tenancy.provider(), now=now)
    row = Attestation.objects.get(id=given.id)
    assert row.told == row.of >= 2 and row.told_at is not None
    for customer in asking:
        with tenancy.scope(customer):
            first, following = duties_of("confidentiality")
            assert (first.state, first.late) == ("met", False)
            assert (following.state, following.starts) == ("open", done_at)
            shown = next(one for one in audits.shown(at=now) if one.key == "confidentiality")
            assert (shown.attested_at, shown.sha256) == (done_at, given.sha256)
            assert shown.next_due == following.due
            assert details("attestation.shown")[0]["attestation"] == str(given.id)
    with tenancy.scope(other):
        assert not AttestationHere.objects.exists()


def test_telling_again_changes_nothing(make_customer, work, store, officer):
    customer = make_customer()
    now = datetime.now(UTC)
    with tenancy.scope(tenancy.provider()):
        given = audits.attest("measures", attested_at=now - DAY, proof=PDF, by=officer, at=now, store=store)
    work(tenancy.provider(), now=now)
    with tenancy.scope(customer):
        before = [(duty.key, duty.state) for duty in duties_of("measures")]
        assert attestations.tell(Attestation.objects.get(id=given.id)) is False
        assert [(duty.key, duty.state) for duty in duties_of("measures")] == before
        assert len(details("attestation.shown")) == 1


def test_an_older_proof_told_later_opens_nothing(make_customer, store, officer):
    customer, now = make_customer(), datetime.now(UTC)
    given = []
    with tenancy.scope(tenancy.provider()):
        for days in (20, 2):
            given.append(
                audits.attest("media", attested_at=now - days * DAY, proof=PDF, by=officer, at=now, store=store)
            )
    with tenancy.scope(customer):
        assert attestations.tell(Attestation.objects.get(id=given[1].id)) is True
        assert attestations.tell(Attestation.objects.get(id=given[0].id)) is False
        assert [duty.state for duty in duties_of("media")] == ["met", "open"]


def test_who_signs_later_hears_of_what_was_attested_before(make_customer, work, store, officer):
    now = datetime.now(UTC)
    make_customer()  # somebody asks for it
    with tenancy.scope(tenancy.provider()):
        audits.attest("handlers", attested_at=now - DAY, proof=PDF, by=officer, at=now, store=store)
    late = make_customer()
    with tenancy.scope(late):
        assert next(one for one in audits.shown(at=now) if one.key == "handlers").attested_at is None
        audits.catch_up_later(at=datetime.now(UTC))
        work(late)
        assert next(one for one in audits.shown(at=now) if one.key == "handlers").attested_at == now - DAY
        assert [duty.state for duty in duties_of("handlers")] == ["met", "open"]


def test_what_is_not_attested_in_time_is_late(make_customer):
    customer = make_customer()
    with tenancy.scope(customer):
        shown = audits.shown(at=datetime.now(UTC) + 31 * DAY)
        assert all(one.late for one in shown if one.key == "media")


@pytest.mark.parametrize(
    ("proof", "days", "why"),
    [
        (b"", 1, "empty"),
        (b"MZ\x90 a program", 1, "neither PDF"),
        (PDF + b"\0" * audits.LARGEST, 1, "larger than 10 MiB"),
        (PDF, -1, "lies ahead"),
        (PDF, 400, "longer than"),
    ],
)
def test_proofs_that_cannot_be_taken(make_customer, store, officer, proof, days, why):
    make_customer()
    now = datetime.now(UTC)
    with tenancy.scope(tenancy.provider()):
        before = Attestation.objects.count()
        with pytest.raises(audits.ProofRefused, match=why):
            audits.attest("measures", attested_at=now - days * DAY, proof=proof, by=officer, at=now, store=store)
        assert Attestation.objects.count() == before


def test_a_key_that_nobody_asks_for(store, officer):
    now = datetime.now(UTC)
    with tenancy.scope(tenancy.provider()), pytest.raises(audits.NoSuchAudit):
        audits.attest("astrology", attested_at=now, proof=PDF, by=officer, at=now, store=store)


def test_the_proof_is_stored_sealed_and_opens_for_the_provider(make_customer, store, officer):
    make_customer()
    now = datetime.now(UTC)
    with tenancy.scope(tenancy.provider()):
        given = audits.attest("media", attested_at=now - DAY, proof=PDF, by=officer, at=now, store=store)
        assert audits.proof(given.id, store=store) == PDF
        row = Attestation.objects.get(id=given.id)
        with store.open(row.object_key) as sealed:
            assert sealed.read().startswith(b"age-encryption.org/v1")
        store.put(row.object_key, b"something else")
        with pytest.raises(Exception, match=r"age|sealed|header"):
            audits.proof(given.id, store=store)


def test_the_desk_counts_from_the_strictest_agreement(make_customer, store, officer):
    make_customer(agreement="imagicle-dpa")
    now = datetime.now(UTC)
    with tenancy.scope(tenancy.provider()):
        desk = {one.demand.key: one for one in audits.desk(at=now)}
        assert desk["confidentiality"].demand.customers >= 1
        audits.attest("confidentiality", attested_at=now - DAY, proof=PDF, by=officer, at=now, store=store)
        standing = audits.on_desk("confidentiality", at=now)
        assert (standing.state, standing.last.sha256) == ("kept", hashlib.sha256(PDF).hexdigest())
        late = audits.on_desk("confidentiality", at=now + 366 * DAY)
        assert late.state == "late"
