"""`parley rehearse`: what an event would bring for a customer of this installation, under what it signed."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.support.installation import MakeCustomer
from typer.testing import CliRunner, Result

from parley.agreement.api import Event
from parley.agreement.api import rehearse as rehearsal
from parley.foundation.errors import ParleyError
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.project.cli import app
from parley.tenancy import api as tenancy

RUN = CliRunner()


@pytest.fixture
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


def rehearse(customer: tenancy.Customer, *words: str) -> Result:
    return RUN.invoke(app, ["rehearse", customer.handle, *words], env={"COLUMNS": "200"})


@pytest.mark.usefixtures("unblocked")
def test_the_end_of_a_contract_is_told_clause_by_clause_and_nothing_is_done(make_customer: MakeCustomer) -> None:
    customer = make_customer(agreement="imagicle-dpa")
    told = rehearse(customer, "--event", "contract-ends", "--at", "2026-03-02T12:00", "--until", "2026-12-31")
    assert told.exit_code == 0, told.output
    assert "imagicle-dpa, contract-ends at Mon 02 Mar 2026 12:00 (UTC); nothing is done" in told.output
    assert "Fri 03 Apr" not in told.output
    lines = {line for line in told.output.splitlines() if "IM-8.cloud" in line}
    assert any(line.startswith("Sun 31 May 2026 12:00") and "Destroy all data" in line for line in lines)
    assert "IM-8.support" not in told.output  # three years later
    with tenancy.scope(customer):
        assert tenancy.standing().contract_ended_at is None


@pytest.mark.usefixtures("unblocked")
def test_a_new_sub_processor_is_told_with_the_instant_at_which_the_gate_opens(make_customer: MakeCustomer) -> None:
    customer = make_customer(agreement="kavkom-dpa")
    words = ["--event", "subprocessor-announced", "--at", "2026-03-02", "--fact", "key=speech"]
    told = rehearse(customer, *words)
    assert 'From now on possible: hand data to "speech"' in " ".join(told.output.split())
    assert "Fri 03 Apr 2026 00:00" in told.output


@pytest.mark.usefixtures("unblocked")
def test_a_customer_with_agreement_and_terms_has_each_date_by_the_clause_that_won(make_customer: MakeCustomer) -> None:
    customer = make_customer(agreement="imagicle-dpa")
    with tenancy.scope(customer):
        both = ("imagicle-dpa", "ucx-terms")
        contract.sign(agreements=both, by="somebody", reference="order 7", at=datetime.now(UTC))
    told = rehearse(customer, "--event", "contract-ends", "--at", "2026-03-02T12:00").output
    assert "imagicle-dpa+ucx-terms, contract-ends" in told
    clause_at = {line[:21]: line for line in told.splitlines()}
    assert "UX-11.forgotten" in next(line for line in told.splitlines() if "Last moment to renew" in line)
    destroyed = clause_at["Sun 31 May 2026 12:00"]
    assert "IM-8.cloud" in destroyed
    assert "3 months" not in told
    assert "180 days" not in told


@pytest.mark.usefixtures("unblocked")
@pytest.mark.parametrize("agreement", ["imagicle-dpa", "kavkom-dpa", "ixcloud-dpa", "ucx-terms"])
def test_what_was_rehearsed_is_what_reality_then_opens(make_customer: MakeCustomer, agreement: str) -> None:
    customer = make_customer(agreement=agreement)
    now = datetime.now(UTC)
    with tenancy.scope(customer):
        bound = contract.binding().agreement
        event = Event(kind="contract-ends", id="supposed", at=now)
        told = rehearsal(bound, event, zone=contract.order().zone, standing=tenancy.standing())
        ended = contract.end_contract(at=now, by="somebody")
        opened = obligations.duties(event_id=str(ended.id))
    supposed = {(moment.at, moment.title, moment.clause, moment.kind) for moment in told if moment.kind != "gate"}
    assert {(duty.due, duty.title, duty.clause, duty.kind) for duty in opened} == supposed


@pytest.mark.usefixtures("unblocked")
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--event", "contract-end", "--at", "2026-03-02"), "contract-ends"),
        (("--event", "contract-ends", "--at", "soon"), "2026-12-31"),
        (("--event", "contract-ends", "--at", "2026-03-02", "--fact", "speech"), "key=speech"),
        (("--event", "contract-ends", "--at", "2026-03-02", "--until", "later"), "2026-12-31"),
        (("--event", "compulsion-received", "--at", "2026-03-02"), "processing_at"),
    ],
)
def test_what_cannot_be_understood_is_explained(
    make_customer: MakeCustomer, words: tuple[str, ...], complaint: str
) -> None:
    told = rehearse(make_customer(), *words)
    assert isinstance(told.exception, ParleyError)
    assert complaint in str(told.exception)
