"""Databases beside the customers' own: what a backup is restored into, and what takes a lost database's place.

A scratch database has a name of its own kind (`r_` and random digits), so that nobody takes it for a customer's, and
the same roles, groups and closed doors as one. All of it is the administrator's work; no request is served with it.
"""

import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, get_args
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import transaction
from psycopg import sql

from parley.tenancy import databases, models
from parley.tenancy.customers import of_row
from parley.tenancy.errors import DatabaseUnavailable, UnknownCustomer
from parley.tenancy.selection import administrator, embedded
from parley.tenancy.types import Customer, CustomerState, Work
from parley.tenancy.wakes import wake

PREFIX: Final = "r_"
_LENGTH: Final = 18
_LOCKS: Final = 0x7061726C  # the first key of our advisory locks; the second is a hash of what is locked


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program of PostgreSQL to run, with the environment that leads it to a database as the administrator.

    The password is in the environment, which only its owner reads; the arguments everybody sees.
    """

    path: Path
    environment: Mapping[str, str]


def program(name: str, *, database: str) -> Program:
    """pg_dump or pg_restore, of the server's version at least. Raises DatabaseUnavailable when there is none."""
    place = administrator(dbname=database)
    path = _of_path(name) if settings.PARLEY_DATABASE_URL else embedded().program(name)
    return Program(
        path=path,
        environment={
            "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGHOST": place.host, "PGPORT": str(place.port),
            "PGUSER": place.user, "PGPASSWORD": place.password, "PGDATABASE": database,
        },
    )  # fmt: skip


def version() -> str:
    """The name of the set of migrations that a customer's database has in this version of Parley."""
    return databases.version()


def connect(database: str) -> "psycopg.Connection[Any]":
    """A connection as the administrator, for the caller to close."""
    return psycopg.connect(**administrator(dbname=database).parameters())


@contextmanager
def locked(what: str, *, shared: bool = False) -> Iterator[bool]:
    """Whether `what` is ours until the block ends: a lock of the server, which a killed process loses with its
    connection. It never waits."""
    with databases.administration() as admin:
        how = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
        row = admin.execute(f"SELECT {how}(%s, hashtext(%s))", [_LOCKS, what]).fetchone()
        yield bool(row and row[0])


def name() -> str:
    """A fresh name for a scratch database."""
    return f"{PREFIX}{secrets.token_hex(8)}"


def make(database: str) -> None:
    """An empty database with its two roles, to restore a dump into."""
    with databases.administration() as admin:
        databases.create(database=database, admin=admin, template="template0")


def upgrade(database: str) -> None:
    """Bring a restored database to the migrations and grants of this version."""
    databases.upgrade(database)


def drop(database: str) -> None:
    """Remove a scratch database with its roles, whoever is connected; nothing when it is gone already."""
    _require_scratch(database)
    databases.forget_connections(database)
    with databases.administration() as admin:
        databases.drop(database=database, admin=admin)


def exists(database: str) -> bool:
    """Whether there is such a database, whatever state it is in."""
    with databases.administration() as admin:
        return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is not None


def all_of_them() -> set[str]:
    """The scratch databases that the server has, and those of which only the roles are left."""
    with databases.administration() as admin:
        found = admin.execute(
            "SELECT datname FROM pg_database WHERE datname ~ '^r_[0-9a-f]{16}$'"
            " UNION SELECT left(rolname, %s) FROM pg_roles WHERE rolname ~ '^r_[0-9a-f]{16}_(app|seq)$'",
            [_LENGTH],
        ).fetchall()
    return {str(row[0]) for row in found}


def close(customer_id: UUID) -> Customer:
    """Serve a customer no more while its database is replaced: nobody gets in, who is in it is cut off.

    Raises UnknownCustomer for one that is neither active nor being restored already.
    """
    customer = _moved(customer_id, {"active", "restoring"}, "restoring")
    database = customer.database
    databases.forget_connections(database)
    with databases.administration() as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            return customer
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(database)))
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])
    return customer


def reopen(customer_id: UUID) -> Customer:
    """Serve a customer again that was closed: its database is there, replaced or as it was. Wakes everybody for it."""
    customer = _moved(customer_id, {"active", "restoring"}, "restoring")
    with databases.administration() as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(customer.database)))
    customer = _moved(customer_id, {"restoring"}, "active")
    for what in get_args(Work):
        wake(customer_id, what, datetime.now(UTC))
    return customer


def restoring(handle: str) -> Customer | None:
    """The customer of that handle whose database is being replaced, or was when somebody killed the deed."""
    row = models.Customer.objects.filter(handle=handle, state="restoring").first()
    return of_row(row) if row else None


def _moved(customer_id: UUID, states: set[str], state: CustomerState) -> Customer:
    with transaction.atomic(using="provider"):
        row = models.Customer.objects.select_for_update(no_key=True).filter(id=customer_id, kind="customer").first()
        if row is None or row.state not in states:
            raise UnknownCustomer(f"there is no customer {customer_id} to restore", remedy="See: parley customer list")
        row.state = state
        row.save(update_fields=["state"])
    return of_row(row)


def replace(database: str, *, by: str) -> None:
    """The scratch database `by` takes the name and the roles of `database`, which is dropped.

    Safe to do again after a crash anywhere in it. Until the end nobody connects to `database`.
    """
    _require_scratch(by)
    for one in (database, by):
        databases.forget_connections(one)
    with databases.administration() as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [by]).fetchone():
            databases.drop(database=database, admin=admin)
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [by])
            admin.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(by), sql.Identifier(database))
            )
        databases.hand_over(database=database, of=by, admin=admin)


def _require_scratch(database: str) -> None:
    if not database.startswith(PREFIX) or len(database) != _LENGTH:
        raise ValueError("this is no scratch database")


def _of_path(name: str) -> Path:
    """The program on PATH, which must be as new as the server: an older pg_dump refuses it."""
    found = shutil.which(name)
    if found is None:
        raise DatabaseUnavailable(f"{name} is not installed", remedy="Install PostgreSQL's client programs.")
    said = subprocess.run([found, "--version"], check=False, capture_output=True, text=True).stdout
    digits = "".join(c if c.isdigit() else " " for c in said).split()
    with databases.administration() as admin:
        needed = admin.info.server_version // 10000
    if not digits or int(digits[0]) < needed:
        raise DatabaseUnavailable(
            f"{name} on PATH is version {digits[0] if digits else 'unknown'}, the server is version {needed}",
            remedy=f"Install PostgreSQL's client programs of version {needed} or newer.",
        )
    return Path(found)
