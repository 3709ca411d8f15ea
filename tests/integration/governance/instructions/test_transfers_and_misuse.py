"""Transfers under a confirmed measure; acceptable use from request to lifting."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from tests.support.installation import MakeCustomer, tenancy

from parley.agreement.api import FIND_RECORDINGS, RECORD_CALLS
from parley.governance.contract import api as contract
from parley.governance.instructions import api as instructions
from parley.mail import api as mail
from parley.obligations.models import Deadline

NOW = datetime(2027, 5, 4, 10, tzinfo=UTC)
ADA = UUID(int=1)


def confirm(area: str, measure: str, **said: str) -> instructions.Transfer:
    return instructions.confirm_transfer(area=area, measure=measure, by=ADA, at=NOW, **said)  # type: ignore[arg-type]


def test_nothing_leaves_without_a_measure_and_leaves_with_one(make_customer: MakeCustomer) -> None:
    made = make_customer(agreement="ixcloud-dpa", custody="customer-held", region="il")
    with tenancy.scope(made):
        refused = contract.ask(RECORD_CALLS, at=NOW)
        assert (refused.allowed, refused.clause) == (False, "IX-3.transfers")
        transfer = confirm("il", "adequacy")
        assert (transfer.reference, transfer.ends_on) == ("Decision 2011/61/EU", None)
        assert contract.ask(RECORD_CALLS, at=NOW).allowed
        instructions.withdraw_transfer(transfer.id, by=ADA, at=NOW)
        assert not contract.ask(RECORD_CALLS, at=NOW).allowed
        assert instructions.transfers() == ()
        assert len(instructions.transfers(history=True)) == 1


@pytest.mark.parametrize(
    ("area", "measure", "said", "field"),
    [
        ("me", "adequacy", {}, "measure"),
        ("us", "adequacy", {}, "importer"),
        ("us", "bcr", {}, "reference"),
        ("us", "scc", {}, "importer"),
        ("cn", "dedicated-site", {"reference": "site 1"}, "measure"),
        ("mars", "scc", {"importer": "x"}, "area"),
        ("us", "handshake", {}, "measure"),
    ],
)
def test_a_measure_that_rests_on_nothing_is_refused(
    customer: tenancy.Customer, area: str, measure: str, said: dict[str, str], field: str
) -> None:
    with pytest.raises(instructions.InstructionRefused) as refused:
        confirm(area, measure, **said)
    assert refused.value.field == field
    assert tenancy.standing().confirmed_transfers == frozenset()


def test_an_adequacy_decision_that_ends_closes_by_itself(customer: tenancy.Customer) -> None:
    transfer = confirm("uk", "adequacy")
    assert transfer.ends_on == date(2031, 12, 27)
    again = Deadline.objects.get(kind="instructions.settle", key__endswith=":again")
    assert again.due == datetime(2031, 12, 28, tzinfo=UTC)


def test_standard_clauses_prevail_and_have_annexes(customer: tenancy.Customer) -> None:
    contract.change_order(by="u", at=NOW, privacy_contact="dpo@example.org")
    transfer = confirm("us", "scc", importer="Parley Inc., 1 Main Street, Springfield")
    assert transfer.module == "2"
    assert tenancy.standing().confirmed_transfers == {"us", "us:scc"}
    binding = contract.binding()
    assert binding.agreement.terms.end.certificate == "always" or binding.wins
    link = instructions.SubProcessor(
        name="Hosting <b>Ltd</b>", address="Paris", contact="x@y.org", processing="hosting"
    )
    made = instructions.annexes_of(transfer.id, subprocessors=[link], at=NOW)
    text, html = made.text(), made.html()
    for word in ("Annex I.A", "Annex II", "Annex III", "dpo@example.org", "Parley Inc.", "user.contact.email"):
        assert word in text, word
    assert "control.sealed-on-receipt" in text
    assert "Hosting &lt;b&gt;Ltd&lt;/b&gt;" in html
    instructions.withdraw_transfer(transfer.id, by=ADA, at=NOW)
    with pytest.raises(instructions.UnknownInstruction):
        instructions.annexes_of(transfer.id, subprocessors=[], at=NOW)


def test_a_sub_processor_transfers_under_module_three(customer: tenancy.Customer) -> None:
    contract.change_order(by="u", at=NOW, processes_for_others=True)
    assert confirm("us", "scc", importer="Parley Inc.").module == "3"


def test_the_residency_rule_of_a_policy_asks_for_certified_recipients(make_customer: MakeCustomer) -> None:
    with tenancy.scope(make_customer(agreement="imagino-policy")):
        if contract.binding().agreement.terms.regions.elsewhere == "never":
            pytest.skip("this policy lets nothing leave")
        with pytest.raises(instructions.InstructionRefused, match=r"IG-2\.residency"):
            confirm("us", "scc", importer="Ads Inc.")
        confirm("us", "adequacy", importer="Ads Inc.")
        confirm("cn", "dedicated-site", reference="site 1")
        assert tenancy.standing().confirmed_transfers == {"us", "us:adequacy", "cn:dedicated-site"}


def test_misuse_is_asked_to_be_corrected_before_anything_is_suspended(make_customer: MakeCustomer) -> None:
    administrator = tenancy.NewUser(email="ada@example.org", name="Ada", password="correct horse battery")
    with tenancy.scope(make_customer(agreement="ucx-terms", administrator=administrator)):
        report = instructions.report_misuse(kind="spam", text="10,000 calls a minute", by=ADA, at=NOW)
        assert (report.clause, report.may_suspend_at) == ("UX-10.aup", NOW + timedelta(hours=24))
        with pytest.raises(instructions.InstructionRefused, match="until"):
            instructions.suspend(report.id, by=ADA, at=NOW + timedelta(hours=23, minutes=59))
        assert contract.ask(RECORD_CALLS, at=NOW).allowed
        instructions.suspend(report.id, by=ADA, at=NOW + timedelta(hours=24))
        refused = contract.ask(RECORD_CALLS, at=NOW)
        assert (refused.allowed, refused.clause) == (False, "UX-10.aup")
        assert contract.ask(FIND_RECORDINGS, at=NOW).allowed
        corrected = instructions.correct_misuse(report.id, text="stopped", by=ADA, at=NOW + timedelta(hours=30))
        assert corrected.state == "suspended"
        assert not contract.ask(RECORD_CALLS, at=NOW).allowed
        instructions.lift(report.id, by=ADA, at=NOW + timedelta(hours=31))
        assert contract.ask(RECORD_CALLS, at=NOW).allowed
        assert [one.key.rpartition(":")[2] for one in mail.messages(purpose="instructions")] == [
            "lifted", "suspended", "request",
        ]  # fmt: skip


def test_what_is_corrected_in_time_is_never_suspended(customer: tenancy.Customer) -> None:
    report = instructions.report_misuse(kind="fraud", text="stop it", by=ADA, at=NOW)
    assert instructions.correct_misuse(report.id, text="done", by=ADA, at=NOW).state == "corrected"
    with pytest.raises(instructions.InstructionRefused):
        instructions.suspend(report.id, by=ADA, at=NOW + timedelta(days=2))
    with pytest.raises(instructions.InstructionRefused):
        instructions.report_misuse(kind="singing", text="x", by=ADA, at=NOW)
    with pytest.raises(instructions.UnknownInstruction):
        instructions.lift(UUID(int=9), by=ADA, at=NOW)


def test_one_lifted_suspension_leaves_the_other(customer: tenancy.Customer) -> None:
    reports = [instructions.report_misuse(kind=kind, text="x", by=ADA, at=NOW) for kind in ("fraud", "spam")]
    later = NOW + timedelta(days=2)
    for report in reports:
        instructions.suspend(report.id, by=ADA, at=later)
    instructions.lift(reports[0].id, by=ADA, at=later)
    assert not contract.ask(RECORD_CALLS, at=later).allowed
    instructions.lift(reports[1].id, by=ADA, at=later)
    assert contract.ask(RECORD_CALLS, at=later).allowed
