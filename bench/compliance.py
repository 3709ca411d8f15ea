"""GDPRbench's roles (controller, customer, processor, regulator) on Parley's contacts, beside plain PostgreSQL.

Each record of GDPRbench (key, data, purpose, ttl, user, objections, decisions, shared with, source) is a contact with
its metadata: written and read through the public API with gate, sealing and ledger evidence. Plain is the same server
with the same columns and indexes in clear and an audit table that each operation writes in its own transaction, on the
same number of connections, syncing every commit. Every read is compared with what must be there. The mixes are those of
Shastri et al., "Understanding and Benchmarking the Impact of GDPR on Database Systems" (VLDB 2020), table 2; a read by
metadata asks for the first ten records.
"""

import argparse
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

sys.path.insert(0, str(Path(__file__).parent))

from contacts import _plainly as plainly
from contacts import _server as server

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
ROLES = {
    "controller": {"update-metadata": 50, "delete": 25, "insert": 25},
    "customer": {"read": 20, "read-metadata": 20, "update": 20, "update-metadata": 20, "delete": 20},
    "processor": {"read": 20, "read-metadata": 80},
    "regulator": {"read-metadata": 50, "read-log": 50},
}
ZIPFIAN = frozenset({"customer", "processor"})


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
    """The peer."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect, self._local = connect, threading.local()

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        if not hasattr(self._local, "connection"):
            self._local.connection = self._connect()
            self._local.connection.autocommit = False
        with self._local.connection.transaction(), self._local.connection.cursor() as cursor:
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

    def __init__(self, contacts: ModuleType, tenancy: ModuleType, customer: Any, directory: UUID) -> None:
        self.contacts, self.tenancy, self.customer, self.directory = contacts, tenancy, customer, directory

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
        from django.db import connection, transaction

        from parley.contacts.tools import leave
        from parley.ledger import api as ledger

        with transaction.atomic():
            with connection.cursor() as cursor:
                found = ledger.entries(cursor, limit=50)
            leave("log.read", clause="IM-4.purposes", at=datetime.now(UTC), details={"by": "bench"})
        return len(found)


@dataclass
class Work:
    """The operations of one connection: its own records, so that every read has one right answer."""

    seed: int
    keys: list[UUID]
    held: list[Record | None]
    users: set[str] = field(default_factory=set)

    def run(self, subject: Any, role: str, count: int) -> int:
        """Do `count` operations; how many reads were checked. Raises AssertionError for a wrong answer."""
        chance, checked = random.Random(self.seed), 0
        deeds, weights = list(ROLES[role]), list(ROLES[role].values())
        for number in range(count):
            deed, place = chance.choices(deeds, weights)[0], self._place(chance, role)
            new = record(chance, 10_000_000 + self.seed * 1_000_000 + number)
            held = self.held[place]
            if deed == "insert":
                self.keys.append(subject.insert(uuid4(), new))
                self.held.append(new)
            elif deed == "delete":
                subject.delete(self.keys[place])
                self.held[place] = None
            elif deed == "update" and held is not None:
                self.held[place] = Record(**{**held.__dict__, "data": new.data})
                subject.update(self.keys[place], self.held[place])
            elif deed == "update-metadata" and held is not None:
                self.held[place] = Record(**{**held.__dict__, "purpose": new.purpose, "source": new.source})
                subject.update_metadata(self.keys[place], new.purpose, new.source)
            elif deed == "read":
                assert subject.read(self.keys[place]) == (held.data if held else None), "a read was wrong"
                checked += 1
            elif deed == "read-metadata":
                checked += self._ask(subject, chance, held or new)
            elif deed == "read-log":
                assert subject.log() > 0, "the log was empty"
                checked += 1
        return checked

    def _place(self, chance: random.Random, role: str) -> int:
        if role in ZIPFIAN:  # a few records are asked for often
            return int(len(self.keys) * chance.random() ** 4)
        return chance.randrange(len(self.keys))

    def _ask(self, subject: Any, chance: random.Random, held: Record) -> int:
        kind = chance.choice(("purpose", "source", "user"))
        found = subject.by_metadata(kind, getattr(held, kind))
        assert set(found) <= {getattr(held, kind)}, "a read by metadata was wrong"
        if kind == "user":  # all records of a user are of one connection
            there = sum(1 for one in self._of_user(held.user) if one is not None)
            assert len(found) == min(there, PAGE), "a read by metadata was not whole"
        return 1

    def _of_user(self, user: str) -> list[Record | None]:
        return [one for one in self.held if one is not None and one.user == user]


def main() -> None:
    """Measure, print a table, end with the line of figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=10_000, help="records (default 10,000; the issue: 100,000)")
    options.add_argument(
        "--operations", type=int, default=1_000, help="of each role (default 1,000; the issue: 10,000)"
    )
    options.add_argument("--connections", type=int, default=2)
    chosen = options.parse_args()
    with server() as tenancy:
        _report(*_measure(tenancy, chosen.records, chosen.operations, chosen.connections))


def _measure(
    tenancy: ModuleType, records: int, operations: int, connections: int
) -> tuple[dict[str, tuple[float, float]], float, int]:
    from django.conf import settings

    from parley.contacts import api as contacts

    assert settings.PARLEY_DATABASE_DURABLE, "commits must be synced"
    customer = tenancy.create_customer(
        handle="bench", name="Bench", region="eu", custody="local", agreement="imagicle-dpa"
    )
    rows = [record(random.Random(number), number) for number in range(records)]
    times: dict[str, tuple[float, float]] = {}
    with tenancy.scope(customer), plainly(customer) as admin:
        admin.execute("CREATE SCHEMA plain; SET search_path TO plain")
        admin.execute(TABLES)
        directory = contacts.add_directory(kind="public", name="Everybody", by="bench", at=NOW).id
        ours = Parley(contacts, tenancy, customer, directory)
        theirs = Plain(lambda: _plain_connection(customer))
        keys = ours.load(rows), theirs.load(rows)
        admin.execute("VACUUM ANALYZE")
        space = _size(admin, "public") / _size(admin, "plain")
        checked = 0
        works = [_works(one, rows, connections) for one in keys]
        for role in ROLES:
            seconds = []
            for subject, several in zip((ours, theirs), works, strict=True):
                began = time.perf_counter()
                checked += _together(tenancy, customer, subject, several, role, operations // connections)
                seconds.append(time.perf_counter() - began)
            times[role] = (seconds[0], seconds[1])
    return times, space, checked


def _works(keys: list[UUID], rows: list[Record], connections: int) -> list[Work]:
    """Users (ten records each) dealt out to the connections."""
    made = []
    for one in range(connections):
        places = [number for number in range(len(rows)) if number // 10 % connections == one]
        made.append(Work(seed=one, keys=[keys[n] for n in places], held=[rows[n] for n in places]))
    return made


def _together(tenancy: ModuleType, customer: Any, subject: Any, works: list[Work], role: str, count: int) -> int:
    done: list[int] = []
    failed: list[BaseException] = []

    def run(work: Work) -> None:
        try:
            with tenancy.scope(customer):
                done.append(work.run(subject, role, count))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return sum(done)


def _plain_connection(customer: Any) -> Any:
    import psycopg

    from parley.tenancy.selection import administrator

    return psycopg.connect(
        **administrator(dbname=customer.database).parameters(), options="-c search_path=plain", autocommit=True
    )


def _size(admin: Any, schema: str) -> int:
    """Bytes of data: tables with their indexes, the log with it."""
    names = "relname LIKE 'contacts%%' OR relname LIKE 'ledger%%'" if schema == "public" else "true"
    size: int = admin.execute(
        f"SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE n.nspname = %s AND relkind = 'r' AND ({names})",
        [schema],
    ).fetchone()[0]
    return size


def _report(times: dict[str, tuple[float, float]], space: float, checked: int) -> None:
    """The table and the last line."""
    print(f"{'':14}{'Parley, s':>12}{'plain, s':>12}{'ratio':>8}")
    for role, (ours, theirs) in times.items():
        print(f"{role:14}{ours:12.2f}{theirs:12.2f}{ours / theirs:8.2f}")
    ratios = {role: ours / theirs for role, (ours, theirs) in times.items()}
    shown = {"ratio": f"{max(ratios.values()):.2f}", **{role: f"{ratio:.2f}" for role, ratio in ratios.items()}}
    shown |= {"space": f"{space:.2f}", "checked_reads": str(checked)}
    print("bench compliance", *(f"{key}={value}" for key, value in shown.items()))


if __name__ == "__main__":
    main()
