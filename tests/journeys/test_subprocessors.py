"""The provider announces a sub-processor and one customer objects, both in a browser; the gate is asked in between."""

import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import PASSWORD, Account, go_to, sign_in
from tests.support.smtp_sink import sink
from tests.support.subprocessors import work_off

from parley.governance.contract import api as contract
from parley.governance.subprocessors import api as subprocessors
from parley.people.api import User, create_user
from parley.tenancy import api as tenancy

OPERATOR = "olga@register.example"
DUTIES = ("instructions", "confidentiality", "security", "sub-processors", "rights", "incidents", "end", "audits")


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker: object):  # type: ignore[no-untyped-def]
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


def operator(page: Page) -> None:
    with tenancy.scope(tenancy.provider()):
        if not User.objects.filter(email=OPERATOR).exists():
            create_user(email=OPERATOR, name="Olga Operator", password=PASSWORD, role="operator")
    page.goto("/provider/")
    page.get_by_label("E-mail address").fill(OPERATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    go_to(page, "Sub-processors")
    page.get_by_role("heading", name="Sub-processors", exact=True).wait_for()


def fill(page: Page, *, key: str, contract_file: Path) -> None:
    for label, text in (
        ("Short name", key),
        ("Name of the company", f"Voxtext {key} GmbH"),
        ("Role: what it does for us", "turns speech into text"),
        ("Address of the company", "Lindenstr. 1, 10969 Berlin"),
        ("Country of processing", "de"),
        ("Contact for data protection", "privacy@voxtext.example"),
        ("Privacy policy", "https://voxtext.example/privacy"),
    ):
        page.get_by_label(label).fill(text)
    page.get_by_label("Receive, seal and keep a call of the customer").check()
    page.get_by_label("Call recording", exact=True).check()
    page.get_by_label("Signed document").set_input_files(contract_file)
    page.get_by_label("Signed on").fill("2026-01-15")
    page.get_by_label("Planned start").fill(f"{datetime.now(UTC) + timedelta(days=45):%Y-%m-%d}")


def test_the_provider_announces_and_a_customer_objects(page: Page, local: Account, tmp_path: Path) -> None:
    key = f"voxtext-{secrets.token_hex(3)}"
    with tenancy.scope(local.customer):
        contract.set_notice_addresses([local.email], by="test", at=datetime.now(UTC))
    signed = tmp_path / "contract.pdf"
    signed.write_bytes(b"%PDF the signed contract")

    operator(page)
    page.get_by_role("link", name="Announce a change").click()
    fill(page, key=key, contract_file=signed)
    page.get_by_role("button", name="Preview the dates").click()
    # Without the clauses of the same duties nobody is appointed: the form says so beside the field.
    expect(page.get_by_role("alert")).to_contain_text("does not say where it imposes")
    for duty in DUTIES:
        page.locator(f"[name='flowdown_{duty}']").fill("section 4")
    page.get_by_role("button", name="Preview the dates").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("IM-3d.notice")
    expect(preview).to_contain_text("must be resolved")
    assert subprocessors.entry(key) is None
    page.get_by_role("button", name=re.compile("Announce to")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Voxtext {key} GmbH")
    expect(page.locator("#state")).to_contain_text("0 of")

    with sink(tmp_path / "keys") as server:
        work_off(local.customer, courier=server.courier())
        [notice] = [one for one in server.to(local.email) if key in one.text]
    link = re.search(r"/c/\S+/subprocessors/changes/\S+/", notice.text)
    assert link
    # The page follows by itself: nobody reloads it.
    expect(page.locator("#state progress")).to_have_js_property("position", 1)
    provider_page = page.url

    page.goto("/subprocessors/")
    expect(page.locator(f"#{key}")).to_contain_text("planned")
    assert not [cookie for cookie in page.context.cookies() if cookie.get("path") == "/subprocessors/"]

    sign_in(page, local)
    page.goto(link[0])
    expect(page.locator(".page-head .state")).to_have_text("sent, not received yet")
    expect(page.get_by_text("assumed, as the agreement states").first).to_be_visible()
    page.get_by_role("button", name="Acknowledge receipt").click()
    expect(page.locator(".page-head .state")).to_have_text("you may object")
    page.get_by_label("Your grounds").fill("No transcripts of our guests' calls.")
    page.get_by_role("button", name=re.compile("Object to")).click()
    expect(page.locator(".page-head .state")).to_have_text("being resolved")
    with tenancy.scope(local.customer):
        refused = contract.ask("record-calls", at=datetime.now(UTC) + timedelta(days=4000), recipient=key)
        assert (refused.allowed, refused.clause) == (False, "IM-3d.notice")

    page.goto(f"{provider_page}?state=resolving")
    page.locator("[data-rows] a.row").first.click()
    expect(page.get_by_text("No transcripts of our guests' calls.")).to_be_visible()
    page.get_by_label("We do not use it for this customer").check()
    page.get_by_label("Where that was agreed").fill("Call of today with their officer")
    page.get_by_role("button", name="Record the resolution").click()
    expect(page.locator(".page-head .state")).to_have_text("not used for it")
    with tenancy.scope(local.customer):
        assert not contract.ask("record-calls", at=datetime.now(UTC) + timedelta(days=4000), recipient=key).allowed


def test_the_pages_fit_a_telephone(page: Page, local: Account) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/subprocessors/", "/subprocessors/versions/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    sign_in(page, local)
    page.goto(local.address("subprocessors/"))
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
