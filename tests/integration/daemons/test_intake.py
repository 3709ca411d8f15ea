"""E-mail for requests over a real socket: taken after the commit, put off, refused, kept within limits."""

import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import django.db
import pytest
from tests.support.installation import MakeCustomer

from parley.daemons.intake import Limits, handle_of, run
from parley.rights import api as rights
from parley.tenancy import api as tenancy
from parley.tenancy import databases


@pytest.fixture(autouse=True)
def unblocked(cluster: Path, django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="module")
def whose(make_customer: MakeCustomer, django_db_blocker: object) -> tenancy.Customer:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        return make_customer(handle="mail-one")


@contextmanager
def listening(limits: Limits | None = None) -> Iterator[int]:
    """The daemon on a port of its own; yields the port."""
    stop, ports, known = threading.Event(), list[int](), threading.Event()

    def tell(port: int) -> None:
        ports.append(port)
        known.set()

    thread = threading.Thread(
        target=run, kwargs={"host": "127.0.0.1", "port": 0, "domain": "example.com", "stop": stop, "limits": limits,
                            "listening": tell}, daemon=True,
    )  # fmt: skip
    thread.start()
    try:
        assert known.wait(10)
        yield ports[0]
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def port(cluster: Path, django_db_blocker: object) -> Iterator[int]:
    with django_db_blocker.unblock(), listening() as found:  # type: ignore[attr-defined]
        yield found


def letter(
    *, subject: str = "My data", text: str = "Please send me a copy of my data.", **headers: str
) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Maria <maria@quillfeather.example>", "rights@example.com", subject
    made["Message-ID"] = f"<{datetime.now(UTC).timestamp()}@quillfeather.example>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def count(customer: tenancy.Customer) -> int:
    with tenancy.scope(customer):
        return sum(column.count for column in rights.board(datetime.now(UTC)))


def refused(send: Callable[[], object]) -> tuple[int, bytes]:
    """What the server said to a sender that it refused."""
    try:
        send()
    except smtplib.SMTPRecipientsRefused as error:
        return next(iter(error.recipients.values()))
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error
        return error.smtp_code, said if isinstance(said, bytes) else said.encode()
    raise AssertionError("it was taken")


@pytest.mark.parametrize(
    ("address", "handle"),
    [
        ("rights+acme@example.com", "acme"),
        ("RIGHTS+Acme@EXAMPLE.com", "acme"),
        ("acme@rights.example.com", "acme"),
        ("rights@example.com", None),
        ("rights+acme@elsewhere.com", None),
        ("acme@example.com", None),
        ("rights+ac/me@example.com", None),
        ("rights+acme@example.com@example.com", None),
    ],
)
def test_addresses(address: str, handle: str | None) -> None:
    assert handle_of(address, domain="example.com") == handle


def test_a_letter_becomes_a_request_once(port: int, whose: tenancy.Customer) -> None:
    before, sent = count(whose), letter()
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
        server.send_message(sent, to_addrs=["rights+mail-one@example.com"])
        assert count(whose) == before + 1
        server.send_message(sent, to_addrs=["mail-one@rights.example.com"])  # its 250 was lost: sent again
    assert count(whose) == before + 1
    with tenancy.scope(whose):
        line = rights.requests(at=datetime.now(UTC)).lines[0]
        view = rights.request(line.id, at=datetime.now(UTC))
    assert line.channel == "email" and view.person.email == "maria@quillfeather.example"


def test_the_provider_has_an_address_too(port: int) -> None:
    before = count(tenancy.provider())
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
        server.send_message(letter(), to_addrs=["rights+provider@example.com"])
    assert count(tenancy.provider()) == before + 1


def test_whoever_is_none_is_refused_in_the_same_words(port: int, whose: tenancy.Customer) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
        answers = {
            refused(lambda to=to: server.send_message(letter(), to_addrs=[to]))  # type: ignore[misc]
            for to in ("rights+nobody@example.com", "info@example.com", "rights+mail-one@elsewhere.example")
        }
        assert len(answers) == 1 and next(iter(answers))[0] == 550
        assert server.verify("rights+mail-one@example.com") == server.verify("rights+nobody@example.com")


def test_one_recipient_at_a_time(port: int, whose: tenancy.Customer) -> None:
    before = count(whose)
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
        late = server.send_message(
            letter(), to_addrs=["rights+mail-one@example.com", "rights+provider@example.com"]
        )  # fmt: skip
    assert late["rights+provider@example.com"][0] == 452 and count(whose) == before + 1


def test_what_no_person_wrote_is_taken_and_ignored(port: int, whose: tenancy.Customer) -> None:
    before = count(whose)
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
        server.send_message(letter(Auto_Submitted="auto-replied"), to_addrs=["rights+mail-one@example.com"])
    assert count(whose) == before


def test_while_the_database_is_away_it_is_put_off(port: int, whose: tenancy.Customer) -> None:
    before, sent = count(whose), letter()
    _allow(whose, False)
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
            code, _said = refused(lambda: server.send_message(sent, to_addrs=["rights+mail-one@example.com"]))
            assert 400 <= code < 500
    finally:
        _allow(whose, True)
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
        server.send_message(sent, to_addrs=["rights+mail-one@example.com"])
    assert count(whose) == before + 1


def _allow(customer: tenancy.Customer, allowed: bool) -> None:
    django.db.connections.close_all()
    with databases.administration() as connected:
        connected.execute(f'ALTER DATABASE "{customer.database}" ALLOW_CONNECTIONS {str(allowed).lower()}')
        if not allowed:
            connected.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [customer.database]
            )


def test_too_much_is_refused(whose: tenancy.Customer) -> None:
    with listening(Limits(message=20_000, connections=2, silence=1.0, session=3.0)) as port:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
            large = letter(text="x\n" * 20_000)
            code, _said = refused(lambda: server.send_message(large, to_addrs=["rights+mail-one@example.com"]))
            assert code == 552
            with smtplib.SMTP("127.0.0.1", port, timeout=20), socket.create_connection(("127.0.0.1", port)) as third:
                assert third.recv(100).startswith(b"421")
        with socket.create_connection(("127.0.0.1", port), timeout=10) as silent:
            assert silent.recv(100).startswith(b"220")
            silent.settimeout(5)
            assert silent.recv(100) == b""


def test_it_is_no_relay_and_signs_nobody_in(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
        assert refused(lambda: server.send_message(letter(), to_addrs=["somebody@elsewhere.example"]))[0] == 550
        assert "auth" not in server.esmtp_features
