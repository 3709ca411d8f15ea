"""What processes count while they work. Labels are words of ours: no customer, no person, no number, no id.

Each process writes into files of its own place, which the monitor adds up: so several web processes are one figure, and
a process that was killed takes nothing with it. Where no place is announced (commands, tests) they count in memory.
"""

import os
import re
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values

from parley.monitoring import presence

if presence.FOLDER in os.environ:
    # By place, not by process id, else every restart would leave files that are read for ever.
    values.ValueClass = values.MultiProcessValue(presence.place)  # type: ignore[no-untyped-call]  # it says no types

REGISTRY: Final = CollectorRegistry()
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_WORD: Final = re.compile(r"[a-z]+(-[a-z]+)*")

_REQUESTS: Final = Counter(
    "parley_requests", "Answers of the web, by class of status.", ["place", "route", "method", "status"],
    registry=REGISTRY,
)  # fmt: skip
_LATENCY: Final = Histogram(
    "parley_request_seconds", "From a request to the head of its answer.", ["place", "route", "method"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0), registry=REGISTRY,
)  # fmt: skip
_GATE: Final = Counter(
    "parley_gate_answers", "What the gate said, by purpose and by the word of the clause that decided.",
    ["purpose", "answer", "clause"], registry=REGISTRY,
)  # fmt: skip
_FINISHED: Final = Counter(
    "parley_recordings_finished", "Recordings that were filed, by what ended the call.", ["end"], registry=REGISTRY
)
_PUT_OFF: Final = Counter(
    "parley_recordings_put_off", "Attempts to file a recording that failed; it is tried again.", registry=REGISTRY
)
_RECEIVED: Final = Counter("parley_rtp_packets_received", "RTP packets of filed recordings.", registry=REGISTRY)
_LOST: Final = Counter(
    "parley_rtp_packets_lost", "Sequence numbers that filed recordings never saw.", registry=REGISTRY
)
_CALLS: Final = Gauge(
    "parley_calls_live", "Calls in the recorder now.", registry=REGISTRY, multiprocess_mode="sum"
)  # fmt: skip


def count_request(*, place: str, route: str, method: str, status: int, seconds: float) -> None:
    """One answer of the web. `place` is site, console or provider; `route` the name of its address, "" for none."""
    asked = method if method in _METHODS else "other"
    known = route or "none"
    _REQUESTS.labels(place, known, asked, f"{status // 100}xx").inc()
    _LATENCY.labels(place, known, asked).observe(seconds)


def count_gate(*, purpose: str, allowed: bool, clause: str) -> None:
    """One answer of the gate. Of the clause only its word is kept ("breach" of IM-3f.breach)."""
    word = clause.rpartition(".")[2]
    kind = word if _WORD.fullmatch(word) and len(word) <= 32 else "other" if clause else "none"
    _GATE.labels(purpose, "allowed" if allowed else "refused", kind).inc()


def count_finished(*, end: str, received: int, lost: int) -> None:
    """One recording that was filed, with the packets of all its streams."""
    _FINISHED.labels(end).inc()
    _RECEIVED.inc(received)
    _LOST.inc(lost)


def count_put_off() -> None:
    """One recording that could not be filed now."""
    _PUT_OFF.inc()


def show_calls(number: int) -> None:
    """How many calls this recorder has."""
    _CALLS.set(number)
