"""How fast a customer's contacts are: search while typing, caller lookup, bulk import, beside plain SQL in one run.

Plain SQL is the same PostgreSQL with the same contacts in clear columns: words in an array under GIN with a prefix
index of words beside it, numbers under B-tree, rows by COPY. It seals nothing, checks nothing, leaves no evidence.
"""

import argparse
import gc
import os
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import psutil

from support.server import plainly, server

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PLAIN = """
CREATE TABLE plain (id bigserial PRIMARY KEY, directory uuid, given text, family text, company text, title text,
    department text, number text, mobile text, email text, city text, words text[]);
CREATE TABLE plain_word (word text COLLATE "C" PRIMARY KEY);
CREATE INDEX ON plain USING gin (words);
CREATE INDEX ON plain (number);
CREATE INDEX ON plain (mobile);
"""
PLAIN_SEARCH = """
SELECT id, given, family, company, title, number, mobile, email FROM plain
WHERE {} LIMIT 200
"""
PLAIN_WORD = "words && ARRAY(SELECT word FROM plain_word WHERE word >= %s AND word < %s LIMIT 1000)"
PLAIN_CALLER = """
SELECT id, given, family, company, title, number, mobile, email FROM plain WHERE number = %s OR mobile = %s LIMIT 1
"""


def main() -> None:
    """Measure, print a table, end with the line of figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--contacts", type=int, default=100_000, help="size of the customer (default 100,000)")
    options.add_argument("--questions", type=int, default=400, help="keystrokes and callers asked for")
    chosen = options.parse_args()
    with server() as tenancy:
        figures = _measure(tenancy, chosen.contacts, chosen.questions)
    _report(figures)


class People:
    """The same made-up people for both: names as unevenly spread as real ones, numbers of a few regions."""

    def __init__(self, seed: int = 7) -> None:
        self.random = random.Random(seed)
        self.given, self.family = self._words(3_000), self._words(40_000)
        self.company, self.title, self.city = self._words(20_000), self._words(200), self._words(2_000)

    def _words(self, count: int) -> list[str]:
        made: dict[str, None] = {}
        while len(made) < count:
            syllables = self.random.randint(2, 4)
            word = "".join(self.random.choice("bcdfglmnprstvz") + self.random.choice("aeiou") for _ in range(syllables))
            made[word + self.random.choice(("", "n", "s", "r", "tti"))] = None
        return list(made)

    def _one(self, words: Sequence[str]) -> str:
        """Zipf-like: the first words are common, the last rare."""
        return words[int(len(words) * self.random.random() ** 3)]

    def rows(self, count: int) -> Iterator[tuple[str, ...]]:
        """given, family, company, title, department, number, mobile, email, city."""
        for _ in range(count):
            given, family, company = self._one(self.given), self._one(self.family), self._one(self.company)
            number = f"+390584{self.random.randint(0, 999_999):06}"
            mobile = f"+3934{self.random.randint(0, 99_999_999):08}"
            email = f"{given}.{family}@{company}.example"
            title, city = self._one(self.title), self._one(self.city)
            yield given.title(), family.title(), f"{company.title()} Srl", title, "sales", number, mobile, email, city


def _measure(tenancy: ModuleType, count: int, questions: int) -> dict[str, float]:
    from parley.contacts import api as contacts

    customer = tenancy.create_customer(
        handle="bench", name="Bench", region="eu", custody="local", agreement="imagicle-dpa"
    )
    figures: dict[str, float] = {"contacts": count}
    with tenancy.scope(customer):
        directory = contacts.add_directory(kind="public", name="Everybody", by="bench", at=NOW).id
        with plainly(customer) as plain:
            plain.execute(PLAIN)
            figures["plain_import_per_s"] = count / _seconds(lambda: _copy_plain(plain, People().rows(count)))
            plain.execute("ANALYZE plain; ANALYZE plain_word")
            figures |= _import(contacts, directory, count)
            _ask(contacts, plain, count, questions, figures)
            figures["bytes"] = _size(plain, "contacts_contact") / count
            figures["plain_bytes"] = _size(plain, "plain", "plain_word") / count
    return figures


def _import(contacts: ModuleType, directory: Any, count: int) -> dict[str, float]:
    """Rows a second, of rows that are there already: reading files is measured elsewhere. And what a row costs in
    processor time, in microseconds: ours, and PostgreSQL's."""
    from django.db import connection

    made = [_contact(contacts, row) for row in People().rows(count)]
    gc.collect()
    gc.freeze()  # a million rows in memory are the benchmark's, and none of what it measures
    connection.ensure_connection()
    server = psutil.Process(connection.connection.info.backend_pid)
    before, ours = server.cpu_times(), _processor()
    seconds = _seconds(
        lambda: contacts.add_many(made, directory=directory, source="bench", by="bench", at=NOW, key="bench")
    )
    after, ours = server.cpu_times(), _processor() - ours
    theirs = after.user + after.system - before.user - before.system
    return {
        "import_per_s": count / seconds, "import_cpu_us": ours / count * 1e6, "import_server_us": theirs / count * 1e6,
    }  # fmt: skip


def _processor() -> float:
    """Seconds of processor time of this process and of those that it started and waited for."""
    own = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in own)


def _contact(contacts: ModuleType, row: tuple[str, ...]) -> Any:
    given, family, company, title, department, number, mobile, email, city = row
    return contacts.NewContact(
        given=given, family=family, company=company, title=title, department=department,
        numbers=(contacts.Number(value=number), contacts.Number(value=mobile, kind="mobile")), emails=(email,),
        addresses=(contacts.Address(city=city),),
    )  # fmt: skip


def _copy_plain(plain: Any, rows: Iterator[tuple[str, ...]]) -> None:
    columns = "given, family, company, title, department, number, mobile, email, city, words"
    known: set[str] = set()
    with plain.cursor() as cursor, cursor.copy(f"COPY plain ({columns}) FROM STDIN") as copy:
        for row in rows:
            words = {
                one for cell in (*row[:5], *row[7:]) for one in cell.lower().replace("@", " ").replace(".", " ").split()
            }
            known |= words
            copy.write_row((*row, list(words)))
    with plain.cursor() as cursor, cursor.copy("COPY plain_word FROM STDIN") as copy:
        for word in known:
            copy.write_row((word,))


def _ask(contacts: ModuleType, plain: Any, count: int, questions: int, figures: dict[str, float]) -> None:
    """Keystrokes of people who type names, companies and numbers; and callers, three of four of them known."""
    sample = random.Random(11)
    known = list(People().rows(min(count, 50_000)))
    typed: list[str] = []
    while len(typed) < questions:
        row = sample.choice(known)
        words = sample.choice(([row[1]], [row[0], row[1]], [row[2].split()[0]], [row[5]], [row[0]]))
        text = " ".join(words)
        typed += [text[:cut] for cut in range(2, len(text) + 1, 2) if not text[:cut].startswith("+") or cut > 6]
    callers = [sample.choice(known)[5 + n % 2] if n % 4 else f"+39055{n:06}" for n in range(questions)]
    ours, theirs, called, plainly = [], [], [], []
    for text in typed:
        ours.append(_seconds(lambda text=text: contacts.search(text)))
        theirs.append(_seconds(lambda text=text: _search_plain(plain, text)))
    for number in callers:
        called.append(_seconds(lambda number=number: contacts.lookup(number)))
        plainly.append(_seconds(lambda number=number: plain.execute(PLAIN_CALLER, [number, number]).fetchone()))
    for name, several in (("search", ours), ("plain_search", theirs), ("lookup", called), ("plain_lookup", plainly)):
        figures[f"{name}_p50_ms"] = statistics.median(several) * 1000
        figures[f"{name}_p95_ms"] = statistics.quantiles(several, n=20)[18] * 1000


def _search_plain(plain: Any, text: str) -> Any:
    if text.startswith("+"):
        return plain.execute(PLAIN_SEARCH.format("number >= %s AND number < %s"), [text, text + "~"]).fetchall()
    words = text.lower().split()
    where = " AND ".join([PLAIN_WORD] * len(words))
    return plain.execute(PLAIN_SEARCH.format(where), [end for one in words for end in (one, one + "~")]).fetchall()


def _size(plain: Any, *tables: str) -> int:
    return sum(plain.execute("SELECT pg_total_relation_size(%s)", [one]).fetchone()[0] for one in tables)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _report(figures: dict[str, float]) -> None:
    """The table and the last line."""
    print(f"{'':28}{'Parley':>12}{'plain SQL':>12}{'ratio':>8}")
    ratios = {}
    for title, name in (
        ("search p50, ms", "search_p50_ms"), ("search p95, ms", "search_p95_ms"), ("caller p50, ms", "lookup_p50_ms"),
        ("caller p95, ms", "lookup_p95_ms"), ("import, rows/s", "import_per_s"), ("bytes each", "bytes"),
    ):  # fmt: skip
        ours, theirs = figures[name], figures[f"plain_{name}"]
        ratios[name] = ours / theirs
        print(f"{title:28}{ours:12.2f}{theirs:12.2f}{ratios[name]:8.2f}")
    shown = {
        "ratio": f"{ratios['search_p95_ms']:.2f}",
        "lookup_ratio": f"{ratios['lookup_p95_ms']:.2f}",
        "import_ratio": f"{ratios['import_per_s']:.2f}",
        "space_ratio": f"{ratios['bytes']:.2f}",
        **{key: f"{value:.2f}" for key, value in figures.items() if key.endswith("_ms")},
        "import_per_s": f"{figures['import_per_s']:.0f}",
        "plain_import_per_s": f"{figures['plain_import_per_s']:.0f}",
        "import_cpu_us": f"{figures['import_cpu_us']:.0f}",
        "import_server_us": f"{figures['import_server_us']:.0f}",
        "load": f"{os.getloadavg()[0]:.1f}",
        "contacts": f"{figures['contacts']:.0f}",
    }
    print("bench contacts", *(f"{key}={value}" for key, value in shown.items()))


if __name__ == "__main__":
    main()
