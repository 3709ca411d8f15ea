"""The event stream over the real server: news arrive, limits hold, nobody listens for nobody."""

import http.client
import time
from contextlib import closing
from urllib.parse import urlsplit

import psycopg
import pytest
from django.test import Client
from tests.journeys.conftest import Servers
from tests.support.peers import wait_for

from parley.people.api import create_user
from parley.recordings.api import LIVE_CHANNEL
from parley.tenancy import api as tenancy
from parley.web.events import MOST_OF_ONE_SESSION

PASSWORD = "a sentence that nobody guesses 9"


@pytest.fixture
def cookie(customer: tenancy.Customer) -> str:
    """The session cookie of somebody who signed in."""
    create_user(email="anna@events.example", name="Anna", password=PASSWORD, role="compliance")
    client = Client(HTTP_HOST="127.0.0.1")
    sent = {"email": "anna@events.example", "password": PASSWORD}
    assert client.post(f"/c/{customer.handle}/sign-in", sent).status_code == 302
    return f"parley_session={client.cookies['parley_session'].value}"


def watch(servers: Servers, handle: str, cookie: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(servers.events).netloc, timeout=15)
    connection.request("GET", f"/c/{handle}/events", headers={"Cookie": cookie, "Origin": servers.base})
    return connection.getresponse()


def next_event(stream: http.client.HTTPResponse) -> bytes:
    """The next event; fails after 20 s: while nothing happens, a comment comes every 15 s."""
    until = time.monotonic() + 20
    while not (line := stream.readline()).startswith(b"event:"):
        assert line, "the stream ended"
        assert time.monotonic() < until, "no event came"
    return line.strip()


def listeners(customer: tenancy.Customer) -> int:
    with closing(tenancy.connect(customer, autocommit=True)) as connected:
        found = connected.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_a_change_reaches_every_watcher_and_no_connection_stays_behind(
    servers: Servers, customer: tenancy.Customer, cookie: str
) -> None:
    first, second = watch(servers, customer.handle, cookie), watch(servers, customer.handle, cookie)
    for stream in (first, second):
        assert stream.status == 200
        assert stream.headers["Access-Control-Allow-Credentials"] == "true"
        assert next_event(stream) == b"event: live"  # after connecting: something may have been missed
    assert listeners(customer) == 1
    began = time.monotonic()
    with closing(tenancy.connect(customer, autocommit=True)) as connected:
        connected.execute("SELECT pg_notify(%s, 'x')", [LIVE_CHANNEL])
    for stream in (first, second):
        assert next_event(stream) == b"event: live"
    assert time.monotonic() - began < 3
    first.close()
    second.close()
    wait_for("the listening connection goes", lambda: listeners(customer) == 0, seconds=20)


def test_a_lost_database_connection_is_made_again(servers: Servers, customer: tenancy.Customer, cookie: str) -> None:
    stream = watch(servers, customer.handle, cookie)
    assert next_event(stream) == b"event: live"
    with closing(tenancy.connect(customer, autocommit=True)) as connected:
        connected.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
        )
    assert next_event(stream) == b"event: live"
    stream.close()


def test_one_session_cannot_take_all_connections(servers: Servers, customer: tenancy.Customer, cookie: str) -> None:
    streams = [watch(servers, customer.handle, cookie) for _ in range(MOST_OF_ONE_SESSION)]
    refused = watch(servers, customer.handle, cookie)
    assert refused.status == 503
    assert refused.headers["Retry-After"]
    for stream in streams:
        assert stream.status == 200
        stream.close()
    refused.close()


def test_another_customers_announcements_are_not_heard(
    servers: Servers, customer: tenancy.Customer, cookie: str, make_customer
) -> None:  # type: ignore[no-untyped-def]
    """PostgreSQL announces within one database; a session is known in one."""
    stranger = make_customer()
    refused = watch(servers, stranger.handle, cookie)
    assert refused.status == 401
    with pytest.raises(psycopg.OperationalError), closing(tenancy.connect(customer)) as connected:
        psycopg.connect(**connected.info.get_parameters() | {"dbname": stranger.database, "connect_timeout": 5})
