"""Databases and roles: the template, the provider's, one per customer. Done by the administrator's role alone."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from parley.tenancy.router import PROVIDER_APPS, of_provider
from parley.tenancy.selection import (
    APP_GROUP,
    GROUPS,
    PROVIDER_DATABASE,
    PROVIDER_GROUP,
    SEQUENCER_GROUP,
    TEMPLATE_DATABASE,
    administering,
    administrator,
    operator_key,
    role_name,
)

# The ledger grants its own tables: no role of the application may rewrite them.
SELF_GRANTING_APPS = frozenset({"ledger"})
_CUSTOMER_PREFIX = "c_"
_LOCK = 0x7061726C6579  # pg_advisory_lock: one process prepares at a time


@contextmanager
def administration(*, dbname: str = "postgres") -> Iterator["psycopg.Connection[Any]"]:
    """A connection as the administrator, outside any transaction: CREATE DATABASE cannot be in one."""
    with psycopg.connect(**administrator(dbname=dbname).parameters(), autocommit=True) as connection:
        yield connection


def prepare() -> None:
    """Bring roles, template, provider's and customers' databases to this version; quick when there is nothing to do."""
    with administration() as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        known = _known_databases(admin)
        _make_groups(admin)
        for name in ("postgres", "template1"):
            _close_to_public(admin, name)
        wanted = _version(provider=False)
        if known.get(TEMPLATE_DATABASE) != wanted:
            _upgrade_template(admin, exists=TEMPLATE_DATABASE in known, version=wanted)
        if PROVIDER_DATABASE not in known:
            # Not a copy of ours: the template has all migrations behind it, without the tables of the provider alone.
            create(database=PROVIDER_DATABASE, admin=admin, template="template0")
            _grant_provider(admin)
        if known.get(PROVIDER_DATABASE) != _version(provider=True):
            _upgrade(admin, PROVIDER_DATABASE, provider=True)
        for name, version in known.items():
            if name.startswith(_CUSTOMER_PREFIX) and version != wanted:
                _upgrade(admin, name, provider=False)


def create(*, database: str, admin: "psycopg.Connection[Any]", template: str = TEMPLATE_DATABASE) -> None:
    """A database from the template with its two LOGIN roles; privileges are not copied, so they are set again."""
    # Logging each page spares everybody a checkpoint for each creation; where nothing is synced, copying costs less.
    strategy = "WAL_LOG" if settings.PARLEY_DATABASE_DURABLE else "FILE_COPY"
    admin.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}").format(
            sql.Identifier(database), sql.Identifier(template), sql.SQL(strategy)
        )
    )
    open_to_its_roles(database=database, admin=admin)
    _mark(admin, database, _version(provider=False))


def open_to_its_roles(*, database: str, admin: "psycopg.Connection[Any]") -> None:
    """Its two LOGIN roles may connect to a database, and nobody else: made again when they are there already."""
    for role, group in _roles(database):
        _create_role(admin, role)
        admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(role)))
    _close_to_public(admin, database)
    for role, _ in _roles(database):
        admin.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), sql.Identifier(role))
        )


def drop(*, database: str, admin: "psycopg.Connection[Any]") -> None:
    """Undo `create`, also half of it."""
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
    drop_roles(database=database, admin=admin)


def drop_roles(*, database: str, admin: "psycopg.Connection[Any]") -> None:
    """The roles of a database that is gone, or was given to others, go."""
    for role, _ in _roles(database):
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def hand_over(*, database: str, of: str, admin: "psycopg.Connection[Any]") -> None:
    """A database that was renamed: its own roles may connect, those of its former name `of` go."""
    open_to_its_roles(database=database, admin=admin)
    for role, _ in _roles(of):
        if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            admin.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(sql.Identifier(database), sql.Identifier(role))
            )
    drop_roles(database=of, admin=admin)


def version() -> str:
    """The name of the set of migrations that a customer's database has in this version."""
    return _version(provider=False)


def upgrade(database: str) -> None:
    """Bring one customer's database, or what was restored of one, to the migrations and grants of this version."""
    with administration() as admin:
        _upgrade(admin, database, provider=False)


def _roles(database: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """The LOGIN roles of a database, each with its group."""
    return (role_name(database, "app"), APP_GROUP), (role_name(database, "sequencer"), SEQUENCER_GROUP)


def _make_groups(admin: "psycopg.Connection[Any]") -> None:
    existing = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(GROUPS)])}
    for group in GROUPS:
        if group not in existing:
            admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(group)))


def _create_role(admin: "psycopg.Connection[Any]", role: str) -> None:
    """A LOGIN role that can nothing but what its group was granted."""
    if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        return
    verifier = admin.pgconn.encrypt_password(operator_key().password(role).encode(), role.encode(), b"scram-sha-256")
    admin.execute(
        sql.SQL(
            "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD {}"
        ).format(sql.Identifier(role), sql.Literal(verifier.decode()))
    )


def _close_to_public(admin: "psycopg.Connection[Any]", database: str) -> None:
    """A new database lets everybody connect and make temporary tables; ours let nobody who is not named."""
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))


def _upgrade_template(admin: "psycopg.Connection[Any]", *, exists: bool, version: str) -> None:
    name = sql.Identifier(TEMPLATE_DATABASE)
    if not exists:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        _close_to_public(admin, TEMPLATE_DATABASE)
    admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
    _migrate(TEMPLATE_DATABASE, provider=False)
    # A template that nobody can connect to can always be copied.
    admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
    _mark(admin, TEMPLATE_DATABASE, version)


def _upgrade(admin: "psycopg.Connection[Any]", database: str, *, provider: bool) -> None:
    _migrate(database, provider=provider)
    _mark(admin, database, _version(provider=provider))


def _migrate(database: str, *, provider: bool) -> None:
    """Apply the migrations that belong into `database`, then the grants on what they made."""
    connection = connections["provider" if provider else "default"]
    with administering(database):
        executor = MigrationExecutor(connection)
        executor.migrate(
            [node for node in executor.loader.graph.leaf_nodes() if provider or node[0] not in PROVIDER_APPS]
        )
        connection.close()
        forget_connections(database)
    with administration(dbname=database) as admin:
        _grant_tables(admin, provider=provider)


def forget_connections(database: str) -> None:
    """Close the idle connections that this process keeps to a database: it was changed, or is gone."""
    from parley.tenancy.backend.base import POOL

    POOL.clear(dbname=database)


def _grant_tables(admin: "psycopg.Connection[Any]", *, provider: bool) -> None:
    """What the application may do with each table. A table of no known app is granted to nobody."""
    admin.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    for group in GROUPS:
        admin.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(group)))
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in SELF_GRANTING_APPS or (of_provider(model) and not provider):
            continue
        group = PROVIDER_GROUP if of_provider(model) else APP_GROUP
        table = model._meta.db_table
        admin.execute(
            sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}").format(
                sql.Identifier(table), sql.Identifier(group)
            )
        )
        for sequence in admin.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_depend d ON d.objid = c.oid"
            " WHERE c.relkind = 'S' AND d.refobjid = %s::regclass AND d.deptype IN ('a', 'i')",
            [f'public."{table}"'],
        ).fetchall():
            admin.execute(
                sql.SQL("GRANT USAGE ON SEQUENCE {} TO {}").format(sql.Identifier(sequence[0]), sql.Identifier(group))
            )


def _grant_provider(admin: "psycopg.Connection[Any]") -> None:
    """The provider's processes see the register of customers; the sequencer of the provider too, to wake and rest."""
    for role, _ in _roles(PROVIDER_DATABASE):
        admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(PROVIDER_GROUP), sql.Identifier(role)))


def _known_databases(admin: "psycopg.Connection[Any]") -> dict[str, str | None]:
    """Our databases with the version that each was brought to."""
    rows = admin.execute("SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database").fetchall()
    ours = (TEMPLATE_DATABASE, PROVIDER_DATABASE)
    return {name: version for name, version in rows if name in ours or name.startswith(_CUSTOMER_PREFIX)}


def _mark(admin: "psycopg.Connection[Any]", database: str, version: str) -> None:
    admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(database), sql.Literal(version)))


@cache
def _version(*, provider: bool) -> str:
    """A name for the set of migrations that belong into a database: equal sets, nothing to migrate.

    Reading them all takes a third of what making a customer costs this process, which has one set for its life.
    """
    from django.db.migrations.loader import MigrationLoader

    nodes = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    names = sorted(f"{app}.{name}" for app, name in nodes if provider or app not in PROVIDER_APPS)
    return "migrations " + hashlib.sha256("\n".join(names).encode()).hexdigest()[:24]
