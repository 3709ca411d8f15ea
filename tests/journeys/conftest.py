"""A console over real servers: granian for pages and events, embedded PostgreSQL, recordings through the pipeline."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.support.peers import wait_for
from tests.support.spooled import Spooler, call
from tests.support.system import PASSWORD, free_ports

from parley.ledger import api as ledger
from parley.obligations.api import run_due
from parley.people.api import create_user
from parley.recordings.api import RENDER, finalize, installed_store, render_recording
from parley.sealing.api import generate_identity
from parley.tenancy import api as tenancy

# Playwright keeps an event loop in the thread of the test, where Django would refuse every query.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
SECONDS = 6.0


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Where the console and its events answer."""

    base: str
    events: str


@dataclass(frozen=True, kw_only=True)
class Account:
    """A customer of the test with one recording and somebody who may see it."""

    customer: tenancy.Customer
    email: str
    recording: UUID

    def address(self, path: str = "") -> str:
        return f"/c/{self.customer.handle}/{path}"


@pytest.fixture(scope="session")
def servers(cluster: Path) -> Iterator[Servers]:
    """`parley daemon web` and `parley daemon events` on ports of their own."""
    first = free_ports(2)
    environment = {**os.environ, "PARLEY_WEB_PORT": str(first), "PARLEY_EVENTS_PORT": str(first + 1)}
    running = [
        subprocess.Popen([sys.executable, "-m", "parley.project.cli", "daemon", name], env=environment)
        for name in ("web", "events")
    ]
    try:
        for port in (first, first + 1):
            wait_for(f"port {port} answers", partial(answers, port), seconds=40)
        yield Servers(base=f"http://127.0.0.1:{first}", events=f"http://127.0.0.1:{first + 1}")
    finally:
        for process in running:
            process.terminate()
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


def account(customer: tenancy.Customer, folder: Path) -> Account:
    """Somebody who sees everything, and one finalised recording, rendered where the server has the key, in the log."""
    # A trunk says which country a number without one belongs to.
    trunk = tenancy.add_trunk(customer, name="main", sources=[f"198.51.100.7:{1 + customer.id.int % 60000}"])
    with tenancy.scope(customer):
        email = f"anna@{customer.handle}.example"
        create_user(email=email, name="Anna Keeper", password=PASSWORD, role="compliance")
        spooler = Spooler(folder / customer.handle, customer)
        recording = finalize(
            spooler.close(parts=[call(SECONDS)], trunk=trunk.id), store=installed_store(), now=datetime.now(UTC)
        )
        scratch = folder / f"{customer.handle}-scratch"
        scratch.mkdir()
        render = partial(render_recording, store=installed_store(), scratch=scratch)
        run_due(customer, handlers={RENDER: render}, now=datetime.now(UTC))
    integrate(customer)
    return Account(customer=customer, email=email, recording=recording)


def integrate(customer: tenancy.Customer) -> None:
    """What the sequencer does: every entry gets its place, a new head is signed."""
    with tenancy.connect(customer, role="sequencer") as connected:
        ledger.integrate(connected, signer=tenancy.keyring().ledger_signer(customer))


@pytest.fixture(scope="module")
def local(make_customer, tmp_path_factory: pytest.TempPathFactory) -> Account:  # type: ignore[no-untyped-def]
    return account(make_customer(handle="journey-local"), tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="module")
def held(make_customer, tmp_path_factory: pytest.TempPathFactory) -> Account:  # type: ignore[no-untyped-def]
    recipients = tuple(generate_identity().recipient for _ in range(2))
    customer = make_customer(
        handle="journey-held", custody="customer-held", agreement="ixcloud-dpa", recipients=recipients
    )
    return account(customer, tmp_path_factory.mktemp("held"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, servers: Servers) -> Iterator[Page]:
    """A fresh browser profile; an exception, or a message that speaks of the content policy, fails the test."""
    context = browser.new_context(
        base_url=servers.base, viewport={"width": 1280, "height": 800}, timezone_id="Europe/Rome", locale="en-GB"
    )
    opened = context.new_page()
    opened.set_default_timeout(15000)
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    yield opened
    context.close()
    assert not wrong


def sign_in(page: Page, who: Account) -> None:
    page.goto(who.address())
    page.get_by_label("E-mail address").fill(who.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Home").wait_for()


def go_to(page: Page, place: str) -> None:
    """Follow a link of the rail, whose section is opened first when it is folded."""
    named = page.get_by_role("link", name=place, exact=True, include_hidden=True)
    link = page.locator(".rail nav").get_by_role("link", name=place, exact=True, include_hidden=True)
    if not link.is_visible():
        page.locator(".rail nav details", has=named).locator("summary").click()
    link.click()
