"""The trunk directory, read again and again; what was read last stays while the database is away."""

import threading

import structlog
from django.db import DatabaseError, close_old_connections

from parley.tenancy.api import TenancyError, TrunkDirectory, trunk_directory

_log = structlog.get_logger()
_PERIOD = 1.0


class TrunkReader:
    """A thread that keeps `current()` at most two seconds old: as long may pass until a suspension is known."""

    def __init__(self) -> None:
        self._directory: TrunkDirectory | None = None
        self._stopped = threading.Event()
        self._tried = threading.Event()
        self._thread = threading.Thread(target=self._read, name="trunks", daemon=True)
        self._away = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(5)

    def wait(self, *, seconds: float) -> None:
        """Returns when the directory was read once, or could not be; at the latest after `seconds`."""
        self._tried.wait(seconds)

    def current(self) -> TrunkDirectory | None:
        """The directory as last read; None before the first time."""
        return self._directory

    def _read(self) -> None:
        while not self._stopped.is_set():
            try:
                close_old_connections()
                self._directory = trunk_directory()
                if self._away:
                    _log.info("trunks.read-again", trunks=len(self._directory.entries))
                self._away = False
            except (DatabaseError, TenancyError, OSError) as error:
                if not self._away:
                    _log.warning("trunks.unreadable", error=type(error).__name__)
                self._away = True
            self._tried.set()
            self._stopped.wait(_PERIOD)
