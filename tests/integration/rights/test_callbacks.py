"""The asking platform is told: signed, in order, tried for days, and never into our own network."""

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.integration.rights.conftest import PERSON, now

from parley.rights import api as rights
from parley.rights import callbacks
from parley.rights.models import Callback
from parley.webhooks import egress


class Receiver(HTTPServer):
    """Keeps what it is told; answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.told = 200, []

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append((dict(self.headers), body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", f"http://{self.server.place}/elsewhere")
        self.end_headers()

    def log_message(self, *_given: object) -> None:
        pass


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.PARLEY_CALLBACK_ALLOW = (server.place,)
    yield server
    server.shutdown()
    server.server_close()


def test_told_in_order_signed_and_without_the_person(place, receiver):
    receipt = place.ask(channel="api", external_id="a-7", callback=f"http://{receiver.place}/hook")
    place.work()
    rights.withdraw(receipt.id, by="person", at=now())
    place.work()
    told = [json.loads(body) for _headers, body in receiver.told]
    assert told[0]["request_status"] == "pending"
    assert told[-1]["request_status"] == "cancelled"
    key = Ed25519PublicKey.from_public_bytes(rights.callback_key())
    for headers, body in receiver.told:
        key.verify(base64.b64decode(headers["X-OpenDSR-Signature"]), body)
        assert PERSON.encode() not in body
        assert b"Ada" not in body
    assert len({headers["Idempotency-Key"] for headers, _body in receiver.told}) == len(told)
    assert rights.status_payload(receipt.id, at=now())["subject_request_id"] == "a-7"


def test_tried_again_for_days_then_given_up(place, receiver):
    receiver.status = 503
    place.ask(channel="api", callback=f"http://{receiver.place}/hook")
    place.work()
    first = Callback.objects.order_by("created_at").first()
    assert (first.state, first.answer) == ("queued", "503 from the receiver")
    receiver.status = 302
    place.work(at=now() + timedelta(hours=1))
    assert all(one.state == "queued" for one in Callback.objects.all())
    receiver.status = 204
    for hour in range(1, 6):
        place.work(at=now() + timedelta(hours=3 * hour))
    assert {one.state for one in Callback.objects.all()} == {"sent"}
    receiver.status = 500
    other = place.ask(channel="api", callback=f"http://{receiver.place}/hook", email="x@y.example")
    for day in range(7):
        place.work(at=now() + timedelta(days=day))
    assert {one.state for one in Callback.objects.filter(request_id=other.id)} == {"failed"}


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/hook",
        "https://127.0.0.1/hook",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fd00::1]/",
        "https://0.0.0.0/",
        "https://example.org:22/",
        "https://user:secret@example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "https://",
        "https://example.org/a b",
        "https://example.org/\r\nX: y",
        "https://" + "a" * 600 + ".example",
        "//example.org/",
    ],
)
def test_addresses_that_are_never_asked(place, address):
    with pytest.raises(rights.CallbackRefused):
        place.ask(channel="api", callback=address)
    assert rights.requests(at=now()).lines == ()


def test_a_receiver_that_answers_byte_by_byte_is_left(settings, monkeypatch):
    monkeypatch.setattr(egress, "_IN_ALL", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
        settings.PARLEY_CALLBACK_ALLOW = (place,)

        def drip() -> None:
            found, _address = server.accept()
            with found, suppress(OSError):
                for _each in range(200):
                    found.sendall(b"H")
                    time.sleep(0.05)

        threading.Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        assert not callbacks.post(f"http://{place}/hook", b"{}", key="k").startswith("2")
        assert time.monotonic() - began < 5


def test_a_name_that_leads_home_is_refused_when_it_is_connected(place, monkeypatch):
    """Checked at the connection, to the address that is then used: a name that changes its mind does not help."""
    monkeypatch.setattr(egress.socket, "getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", ("127.0.0.1", 443))])
    assert callbacks.post("https://example.org/hook", b"{}", key="k") == (
        "the name leads to an address that is not public"
    )
