"""One customer's role reaches one customer's data, whatever SQL it is made to say: the database refuses the rest."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from parley.people import api as people
from parley.tenancy import api as tenancy
from parley.tenancy.databases import administration
from parley.tenancy.selection import GROUPS, role_name

REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.OperationalError)
ROLES: tuple[tenancy.Role, ...] = ("app", "sequencer")


@pytest.fixture(scope="module")
def pair(make_customer: Callable[..., tenancy.Customer]) -> tuple[tenancy.Customer, tenancy.Customer]:
    """Two customers, each with a person of the same secret name."""
    both = make_customer(), make_customer(custody="customer-held", agreement="ixcloud-dpa")
    for customer in both:
        with tenancy.scope(customer):
            people.create_user(
                email=f"eva@{customer.handle}.example",
                name=f"Eva of {customer.handle}",
                password="seven-quiet-lanterns",
                role="user",
            )
    return both


@pytest.fixture(params=ROLES)
def mine(request: pytest.FixtureRequest, pair: tuple[tenancy.Customer, ...]) -> Iterator["psycopg.Connection[Any]"]:
    """A connection as a role of the first customer."""
    with closing(tenancy.connect(pair[0], role=request.param, autocommit=True)) as connected:
        yield connected


def _databases() -> list[str]:
    with administration() as admin:
        return [name for (name,) in admin.execute("SELECT datname FROM pg_database").fetchall()]


def test_no_role_of_a_customer_can_connect_to_any_database_but_its_own(pair: tuple[tenancy.Customer, ...]) -> None:
    own = pair[0].database
    others = [name for name in _databases() if name != own]
    assert {"postgres", "parley_provider", "parley_template", "template1", pair[1].database} <= set(others)
    for role in ROLES:
        with closing(tenancy.connect(pair[0], role=role)):
            pass
        for name in others:
            with pytest.raises(
                psycopg.OperationalError, match=r"permission denied for database|not currently accepting"
            ):
                psycopg.connect(**{**tenancy.connection_parameters(pair[0], role=role), "dbname": name})


def test_nobody_connects_without_a_password(pair: tuple[tenancy.Customer, ...]) -> None:
    parameters = tenancy.connection_parameters(pair[0])
    for user in (parameters["user"], "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(**{**parameters, "user": user, "password": "guessed"})


def test_a_role_cannot_become_another(mine: "psycopg.Connection[Any]", pair: tuple[tenancy.Customer, ...]) -> None:
    forbidden = ["postgres", *(role_name(pair[1].database, role) for role in ROLES)]
    forbidden += [role_name("parley_provider", role) for role in ROLES]
    forbidden += ["parley_register", "pg_read_all_data", "pg_read_server_files", "pg_execute_server_program"]
    for name in forbidden:
        for statement in (f'SET ROLE "{name}"', f'SET SESSION AUTHORIZATION "{name}"', f'SELECT 1; SET ROLE "{name}"'):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                mine.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "RESET ROLE; SET SESSION AUTHORIZATION DEFAULT; SELECT * FROM \"{other}\".public.people_user",
        "SELECT * FROM \"{other}\".public.people_user",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_ls_dir('base')",
        "COPY people_user TO '/tmp/taken'",
        "COPY people_user FROM PROGRAM 'id'",
        "SELECT lo_import('/etc/passwd')",
        "CREATE EXTENSION dblink",
        "CREATE EXTENSION postgres_fdw",
        "CREATE EXTENSION file_fdw",
        "CREATE DATABASE mine TEMPLATE \"{other}\"",
        "CREATE DATABASE mine TEMPLATE parley_template",
        "ALTER DATABASE \"{other}\" OWNER TO CURRENT_USER",
        "GRANT CONNECT ON DATABASE \"{other}\" TO CURRENT_USER",
        "GRANT \"{other}_app\" TO CURRENT_USER",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "ALTER ROLE \"{other}_app\" PASSWORD 'mine'",
        "CREATE ROLE helper",
        "ALTER SYSTEM SET listen_addresses = '*'",
        "SET log_statement = 'all'",
        "SELECT rolpassword FROM pg_authid",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
        "CREATE TABLE public.mine (x int)",
        "CREATE TEMPORARY TABLE mine (x int)",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA mine",
        "DROP TABLE people_user",
        "TRUNCATE people_user CASCADE",
        "ALTER TABLE people_user DISABLE TRIGGER ALL",
        "SELECT * FROM tenancy_customer",
    ],
)  # fmt: skip
def test_what_an_injected_statement_asks_for_is_refused(
    mine: "psycopg.Connection[Any]", pair: tuple[tenancy.Customer, ...], statement: str
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        mine.execute(statement.format(other=pair[1].database))
    allowed_states = {"42501", "0A000", "42P01", "55000", "0L000", "58P01", "3F000"}
    assert refusal.value.sqlstate in allowed_states, refusal.value


def test_a_statement_injected_through_the_application_stays_with_its_customer(
    pair: tuple[tenancy.Customer, ...],
) -> None:
    """As a page with a hole would do it: several statements in one string, over Django's connection."""
    with tenancy.scope(pair[0]), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1; RESET ROLE; SELECT current_database(); SELECT string_agg(name, '|') FROM people_user")
        seen = cursor.fetchall()
    with tenancy.scope(pair[0]), connection.cursor() as cursor:
        cursor.execute("SELECT name, current_user FROM people_user")
        assert cursor.fetchall() == [(f"Eva of {pair[0].handle}", role_name(pair[0].database, "app"))]
    assert pair[1].handle not in str(seen)


def test_names_of_databases_and_roles_tell_nothing_about_customers(
    mine: "psycopg.Connection[Any]", pair: tuple[tenancy.Customer, ...]
) -> None:
    """Every role may list the names in the cluster's shared catalogues."""
    names = mine.execute("SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles").fetchall()
    comments = mine.execute("SELECT description FROM pg_shdescription").fetchall()
    for customer in pair:
        assert customer.handle not in str(names) + str(comments)
        assert customer.id.hex not in str(names) + str(comments)


def test_what_others_do_cannot_be_watched(mine: "psycopg.Connection[Any]", pair: tuple[tenancy.Customer, ...]) -> None:
    with tenancy.connect(pair[1]) as theirs:
        theirs.execute("SELECT 'their secret words'")
        watched = mine.execute("SELECT query FROM pg_stat_activity").fetchall()
    assert "their secret words" not in str(watched)


def test_groups_cannot_sign_in_and_no_role_has_more_than_its_group(cluster: object) -> None:
    with administration() as admin:
        rows = admin.execute(
            "SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname LIKE 'c\\_%%' OR rolname LIKE 'parley\\_%%'"
        ).fetchall()
    assert len(rows) >= len(GROUPS)
    for name, can_login, *powers in rows:
        assert can_login is (name not in GROUPS), name
        assert not any(powers), name


def test_without_a_customer_nothing_is_sent(cluster: object) -> None:
    with pytest.raises(tenancy.NoCustomerInScope):
        people.User.objects.exists()
    with pytest.raises(tenancy.NoCustomerInScope), transaction.atomic():
        pass


def test_scopes_nest_and_each_query_goes_to_the_innermost(pair: tuple[tenancy.Customer, ...]) -> None:
    first, second = pair

    def seen() -> list[str]:
        return list(people.User.objects.values_list("name", flat=True))

    with tenancy.scope(first):
        assert seen() == [f"Eva of {first.handle}"]
        with tenancy.scope(second):
            assert seen() == [f"Eva of {second.handle}"]
        assert seen() == [f"Eva of {first.handle}"]
        with tenancy.scope(second), transaction.atomic():
            assert seen() == [f"Eva of {second.handle}"]


def test_a_transaction_cannot_move_to_another_customer(pair: tuple[tenancy.Customer, ...]) -> None:
    with tenancy.scope(pair[0]), transaction.atomic():
        people.User.objects.exists()
        with tenancy.scope(pair[1]), pytest.raises(tenancy.CustomerChangedInTransaction):
            people.User.objects.exists()
        assert people.User.objects.get().name == f"Eva of {pair[0].handle}"
