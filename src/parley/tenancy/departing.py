"""A customer that leaves: out of the register of active customers, then its database and roles, then its traces.

Every step may be done again after a crash anywhere in it.
"""

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from parley.tenancy import databases, models
from parley.tenancy.custody import keyring
from parley.tenancy.customers import of_row
from parley.tenancy.errors import UnknownCustomer
from parley.tenancy.selection import role_name
from parley.tenancy.types import Customer


def known(customer_id: UUID) -> Customer | None:
    """The customer of that id in whatever state, or None. `by_id` knows the active ones alone."""
    row = models.Customer.objects.filter(id=customer_id).first()
    return of_row(row) if row else None


def depart(customer_id: UUID) -> Customer:
    """The customer is served no more: nobody signs in, no call comes in, no work of its own is begun.

    Its database stays for now. Raises UnknownCustomer.
    """
    with transaction.atomic(using="provider"):
        row = models.Customer.objects.select_for_update(no_key=True).filter(id=customer_id, kind="customer").first()
        if row is None or row.state == "creating":
            raise UnknownCustomer(f"there is no customer {customer_id}", remedy="See: parley customer list")
        if row.state == "active":
            row.state = "departed"
            row.save(update_fields=["state"])
        models.Trunk.objects.filter(customer_id=customer_id).delete()
        models.Wake.objects.filter(customer_id=customer_id).delete()
    return of_row(row)


def destroy_database(customer: Customer) -> None:
    """Drop the database of a departed customer and its roles; whoever is still connected is cut off."""
    _require_departed(customer)
    with databases.administration() as admin:
        databases.drop(database=customer.database, admin=admin)
    databases.forget_connections(customer.database)


def mark_destroyed(customer_id: UUID) -> None:
    """Nothing of the customer is left but this row, reduced to handle, name, dates and random names: what it signed,
    its standing and its recipients go. The handle is never given again. Raises UnknownCustomer."""
    with transaction.atomic(using="provider"):
        row = models.Customer.objects.select_for_update(no_key=True).filter(id=customer_id).first()
        if row is None or row.state not in {"departed", "destroyed"}:
            raise UnknownCustomer(f"customer {customer_id} has not departed", remedy="See: parley customer list")
        row.state, row.standing, row.recipients, row.policies = "destroyed", {}, [], ""
        row.agreement = row.agreement_version = ""
        row.save(update_fields=["state", "standing", "recipients", "policies", "agreement", "agreement_version"])
        models.Wake.objects.filter(customer_id=customer_id).delete()


def traces(customer: Customer) -> Iterator[str]:
    """What is found of a customer by looking: its database, roles, keyring, trunks, wakes. None when all is gone."""
    with databases.administration() as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [customer.database]).fetchone():
            yield "the database"
        names = [role_name(customer.database, "app"), role_name(customer.database, "sequencer")]
        if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = ANY(%s)", [names]).fetchone():
            yield "roles of the database"
    if keyring().holds(customer_id=customer.id):
        yield "the keyring"
    if models.Trunk.objects.filter(customer_id=customer.id).exists():
        yield "trunks"
    if models.Wake.objects.filter(customer_id=customer.id).exists():
        yield "wakes"


def _require_departed(customer: Customer) -> None:
    row = models.Customer.objects.filter(id=customer.id).first()
    if row is None or row.state not in {"departed", "destroyed"}:
        raise UnknownCustomer(f"customer {customer.id} has not departed", remedy="End its contract first.")
