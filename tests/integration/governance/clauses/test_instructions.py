"""Clauses that documented instructions keep: given, suspended, confirmed; transfers; acceptable use; compulsion."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.support.left_evidence import kinds_of

from parley.governance.contract import api as contract
from parley.governance.instructions import api as instructions
from parley.mail import api as mail
from parley.obligations import api as obligations

OFFICER, STAFF = UUID(int=8), UUID(int=7)
HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


def subjects() -> str:
    return " | ".join(message.subject for message in mail.messages())


@pytest.mark.parametrize("agreement", ["imagicle-dpa"])
def test_im_3a_instructions_are_documented_and_may_be_taken_back(under, agreement):
    """control.instructions, gate.purpose and control.evidence."""
    with under(agreement):
        assert contract.ask("record-calls", at=now()).allowed
        instructions.withdraw(purpose="record-calls", text="Stop recording.", by=OFFICER, at=now())
        refused = contract.ask("record-calls", at=now())
        assert (refused.allowed, refused.clause) == (False, "IM-3a.instructions")
        given = instructions.give(purpose="record-calls", text="Record again.", by=OFFICER, at=now())
        assert (given.state, contract.ask("record-calls", at=now()).allowed) == ("in-force", True)
        assert kinds_of("IM-3a.instructions") >= {"instruction.given", "instruction.withdrawn"}


def test_im_3a_instructions_a_law_that_compels_is_told_before(under):
    """obligation.compulsion: the mail leaves now, the duty falls due when the processing would start."""
    with under("imagicle-dpa"):
        starts = now() + 48 * HOUR
        made = instructions.compelled(
            law="Art. 234 c.p.p.", text="Calls of 3 March.", processing_at=starts, by=STAFF, at=now()
        )
        duty = obligations.duty(f"compulsion-received:{made.id}:tell-customer")
        assert (duty.clause, duty.due) == ("IM-3a.instructions", starts)
        assert "law compels" in subjects()
        with pytest.raises(instructions.InstructionRefused):
            instructions.compelled(law="x", text="y", processing_at=now() - HOUR, by=STAFF, at=now())


def test_kv_2_instructions_the_purpose_waits_for_the_customers_word(under):
    """control.instructions, gate.purpose and control.evidence: support is not instructed by signing."""
    with under("kavkom-dpa"):
        assert contract.ask("support-access", at=now()).clause == "KV-2.instructions"
        instructions.give(purpose="support-access", text="Ticket 7, please look.", by=OFFICER, at=now())
        assert contract.ask("support-access", at=now()).clause == "KV-X.staff-access"
        assert "instruction.given" in kinds_of("KV-2.instructions")


def test_kv_2_infringing_is_told_at_once_and_rests_until_confirmed(under):
    """control.instructions, gate.instruction and obligation.infringing."""
    with under("kavkom-dpa"):
        details = instructions.Details(region="us")
        given = instructions.give(
            purpose="record-calls", text="Keep copies in Texas.", details=details, by=OFFICER, at=now()
        )
        assert (given.state, given.clause) == ("suspended", "KV-2.infringing")
        assert contract.ask("record-calls", at=now()).clause == "KV-2.infringing"
        duty = obligations.duty(f"instruction-suspended:{given.id}:tell-customer")
        assert (duty.clause, duty.due - duty.starts) == ("KV-2.infringing", HOUR)
        instructions.confirm(given.id, text="We have checked it.", by=OFFICER, at=now())
        assert contract.ask("record-calls", at=now()).allowed
        assert contract.ask("record-calls", at=now(), region="us").clause == "KV-3.hosting"


def test_kv_9_customer_further_instructions_are_documented_in_versions(under):
    """control.instructions."""
    with under("kavkom-dpa"):
        for words in ("Keep 30 days.", "Keep 20 days."):
            instructions.give(purpose="record-calls", text=words, by=OFFICER, at=now())
        history = instructions.instructions(purpose="record-calls")
        assert [one.text for one in history][:2] == ["Keep 20 days.", "Keep 30 days."]
        assert [one.state for one in history][:2] == ["in-force", "replaced"]


def test_im_7_location_a_transfer_is_visible_and_rests_on_a_measure(under):
    """control.transfers and gate.region."""
    with under("imagicle-dpa", region="us") as customer:
        assert contract.ask("record-calls", at=now(), region="us").clause == "IM-7.location"
        instructions.confirm_transfer(
            area="us", measure="adequacy", importer="Acme Inc., Boston", reference="DPF list", by=OFFICER, at=now()
        )
        assert contract.ask("record-calls", at=now(), region=customer.region).allowed
        (transfer,) = instructions.transfers()
        instructions.withdraw_transfer(transfer.id, by=OFFICER, at=now())
        assert contract.ask("record-calls", at=now(), region="us").clause == "IM-7.location"


def test_ix_2_purpose_analysis_by_the_provider_is_suspended_even_when_instructed(under):
    """control.instructions and gate.forbidden: not even a confirmation opens it."""
    with under("ixcloud-dpa"):
        given = instructions.give(purpose="provider-analysis", text="Analyse our calls.", by=OFFICER, at=now())
        assert given.state == "suspended"
        with pytest.raises(instructions.InstructionRefused):
            instructions.confirm(given.id, text="Yes.", by=OFFICER, at=now())
        assert contract.ask("provider-analysis", at=now()).clause == "IX-2.purpose"


def test_ix_3_transfers_the_annexes_are_generated_and_marked_ours(under):
    """control.transfers: appendix 2 is empty in the source, so ours is `authored`."""
    with under("ixcloud-dpa"):
        made = instructions.confirm_transfer(area="us", measure="scc", importer="Parley Inc.", by=OFFICER, at=now())
        annexes = instructions.annexes_of(made.id, subprocessors=(), at=now())
        assert "ours" in annexes.note
        measures = next(section for section in annexes.sections if "measures" in section.heading)
        assert any("sealed" in line or "age file" in line for line in measures.lines)


@pytest.mark.parametrize(("citizens", "rule"), [("RU", "citizens-elsewhere"), ("CN", "citizens-elsewhere")])
def test_ig_2_residency_an_instruction_against_it_is_suspended(under, citizens, rule):
    """control.instructions and control.transfers: the rules name country and law; gate.residency asks again."""
    with under("imagino-policy"):
        details = instructions.Details(offering="contacts", region="eu", citizens=frozenset({citizens}))
        given = instructions.give(
            purpose="keep-contacts", text="Keep them all here.", details=details, by=OFFICER, at=now()
        )
        assert given.state == "suspended"
        assert rule in {finding.rule for finding in given.findings}
        instructions.confirm(given.id, text="We know.", by=OFFICER, at=now())
        asked = contract.ask("keep-contacts", at=now(), offering="contacts", citizens=frozenset({citizens}))
        assert (asked.allowed, asked.clause) == (False, "IG-2.residency")


def test_ig_2_breach_of_law_is_suspended_told_and_may_be_reported_as_misuse(under):
    """control.instructions, control.acceptable-use and obligation.infringing."""
    with under("imagino-policy"):
        details = instructions.Details(offering="contacts", region="eu", citizens=frozenset({"RU"}))
        given = instructions.give(purpose="keep-contacts", text="Moscow list.", details=details, by=OFFICER, at=now())
        assert given.clause == "IG-2.breach-of-law"
        assert obligations.duty(f"instruction-suspended:{given.id}:tell-customer").clause == "IG-2.breach-of-law"
        found = instructions.report_misuse(kind="unlawful", text="Contacts without consent.", by=STAFF, at=now())
        assert found.may_suspend_at <= now()


def test_ig_3_campaigns_who_does_not_keep_to_the_terms_is_suspended(under):
    """control.acceptable-use and gate.suspension: at once, and lifted when it is corrected."""
    with under("imagino-policy"):
        found = instructions.report_misuse(kind="spam", text="No way to unsubscribe.", by=STAFF, at=now())
        instructions.suspend(found.id, by=STAFF, at=now())
        sending = contract.ask("run-campaigns", at=now(), offering="campaigns")
        assert (sending.allowed, sending.clause) == (False, "IG-3.campaigns")
        instructions.correct_misuse(found.id, text="Link added.", by=OFFICER, at=now())
        instructions.lift(found.id, by=STAFF, at=now())
        assert contract.ask("run-campaigns", at=now(), offering="campaigns").allowed


def test_ux_6_processing_instructions_are_the_agreement_and_the_customers_word(under):
    """control.instructions and gate.purpose."""
    with under("ucx-terms"):
        assert contract.ask("play-recordings", at=now()).allowed
        instructions.withdraw(purpose="play-recordings", text="Nobody listens.", by=OFFICER, at=now())
        assert contract.ask("play-recordings", at=now()).clause == "UX-6.processing"


@pytest.mark.parametrize("kind", instructions.MISUSES)
def test_ux_10_aup_nine_kinds_a_request_24_hours_then_suspension(under, kind):
    """control.acceptable-use, obligation.misuse and gate.suspension."""
    assert len(instructions.MISUSES) == 9
    if kind not in ("malware", "spam"):
        return  # each kind goes the same way; two of them go it here
    with under("ucx-terms"):
        asked = now()
        found = instructions.report_misuse(kind=kind, text="Seen on trunk 3.", by=STAFF, at=asked)
        assert found.clause == "UX-10.aup"
        moment = obligations.duty(f"misuse-found:{found.id}:may-suspend")
        assert moment.due == found.may_suspend_at == asked + 24 * HOUR
        with pytest.raises(instructions.InstructionRefused):
            instructions.suspend(found.id, by=STAFF, at=asked + 23 * HOUR)
        assert contract.ask("record-calls", at=asked).allowed
        instructions.suspend(found.id, by=STAFF, at=asked + 24 * HOUR)
        assert contract.ask("record-calls", at=asked + 24 * HOUR).clause == "UX-10.aup"
        assert contract.ask("play-recordings", at=asked + 24 * HOUR).allowed
        assert "please correct" in subjects().lower()
