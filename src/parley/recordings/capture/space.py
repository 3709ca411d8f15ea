"""Room on the disk: when to refuse new recordings, when to end running ones, and a reserve so that ending them
succeeds."""

import contextlib
from pathlib import Path

from .disk import Disk

_RESERVE_FILE = "reserve"


class Space:
    """Watches the file system of `spool`. Below `floor` bytes free nothing new begins; below half of it, what runs
    ends.

    A reserve of an eighth of `floor` lies in a file of its own: it is given back when the disk is full, so that sealed
    chunks, tails and `closed.json` still find room.
    """

    def __init__(self, disk: Disk, spool: Path, *, floor: int) -> None:
        self._disk = disk
        self._spool = spool
        self._floor = floor
        self._path = spool / _RESERVE_FILE
        self._reserved = self._path.exists()
        self.ample = True
        self.exhausted = False

    def look(self) -> None:
        """Measure. `ample`: new recordings may begin; `exhausted`: running ones must end."""
        try:
            free = self._disk.free(self._spool)
        except OSError:
            free = 0
        if not self._reserved and free > self._floor + self._floor // 8:
            with contextlib.suppress(OSError):
                self._disk.set_aside(self._path, self._floor // 8)
                self._reserved = True
        self.ample = self._reserved and free >= self._floor
        self.exhausted = free < self._floor // 2

    def give_back(self) -> bool:
        """Free the reserve; whether there was one. Nothing new begins until it is there again."""
        had, self._reserved, self.ample = self._reserved, False, False
        self._disk.remove(self._path)
        return had
