"""GDPRbench's roles (controller, customer, processor, regulator) on Parley's contacts, beside plain PostgreSQL.

Each record of GDPRbench (key, data, purpose, ttl, user, objections, decisions, shared with, source) is a contact with
its metadata: written and read through the public API with gate, sealing and ledger evidence. Plain is the same server
with the same columns and indexes in clear and an audit table that each operation writes in its own transaction, on the
same number of connections, syncing every commit. Every read is compared with what must be there. The mixes are those of
Shastri et al., "Understanding and Benchmarking the Impact of GDPR on Database Systems" (VLDB 2020), table 2; a read by
metadata asks for the first ten records.

A connection is a process of its own, on both sides, as workers are. A role's operations are done in slices, ours and
theirs by turns, so that the neighbours of the machine meet both. What is asked next is drawn before the clock runs.
"""

import argparse
import gc
import multiprocessing
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any, Literal
from uuid import UUID, uuid4

sys.path.insert(0, str(Path(__file__).parent))

from peers.gdprbench import NOW, PAGE, TABLES, Parley, Plain, Record, record
from support.server import plainly, server

ROLES = {
    "controller": {"update-metadata": 50, "delete": 25, "insert": 25},
    "customer": {"read": 20, "read-metadata": 20, "update": 20, "update-metadata": 20, "delete": 20},
    "processor": {"read": 20, "read-metadata": 80},
    "regulator": {"read-metadata": 50, "read-log": 50},
}
ZIPFIAN = frozenset({"customer", "processor"})
SLICES = 5
WARMING = 20
"""Operations of each role before the clock runs, for each connection."""
Side = Literal["parley", "plain"]
SIDES: tuple[Side, Side] = ("parley", "plain")


@dataclass(frozen=True)
class Step:
    """One operation to do: what, where (a fraction of the records), and the record that brings new values."""

    deed: str
    place: float
    new: Record
    kind: str


@dataclass
class Done:
    """A slice of one connection: seconds of the monotonic clock, reads that were checked, time and number by deed."""

    began: float = 0.0
    ended: float = 0.0
    processor: float = 0.0
    checked: int = 0
    spent: Counter[str] = field(default_factory=Counter)
    count: Counter[str] = field(default_factory=Counter)


@dataclass
class Work:
    """The records of one connection: its own, so that every read has one right answer."""

    seed: int
    keys: list[UUID]
    held: list[Record | None]
    made: int = 0
    of_user: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        for one in self.held:
            self._count(one, 1)

    def plan(self, role: str, count: int) -> list[Step]:
        """What a slice of a role does."""
        deeds, weights = list(ROLES[role]), list(ROLES[role].values())
        steps = []
        for deed in self.chance.choices(deeds, weights, k=count):
            self.made += 1
            # A few records are asked for often.
            place = self.chance.random() ** (4 if role in ZIPFIAN else 1)
            new = record(self.chance, 10_000_000 + self.seed * 10_000_000 + self.made)
            steps.append(Step(deed, place, new, self.chance.choice(("purpose", "source", "user"))))
        return steps

    def run(self, subject: Any, steps: Sequence[Step]) -> Done:
        """Do them. Raises AssertionError for a wrong answer."""
        done = Done(began=time.perf_counter(), processor=-time.process_time())
        last = done.began
        for step in steps:
            done.checked += self._do(subject, step)
            now = time.perf_counter()
            done.spent[step.deed] += now - last
            done.count[step.deed] += 1
            last = now
        done.ended = last
        done.processor += time.process_time()
        return done

    def _do(self, subject: Any, step: Step) -> int:
        place, new = int(len(self.keys) * step.place), step.new
        if step.deed == "insert":
            self._put(len(self.keys), subject.insert(uuid4(), new), new)
        elif step.deed == "read":
            held = self.held[place]
            assert subject.read(self.keys[place]) == (held.data if held else None), "a read was wrong"
            return 1
        elif step.deed == "read-metadata":
            return self._ask(subject, step.kind, self.held[place] or new)
        elif step.deed == "read-log":
            assert subject.log() > 0, "the log was empty"
            return 1
        else:
            self._change(subject, step.deed, *self._there(place), new)
        return 0

    def _change(self, subject: Any, deed: str, place: int, held: Record, new: Record) -> None:
        if deed == "delete":
            subject.delete(self.keys[place])
            self._set(place, None)
        elif deed == "update":
            self._set(place, replace(held, data=new.data))
            subject.update(self.keys[place], self.held[place])
        else:
            self._set(place, replace(held, purpose=new.purpose, source=new.source))
            subject.update_metadata(self.keys[place], new.purpose, new.source)

    def _there(self, place: int) -> tuple[int, Record]:
        """That record, or the next one that was not deleted: every change changes something."""
        for shift in range(len(self.held)):
            held = self.held[(place + shift) % len(self.held)]
            if held is not None:
                return (place + shift) % len(self.held), held
        raise AssertionError("all records were deleted: ask for more of them, or for fewer operations")

    def _put(self, place: int, key: UUID, new: Record) -> None:
        assert place == len(self.keys)
        self.keys.append(key)
        self.held.append(new)
        self._count(new, 1)

    def _set(self, place: int, new: Record | None) -> None:
        self._count(self.held[place], -1)
        self.held[place] = new
        self._count(new, 1)

    def _count(self, one: Record | None, change: int) -> None:
        if one is not None:
            self.of_user[one.user] += change

    def _ask(self, subject: Any, kind: str, held: Record) -> int:
        found = subject.by_metadata(kind, getattr(held, kind))
        assert set(found) <= {getattr(held, kind)}, "a read by metadata was wrong"
        if kind == "user":  # all records of a user are of one connection
            assert len(found) == min(self.of_user.get(held.user, 0), PAGE), "a read by metadata was not whole"
        return 1


class Workers:
    """The connections of one side, a process each."""

    def __init__(self, side: Side, customer: Any, directory: UUID, works: Sequence[Work]) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._start = spawning.Barrier(len(works))
        self._pipes: list[Connection] = []
        self._processes = []
        for work in works:
            ours, theirs = spawning.Pipe()
            process = spawning.Process(
                target=_serve, args=(theirs, self._start, side, customer.id, directory, work), daemon=True
            )
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def run(self, role: str, count: int) -> list[Done]:
        """Each connection does `count` operations of a role, all at once. Raises what went wrong."""
        for pipe in self._pipes:
            pipe.send((role, count))
        answers = [pipe.recv() for pipe in self._pipes]
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return answers

    def end(self) -> None:
        """No more is asked."""
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join()


def _serve(pipe: Connection, start: Any, side: Side, customer_id: UUID, directory: UUID, work: Work) -> None:
    """A connection's process."""
    import django

    django.setup()
    from parley.foundation.memory import collect_seldom

    collect_seldom()  # as each of Parley's processes does
    from parley.contacts import api as contacts
    from parley.tenancy import api as tenancy

    with tenancy.scope(customer_id) as customer:
        subject: Any = Parley(contacts, directory) if side == "parley" else Plain(_plain_connection(customer))
        gc.collect()
        gc.freeze()  # the records that are there are the benchmark's, and none of what it measures
        while (asked := pipe.recv()) is not None:
            try:
                steps = work.plan(*asked)
                start.wait(60)
                pipe.send(work.run(subject, steps))
            except BaseException as error:
                pipe.send(error)
                raise


@dataclass
class Measured:
    """What a side needed for a role."""

    seconds: float = 0.0
    processor: float = 0.0
    checked: int = 0
    spent: Counter[str] = field(default_factory=Counter)
    count: Counter[str] = field(default_factory=Counter)

    def add(self, several: Sequence[Done]) -> None:
        """A slice: from the first beginning to the last end."""
        self.seconds += max(one.ended for one in several) - min(one.began for one in several)
        for one in several:
            self.processor += one.processor
            self.checked += one.checked
            self.spent += one.spent
            self.count += one.count


Times = dict[str, dict[Side, Measured]]


def main() -> None:
    """Measure, print a table, end with the line of figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=10_000, help="records (default 10,000; the issue: 100,000)")
    options.add_argument(
        "--operations", type=int, default=2_000, help="of each role (default 2,000; the issue: 10,000)"
    )
    options.add_argument("--connections", type=int, default=2)
    chosen = options.parse_args()
    with server() as tenancy:
        _report(*_measure(tenancy, chosen.records, chosen.operations, chosen.connections))


def _measure(tenancy: ModuleType, records: int, operations: int, connections: int) -> tuple[Times, float]:
    from django.conf import settings

    from parley.contacts import api as contacts

    assert settings.PARLEY_DATABASE_DURABLE, "commits must be synced"
    customer = tenancy.create_customer(
        handle="bench", name="Bench", region="eu", custody="local", agreement="imagicle-dpa"
    )
    rows = [record(random.Random(number), number) for number in range(records)]
    with tenancy.scope(customer), plainly(customer) as admin:
        admin.execute("CREATE SCHEMA plain; SET search_path TO plain")
        admin.execute(TABLES)
        directory = contacts.add_directory(kind="public", name="Everybody", by="bench", at=NOW).id
        ours, theirs = Parley(contacts, directory).load(rows), Plain(_plain_connection(customer)).load(rows)
        admin.execute("VACUUM ANALYZE")
        space = _size(admin, "public") / _size(admin, "plain")
        with _workers(customer, directory, rows, {"parley": ours, "plain": theirs}, connections) as workers:
            return _slices(workers, operations // connections), space


@contextmanager
def _workers(
    customer: Any, directory: UUID, rows: list[Record], keys: dict[Side, list[UUID]], connections: int
) -> Iterator[dict[Side, Workers]]:
    made = {side: Workers(side, customer, directory, _works(keys[side], rows, connections)) for side in SIDES}
    yield made
    for each in made.values():
        each.end()


def _slices(workers: dict[Side, Workers], operations: int) -> Times:
    """All roles by both, after a few operations of each that nobody counts."""
    for role in ROLES:
        for side in SIDES:
            workers[side].run(role, WARMING)
    times: Times = {role: {side: Measured() for side in SIDES} for role in ROLES}
    for role in ROLES:
        for number in range(SLICES):
            for side in SIDES if number % 2 else SIDES[::-1]:
                times[role][side].add(workers[side].run(role, operations // SLICES))
    return times


def _works(keys: list[UUID], rows: list[Record], connections: int) -> list[Work]:
    """Users (ten records each) dealt out to the connections."""
    made = []
    for one in range(connections):
        places = [number for number in range(len(rows)) if number // 10 % connections == one]
        made.append(Work(seed=one, keys=[keys[n] for n in places], held=[rows[n] for n in places]))
    return made


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


def _report(times: Times, space: float) -> None:
    """The tables and the last line. Processor time is that of the connections' processes, without the server's."""
    print(f"{'':26}{'Parley':>10}{'plain':>10}{'ratio':>8}")
    ratios = {}
    for role, sides in times.items():
        ours, theirs = sides["parley"], sides["plain"]
        ratios[role] = ours.seconds / theirs.seconds
        print(f"{role + ', s':26}{ours.seconds:10.2f}{theirs.seconds:10.2f}{ratios[role]:8.2f}")
        for deed in ROLES[role]:
            each = [sides[side].spent[deed] / max(1, sides[side].count[deed]) * 1000 for side in SIDES]
            print(f"  {deed + ', ms each':24}{each[0]:10.3f}{each[1]:10.3f}{each[0] / each[1]:8.2f}")
        busy = [sides[side].processor / sum(sides[side].count.values()) * 1000 for side in SIDES]
        print(f"  {'processor, ms each':24}{busy[0]:10.3f}{busy[1]:10.3f}{busy[0] / busy[1]:8.2f}")
    shown = {"ratio": f"{max(ratios.values()):.2f}", **{role: f"{ratio:.2f}" for role, ratio in ratios.items()}}
    checked = sum(sides["parley"].checked + sides["plain"].checked for sides in times.values())
    print("bench compliance", *(f"{key}={value}" for key, value in shown.items()), f"space={space:.2f}",
          f"checked_reads={checked}")  # fmt: skip


if __name__ == "__main__":
    main()
