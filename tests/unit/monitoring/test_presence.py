"""Who lives and what was counted, across real processes that are killed in the middle of their work."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from parley.monitoring import api as monitoring
from parley.monitoring.presence import announced, clear, seen

COUNTS = """
import sys
from parley.monitoring import counters, presence
presence.beat()
for line in sys.stdin:
    counters.count_gate(purpose="record-calls", allowed=False, clause=line.strip())
    print(presence.place(), flush=True)
"""


class Process:
    """Counts one answer of the gate whenever it is told a clause."""

    def __init__(self, folder: Path, role: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-c", COUNTS],
            env={**os.environ, **announced(folder=folder, role=role)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def count(self, clause: str = "XX-1.breach") -> str:
        """The place of the process that counted."""
        assert self._child.stdin and self._child.stdout
        self._child.stdin.write(f"{clause}\n")
        self._child.stdin.flush()
        return self._child.stdout.readline().strip()

    def end(self, sign: signal.Signals = signal.SIGKILL) -> None:
        self._child.send_signal(sign)
        self._child.communicate()


@contextmanager
def process(folder: Path, role: str) -> Iterator[Process]:
    made = Process(folder, role)
    try:
        yield made
    finally:
        made.end()


def refused(folder: Path) -> dict[str, float]:
    """The gate's refusals by the word of their clause, over all processes."""
    text = monitoring.exposition(folder=folder, figures=None, age=0.0, findings=[]).decode()
    return {
        sample.labels["clause"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "parley_gate_answers_total"
    }


def test_processes_of_one_role_are_one_figure_and_a_killed_one_takes_nothing_with_it(tmp_path: Path) -> None:
    clear(tmp_path)
    with process(tmp_path, "web") as first, process(tmp_path, "web") as second:
        places = {first.count(), second.count()}
        assert places == {"web-0", "web-1"}
        assert {(one.place, one.lives) for one in seen(tmp_path)} == {("web-0", True), ("web-1", True)}
        assert refused(tmp_path) == {"breach": 2}
        second.end()
        left = {one.lives for one in seen(tmp_path)}
        assert left == {True, False}, "a death is known at once"
        assert refused(tmp_path) == {"breach": 2}
        with process(tmp_path, "web") as third:
            assert {first.count(), third.count()} == places, "who is started again takes the place over"
            assert refused(tmp_path) == {"breach": 4}, "and counts on"
    clear(tmp_path)
    assert refused(tmp_path) == {}
    assert list(seen(tmp_path)) == []


def test_a_role_is_missing_dead_hanging_or_well(tmp_path: Path) -> None:
    clear(tmp_path)
    roles = {"worker": 30.0, "web": None}

    def found(*, later: float = 0.0) -> dict[str, tuple[bool, str]]:
        at = datetime.now(UTC) + timedelta(seconds=later)
        looked = list(monitoring.processes(tmp_path, now=at, roles=roles))
        assert all(one.good or one.remedy for one in looked)
        return {one.what: (one.good, one.found.partition(" for")[0]) for one in looked}

    assert found() == {"worker": (False, "does not run"), "web": (False, "does not run")}
    with process(tmp_path, "worker") as worker, process(tmp_path, "web") as web:
        worker.count()
        web.count()
        assert found() == {"worker": (True, "runs"), "web": (True, "runs")}
        assert found(later=31) == {"worker": (False, "hangs"), "web": (True, "runs")}
        worker.end()
        assert found() == {"worker": (False, "does not run"), "web": (True, "runs")}


def test_of_a_clause_only_a_word_becomes_a_label(tmp_path: Path) -> None:
    clear(tmp_path)
    clauses = ("IM-3f.breach", "", "AC-1.0442079460018", "AC-2.9b2f6a7e-11aa-4c1e-8f57-0c2f5e2a9d10", "IX-4.Ada Byron")
    with process(tmp_path, "recorder") as recorder:
        for clause in clauses:
            recorder.count(clause)
        assert refused(tmp_path) == {"breach": 1, "none": 1, "other": 3}


def test_who_may_know_no_more_hears_what_was_last_found_and_nothing_of_long_ago(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    assert not monitoring.kept_answer(tmp_path, now=now), "nobody has looked"
    monitoring.keep_answer(tmp_path, ready=True)
    assert monitoring.kept_answer(tmp_path, now=now)
    assert not monitoring.kept_answer(tmp_path, now=now + timedelta(seconds=30)), "nobody has looked since"
    monitoring.keep_answer(tmp_path, ready=False)
    assert not monitoring.kept_answer(tmp_path, now=now)
    (tmp_path / "ready.json").write_text("[")
    assert not monitoring.kept_answer(tmp_path, now=now)
