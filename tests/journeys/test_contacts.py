"""A list with mistakes is imported, mended in its own file and imported again; duplicates become one contact; a caller
has a name; a person ends marketing on a telephone."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, account, sign_in
from tests.support.installation import MakeCustomer

from parley.contacts import api as contacts
from parley.contacts import importing
from parley.obligations import api as obligations
from parley.people.api import User, viewer
from parley.recordings import api as recordings
from parley.recordings.api import installed_store
from parley.tenancy import api as tenancy

LIST = (
    "Vorname;Nachname;Firma;Telefon;E-Mail\r\n"
    "Greta;Hoffmann;Nordwind GmbH;+39 0584 111222;greta@nordwind.example\r\n"
    "Luca;Ferrari;Officine Ferrari;+39 0584 333444;luca@ferrari.example\r\n"
    "Marie;Dubois;Atelier Dubois;+33 1 42 68 53 00;marie.dubois.example\r\n"
    "Greta;Hoffmann;Nordwind;;greta@nordwind.example\r\n"
    "Pablo;García;Talleres García;keine;pablo@garcia.example\r\n"
)
SHOTS = os.environ.get("JOURNEY_SHOTS", "")


def furnished(customer: tenancy.Customer, folder: Path) -> Account:
    """An account of a customer that has a directory for all."""
    with tenancy.scope(customer):
        contacts.add_directory(kind="public", name="Customers", by="test", at=datetime.now(UTC))
    return account(customer, folder)


@pytest.fixture(scope="module")
def office(make_customer: MakeCustomer, tmp_path_factory: pytest.TempPathFactory) -> Account:
    return furnished(make_customer(handle="journey-contacts"), tmp_path_factory.mktemp("contacts-account"))


def shot(page: Page, name: str) -> None:
    """What the page looks like at both widths, when somebody wants to look."""
    if not SHOTS:
        return
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.screenshot(path=f"{SHOTS}/{name}-dark.png")
    page.emulate_media(color_scheme="light")


def work(customer: tenancy.Customer, folder: Path) -> None:
    handlers = importing.long_handlers(store=installed_store(), scratch=folder)
    assert obligations.run_due(customer, handlers=handlers, now=datetime.now(UTC)).failed == 0


def bring(page: Page, file: Path, *, source: str) -> None:
    page.get_by_label(re.compile("A file, at most")).set_input_files(file)
    page.get_by_role("button", name="Upload and look at it").click()
    expect(page.get_by_role("heading", name="What each column is")).to_be_visible()
    page.locator("select[name=directory]").select_option(label="Customers")
    page.get_by_label("Where these people come from").fill(source)


def test_imported_with_errors_mended_and_merged(page: Page, office: Account, tmp_path: Path) -> None:
    sign_in(page, office)
    page.get_by_role("link", name="Contacts", exact=True).first.click()
    expect(page.get_by_text("No contacts yet.")).to_be_visible()
    shot(page, "empty")
    page.get_by_role("link", name="Import a list").click()
    first = tmp_path / "list.csv"
    first.write_bytes(LIST.encode("cp1252"))
    bring(page, first, source="fair in Milan 2026")
    expect(page.locator("#arrive")).to_contain_text("2 of them are wrong and would come back")
    expect(page.locator("#arrive")).to_contain_text("E-Mail: this is not an e-mail address")
    page.get_by_label("Firma becomes").select_option(label="leave out")
    expect(page.locator("#arrive")).not_to_contain_text("Nordwind GmbH")
    page.get_by_label("Firma becomes").select_option(label="company")
    expect(page.locator("#arrive")).to_contain_text("Nordwind GmbH")
    shot(page, "preview")
    page.get_by_role("button", name="Import these contacts").click()
    expect(page.locator("#progress")).to_be_visible()
    work(office.customer, tmp_path)
    expect(page.get_by_role("heading", name="Rows to mend")).to_be_visible()
    expect(page.locator(".figures")).to_contain_text("Added")
    shot(page, "report")

    with page.expect_download() as started:
        page.get_by_role("link", name="Download 2 rows to mend").click()
    returned = Path(started.value.path()).read_text("utf-8-sig")
    assert "Marie" in returned
    assert "Telefon: a number needs digits" in returned
    mended = tmp_path / "mended.csv"
    fixed = returned.replace("marie.dubois.example", "marie@dubois.example").replace("keine", "+34 912 345 678")
    mended.write_text(fixed, "utf-8")
    page.get_by_role("link", name="Import the mended file").click()
    bring(page, mended, source="fair in Milan 2026")
    expect(page.locator("#arrive")).not_to_contain_text("wrong")
    page.get_by_role("button", name="Import these contacts").click()
    expect(page.locator("#progress")).to_be_visible()
    work(office.customer, tmp_path)
    expect(page.locator(".figures")).to_contain_text("every row was good")

    page.get_by_role("link", name="Look for duplicates").click()
    expect(page.locator(".twins").first).to_contain_text("Greta Hoffmann")
    shot(page, "duplicates")
    page.get_by_role("button", name="Compare and merge").first.click()
    page.get_by_role("group", name="Company").get_by_label("Nordwind GmbH").check()
    shot(page, "merge")
    page.get_by_role("button", name="Merge into one contact").click()
    expect(page.get_by_role("heading", name="Greta Hoffmann")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Nordwind GmbH")
    page.goto(office.address("contacts/duplicates/"))
    expect(page.get_by_text("No duplicates.")).to_be_visible()


def test_found_while_typing_and_opened_by_keyboard(page: Page, office: Account) -> None:
    with tenancy.scope(office.customer):
        shared = next(one.id for one in contacts.directories() if one.kind == "public")
        new = contacts.NewContact(given="Keyboard", family="Kowalski", numbers=(contacts.Number(value="+48221234567"),))
        contacts.add(new, directory=shared, by="test", at=datetime.now(UTC))
    sign_in(page, office)
    page.goto(office.address("contacts/"))
    shot(page, "list")
    page.keyboard.press("/")
    page.keyboard.type("kowal", delay=30)
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("q=kowal"))
    page.keyboard.press("ArrowDown")
    expect(page.locator("a.row").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Keyboard Kowalski")).to_be_visible()
    expect(page.get_by_role("link", name="+48 22 123 45 67")).to_have_attribute("href", "tel:+48221234567")
    shot(page, "one")
    page.get_by_role("link", name="Change", exact=True).click()
    shot(page, "form")
    page.get_by_label("Company").fill("Kowalski Sp. z o.o.")
    page.get_by_role("button", name="Save this contact").click()
    expect(page.locator("main")).to_contain_text("Kowalski Sp. z o.o.")


def test_a_caller_has_a_name(page: Page, office: Account) -> None:
    with tenancy.scope(office.customer):
        seen = recordings.get(viewer(User.objects.get(email=office.email)), office.recording)
        assert seen.caller is not None
        own = next(one.id for one in contacts.directories() if one.kind == "public")
        new = contacts.NewContact(
            given="Caroline", family="Caller", numbers=(contacts.Number(value=seen.caller.number),)
        )
        contacts.add(new, directory=own, by="test", at=datetime.now(UTC))
    sign_in(page, office)
    page.goto(office.address("recordings/"))
    expect(page.locator("tbody").first).to_contain_text("Caroline Caller")
    shot(page, "recordings")
    page.locator("a.row").first.click()
    expect(page.locator("h1")).to_contain_text("Caroline Caller")


def test_a_person_ends_marketing_on_a_telephone(page: Page, office: Account) -> None:
    with tenancy.scope(office.customer):
        now = datetime.now(UTC)
        shared = next(one.id for one in contacts.directories() if one.kind == "public")
        new = contacts.NewContact(given="Nora", emails=("nora@person.example",))
        made = contacts.add(new, directory=shared, by="test", at=now)
        proof = contacts.Proof(how="web form", text_version="newsletter 3")
        contacts.consent(made, "newsletter", "email", given_at=now, proof=proof)
    sign_in(page, office)
    page.goto(office.address(f"contacts/{made}/"))
    shot(page, "consents")
    link = page.get_by_role("link", name="preferences").get_attribute("href")
    assert link
    page.context.clear_cookies()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(link)
    shot(page, "preferences")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Stop all marketing to me").click()
    expect(page.get_by_role("status")).to_contain_text("Your objection holds from now on.")
    expect(page.locator("main")).to_contain_text("You get no marketing, in no way.")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator("main")).to_contain_text("Nothing that still holds.")


def test_nothing_is_wider_than_a_telephone(page: Page, office: Account) -> None:
    sign_in(page, office)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("contacts/", "contacts/add", "contacts/imports/", "contacts/duplicates/", "contacts/settings"):
        page.goto(office.address(path))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_the_list_of_objections_is_read_filtered_and_asked(
    page: Page, make_customer: MakeCustomer, tmp_path: Path
) -> None:
    office = furnished(make_customer(handle="journey-refusals"), tmp_path)
    sign_in(page, office)
    page.goto(office.address("contacts/"))
    page.get_by_role("link", name="Objections").click()
    expect(page.get_by_text("Nobody has objected.")).to_be_visible()
    shot(page, "objections-empty")
    now = datetime.now(UTC)
    with tenancy.scope(office.customer):
        shared = next(one.id for one in contacts.directories() if one.kind == "public")
        for given, email in (("Otto", "otto@objects.example"), ("Nadia", "nadia@objects.example")):
            new = contacts.NewContact(
                given=given, family="Nein", emails=(email,), numbers=(contacts.Number(value=f"+3905848{len(email)}"),)
            )
            contacts.add(new, directory=shared, by="test", at=now)
        before = now - timedelta(days=1)
        contacts.object_(emails=["otto@objects.example"], numbers=["+3905848020"], by="test", at=before)
        contacts.object_(emails=["nadia@objects.example"], purpose="*", ground="request", by="test", at=before)
        for number in range(60):
            gone = [f"gone{number}@objects.example"]
            contacts.object_(emails=gone, channel="email", ground="unsubscribed", by="test", at=now)
    page.reload()
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator("#results")).to_contain_text("50 e-mail addresses")
    page.get_by_role("link", name="More").click()
    expect(page.get_by_role("link", name="Otto Nein")).to_be_visible()
    page.locator("select[name=who]").select_option(label="with a contact")
    expect(page.locator("#results tbody tr")).to_have_count(2)
    expect(page).to_have_url(re.compile("who=contact"))
    shot(page, "objections")
    page.get_by_label("A number or an e-mail address").fill("nadia@objects.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Yes: on the list.")
    expect(page.get_by_role("status")).to_contain_text("Must not be contacted for anything by every way")
    shot(page, "objections-found")
    page.get_by_label("A number or an e-mail address").fill("+39 0584 943232")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("status")).to_contain_text("No: not on the list.")
