"""How each process begins: reads what it inherited, and calls its `run` with explicit arguments.

A process imports only what it needs: a recorder holds no web server, a web server no media.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any

import structlog

from parley.daemons.holdings import Inherited
from parley.foundation.memory import collect_seldom
from parley.monitoring.presence import become, place
from parley.project.config import Config
from parley.project.processes import HOLD, MEDIA, SIP_TCP, SIP_UDP, STATE_KEY, spool
from parley.tenancy.api import dies_with_parent

if TYPE_CHECKING:
    from granian.constants import Interfaces

_WEB_THREADS = 8


def begin(name: str, config: Config) -> None:
    """Be the process `name` until it is asked to stop. Raises KeyError for a name that there is no process of."""
    run = DAEMONS[name]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # An exception is told by its kind and place: its text may quote what somebody sent.
            structlog.processors.ExceptionRenderer(_place_of_exception),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    collect_seldom()
    run(config)


def recorder(config: Config) -> None:
    """Takes calls and writes what is heard, sealed, into the spool."""
    from parley.daemons.recorder import Inheritance, Place, run

    inherited = Inherited.received(os.environ)
    run(
        Inheritance(
            sip_udp=inherited.socket(SIP_UDP),
            sip_tcp=inherited.socket(SIP_TCP),
            media=inherited.sockets(MEDIA),
            hold_fd=inherited.memory(HOLD),
            state_key=inherited.secret(STATE_KEY),
        ),
        Place(spool=_private(spool(config)), region=config.region, media_address=config.media_address),
    )


def worker(config: Config) -> None:
    """Makes recordings findable and playable, and does what falls due."""
    import django.db

    from parley.backups import api as backups
    from parley.daemons.worker import run
    from parley.project.wiring import courier, job_handlers, long_handlers
    from parley.recordings.scrubbing import api as scrubbing
    from parley.storage.api import open_store

    with suppress(django.db.Error):  # an absent database is waited for; what was begun before goes on by itself
        backups.begin(at=datetime.now(UTC))
        scrubbing.begin(at=datetime.now(UTC))
    run(
        spool=spool(config),
        scratch=config.data_dir / "scratch",
        store=open_store(config.objects_url, cold=config.store_cold_url, lock=config.store_lock),
        stop=_stop_wanted(),
        further=job_handlers(),
        long=long_handlers(),
        courier=courier(),
    )


def sequencer(_config: Config) -> None:
    """Integrates evidence into the customers' logs."""
    from parley.daemons.sequencer import run

    run(stop=_stop_wanted())


def intake(config: Config) -> None:
    """Takes in e-mail by which persons ask for their rights."""
    from parley.daemons.intake import run

    run(host=config.intake_host, port=config.intake_port, domain=config.intake_domain, stop=_stop_wanted())


def monitor(config: Config) -> None:
    """Figures for Prometheus, and whether all this works."""
    from parley.daemons.monitor import Listen, run
    from parley.project.backlogs import count, questions

    run(
        listen=Listen(host=config.monitor_host, port=config.monitor_port, token=config.monitor_token),
        folder=config.monitoring_dir,
        probes=questions(config),
        count=lambda: count(config),
        stop=_stop_wanted(),
    )


def web(config: Config) -> None:
    """The console, the REST interface and the logs' tiles."""
    from granian.constants import Interfaces

    _serve(_load_web, interface=Interfaces.WSGI, host=config.web_host, port=config.web_port, workers=config.web_workers)


def events(config: Config) -> None:
    """Server-sent events: one process, however many browsers listen."""
    from granian.constants import Interfaces

    _serve(_load_events, interface=Interfaces.ASGINL, host=config.events_host, port=config.events_port, workers=1)


DAEMONS: Mapping[str, Callable[[Config], None]] = MappingProxyType(
    {
        "recorder": recorder,
        "worker": worker,
        "sequencer": sequencer,
        "intake": intake,
        "monitor": monitor,
        "web": web,
        "events": events,
    }
)


def _serve(load: Callable[[], Any], *, interface: "Interfaces", host: str, port: int, workers: int) -> None:
    from granian.constants import Interfaces
    from granian.server import Server

    server = Server(
        target="parley",
        address=host,
        port=port,
        interface=interface,
        workers=workers,
        blocking_threads=_WEB_THREADS if interface is Interfaces.WSGI else 1,
        log_access=False,
        workers_kill_timeout=5,
    )
    server.serve(target_loader=load, wrap_loader=False)


def _load_web() -> Any:
    _end_with_main_process()
    become("web")
    place()  # seen from the start, not from the first request on
    from parley.project.wsgi import application

    collect_seldom()
    return application


def _load_events() -> Any:
    _end_with_main_process()
    become("events")
    place()  # seen from the start, not from the first request on
    from parley.project.asgi import application

    collect_seldom()
    return application


def _end_with_main_process() -> None:
    """A worker whose main process was killed must not keep the port."""
    dies_with_parent(signal.SIGKILL, parent=os.getppid())()


def _stop_wanted() -> Event:
    """An event that SIGTERM and SIGINT set."""
    stop = Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    return stop


def _private(directory: Path) -> Path:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def _place_of_exception(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """The kind of an exception and where it happened, without its message."""
    kind, _, trace = exc_info
    where = []
    while trace is not None:
        code = trace.tb_frame.f_code
        where.append(f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return f"{kind.__name__} at {' > '.join(where[-6:])}"
