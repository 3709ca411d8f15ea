"""The player where the provider renders: segments of one conversation in order, the keyboard, marks, loudness."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, sign_in
from tests.support.captures import Sender, speech
from tests.support.peers import wait_for
from tests.support.spooled import LEFT, RIGHT, Spooler

from parley.obligations.api import run_due
from parley.people.api import User, viewer
from parley.recordings.api import RENDER, add_tag, finalize, installed_store, render_recording
from parley.tenancy import api as tenancy

NOW = "Number(document.querySelector('[data-wave]').getAttribute('aria-valuenow'))"


@pytest.fixture(scope="module")
def segments(local: Account, tmp_path_factory: pytest.TempPathFactory) -> list[UUID]:
    """Three sessions of one conversation, 4 s each; nobody speaks in the middle of the second."""
    folder = tmp_path_factory.mktemp("segments")
    spooler = Spooler(folder / "spool", local.customer)
    begun = datetime.now(UTC) - timedelta(minutes=5)
    made = []
    with tenancy.scope(local.customer):
        for number in range(3):
            left, right = Sender(LEFT, ssrc=1), Sender(RIGHT, ssrc=2, payload_type=8)
            voices = [speech(4, seed=2 * number + side) for side in (1, 2)]
            if number == 1:
                for voice in voices:
                    voice[4000:28000] = 0
            packets = left.send(voices[0], at=0) + right.send(voices[1], at=0)
            at = begun + timedelta(seconds=20 * number)
            directory = spooler.close(parts=[packets], at=at, conversation="one and the same")
            made.append(finalize(directory, store=installed_store(), now=datetime.now(UTC)))
        render = partial(render_recording, store=installed_store(), scratch=folder)
        run_due(local.customer, handlers={RENDER: render}, now=datetime.now(UTC))
        who = User.objects.get(email=local.email)
        add_tag(viewer(who), made[2], tag="refund", moment_ms=500, by=who.id, at=datetime.now(UTC))
    return made


def test_segments_play_in_order_in_one_player(page: Page, local: Account, segments: list[UUID]) -> None:
    sign_in(page, local)
    page.goto(local.address(f"recordings/{segments[1]}/"))
    page.locator("[data-player][data-ready]").wait_for()
    wait_for("the page's own segment", lambda: page.evaluate(NOW) == 4)
    expect(page.locator("[data-time]")).to_have_text("0:04 / 0:12")
    expect(page.locator(".wave button.mark.next")).to_have_count(2)

    page.keyboard.press("0")
    wait_for("the beginning", lambda: page.evaluate(NOW) == 0)
    page.locator("[data-speed]").select_option("3")
    page.locator("[data-wave]").focus()
    page.keyboard.press("k")
    wait_for("the third segment plays", lambda: page.evaluate(NOW) >= 9)
    assert str(segments[2]) in page.evaluate("document.querySelector('[data-audio]').currentSrc")
    assert page.evaluate("document.querySelector('[data-audio]').playbackRate") == 3
    page.keyboard.press(",")
    assert page.evaluate("document.querySelector('[data-audio]').playbackRate") == 2.5

    tag = page.locator(".wave button.mark.tag")
    expect(tag).to_have_attribute("title", "refund")
    tag.click()
    wait_for("the tag's moment", lambda: page.evaluate(NOW) in {8, 9})


def test_silence_is_skipped_and_the_keys_are_told(page: Page, local: Account, segments: list[UUID]) -> None:
    sign_in(page, local)
    page.goto(local.address(f"recordings/{segments[1]}/#t=0.2"))
    page.locator("[data-player][data-ready]").wait_for()
    page.locator("[data-wave]").focus()
    page.keyboard.press("s")
    expect(page.get_by_label("Skip silence")).to_be_checked()
    page.locator("[data-wave]").focus()
    page.keyboard.press("k")
    began = datetime.now(UTC)
    wait_for("what follows the silence", lambda: page.evaluate(NOW) >= 8, every=0.05)
    assert datetime.now(UTC) - began < timedelta(seconds=3.5), "four seconds were not waited for"
    page.keyboard.press("k")
    page.get_by_label("Loudness of the caller").fill("0")
    page.keyboard.press("Escape")
    page.locator("[data-wave]").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys of the player")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Keys of the player")).not_to_be_visible()


def test_a_note_at_a_moment_works_without_script_too(page: Page, local: Account, segments: list[UUID]) -> None:
    sign_in(page, local)
    plain = page.context.browser.new_context(java_script_enabled=False, base_url=page.url.split("/c/")[0])  # type: ignore[union-attr]
    plain.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    bare = plain.new_page()
    bare.goto(local.address(f"recordings/{segments[0]}/"))
    bare.get_by_role("textbox", name="At").fill("0:99")
    bare.get_by_label("Note or tag").fill("said so twice")
    bare.get_by_role("button", name="Keep the note").click()
    expect(bare.locator("#remarks [role=alert]")).to_contain_text("Nothing was kept.")
    bare.get_by_role("textbox", name="At").fill("0:00.5")
    bare.get_by_role("button", name="Keep the note").click()
    expect(bare.locator("#remarks .note-text")).to_have_text("said so twice")
    expect(bare.locator("#remarks li a.mono")).to_have_attribute("href", "#t=0.5")
    bare.get_by_role("button", name="Remove this note").click()
    expect(bare.locator("#remarks .note-text")).to_have_count(0)
    plain.close()
