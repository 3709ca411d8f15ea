"""The end of a contract reaches the gate at once; renewing brings everything back."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.installation import MakeCustomer, tenancy

from parley.agreement.api import FIND_RECORDINGS, RECORD_CALLS
from parley.governance.contract import api as contract
from parley.obligations import api as obligations

NOW = datetime(2027, 5, 4, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def test_after_the_end_nothing_is_collected_and_what_is_there_stays_readable(customer: tenancy.Customer) -> None:
    ended = contract.end_contract(at=NOW, by="u", choice="return")
    assert contract.ending() == ended
    refused = contract.ask(RECORD_CALLS, at=NOW)
    assert (refused.allowed, refused.clause) == (False, "IM-8.cloud")
    assert contract.ask(FIND_RECORDINGS, at=NOW + 29 * DAY).allowed
    assert not contract.ask(FIND_RECORDINGS, at=NOW + 31 * DAY).allowed
    keys = {one.key for one in obligations.duties(event_id=str(ended.id))}
    assert f"contract-ends:{ended.id}:destroy" in keys
    with pytest.raises(contract.ContractRefused):
        contract.end_contract(at=NOW, by="u")


def test_an_end_may_be_announced(customer: tenancy.Customer) -> None:
    contract.end_contract(at=NOW, by="u", ends_at=NOW + 60 * DAY)
    assert contract.ask(RECORD_CALLS, at=NOW + 59 * DAY).allowed
    assert not contract.ask(RECORD_CALLS, at=NOW + 60 * DAY).allowed


def test_renewing_in_time_leaves_everything_as_it_was(make_customer: MakeCustomer) -> None:
    with tenancy.scope(make_customer(agreement="ucx-terms")):
        ended = contract.end_contract(at=NOW, by="u")
        contract.renew(at=NOW + 5 * DAY, by="u")
        assert contract.ask(RECORD_CALLS, at=NOW + 5 * DAY).allowed
        assert contract.ending() is None
        assert {one.state for one in obligations.duties(event_id=str(ended.id))} == {"cancelled"}
        with pytest.raises(contract.ContractRefused):
            contract.renew(at=NOW + 6 * DAY, by="u")
        contract.end_contract(at=NOW + 7 * DAY, by="u")


def test_where_no_renewal_is_agreed_only_an_end_to_come_is_taken_back(customer: tenancy.Customer) -> None:
    contract.end_contract(at=NOW, by="u", ends_at=NOW + 5 * DAY)
    contract.renew(at=NOW + 4 * DAY, by="u")
    contract.end_contract(at=NOW, by="u", ends_at=NOW + 5 * DAY)
    with pytest.raises(contract.ContractRefused, match="cannot be renewed"):
        contract.renew(at=NOW + 6 * DAY, by="u")


def test_after_its_window_nothing_is_renewed(make_customer: MakeCustomer) -> None:
    with tenancy.scope(make_customer(agreement="ucx-terms")):
        contract.end_contract(at=NOW, by="u")
        with pytest.raises(contract.ContractRefused):
            contract.renew(at=NOW + 40 * DAY, by="u")
        contract.renew(at=NOW + 30 * DAY, by="u")


def test_a_choice_that_the_agreement_does_not_offer_is_refused(make_customer: MakeCustomer) -> None:
    with (
        tenancy.scope(make_customer(agreement="ixcloud-dpa", custody="customer-held")),
        pytest.raises(contract.ContractRefused, match="choose: delete"),
    ):
        contract.end_contract(at=NOW, by="u", choice="return")
