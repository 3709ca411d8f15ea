"""Live in a browser: a call is paused by keyboard, an alarm seen, a policy added."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, sign_in
from tests.support.spooled import Spooler
from tests.support.system import PASSWORD

from parley.people import api as people
from parley.recordings import api as recordings
from parley.recordings.models import CallWish
from parley.recordings.types import Mishap
from parley.tenancy import api as tenancy

SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture(scope="module")
def desk(make_customer: Any) -> Iterator[Account]:
    """A customer with an alarm and an administrator."""
    customer, now = make_customer(handle="journey-live"), datetime.now(UTC)
    trunk = tenancy.add_trunk(customer, name="main", sources=["198.51.100.99"])
    with tenancy.scope(customer):
        email = f"anna@{customer.handle}.example"
        people.create_user(email=email, name="Anna Keeper", password=PASSWORD, role="administrator")
        people.add_group("Sales", by=uuid4(), at=now)
        mishap = Mishap(
            cause="no-ports", key=f"no-ports:{trunk.id}", call="a", trunk_id=trunk.id, trunk_name="main", at=now
        )
        recordings.alarms.raise_alarm(mishap, calls=3)
    yield Account(customer=customer, email=email, recording=trunk.id)


def shoot(page: Page, name: str) -> None:
    """Pictures for people to look at, when a folder for them is named."""
    if SHOTS:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 800})


def test_a_call_is_paused_an_alarm_seen_and_a_policy_added(desk: Account, page: Page, tmp_path: Path) -> None:
    sign_in(page, desk)
    with tenancy.scope(desk.customer):
        manifest = Spooler(tmp_path, desk.customer).manifest(at=datetime.now(UTC))
        report = recordings.LiveReport(manifest=manifest, at=datetime.now(UTC), packets=812, bytes=130_000)
        recordings.report_live(report)
    page.goto(desk.address("live/"))
    expect(page.get_by_role("alert")).to_contain_text("no media port was free")
    shoot(page, "live")
    page.get_by_role("button", name="Pause").press("Enter")
    expect(page.get_by_role("heading", name="Live")).to_be_visible()
    with tenancy.scope(desk.customer):
        assert [one.deed for one in CallWish.objects.filter(recording_id=manifest.recording_id)] == ["pause"]

    page.get_by_role("link", name="See alarms").click()
    shoot(page, "alarms")
    page.get_by_role("button", name="I have seen it").press("Enter")
    expect(page.get_by_text("seen by Anna Keeper")).to_be_visible()
    page.get_by_role("link", name="Calls", exact=True).click()
    expect(page.get_by_text("no media port was free")).to_have_count(0)

    page.get_by_role("link", name="Policies").click()
    expect(page.get_by_text("Every call is recorded.")).to_be_visible()
    page.get_by_role("link", name="Add a policy").click()
    page.get_by_label("Name", exact=True).fill("Sales on demand")
    page.get_by_label("What happens").select_option("on-demand")
    page.get_by_label("Groups").select_option(label="Sales")
    page.get_by_label("Numbers that begin with, like +390584").fill("0584")
    shoot(page, "policy")
    page.get_by_role("button", name="Add this policy").click()
    expect(page.get_by_text("Write it like +390584")).to_be_visible()
    page.get_by_label("Numbers that begin with, like +390584").fill("+390584")
    page.get_by_role("button", name="Add this policy").click()
    expect(page.get_by_role("cell", name="Group Sales, numbers that begin with +390584")).to_be_visible()
    shoot(page, "policies")
