"""A customer is bound to the text that it signed, and to no other until it signs again."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
from tests.support.installation import MakeCustomer, tenancy
from tests.support.left_evidence import trail

from parley.agreement.api import (
    FIND_RECORDINGS,
    RECORD_CALLS,
    AgreementFileError,
    OrderFormError,
    Standing,
    UnknownAgreement,
)
from parley.governance.contract import api as contract
from parley.governance.contract.models import SignatureRecord
from parley.ledger import api as ledger
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.tenancy.models import Customer

NOW = datetime(2027, 5, 4, 10, tzinfo=UTC)


def packaged(agreement: str) -> str:
    return resources.files("parley.agreement").joinpath("agreements", f"{agreement}.toml").read_text()


def evidence(kind: str) -> list[ledger.EntryView]:
    return trail([kind])


def sign(*papers: str | contract.Paper, at: datetime = NOW, **more: object) -> tuple[contract.Signature, ...]:
    return contract.sign(agreements=papers, by="Ada Rossi", reference="order 7", at=at, **more)  # type: ignore[arg-type]


def test_a_new_customer_has_signed(customer: tenancy.Customer) -> None:
    (signature,) = contract.signatures()
    assert (signature.agreement, signature.version, signature.replaced_at) == ("imagicle-dpa", "2", None)
    assert contract.binding().agreement.digest == signature.digest
    assert tenancy.agreement_text(signature.digest) == packaged("imagicle-dpa")
    assert contract.ask(RECORD_CALLS, at=NOW).allowed
    assert contract.ask(FIND_RECORDINGS, at=NOW).allowed
    (entry,) = evidence("agreement.signed")
    assert entry.details["digest"] == signature.digest  # type: ignore[index]


def test_notices_go_to_the_first_administrator(make_customer: MakeCustomer) -> None:
    administrator = tenancy.NewUser(email="Ada@Example.org", name="Ada Rossi", password="correct horse battery")
    with tenancy.scope(make_customer(administrator=administrator)):
        assert contract.notice_addresses() == ("ada@example.org",)
        assert contract.signatures()[0].by == "Ada Rossi"
        contract.set_notice_addresses(["privacy@example.org", " Privacy@example.org"], by="u", at=NOW)
        assert contract.notice_addresses() == ("privacy@example.org",)
        with pytest.raises(contract.ContractRefused):
            contract.set_notice_addresses(["nobody"], by="u", at=NOW)
        with pytest.raises(contract.ContractRefused):
            contract.change_order(by="u", at=NOW, zone="Europe/Atlantis")


def test_the_zone_of_the_order_reaches_the_standing(customer: tenancy.Customer) -> None:
    contract.change_order(by="u", at=NOW, zone="Europe/Rome", processes_for_others=True)
    assert tenancy.standing().zone == "Europe/Rome"
    assert contract.order().processes_for_others
    assert tenancy.current().standing.zone == "Europe/Rome"


def test_several_agreements_compose(make_customer: MakeCustomer) -> None:
    made = make_customer(agreement=["imagicle-dpa", "ucx-terms"])
    assert (made.agreement, made.agreement_version) == ("imagicle-dpa+ucx-terms", "2+2")
    with tenancy.scope(made):
        composition = contract.binding()
        assert {"IM-8.cloud", "UX-11.forgotten"} <= composition.agreement.clauses.keys()
        assert composition.wins
        assert contract.ask(RECORD_CALLS, at=NOW).allowed


def test_a_further_agreement_may_be_signed_later(customer: tenancy.Customer) -> None:
    sign("ucx-terms")
    assert contract.binding_of(tenancy.by_id(customer.id)).agreement.clauses.keys() >= {"UX-10.aup", "IM-2.roles"}  # type: ignore[arg-type]
    assert [one.agreement for one in tenancy.standing().signed] == ["imagicle-dpa", "ucx-terms"]


def test_signing_the_same_again_changes_nothing(customer: tenancy.Customer) -> None:
    before = contract.signatures()
    assert sign("imagicle-dpa") == before
    assert contract.signatures() == before
    assert len(evidence("agreement.signed")) == 1


def test_a_changed_text_under_the_same_version_is_refused(customer: tenancy.Customer) -> None:
    changed = packaged("imagicle-dpa").replace("in which you or your reseller", "in which only you", 1)
    assert changed != packaged("imagicle-dpa")
    before = contract.binding()
    with pytest.raises(contract.AgreementChanged) as refused:
        sign(contract.Paper(file="imagicle-dpa.toml", text=changed))
    message = str(refused.value)
    assert "imagicle-dpa.toml" in message
    assert "version 2" in message
    assert 'version = "3"' in message
    assert contract.binding() == before
    assert len(contract.signatures()) == 1


def test_a_new_version_binds_whoever_signs_it_and_nobody_else(make_customer: MakeCustomer) -> None:
    first, second = make_customer(agreement="kavkom-dpa"), make_customer(agreement="kavkom-dpa")
    text = packaged("kavkom-dpa").replace('version = "2"', 'version = "9"', 1)
    with tenancy.scope(first):
        old = contract.signatures()[0]
        (signature,) = sign(contract.Paper(file="kavkom-dpa.toml", text=text))
        assert contract.binding().agreement.version == "9"
        newest, replaced = contract.signatures()
        assert (newest.id, replaced.id, replaced.replaced_at) == (signature.id, old.id, NOW)
    assert tenancy.by_id(first.id).agreement_version == "9"  # type: ignore[union-attr]
    with tenancy.scope(second):
        assert contract.binding().agreement.version == "2"


def test_an_order_form_sets_a_span_within_limits(customer: tenancy.Customer) -> None:
    sign("imagicle-dpa", overrides={"breach.within": "24 hours"})
    assert str(contract.binding().agreement.terms.breach.within) == "24 hours"
    with pytest.raises(OrderFormError, match=r"breach\.within"):
        sign("imagicle-dpa", overrides={"breach.within": "96 hours"})
    with pytest.raises(OrderFormError):
        sign("imagicle-dpa", overrides={"retention.for_ever": "1 day"})
    assert str(contract.binding().agreement.terms.breach.within) == "24 hours"
    assert [dict(one.overrides) for one in contract.signatures()] == [{"breach.within": "24 hours"}, {}]


def test_what_is_no_agreement_is_not_signed(customer: tenancy.Customer) -> None:
    with pytest.raises(UnknownAgreement):
        sign("no-such-dpa")
    with pytest.raises(AgreementFileError):
        sign(contract.Paper(file="mine.toml", text="format = 1"))
    with pytest.raises(contract.ContractRefused):
        sign()
    assert len(contract.signatures()) == 1


def test_a_policy_changes_by_publication_for_all_who_are_bound(make_customer: MakeCustomer) -> None:
    bound = [make_customer(agreement="imagino-policy") for _ in range(2)]
    with tenancy.scope(bound[0]):
        contract.set_notice_addresses(["privacy@example.org"], by="u", at=NOW)
    other = make_customer(agreement="imagicle-dpa")
    text = packaged("imagino-policy").replace('version = "2"', 'version = "2-here"', 1)
    page = contract.Paper(file="imagino-policy.toml", text=text)
    reached = contract.publish_policy(page, by="u", at=NOW)
    assert {one.handle for one in bound} <= set(reached)
    assert other.handle not in reached
    for one in bound:
        with tenancy.scope(one):
            newest, first = contract.signatures()
            assert (newest.version, newest.how, first.version, first.replaced_at) == ("2-here", "published", "2", NOW)
            assert contract.binding().agreement.version == "2-here"
            assert len(evidence("agreement.published")) == 1
            assert len(mail.messages(purpose="contract")) == (one is bound[0])
    assert contract.publish_policy(page, by="u", at=NOW + timedelta(hours=1)) == ()
    assert {"2-here", "2"} <= {one.version for one in contract.published("imagino-policy")}


def test_what_changes_by_agreement_is_never_published(customer: tenancy.Customer) -> None:
    text = packaged("imagicle-dpa").replace('version = "2"', 'version = "77"', 1)
    with pytest.raises(contract.ContractRefused, match="changes only by agreement"):
        contract.publish_policy(contract.Paper(file="imagicle-dpa.toml", text=text), by="u", at=NOW)


def test_without_a_signature_the_gate_refuses(customer: tenancy.Customer) -> None:
    decision = contract.ask_for(replace(customer, standing=Standing()), RECORD_CALLS, at=NOW)
    assert not decision.allowed
    assert "sign" in str(decision.remedy)
    with tenancy.scope(tenancy.provider()), pytest.raises(contract.NothingSigned):
        contract.binding()


def test_a_second_agreement_asks_for_no_proof_that_is_awaited_already(customer: tenancy.Customer) -> None:
    def proofs() -> list[str]:
        return [one.key.rpartition(":")[2] for one in obligations.duties() if ":attest-" in one.key]

    before = proofs()
    assert before
    sign("ucx-terms")
    assert len(proofs()) == len(set(proofs())) > len(before)


def test_the_command_line_signs_ends_and_renews(make_customer: MakeCustomer, tmp_path: Path) -> None:
    made = make_customer(agreement="ucx-terms")
    file = tmp_path / "kavkom.toml"
    file.write_text(packaged("kavkom-dpa").replace('version = "2"', 'version = "cli"', 1))

    def parley(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "parley.project.cli", *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return f"{done.returncode} {done.stdout}{done.stderr}"

    told = parley("customer", "sign", made.handle, str(file), "--set", "breach.within=24 hours", "--by", "Ada")
    assert told.startswith(f"0 {made.handle} is bound to kavkom-dpa cli"), told
    assert "breach.within = 24 hours" in told
    refused = parley("customer", "sign", made.handle, "kavkom-dpa", "--set", "breach.within=90 hours")
    assert refused.startswith("1 "), refused
    assert "breach.within" in refused
    assert parley("customer", "end", made.handle).startswith("0 ")
    assert parley("customer", "renew", made.handle).startswith("0 ")
    with tenancy.scope(made):
        assert [one.agreement for one in tenancy.standing().signed] == ["ucx-terms", "kavkom-dpa"]
        assert contract.ending() is None


def test_a_customer_of_a_version_without_signatures_signs_what_it_was_created_with(make_customer: MakeCustomer) -> None:
    made = make_customer(agreement=["imagicle-dpa", "ucx-terms"])
    with tenancy.scope(made):
        SignatureRecord.objects.all().delete()
        Customer.objects.filter(id=made.id).update(standing={})
    tenancy.prepare()
    with tenancy.scope(made):
        assert [one.agreement for one in tenancy.standing().signed] == ["imagicle-dpa", "ucx-terms"]
        assert contract.ask(RECORD_CALLS, at=NOW).allowed
        Customer.objects.filter(id=made.id).update(standing={})
    tenancy.prepare()
    with tenancy.scope(made):
        assert len(contract.signatures()) == len(tenancy.standing().signed) == 2
