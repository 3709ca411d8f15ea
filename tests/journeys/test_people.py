"""Somebody is added, invited and let in; proves itself by codes and by a passkey; sees what its groups let it see; a
list of people is mended and imported; sessions are ended from outside."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.journeys.conftest import Account, Servers, account, go_to, sign_in
from tests.support.left_evidence import trail
from tests.support.system import PASSWORD

from parley.people import api as people
from parley.tenancy import api as tenancy

SHOTS = os.environ.get("JOURNEY_SHOTS", "")
NEW_PASSWORD = "eleven calm herons cross"


@pytest.fixture(scope="module")
def office(make_customer, tmp_path_factory: pytest.TempPathFactory) -> Account:  # type: ignore[no-untyped-def]
    made = account(make_customer(handle="journey-people"), tmp_path_factory.mktemp("people-account"))
    with tenancy.scope(made.customer):
        anna = people.User.objects.get(email=made.email)
        people.change_role(anna.id, role="administrator", by=anna.id, at=datetime.now(UTC))
    return made


@pytest.fixture
def named(browser: Browser, servers: Servers) -> Iterator[Page]:
    """A browser that calls this machine by its name: passkeys belong to names."""
    base = servers.base.replace("127.0.0.1", "localhost")
    context = browser.new_context(base_url=base, viewport={"width": 1280, "height": 800}, timezone_id="Europe/Rome")
    opened = context.new_page()
    opened.set_default_timeout(15000)
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    yield opened
    context.close()
    assert not wrong


def shot(page: Page, name: str) -> None:
    """What the page looks like at both widths, when somebody wants to look."""
    if not SHOTS:
        return
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})


def enter(page: Page, who: Account, email: str, password: str) -> None:
    page.goto(who.address("sign-in"))
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def told(customer: tenancy.Customer, kind: str) -> list[dict[str, object]]:
    """The details of the evidence of `kind`, newest first."""

    with tenancy.scope(customer):
        return [dict(one.details or {}) for one in trail([kind])]


def test_added_invited_and_let_in(page: Page, office: Account) -> None:
    sign_in(page, office)
    page.goto(office.address("people/groups/"))
    expect(page.get_by_text("No groups yet.")).to_be_visible()
    shot(page, "groups-empty")
    page.get_by_label("Name", exact=True).fill("Sales")
    page.get_by_role("button", name="Add this group").click()
    expect(page.get_by_role("link", name="Sales")).to_be_visible()
    shot(page, "groups")
    go_to(page, "People")
    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("Name").fill("Dario Neri")
    page.get_by_label("E-mail address").fill("dario@people.example")
    page.get_by_label("Main group").select_option(label="Sales")
    shot(page, "add")
    page.get_by_role("button", name="Add this person").click()
    expect(page.get_by_role("heading", name="Dario Neri")).to_be_visible()
    page.get_by_label("Number, extension or name").fill("+39 0584 943232")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".key-lines")).to_contain_text("0584 943232")
    page.get_by_label("Number, extension or name").fill("no digits")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("A number needs digits")
    page.get_by_label("or a person, by e-mail address").fill(office.email)
    page.get_by_role("button", name="Let it see").click()
    expect(page.locator(".given-lines")).to_contain_text("Anna Keeper")
    page.get_by_role("button", name="Mail a link to set a password").click()
    link = page.locator("#link").inner_text()
    shot(page, "person")
    page.get_by_role("button", name="Sign out", exact=True).click()

    page.goto(link.partition("/c/")[1] + link.partition("/c/")[2])
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_label("The same again").fill(NEW_PASSWORD + "!")
    page.get_by_role("button", name="Set this password").click()
    expect(page.get_by_role("alert")).to_contain_text("The two passwords differ")
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_label("The same again").fill(NEW_PASSWORD)
    shot(page, "join")
    page.get_by_role("button", name="Set this password").click()
    enter(page, office, "dario@people.example", NEW_PASSWORD)
    page.get_by_role("heading", name="Home").wait_for()
    assert page.goto(office.address("people/")).status == 403  # type: ignore[union-attr]
    page.goto(link.partition("/c/")[1] + link.partition("/c/")[2])
    expect(page.get_by_role("alert")).to_contain_text("This link holds no more")
    assert {one["what"] for one in told(office.customer, "person.changed")} == {"number-added"}
    assert "people.example" not in str([told(office.customer, kind) for kind in ("person.created", "person.invited")])


def test_codes_are_set_up_asked_for_and_stood_in_for(page: Page, office: Account) -> None:
    with tenancy.scope(office.customer):
        people.create_user(email="elena@people.example", name="Elena Verdi", password=PASSWORD, role="supervisor")
        keeper = people.User.objects.get(email=office.email)
        people.decide(
            own_visible=True, own_download=True, factor_roles=["supervisor"], by=keeper.id, at=datetime.now(UTC)
        )
    enter(page, office, "elena@people.example", PASSWORD)
    expect(page.get_by_text("Set up a second factor first.")).to_be_visible()
    page.goto(office.address("recordings/"))
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.get_by_role("button", name="Set up one-time codes").click()
    expect(page.locator("svg.qr")).to_be_visible()
    shot(page, "codes")
    secret = page.locator(".enrol .hash").inner_text()
    page.get_by_label("Code of six digits").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not the code")
    page.get_by_label("Code of six digits").fill(people.factors.code_at(secret, datetime.now(UTC)))
    page.get_by_role("button", name="Confirm").click()
    recovery = page.locator(".codes span").all_inner_texts()
    assert len({one.strip() for one in recovery}) == 10
    shot(page, "recovery")
    page.goto(office.address("recordings/"))
    expect(page.get_by_role("heading", name="Recordings")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()

    enter(page, office, "elena@people.example", PASSWORD)
    page.get_by_label("Code of your app, or a recovery code").fill("123123")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The code is wrong")
    shot(page, "second-step")
    page.get_by_label("Code of your app, or a recovery code").fill(recovery[0].strip().lower())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Home").wait_for()
    page.goto(office.address("account/"))
    expect(page.get_by_text("9 left")).to_be_visible()
    page.locator(".factor-head").first.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("alert")).to_contain_text("Your role needs a second factor")
    assert secret not in str(told(office.customer, "person.factor-added"))


def test_a_passkey_is_made_and_signs_in_alone(named: Page, office: Account) -> None:
    with tenancy.scope(office.customer):
        people.create_user(email="frida@people.example", name="Frida Blu", password=PASSWORD, role="user")
    devtools = named.context.new_cdp_session(named)
    devtools.send("WebAuthn.enable")
    device = devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                "isUserVerified": True, "automaticPresenceSimulation": True,
            }
        },
    )["authenticatorId"]  # fmt: skip
    enter(named, office, "frida@people.example", PASSWORD)
    named.get_by_role("heading", name="Home").wait_for()
    named.goto(office.address("account/"))
    named.get_by_label("What you call it").fill("test device")
    named.get_by_role("button", name="Add a passkey").click()
    expect(named.locator(".codes span")).to_have_count(10)
    expect(named.locator(".key-lines")).to_contain_text("test device")
    shot(named, "account")
    assert len(devtools.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]) == 1

    named.get_by_role("button", name="Sign out", exact=True).click()
    shot(named, "sign-in")
    named.get_by_role("button", name="Sign in with a passkey").click()
    named.get_by_role("heading", name="Home").wait_for()
    named.get_by_role("button", name="Sign out", exact=True).click()
    enter(named, office, "frida@people.example", PASSWORD)
    named.get_by_role("button", name="Use a passkey").click()
    named.get_by_role("heading", name="Home").wait_for()
    means = [one["means"] for one in told(office.customer, "person.signed-in")]
    assert means[:2] == ["passkey", "passkey"]

    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    named.get_by_role("button", name="Sign out", exact=True).click()
    named.get_by_role("button", name="Sign in with a passkey").click()
    expect(named.locator("[data-problem]")).to_contain_text("No passkey was shown")


def test_a_list_is_looked_at_imported_and_mended(page: Page, office: Account, tmp_path: Path) -> None:
    sign_in(page, office)
    page.goto(office.address("people/import"))
    shot(page, "import")
    file = tmp_path / "people.csv"
    file.write_text(
        "email;name;role;main group;extension\n"
        "ada@list.example;Ada Rossi;supervisor;Support;301\n"
        "bruno@list.example;Bruno Sala;;Support;302\n"
        "not an address;Carla Tosi;user;;303\n"
        "dora@list.example;Dora Monti;chief;;304\n"
        "emil@list.example;Emil Conti;user;;302\n",
        "utf-8",
    )
    page.get_by_label("A list").set_input_files(file)
    page.get_by_role("button", name="Upload and look at it").click()
    expect(page.locator(".figures")).to_contain_text("Lines that come back")
    expect(page.locator("main")).to_contain_text("the e-mail address is not one. Write it as")
    expect(page.locator("main")).to_contain_text("role: one of administrator, compliance, supervisor, user")
    shot(page, "preview")
    page.get_by_role("button", name="Add 2 people").click()
    expect(page.get_by_role("heading", name="2 people were added")).to_be_visible()
    shot(page, "imported")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download them with the reasons").click()
    returned = Path(started.value.path()).read_text()
    assert "Emil Conti" in returned
    assert "it belongs to an account, or to a line above" in returned
    mended = tmp_path / "mended.csv"
    mended.write_text(
        returned.replace("not an address", "carla@list.example").replace("chief", "user").replace(",302,", ",305,")
    )
    page.get_by_role("link", name="Import the mended file").click()
    page.get_by_label("A list").set_input_files(mended)
    page.get_by_role("button", name="Upload and look at it").click()
    page.get_by_role("button", name="Add 3 people").click()
    expect(page.get_by_role("heading", name="3 people were added")).to_be_visible()
    page.goto(office.address("people/"))
    shot(page, "list")
    page.get_by_role("searchbox").press_sequentially("302")
    expect(page.locator("#results")).to_contain_text("Bruno Sala")
    expect(page.locator("#results")).not_to_contain_text("Ada Rossi")
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 5, "y": 5})
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Bruno Sala")).to_be_visible()
    assert told(office.customer, "people.imported")[0].keys() >= {"added", "returned", "user"}


def test_sessions_are_ended_from_outside(page: Page, browser: Browser, servers: Servers, office: Account) -> None:
    with tenancy.scope(office.customer):
        people.create_user(email="gino@people.example", name="Gino Gallo", password=PASSWORD, role="user")
    elsewhere = browser.new_context(base_url=servers.base).new_page()
    enter(elsewhere, office, "gino@people.example", PASSWORD)
    elsewhere.get_by_role("heading", name="Home").wait_for()
    sign_in(page, office)
    page.goto(office.address("people/sessions/"))
    row = page.get_by_role("row", name=re.compile("Gino Gallo"))
    expect(row).to_contain_text("127.0.0.0/24")
    expect(row).to_contain_text("Chrome · Linux")
    shot(page, "sessions")
    row.get_by_role("button").click()
    expect(row).to_have_count(0)
    elsewhere.goto(office.address("recordings/"))
    expect(elsewhere.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    elsewhere.context.close()
    page.goto(office.address("people/rules"))
    shot(page, "rules")
    page.goto(office.address("people/sign-on"))
    page.get_by_label("Name, as on the button").fill("Corp")
    page.get_by_label("Issuer").fill("https://127.0.0.1:8443")
    page.get_by_label("Client id").fill("parley")
    page.get_by_label("Client secret").fill("s")
    page.get_by_label("For addresses of").fill("corp.example")
    page.get_by_role("button", name="Ask it and add it").click()
    expect(page.get_by_role("alert")).to_contain_text("only public addresses are called")
    shot(page, "sign-on")
    page.get_by_role("link", name="Who may see what").click()
    expect(page.get_by_role("row", name=re.compile("Dario Neri"))).to_contain_text("given: Anna Keeper")
    expect(page.get_by_role("row", name=re.compile("Ada Rossi"))).to_contain_text("of its group Support")
    shot(page, "access")
    page.get_by_label("Only who sees the calls of").select_option(label="Support")
    expect(page.get_by_role("row", name=re.compile("Dario Neri"))).to_have_count(0)
    expect(page.get_by_role("row", name=re.compile("Ada Rossi"))).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV").click()
    lines = Path(started.value.path()).read_text().splitlines()
    assert any(line.startswith("Dario Neri,dario@people.example,user,own,") for line in lines)
