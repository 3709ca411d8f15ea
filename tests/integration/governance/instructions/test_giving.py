"""Instructions: given, suspended at once when they infringe, told, confirmed, modified, withdrawn."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.support.installation import MakeCustomer, tenancy
from tests.support.left_evidence import trail
from tests.support.made_agreements import span

from parley.agreement.api import FIND_RECORDINGS, MAKE_RENDITION, RECORD_CALLS
from parley.governance.contract import api as contract
from parley.governance.instructions import api as instructions
from parley.governance.instructions.api import Details
from parley.mail import api as mail
from parley.obligations import api as obligations

NOW = datetime(2027, 5, 4, 10, tzinfo=UTC)
ADA = UUID(int=1)


@pytest.fixture
def told(customer: tenancy.Customer) -> tenancy.Customer:
    """A customer with an address for notices."""
    contract.set_notice_addresses(["privacy@example.org"], by=str(ADA), at=NOW)
    return customer


def give(purpose: str = RECORD_CALLS, at: datetime = NOW, **said: object) -> instructions.Instruction:
    details = Details(**said)  # type: ignore[arg-type]
    return instructions.give(purpose=purpose, text="as agreed by telephone", details=details, by=ADA, at=at)


def kinds() -> list[str]:
    return [entry.kind for entry in trail() if entry.kind.startswith("instruction.")]


def test_an_instruction_is_in_force_at_once(customer: tenancy.Customer) -> None:
    given = give(keep=span("6 months"))
    assert (given.state, given.version, given.clause) == ("in-force", 1, "IM-3a.instructions")
    assert instructions.instruction(given.id) == given
    assert instructions.instruction_for(RECORD_CALLS) == str(given.id)
    assert contract.ask(RECORD_CALLS, at=NOW).allowed
    assert kinds() == ["instruction.given"]


def test_without_an_instruction_of_its_own_the_signature_instructs(customer: tenancy.Customer) -> None:
    assert instructions.instruction_for(RECORD_CALLS) == str(contract.signatures()[0].id)


def test_an_infringing_instruction_is_suspended_and_the_customer_told(told: tenancy.Customer) -> None:
    given = give(region="us")
    assert given.state == "suspended"
    assert [found.rule for found in given.findings] == ["transfer-without-measure"]
    refused = contract.ask(RECORD_CALLS, at=NOW)
    assert not refused.allowed
    assert "suspended" in refused.reason
    assert contract.ask(FIND_RECORDINGS, at=NOW).allowed
    (message,) = mail.messages(purpose="instructions")
    assert message.key == f"instruction-suspended:{given.id}"
    assert "United States" in mail.content(message.id).text
    duty = obligations.duty(f"instruction-suspended:{given.id}:tell-customer")
    assert duty is not None
    assert (duty.state, duty.due) == ("open", NOW + timedelta(hours=1))
    assert sorted(kinds()) == ["instruction.given", "instruction.suspended"]


def test_the_duty_to_tell_is_met_when_a_server_took_the_message(told: tenancy.Customer) -> None:
    given = give(region="us")
    key = f"instruction-suspended:{given.id}"
    work = obligations.Work(
        id=uuid4(), kind="instructions.told", key="k", due=NOW, attempt=1, now=NOW,
        payload={"message": str(uuid4()), "key": key, "state": "failed"},
    )  # fmt: skip
    handler = instructions.handlers()["instructions.told"]
    handler(work)
    assert obligations.duty(f"{key}:tell-customer").met_at is None  # type: ignore[union-attr]
    handler(replace(work, payload={**work.payload, "state": "sent"}))
    assert obligations.duty(f"{key}:tell-customer").met_at is not None  # type: ignore[union-attr]


def test_a_customer_that_nobody_can_write_to_leaves_the_duty_open(customer: tenancy.Customer) -> None:
    given = give(region="us")
    assert mail.messages(purpose="instructions") == []
    assert obligations.duty(f"instruction-suspended:{given.id}:tell-customer").waiting  # type: ignore[union-attr]


def test_a_confirmation_ends_the_suspension_and_not_the_gate(told: tenancy.Customer) -> None:
    given = give(region="us")
    with pytest.raises(instructions.InstructionRefused):
        instructions.confirm(given.id, text="  ", by=ADA, at=NOW)
    confirmed = instructions.confirm(given.id, text="our counsel found it lawful", by=ADA, at=NOW)
    assert (confirmed.state, confirmed.confirmation) == ("in-force", "our counsel found it lawful")
    assert contract.ask(RECORD_CALLS, at=NOW).allowed
    abroad = contract.ask(RECORD_CALLS, at=NOW, region="us")
    assert (abroad.allowed, abroad.clause) == (False, "IM-7.location")
    assert obligations.duty(f"instruction-suspended:{given.id}:tell-customer").state == "met"  # type: ignore[union-attr]
    with pytest.raises(instructions.UnknownInstruction):
        instructions.confirm(given.id, text="again", by=ADA, at=NOW)


def test_another_version_modifies(told: tenancy.Customer) -> None:
    first = give(region="us")
    second = give(at=NOW + timedelta(minutes=1), region="eu")
    assert (second.state, second.version) == ("in-force", 2)
    assert [one.state for one in instructions.instructions(purpose=RECORD_CALLS)] == ["in-force", "replaced"]
    assert instructions.instruction(first.id).replaced_at == NOW + timedelta(minutes=1)
    assert contract.ask(RECORD_CALLS, at=NOW).allowed


def test_a_withdrawn_instruction_is_refused_until_it_is_given_again(customer: tenancy.Customer) -> None:
    withdrawn = instructions.withdraw(purpose=MAKE_RENDITION, text="no copies", by=ADA, at=NOW)
    assert withdrawn.state == "withdrawn"
    refused = contract.ask(MAKE_RENDITION, at=NOW)
    assert (refused.allowed, refused.clause) == (False, "IM-3a.instructions")
    give(MAKE_RENDITION)
    assert contract.ask(MAKE_RENDITION, at=NOW).allowed


def test_what_the_agreement_forbids_stays_suspended(told: tenancy.Customer) -> None:
    given = give("sale")
    assert (given.state, given.findings[0].rule) == ("suspended", "forbidden-purpose")
    with pytest.raises(instructions.InstructionRefused):
        instructions.confirm(given.id, text="sell it all the same", by=ADA, at=NOW)
    assert not contract.ask("sale", at=NOW).allowed


@pytest.mark.parametrize(
    ("purpose", "text", "details", "field"),
    [
        ("dance", "please", Details(), "purpose"),
        (RECORD_CALLS, " ", Details(), "text"),
        (RECORD_CALLS, "x", Details(offering="teleportation"), "offering"),
        (RECORD_CALLS, "x", Details(region="mars"), "region"),
        (RECORD_CALLS, "x", Details(categories=frozenset({"user.aura"})), "categories"),
    ],
)
def test_what_is_no_instruction_is_refused_by_field(
    customer: tenancy.Customer, purpose: str, text: str, details: Details, field: str
) -> None:
    with pytest.raises(instructions.InstructionRefused) as refused:
        instructions.give(purpose=purpose, text=text, details=details, by=ADA, at=NOW)
    assert refused.value.field == field
    assert instructions.instructions() == ()


def test_a_standing_that_a_crash_left_behind_is_set_again(customer: tenancy.Customer) -> None:
    give(region="us")
    tenancy.set_standing(customer.id, lambda before: replace(before, suspended_purposes=frozenset()))
    assert contract.ask(RECORD_CALLS, at=NOW).allowed
    outcome = obligations.run_due(customer, handlers=instructions.handlers(), now=datetime.now(UTC))
    assert outcome.done >= 1
    assert not contract.ask(RECORD_CALLS, at=NOW).allowed


def test_under_kavkom_the_clause_of_infringing_instructions_is_named(make_customer: MakeCustomer) -> None:
    with tenancy.scope(make_customer(agreement="kavkom-dpa")):
        assert give("run-campaigns", keep=span("4 years")).clause == "KV-2.infringing"


def test_a_compulsion_is_told_before_it_starts(told: tenancy.Customer) -> None:
    with pytest.raises(instructions.InstructionRefused):
        instructions.compelled(law="Art. 1", text="hand it over", processing_at=NOW, by=ADA, at=NOW)
    made = instructions.compelled(
        law="Art. 1", text="hand it over", processing_at=NOW + timedelta(days=2), by=ADA, at=NOW
    )
    duty = obligations.duty(f"compulsion-received:{made.id}:tell-customer")
    assert duty is not None
    assert (duty.due, duty.statutory) == (NOW + timedelta(days=2), True)
    (message,) = mail.messages(purpose="instructions")
    assert "hand it over" in mail.content(message.id).text
    assert instructions.compulsions()[0].told_at is None


def test_what_may_not_be_told_leaves_nothing_with_the_customer(told: tenancy.Customer) -> None:
    said = {"law": "Art. 2", "text": "secret", "processing_at": NOW, "by": ADA, "at": NOW}
    with pytest.raises(instructions.InstructionRefused):
        instructions.compelled_silently(told, public_interest="", **said)  # type: ignore[arg-type]
    before = len(trail())
    instructions.compelled_silently(told, public_interest="defence of the state", **said)  # type: ignore[arg-type]
    assert len(trail()) == before
    assert instructions.compulsions() == ()
    assert mail.messages(purpose="instructions") == []
