"""The rail: all of it on a screen of 800 px, its sections opened by keyboard and without a script."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from tests.journeys.conftest import Account, Servers, go_to, sign_in

ENDS = "document.querySelector('.rail nav').scrollHeight <= document.querySelector('.rail nav').clientHeight"


def test_every_section_fits_and_the_present_one_is_open(page: Page, local: Account, tmp_path: Path) -> None:
    sign_in(page, local)
    sections = page.locator(".rail nav details")
    assert sections.count() >= 3
    for index in range(sections.count()):
        sections.nth(index).locator("summary").click()
        expect(page.locator(".rail nav details[open]")).to_have_count(1)  # opening one closes the other
        assert page.evaluate(ENDS), sections.nth(index).inner_text()
        assert page.evaluate("document.querySelector('.rail').scrollHeight <= innerHeight")
        page.screenshot(path=tmp_path / f"rail-{index}.png")
    go_to(page, "Inventory")
    expect(page.locator(".rail nav details[open] a[aria-current=page]")).to_have_text("Inventory")
    page.locator(".rail nav summary", has_text="Agreement").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Contract")
    page.screenshot(path=tmp_path / "contract.png")


def test_a_telephone_without_scripts_reaches_every_place(
    browser: Browser, servers: Servers, page: Page, local: Account, tmp_path: Path
) -> None:
    sign_in(page, local)
    context = browser.new_context(
        base_url=servers.base, viewport={"width": 390, "height": 844}, java_script_enabled=False,
        storage_state=page.context.storage_state(),
    )  # fmt: skip
    phone = context.new_page()
    phone.goto(local.address())
    phone.locator("label.more").click()
    phone.screenshot(path=tmp_path / "more.png")
    phone.locator(".rail nav summary", has_text="Assurance").click()
    link = phone.get_by_role("link", name="Audits", exact=True)
    expect(link).to_be_visible()
    phone.screenshot(path=tmp_path / "assurance.png")
    assert (link.bounding_box() or {"height": 0})["height"] >= 44
    link.click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Audits")
    context.close()
