"""A person asks what the end of the contract would bring, drags the date, and reads the same on a telephone."""

import os
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account
from tests.support.installation import MakeCustomer
from tests.support.system import PASSWORD

from parley.people.api import create_user
from parley.tenancy import api as tenancy

QUERY = "rehearsal/?event=contract-ends&at=2027-03-02T12:00"
PICTURES = os.environ.get("KEEP_PICTURES", "")
"""A folder to keep pictures of the pages in, for whoever wants to look."""


@pytest.fixture(scope="module")
def officer(make_customer: MakeCustomer) -> Account:
    customer = make_customer(handle="journey-rehearsal", agreement="imagicle-dpa")
    email = f"anna@{customer.handle}.example"
    with tenancy.scope(customer):
        create_user(email=email, name="Anna Keeper", password=PASSWORD, role="compliance")
    return Account(customer=customer, email=email, recording=UUID(int=0))


def open_rehearsal(page: Page, who: Account) -> None:
    """Follows a link to a rehearsal, and signs in on the way."""
    page.goto(who.address(QUERY))
    page.get_by_label("E-mail address").fill(who.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Rehearsal").wait_for()


def keep(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True, caret="initial")


def test_the_event_is_dragged_and_every_pin_moves(page: Page, officer: Account) -> None:
    open_rehearsal(page, officer)
    destroyed = page.locator(".rehearsed li", has_text="Destroy all data").first
    expect(destroyed).to_contain_text("Mon 31 May 2027, 12:00")
    expect(page.locator(".timeline .today")).to_contain_text("today")
    expect(page.locator(".timeline .pin", has_text="destroy").first).to_contain_text("IM-8.cloud")
    keep(page, "rehearsal-1280-light")

    knob = page.locator("#event-pin circle").bounding_box()
    assert knob is not None
    page.mouse.move(knob["x"] + 8, knob["y"] + 8)
    page.mouse.down()
    page.mouse.move(knob["x"] + 8 + 60, knob["y"] + 8, steps=5)
    expect(page.locator("#event-pin .moved")).to_contain_text("12 Mar 2027")
    page.mouse.up()
    expect(destroyed).to_contain_text("Thu 10 Jun 2027, 12:00")
    expect(page.get_by_label("Ends on")).to_have_value("2027-03-12T12:00")
    assert "2027-03-12" in page.url

    page.locator("#event-pin").focus()
    page.keyboard.press("ArrowLeft")
    expect(destroyed).to_contain_text("Wed 9 Jun 2027, 12:00")
    page.keyboard.press("ArrowLeft")
    expect(destroyed).to_contain_text("Tue 8 Jun 2027, 12:00")


def test_a_clause_leads_to_its_event_and_back(page: Page, officer: Account) -> None:
    open_rehearsal(page, officer)
    page.goto(officer.address("rehearsal/?clause=IM-3f.breach"))
    expect(page.get_by_label("What happens")).to_have_value("incident-known")
    notice = page.locator(".rehearsed li", has_text="Tell the customer of the breach within 48 hours")
    expect(notice).to_contain_text("a statute demands it")
    expect(notice.get_by_role("link")).to_have_attribute("href", officer.address("promises/#IM-3f.breach"))


def test_another_event_asks_for_its_own_facts(page: Page, officer: Account) -> None:
    open_rehearsal(page, officer)
    page.get_by_label("What happens").select_option("subprocessor-announced")
    expect(page.get_by_role("textbox", name="Sub-processor")).to_have_value("speech-service")
    expect(page.locator(".rehearsed .gate")).to_contain_text('hand data to "speech-service"')
    keep(page, "rehearsal-subprocessor")
    page.get_by_label("What happens").select_option("compulsion-received")
    expect(page.get_by_role("alert")).to_contain_text("processing_at")
    page.get_by_label("Processing starts").fill("2027-03-05T09:00")
    expect(page.locator(".rehearsed li")).to_contain_text("IM-3a.instructions")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_telephone_it_is_a_list(page: Page, officer: Account, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    open_rehearsal(page, officer)
    keep(page, f"rehearsal-1280-{scheme}")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".timeline")).to_be_hidden()
    expect(page.locator(".rehearsed li").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep(page, f"rehearsal-390-{scheme}")


def test_the_provider_chooses_a_customer(page: Page, officer: Account) -> None:
    with tenancy.scope(tenancy.provider()):
        create_user(email="op@rehearsal.example", name="Olga Operator", password=PASSWORD, role="operator")
    page.goto(f"/provider/rehearsal/?customer={officer.customer.handle}&event=incident-known&at=2027-03-02T12:00")
    page.get_by_label("E-mail address").fill("op@rehearsal.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#of-customer")).to_have_value(officer.customer.handle)
    expect(page.locator(".rehearsed li").first).to_contain_text("Thu 4 Mar 2027, 12:00")
    keep(page, "rehearsal-provider")
    page.locator("#of-customer").fill("nobody")
    page.locator("#of-customer").press("Enter")
    expect(page.locator("#unknown")).to_contain_text("There is no customer of this name.")
