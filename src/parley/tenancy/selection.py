"""Which customer the present thread or task works for, and where that customer's data is."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from parley.tenancy.embedded import EmbeddedPostgres
from parley.tenancy.errors import NoCustomerInScope
from parley.tenancy.keys import KeyInModule, RootKey, root_key
from parley.tenancy.types import Customer, Role

PROVIDER_DATABASE = "parley_provider"
TEMPLATE_DATABASE = "parley_template"
APP_GROUP = "parley_app"
SEQUENCER_GROUP = "parley_sequencer"
PROVIDER_GROUP = "parley_register"
GROUPS = (APP_GROUP, SEQUENCER_GROUP, PROVIDER_GROUP)

_customer: ContextVar[Customer | None] = ContextVar("customer", default=None)
_override: ContextVar["Location | None"] = ContextVar("database", default=None)


@dataclass(frozen=True, kw_only=True)
class Location:
    """One database as one role: all that a connection needs. Two equal locations may share a connection."""

    dbname: str
    user: str
    password: str = field(repr=False)
    host: str
    port: int

    def parameters(self) -> dict[str, Any]:
        """psycopg's arguments."""
        return {
            "dbname": self.dbname, "user": self.user, "password": self.password, "host": self.host, "port": self.port,
        }  # fmt: skip


@cache
def operator_key() -> RootKey:
    """The root key of this installation, read once per process."""
    return root_key(settings.PARLEY_ROOT_KEY_FILE)


@cache
def operator_module() -> KeyInModule | None:
    """The key inside the PKCS#11 module of this installation, None where none is configured; one for a process."""
    if not settings.PARLEY_KEYS_MODULE:
        return None
    from parley.tenancy.module import ModuleKey, pin_reader  # loads a library that most installations do not need

    return ModuleKey(
        library=Path(settings.PARLEY_KEYS_MODULE),
        token=settings.PARLEY_KEYS_TOKEN,
        pin=pin_reader(file=settings.PARLEY_KEYS_PIN_FILE, pin=settings.PARLEY_KEYS_PIN),
    )


def embedded() -> EmbeddedPostgres:
    """The embedded server of this installation, running or not."""
    return EmbeddedPostgres(
        home=settings.PARLEY_DATA_DIR / "postgres",
        password=operator_key().password("postgres"),
        port=settings.PARLEY_DATABASE_PORT,
        durable=settings.PARLEY_DATABASE_DURABLE,
    )


def administrator(*, dbname: str = "postgres") -> Location:
    """The role that creates databases and roles: nobody serves a request with it."""
    if settings.PARLEY_DATABASE_URL:
        from psycopg.conninfo import conninfo_to_dict

        given = {key: str(value) for key, value in conninfo_to_dict(settings.PARLEY_DATABASE_URL).items()}
        return Location(
            dbname=given.get("dbname", dbname) if dbname == "postgres" else dbname,
            user=given.get("user", "postgres"),
            password=given.get("password", ""),
            host=given.get("host", "localhost"),
            port=int(given.get("port", 5432)),
        )
    return Location(**embedded().connection(dbname=dbname))


def role_name(database: str, role: Role) -> str:
    """The LOGIN role that serves `database` as the application or as the ledger's sequencer."""
    return f"{database}_{'app' if role == 'app' else 'seq'}"


@lru_cache(maxsize=1024)
def location(database: str, *, role: Role = "app") -> Location:
    """Where a customer's database is, as its own role. A connection asks before every statement: made once."""
    user, admin = role_name(database, role), _server()
    return Location(
        dbname=database, user=user, password=operator_key().password(user), host=admin.host, port=admin.port
    )


@cache
def _server() -> Location:
    return administrator()


def wanted(alias: str) -> Location:
    """Where the Django alias leads now: `default` to the customer in scope, else it raises NoCustomerInScope."""
    override = _override.get()
    if override is not None:
        return override
    if alias == "provider":
        return location(PROVIDER_DATABASE)
    customer = _customer.get()
    if customer is None:
        raise NoCustomerInScope
    return location(customer.database)


def provider_beside() -> bool:
    """Whether the database of the customer in scope lies on the same server as the provider's: one write-ahead log."""
    ours, theirs = wanted("default"), wanted("provider")
    return (ours.host, ours.port) == (theirs.host, theirs.port)


def selected() -> Customer | None:
    """The customer in scope, if any."""
    return _customer.get()


@contextmanager
def select(customer: Customer) -> Iterator[Customer]:
    """Work for `customer` until the block ends; scopes nest."""
    token = _customer.set(customer)
    try:
        yield customer
    finally:
        _customer.reset(token)


def refresh(customer: Customer) -> None:
    """The customer in scope has changed: whoever asks for it from now on sees `customer`."""
    selected = _customer.get()
    if selected is not None and selected.id == customer.id:
        _customer.set(customer)


@contextmanager
def administering(database: str) -> Iterator[None]:
    """Lead every alias to `database` as the administrator: for migrations alone."""
    token = _override.set(administrator(dbname=database))
    try:
        yield
    finally:
        _override.reset(token)
