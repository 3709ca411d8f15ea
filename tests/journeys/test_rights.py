"""A person asks on its telephone, proves its address with a code, follows; the officer verifies, extends, answers."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.journeys.conftest import Account, Servers, account, go_to, sign_in
from tests.support.installation import MakeCustomer
from tests.support.smtp_sink import Sink, sink
from tests.support.system import PASSWORD

from parley.mail import api as mail
from parley.obligations.api import run_due
from parley.people.api import User, create_user
from parley.project.wiring import job_handlers, long_handlers
from parley.tenancy import api as tenancy

PICTURES = os.environ.get("KEEP_PICTURES", "")
"""A folder to keep pictures of the pages in, for whoever wants to look."""
EMAIL = "maria@quillfeather.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    with sink(tmp_path_factory.mktemp("mail") / "keys") as running:
        yield running


@pytest.fixture(scope="module")
def officer(make_customer: MakeCustomer, tmp_path_factory: pytest.TempPathFactory) -> Account:
    customer = make_customer(handle="journey-rights", name="Hotel Miramare", agreement="imagicle-dpa")
    return account(customer, tmp_path_factory.mktemp("rights"))


@pytest.fixture
def telephone(browser: Browser, servers: Servers) -> Iterator[Page]:
    """A small screen without scripts, as the portal must work."""
    context = browser.new_context(
        base_url=servers.base, viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="en-GB",
        has_touch=True,
    )  # fmt: skip
    opened = context.new_page()
    opened.set_default_timeout(15000)
    yield opened
    context.close()


def keep(page: Page, name: str) -> None:
    """The page at two widths and in two themes, when somebody wants to look."""
    if not PICTURES:
        return
    before = page.viewport_size
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=str(Path(PICTURES) / f"{name}-{width}-{scheme}.png"), full_page=True)
    assert before is not None
    page.set_viewport_size(before)
    page.emulate_media(color_scheme="light")


def work(customer: tenancy.Customer, server: Sink) -> None:
    """The worker's turn, with mail to a real server."""
    handlers = {**job_handlers(), **long_handlers(), mail.SEND: server.courier().attempt}
    for _turn in range(3):
        run_due(customer, handlers=handlers, now=datetime.now(UTC))


def fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    size = page.viewport_size
    assert size is not None
    box = page.locator("main").bounding_box()
    assert box is not None and box["width"] <= size["width"] + 1


def test_a_person_asks_and_is_answered(telephone: Page, page: Page, officer: Account, server: Sink) -> None:
    ask(telephone)
    prove(telephone, officer, server)
    extend_and_answer(page, officer, server)
    fetch(telephone, officer, server)


def ask(telephone: Page) -> None:
    telephone.goto("/rights/journey-rights/")
    expect(telephone.get_by_role("heading", name="Your data, your rights")).to_be_visible()
    expect(telephone.locator("main")).to_contain_text("Hotel Miramare is responsible")
    fits(telephone)
    keep(telephone, "portal")
    telephone.get_by_role("link", name="See what is held about you").click()
    expect(telephone.get_by_label("See what is held about you")).to_be_checked()
    telephone.get_by_role("button", name="Send my request").click()
    expect(telephone.get_by_role("alert")).to_contain_text("Nothing is lost")
    keep(telephone, "portal-wrong")
    telephone.get_by_label("E-mail address").fill(EMAIL)
    telephone.get_by_label("Your name").fill("Maria Quillfeather")
    telephone.get_by_role("textbox", name="In your own words").fill("You called me on Monday at noon.")
    fits(telephone)
    keep(telephone, "portal-form")
    telephone.get_by_role("button", name="Send my request").click()
    expect(telephone.get_by_role("status")).to_contain_text("We have received your request")
    expect(telephone.locator(".standing")).to_contain_text("Your answer comes by")
    keep(telephone, "portal-received")


def prove(telephone: Page, officer: Account, server: Sink) -> None:
    telephone.get_by_role("button", name="Send me a code by e-mail").click()
    expect(telephone.get_by_label("The code: six digits")).to_be_visible()
    keep(telephone, "portal-code")
    work(officer.customer, server)
    letter = next(one for one in reversed(server.to(EMAIL)) if "Your code" in str(one.message["Subject"]))
    assert server.signed(letter)
    code = re.search(r"\b\d{6}\b", letter.text)
    assert code
    telephone.get_by_label("The code: six digits").fill(code[0])
    telephone.get_by_role("button", name="This is my code").click()
    expect(telephone.get_by_text("Thank you: you have shown that it is you.")).to_be_visible()
    keep(telephone, "portal-proven")


def extend_and_answer(page: Page, officer: Account, server: Sink) -> None:
    sign_in(page, officer)
    go_to(page, "Rights")
    expect(page.locator(".column", has_text="Waiting for controller").or_(page.locator(".board"))).to_have_count(2)
    keep(page, "desk-board")
    page.get_by_role("link", name=re.compile("^Access")).first.click()
    expect(page.locator("main")).to_contain_text("Maria Quillfeather")
    keep(page, "desk-verified")
    authorise = page.get_by_role("button", name="Authorise the answer")
    if authorise.count():
        authorise.click()
    page.get_by_text("Extend by two months").click()
    page.locator("textarea[name=reasons]").first.fill("There are many recordings to go through.")
    page.get_by_role("button", name="Extend, and tell the person").click()
    expect(page.locator(".story")).to_contain_text("Answer extended")
    page.get_by_role("button", name="Look in all stores").click()
    expect(page.locator("#found")).to_be_visible()
    keep(page, "desk-found")
    page.get_by_role("button", name=re.compile("Package .* record")).click()
    expect(page.locator("#progress")).to_be_visible()
    keep(page, "desk-progress")
    work(officer.customer, server)
    page.get_by_label("The answer, in plain words").wait_for()  # the page asks by itself how far it is
    page.get_by_label("The answer, in plain words").fill("This is all that we hold of you.")
    keep(page, "desk-answer")
    page.get_by_role("button", name="Send this answer").click()
    expect(page.locator(".page-head .state")).to_contain_text("answered")
    keep(page, "desk-answered")
    go_to(page, "Rights")
    page.get_by_role("link", name=re.compile("^List")).click()
    expect(page.locator("#results")).to_contain_text("answered")
    keep(page, "desk-list")


def fetch(telephone: Page, officer: Account, server: Sink) -> None:
    work(officer.customer, server)
    subjects = [str(one.message["Subject"]) for one in server.to(EMAIL)]
    assert any("takes longer" in one for one in subjects) and any("The answer" in one for one in subjects)
    telephone.reload()
    expect(telephone.locator("#now")).to_contain_text("This is all that we hold of you.")
    keep(telephone, "portal-answered")
    with telephone.expect_download() as started:
        telephone.get_by_role("button", name="Fetch my data").click()
    assert Path(started.value.path()).read_bytes()[:2] == b"PK"


def test_the_officer_verifies_by_a_call_and_refuses(page: Page, officer: Account) -> None:
    sign_in(page, officer)
    page.goto(officer.address("rights/enter"))
    keep(page, "desk-enter")
    page.get_by_label("Erasure").check()
    page.get_by_label("Telephone number").fill("+390501112233")
    page.get_by_label("What was said or written").fill("Wants everything deleted.")
    page.get_by_role("button", name="Enter this request").click()
    expect(page.get_by_role("heading", name="Erasure")).to_be_visible()
    keep(page, "desk-entered")
    page.get_by_role("button", name="Make a code to read out by telephone").click()
    expect(page.locator(".code-big")).to_have_text(re.compile(r"\d{6}"))
    keep(page, "desk-code")
    page.get_by_label("A call back to the number on file").check()
    page.get_by_role("button", name="The identity is verified").click()
    expect(page.locator("aside").last).to_contain_text("verified")
    authorise = page.get_by_role("button", name="Authorise the answer")
    if authorise.count():
        authorise.click()
    page.get_by_role("button", name="Look in all stores").click()
    expect(page.get_by_role("button", name=re.compile(r"Erase \d+ record"))).to_be_visible()
    keep(page, "desk-erase")
    page.locator("#found").get_by_role("link", name="Recordings").click()
    keep(page, "desk-records")
    page.go_back()
    page.locator("summary", has_text="Refuse").click()
    page.locator("select[name=ground]").last.select_option(index=1)
    page.locator(".other-deeds details[open] textarea[name=reasons]").fill("Asked five times this week.")
    page.get_by_role("button", name="Refuse with this ground").click()
    expect(page.locator(".page-head .state")).to_contain_text("refused")
    page.goto(officer.address("rights/programs"))
    page.get_by_role("button", name="Make a key for a program").click()
    expect(page.locator("#key")).to_be_visible()
    keep(page, "desk-programs")


def test_the_provider_sees_counts_of_its_customers(page: Page, officer: Account) -> None:
    with tenancy.scope(tenancy.provider()):
        if not User.objects.filter(email="olga.rights@provider.example").exists():
            create_user(email="olga.rights@provider.example", name="Olga", password=PASSWORD, role="operator")
    page.goto("/provider/")
    page.get_by_label("E-mail address").fill("olga.rights@provider.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    go_to(page, "Rights")
    keep(page, "provider-rights")
    page.get_by_role("link", name="By customer").click()
    expect(page.get_by_role("row", name=re.compile("Hotel Miramare")).first).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("Quillfeather")
    keep(page, "provider-customers")
