"""Everything that one machine needs, until somebody wants it to stop; and the database alone, for one command."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from parley.daemons.holdings import Holdings
from parley.daemons.supervisor import Narrator, Supervisor
from parley.project.config import Config
from parley.project.processes import database, services, take_ports
from parley.storage.api import StoreUnavailableError, open_store, require_lockable
from parley.tenancy import api as tenancy


def run(config: Config, *, narrate: Narrator, when_ready: Callable[[], None] | None = None) -> None:
    """Start all processes, keep them running until a signal asks to stop, then stop them.

    `when_ready` runs in a thread of its own once everything works. Called from the main thread, Django being set up.
    Raises PortTaken, DirectoryTaken, NeverReady, DatabaseUnavailable, NotLockableError; nothing is left running then.
    """
    _require_lockable(config)
    holdings = Holdings()
    supervisor = Supervisor(data=config.data_dir, holdings=holdings, narrate=narrate)
    try:
        take_ports(config, holdings)
        _prepare_database(config, supervisor)
        if not supervisor.stopping:
            supervisor.start(*services(config))
        if when_ready is not None and not supervisor.stopping:
            threading.Thread(target=when_ready, name="when ready", daemon=True).start()
        supervisor.watch()
    finally:
        supervisor.stop()


def _require_lockable(config: Config) -> None:
    """Raises NotLockableError when objects are to be locked and their bucket cannot. A store that does not answer now
    is waited for: each upload that is to be locked asks again, and stores nothing unlocked."""
    if config.store_lock:
        with suppress(StoreUnavailableError):
            require_lockable(open_store(config.objects_url, lock=config.store_lock))


def _prepare_database(config: Config, supervisor: Supervisor) -> None:
    tenancy.make_root_key()
    if not config.database_url:
        server = tenancy.embedded()
        server.prepare()
        supervisor.start(database(server))
    if not supervisor.stopping:
        tenancy.prepare()


@contextmanager
def database_running(config: Config) -> Iterator[None]:
    """The database for the length of the block: the running one, else an embedded one that is started for it."""
    tenancy.make_root_key()
    if config.database_url or tenancy.embedded().ready():
        tenancy.prepare()
        yield
        return
    supervisor = Supervisor(data=config.data_dir, holdings=Holdings(), narrate=_silently)
    try:
        _prepare_database(config, supervisor)
        yield
    finally:
        supervisor.stop()


def log_file(config: Config, process: str) -> Path:
    """Where a process of this installation writes what it has to say."""
    return config.data_dir / "logs" / f"{process}.log"


def _silently(_event: str, /, *, process: str, **_facts: object) -> None:
    """Tells nobody: a command that needs the database for a moment speaks of its own result alone."""
