"""The register of customers, and how one comes to be."""

import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from parley.agreement.api import load as load_agreement
from parley.agreement.api import standing_from_json
from parley.foundation.ids import new_id
from parley.tenancy import databases, models
from parley.tenancy.custody import keyring
from parley.tenancy.errors import CustomerRefused, NoCustomerInScope, UnknownCustomer
from parley.tenancy.keys import root_key
from parley.tenancy.selection import PROVIDER_DATABASE, location, select, selected
from parley.tenancy.types import Custody, Customer, Kind, NewUser, Role

PROVIDER_HANDLE = "provider"
_HANDLE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_CREATION_AT_MOST = timedelta(minutes=5)
_enrol: list[Callable[[NewUser], object]] = []
_sign: list[Callable[[Sequence[str], NewUser | None], object]] = []


def enrol_with(create_administrator: Callable[[NewUser], object]) -> None:
    """Wire how a first administrator is made: called in the new customer's scope (people is above tenancy)."""
    _enrol[:] = [create_administrator]


def sign_with(sign: Callable[[Sequence[str], NewUser | None], object]) -> None:
    """Wire how a new customer signs: called in its scope with agreements and administrator (governance is above)."""
    _sign[:] = [sign]


def make_root_key() -> None:
    """Make the operator's root key where there is none yet: before anything else of an installation."""
    root_key(settings.PARLEY_ROOT_KEY_FILE, create=True)


def prepare() -> None:
    """Make this installation usable: databases, roles, the provider. Quick when there is nothing to do."""
    databases.prepare()
    if not models.Customer.objects.filter(kind="provider").exists():
        _make_provider()
    _undo_interrupted()
    _sign_unsigned()


def create_customer(
    *,
    handle: str,
    name: str,
    region: str,
    custody: Custody,
    agreement: str | Sequence[str],
    recipients: Sequence[str] = (),
    administrator: NewUser | None = None,
) -> Customer:
    """A new customer, whole or not at all: keys, database, roles, first administrator, signed agreements.

    `handle` becomes part of addresses: 2 to 40 small letters, digits and single hyphens. `recipients` are age
    recipients, for `customer-held` alone. Raises CustomerRefused, and UnknownAgreement for an unknown
    agreement; `agreement` names one or several, which then compose.
    """
    if not 2 <= len(handle) <= 40 or not _HANDLE.fullmatch(handle) or handle == PROVIDER_HANDLE:
        raise CustomerRefused(
            f"{handle!r} cannot be a customer's handle", remedy="Use 2 to 40 small letters, digits and single hyphens."
        )
    signed = (agreement,) if isinstance(agreement, str) else tuple(agreement)
    row = _new_row(handle=handle, name=name, kind="customer", region=region, custody=custody, agreements=signed)
    row.recipients = list(keyring().make(customer_id=row.id, custody=custody, recipients=tuple(recipients)))
    try:
        row.save(force_insert=True)
    except IntegrityError as error:
        keyring().forget(customer_id=row.id)
        raise CustomerRefused(f"there is a customer {handle!r} already", remedy="Choose another handle.") from error
    try:
        with databases.administration() as admin:
            databases.create(database=row.database, admin=admin)
        with select(of_row(row)):
            if administrator is not None:
                _enrol_administrator(administrator)
            _sign_at_creation(signed, administrator)
        row.refresh_from_db()
        row.state = "active"
        row.save(update_fields=["state"])
    except BaseException:
        _undo(row)
        raise
    return of_row(row)


def customers() -> list[Customer]:
    """All active customers by handle, without the provider."""
    return [of_row(row) for row in models.Customer.objects.filter(kind="customer", state="active").order_by("handle")]


def by_handle(handle: str) -> Customer | None:
    """The active customer of that handle; the provider has one too."""
    row = models.Customer.objects.filter(handle=handle, state="active").first()
    return of_row(row) if row else None


def by_id(customer_id: UUID) -> Customer | None:
    """The active customer of that id, or the provider."""
    row = models.Customer.objects.filter(id=customer_id, state="active").first()
    return of_row(row) if row else None


def by_log_id(log_id: str) -> Customer | None:
    """The active customer whose log has that id, or the provider."""
    row = models.Customer.objects.filter(log_id=log_id, state="active").first()
    return of_row(row) if row else None


def provider() -> Customer:
    """The provider, a tenant of its own."""
    return of_row(models.Customer.objects.get(kind="provider"))


def scope(customer: Customer | UUID) -> AbstractContextManager[Customer]:
    """Work for `customer` until the block ends: the alias `default` leads to its database. Raises UnknownCustomer."""
    if isinstance(customer, Customer):
        return select(customer)
    found = by_id(customer)
    if found is None:
        raise UnknownCustomer(f"there is no active customer {customer}", remedy="See: parley customer list")
    return select(found)


def current() -> Customer:
    """The customer in scope; raises NoCustomerInScope."""
    customer = selected()
    if customer is None:
        raise NoCustomerInScope
    return customer


def connection_parameters(customer: Customer, *, role: Role = "app") -> dict[str, Any]:
    """psycopg's arguments for a connection to the customer's database as one of its own roles."""
    return location(customer.database, role=role).parameters()


def connect(customer: Customer, *, role: Role = "app", autocommit: bool = False) -> "psycopg.Connection[Any]":
    """A connection outside Django, for the caller to close."""
    return psycopg.connect(**connection_parameters(customer, role=role), autocommit=autocommit)


def _new_row(
    *, handle: str, name: str, kind: str, region: str, custody: Custody, agreements: Sequence[str]
) -> models.Customer:
    """A customer's row before anything else exists. Names of databases and logs tell nothing about the customer."""
    now = timezone.now()
    return models.Customer(
        id=new_id(at=now),
        handle=handle,
        name=name,
        kind=kind,
        region=region,
        custody=custody,
        state="creating",
        agreement="+".join(agreements),
        agreement_version="+".join(load_agreement(one).version for one in agreements),
        log_id=secrets.token_hex(8),
        database=f"c_{secrets.token_hex(8)}",
        created_at=now,
    )


def _make_provider() -> None:
    row = _new_row(
        handle=PROVIDER_HANDLE,
        name="Provider",
        kind="provider",
        region=settings.PARLEY_REGION,
        custody="local",
        agreements=(),
    )
    row.database = PROVIDER_DATABASE
    row.recipients = list(keyring().make(customer_id=row.id, custody="local", recipients=()))
    row.state = "active"
    row.save(force_insert=True)


def _enrol_administrator(administrator: NewUser) -> None:
    if not _enrol:
        raise CustomerRefused("nothing is wired to make administrators", remedy="Create the customer without one.")
    _enrol[0](administrator)


def _sign_at_creation(agreements: Sequence[str], administrator: NewUser | None) -> None:
    if not _sign:
        raise CustomerRefused("nothing is wired to sign agreements", remedy="This is ours to fix: see project.wiring.")
    _sign[0](agreements, administrator)


def _sign_unsigned() -> None:
    """Customers of a version that kept no signatures sign what they were created with."""
    for row in models.Customer.objects.filter(kind="customer", state="active", standing={}):
        with select(of_row(row)):
            _sign_at_creation(row.agreement.split("+"), None)


def _undo(row: models.Customer) -> None:
    """Take back an unfinished customer, whichever of its parts exist."""
    with databases.administration() as admin:
        databases.drop(database=row.database, admin=admin)
    keyring().forget(customer_id=row.id)
    models.Customer.objects.filter(id=row.id).delete()


def _undo_interrupted() -> None:
    """Take back what a crash left half made; a creation takes seconds at most."""
    for row in models.Customer.objects.filter(state="creating", created_at__lt=timezone.now() - _CREATION_AT_MOST):
        _undo(row)


def of_row(row: models.Customer) -> Customer:
    """The customer that a row of the register is."""
    return Customer(
        id=row.id,
        handle=row.handle,
        name=row.name,
        kind=cast(Kind, row.kind),
        region=row.region,
        custody=cast(Custody, row.custody),
        state=row.state,
        agreement=row.agreement,
        agreement_version=row.agreement_version,
        recipients=tuple(row.recipients),
        log_id=row.log_id,
        database=row.database,
        standing=standing_from_json(row.standing),
    )
