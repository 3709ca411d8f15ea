"""What tests of contacts share."""

from uuid import UUID

import pytest
from tests.support.contact_book import NOW
from tests.support.installation import tenancy

from parley.contacts import api as contacts


@pytest.fixture
def public(customer: tenancy.Customer) -> UUID:
    """A public directory of the customer in scope."""
    return contacts.add_directory(kind="public", name="Everybody", by="test", at=NOW).id
