"""A receiver of webhooks for tests: a real HTTP server that verifies with the reference library, and misbehaves.

    with receiving() as receiver:
        receiver.mode = "500"
        receiver.secrets = [secret]
        ...
        assert receiver.ids == [...]

`mode`: a status as text, "hang" (takes the request and never answers), "slow" (a fifth of a second), "302".
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Told:
    """One request: its headers, its body as JSON, and how many of the receiver's secrets verified it."""

    headers: Mapping[str, str]
    body: Mapping[str, Any]
    verified: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


class Receiver(ThreadingHTTPServer):
    """Keeps what it is told, whatever it answers."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.mode = "200"
        self.secrets: list[str] = []
        self.told: list[Told] = []
        self.taken: list[Told] = []
        """Those that were answered with 2xx."""
        self.released = threading.Event()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}/hooks"

    def handle_error(self, *_given: object) -> None:
        """A client that was killed is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        told = Told(headers, json.loads(body), sum(_verifies(one, body, headers) for one in self.server.secrets))
        self.server.told.append(told)
        mode = self.server.mode
        if mode == "hang":
            self.server.released.wait(60)
            return
        if mode == "slow":
            self.server.released.wait(0.2)
        status = 200 if mode == "slow" else int(mode)
        if 200 <= status < 300:
            self.server.taken.append(told)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://{self.server.place}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_given: object) -> None:
        pass


def _verifies(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers))
    except Exception:  # the library raises several kinds: each of them means no
        return False
    return True


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """A receiver that answers until the block ends; `port` 0 takes a free one."""
    server = Receiver(port)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
