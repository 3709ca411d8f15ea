"""Retention as a compliance officer lives it: a rule with its preview, a hold and a look at it, the inventory."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, account, go_to, sign_in
from tests.support.spooled import Spooler, call

from parley.recordings.api import finalize, installed_store
from parley.tenancy import api as tenancy

PICTURES = os.environ.get("RETENTION_PICTURES", "")


@pytest.fixture(scope="module")
def keeping(make_customer, tmp_path_factory: pytest.TempPathFactory) -> Account:  # type: ignore[no-untyped-def]
    """A customer with one recording that plays and 14 old ones."""
    folder = tmp_path_factory.mktemp("keeping")
    made = account(make_customer(handle=f"keeping-{secrets.token_hex(3)}"), folder)
    spooler = Spooler(folder / "old", made.customer)
    with tenancy.scope(made.customer):
        for days in range(200, 214):
            old = spooler.close(at=datetime.now(UTC) - timedelta(days=days), parts=[call(0.1)])
            finalize(old, store=installed_store(), now=datetime.now(UTC))
    return made


def picture(page: Page, name: str) -> None:
    """Pictures at both widths and in both themes, for whoever wants to look: RETENTION_PICTURES names the folder."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        for theme in ("light", "dark") if PICTURES else ():
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{theme}.png", full_page=True)
        assert over <= 0, (name, width, over)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_a_rule_names_what_it_deletes_before_it_is_saved(page: Page, keeping: Account) -> None:
    sign_in(page, keeping)
    go_to(page, "Retention & holds")
    picture(page, "rules")
    page.get_by_role("link", name="Recorded call").click()
    picture(page, "rule")
    page.get_by_label("Keep for").fill("6")
    page.get_by_label("Unit").select_option("months")
    page.get_by_role("button", name="Show what this would delete").click()
    expect(page.get_by_text("14 recordings would be deleted.")).to_be_visible()
    picture(page, "preview")
    page.get_by_role("button", name="Keep 6 months and delete 14 recordings").click()
    expect(page.get_by_text("Kept: 6 months.")).to_be_visible()
    picture(page, "saved")


def test_a_hold_is_placed_looked_at_and_lifted(page: Page, keeping: Account) -> None:
    sign_in(page, keeping)
    page.goto(keeping.address("holds/new"))
    page.get_by_label("Name", exact=True).fill("Dispute with Quill & Sons")
    page.get_by_label("Legal ground").fill("Court of Lucca, 1 O 7/26: evidence to be preserved")
    page.get_by_label("Records that you name").check()
    page.get_by_label("Addresses of their pages").fill(keeping.address(f"recordings/{keeping.recording}/"))
    page.get_by_label("Review on").fill((datetime.now(UTC) + timedelta(days=90)).date().isoformat())
    picture(page, "hold-new")
    page.get_by_role("button", name="Place this hold").click()
    expect(page.get_by_role("heading", name="Dispute with Quill & Sons")).to_be_visible()
    picture(page, "hold")
    here = page.url
    page.goto(keeping.address("recordings/"))
    expect(page.get_by_text("held", exact=True)).to_be_visible()
    page.goto(keeping.address(f"recordings/{keeping.recording}/"))
    expect(page.get_by_role("button", name="Play")).to_have_count(0)
    picture(page, "resting")
    page.get_by_label("You own the hold").fill("to answer the court")
    page.get_by_role("button", name="Look at this recording").click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.goto(here)
    page.get_by_label("Why it is over").fill("settled")
    page.get_by_role("button", name="Lift this hold").click()
    expect(page.get_by_text("lifted", exact=True)).to_be_visible()
    page.goto(keeping.address("holds/"))
    picture(page, "holds")


def test_the_inventory_says_what_is_held(page: Page, keeping: Account) -> None:
    sign_in(page, keeping)
    page.goto(keeping.address("inventory/"))
    picture(page, "inventory")
    page.get_by_role("link", name="Call recording").click()
    expect(page.get_by_role("heading", name="Call recording")).to_be_visible()
    picture(page, "offering")
    page.goto(keeping.address("inventory/processing/"))
    picture(page, "processing")
