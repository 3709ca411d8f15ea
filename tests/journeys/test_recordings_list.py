"""The list of recordings in a browser: narrowed down, walked and chosen by keyboard, filed under a tag."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, sign_in
from tests.support import many_recordings as many
from tests.support.system import PASSWORD

from parley.obligations.api import run_due
from parley.people.api import create_user
from parley.recordings.api import bulk
from parley.recordings.keys import keys
from parley.recordings.models import Recording, Tag
from parley.tenancy import api as tenancy

SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture(scope="module")
def crowd(make_customer: Any) -> Iterator[Account]:
    """A customer with 130 conversations and somebody who sees them."""
    customer = make_customer(handle="journey-list")
    with tenancy.scope(customer):
        many.add_many(130)
        email = f"anna@{customer.handle}.example"
        create_user(email=email, name="Anna Keeper", password=PASSWORD, role="compliance")
    yield Account(customer=customer, email=email, recording=customer.id)


def shoot(page: Page, name: str) -> None:
    """Pictures for people to look at, when a folder for them is named."""
    if SHOTS:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 800})


def test_found_chosen_and_tagged_by_keyboard(crowd: Account, page: Page) -> None:
    sign_in(page, crowd)
    page.goto(crowd.address("recordings/"))
    shoot(page, "list")
    page.keyboard.press("/")
    page.keyboard.type(many.SWITCHBOARD)
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(39)
    page.get_by_text("More filters").click()
    page.get_by_label("Tag", exact=True).fill(many.TAG)
    page.get_by_label("Quality").select_option("good")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("No recording matches these filters.")).to_be_visible()
    page.get_by_role("link", name="tag: complaint").click()
    page.get_by_role("link", name="good").click()
    expect(page.locator("tbody tr")).to_have_count(39)
    page.get_by_text("More filters").click()
    page.get_by_label("Consent").select_option("refused or withdrawn")
    page.get_by_label("Announced").select_option("no")
    expect(page.get_by_role("link", name="announced: no")).to_be_visible()
    expect(page.get_by_text("No recording matches these filters.")).to_be_visible()
    page.get_by_role("link", name="consent: refused or withdrawn").click()
    expect(page.get_by_label("Announced")).to_have_value("no")
    page.goto(crowd.address("recordings/?announced=not-known"))
    expect(page.locator("tbody tr")).to_have_count(13)
    shoot(page, "announced")
    page.goto(crowd.address(f"recordings/?number={many.SWITCHBOARD.replace('+', '%2B')}"))
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("2 chosen")).to_be_visible()
    shoot(page, "chosen")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("They cannot be brought back.")).to_be_visible()
    shoot(page, "delete")
    page.go_back()
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tag").fill("Case 12")
    page.keyboard.press("Enter")
    expect(page.get_by_role("progressbar")).to_be_visible()
    shoot(page, "progress")
    with tenancy.scope(crowd.customer):
        run_due(crowd.customer, handlers=bulk.handlers(), now=datetime.now(UTC))
    expect(page.get_by_text("recordings tagged.")).to_be_visible()
    shoot(page, "done")
    page.goto(crowd.address("recordings/?tag=case+12"))
    expect(page.locator("tbody tr")).to_have_count(2)
    page.goto(crowd.address("recordings/"))
    page.get_by_role("spinbutton", name="Page").fill("3")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(30)
    page.get_by_role("link", name="Newer").click()
    expect(page.locator("tbody tr")).to_have_count(50)


def test_all_that_match_are_tagged_after_their_number_was_seen(crowd: Account, page: Page) -> None:
    sign_in(page, crowd)
    page.goto(crowd.address(f"recordings/?number={many.SWITCHBOARD.replace('+', '%2B')}"))
    expect(page.get_by_label("All that match, on every page")).to_have_count(0)  # one page shows them all
    page.goto(crowd.address("recordings/"))
    tag = page.get_by_role("button", name="Tag", exact=True)
    expect(tag).to_be_disabled()
    page.get_by_label("All that match, on every page").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("status").get_by_text("all that match")).to_be_visible()
    expect(page.get_by_label("Choose this call").first).to_be_disabled()
    shoot(page, "everything")
    tag.click()
    with tenancy.scope(crowd.customer):
        number = Recording.objects.count()
        expect(page.get_by_role("heading", name=f"Tag {number} recordings")).to_be_visible()
        shoot(page, "everything-tag")
        many.add_many(1)
    page.get_by_label("Tag").fill("Sweep")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Their number is another now; nothing was done.")).to_be_visible()
    shoot(page, "everything-changed")
    page.get_by_role("button", name="Tag").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    with tenancy.scope(crowd.customer):
        while run_due(crowd.customer, handlers=bulk.handlers(), now=datetime.now(UTC)).done:
            pass
        assert (
            Tag.objects.filter(recording__in=Recording.objects.all(), value=keys().tag("sweep")).count() == number + 2
        )
