"""What waits, over all customers together: the monitor's figures, from the parts that know them."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import django.db
import structlog
from django.db import connection, connections

from parley.ledger import api as ledger
from parley.mail import api as mail
from parley.monitoring import api as monitoring
from parley.obligations import api as obligations
from parley.project.config import Config
from parley.project.processes import spool
from parley.recordings import api as recordings
from parley.storage.api import ObjectStore, open_store
from parley.tenancy import api as tenancy
from parley.webhooks import api as webhooks

_log = structlog.get_logger(__name__)
_RENDITIONS_OF: Final = timedelta(days=7)
_MANY_SPOOLED: Final = 50
_LEAST_FREE: Final = 0.1
_DATABASE_SECONDS: Final = 1.0
_STORE_SECONDS: Final = 10.0
_CONNECTIONS: Final = "SELECT sum(numbackends), current_setting('max_connections')::int FROM pg_stat_database"


def questions(config: Config) -> tuple[monitoring.Probe, ...]:
    """What the monitor asks again and again besides looking at processes."""
    return (
        monitoring.Probe("database", monitoring.database, every=_DATABASE_SECONDS),
        monitoring.Probe("objects", partial(_ask_store, config), every=_STORE_SECONDS),
    )


def examined(config: Config) -> list[monitoring.Finding]:
    """The same, asked once and now."""
    now = datetime.now(UTC)
    roles = {**monitoring.ROLES, "monitor": monitoring.PATIENCE * 2}
    return [
        monitoring.database(),
        _ask_store(config),
        *monitoring.processes(config.monitoring_dir, now=now, roles=roles),
    ]


def count(config: Config) -> monitoring.Figures:
    """The figures now. A customer that cannot be asked is counted as that; raises django.db.Error without the
    provider's database."""
    begun, now = time.monotonic(), datetime.now(UTC)
    customers = tenancy.customers()
    jobs, renditions, unread = Counter[tuple[str, monitoring.JobState]](), Counter[str](), 0
    queues = {"webhooks": monitoring.Queue(), "mail": monitoring.Queue(), "ledger": monitoring.Queue()}
    for customer in (*customers, tenancy.provider()):
        try:
            with tenancy.scope(customer):
                jobs.update(obligations.backlog(now=now))
                renditions.update(recordings.unplayable(since=now - _RENDITIONS_OF))
                for name, queue in _queues(now):
                    queues[name] += queue
        except (django.db.Error, tenancy.TenancyError) as error:
            unread += 1
            _log.warning("monitor.customer_unread", customer=str(customer.id), error=type(error).__name__)
    with connections["provider"].cursor() as cursor:
        cursor.execute(_CONNECTIONS)
        used, allowed = cursor.fetchone()
    return monitoring.Figures(
        customers=len(customers),
        unread=unread,
        jobs=jobs,
        renditions=renditions,
        spooled=sum(1 for _ in recordings.closed_recordings(spool(config))),
        rooms=dict(_rooms(config)),
        connections=int(used),
        connections_allowed=allowed,
        seconds=time.monotonic() - begun,
        **queues,
    )


def burdens(figures: monitoring.Figures) -> Iterator[monitoring.Finding]:
    """What waits, in words, and what to do where it waits too long. Parley works all the same."""
    states = Counter[str]()
    for (_, state), number in figures.jobs.items():
        states[state] += number
    yield monitoring.Finding(
        what="work", good=not states["late"] and not states["failed"],
        found=f"{states['waiting']} waiting, {states['late']} late, {states['failed']} failed",
        remedy="See parley_jobs of /metrics for the kinds, and logs/worker.log.",
    )  # fmt: skip
    yield monitoring.Finding(
        what="spool", good=figures.spooled < _MANY_SPOOLED, found=f"{figures.spooled} recordings not filed yet",
        remedy="See recording.not_finalised in logs/worker.log.",
    )  # fmt: skip
    for what, queue, limit, remedy in (
        ("webhooks", figures.webhooks, 3600, "The receiver may be away: see Integrations in the customer's console."),
        ("mail", figures.mail, 3600, "See: parley mail waiting"),
        ("evidence", figures.ledger, 120, "See logs/sequencer.log."),
    ):
        found = f"{queue.waiting} waiting, the oldest for {queue.oldest:.0f} s"
        yield monitoring.Finding(what=what, good=queue.oldest < limit, found=found, remedy=remedy)
    for name, room in figures.rooms.items():
        yield monitoring.Finding(
            what=f"disk of {name}", good=room.free >= _LEAST_FREE * room.size, found=f"{room.free >> 30} GiB free",
            remedy="Make room: when it is full, calls are refused.",
        )  # fmt: skip


def _queues(now: datetime) -> Iterator[tuple[str, monitoring.Queue]]:
    """Of the customer in scope."""
    due = webhooks.backlog()
    yield "webhooks", _queue(due.waiting, due.due_since, now)
    yield "mail", mail.backlog(now=now)
    with connection.cursor() as cursor:
        yield "ledger", _queue(*ledger.waiting(cursor), now)


def _queue(waiting: int, since: datetime | None, now: datetime) -> monitoring.Queue:
    return monitoring.Queue(waiting=waiting, oldest=max(0.0, (now - since).total_seconds()) if since else 0.0)


@cache
def _opened(url: str, cold: str) -> ObjectStore:
    return open_store(url, cold=cold)


def _ask_store(config: Config) -> monitoring.Finding:
    return monitoring.store(lambda: _opened(config.objects_url, config.store_cold_url), folder=_folder(config))


def _rooms(config: Config) -> Iterator[tuple[str, monitoring.Room]]:
    for name, folder in (("spool", spool(config)), ("objects", _folder(config))):
        if folder is not None and folder.is_dir():
            usage = shutil.disk_usage(folder)
            yield name, monitoring.Room(size=usage.total, free=usage.free)


def _folder(config: Config) -> Path | None:
    """Where a store of files is; None for S3."""
    parts = urlsplit(config.objects_url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
