"""Accessibility of every page, asked of axe-core in a browser: at 1280 px in light, at 390 px in dark, by keyboard.

The resolver says which pages there are; one that cannot be shown stands in UNSEEN with its reason.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Error, Page, expect
from tests.journeys.conftest import Servers
from tests.support import accessible
from tests.support.console_rows import PASSWORD, Tenant, asked_by_a_person, departed, filled, routes, tenant
from tests.support.departures import letters
from tests.support.installation import MakeCustomer

from parley.people import api as people
from parley.people.api import User, create_user
from parley.rights.tokens import follow_url
from parley.sealing.api import generate_identity
from parley.tenancy import api as tenancy
from parley.web.place import CONSOLE_URLS, PROVIDER_URLS
from parley.web.public.preferences import preferences_path

DESK = {"width": 1280, "height": 800}
TELEPHONE = {"width": 390, "height": 844}
STAFF = "olga@provider.example"
UNSEEN = {
    "sign-out": "is posted to",
    "sign-in/back": "belongs to another site's answer",
    "sign-in/with/<uuid:sign_on_id>": "leads to another site",
    "sign-in/with/<uuid:sign_on_id>/end": "leads to another site",
    "sign-in": "seen by nobody who is signed in: stands in WAYS_IN",
    "sign-in/factor": "seen by nobody who is signed in: stands in WAYS_IN",
    "customers/<slug:handle>/support/": "needs the customer's grant: tests/journeys/test_access.py",
}
FILES = {
    "exports/<slug:handle>/<str:token>": "a package, or a sentence without a page",
    "end/<str:token>/exports/<uuid:return_id>": "a package",
    "end/<str:token>/certificate/<slug:form>": "a paper",
    "end/<str:token>/statements/<int:number>.json": "a file",
    "readyz": "a word for programs, which depends on what else runs",
}
CONTROLS = "main :is(a, button, input, select, summary)"
PLACE = f"[...document.querySelectorAll('{CONTROLS}')].indexOf(document.activeElement)"
SEALED = ("recordings/", "recordings/<uuid:recording_id>/", "access/keys/", "access/keys/lost/", "contract/")
"""Pages that differ where the customer alone holds the key."""


@pytest.fixture(scope="module")
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="module")
def own(make_customer: MakeCustomer, tmp_path_factory: pytest.TempPathFactory, unblocked: None) -> Tenant:
    return tenant(make_customer(handle="axe-own"), tmp_path_factory.mktemp("axe-own"))


@pytest.fixture(scope="module")
def sealed(make_customer: MakeCustomer, tmp_path_factory: pytest.TempPathFactory, unblocked: None) -> Tenant:
    recipients = tuple(generate_identity().recipient for _ in range(2))
    made = make_customer(handle="axe-held", custody="customer-held", agreement="ixcloud-dpa", recipients=recipients)
    return tenant(made, tmp_path_factory.mktemp("axe-held"))


def opened(browser: Browser, servers: Servers) -> Page:
    context = browser.new_context(base_url=servers.base, viewport=DESK, locale="en-GB", reduced_motion="reduce")
    context.add_init_script(accessible.LISTENERS)
    return context.new_page()


def entered(page: Page, home: str, email: str, *, password: str = PASSWORD) -> Page:
    page.goto(home + "sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_load_state()
    return page


@pytest.fixture(scope="module")
def keeper(browser: Browser, servers: Servers, own: Tenant) -> Iterator[Page]:
    page = entered(opened(browser, servers), own.home, own.email)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def holder(browser: Browser, servers: Servers, sealed: Tenant) -> Iterator[Page]:
    page = entered(opened(browser, servers), sealed.home, sealed.email)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def staff(browser: Browser, servers: Servers, own: Tenant) -> Iterator[Page]:
    with tenancy.scope(tenancy.provider()):
        if not User.objects.filter(email=STAFF).exists():
            create_user(email=STAFF, name="Olga", password=PASSWORD, role="operator")
    page = entered(opened(browser, servers), "/provider/", STAFF)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def stranger(browser: Browser, servers: Servers, unblocked: None) -> Iterator[Page]:
    page = opened(browser, servers)
    yield page
    page.context.close()


def wrong_at(page: Page, address: str, *, status: int = 200) -> list[str]:
    """What is wrong with the page at `address`; nothing for files, and for pieces that stand in other pages."""
    try:
        answer = page.goto(address, wait_until="load")
    except Error as error:
        if "Download is starting" in error.message:
            return []
        raise
    assert answer is not None and answer.status == status, (address, answer and answer.status)
    assert page.url.endswith(address), f"{address} leads to {page.url}: say in UNSEEN why nobody sees it"
    if "text/html" not in answer.headers["content-type"] or not page.evaluate("() => document.doctype !== null"):
        return []
    return wrong_with(page)


def wrong_with(page: Page) -> list[str]:
    """What is wrong with the page that is shown."""
    found = accessible.rules(page) + accessible.keys(page, within="main")
    page.set_viewport_size(TELEPHONE)
    page.emulate_media(color_scheme="dark")
    found += accessible.rules(page) + accessible.wide(page)
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    return [f"{page.url}: {one}" for one in dict.fromkeys(found)]


def pages_of(urlconf: str) -> list[str]:
    """The addresses of a console that may be pages: its interface for programs has none."""
    return [one for one in routes(urlconf) if not one.startswith("api/") and one not in UNSEEN]


@pytest.mark.parametrize("route", pages_of(CONSOLE_URLS))
def test_pages_of_a_console(route: str, keeper: Page, own: Tenant) -> None:
    assert not [line for one in filled(route, own) for line in wrong_at(keeper, own.home + one)]


@pytest.mark.parametrize("route", SEALED)
def test_pages_where_the_customer_holds_the_key(route: str, holder: Page, sealed: Tenant) -> None:
    assert not [line for one in filled(route, sealed) for line in wrong_at(holder, sealed.home + one)]


@pytest.mark.parametrize("route", pages_of(PROVIDER_URLS))
def test_pages_of_the_provider(route: str, staff: Page, own: Tenant) -> None:
    ids = dict(own.ids)
    if "request_id" in route:
        with tenancy.scope(tenancy.provider()):
            ids |= asked_by_a_person()
    if "<str:token>" in route:
        with tenancy.scope(tenancy.provider()):
            new = create_user(email=f"new-{STAFF}", name="Ole", password=None, role="operator")
            link = people.invite(new.id, by=User.objects.get(email=STAFF).id, at=datetime.now(UTC))
        ids["token"] = link.rpartition("/join/")[2]
    if "departure_id" in route:
        ids["departure_id"] = departed()
    found = [wrong_at(staff, "/provider/" + one) for one in filled(route, replace(own, ids=ids))]
    assert not [line for one in found for line in one]


def public(route: str, own: Tenant) -> str:
    """The address of a public page: most are known by a link that somebody was sent."""
    contact, request = UUID(own.ids["contact_id"]), UUID(own.ids["request_id"])
    if route.startswith("end/"):
        (*_, link) = re.findall(r"/end/(\S+)", "\n".join(text for _, text in letters(departed())))
        return route.replace("<str:token>", link)
    if route.startswith("preferences/"):
        return preferences_path(own.customer, contact).lstrip("/")
    if "follow/" in route:
        with tenancy.scope(own.customer):
            return urlsplit(follow_url(request)).path.lstrip("/")
    return filled(route, own)[0]


@pytest.mark.parametrize("route", [one for one in routes("parley.web.urls") if one not in FILES and "(?P" not in one])
def test_public_pages(route: str, stranger: Page, own: Tenant) -> None:
    assert not wrong_at(stranger, "/" + public(route, own))


def test_ways_in_and_refusals(stranger: Page, staff: Page, own: Tenant) -> None:
    """Pages that only somebody sees who is not signed in, or who asked for what is not there."""
    with tenancy.scope(own.customer):
        person, now = User.objects.get(email=f"other-{own.email}"), datetime.now(UTC)
        enrolment = people.factors.begin_codes(person, at=now)
        people.factors.confirm_codes(person, people.factors.code_at(enrolment.secret, now), at=now)
    found = wrong_at(stranger, own.home + "sign-in") + wrong_at(stranger, "/provider/sign-in")
    found += wrong_at(stranger, f"{own.home}join/{own.ids['token']}")
    found += wrong_at(stranger, f"{own.home}join/no", status=404)
    entered(stranger, own.home, own.email, password="not this one")
    expect(stranger.get_by_role("alert")).to_be_visible()
    found += wrong_with(stranger)
    entered(stranger, own.home, f"other-{own.email}")
    expect(stranger.get_by_label("Code of your app")).to_be_visible()
    found += wrong_with(stranger)
    found += wrong_at(stranger, "/nowhere", status=404) + wrong_at(staff, f"{own.home}nowhere", status=404)
    assert not found


def test_forms_that_were_refused_say_it_to_everybody(keeper: Page, own: Tenant) -> None:
    """A field that was wrong is marked, described by its message, and the page stays without fault."""
    found = []
    for address, button in (
        ("holds/new", "Place this hold"),
        ("contacts/add", "Add this contact"),
        ("exports/ask", "Make this export"),
    ):
        keeper.goto(own.home + address)
        keeper.evaluate("for (const one of document.querySelectorAll('main [required]')) one.required = false")
        keeper.get_by_role("button", name=button).first.click()
        keeper.wait_for_load_state()
        assert keeper.locator("[aria-invalid=true], .wrong, [role=alert]").count(), address
        found += wrong_with(keeper)
    assert not found


def test_keys_alone_are_enough(keeper: Page, own: Tenant) -> None:
    """From the top of a page through every control in the order in which they are read; dialogs give the focus back."""
    keeper.goto(own.home + "recordings/")
    keeper.keyboard.press("Tab")
    expect(keeper.get_by_role("link", name="Skip to the content")).to_be_focused()
    keeper.keyboard.press("Enter")
    expect(keeper.locator("main")).to_be_focused()
    assert not accessible.keys(keeper, within="body")
    passed = []
    for _ in range(keeper.locator(CONTROLS).count()):
        keeper.keyboard.press("Tab")
        passed.append(keeper.evaluate(PLACE))
    in_main = [one for one in passed if one >= 0]
    assert len(in_main) > 10 and in_main == sorted(in_main)

    opener = keeper.locator("[data-palette]")
    opener.focus()
    keeper.keyboard.press("Enter")
    expect(keeper.get_by_role("combobox", name="Command palette")).to_be_focused()
    assert not accessible.rules(keeper)
    keeper.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_nothing_moves_for_whoever_asked_for_that(keeper: Page, own: Tenant) -> None:
    keeper.goto(own.home + f"recordings/{own.recording}/")
    assert keeper.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")
    assert keeper.evaluate("document.getAnimations().length") == 0
    moving = (
        "[...document.querySelectorAll('*')].filter((one) => parseFloat(getComputedStyle(one).transitionDuration) > 0)"
    )
    assert keeper.evaluate(f"{moving}.length") == 0


def test_a_telephone_has_all_places(keeper: Page, own: Tenant) -> None:
    """The bar below opens to every section; opened, it breaks no rule either."""
    keeper.set_viewport_size(TELEPHONE)
    keeper.goto(own.home)
    keeper.get_by_role("checkbox", name="More").focus()
    keeper.keyboard.press("Space")
    expect(keeper.locator(".places summary").first).to_be_visible()
    found = accessible.rules(keeper) + accessible.keys(keeper, within=".rail")
    keeper.set_viewport_size(DESK)
    assert not found
