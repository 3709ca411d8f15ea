"""How fast recordings are found among very many: number, tag and date, the first page and one far down, beside SQL.

Plain SQL is what somebody would write by hand for that one page: over psycopg, on the same tables and indexes, with the
same keys at hand, giving the same lines. Contenders take turns, question by question.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

from support.server import server

sys.path.insert(0, str(Path(__file__).parents[1]))

ROWS = 50
DEEP = 5000
_LINE = """
SELECT c.listed_at, c.listed_id, r.id, r.started_at, r.ended_at, r.direction, r.trunk_id, r.trunk_name, r.reason,
    r.rendition, r.quality, r.sealed, e.wrapped
FROM ({}) c JOIN recordings_recording r ON r.conversation_id = c.listed_id
JOIN recordings_sealingepoch e ON e.id = r.epoch_id ORDER BY c.listed_at DESC, c.listed_id DESC, r.started_at, r.id
"""
_OF = """
SELECT DISTINCT listed_at, listed_id FROM {} WHERE value = %s AND (listed_at, listed_id) < (%s, %s)
ORDER BY listed_at DESC, listed_id DESC LIMIT 51
"""
_ALL = """
SELECT DISTINCT listed_at, conversation_id AS listed_id FROM recordings_recording
WHERE (listed_at, conversation_id) < (%s, %s)
ORDER BY listed_at DESC, conversation_id DESC LIMIT 51
"""


def main() -> None:
    """Measure, print a table, end with the line of figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--recordings", type=int, default=100_000, help="size of the customer (1,000,000)")
    options.add_argument("--questions", type=int, default=200, help="how often each page is asked for")
    chosen = options.parse_args()
    with server() as tenancy:
        _report(_measure(tenancy, chosen.recordings, chosen.questions))


@dataclass(frozen=True, kw_only=True)
class Everybody:
    """Who sees all recordings."""

    user_id: UUID = field(default_factory=uuid4)
    role: str = "compliance"
    number_indexes: None = None


@dataclass(kw_only=True)
class Plain:
    """The same by hand."""

    connection: Any
    openers: Any
    party_aad: Callable[[UUID], bytes]
    sheet: Callable[[bytes], Any]
    prepared: dict[str, str] = field(default_factory=dict)

    def lines(self, query: str, params: list[Any]) -> list[Any]:
        """The lines of a page: each with its place, its facts and its parties in clear."""
        found: dict[UUID, list[Any]] = {}
        for row in self.rows(query, params):
            known = found.get(row[1])
            if known is None:
                clear = self.openers.open_column(row[11], wrapped=row[12], aad=self.party_aad(row[2]))
                found[row[1]] = [*row[:11], self.sheet(clear).parties, 1]
            else:
                known[4] = max(known[4], row[4])
                known[-1] += 1
        return list(found.values())[:ROWS]

    def rows(self, query: str, params: list[Any]) -> list[Any]:
        """The rows alone, sealed as they are."""
        with self.connection.cursor(binary=True) as cursor:
            rows: list[Any] = cursor.execute(query, params).fetchall()
        return rows


def _measure(tenancy: ModuleType, count: int, questions: int) -> dict[str, float]:
    from tests.support import many_recordings as many

    customer = tenancy.create_customer(
        handle="bench", name="Bench", region="eu", custody="local", agreement="imagicle-dpa"
    )
    figures: dict[str, float] = {"recordings": count}
    with tenancy.scope(customer):
        began = time.perf_counter()
        many.add_many(count)
        print(f"{count:,} conversations in {time.perf_counter() - began:.0f} s")
        with tenancy.connect(customer, autocommit=True) as connection:
            _ask(connection, count, questions, figures)
        _jump(count, figures)
        _page(customer, questions, figures)
    return figures


def _ask(connection: Any, count: int, questions: int, figures: dict[str, float]) -> None:
    from django.db import connection as django_connection
    from tests.support import many_recordings as many

    from parley.recordings.api import PartySheet, Wanted, cursor_of_page, party_aad, search
    from parley.recordings.keys import keys
    from parley.recordings.search import _read_cursor
    from parley.recordings.types import NUMBER_INDEX

    opener = keys().opener
    plain = Plain(connection=connection, openers=opener, party_aad=party_aad, sheet=PartySheet.from_json)
    viewer, top = Everybody(), (many.END + timedelta(days=1), UUID(int=0))
    asked = {
        "number": (Wanted(number=many.SWITCHBOARD), _OF.format("recordings_numberindex"),
                   [keys().index(NUMBER_INDEX, many.SWITCHBOARD)], 0.3),
        "tag": (Wanted(tag=many.TAG), _OF.format("recordings_tag"), [keys().tag(many.TAG)], 0.3),
        "date": (Wanted(until=many.END), _ALL, [], 1.0),
    }  # fmt: skip
    contenders: dict[str, Callable[[], Any]] = {}
    for name, (wanted, inner, given, share) in asked.items():
        deep = min(DEEP, int(share * count / ROWS) - 2)
        for page, number in (("first", 1), ("deep", deep)):
            cursor = cursor_of_page(viewer, wanted, page=number, limit=ROWS)
            after = _read_cursor(cursor) if cursor else top
            query, params = _LINE.format(inner), [*given, *after]
            contenders[f"{name}_{page}"] = lambda w=wanted, c=cursor: search(viewer, w, cursor=c, limit=ROWS)
            contenders[f"sql_{name}_{page}"] = lambda q=query, p=params: plain.lines(q, p)
            contenders[f"rows_{name}_{page}"] = lambda q=query, p=params: plain.rows(q, p)
            ours = [row.conversation_id for row in contenders[f"{name}_{page}"]().rows]
            assert ours == [row[1] for row in plain.lines(query, params)], f"{name} {page}: not the same lines"
            assert len(ours) == ROWS, f"{name} {page}: {len(ours)} lines"
        figures[f"{name}_page"] = deep
    pids = {"sql": connection.info.backend_pid, "ours": django_connection.connection.info.backend_pid}
    taken, worked = _turns(contenders, questions, pids)
    for name, cpu in worked.items():
        figures[f"{name}_cpu_ms"] = 1000 * cpu / questions
    for name, seconds in taken.items():
        figures[f"{name}_p50_ms"] = 1000 * statistics.median(seconds)
        figures[f"{name}_p95_ms"] = 1000 * statistics.quantiles(seconds, n=20)[18]
    for name in asked:
        figures[f"{name}_deep_over_first"] = figures[f"{name}_deep_p50_ms"] / figures[f"{name}_first_p50_ms"]
        for page in ("first", "deep"):
            ours = figures[f"{name}_{page}_p50_ms"]
            figures[f"{name}_{page}_ratio"] = ours / figures[f"sql_{name}_{page}_p50_ms"]
            cpu, plain_cpu = (figures[f"{whose}{name}_{page}_cpu_ms"] for whose in ("", "sql_"))
            figures[f"{name}_{page}_cpu_ratio"] = cpu / plain_cpu
            figures[f"{name}_{page}_rows_ratio"] = ours / figures[f"rows_{name}_{page}_p50_ms"]
    figures["deep_over_first"] = max(figures[f"{name}_deep_over_first"] for name in asked)
    figures["ratio"] = max(figures[f"{name}_{page}_ratio"] for name in asked for page in ("first", "deep"))
    figures["cpu_ratio"] = max(figures[f"{name}_{page}_cpu_ratio"] for name in asked for page in ("first", "deep"))
    figures["cpu_ms"] = max(figures[f"{name}_{page}_cpu_ms"] for name in asked for page in ("first", "deep"))
    figures["p95_ms"] = max(figures[f"{name}_{page}_p95_ms"] for name in asked for page in ("first", "deep"))
    strange = random.Random(1)
    pages = int(0.3 * count / ROWS) - 2
    cold = [
        cursor_of_page(viewer, asked["number"][0], page=strange.randint(2, pages)) for _ in range(min(questions, 40))
    ]
    seconds = [_seconds(lambda one=one: search(viewer, asked["number"][0], cursor=one, limit=ROWS)) for one in cold]
    figures["number_anywhere_p50_ms"] = 1000 * statistics.median(seconds)
    rare = [_seconds(lambda: search(viewer, Wanted(number=many.RARE))) for _ in range(questions)]
    figures["rare_new_ms"], figures["rare_p50_ms"] = 1000 * rare[0], 1000 * statistics.median(rare)


def _jump(count: int, figures: dict[str, float]) -> None:
    """Finding where a page begins by its number, which counts its way there."""
    from tests.support import many_recordings as many

    from parley.recordings.api import Wanted, cursor_of_page

    page = min(DEEP, int(0.3 * count / ROWS) - 2)
    wanted = Wanted(number=many.SWITCHBOARD)
    seconds = [_seconds(lambda: cursor_of_page(Everybody(), wanted, page=page)) for _ in range(9)]
    figures["jump_ms"] = 1000 * statistics.median(seconds)


def _page(customer: Any, questions: int, figures: dict[str, float]) -> None:
    """The list page, from the web server's application, as a browser that is signed in asks for it."""
    from django.test import Client
    from tests.support import many_recordings as many

    from parley.people import api as people
    from parley.recordings.api import Wanted, cursor_of_page

    password = "a long enough password"
    people.create_user(email="bench@example.org", name="Bench", role="compliance", password=password)
    browser = Client(SERVER_NAME="localhost")
    base = f"/c/{customer.handle}"
    browser.post(f"{base}/sign-in", {"email": "bench@example.org", "password": password})
    deep = cursor_of_page(Everybody(), Wanted(number=many.SWITCHBOARD), page=int(figures["number_page"]))
    addresses = {
        "all": f"{base}/recordings/",
        "number": f"{base}/recordings/?number=%2B390584943232",
        "deep": f"{base}/recordings/?number=%2B390584943232&after={deep}",
        "tag": f"{base}/recordings/?tag={many.TAG}",
    }
    for address in addresses.values():
        answer = browser.get(address)
        assert answer.status_code == 200 and answer.content.count(b"<tr") > ROWS, (address, answer.status_code)
    from django.db import connection

    pids = {"ours": connection.connection.info.backend_pid} if connection.connection else {}
    times = min(questions, 100)
    taken, worked = _turns({name: lambda one=one: browser.get(one) for name, one in addresses.items()}, times, pids)
    figures["page_cpu_ms"] = max(1000 * cpu / times for cpu in worked.values())
    for name, seconds in taken.items():
        figures[f"page_{name}_p50_ms"] = 1000 * statistics.median(seconds)
        figures[f"page_{name}_p95_ms"] = 1000 * statistics.quantiles(seconds, n=20)[18]
    figures["page_p95_ms"] = max(figures[f"page_{name}_p95_ms"] for name in taken)


def _turns(
    contenders: dict[str, Callable[[], Any]], times: int, pids: dict[str, int]
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Seconds of each question, and processor seconds of all: of this process and of the backend that answers it.

    Contenders by hand ("sql_", "rows_") are answered by the backend "sql", the others by "ours".
    """
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    worked = dict.fromkeys(contenders, 0.0)
    for _ in range(times):
        for name, deed in contenders.items():
            pid = pids.get("sql" if name.startswith(("sql_", "rows_")) else "ours")
            before = time.process_time() + _worked(pid)
            taken[name].append(_seconds(deed))
            worked[name] += time.process_time() + _worked(pid) - before
    return taken, worked


def _worked(pid: int | None) -> float:
    """Processor seconds of a process so far (proc_pid_schedstat(5): the first number, nanoseconds)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9 if pid else 0.0


def _seconds(deed: Callable[[], Any]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


def _report(figures: dict[str, float]) -> None:
    print(f"{'':16}{'p50 ms':>9}{'p95 ms':>9}{'by hand':>9}{'rows':>9}{'ratio':>8}{'cpu ms':>9}{'by hand':>9}")
    for name in ("number", "tag", "date"):
        for page in ("first", "deep"):
            key = f"{name}_{page}"
            line = (figures[f"{key}_p50_ms"], figures[f"{key}_p95_ms"], figures[f"sql_{key}_p50_ms"])
            print(f"{key:16}{line[0]:9.2f}{line[1]:9.2f}{line[2]:9.2f}{figures[f'rows_{key}_p50_ms']:9.2f}"
                  f"{figures[f'{key}_ratio']:8.2f}{figures[f'{key}_cpu_ms']:9.2f}"
                  f"{figures[f'sql_{key}_cpu_ms']:9.2f}")  # fmt: skip
    first = ("ratio", "cpu_ratio", "deep_over_first", "p95_ms", "cpu_ms", "page_p95_ms", "page_cpu_ms")
    shown = {
        **{key: figures[key] for key in first},
        **{key: value for key, value in figures.items() if key not in first},
    }
    print(
        "bench find "
        + " ".join(f"{key}={value:.3g}" if value < 1000 else f"{key}={value:.0f}" for key, value in shown.items())
    )


if __name__ == "__main__":
    main()
