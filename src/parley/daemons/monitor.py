"""The monitor: /metrics, /healthz and /readyz for operators and their tools, from one place for all processes.

It holds nothing up and nothing holds it up: questions to the database and the store are asked in threads of their own,
customers are counted in another, at a pace that leaves the database to others; who asks gets the last answers.
"""

import hmac
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event
from typing import Final

import django.db
import structlog

from parley.monitoring import api as monitoring
from parley.tenancy import api as tenancy

_log = structlog.get_logger(__name__)
_COUNT_SECONDS: Final = 5.0
_SHARE: Final = 4.0
"""Between two counts lies this many times what the last one took: all customers cost a fifth of one connection."""
_SECONDS_OF_SILENCE: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Listen:
    """Where it answers (`port` 0: nowhere), and whom: with a `token` those who bring it, else anybody there."""

    host: str
    port: int
    token: str = ""

    def admits(self, authorization: str) -> bool:
        """Whether that header opens everything."""
        given = authorization.removeprefix("Bearer ").encode("utf-8", "replace")
        return not self.token or hmac.compare_digest(given, self.token.encode())


class Monitor:
    """What is known now. `count` takes the figures of all customers."""

    def __init__(
        self, *, folder: Path, probes: Sequence[monitoring.Probe], count: Callable[[], monitoring.Figures]
    ) -> None:
        self._folder, self._probes, self._count = folder, probes, count
        self._figures: monitoring.Figures | None = None
        self._counted = 0.0

    def findings(self) -> list[monitoring.Finding]:
        """Every part of Parley, whether it works."""
        probed = [probe.finding() for probe in self._probes]
        return [*probed, *monitoring.processes(self._folder, now=datetime.now(UTC))]

    def metrics(self) -> bytes:
        """Everything for Prometheus."""
        return monitoring.exposition(
            folder=self._folder,
            figures=self._figures,
            age=time.monotonic() - self._counted,
            findings=self.findings(),
        )

    def count_until(self, stop: Event) -> None:
        """Counts again and again; a database that is away leaves the last figures, which grow old visibly."""
        took = 0.0
        while not stop.is_set():
            begun = time.monotonic()
            try:
                self._figures, self._counted = self._count(), time.monotonic()
            except (django.db.Error, tenancy.DatabaseUnavailable) as error:
                _log.warning("monitor.uncounted", error=type(error).__name__)
                django.db.connections.close_all()
            took = time.monotonic() - begun
            stop.wait(max(_COUNT_SECONDS, _SHARE * took))
        django.db.connections.close_all()


def run(
    *,
    listen: Listen,
    folder: Path,
    probes: Sequence[monitoring.Probe],
    count: Callable[[], monitoring.Figures],
    stop: Event,
) -> None:
    """Watches until `stop` is set. `folder` is where processes count and live."""
    monitor = Monitor(folder=folder, probes=probes, count=count)
    for probe in probes:
        probe.start()
    # Dies with the process: a customer whose database hangs must not keep the monitor from ending.
    threading.Thread(target=monitor.count_until, args=(stop,), name="count", daemon=True).start()
    server = _served(listen, monitor) if listen.port else None
    while not stop.is_set():
        monitoring.beat()
        monitoring.keep_answer(folder, ready=all(one.good for one in monitor.findings()))
        stop.wait(1.0)
    monitoring.keep_answer(folder, ready=False)
    if server is not None:
        server.shutdown()
        server.server_close()
    for probe in probes:
        probe.stop()


def _served(listen: Listen, monitor: Monitor) -> ThreadingHTTPServer:
    class Answers(_Answers):
        place, known = listen, monitor

    server = _Server((listen.host, listen.port), Answers)
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


class _Answers(BaseHTTPRequestHandler):
    place: Listen
    known: Monitor
    timeout = _SECONDS_OF_SILENCE
    server_version, sys_version = "parley", ""

    def do_GET(self) -> None:
        admitted = self.place.admits(self.headers.get("Authorization", ""))
        path = self.path.partition("?")[0]
        if path == "/healthz":
            self._say(HTTPStatus.OK, {"ok": True})
        elif path == "/readyz":
            told = monitoring.answer(self.known.findings())
            status = HTTPStatus.OK if told["ready"] else HTTPStatus.SERVICE_UNAVAILABLE
            self._say(status, told if admitted else {"ready": told["ready"]})
        elif path != "/metrics":
            self._say(HTTPStatus.NOT_FOUND, {"error": "there is /metrics, /healthz and /readyz"})
        elif not admitted:
            self._say(HTTPStatus.UNAUTHORIZED, {"error": "bring monitor.token as a bearer token"})
        else:
            self._send(HTTPStatus.OK, self.known.metrics(), monitoring.CONTENT_TYPE)

    def _say(self, status: HTTPStatus, told: dict[str, object]) -> None:
        self._send(status, json.dumps(told).encode(), "application/json")

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        if status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: who asks every few seconds fills no log."""
