"""Instructions, contract and acceptable use as two people live them: the customer's officer, the provider's staff."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.journeys.conftest import Account, Servers, account, sign_in
from tests.support.system import PASSWORD

from parley.people.api import User, create_user
from parley.tenancy import api as tenancy

OPERATOR = "olga.contract@provider.example"
PICTURES = os.environ.get("CONTRACT_PICTURES", "")


@pytest.fixture(scope="module")
def instructing(make_customer, tmp_path_factory: pytest.TempPathFactory) -> Account:  # type: ignore[no-untyped-def]
    """A customer whose agreement lets data leave under a measure."""
    made = make_customer(handle=f"word-{secrets.token_hex(3)}", agreement="imagicle-dpa")
    return account(made, tmp_path_factory.mktemp("word"))


@pytest.fixture(scope="module")
def misusing(make_customer, tmp_path_factory: pytest.TempPathFactory) -> Account:  # type: ignore[no-untyped-def]
    """A customer whose agreement lets the provider suspend at once."""
    made = make_customer(handle=f"misuse-{secrets.token_hex(3)}", agreement="imagino-policy")
    return account(made, tmp_path_factory.mktemp("misuse"))


@pytest.fixture
def staff(browser: Browser, servers: Servers) -> Iterator[Page]:
    """A browser of the provider's staff, signed in."""
    with tenancy.scope(tenancy.provider()):
        if not User.objects.filter(email=OPERATOR).exists():
            create_user(email=OPERATOR, name="Olga Operator", password=PASSWORD, role="operator")
    context = browser.new_context(base_url=servers.base, timezone_id="Europe/Rome", locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(15000)
    page.goto("/provider/")
    page.get_by_label("E-mail address").fill(OPERATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Customers").wait_for()
    yield page
    context.close()


def picture(page: Page, name: str) -> None:
    """Pictures at both widths and in both themes, for whoever wants to look; nothing may be wider than the window."""
    before = page.viewport_size
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, (name, width, over)
        for theme in ("light", "dark") if PICTURES else ():
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{theme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before or {"width": 1280, "height": 800})


def test_an_infringing_instruction_is_loud_until_it_is_decided(page: Page, instructing: Account) -> None:
    sign_in(page, instructing)
    page.goto(instructing.address("instructions/"))
    form = page.locator("#give")
    form.locator("[name=purpose]").select_option("make-rendition")
    form.get_by_label("In your words").fill("Make copies in our office in Texas.")
    form.get_by_text("Where, to whom").click()
    form.locator("[name=region]").select_option("us")
    form.get_by_label("Keep for").fill("soon")
    form.get_by_role("button", name="Give this instruction").click()
    expect(page.get_by_role("alert")).to_contain_text("A span is written 30 days")
    page.locator("#give").get_by_label("Keep for").fill("6 months")
    page.locator("#give").get_by_role("button", name="Give this instruction").click()
    expect(page.get_by_text("This instruction is not carried out.")).to_be_visible()
    expect(page.get_by_text("for which no measure is confirmed")).to_be_visible()
    picture(page, "instruction-suspended")
    page.goto(instructing.address("instructions/"))
    expect(page.get_by_text("Suspended: turn a sealed original")).to_be_visible()
    picture(page, "instructions")
    page.get_by_role("link", name="Decide about it").click()
    page.get_by_label("Why it is lawful").fill("Our counsel confirmed it.")
    page.get_by_role("button", name="Confirm it in writing").click()
    expect(page.get_by_text("You confirmed it, although it would infringe")).to_be_visible()
    picture(page, "instruction-confirmed")


def test_the_contract_page_names_addresses_and_confirms_a_transfer(page: Page, instructing: Account) -> None:
    sign_in(page, instructing)
    page.goto(instructing.address("contract/"))
    page.get_by_label("Addresses for notices").fill("not an address")
    page.get_by_role("button", name="Save order and addresses").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be written to")
    page.get_by_label("Addresses for notices").fill("privacy@example.org\ndpo@example.org")
    page.get_by_label("Time zone").fill("Europe/Rome")
    page.get_by_role("button", name="Save order and addresses").click()
    expect(page.get_by_label("Addresses for notices")).to_have_value("privacy@example.org\ndpo@example.org")
    page.get_by_text("Confirm a measure").click()
    page.locator("[name=area]").select_option("us")
    page.locator("[name=measure]").select_option("scc")
    page.get_by_role("button", name="Confirm this measure").click()
    expect(page.get_by_role("alert")).to_contain_text("not named")
    page.get_by_label("Who receives it").fill("Parley Inc., 1 Main Street, Springfield")
    page.get_by_role("button", name="Confirm this measure").click()
    expect(page.get_by_text("Parley Inc., 1 Main Street, Springfield")).to_be_visible()
    picture(page, "contract")
    page.get_by_role("link", name="Annexes").click()
    expect(page.get_by_text("Annex II: technical and organisational measures")).to_be_visible()
    picture(page, "annexes")


def test_a_misuse_from_the_request_to_the_lifting(page: Page, staff: Page, misusing: Account) -> None:
    at = f"/provider/customers/{misusing.customer.handle}/contract/"
    staff.goto(at)
    staff.get_by_text("Ask the customer to correct a misuse").click()
    staff.get_by_label("Kind").select_option("spam")
    staff.get_by_label("What was found").fill("Calls to people who objected. Stop the campaign.")
    staff.get_by_role("button", name="Ask to correct it").click()
    expect(staff.get_by_text("to be corrected")).to_be_visible()
    sign_in(page, misusing)
    page.goto(misusing.address("instructions/"))
    expect(page.get_by_text("Calls to people who objected")).to_be_visible()
    staff.get_by_role("button", name="Suspend the service").click()
    expect(staff.get_by_text("suspended for misuse")).to_be_visible()
    picture(staff, "provider-contract")
    page.reload()
    expect(page.get_by_text("service suspended")).to_be_visible()
    picture(page, "misuse")
    page.get_by_label("What was changed").fill("The campaign is stopped.")
    page.get_by_role("button", name="It is corrected").click()
    expect(page.get_by_text("The campaign is stopped.")).to_be_visible()
    staff.goto(at)
    staff.get_by_role("button", name="Lift the suspension").click()
    expect(staff.get_by_text("suspension lifted")).to_be_visible()


def test_the_provider_records_a_signature_and_the_end(staff: Page, misusing: Account) -> None:
    staff.goto(f"/provider/customers/{misusing.customer.handle}/contract/")
    staff.get_by_text("Record a signature").click()
    staff.locator("input[name=agreements][value='ucx-terms']").check()
    staff.get_by_label("Who signed").fill("Ada Rossi")
    staff.get_by_label("Reference of the order").fill("order 7")
    staff.get_by_role("button", name="Record this signature").click()
    expect(staff.get_by_text("ucx-terms 2")).to_be_visible()
    staff.get_by_text("Record the end of the contract").click()
    staff.get_by_label("Delete the data").check()
    staff.get_by_role("button", name="Record this end").click()
    expect(staff.get_by_role("button", name="Renew the contract")).to_be_visible()
    picture(staff, "provider-contract-ended")
