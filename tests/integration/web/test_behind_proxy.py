"""The real server behind a proxy that is trusted: clients are told apart, and the scheme is the client's."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.journeys.conftest import Servers, answers
from tests.support.peers import wait_for
from tests.support.system import free_ports

from parley.web.public.limits import MOST_A_MINUTE

PAGE = "/subprocessors/"


@pytest.fixture(scope="module")
def port(cluster: Path) -> Iterator[int]:
    """`parley daemon web` that believes this machine's `Forwarded`."""
    port = free_ports(1)
    environment = {**os.environ, "PARLEY_WEB_PORT": str(port), "PARLEY_PROXY_TRUSTED": "127.0.0.0/8 ::1"}
    process = subprocess.Popen([sys.executable, "-m", "parley.project.cli", "daemon", "web"], env=environment)
    try:
        wait_for("the web answers", partial(answers, port), seconds=40)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def ask(port: int, *headers: str, path: str = PAGE) -> tuple[int, str]:
    """The status and the lines of the answer's head, in lower case."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close", *headers, "", ""]
        peer.sendall("\r\n".join(lines).encode())
        said = b""
        while piece := peer.recv(65536):
            said += piece
    head = said.split(b"\r\n\r\n", 1)[0].decode("latin-1").lower()
    return int(head.split(" ", 2)[1]), head


def test_one_client_at_its_limit_leaves_the_others_theirs(port: int) -> None:
    busy, quiet = "Forwarded: for=198.51.100.1", "Forwarded: for=198.51.100.2"
    statuses = [ask(port, busy)[0] for _ in range(MOST_A_MINUTE + 1)]
    if 429 not in statuses:  # a new window began in between
        statuses = [ask(port, busy)[0] for _ in range(MOST_A_MINUTE + 1)]
    assert statuses[-1] == 429
    assert ask(port, quiet)[0] == 200
    # The busy one, however it dresses: in front of what the proxy appends, in a header that this proxy does not write.
    for spoofed in ("Forwarded: for=203.0.113.5", "X-Forwarded-For: 203.0.113.5", "X_Forwarded_For: 203.0.113.5"):
        assert ask(port, spoofed, busy)[0] == 429, spoofed


def test_https_at_the_proxy_is_https_here(port: int, servers: Servers) -> None:
    secure = "Forwarded: for=198.51.100.3;proto=https"
    assert "strict-transport-security" in ask(port, secure)[1]
    assert "strict-transport-security" not in ask(port, "Forwarded: for=198.51.100.3;proto=http")[1]
    assert "strict-transport-security" not in ask(int(servers.base.rpartition(":")[2]), secure)[1]


def test_a_session_that_came_by_https_stays_there(port: int, make_customer) -> None:  # type: ignore[no-untyped-def]
    make_customer(handle="behindproxy")
    path = "/c/behindproxy/sign-in"
    secure, plain = (f"Forwarded: for=198.51.100.4;proto={scheme}" for scheme in ("https", "http"))
    assert "samesite=lax; secure" in ask(port, secure, path=path)[1]
    head = ask(port, plain, path=path)[1]
    assert "samesite=lax" in head
    assert "samesite=lax; secure" not in head
