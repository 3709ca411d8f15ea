"""Runs Parley's processes on one machine: none is missing while it lives, none is left when it ends.

It stays small on purpose, for it must not die: no database, no network, no thread of its own. Children end with it
whatever happens (PR_SET_PDEATHSIG), and each has a process group of its own: what a dead child started is swept up too.
"""

import fcntl
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

from parley.daemons.holdings import Holdings
from parley.foundation.errors import ParleyError
from parley.tenancy.api import dies_with_parent

_STOPPING: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_AWAITED: Final = _STOPPING | {signal.SIGCHLD}
_BACKOFF: Final = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # seconds before the first, second, ... restart in a row
_STEADY_SECONDS: Final = 4.0  # who ran that long starts afresh in the row
_LOG_LIMIT: Final = 16 << 20
_OPEN_FILES: Final = 1 << 16


class DirectoryTaken(ParleyError):
    """Another Parley runs on this data directory."""

    error_id: ClassVar[str] = "daemons.directory_taken"


class NeverReady(ParleyError):
    """A process did not become ready in time, or ended before it was."""

    error_id: ClassVar[str] = "daemons.never_ready"


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """One process: how to start it, what it inherits, how to know that it works, how to end it.

    `before` runs before every start. `ready` is asked until it says yes; without it a started process is ready.
    `account` are `subprocess.Popen`'s `user`, `group` and `extra_groups` where it runs as somebody else.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    inherits: Sequence[str] = ()
    account: Mapping[str, Any] = field(default_factory=dict)
    before: Callable[[], None] | None = None
    ready: Callable[[], bool] | None = None
    ready_seconds: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL  # what the kernel sends it when the supervisor dies


class Narrator(Protocol):
    """Who is told what happens, in words for people."""

    def __call__(self, event: str, /, *, process: str, **facts: object) -> None: ...


@dataclass
class _Child:
    spec: ProcessSpec
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    restart_at: float | None = None
    failures: int = 0


class Supervisor:
    """`start` what must run in order, `watch` until somebody wants it to end, `stop`. All from the main thread.

    Signals that end or inform it are blocked from construction on and taken one by one, so that none comes at a bad
    moment. `data` is the directory that only one supervisor may work on, `holdings` what the processes inherit.
    """

    def __init__(self, *, data: Path, holdings: Holdings, narrate: Narrator) -> None:
        self._data = data
        self._holdings = holdings
        self._narrate = narrate
        self._children: list[_Child] = []
        self._stop_wanted = False
        self._lock = _take(data)
        signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
        _allow_open_files()
        # A dumped recorder or worker would write keys and speech to a disk in clear; children inherit the limit.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def start(self, *specs: ProcessSpec) -> None:
        """Start processes side by side and return when all are ready.

        Raises NeverReady when one ends or stays unready for its time; a wish to stop meanwhile returns early.
        """
        waiting = [_Child(spec) for spec in specs]
        for child in waiting:
            self._children.append(child)
            self._spawn(child)
        while waiting and not self._stop_wanted:
            for child in [each for each in waiting if each.spec.ready is None or each.spec.ready()]:
                waiting.remove(child)
                self._narrate("ready", process=child.spec.name, seconds=round(time.monotonic() - child.started, 2))
            for child in waiting:
                if child.failures or time.monotonic() - child.started > child.spec.ready_seconds:
                    raise NeverReady(f"{child.spec.name} does not come up", remedy=f"See {self.log(child.spec.name)}.")
            if waiting:
                self._attend(timeout=0.05)

    def watch(self) -> None:
        """Replace what dies until SIGTERM, SIGINT or SIGHUP asks to stop."""
        while not self._stop_wanted:
            self._attend(timeout=self._next_restart())

    def stop(self) -> None:
        """End all processes, the first started last; whoever does not end in time is killed. A second wish hurries."""
        self._end(self._children[1:])
        self._end(self._children[:1])
        self._holdings.close()
        os.close(self._lock)

    def pid(self, name: str) -> int | None:
        """The process id of a running process."""
        for child in self._children:
            if child.spec.name == name and child.process is not None:
                return child.process.pid
        return None

    def log(self, name: str) -> Path:
        """Where a process writes what it has to say."""
        return self._data / "logs" / f"{name}.log"

    @property
    def stopping(self) -> bool:
        """Whether somebody wants it to end."""
        return self._stop_wanted

    def _spawn(self, child: _Child) -> None:
        spec = child.spec
        if spec.before is not None:
            spec.before()
        with _opened_log(self.log(spec.name)) as log:
            child.process = subprocess.Popen(
                list(spec.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={**spec.environment, **self._holdings.environment(spec.inherits)},
                pass_fds=self._holdings.descriptors(spec.inherits),
                start_new_session=True,
                preexec_fn=_readied(spec.death_signal),  # noqa: PLW1509 - this process has one thread
                **spec.account,
            )
        child.started, child.restart_at = time.monotonic(), None

    def _attend(self, *, timeout: float) -> None:
        """Wait at most `timeout` seconds for something to happen, then do what it asks for."""
        taken = signal.sigtimedwait(_AWAITED, timeout)
        if taken is not None and taken.si_signo in _STOPPING:
            self._stop_wanted = True
            return
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, now=now)
            if child.restart_at is not None and child.restart_at <= now and not self._stop_wanted:
                self._spawn(child)
                self._narrate("started again", process=child.spec.name)

    def _bury(self, child: _Child, *, now: float) -> None:
        """Note a death, sweep up what it started, and say when the next one is born."""
        process = child.process
        if process is None:
            return
        _signal_group(process.pid, signal.SIGKILL)
        child.process = None
        child.failures = 0 if now - child.started >= _STEADY_SECONDS else child.failures + 1
        child.restart_at = now + _BACKOFF[min(max(child.failures - 1, 0), len(_BACKOFF) - 1)]
        self._narrate("ended", process=child.spec.name, status=process.returncode)

    def _next_restart(self) -> float:
        """Seconds until something is to be done without a signal."""
        due = [child.restart_at for child in self._children if child.restart_at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else 3600.0

    def _end(self, children: Sequence[_Child]) -> None:
        running = [(child.spec, child.process) for child in children if child.process is not None]
        for spec, process in running:
            process.send_signal(spec.stop_signal)
        end = {spec.name: time.monotonic() + spec.stop_seconds for spec, _ in running}
        while running := [(spec, process) for spec, process in running if process.poll() is None]:
            taken = signal.sigtimedwait(_AWAITED, 0.1)
            hurry = taken is not None and taken.si_signo in _STOPPING
            for spec, process in running:
                if hurry or time.monotonic() > end[spec.name]:
                    self._narrate("killed", process=spec.name)
                    process.kill()
        for child in children:
            if child.process is not None:
                _signal_group(child.process.pid, signal.SIGKILL)
                self._narrate("stopped", process=child.spec.name)
                child.process = None


def _take(data: Path) -> int:
    """Be the only supervisor of `data`: the lock goes with this process, however it ends. Raises DirectoryTaken."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = os.open(data / "parley.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DirectoryTaken(f"{data} cannot be used: {error.strerror}", remedy="Set PARLEY_DATA_DIR.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(lock)
        raise DirectoryTaken(
            f"Parley runs on {data} already (process {owner})", remedy="Stop that one, or set PARLEY_DATA_DIR."
        ) from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _readied(death_signal: signal.Signals) -> Callable[[], None]:
    """What a child does before it becomes its program: die with us, and take signals again."""
    arrange = dies_with_parent(death_signal)

    def ready() -> None:
        arrange()
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    return ready


def _signal_group(pid: int, sign: signal.Signals) -> None:
    try:
        os.killpg(pid, sign)
    except (ProcessLookupError, PermissionError):  # nobody is left, or only what another account runs
        return


def _opened_log(file: Path) -> Any:
    """The log for appending; a long one makes room first."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if file.exists() and file.stat().st_size > _LOG_LIMIT:
        file.replace(file.with_suffix(".log.1"))
    return file.open("ab")


def _allow_open_files() -> None:
    """As many open files as we may have: a recording machine has a socket per stream, a web server one per browser."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else max(soft, _OPEN_FILES)
    if os.getuid() == 0 and wanted < _OPEN_FILES:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
        except (ValueError, OSError):  # a container may forbid more
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
