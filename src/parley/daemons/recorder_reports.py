"""Tells the console which calls are being recorded. A database that is slow or away never holds up a recording."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from django.db import DatabaseError

from parley.daemons.signalling_ports import Heard
from parley.recordings.api import end_live, report_live
from parley.recordings.types import LiveReport, Manifest
from parley.tenancy.api import Customer, TenancyError, TrunkEntry, scope

_log = structlog.get_logger()
_PERIOD = 4.0
"""Seconds between reports of an unchanged call; the console forgets a call after 15."""
_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class _News:
    customer: Customer
    report: LiveReport | None


class LiveReports:
    """A thread with the latest news of each call: a newer one replaces what was not told yet."""

    def __init__(self) -> None:
        self._news: dict[UUID, _News] = {}
        self._told: dict[UUID, tuple[float, bytes, bool]] = {}
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
        if told is not None and told[1:] == (manifest.sealed, held) and now - told[0] < _PERIOD:
            return
        self._told[manifest.recording_id] = (now, manifest.sealed, held)
        report = LiveReport(
            manifest=manifest, at=datetime.now(UTC), packets=heard.packets, bytes=heard.octets, on_hold=held
        )
        self._put(manifest.recording_id, _News(trunk.customer, report))

    def ended(self, trunk: TrunkEntry, recording_id: UUID) -> None:
        self._told.pop(recording_id, None)
        self._put(recording_id, _News(trunk.customer, None))

    def _put(self, recording_id: UUID, news: _News) -> None:
        with self._changed:
            if len(self._news) < _WAITING:
                self._news[recording_id] = news
                self._changed.notify()

    def _tell(self) -> None:
        while True:
            with self._changed:
                while not self._news and not self._stopped:
                    self._changed.wait()
                if not self._news:
                    return
                recording_id = next(iter(self._news))
                news = self._news.pop(recording_id)
            try:
                with scope(news.customer):
                    if news.report is None:
                        end_live(recording_id)
                    else:
                        report_live(news.report)
                self._away = False
            except (DatabaseError, TenancyError) as error:
                if not self._away:
                    _log.warning("live.untold", error=type(error).__name__)
                self._away = True
                # What is running is reported again anyway, and what ended goes stale: losing this does no harm.
                time.sleep(0.2)
