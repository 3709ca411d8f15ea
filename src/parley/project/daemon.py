"""How each process begins: reads what it inherited, and calls its `run` with explicit arguments."""

import os
import signal
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from granian.constants import Interfaces
from granian.server import Server

from parley.project.config import Config
from parley.tenancy.api import dies_with_parent

_WEB_THREADS = 16


def web(config: Config) -> None:
    """The console, the REST interface and the logs' tiles."""
    _serve(_load_web, interface=Interfaces.WSGI, host=config.web_host, port=config.web_port, workers=config.web_workers)


def events(config: Config) -> None:
    """Server-sent events: one process, however many browsers listen."""
    _serve(_load_events, interface=Interfaces.ASGINL, host=config.events_host, port=config.events_port, workers=1)


DAEMONS: Mapping[str, Callable[[Config], None]] = MappingProxyType({"web": web, "events": events})


def _serve(load: Callable[[], Any], *, interface: Interfaces, host: str, port: int, workers: int) -> None:
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
    from parley.project.wsgi import application

    return application


def _load_events() -> Any:
    _end_with_main_process()
    from parley.project.asgi import application

    return application


def _end_with_main_process() -> None:
    """A worker whose main process was killed must not keep the port."""
    dies_with_parent(signal.SIGKILL, parent=os.getppid())()
