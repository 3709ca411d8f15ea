"""All figures in the text format of Prometheus (version 0.0.4): what was counted, what is stored, what is well."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from parley.monitoring.health import BEATING
from parley.monitoring.presence import seen
from parley.monitoring.types import Figures, Finding

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(*, folder: Path, figures: Figures | None, age: float, findings: Iterable[Finding]) -> bytes:
    """Everything at once. `folder` is where processes count, `age` how many seconds ago `figures` were taken."""
    registry = CollectorRegistry(auto_describe=False)
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]  # it says no types
    registry.register(_Listed([*_health(findings), *_beats(folder), *_stored(figures, age)]))
    return generate_latest(registry)


class _Listed(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _health(findings: Iterable[Finding]) -> Iterator[Metric]:
    ready = GaugeMetricFamily("parley_ready", "Whether each part works: 1 or 0.", labels=["check"])
    for one in findings:
        ready.add_metric([one.what], float(one.good))
    yield ready


def _beats(folder: Path) -> Iterator[Metric]:
    """Of those that live, by role: restarts show as an age that falls, deaths in `parley_ready`."""
    now, ages, living = time.time(), dict[str, float](), dict[str, int]()
    for one in seen(folder):
        if one.lives:
            living[one.role] = living.get(one.role, 0) + 1
            ages[one.role] = min(max(0.0, now - one.beat_at), ages.get(one.role, float("inf")))
    running = GaugeMetricFamily("parley_processes", "Processes that live and count.", labels=["process"])
    beats = GaugeMetricFamily("parley_process_beat_age_seconds", "Since its main loop came round.", labels=["process"])
    for role, number in living.items():
        running.add_metric([role], number)
        if role in BEATING:
            beats.add_metric([role], ages[role])
    yield running
    yield beats


def _stored(figures: Figures | None, age: float) -> Iterator[Metric]:
    if figures is None:
        return
    yield _gauge("parley_figures_age_seconds", "Since what is stored was counted.", age)
    yield _gauge("parley_figures_seconds", "How long counting took.", figures.seconds)
    yield _gauge("parley_customers", "Active customers.", figures.customers)
    yield _gauge("parley_customers_unread", "Customers that could not be asked for their figures.", figures.unread)
    jobs = GaugeMetricFamily("parley_jobs", "Pieces of work by kind: waiting, late, failed.", labels=["kind", "state"])
    for (kind, job_state), number in sorted(figures.jobs.items()):
        jobs.add_metric([kind, job_state], number)
    yield jobs
    renditions = GaugeMetricFamily("parley_renditions", "Recordings by what can be played.", labels=["state"])
    for state in ("pending", "failed"):
        renditions.add_metric([state], figures.renditions.get(state, 0))
    yield renditions
    yield _gauge("parley_recordings_spooled", "Recordings that ended and are not filed yet.", figures.spooled)
    for name, meaning, queue in (
        ("webhook_deliveries", "Deliveries of webhooks", figures.webhooks),
        ("mail_messages", "E-mails", figures.mail),
        ("ledger_entries", "Evidence that no log holds yet", figures.ledger),
    ):
        yield _gauge(f"parley_{name}_waiting", f"{meaning}: how many wait.", queue.waiting)
        yield _gauge(f"parley_{name}_oldest_seconds", f"{meaning}: how long the oldest waits.", queue.oldest)
    yield from _rooms(figures)
    yield _gauge("parley_database_connections", "Connections of the database server in use.", figures.connections)
    yield _gauge("parley_database_connections_allowed", "As many as it takes.", figures.connections_allowed)


def _rooms(figures: Figures) -> Iterator[Metric]:
    size = GaugeMetricFamily("parley_disk_bytes", "Size of the disk that it is on.", labels=["directory"])
    free = GaugeMetricFamily("parley_disk_free_bytes", "What is free of it.", labels=["directory"])
    for directory, room in figures.rooms.items():
        size.add_metric([directory], room.size)
        free.add_metric([directory], room.free)
    yield size
    yield free
