"""Which process is there, and when it last came round: a file for each, locked while it lives, dated by its beats.

The kernel takes the lock away from whoever dies, however it dies; so a dead process is known at once, and one that
hangs by its last beat. A place outlives its process: who is started again takes it over, and counts on where the other
stopped. Places are `<role>-<number>` in one folder; they are forgotten when Parley starts afresh (`clear`).
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import ClassVar, Final

from parley.foundation.errors import ParleyError

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which the Prometheus client is told where it keeps figures; our places are beside them."""
_ROLE: Final = "PARLEY_PROCESS"
_SUFFIX: Final = ".place"
_MOST: Final = 256


class NoPlace(ParleyError):
    """More processes of one role than anybody meant to start."""

    error_id: ClassVar[str] = "monitoring.no_place"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One place: who has or had it, whether it lives, and its last beat in Unix seconds."""

    role: str
    place: str
    lives: bool
    beat_at: float


def announced(*, folder: Path, role: str) -> dict[str, str]:
    """The environment that tells a process, and those that it starts, what it is. It takes a place when it first counts
    or beats."""
    return {FOLDER: str(folder), _ROLE: role}


def become(role: str) -> None:
    """Be something else than the process that started this one."""
    os.environ[_ROLE] = role
    _own.cache_clear()


def clear(folder: Path) -> None:
    """Make `folder`, or forget all places and figures in it: nobody is there yet, and counters begin at zero."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for pattern in (f"*{_SUFFIX}", "*.db"):
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)


def place() -> str:
    """The place that this process has: nobody else has it while we live. Raises NoPlace."""
    own = _own()
    return own.taken() if own is not None else f"unnamed-{os.getpid()}"


def beat() -> None:
    """Come round: for a process's main loop, at least every few seconds. Nothing where no role is announced."""
    own = _own()
    if own is not None:
        own.taken()
        own.beat()


def seen(folder: Path) -> Iterator[Seen]:
    """Every place in `folder`, by name."""
    for file in sorted(folder.glob(f"*{_SUFFIX}")):
        with suppress(FileNotFoundError):
            place = file.name.removesuffix(_SUFFIX)
            lives = _locked(file)
            yield Seen(role=place.rpartition("-")[0], place=place, lives=lives, beat_at=file.stat().st_mtime)


@dataclass
class _Own:
    folder: Path
    role: str
    _process: int = 0
    _place: str = ""
    _file: int = -1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def taken(self) -> str:
        """Our place; a process that was forked from us takes one of its own."""
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    self._place, self._file = self._take()
                    self._process = os.getpid()
        return self._place

    def beat(self) -> None:
        os.utime(self._file)

    def _take(self) -> tuple[str, int]:
        for number in range(_MOST):
            place = f"{self.role}-{number}"
            file = os.open(self.folder / f"{place}{_SUFFIX}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                continue
            os.utime(file)
            return place, file
        raise NoPlace(f"{_MOST} processes are {self.role} already", remedy="Stop those that nobody needs.")


@cache
def _own() -> _Own | None:
    folder, role = os.environ.get(FOLDER), os.environ.get(_ROLE)
    return _Own(Path(folder), role) if folder and role else None


def _locked(file: Path) -> bool:
    """Whether somebody holds it. A process that comes up meanwhile may find our question's lock: it takes another."""
    probe = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(probe)
    return False
