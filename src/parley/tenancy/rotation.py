"""Rotation of a customer's keys: from now on content is sealed to others."""

from collections.abc import Sequence

from django.db import transaction

from parley.tenancy import models
from parley.tenancy.custody import keyring
from parley.tenancy.customers import of_row
from parley.tenancy.errors import CustomerRefused, UnknownCustomer
from parley.tenancy.selection import refresh
from parley.tenancy.types import Customer


def rotate_keys(customer: Customer, *, recipients: Sequence[str] = ()) -> tuple[str, ...]:
    """The recipients that the customer's content is sealed to from now on; recorders know within two seconds.

    Where the provider keeps the keys, a fresh key is made and the former ones stay for reading; else the customer names
    its new `recipients`. The keyring is written first: a crash in between leaves a key that nothing is sealed to. Calls
    that are being recorded end under the former keys. Raises CustomerRefused, KeysUnavailable.
    """
    with transaction.atomic(using="provider"):
        row = models.Customer.objects.select_for_update(no_key=True).filter(id=customer.id).first()
        if row is None:
            raise UnknownCustomer(f"there is no customer {customer.id}", remedy="See: parley customer list")
        after = keyring().renew(of_row(row), recipients=tuple(recipients))
        if set(after) == set(row.recipients):
            raise CustomerRefused("these are the present keys", remedy="Name at least one new key.")
        row.recipients = list(after)
        row.save(update_fields=["recipients"])
    refresh(of_row(row))
    return after
