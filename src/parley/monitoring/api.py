"""What other packages may use of monitoring.

`announced` tells a process what it is, `beat` says that its loop came round; `count_*` and `show_calls` are called
where things happen. The monitor adds all up (`exposition`) and answers whether Parley works (`Probe`, `database`,
`store`, `processes`); the web passes on what it last answered (`kept_answer`).
"""

from parley.monitoring.counters import count_finished, count_gate, count_put_off, count_request, show_calls
from parley.monitoring.exposition import CONTENT_TYPE, exposition
from parley.monitoring.health import (
    PATIENCE,
    ROLES,
    Probe,
    answer,
    database,
    keep_answer,
    kept_answer,
    processes,
    store,
)
from parley.monitoring.presence import NoPlace, Seen, announced, beat, become, clear, place, seen
from parley.monitoring.types import Figures, Finding, JobState, Queue, Room

__all__ = [
    "CONTENT_TYPE",
    "PATIENCE",
    "ROLES",
    "Figures",
    "Finding",
    "JobState",
    "NoPlace",
    "Probe",
    "Queue",
    "Room",
    "Seen",
    "announced",
    "answer",
    "beat",
    "become",
    "clear",
    "count_finished",
    "count_gate",
    "count_put_off",
    "count_request",
    "database",
    "exposition",
    "keep_answer",
    "kept_answer",
    "place",
    "processes",
    "seen",
    "show_calls",
    "store",
]
