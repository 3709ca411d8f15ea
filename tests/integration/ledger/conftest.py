"""Customers whose logs are empty: they sign nothing, so that a test counts its own entries alone."""

from collections.abc import Iterator

import pytest
from tests.support.installation import MakeCustomer, tenancy

from parley.tenancy import customers


@pytest.fixture(scope="session")
def make_customer(make_customer: MakeCustomer) -> MakeCustomer:
    """As everywhere, without the signature that a new customer gives."""

    def make(**given: object) -> tenancy.Customer:
        wired = customers._sign[:]
        tenancy.sign_with(lambda _agreements, _administrator: None)
        try:
            return make_customer_signing(**given)
        finally:
            customers._sign[:] = wired

    make_customer_signing = make_customer
    return make


@pytest.fixture
def customer(make_customer: MakeCustomer) -> Iterator[tenancy.Customer]:
    """A fresh customer with local keys and an empty log, in scope."""
    made = make_customer()
    with tenancy.scope(made):
        yield made
