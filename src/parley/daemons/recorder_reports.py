"""Tells the console which calls are being recorded, what was done with them, and what is the matter.

A database that is slow or away never holds up a recording: deeds and troubles wait for it, in the order in which they
happened; of running calls only the latest news does.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from parley.daemons.signalling.ports import Done, Heard
from parley.foundation.errors import ParleyError
from parley.recordings.api import alarms, answer_wish, end_live, record_steered, report_live
from parley.recordings.types import LiveReport, Manifest, Mishap, Steering
from parley.tenancy.api import Customer, DatabaseUnavailable, TenancyError, TrunkEntry, scope

_log = structlog.get_logger()
_PERIOD = 4.0
"""Seconds between reports of an unchanged call; the console forgets a call after 15."""
_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class _News:
    customer: Customer
    report: LiveReport | None


@dataclass(slots=True)
class _Happening:
    """Something that must be told, and is told in its turn. Troubles with the same `key` that wait are one."""

    customer: Customer
    tell: Callable[[int], object]
    key: str = ""
    count: int = 1


class LiveReports:
    """A thread with the latest news of each call: a newer one replaces what was not told yet."""

    def __init__(self) -> None:
        self._news: dict[UUID, _News] = {}
        self._told: dict[UUID, tuple[float, bytes, bool, Steering]] = {}
        self._happenings: deque[_Happening] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._away = False
        self._thread = threading.Thread(target=self._tell, name="live", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Tells what is left, for a few seconds at most."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(3)

    def live(self, trunk: TrunkEntry, manifest: Manifest, heard: Heard, *, held: bool) -> None:
        """Reports a running call, now and then, and at once when something about it has changed."""
        now = time.monotonic()
        told = self._told.get(manifest.recording_id)
        if told is not None and told[1:] == (manifest.sealed, held, manifest.steering) and now - told[0] < _PERIOD:
            return
        self._told[manifest.recording_id] = (now, manifest.sealed, held, manifest.steering)
        report = LiveReport(
            manifest=manifest, at=datetime.now(UTC), packets=heard.packets, bytes=heard.octets, on_hold=held
        )
        self._put(manifest.recording_id, _News(trunk.customer, report))

    def ended(self, trunk: TrunkEntry, recording_id: UUID) -> None:
        self._told.pop(recording_id, None)
        self._put(recording_id, _News(trunk.customer, None))

    def steered(self, trunk: TrunkEntry, manifest: Manifest, done: Done) -> None:
        """Leaves evidence of a deed with a running call, and answers who asked for it."""

        def tell(_count: int) -> None:
            with transaction.atomic():
                if not done.refusal:
                    record_steered(manifest, done.deed, how=done.how, by=done.by, at=done.at)
                if done.wish is not None:
                    answer_wish(done.wish, at=done.at, words=done.refusal)

        self._happened(_Happening(trunk.customer, tell))

    def trouble(self, trunk: TrunkEntry, trouble: Mishap) -> None:
        """Raises an alarm, or counts one more call on it."""
        self._happened(
            _Happening(trunk.customer, lambda count: alarms.raise_alarm(trouble, calls=count), key=trouble.key)
        )

    def well_again(self, trunk: TrunkEntry, key: str, at: datetime) -> None:
        """Ends alarms by themselves."""
        self._happened(_Happening(trunk.customer, lambda _count: alarms.clear(key, at=at)))

    def _happened(self, happening: _Happening) -> None:
        with self._changed:
            last = self._happenings[-1] if self._happenings else None
            if happening.key and last is not None and last.key == happening.key:
                last.count += 1
            elif len(self._happenings) < _WAITING:
                self._happenings.append(happening)
            self._changed.notify()

    def _put(self, recording_id: UUID, news: _News) -> None:
        with self._changed:
            if len(self._news) < _WAITING:
                self._news[recording_id] = news
                self._changed.notify()

    def _tell(self) -> None:
        while True:
            with self._changed:
                while not self._news and not self._happenings and not self._stopped:
                    self._changed.wait()
                if not self._news and not self._happenings:
                    return
                happening = self._happenings.popleft() if self._happenings else None
                recording_id = next(iter(self._news)) if self._news else None
                news = self._news.pop(recording_id) if recording_id is not None else None
            if happening is not None and not self._told_of(happening):
                with self._changed:
                    if self._stopped:
                        return
                    self._happenings.appendleft(happening)
            if recording_id is not None and news is not None:
                self._show(recording_id, news)

    def _told_of(self, happening: _Happening) -> bool:
        """Whether that could be told; what cannot be now is told later."""
        try:
            with scope(happening.customer):
                happening.tell(happening.count)
        except (OperationalError, InterfaceError, DatabaseUnavailable) as error:
            self._unheard(error)
            return False
        except (DatabaseError, ParleyError) as error:
            _log.error("happening.untold", error=type(error).__name__)
        self._away = False
        return True

    def _show(self, recording_id: UUID, news: _News) -> None:
        try:
            with scope(news.customer):
                if news.report is None:
                    end_live(recording_id)
                else:
                    report_live(news.report)
            self._away = False
        except (DatabaseError, TenancyError) as error:
            # What is running is reported again anyway, and what ended goes stale: losing this does no harm.
            self._unheard(error)

    def _unheard(self, error: Exception) -> None:
        if not self._away:
            _log.warning("live.untold", error=type(error).__name__)
        self._away = True
        time.sleep(0.2)
