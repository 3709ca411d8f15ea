"""A compliance officer's path: sign in, find a call by its number, play it, check its evidence (issue 2, line 11)."""

import csv
import os
import re

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Account, integrate, sign_in
from tests.support.peers import wait_for

from parley.people.api import User, viewer
from parley.recordings.api import SubstitutedObject, installed_store, rendition
from parley.recordings.models import Part
from parley.tenancy import api as tenancy

SHOTS = os.environ.get("SHOTS", "")
LEVEL = """async () => {
    const audio = document.querySelector('[data-audio]');
    const context = new AudioContext();
    await context.resume();
    const split = context.createChannelSplitter(2);
    context.createMediaElementSource(audio).connect(split);
    const sides = [0, 1].map((side) => {
        const analyser = context.createAnalyser();
        analyser.fftSize = 2048;
        split.connect(analyser, side);
        return analyser;
    });
    const loudest = [0, 0];
    const began = audio.currentTime;
    for (let turn = 0; turn < 40; turn++) {
        await new Promise((done) => setTimeout(done, 50));
        sides.forEach((analyser, side) => {
            const samples = new Float32Array(analyser.fftSize);
            analyser.getFloatTimeDomainData(samples);
            loudest[side] = Math.max(loudest[side], ...samples.map(Math.abs));
        });
    }
    return { advanced: audio.currentTime - began, loudest };
}"""


def shoot(page: Page, name: str) -> None:
    """Pictures for people to look at, when a folder for them is named."""
    if SHOTS:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 800})


def test_find_play_and_prove_a_call(page: Page, local: Account) -> None:
    sign_in(page, local)
    page.get_by_role("link", name="Recordings", exact=True).first.click()
    page.get_by_role("heading", name="Recordings").wait_for()
    page.wait_for_load_state("load")
    page.keyboard.press("/")
    page.keyboard.type("0584 943232")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("number=0584"))
    row = page.locator("[data-rows] tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Ada Quillfeather")
    page.locator("body").click(position={"x": 700, "y": 700})
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Bruno Zebedee")
    expect(page.locator("[data-loading]")).to_have_count(0)
    page.keyboard.press("k")
    heard = page.evaluate(LEVEL)
    assert heard["advanced"] > 1.0
    assert min(heard["loudest"]) > 0.02, heard
    page.keyboard.press(" ")
    assert page.evaluate("document.querySelector('[data-audio]').paused")
    page.keyboard.press("j")
    assert page.evaluate("document.querySelector('[data-audio]').currentTime") == 0

    page.get_by_role("button", name="Verify in this browser").click()
    expect(page.locator("[data-verdict=verified]")).to_be_visible()
    expect(page.locator(".steps > li")).to_have_count(8)
    expect(page.locator(".steps > .bad")).to_have_count(0)


def test_a_changed_bundle_is_refused_in_the_browser(page: Page, local: Account) -> None:
    sign_in(page, local)
    page.goto(local.address(f"recordings/{local.recording}/"))
    page.route(
        re.compile("/api/v1/evidence/"),
        lambda route: route.fulfill(body=route.fetch().text().replace("recording.sealed", "recording.sealeD")),
    )
    page.get_by_role("button", name="Verify in this browser").click()
    expect(page.locator("[data-evidence][data-verdict=refused]")).to_be_visible()
    expect(page.locator(".steps .bad")).to_contain_text("another root")


def test_playing_leaves_evidence_with_the_name_of_who_played(page: Page, local: Account) -> None:
    sign_in(page, local)
    page.goto(local.address(f"recordings/{local.recording}/"))
    page.keyboard.press("k")
    wait_for("the sound plays", lambda: page.evaluate("document.querySelector('[data-audio]').currentTime") > 0.2)
    integrate(local.customer)
    page.goto(local.address("audit/?kind=recording.played"))
    played = page.locator("tbody tr").first
    expect(played).to_contain_text("Anna Keeper")
    page.goto(local.address("audit/"))
    page.locator("[name=person]").select_option("Anna Keeper")
    page.wait_for_url(re.compile("person="))
    page.locator("[name=until]").fill("2020-01-01")
    expect(page.get_by_text("No entry matches these filters.")).to_be_visible()
    page.locator("[name=until]").fill("")
    expect(played).to_contain_text("Anna Keeper")
    shoot(page, "audit")
    with page.expect_download() as begun:
        page.get_by_role("link", name="These entries as CSV").press("Enter")
    lines = list(csv.DictReader(begun.value.path().read_text().splitlines()))
    assert {line["who"] for line in lines} >= {"Anna Keeper"} and "recording.played" in {line["kind"] for line in lines}
    page.goto(local.address("audit/?kind=recording.played"))
    played.get_by_role("link", name="Recording played").click()
    page.get_by_role("button", name="Verify in this browser").click()
    expect(page.locator("[data-verdict=verified]")).to_be_visible()


def test_the_page_of_a_sealed_recording_is_honest(page: Page, held: Account) -> None:
    sign_in(page, held)
    page.goto(held.address(f"recordings/{held.recording}/"))
    expect(page.get_by_text("Only you can open this recording.")).to_be_visible()
    assert page.locator("audio").get_attribute("src") is None
    page.get_by_text("Open it without this page").click()
    with page.expect_download() as begun:
        page.locator("ol.how a[download]").first.click()
    assert begun.value.path().read_bytes().startswith(b"age-encryption.org/v1")
    name = begun.value.suggested_filename
    expect(page.locator("#open-command")).to_contain_text(f"parley open {name}")
    page.get_by_role("button", name="Verify in this browser").click()
    expect(page.locator("[data-verdict=verified]")).to_be_visible()


def test_the_palette_finds_a_number_and_a_page(page: Page, local: Account) -> None:
    sign_in(page, local)
    page.keyboard.press("Control+k")
    page.keyboard.type("live")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/live/"))
    expect(page.get_by_text("No call runs now.")).to_be_visible()
    expect(page.locator("#stream-state")).to_have_text("up to date")
    page.keyboard.press("Control+k")
    page.keyboard.type("+390501112233")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("number="))
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)


def test_a_telephone_has_a_bottom_bar_and_nothing_runs_over(page: Page, local: Account) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    sign_in(page, local)
    for path in ("", "recordings/", f"recordings/{local.recording}/", "live/", "promises/", "obligations/", "audit/"):
        page.goto(local.address(path))
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, (path, over)
        box = page.get_by_role("navigation", name="Main").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] >= 799


def test_a_substituted_object_does_not_play(page: Page, local: Account) -> None:
    """Not in the browser alone: the server refuses before the first byte."""
    with tenancy.scope(local.customer):
        who = viewer(User.objects.get(email=local.email))
        key = Part.objects.get(recording_id=local.recording).recording.renditions.get(kind="mp3").object_key
        store = installed_store()
        whole = store.open(key).read()
        store.put(key, whole[:-1] + bytes([whole[-1] ^ 1]))
        try:
            with pytest.raises(SubstitutedObject):
                rendition(who, local.recording, "mp3")
            sign_in(page, local)
            page.goto(local.address(f"recordings/{local.recording}/"))
            expect(page.locator("[data-player-problem]")).to_contain_text("ledger")
        finally:
            store.put(key, whole)
