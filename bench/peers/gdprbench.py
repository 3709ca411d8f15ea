"""What `compliance.py` compares: contacts by their public API, and plain PostgreSQL with the same record in clear."""

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

NOW = datetime.now(UTC)
PAGE = 10
TABLES = """
CREATE TABLE record (key uuid PRIMARY KEY, data text, purposes text[], ttl timestamptz, usr text, objections text,
    decisions text, shared_with text[], source text);
CREATE INDEX ON record USING gin (purposes);
CREATE INDEX ON record (ttl);
CREATE INDEX ON record (usr);
CREATE INDEX ON record (objections);
CREATE INDEX ON record (decisions);
CREATE INDEX ON record USING gin (shared_with);
CREATE INDEX ON record (source);
CREATE TABLE audit (id bigserial PRIMARY KEY, at timestamptz, kind text, clause text, who text, details jsonb);
"""
COLUMNS = "key, data, purposes, ttl, usr, objections, decisions, shared_with, source"


@dataclass(frozen=True)
class Record:
    """One record of GDPRbench."""

    data: str
    purpose: str
    ttl: datetime
    user: str
    objection: str
    decision: str
    shared_with: str
    source: str


def record(chance: random.Random, number: int) -> Record:
    """A record; ten of a user, some hundreds of a purpose."""
    return Record(
        data="".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=10)) + f" {chance.randint(0, 10**9):09}",
        purpose=f"purpose{chance.randint(0, 499)}",
        ttl=NOW + timedelta(days=chance.randint(30, 3000)),
        user=f"user{number // 10}@example.org",
        objection=f"objection{chance.randint(0, 49)}",
        decision=f"decision{chance.randint(0, 49)}",
        shared_with=f"partner{chance.randint(0, 499)}",
        source=f"source{chance.randint(0, 499)}",
    )


class Plain:
    """The peer, on one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            yield cursor

    def _audit(self, cursor: Any, kind: str, details: str) -> None:
        cursor.execute(
            "INSERT INTO audit (at, kind, clause, who, details) VALUES (%s, %s, %s, %s, %s)",
            [datetime.now(UTC), kind, "IM-4.purposes", "bench", f'{{"record": "{details}"}}'],
        )

    def insert(self, key: UUID, new: Record) -> UUID:
        with self._cursor() as cursor:
            cursor.execute(
                f"INSERT INTO record ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    key, new.data, [new.purpose], new.ttl, new.user, new.objection, new.decision, [new.shared_with],
                    new.source,
                ],
            )  # fmt: skip
            self._audit(cursor, "record.added", str(key))
        return key

    def load(self, rows: list[Record]) -> list[UUID]:
        keys = [uuid4() for _ in rows]
        with self._cursor() as cursor, cursor.copy(f"COPY record ({COLUMNS}) FROM STDIN") as copy:
            for key, one in zip(keys, rows, strict=True):
                copy.write_row((
                    key, one.data, [one.purpose], one.ttl, one.user, one.objection, one.decision, [one.shared_with],
                    one.source,
                ))  # fmt: skip
        return keys

    def read(self, key: UUID) -> str | None:
        with self._cursor() as cursor:
            cursor.execute(f"SELECT {COLUMNS} FROM record WHERE key = %s", [key])
            row = cursor.fetchone()
            self._audit(cursor, "record.read", str(key))
        return row[1] if row else None

    def by_metadata(self, kind: str, value: str) -> list[str]:
        where = {"purpose": "purposes @> ARRAY[%s]", "source": "source = %s", "user": "usr = %s"}[kind]
        with self._cursor() as cursor:
            cursor.execute(f"SELECT {COLUMNS} FROM record WHERE {where} ORDER BY key LIMIT {PAGE}", [value])
            rows = cursor.fetchall()
            self._audit(cursor, "record.read", " ".join(str(row[0]) for row in rows))
        return [{"purpose": row[2][0], "source": row[8], "user": row[4]}[kind] for row in rows]

    def update(self, key: UUID, new: Record) -> None:
        with self._cursor() as cursor:
            cursor.execute("UPDATE record SET data = %s WHERE key = %s", [new.data, key])
            self._audit(cursor, "record.changed", str(key))

    def update_metadata(self, key: UUID, purpose: str, source: str) -> None:
        with self._cursor() as cursor:
            cursor.execute("UPDATE record SET purposes = %s, source = %s WHERE key = %s", [[purpose], source, key])
            self._audit(cursor, "record.annotated", str(key))

    def delete(self, key: UUID) -> None:
        with self._cursor() as cursor:
            cursor.execute("DELETE FROM record WHERE key = %s", [key])
            self._audit(cursor, "record.erased", str(key))

    def log(self) -> int:
        with self._cursor() as cursor:
            cursor.execute("SELECT id, at, kind, clause, details FROM audit ORDER BY id DESC LIMIT 50")
            rows = cursor.fetchall()
            self._audit(cursor, "log.read", "")
        return len(rows)


class Parley:
    """Contacts, by their public API."""

    def __init__(self, contacts: ModuleType, directory: UUID) -> None:
        self.contacts, self.directory = contacts, directory

    def _contact(self, new: Record) -> Any:
        return self.contacts.NewContact(
            notes=new.data, emails=(new.user,), purposes=(new.purpose,), source=new.source,
            shared_with=(new.shared_with,), keep_until=new.ttl,
            custom={"objections": new.objection, "decisions": new.decision},
        )  # fmt: skip

    def insert(self, _key: UUID, new: Record) -> UUID:
        made: UUID = self.contacts.add(self._contact(new), directory=self.directory, by="bench", at=datetime.now(UTC))
        return made

    def load(self, rows: list[Record]) -> list[UUID]:
        made = [self._contact(one) for one in rows]
        self.contacts.add_many(made, directory=self.directory, source="", by="bench", at=NOW, key="load")
        data = {one.data: number for number, one in enumerate(rows)}
        keys: list[UUID] = [uuid4()] * len(rows)
        store, after = self.contacts.STORE, None
        while page := store.every(after=after, limit=1000):
            for row in self.contacts.consult([one.id for one in page], by="bench", at=NOW, why="load"):
                keys[data[row.fields.notes]] = row.id
            after = page[-1]
        return keys

    def read(self, key: UUID) -> str | None:
        found = self.contacts.consult([key], by="bench", at=datetime.now(UTC), why="bench")
        return found[0].fields.notes if found else None

    def by_metadata(self, kind: str, value: str) -> list[str]:
        asked = {"email" if kind == "user" else kind: value}
        found = self.contacts.find(**asked, limit=PAGE, by="bench", at=datetime.now(UTC), why="bench")
        value_of = {
            "purpose": lambda held: held.purposes[0], "source": lambda held: held.source,
            "user": lambda held: held.emails[0],
        }[kind]  # fmt: skip
        return [value_of(one.fields) for one in found]

    def update(self, key: UUID, new: Record) -> None:
        with suppress(self.contacts.NoSuchContact):
            self.contacts.update(key, self._contact(new), by="bench", at=datetime.now(UTC))

    def update_metadata(self, key: UUID, purpose: str, source: str) -> None:
        given = self.contacts.Metadata(purposes=(purpose,), source=source)
        with suppress(self.contacts.NoSuchContact):
            self.contacts.annotate(key, given, by="bench", at=datetime.now(UTC))

    def delete(self, key: UUID) -> None:
        with suppress(self.contacts.NoSuchContact):
            self.contacts.remove([key], by="bench", at=datetime.now(UTC))

    def log(self) -> int:
        from django.db import transaction

        from parley.contacts.tools import leave
        from parley.ledger import api as ledger
        from parley.tenancy import api as tenancy

        with transaction.atomic():
            found = ledger.entries(tenancy.Statements(), limit=50)
            leave("log.read", clause="IM-4.purposes", at=datetime.now(UTC), details={"by": "bench"})
        return len(found)
