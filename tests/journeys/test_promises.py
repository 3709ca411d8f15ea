"""A compliance officer reads the promises, opens the evidence of a clause and verifies it; a late duty is loud."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, integrate, sign_in

from parley.agreement.api import Event
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

LATE, OPEN = "journey-late", "journey-open"


@pytest.fixture(scope="module")
def told(local: Account) -> Iterator[Account]:
    """Two incidents: one whose notice is late, one known just now whose notice was sent."""
    now = datetime.now(UTC)
    with tenancy.scope(local.customer):
        agreement = contract.binding().agreement
        for name, known in ((LATE, now - timedelta(days=3)), (OPEN, now)):
            with transaction.atomic():
                event = Event(kind="incident-known", id=name, at=known)
                obligations.open_duties(agreement, event, zone="Europe/Rome", subject="A drill")
        obligations.meet(f"incident-known:{OPEN}:notify", at=now + timedelta(minutes=2), by="incidents")
        obligations.run_due(local.customer, handlers=obligations.handlers(), now=now)
    integrate(local.customer)
    yield local
    with tenancy.scope(local.customer):
        obligations.cancel("incident-known", OPEN, at=now, reason="the drill ends")
        for duty in obligations.duties(event_id=LATE, states=["waiting"], kinds=["duty"]):
            obligations.meet(duty.key, at=datetime.now(UTC), by="incidents")


def test_a_compliance_officer_verifies_the_evidence_of_a_clause(page: Page, told: Account) -> None:
    sign_in(page, told)
    page.get_by_role("link", name="Promises", exact=True).first.click()
    page.get_by_role("heading", name="Promises", exact=True).wait_for()
    row = page.locator("details.promise[id='IM-3f.breach']")
    expect(row.locator("summary")).to_contain_text("late")
    row.locator("summary").click()
    expect(row.get_by_text("Kept by")).to_be_visible()
    expect(row.get_by_text("Where the source says it")).to_be_visible()
    pieces = row.locator(".piece")
    expect(pieces.first).to_contain_text(re.compile("Duty"))
    pieces.nth(1).get_by_role("button", name="Verify in this browser").click()
    expect(pieces.nth(1)).to_have_attribute("data-verdict", "verified")
    expect(pieces.nth(1).locator(".steps > .bad")).to_have_count(0)
    # Another piece is checked against the head that this browser now keeps.
    pieces.nth(0).get_by_role("button", name="Verify in this browser").click()
    expect(pieces.nth(0)).to_have_attribute("data-verdict", "verified")
    pieces.nth(0).get_by_role("link").click()
    expect(page.get_by_role("link", name="IM-3f.breach")).to_be_visible()


def test_what_is_late_leads_from_the_first_page_to_the_duty(page: Page, told: Account) -> None:
    sign_in(page, told)
    expect(page.locator("#needs")).to_contain_text("late")
    page.goto(told.address("obligations/?state=late"))
    row = page.locator("tr.overdue").first
    expect(row).to_contain_text("yesterday")
    row.get_by_role("link").first.click()
    expect(page.get_by_text("not done when it was due")).to_be_visible()
    page.get_by_role("button", name="Verify in this browser").click()
    expect(page.locator("[data-verdict=verified]")).to_be_visible()


def test_the_first_page_shows_a_new_late_duty_within_five_seconds(page: Page, told: Account) -> None:
    """Without a reload, and although no worker runs in this test: what is past its due date is late."""
    sign_in(page, told)
    with tenancy.scope(told.customer):
        before = obligations.duty_count(states=["late"], at=datetime.now(UTC))
        known = datetime.now(UTC) - timedelta(hours=48) + timedelta(seconds=1)
        with transaction.atomic():
            event = Event(kind="incident-known", id="journey-now", at=known)
            obligations.open_duties(contract.binding().agreement, event, zone="UTC")
    try:
        expect(page.locator("#needs")).to_contain_text(f"{before + 1} duties are late", timeout=6000)
    finally:
        with tenancy.scope(told.customer):
            obligations.meet("incident-known:journey-now:notify", at=datetime.now(UTC), by="incidents")
            obligations.cancel("incident-known", "journey-now", at=datetime.now(UTC), reason="the drill ends")


def test_a_waiver_is_refused_for_a_statute_and_taken_in_writing(page: Page, told: Account) -> None:
    sign_in(page, told)
    with tenancy.scope(told.customer), transaction.atomic():
        event = Event(kind="audit-requested", id="journey-audit", at=datetime.now(UTC), facts={"cause": "none"})
        obligations.open_duties(contract.binding().agreement, event, zone="UTC")
        answer = obligations.duty("audit-requested:journey-audit:answer-request")
        notify = obligations.duty(f"incident-known:{LATE}:notify")
    assert answer is not None
    assert notify is not None
    page.goto(told.address(f"obligations/{notify.id}/"))
    expect(page.get_by_text("nobody can waive it")).to_be_visible()
    expect(page.get_by_text("Waive it in writing")).to_have_count(0)
    page.goto(told.address(f"obligations/{answer.id}/"))
    page.get_by_text("Waive it in writing").click()
    page.get_by_label("What you waive, and why").fill("Our auditor was answered by telephone.")
    page.get_by_role("button", name="Waive this duty").click()
    expect(page.get_by_text("Our auditor was answered by telephone.")).to_be_visible()
    expect(page.locator("h1 + .actions")).to_contain_text("waived")
