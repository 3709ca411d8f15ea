"""The token of a console goes to that console alone."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from parley.project.resealing import Console, ConsoleRefused


@pytest.fixture
def asked() -> Iterator[tuple[HTTPServer, list[str]]]:
    """A server that sends everybody elsewhere, and what it was asked for."""
    paths: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/stolen")
            self.end_headers()

        def log_message(self, *_given: object) -> None:
            """Nothing is to be read."""

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server, paths
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "address",
    ["http://console.example/c/held/", "ftp://console.example/", "https://console.example:port/", "held", "https://[/"],
)
def test_without_tls_it_is_not_sent(address: str) -> None:
    with pytest.raises(ConsoleRefused, match="https://"):
        Console(address, "secret").ask("api/v1/former-keys")


def test_no_redirect_is_followed(asked: tuple[HTTPServer, list[str]]) -> None:
    server, paths = asked
    with pytest.raises(ConsoleRefused, match="HTTP 302"):
        Console(f"http://127.0.0.1:{server.server_address[1]}/c/held/", "secret").ask("api/v1/former-keys")
    assert paths == ["/c/held/api/v1/former-keys"]
