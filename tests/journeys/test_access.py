"""Break-glass access as two people live it: the provider's staff asks, the customer consents, watches, and ends it."""

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.journeys.conftest import Account, Servers, account, go_to, integrate, sign_in
from tests.support.system import PASSWORD

from parley.people.api import User, create_user
from parley.tenancy import api as tenancy

OPERATOR = "olga.access@provider.example"
PICTURES = os.environ.get("ACCESS_PICTURES", "")


@pytest.fixture(scope="module")
def consenting(make_customer, tmp_path_factory: pytest.TempPathFactory) -> Account:  # type: ignore[no-untyped-def]
    """A customer whose agreement asks for its consent."""
    made = make_customer(handle=f"access-{secrets.token_hex(3)}", agreement="kavkom-dpa")
    return account(made, tmp_path_factory.mktemp("access"))


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
    """Pictures at both widths and in both themes, for whoever wants to look: ACCESS_PICTURES names the folder."""
    if not PICTURES:
        return
    before = page.viewport_size
    for width in (1280, 390):
        for theme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{theme}.png", full_page=True)
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, (name, width, over)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before or {"width": 1280, "height": 800})


def test_asked_consented_looked_ended(page: Page, staff: Page, consenting: Account) -> None:
    handle = consenting.customer.handle
    refused = staff.goto(f"/provider/customers/{handle}/support/")
    assert refused is not None
    assert refused.status == 403
    expect(staff.get_by_role("heading", level=1)).to_contain_text("clause KV-2.instructions")

    staff.goto(f"/provider/customers/{handle}/")
    staff.get_by_role("link", name="Ask for support access").click()
    staff.get_by_label("What has to be looked at").fill("A call of this morning does not play.")
    staff.get_by_label("Support case").fill("C-4711")
    staff.get_by_label("Minutes").fill("1000")
    picture(staff, "ask")
    staff.get_by_role("button", name="Ask the customer for its consent").click()
    expect(staff.locator(".wrong .problem")).to_contain_text("at most 8 hours")
    staff.get_by_label("Minutes").fill("30")
    staff.get_by_role("button", name="Ask the customer for its consent").click()
    expect(staff.get_by_text("waits for consent").first).to_be_visible()

    sign_in(page, consenting)
    go_to(page, "Staff access")
    expect(page.get_by_text("Olga Operator").first).to_be_visible()
    picture(page, "asked")
    page.get_by_role("button", name="Consent for 30 minutes").click()
    expect(page.locator("#watching")).to_contain_text("Olga Operator of the provider can look")

    staff.goto(f"/provider/customers/{handle}/support/")
    row = staff.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(staff.locator("main")).not_to_contain_text("Quillfeather")
    picture(staff, "looking")

    page.goto(consenting.address("recordings/"))
    expect(page.locator("#watching")).to_contain_text("1 page looked at")
    page.get_by_role("link", name="See it, or end it").click()
    picture(page, "running")
    page.get_by_role("button", name="End this access now").click()
    expect(page.locator("#watching")).to_have_text("")
    expect(page.locator("tbody tr").first).to_contain_text("by the customer")
    picture(page, "history")

    gone = staff.goto(f"/provider/customers/{handle}/support/")
    assert gone is not None
    assert gone.status == 403
    staff.goto("/provider/access/")
    expect(staff.locator("tbody tr").first).to_contain_text("ended")
    picture(staff, "docket")

    integrate(consenting.customer)
    page.goto(consenting.address("audit/?kind=staff-access.looked"))
    page.get_by_role("link", name="The provider's staff looked").first.click()
    page.get_by_role("button", name="Verify in this browser").click()
    expect(page.locator("[data-verdict=verified]")).to_be_visible()


def test_the_banner_appears_without_loading_the_page_again(page: Page, staff: Page, consenting: Account) -> None:
    handle = consenting.customer.handle
    staff.goto(f"/provider/customers/{handle}/support/ask/")
    staff.get_by_label("What has to be looked at").fill("The same call, once more.")
    staff.get_by_label("Support case").fill("C-4712")
    staff.get_by_role("button", name="Ask the customer for its consent").click()
    sign_in(page, consenting)
    elsewhere = page.context.new_page()
    elsewhere.goto(consenting.address("live/"))
    page.goto(consenting.address("access/"))
    page.get_by_role("button", name="Consent for 60 minutes").click()
    expect(elsewhere.locator("#watching")).to_contain_text("Olga Operator", timeout=20000)
    page.get_by_role("button", name="End this access now").click()
    expect(elsewhere.locator("#watching")).to_have_text("", timeout=20000)


def test_reviewing_people_and_rotating_keys(page: Page, consenting: Account) -> None:
    with tenancy.scope(consenting.customer):
        create_user(email="boss@example.org", name="Berta Boss", password=PASSWORD, role="administrator")
        gone = create_user(email="gone@example.org", name="Gino Gone", password=PASSWORD, role="user")
    sign_in(page, consenting)
    page.goto(consenting.address("access/review/"))
    page.get_by_label("Decision about Gino Gone").select_option("remove")
    picture(page, "review")
    page.get_by_role("button", name=re.compile("Hold the review of 3 accounts")).click()
    expect(page.get_by_text("next due").first).to_be_visible()
    with tenancy.scope(consenting.customer):
        assert not User.objects.get(id=gone.id).is_active
    page.goto(consenting.address("access/keys/"))
    former = page.locator(".hash").first.inner_text()
    page.get_by_role("button", name="Seal new content to new keys").click()
    expect(page.locator(".hash").first).not_to_have_text(former)
    page.get_by_role("button", name="Hold the drill now").click()
    expect(page.get_by_text("drill passed")).to_be_visible()
    picture(page, "keys")
    page.goto(consenting.address(f"recordings/{consenting.recording}/"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Quillfeather")


def test_the_register_of_handlers_and_assistance(page: Page, staff: Page, consenting: Account) -> None:
    staff.goto("/provider/access/handlers/")
    staff.get_by_label("Kind").select_option("subsidiary")
    staff.get_by_label("Role, company or medium").fill("Quill France SARL")
    staff.get_by_label("Country, two letters").fill("FR")
    staff.get_by_label("What it does with the data").fill("second-level support")
    staff.get_by_role("button", name="Enter it in the register").click()
    expect(staff.get_by_text("Quill France SARL")).to_be_visible()
    picture(staff, "handlers")
    staff.goto(f"/provider/customers/{consenting.customer.handle}/assistance/")
    staff.get_by_text("A complaint arrived").click()
    staff.get_by_label("The complaint").fill("I was not told that I was recorded.")
    staff.get_by_role("button", name="Register the complaint").click()
    expect(staff.get_by_text("I was not told that I was recorded.")).to_be_visible()
    picture(staff, "customer-assistance")
    sign_in(page, consenting)
    page.goto(consenting.address("access/handlers/"))
    expect(page.get_by_text("Quill France SARL")).to_be_visible()
    page.goto(consenting.address("assistance/"))
    expect(page.get_by_text("I was not told that I was recorded.")).to_be_visible()
    page.get_by_text("Check with what only you know").click()
    picture(page, "assistance")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Processing by")
    page.get_by_role("button", name="Finish the assessment").click()
    expect(page.locator(".wrong .problem").first).to_contain_text("no answer yet")
    picture(page, "assessment")
