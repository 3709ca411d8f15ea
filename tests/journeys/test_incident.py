"""An incident from declaration to closing report: the provider's room, the customer's page, letters to persons."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, account, sign_in
from tests.support.breaches import furnish, office, turns
from tests.support.installation import MakeCustomer
from tests.support.smtp_sink import Sink, sink
from tests.support.system import PASSWORD

from parley.people.api import User, create_user
from parley.tenancy import api as tenancy

OPERATOR = "olga.incident@provider.example"
PICTURES = os.environ.get("KEEP_PICTURES", "")
"""A folder to keep pictures of the pages in, for whoever wants to look."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    with sink(tmp_path_factory.mktemp("mail") / "keys") as running:
        yield running


@pytest.fixture(scope="module")
def officer(make_customer: MakeCustomer, tmp_path_factory: pytest.TempPathFactory) -> Account:
    customer = make_customer(handle="journey-incident", name="Hotel Miramare", agreement="imagicle-dpa")
    made = account(customer, tmp_path_factory.mktemp("incident"))
    furnish(customer, recordings=4, at=datetime.now(UTC) - timedelta(days=2))
    with tenancy.scope(tenancy.provider()):
        if not User.objects.filter(email=OPERATOR).exists():
            create_user(email=OPERATOR, name="Olga Operator", password=PASSWORD, role="operator")
    return made


def keep(page: Page, name: str) -> None:
    """The page at two widths and in two themes, when somebody wants to look."""
    if not PICTURES:
        return
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=str(Path(PICTURES) / f"{name}-{width}-{scheme}.png"), full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")


def test_from_declaration_to_closing_report(page: Page, officer: Account, server: Sink) -> None:
    declare(page, officer)
    settle(page, officer, server)
    clock = page.locator(".clocks li", has_text="Hotel Miramare")
    expect(clock).to_contain_text("told in time")
    expect(clock).to_contain_text("IM-3f.breach")
    keep(page, "room")
    clock.get_by_role("link", name="Hotel Miramare").click()
    expect(page.locator("#notice-1")).to_contain_text("250 2.0.0 taken as")
    keep(page, "room-customer")
    (mailed,) = server.to(office(officer.customer))
    assert "5 records" in mailed.text and server.signed(mailed)

    read_and_order_letters(page, officer, server)
    close(page, officer, server)

    page.goto(officer.address("incidents/"))
    expect(page.get_by_role("row", name="A backup disk was stolen")).to_contain_text("told in time")
    keep(page, "own-register")
    page.get_by_role("link", name="A backup disk was stolen").click()
    expect(page.locator("#notice-2")).to_contain_text("closing report")
    expect(page.get_by_text("The disk was found, unopened.").first).to_be_visible()


def settle(page: Page, officer: Account, server: Sink) -> None:
    """The worker's turn; the room shows its progress until all notices are written, then loads itself anew."""
    turns([officer.customer], server=server)
    expect(page.locator("#progress")).to_have_count(0)
    page.wait_for_load_state()
    page.goto(page.url.partition("#")[0])


def declare(page: Page, officer: Account) -> None:
    """The operator previews whom it touches, sees one mistake beside its field, and declares."""
    page.goto("/provider/")
    page.get_by_label("E-mail address").fill(OPERATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Customers").wait_for()
    page.goto("/provider/incidents/declare")
    page.get_by_label("In a few words").fill("A backup disk was stolen")
    page.get_by_label("confidentiality").check()
    knew = datetime.now().astimezone() - timedelta(hours=3)
    page.get_by_label("Day on which staff first knew").fill((knew + timedelta(days=2)).strftime("%Y-%m-%d"))
    page.get_by_label("Time (Europe/Rome)").fill("09:00")
    page.get_by_label("What happened").fill("A disk with sealed recordings was stolen from a transport.")
    page.get_by_label("Likely consequences").fill("Low: nobody can open it without the keys.")
    page.get_by_label("Measures taken").fill("Reported to the police. The transport firm was changed.")
    page.get_by_label("What is not known yet").fill("Who has it.")
    page.get_by_label("Contact point").fill("Privacy desk")
    page.get_by_label("Its e-mail address").fill("privacy@provider.example")
    page.get_by_label("Only these customers").fill(officer.customer.handle)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Staff cannot first have known in the future.")).to_be_visible()
    page.get_by_label("Day on which staff first knew").fill((knew - timedelta(days=1)).strftime("%Y-%m-%d"))
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#extent")).to_contain_text("1 of")
    expect(page.locator(".mail pre")).to_contain_text("IM-3f.breach")
    keep(page, "declare")
    page.get_by_role("button", name="Declare and notify 1 customer").click()
    page.get_by_role("heading", name="A backup disk was stolen").wait_for()


def read_and_order_letters(page: Page, officer: Account, server: Sink) -> None:
    """The customer acknowledges the notice, and has one letter sent."""
    sign_in(page, officer)
    need = page.locator(".needs li", has_text="1 notice of a breach of your data")
    need.get_by_role("link", name="Read it").click()
    expect(page.locator(".clocks")).to_contain_text("told in time")
    page.get_by_role("button", name="Acknowledge that notice 1 was received").click()
    expect(page.get_by_text("Acknowledged by Anna Keeper.")).to_be_visible()
    keep(page, "own-incident")
    page.get_by_role("link", name="Draft letters").click()
    page.get_by_label("Persons, one a line").fill("ann@people.example; Ann\nnobody")
    page.get_by_role("button", name="Save the drafts").click()
    expect(page.get_by_text("Line 2 has no e-mail address")).to_be_visible()
    page.get_by_label("Persons, one a line").fill("ann@people.example; Ann")
    page.get_by_role("button", name="Save the drafts").click()
    page.get_by_role("button", name="Send 1 letter").click()
    turns([officer.customer], server=server)
    page.reload()
    expect(page.get_by_role("row", name="ann@people.example")).to_contain_text("sent")
    keep(page, "letters")
    (letter,) = server.to("ann@people.example")
    assert letter.text.startswith("Dear Ann,")


def close(page: Page, officer: Account, server: Sink) -> None:
    """The operator writes the closing report, reads it as the customer will, and sends it."""
    page.goto("/provider/incidents/")
    keep(page, "register")
    page.get_by_role("link", name="A backup disk was stolen").click()
    expect(page.locator(".clocks li", has_text="Hotel Miramare")).to_contain_text("notice 1 acknowledged")
    page.get_by_label("closing report").check()
    page.get_by_label("What is new").fill("The disk was found, unopened.")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.locator(".mail pre")).to_contain_text("this is the closing report")
    expect(page.locator(".mail pre")).to_contain_text("The disk was found, unopened.")
    keep(page, "draft")
    page.get_by_role("button", name="Send the closing report to 1 customer").click()
    page.get_by_role("heading", name="A backup disk was stolen").wait_for()
    settle(page, officer, server)
    expect(page.locator(".page-head")).to_contain_text("closed")
    assert len(server.to(office(officer.customer))) == 2
