"""Clauses that the foundation keeps, by the customer's own database, by sealing, and by mail."""

from datetime import UTC, datetime

import psycopg
import pytest
from tests.support.installation import tenancy

from parley.mail import api as mail
from parley.sealing.api import seal_bytes


def test_ux_2_public_each_customer_has_a_database_and_a_role_of_its_own(under, make_customer):
    """control.own-database: computing is shared, data is not."""
    other = make_customer(agreement="ucx-terms")
    with under("ucx-terms") as mine:
        assert mine.database != other.database
        mixed = {**tenancy.connection_parameters(mine, role="app"), "dbname": other.database}
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(**mixed)


def test_ux_9_service_provider_an_assignment_is_notified(under, turn, server):
    """control.mail: signed, to the address of the order, with the receiving server's answer as proof."""
    with under("ucx-terms") as customer:
        mail.send(
            key="assignment:1", to=[f"office@{customer.handle}.example"], subject="Assignment of the agreement",
            text="From 1 April another company of the group is your provider.", purpose="secure-service",
            clause="UX-9.service-provider",
        )  # fmt: skip
    turn(customer, at=datetime.now(UTC))
    (letter,) = [
        one for one in server.to(f"office@{customer.handle}.example") if "Assignment" in str(one.message["Subject"])
    ]
    assert server.signed(letter)
    with tenancy.scope(customer):
        (sent,) = [message for message in mail.messages() if message.subject.startswith("Assignment")]
        assert sent.state == "sent"


def test_ix_5_encryption_what_is_sealed_opens_for_the_customers_identities_alone(under, make_customer):
    """control.sealed-on-receipt: another customer's keys open nothing."""
    from parley.sealing.api import NoIdentityMatchesError, open_bytes

    other = make_customer()
    with under("ixcloud-dpa") as customer:
        sealed = seal_bytes(b"a call", customer.recipients)
        assert open_bytes(sealed, tenancy.keyring().identities(customer)) == b"a call"
        with pytest.raises(NoIdentityMatchesError):
            open_bytes(sealed, tenancy.keyring().identities(other))
