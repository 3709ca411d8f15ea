"""An audit is asked for, refused by frequency, granted by the incident exception; its pack is fetched and proven."""

import hashlib
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, account, go_to, integrate, sign_in
from tests.support.system import PASSWORD

from parley.agreement.api import Event
from parley.governance.audits import api as audits
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.people.api import User, create_user
from parley.project.wiring import LETTERS
from parley.recordings.api import installed_store
from parley.tenancy import api as tenancy


@pytest.fixture(scope="module")
def office(make_customer, tmp_path_factory: pytest.TempPathFactory) -> Account:  # type: ignore[no-untyped-def]
    return account(
        make_customer(handle="journey-audit", agreement="ixcloud-dpa"), tmp_path_factory.mktemp("audit-account")
    )


def weekday(days: int) -> str:
    """A working day at least so many days from now."""
    day = datetime.now(UTC).date() + timedelta(days=days)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day.isoformat()


def ask(page: Page, *, cause: str, reason: str, day: str) -> None:
    go_to(page, "Audits")
    page.get_by_role("link", name="Ask for an audit").click()
    page.get_by_label(cause).check()
    page.get_by_label(re.compile("What makes you ask")).fill(reason)
    page.get_by_label("What is to be audited").fill("The access logs of March, and who may read them.")
    page.get_by_label("Who audits").fill("Audit House")
    page.get_by_label("Wanted day").fill(day)
    page.get_by_role("button", name="Ask for this audit").click()


def work(customer: tenancy.Customer, folder: Path) -> None:
    handlers = audits.handlers(store=installed_store(), fonts=LETTERS, scratch=folder)
    assert obligations.run_due(customer, handlers=handlers, now=datetime.now(UTC)).failed == 0


def test_refused_by_frequency_then_granted_after_an_incident(page: Page, office: Account) -> None:
    sign_in(page, office)
    ask(page, cause="cause to believe", reason="Entries of March are missing.", day=weekday(40))
    expect(page.locator(".note")).to_contain_text("Granted")

    ask(page, cause="cause to believe", reason="They are missing still.", day=weekday(90))
    expect(page.locator(".note.late")).to_contain_text("One audit in 12 months is agreed")
    expect(page.locator(".note.late")).to_contain_text("name an incident or an authority")
    expect(page.locator(".note.late")).to_contain_text("IX-12.audit")

    ask(page, cause="an incident", reason="", day=weekday(90))
    expect(page.locator(".note.late")).to_contain_text("No incident that concerned you is known")

    with tenancy.scope(office.customer):
        event = Event(kind="incident-known", id=str(uuid4()), at=datetime.now(UTC))
        obligations.open_duties(contract.binding().agreement, event, zone="UTC")
    ask(page, cause="an incident", reason="", day=weekday(90))
    expect(page.locator(".note")).to_contain_text("After an incident the limit of frequency does not apply")

    integrate(office.customer)
    page.reload()
    page.get_by_role("button", name="Verify in this browser").click()
    expect(page.locator("[data-verdict=verified]")).to_be_visible()


def test_a_mistake_is_told_beside_its_field(page: Page, office: Account) -> None:
    sign_in(page, office)
    page.goto(office.address("audits/ask"))
    page.evaluate("document.querySelector('form.form').noValidate = true")
    page.get_by_label("What is to be audited").fill("Everything")
    page.get_by_role("button", name="Ask for this audit").click()
    expect(page.locator("label.wrong", has_text="Who audits")).to_contain_text("This is needed.")
    expect(page.get_by_label("What is to be audited")).to_have_value("Everything")


def test_a_pack_is_made_fetched_and_proven(page: Page, office: Account, tmp_path: Path) -> None:
    sign_in(page, office)
    page.goto(office.address("audits/"))
    page.get_by_role("button", name="Make a pack of the newest evidence").click()
    expect(page.locator("#progress")).to_be_visible()
    integrate(office.customer)
    work(office.customer, tmp_path)
    # The page asks by itself how far it is, and shows the pack when it is ready.
    download = page.get_by_role("link", name=re.compile("Download the pack"))
    expect(download).to_be_visible()
    with page.expect_download() as started:
        download.click()
    path = started.value.path()
    content = Path(path).read_bytes()
    expect(page.locator(".facts .hash", has_text=hashlib.sha256(content).hexdigest()).first).to_be_visible()
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        assert "report.pdf" in made.namelist()
    integrate(office.customer)
    page.reload()
    page.get_by_role("button", name="Verify in this browser").click()
    expect(page.locator("[data-verdict=verified]")).to_be_visible()


def test_the_provider_attests_and_the_customer_sees_it(page: Page, office: Account, tmp_path: Path) -> None:
    provider = tenancy.provider()
    with tenancy.scope(provider):
        if not User.objects.filter(email="odile@provider.example").exists():
            create_user(email="odile@provider.example", name="Odile Officer", password=PASSWORD, role="operator")
    page.goto("/provider/")
    page.get_by_label("E-mail address").fill("odile@provider.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    go_to(page, "Attestations")
    page.goto("/provider/attestations/resilience/")
    page.get_by_label("Person").select_option(label="Odile Officer")
    page.get_by_role("button", name="Make responsible").click()
    expect(page.locator("aside")).to_contain_text("Odile Officer")
    page.get_by_label("The day on which it was done").fill((datetime.now(UTC) - timedelta(days=2)).date().isoformat())
    proof = tmp_path / "restore test.pdf"
    proof.write_bytes(b"MZ no proof")
    page.get_by_label(re.compile("Proof: PDF")).set_input_files(proof)
    page.get_by_role("button", name="Attest this to all customers").click()
    expect(page.locator("label.wrong")).to_contain_text("neither PDF, PNG nor JPEG")
    proof.write_bytes(b"%PDF-1.7 restored in 3 hours")
    page.get_by_label(re.compile("Proof: PDF")).set_input_files(proof)
    page.get_by_role("button", name="Attest this to all customers").click()
    digest = hashlib.sha256(proof.read_bytes()).hexdigest()
    expect(page.locator("main")).to_contain_text(digest)
    work(provider, tmp_path)
    page.reload()
    expect(page.locator("main")).to_contain_text(re.compile(r"\d+ of \d+ customers"))

    sign_in(page, office)
    go_to(page, "Attestations")
    expect(page.locator("#resilience")).to_contain_text("attested")
    expect(page.locator("#resilience")).to_contain_text(digest)
