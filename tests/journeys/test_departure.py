"""A customer ends its contract, asks for an export when its console is closed, and gets its certificate of deletion."""

import hashlib
import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.journeys.conftest import Account, Servers, account, go_to, sign_in
from tests.support.departures import letters, move
from tests.support.system import PASSWORD

from parley.governance.contract import api as contract
from parley.ledger import api as ledger
from parley.lifecycle import api as lifecycle
from parley.people.api import User, create_user
from parley.tenancy import api as tenancy


@pytest.fixture(scope="module")
def leaving(make_customer, tmp_path_factory: pytest.TempPathFactory) -> Account:  # type: ignore[no-untyped-def]
    made = account(make_customer(handle="journey-leaving"), tmp_path_factory.mktemp("leaving"))
    with tenancy.scope(made.customer):
        contract.change_order(
            by="test", at=datetime.now(UTC), notice_addresses=("privacy@leaving.example",),
            export_intake="reseller@leaving.example", zone="Europe/Rome",
        )  # fmt: skip
    return made


def test_a_customer_ends_exports_and_gets_its_certificate(
    page: Page, browser: Browser, servers: Servers, leaving: Account, tmp_path: Path
) -> None:
    sign_in(page, leaving)
    go_to(page, "Life-cycle")
    expect(page.locator(".lifeline svg")).to_be_visible()
    page.get_by_text("What it means, and the deed").click()
    page.get_by_label(re.compile("Write journey-leaving")).fill("something else")
    page.get_by_role("button", name="End the contract").click()
    expect(page.locator("label.wrong")).to_contain_text("Write journey-leaving.")
    page.get_by_label(re.compile("Write journey-leaving")).fill("journey-leaving")
    page.get_by_role("button", name="End the contract").click()
    expect(page.get_by_role("heading", name="Confirm and destroy now")).to_be_visible()
    expect(page.locator("li[aria-current=step]")).to_contain_text("Accessible")
    page.screenshot(path=tmp_path / "console.png", full_page=True)

    found = lifecycle.departure_of(leaving.customer.id)
    assert found is not None
    now = datetime.now(UTC)
    move(now)
    link = letters(found.id)[0][1].rsplit("/end/", 1)[1].split()[0]
    move(now + timedelta(days=32))
    page.goto(leaving.address("lifecycle/"))
    assert page.title().startswith("Not found") or page.locator("text=404").count() or "Life-cycle" not in page.title()

    phone = browser.new_context(base_url=servers.base, viewport={"width": 390, "height": 844}, locale="en-GB")
    small = phone.new_page()
    small.goto(f"/end/{link}")
    expect(small.locator(".state").first).to_contain_text("closed, backup kept")
    small.screenshot(path=tmp_path / "public-390.png", full_page=True)
    small.get_by_role("button", name="Make an export of everything").click()
    expect(small.locator("#returns")).to_contain_text("being made")
    move(now + timedelta(days=32, minutes=1))
    fetch = small.get_by_role("link", name=re.compile("Fetch the export"))
    expect(fetch).to_be_visible()
    with small.expect_download() as started:
        fetch.click()
    content = Path(started.value.path()).read_bytes()
    expect(small.locator("#returns .hash")).to_contain_text(hashlib.sha256(content).hexdigest())
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        assert any(name.endswith(".csv") for name in made.namelist())
        assert made.testzip() is None

    move(now + timedelta(days=92))
    small.reload()
    expect(small.locator("#certificate")).to_contain_text("absence was looked for")
    assert small.evaluate("document.documentElement.scrollWidth") <= 390
    small.screenshot(path=tmp_path / "certified-390.png", full_page=True)
    files = {}
    for name, label in (("pdf", "Certificate (PDF)"), ("json", "Certificate (JSON)"), ("proof", "Proof")):
        with small.expect_download() as started:
            small.get_by_role("link", name=label, exact=True).click()
        files[name] = Path(started.value.path()).read_bytes()
    assert files["pdf"].startswith(b"%PDF")
    (tmp_path / "certificate.pdf").write_bytes(files["pdf"])
    key = str(tenancy.keyring().ledger_signer(tenancy.provider()).log_key)
    ledger.verify_bundle(files["proof"], log_key=key)
    details = json.loads(files["proof"])["details"]["value"]
    assert details["sha256"] == hashlib.sha256(files["json"]).hexdigest()
    phone.close()


def test_the_provider_sees_who_leaves(page: Page, leaving: Account, tmp_path: Path) -> None:
    provider = tenancy.provider()
    with tenancy.scope(provider):
        if not User.objects.filter(email="odile@provider.example").exists():
            create_user(email="odile@provider.example", name="Odile Officer", password=PASSWORD, role="operator")
    page.goto("/provider/")
    page.get_by_label("E-mail address").fill("odile@provider.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Departures", exact=True).first.click()
    page.screenshot(path=tmp_path / "departures.png", full_page=True)
    page.get_by_role("link", name=leaving.customer.name).first.click()
    expect(page.get_by_role("heading", name="Steps")).to_be_visible()
    expect(page.locator("#steps")).to_contain_text("Keys destroyed")
    page.screenshot(path=tmp_path / "departure.png", full_page=True)
