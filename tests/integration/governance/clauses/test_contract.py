"""Clauses that the contract keeps: who signed what, since when, with which order; which text prevails; policies."""

from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest
from tests.support.installation import tenancy
from tests.support.left_evidence import kinds_of

from parley.agreement.api import load
from parley.governance.contract import api as contract
from parley.obligations import api as obligations

DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


def packaged(agreement: str) -> str:
    return resources.files("parley.agreement").joinpath("agreements", f"{agreement}.toml").read_text()


def sign(*papers, at=None, **more):
    return contract.sign(agreements=papers, by="Ada Rossi", reference="order 7", at=at or now(), **more)


def test_im_2_roles_the_agreement_prevails_over_the_terms(under):
    """control.signatures and control.precedence: both are signed, the stricter day of the end is the agreement's."""
    with under("imagicle-dpa"):
        sign("ucx-terms")
        binding = contract.binding()
        assert {one.agreement for one in contract.signatures()} == {"imagicle-dpa", "ucx-terms"}
        assert str(binding.agreement.terms.end.destroy) == "90 days"
        assert binding.agreement.clause_of("end.destroy") == "IM-8.cloud"
        assert {win.winner for win in binding.wins if win.term == "end.destroy"} == {"imagicle-dpa"}


def test_im_2_warranty_is_asked_of_who_processes_for_others(under):
    """obligation.warranty and control.signatures: due before processing, met by the customer's word."""
    with under("imagicle-dpa"):
        contract.change_order(by="test", at=now(), processes_for_others=True)
        sign("ucx-terms")
        (warranty,) = [duty for duty in obligations.duties(clause="IM-2.warranty") if duty.kind == "duty"]
        assert (warranty.owner, warranty.state != "met") == ("customer", True)
        obligations.meet(warranty.key, at=now(), by="customer", details={})
        assert obligations.duty(warranty.key).state == "met"


def test_im_3d_authorisation_is_given_by_signing(under):
    """control.signatures, control.subprocessor-register and gate.egress: listed at signing, so authorised from then."""
    from tests.support.subprocessors import STAFF, entry

    from parley.governance.subprocessors import api as subprocessors

    listed = entry()
    with tenancy.scope(tenancy.provider()):
        subprocessors.engage(listed, at=now(), by=STAFF)
    with under("imagicle-dpa"):
        subprocessors.authorise_listed()
        assert subprocessors.authorisations()[listed.key]
        assert contract.ask("record-calls", at=now(), recipient=listed.key).allowed
        refused = contract.ask("record-calls", at=now(), recipient="sub-of-tomorrow")
        assert (refused.allowed, refused.clause) == (False, "IM-3d.notice")
        elsewhere = subprocessors.may_receive(listed.key, "export-data", at=now())
        assert not elsewhere.allowed  # for the purposes that the register states, and no other


def test_kv_4_rights_the_customer_warrants_by_signing(under):
    """control.signatures: who signed, when, which text."""
    with under("kavkom-dpa"):
        (signature,) = contract.signatures()
        assert signature.digest == load("kavkom-dpa").digest
        assert "warrant" in contract.binding().agreement.clauses["KV-4.rights"].statement


def test_ix_0_law_the_text_that_names_the_laws_is_what_was_signed(under):
    """control.signatures: the digest of that text, kept."""
    with under("ixcloud-dpa", custody="customer-held"):
        (signature,) = contract.signatures()
        assert "ePrivacy" in tenancy.agreement_text(signature.digest)


def test_ix_1_chain_a_partner_signs_as_one_who_processes_for_others(under):
    """control.signatures and the order, which says so."""
    with under("ixcloud-dpa"):
        contract.change_order(by="test", at=now(), processes_for_others=True)
        assert contract.order().processes_for_others
        assert kinds_of("IX-X.notices") >= {"order.changed"}


def test_ix_3_transfers_the_standard_clauses_prevail_where_a_transfer_rests_on_them(under):
    """control.transfers and control.precedence: then the certificate comes unasked."""
    from uuid import UUID

    from parley.governance.instructions import api as instructions

    with under("ixcloud-dpa"):
        assert contract.binding().agreement.terms.end.certificate == "on-request"
        assert contract.ask("record-calls", at=now(), region="us").clause == "IX-3.transfers"
        transfer = instructions.confirm_transfer(
            area="us", measure="scc", importer="Parley Inc., Boca Raton", by=UUID(int=8), at=now()
        )
        assert transfer.measure == "scc"
        assert contract.binding().agreement.terms.end.certificate == "always"


def test_ig_2_role_signing_makes_the_user_controller(under):
    """control.signatures."""
    with under("imagino-policy"):
        (signature,) = contract.signatures()
        assert (signature.agreement, signature.kind) == ("imagino-policy", "policy")


def test_ig_6_versions_a_new_policy_holds_when_published_and_the_old_one_stays_readable(under):
    """control.policy-versions: bound at once, without a signature, history kept."""
    changed = packaged("imagino-policy").replace('version = "2"', 'version = "3"')
    changed = changed.replace('within = "24 hours"', 'within = "12 hours"')
    with under("imagino-policy") as customer:
        before = contract.signatures()[0]
    reached = contract.publish_policy(contract.Paper(file="imagino-policy.toml", text=changed), by="test", at=now())
    assert customer.handle in reached
    with tenancy.scope(tenancy.by_id(customer.id)):
        bound = contract.signatures()[0]
        assert (bound.version, bound.how) == ("3", "published")
        assert str(contract.binding().agreement.terms.breach.within) == "12 hours"
    versions = {version.version: version.digest for version in contract.published("imagino-policy")}
    assert versions["2"] == before.digest
    assert 'within = "24 hours"' in tenancy.agreement_text(before.digest)
    assert 'within = "12 hours"' in tenancy.agreement_text(versions["3"])
    with pytest.raises(contract.ContractRefused):
        contract.publish_policy(
            contract.Paper(file="kavkom-dpa.toml", text=packaged("kavkom-dpa")), by="test", at=now()
        )


def test_ux_1_parties_the_order_says_who_and_for_whom(under):
    """control.order and control.signatures."""
    with under("ucx-terms"):
        contract.change_order(by="test", at=now(), reference="SO-7", processes_for_others=True)
        assert (contract.order().reference, contract.order().processes_for_others) == ("SO-7", True)
        assert contract.signatures()[0].by


def test_ux_3_use_ends_with_the_period_of_the_order(under):
    """control.order and gate.subscription: an end that is announced holds from its day."""
    with under("ucx-terms"):
        ends = now() + 10 * DAY
        contract.end_contract(at=now(), by="test", ends_at=ends)
        assert contract.ask("record-calls", at=ends - timedelta(seconds=1)).allowed
        assert contract.ask("record-calls", at=ends).clause == "UX-11.forgotten"


def test_ux_7_term_it_begins_with_acceptance_and_may_end_at_once(under):
    """control.signatures, control.order and gate.subscription."""
    with under("ucx-terms"):
        assert contract.signatures()[0].at <= now()
        contract.end_contract(at=now(), by="test", reason="breach of the terms")
        refused = contract.ask("record-calls", at=now() + timedelta(seconds=1))
        assert (refused.allowed, refused.clause) == (False, "UX-11.forgotten")
        assert contract.order().zone == "Europe/Rome"


def test_ux_11_forgotten_renewing_in_30_days_touches_nothing(under):
    """obligation.end-of-contract and gate.subscription."""
    with under("ucx-terms"):
        ended = now()
        contract.end_contract(at=ended, by="test")
        assert not contract.ask("record-calls", at=ended + 29 * DAY).allowed
        assert contract.ask("play-recordings", at=ended + 29 * DAY).allowed
        assert contract.ask("export-data", at=ended + 80 * DAY).allowed
        contract.renew(at=ended + 29 * DAY, by="test")
        assert contract.ask("record-calls", at=ended + 29 * DAY).allowed
        states = {duty.state for duty in obligations.duties() if duty.event_kind == "contract-ends"}
        assert states == {"cancelled"}


@pytest.mark.parametrize("agreement", ["imagicle-dpa", "ixcloud-dpa", "kavkom-dpa", "ucx-terms"])
def test_an_order_sets_a_span_within_the_files_limits(under, agreement):
    with under(agreement):
        limit = load(agreement).terms.limits[0]
        sign(agreement, overrides={limit.term: str(limit.least)}, at=now())
        name, _, field = limit.term.partition(".")
        assert getattr(getattr(contract.binding().agreement.terms, name), field) == limit.least
