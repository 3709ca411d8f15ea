"""One moment of a customer's database: what pg_dump writes and what the manifest says are the same."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import psycopg
from psycopg import IsolationLevel, sql

from parley.tenancy import scratch

_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname"
_COLUMNS = """
SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
WHERE table_schema = 'public' GROUP BY table_name HAVING bool_or(column_name = 'object_key') ORDER BY table_name
"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one moment showed. `named` are the objects that rows name, with the hash of the sealed bytes where a row
    has it ("" where not). `name` is that of the exported snapshot."""

    name: str
    tables: Mapping[str, int]
    named: Mapping[str, str] = field(repr=False)
    entries: int
    root: str


@contextmanager
def seen(database: str) -> Iterator[Seen]:
    """A moment that lasts until the block ends, for as many readers as follow its name."""
    with scratch.connect(database) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield look(connection, export=True)
        connection.rollback()


def look(connection: "psycopg.Connection[Any]", *, export: bool = False) -> Seen:
    """What this connection's transaction sees."""
    row = connection.execute("SELECT pg_export_snapshot()").fetchone() if export else None
    head = connection.execute("SELECT size, encode(root, 'hex') FROM ledger_head").fetchone()
    return Seen(
        name=str(row[0]) if row else "",
        tables=counted(connection),
        named=named(connection),
        entries=int(head[0]) if head else 0,
        root=str(head[1]) if head else "",
    )


def counted(connection: "psycopg.Connection[Any]") -> dict[str, int]:
    """How many rows each table has."""
    counts = {}
    for (table,) in connection.execute(_TABLES).fetchall():
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        counts[str(table)] = cast(int, row[0]) if row else 0
    return counts


def named(connection: "psycopg.Connection[Any]") -> dict[str, str]:
    """Every object that a row names. By convention a column `object_key` names one, and beside it `sealed_sha256`, or
    `sha256` where the table has no other, is the hash of its sealed bytes."""
    found: dict[str, str] = {}
    for table, columns in connection.execute(_COLUMNS).fetchall():
        digest = next((one for one in ("sealed_sha256", "sha256") if one in columns), "")
        value = sql.Identifier(digest) if digest else sql.Literal("")
        rows = connection.execute(
            sql.SQL("SELECT object_key, {} FROM {} WHERE object_key <> ''").format(value, sql.Identifier(table))
        )
        found.update((str(key), str(known)) for key, known in rows)
    return found
