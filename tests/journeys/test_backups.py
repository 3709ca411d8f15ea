"""A backup is taken and restored as a drill from the console, and the page says how it stands to the promise."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, account, sign_in

from parley.backups import api as backups
from parley.obligations.api import run_due
from parley.tenancy import api as tenancy


@pytest.fixture(scope="module")
def office(make_customer, tmp_path_factory: pytest.TempPathFactory) -> Account:  # type: ignore[no-untyped-def]
    return account(make_customer(handle="journey-backups", agreement="ucx-terms"), tmp_path_factory.mktemp("backups"))


def work(customer: tenancy.Customer) -> None:
    assert run_due(customer, handlers=backups.long_handlers(), now=datetime.now(UTC)).failed == 0


def test_a_backup_and_a_drill_are_asked_for_and_shown(page: Page, office: Account) -> None:
    sign_in(page, office)
    page.goto(office.address("backups/"))
    expect(page.get_by_text("There is no backup yet.")).to_be_visible()
    shot(page, "empty")
    page.get_by_role("button", name="Take a backup now").click()
    expect(page.get_by_role("status")).to_contain_text("taken in a moment")
    work(office.customer)
    page.goto(office.address("backups/"))
    page.get_by_role("button", name="Restore one as a drill").click()
    work(office.customer)
    page.goto(office.address("backups/"))
    expect(page.get_by_text("as promised")).to_be_visible()
    expect(page.locator(".figure").nth(1)).to_contain_text("promised: within 4 h")
    expect(page.locator(".figure").nth(0)).to_contain_text("UX-5.public-rto")
    shot(page, "full")
    page.set_viewport_size({"width": 390, "height": 844})
    shot(page, "narrow")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(color_scheme="dark")
    shot(page, "dark")


def shot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look at it."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"backups-{name}.png", full_page=True)
