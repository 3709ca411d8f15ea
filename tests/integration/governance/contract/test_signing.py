"""A customer is bound to the text that it signed, and to no other until it signs again."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.installation import MakeCustomer, tenancy

from parley.agreement.api import FIND_RECORDINGS, RECORD_CALLS
from parley.governance.contract import api as contract

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


def test_a_new_customer_has_signed(customer: tenancy.Customer) -> None:
    (signature,) = contract.signatures()
    assert (signature.agreement, signature.version, signature.replaced_at) == ("imagicle-dpa", "1", None)
    assert contract.binding().agreement.digest == signature.digest
    assert tenancy.agreement_text(signature.digest)
    assert contract.ask(RECORD_CALLS, at=NOW).allowed
    assert contract.ask(FIND_RECORDINGS, at=NOW).allowed
