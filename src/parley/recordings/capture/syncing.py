"""The thread that waits for the disk, so that the draining thread never does."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from .disk import Disk
from .journal import Journal


class Syncer:
    """After each `request`: one sync of the journal, or of everything when a part is new or a segment is to be
    retired."""

    def __init__(self, disk: Disk, journal: Journal, spool: Path, failed: Callable[[OSError], object]) -> None:
        self._disk = disk
        self._journal = journal
        self._spool = spool
        self._failed = failed
        self.seconds = 0.0
        """How long a sync takes, going by the last ones: the slowest, slowly forgotten."""
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._everything = False
        self._retire_before = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="capture-sync", daemon=True)

    def start(self) -> None:
        """Begin to serve requests."""
        self._thread.start()

    def stop(self) -> None:
        """End, after one last sync. Raises OSError."""
        self._stopped = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.serve()

    def request(self, *, everything: bool = False, retire_before: int = 0) -> None:
        """Sync soon; then delete journal segments before `retire_before`, whose content is safe elsewhere by then."""
        with self._lock:
            self._everything |= everything or retire_before > 0
            self._retire_before = max(self._retire_before, retire_before)
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped:
            self._wake.wait()
            self._wake.clear()
            try:
                self.serve()
            except OSError as error:
                self._failed(error)

    def serve(self) -> None:
        """Do what was requested. Raises OSError."""
        with self._lock:
            everything, retire_before = self._everything, self._retire_before
            self._everything, self._retire_before = False, 0
        began = time.monotonic()
        if everything:
            self._disk.sync_all(self._spool)
        else:
            self._journal.sync()
        self.seconds = max(time.monotonic() - began, self.seconds * 0.9)
        if retire_before:
            self._journal.retire(retire_before)
