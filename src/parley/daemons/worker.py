"""The worker: closed recordings become rows and evidence, and what is due for any customer gets done.

A thread for each, so that rendering a long call keeps no other call out of the console, an export, a backup or a
destruction keeps no deadline and no overdue duty waiting, and a slow receiver of webhooks nobody at all. The process
may be killed at any moment: each step is a transaction that happened or did not, and what is left is found again, in
the spool or as an open deadline. A database or a store that is away is waited for; a directory that is damaged is left
alone and named.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Literal
from uuid import UUID

import django.db
import structlog

from parley.foundation.errors import ParleyError
from parley.monitoring import api as monitoring
from parley.obligations import api as obligations
from parley.recordings import api as recordings
from parley.storage.api import ObjectStore, StorageError
from parley.tenancy import api as tenancy
from parley.webhooks import api as webhooks

_log = structlog.get_logger(__name__)
_LEASE = timedelta(seconds=60)
"""A customer whose deadlines are being run is looked at again after this, should the worker die over them."""
_FIRST_RETRY, _LONGEST_RETRY = 2.0, 300.0
_WATCH_PAUSE = 5.0
_COURIERS = 3
"""Threads that deliver webhooks: a customer whose receiver is slow leaves two to the others."""


@dataclass
class Finaliser:
    """Finalises what is closed in `spool`; what fails waits longer each time, and holds nothing else up."""

    spool: Path
    store: ObjectStore
    _waiting: dict[Path, tuple[float, float]] = field(default_factory=dict)

    def turn(self, *, now: datetime, clock: float) -> int:
        """Finalises every closed recording that is not waiting; how many. `clock` is monotonic, in seconds.

        Raises django.db.Error when the database is away.
        """
        done = 0
        closed = list(recordings.closed_recordings(self.spool))
        self._waiting = {path: entry for path, entry in self._waiting.items() if path in closed}
        for directory in closed:
            retry_at, _ = self._waiting.get(directory, (clock, 0.0))
            if retry_at > clock:
                continue
            try:
                recordings.finalize(directory, store=self.store, now=now)
            except (ParleyError, OSError, django.db.IntegrityError, django.db.DataError) as error:
                self._put_off(directory, error, clock)
            else:
                done += 1
        return done

    def _put_off(self, directory: Path, error: Exception, clock: float) -> None:
        _, pause = self._waiting.get(directory, (0.0, 0.0))
        pause = min(max(pause * 2, _FIRST_RETRY), _LONGEST_RETRY)
        monitoring.count_put_off()
        self._waiting[directory] = clock + pause, pause
        _log.error("recording.not_finalised", recording=directory.name, error_id=_name(error), retry_seconds=pause)


@dataclass
class Runner:
    """Runs due deadlines of all customers, until `stop` is set: then what is begun is finished, and nothing more."""

    handlers: Mapping[str, obligations.Handler]
    stop: Event = field(default_factory=Event)
    what: Literal["jobs", "long"] = "jobs"

    def turn(self, *, now: datetime) -> int:
        """Does what is due for every customer that is to be woken; how many pieces of work were done."""
        done = 0
        for customer_id in tenancy.due_wakes(self.what, now):
            if self.stop.is_set():
                break
            tenancy.rest(customer_id, self.what, seen=now, due=now + _LEASE)
            customer = tenancy.by_id(customer_id)
            if customer is None:
                tenancy.rest(customer_id, self.what, seen=now + _LEASE, due=None)
                continue
            outcome = obligations.run_due(customer, handlers=self.handlers, now=now, stop=self.stop.is_set)
            done += outcome.done
            if outcome.next_due is None:
                # A wake that came meanwhile is earlier than the lease, and stays.
                continue
            tenancy.wake(customer_id, self.what, outcome.next_due)
        return done

    def sweep(self, *, now: datetime, long: Collection[str] = ()) -> None:
        """Finds open deadlines and deliveries whose wake was lost, and forgets calls whose recorder fell silent;
        gives recorders the policies as people and groups are now."""
        obligations.sweep(kinds=self.handlers, long=long, stop=self.stop.is_set)
        for customer in tenancy.customers():
            if self.stop.is_set():
                break
            with tenancy.scope(customer):
                recordings.forget_stale(now=now)
                recordings.refresh_policies()
                webhooks.sweep(now=now)


@dataclass
class Watch:
    """Looks after duties apart from all other work: what is overdue is overdue at once, however long a call renders.

    The provider's calendar says of whom; a customer of whom nothing could be done is left to the Runner for a while.
    """

    handlers: Mapping[str, obligations.Handler]
    _later: dict[UUID, float] = field(default_factory=dict)

    def turn(self, *, now: datetime, clock: float) -> int:
        """Does what duties ask for now; how many pieces of work were done. `clock` is monotonic, in seconds."""
        done = 0
        needy = obligations.in_need(at=now) if self.handlers else []
        self._later = {one: until for one, until in self._later.items() if until > clock}
        for customer_id in needy:
            if customer_id in self._later:
                continue
            customer = tenancy.by_id(customer_id)
            outcome = obligations.run_due(customer, handlers=self.handlers, now=now) if customer else None
            if outcome is None or not outcome.done:
                self._later[customer_id] = clock + _WATCH_PAUSE
            else:
                done += outcome.done
        return done


@dataclass
class Deliveries:
    """Delivers the webhooks of all customers that are to be woken for it."""

    courier: webhooks.Courier
    stop: Event

    def turn(self, *, now: datetime) -> int:
        """What is due for every such customer; how many attempts were made."""
        tried = 0
        for customer_id in tenancy.due_wakes("webhooks", now):
            if self.stop.is_set():
                break
            tenancy.rest(customer_id, "webhooks", seen=now, due=now + _LEASE)
            customer = tenancy.by_id(customer_id)
            if customer is None:
                tenancy.rest(customer_id, "webhooks", seen=now + _LEASE, due=None)
                continue
            tried += self.courier.turn(customer, stop=self.stop.is_set)
        return tried


def handlers(*, store: ObjectStore, scratch: Path) -> Mapping[str, obligations.Handler]:
    """The kinds of work that this worker knows."""
    return {recordings.RENDER: partial(recordings.render_recording, store=store, scratch=scratch)}


def run(
    *,
    spool: Path,
    scratch: Path,
    store: ObjectStore,
    stop: Event,
    further: Mapping[str, obligations.Handler] | None = None,
    long: Mapping[str, obligations.Handler] | None = None,
    courier: webhooks.Courier | None = None,
    poll_seconds: float = 0.25,
    sweep_seconds: float = 60.0,
) -> None:
    """Works until `stop` is set. `scratch` (sealed files while they grow) is emptied first; `further` adds handlers,
    `long` those of long work; `courier` delivers webhooks."""
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    recordings.sweep_discarded(spool)
    recordings.sweep_scratch(scratch)
    finaliser = Finaliser(spool, store)
    runner = Runner({**handlers(store=store, scratch=scratch), **(further or {})}, stop)
    long_runner = Runner(long or {}, stop, "long")
    watch = Watch({kind: handler for kind, handler in runner.handlers.items() if kind in obligations.handlers()})
    swept = -sweep_seconds

    def run_deadlines() -> None:
        nonlocal swept
        now = datetime.now(UTC)
        if time.monotonic() - swept >= sweep_seconds:
            runner.sweep(now=now, long=long_runner.handlers)
            swept = time.monotonic()
        runner.turn(now=now)

    def run_long() -> None:
        long_runner.turn(now=datetime.now(UTC))

    def deliver(deliveries: Deliveries) -> None:
        deliveries.turn(now=datetime.now(UTC))

    def finalise() -> None:
        finaliser.turn(now=datetime.now(UTC), clock=time.monotonic())

    def watch_duties() -> None:
        monitoring.beat()  # of all loops the one whose work is always short: the others may be long at one piece
        watch.turn(now=datetime.now(UTC), clock=time.monotonic())

    loop = partial(_repeat, stop=stop, poll_seconds=poll_seconds)
    threads = [
        Thread(target=loop, args=(run_deadlines,), name="deadlines"),
        Thread(target=loop, args=(run_long,), name="long"),
        Thread(target=partial(loop, poll_seconds=max(poll_seconds, 1.0)), args=(watch_duties,), name="duties"),
    ]
    if courier is not None:
        step = partial(deliver, Deliveries(courier, stop))
        threads += [Thread(target=loop, args=(step,), name=f"webhooks-{number}") for number in range(_COURIERS)]
    for thread in threads:
        thread.start()
    try:
        loop(finalise)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _repeat(step: Callable[[], None], *, stop: Event, poll_seconds: float) -> None:
    """`step` again and again until `stop`; an absent database or store is waited for, any other error ends us all."""
    try:
        while not stop.is_set():
            try:
                step()
            except (django.db.Error, tenancy.DatabaseUnavailable, StorageError) as error:
                _log.warning("worker.waiting", error_id=_name(error))
                django.db.connections.close_all()
                stop.wait(1.0)
            stop.wait(poll_seconds)
    finally:
        stop.set()
        django.db.connections.close_all()


def _name(error: Exception) -> str:
    return error.error_id if isinstance(error, ParleyError) else type(error).__name__
