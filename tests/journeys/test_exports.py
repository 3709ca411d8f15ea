"""An export is asked for, made while one looks on, fetched, handed on by a link, and withdrawn."""

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, account, go_to, sign_in

from parley.exports import api as exports
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy


@pytest.fixture(scope="module")
def office(make_customer, tmp_path_factory: pytest.TempPathFactory) -> Account:  # type: ignore[no-untyped-def]
    return account(make_customer(handle="journey-exports"), tmp_path_factory.mktemp("exports-account"))


def shot(page: Page, name: str) -> None:
    """Pictures for whoever looks at the pages."""
    folder = os.environ.get("SHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_asked_for_made_fetched_handed_on_and_withdrawn(page: Page, office: Account, tmp_path: Path) -> None:
    sign_in(page, office)
    go_to(page, "Exports")
    expect(page.locator(".empty")).to_contain_text("Nothing was exported yet")
    shot(page, "exports-empty")
    page.get_by_role("link", name="Ask for an export").click()
    shot(page, "exports-ask")
    page.get_by_label("Everything").check()
    page.get_by_label("Title, for yourselves").fill("Year end")
    page.get_by_role("button", name="Make this export").click()
    expect(page.get_by_role("heading", name="Year end")).to_be_visible()
    expect(page.locator("progress")).to_be_visible()
    shot(page, "exports-running")
    with tenancy.scope(office.customer):
        now = datetime.now(UTC)
        assert obligations.run_due(office.customer, handlers=exports.long_handlers(), now=now).done == 1
    expect(page.get_by_role("link", name="Download the export")).to_be_visible(timeout=15_000)
    shot(page, "exports-ready")
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme="dark")
    shot(page, "exports-ready-small")
    page.set_viewport_size({"width": 1280, "height": 800})
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download the export").click()
    fetched.value.save_as(tmp_path / "export.zip")
    names = zipfile.ZipFile(tmp_path / "export.zip").namelist()
    assert {"index.html", "manifest.json", "tables/recordings.csv"} <= set(names)
    link = page.locator("#export-link").inner_text()
    assert f"/exports/{office.customer.handle}/" in link
    go_to(page, "Exports")
    shot(page, "exports-list")
    page.get_by_role("row", name="Year end").get_by_role("link").click()
    page.get_by_role("button", name="Withdraw this export").click()
    expect(page.locator(".note")).to_contain_text("This export was withdrawn")
    shot(page, "exports-withdrawn")
