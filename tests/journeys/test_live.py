"""Live in a browser: a call is paused by keyboard, an alarm seen, a policy added."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, sign_in
from tests.support.captures import EPOCH_NS
from tests.support.spooled import Spooler, call
from tests.support.system import PASSWORD

from parley.obligations.api import run_due
from parley.people import api as people
from parley.recordings import api as recordings
from parley.recordings.models import CallWish, LiveCall, LiveRemark
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


def test_a_note_on_a_call_that_runs_stands_at_its_moment_on_the_recording(
    desk: Account, page: Page, tmp_path: Path
) -> None:
    """The sound begins five seconds after the call did: what was said 6 s into it is heard at 0:01."""
    sign_in(page, desk)
    began = datetime.fromtimestamp(EPOCH_NS / 1e9 - 5, UTC)
    with tenancy.scope(desk.customer):
        directory = Spooler(tmp_path, desk.customer).close(at=began, parts=[call(3.0)])
        recordings.write_closed(
            directory, replace(recordings.read_closed(directory), ended_at=began + timedelta(seconds=9))
        )
        manifest = recordings.read_manifest(directory)
        shown = replace(manifest, started_at=datetime.now(UTC) - timedelta(seconds=83))
        recordings.report_live(recordings.LiveReport(manifest=shown, at=datetime.now(UTC), packets=8, bytes=1300))
    page.goto(desk.address("live/"))
    page.locator(f'a[href$="live/{manifest.recording_id}/"]').press("Enter")
    expect(page.get_by_role("heading", name="Notes and tags")).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.type("Wants a refund")
    expect(page.get_by_label("At", exact=True)).to_have_value(re.compile(r"1:2\d"))
    page.get_by_label("At", exact=True).fill("0:06")
    page.get_by_label("Note or tag").press("Enter")
    expect(page.locator("#said")).to_contain_text("Wants a refund")
    expect(page.get_by_label("Note or tag")).to_be_focused()
    page.keyboard.type("claim")
    page.get_by_label("On the whole call").press("Space")
    page.get_by_role("button", name="Keep as a tag").press("Enter")
    expect(page.locator("#said")).to_contain_text("claim")
    page.get_by_role("button", name="Was asked").press("Enter")
    expect(page.locator("#awareness .facts")).to_contain_text("consent asked")
    page.get_by_role("button", name="A tone").press("Enter")
    expect(page.locator("#awareness .story")).to_contain_text("The parties heard a tone")
    shoot(page, "live-call")
    with tenancy.scope(desk.customer):
        LiveCall.objects.filter(recording_id=manifest.recording_id).update(started_at=began)
        LiveRemark.objects.exclude(instant=None).update(instant=began + timedelta(seconds=6))
        recordings.end_live(manifest.recording_id)
    page.reload()
    expect(page.get_by_role("heading", name="This call is over")).to_be_visible()
    shoot(page, "live-call-over")
    with tenancy.scope(desk.customer):
        store = recordings.installed_store()
        recordings.finalize(directory, store=store, now=datetime.now(UTC))
        render = partial(recordings.render_recording, store=store, scratch=tmp_path)
        run_due(desk.customer, handlers={recordings.RENDER: render}, now=datetime.now(UTC))
    page.wait_for_url(re.compile("recordings/.*#remarks"))
    expect(page.locator("#remarks")).to_contain_text("Wants a refund")
    expect(page.locator("#remarks a.mono")).to_have_text("0:01")
    expect(page.locator("[data-wave] button.mark.note")).to_have_attribute("aria-label", "0:01 Wants a refund")
    page.get_by_role("button", name="Was refused").press("Enter")
    expect(page.locator("#awareness .facts")).to_contain_text("consent refused")
    shoot(page, "live-call-kept")
    page.goto(desk.address("recordings/"))
    expect(page.get_by_role("cell", name="consent refused")).to_be_visible()
    shoot(page, "recordings-consent")
