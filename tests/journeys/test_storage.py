"""Storage in the browser: everything is read, damage is listed, put back from a backup or accepted."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, account, sign_in

from parley.backups import api as backups
from parley.obligations.api import run_due
from parley.recordings.api import installed_store
from parley.recordings.models import Part, Rendition
from parley.recordings.scrubbing import api as scrubbing
from parley.tenancy import api as tenancy


@pytest.fixture(scope="module")
def office(make_customer, tmp_path_factory: pytest.TempPathFactory) -> Account:  # type: ignore[no-untyped-def]
    return account(make_customer(handle="journey-storage"), tmp_path_factory.mktemp("storage"))


def work(office: Account) -> None:
    assert run_due(office.customer, handlers=scrubbing.long_handlers(), now=datetime.now(UTC)).failed == 0


def damage(office: Account) -> None:
    """A flipped byte that a backup knows better, and a rendition that is gone from both."""
    store = installed_store()
    with tenancy.scope(office.customer):
        key = Part.objects.order_by("id")[0].object_key
        gone = Rendition.objects.get(kind="peaks").object_key
        store.delete(gone)
        backups.take(office.customer, reason="asked", at=datetime.now(UTC))
        content = bytearray(store.get_range(key, 0, store.head(key).size))
        content[100] ^= 1
        store.put(key, bytes(content))


def test_damage_is_listed_and_resolved(page: Page, office: Account) -> None:
    sign_in(page, office)
    page.goto(office.address("storage/"))
    expect(page.get_by_text("Nothing was counted yet.")).to_be_visible()
    shot(page, "empty")
    damage(office)
    page.get_by_role("button", name="Read everything now").press("Enter")
    expect(page.get_by_role("progressbar")).to_be_visible()
    shot(page, "running")
    work(office)
    expect(page.get_by_text("other bytes than were sealed")).to_be_visible()
    expect(page.locator(".figure").nth(1)).to_contain_text("2")
    expect(page.locator(".figure").nth(2).get_by_role("img")).to_be_visible()
    shot(page, "damaged")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shot(page, "narrow")
    page.set_viewport_size({"width": 1280, "height": 800})
    for line in page.locator("#findings tbody tr").all():
        line.get_by_role("button", name="Put back from a backup").click()
        expect(page.get_by_role("status")).to_contain_text("put back from the backups")
    work(office)
    page.goto(office.address("storage/"))
    expect(page.get_by_text("no backup has it as it was")).to_be_visible()
    expect(page.get_by_text("repaired")).to_be_visible()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("all as sealed")).to_be_visible()
    shot(page, "resolved")


def shot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look at it."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"storage-{name}.png", full_page=True)
