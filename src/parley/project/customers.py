"""What the command line does with customers and accounts."""

import secrets
import time
from dataclasses import dataclass, field
from typing import cast

from parley.people.api import create_user
from parley.project.config import Config
from parley.project.up import database_running
from parley.tenancy import api as tenancy


@dataclass(frozen=True, kw_only=True)
class Added:
    """A customer that was just made; `password` is empty when the caller chose it."""

    customer: tenancy.Customer
    seconds: float
    password: str = field(repr=False)


def add(
    config: Config,
    *,
    handle: str,
    name: str,
    region: str,
    custody: str,
    agreement: str,
    recipients: tuple[str, ...],
    email: str,
    person: str,
    password: str = "",
) -> Added:
    """Create a customer and its first administrator; a missing password is made."""
    if custody not in {"local", "customer-held", "pkcs11"}:
        raise tenancy.CustomerRefused(f"there is no custody {custody!r}", remedy="Say local, customer-held or pkcs11.")
    made = "" if password else secrets.token_urlsafe(12)
    with database_running(config):
        began = time.perf_counter()
        customer = tenancy.create_customer(
            handle=handle,
            name=name,
            region=region,
            custody=cast(tenancy.Custody, custody),
            agreement=agreement,
            recipients=recipients,
            administrator=tenancy.NewUser(email=email, name=person, password=password or made),
        )
        return Added(customer=customer, seconds=time.perf_counter() - began, password=made)


def add_operator(config: Config, *, email: str, name: str, password: str = "") -> str:
    """Create an account of the provider's staff; returns the password that was made, or nothing."""
    made = "" if password else secrets.token_urlsafe(12)
    with database_running(config), tenancy.scope(tenancy.provider()):
        create_user(email=email, name=name, password=password or made, role="operator")
    return made


def known(handle: str) -> tenancy.Customer:
    """The customer of that handle; raises UnknownCustomer."""
    found = tenancy.by_handle(handle)
    if found is None:
        raise tenancy.UnknownCustomer(f"there is no customer {handle!r}", remedy="See: parley customer list")
    return found
