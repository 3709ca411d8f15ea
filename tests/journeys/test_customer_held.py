"""The customer holds its keys: made in the browser, a real call recorded, heard, sought, saved; rotated; a killed
recorder's call heard too. A relay keeps every octet that the browser sends: no key and no sound is among them."""

import re
import shutil
import subprocess
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.held_place import (
    ADDRESS,
    CALLEE,
    CALLER,
    HEARD,
    SECONDS,
    SPEECH,
    TIME,
    Place,
    ffmpeg,
    likeness,
    opened,
    saved,
    shoot,
)
from tests.support.peers import wait_for
from tests.support.system import running, short_folder
from tests.support.wiretap import Wiretap

from parley.sealing.api import generate_identity, open_bytes

pytestmark = pytest.mark.timeout(300)  # three calls at true speed, beside whatever else the machine does


@pytest.fixture(scope="module")
def place(browser: Browser) -> Iterator[Place]:
    folder = short_folder("held")
    for source, target, codec in (
        ("support-ruth.wav", "caller.ul", "mulaw"), ("trade-victor.wav", "callee.al", "alaw"),
    ):  # fmt: skip
        ffmpeg("-i", SPEECH / source, "-ar", "8000", "-ac", "1", "-f", codec, folder / target)
    with running(folder / "data") as system:
        spare = tuple(generate_identity().recipient for _ in range(2))
        console = system.add_customer("held", source=ADDRESS, recipients=spare).sign_in()
        tap = Wiretap(("127.0.0.1", system.web_port))
        context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
        context.set_default_timeout(20000)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=f"http://127.0.0.1:{tap.port}")
        made = Place(system, console, tap, folder, context)
        context.on("request", lambda request: made.hosts.add(request.url.split("/")[2] if "://" in request.url else ""))
        yield made
        context.close()
        tap.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def page(place: Place) -> Page:
    page = place.context.new_page()
    place.sign_in(page)
    return page


@pytest.fixture(scope="module")
def first(place: Place, page: Page) -> str:
    """The id of a call that was recorded for two keys made in the browser."""
    place.new_keys(page, 2)
    place.call()
    return str(place.console.recording(1)["id"])


def test_keys_made_in_the_browser_prove_that_they_open(place: Place, page: Page, first: str) -> None:
    page.goto(place.address("access/keys/"))
    page.locator("[data-keyring][data-ready]").wait_for()
    shoot(page, "keys")
    page.get_by_role("button", name="Prove that these keys open").click()
    expect(page.get_by_text("drill passed")).to_have_count(2)
    kept = page.locator(".held-keys .state.kept:visible")
    expect(kept, "the keys outlive a change of page, in memory").to_have_count(2)
    for secret in place.secrets:
        assert open_bytes(subprocess_sealed(secret), [secret]) == b"word"


def subprocess_sealed(secret: str) -> bytes:
    """A word that the stock age program seals to the public half of a key that the browser made."""
    recipient = subprocess.run(
        ["age-keygen", "-y"], input=secret, capture_output=True, text=True, check=True
    ).stdout.strip()
    return subprocess.run(["age", "-r", recipient], input=b"word", capture_output=True, check=True).stdout


def test_a_call_is_heard_sought_and_saved_with_a_key_that_stays_in_the_browser(
    place: Place, page: Page, first: str
) -> None:
    opened(page, place, first)
    title = page.get_by_role("heading", level=1)
    expect(title).to_contain_text(CALLER.name)
    expect(title).to_contain_text(CALLEE.name)
    shoot(page, "recording")
    sound = saved(page)
    assert abs(len(sound) / 8000 - SECONDS) < 0.3
    caller, callee = place.linear("caller.ul", "mulaw"), place.linear("callee.al", "alaw")
    assert likeness(sound[:, 0], caller) > 0.95
    assert likeness(sound[:, 1], callee) > 0.95
    assert likeness(sound[:, 0], callee) < 0.3

    page.locator("body").press("k")
    assert page.evaluate(HEARD) > 1.0
    page.locator("body").press("k")
    page.locator("body").press("5")
    wait_for("half of the call", lambda: abs(int(page.evaluate(TIME)) - SECONDS / 2) <= 1)
    page.locator("body").press("ArrowLeft")
    wait_for("the beginning", lambda: int(page.evaluate(TIME)) <= 1)
    page.locator("body").press("7")
    page.get_by_role("button", name="Link to this moment").click()
    expect(page.get_by_text("Copied ✓")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert re.search(r"#t=4\.\d$", link)
    page.goto("about:blank")
    page.goto(link)
    wait_for("the moment of the link", lambda: page.evaluate(TIME) in {"4", "5"})


def test_the_list_names_who_spoke_only_where_a_key_is_open(place: Place, page: Page, first: str) -> None:
    page.goto(place.address("recordings/"))
    row = page.locator("[data-rows] tbody tr").last
    expect(row).to_contain_text(CALLER.name)
    expect(row).to_contain_text(CALLEE.number)
    shoot(page, "list-held")
    other = place.context.browser.new_context() if place.context.browser else pytest.fail("the browser is gone")
    stranger = other.new_page()
    place.sign_in(stranger)
    stranger.goto(place.address("recordings/"))
    expect(stranger.locator("[data-rows] tbody tr").last).to_contain_text("sealed with your key")
    stranger.goto(place.address(f"recordings/{first}/"))
    expect(stranger.get_by_text("Only you can open this recording.")).to_be_visible()
    expect(stranger.get_by_label("Key file")).to_be_visible()
    shoot(stranger, "sealed")
    other.close()


def test_whoever_has_to_say_why_hears_nothing_before(place: Place, page: Page, first: str) -> None:
    page.goto(place.address("access/listening/"))
    page.get_by_label("Nobody listens without a reason").check()
    page.get_by_role("button", name="Set this rule").click()
    expect(page.get_by_label("Nobody listens without a reason")).to_be_checked()
    part = place.console.get(f"recordings/{first}")["parts"][0]["url"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        place.console.download(part)
    assert refused.value.code == 403
    assert b"recordings.reason-required" in refused.value.read()
    page.goto(place.address(f"recordings/{first}/"))
    page.get_by_label("another reason, in words").check()
    shoot(page, "reason")
    page.get_by_role("button", name="Listen for this reason").click()
    expect(page.get_by_text("Write why, in a sentence.")).to_be_visible()
    page.get_by_label("In words, if you like; it is sealed").fill("Somebody misheard a date")
    page.get_by_role("button", name="Listen for this reason").click()
    page.locator("[data-player][data-ready]").wait_for()
    assert place.console.download(part).startswith(b"age-encryption.org/v1")
    page.goto(place.address("access/listening/"))
    page.get_by_label("Nobody is asked").check()
    page.get_by_role("button", name="Set this rule").click()


def test_notes_and_tags_are_read_with_the_key_and_stand_on_the_waveform(place: Place, page: Page, first: str) -> None:
    opened(page, place, first)
    page.locator("body").press("5")
    page.get_by_role("button", name="now").click()
    page.get_by_label("Note or tag").fill("Promised a refund")
    page.get_by_role("button", name="Keep the note").click()
    page.locator("[data-player][data-ready]").wait_for()
    expect(page.locator("#remarks .note-text")).to_have_text("Promised a refund")
    pin = page.locator(".wave button.mark.note")
    expect(pin).to_have_attribute("title", "Promised a refund")
    pin.click()
    wait_for("the note's moment", lambda: page.evaluate(TIME) == "3")


def test_after_a_rotation_the_old_call_plays_with_the_old_key_alone(place: Place, page: Page, first: str) -> None:
    old = list(place.secrets)
    page.goto(place.address("access/keys/"))
    page.locator("[data-keyring][data-ready]").wait_for()
    page.get_by_role("button", name="Close these keys").click()
    place.new_keys(page, 2)
    place.call()
    second = str(place.console.recording(2)["id"])
    opened(page, place, second)
    assert likeness(saved(page)[:, 0], place.linear("caller.ul", "mulaw")) > 0.95

    page.goto(place.address(f"recordings/{first}/"))
    expect(page.locator("[data-player-problem]")).to_contain_text("None of your keys opens this")
    page.goto(place.address("access/keys/"))
    page.locator("[data-keyring][data-ready]").wait_for()
    page.locator("[data-way=bring] > summary").click()
    page.locator("[data-file]").set_input_files(
        {"name": "old.key.txt", "mimeType": "text/plain", "buffer": f"# mine\n{old[1]}\n".encode()}
    )
    expect(page.locator(".held-keys li")).to_have_count(3)
    opened(page, place, first)
    assert likeness(saved(page)[:, 1], place.linear("callee.al", "alaw")) > 0.95


def test_keys_kept_by_a_passphrase_open_again_in_the_same_browser(place: Place, page: Page, first: str) -> None:
    page.goto(place.address("access/keys/"))
    page.locator("[data-keyring][data-ready]").wait_for()
    page.locator("[data-way=store] > summary").click()
    page.get_by_label("Passphrase", exact=True).fill("four plain words here")
    page.get_by_label("The same again").fill("four plain words here")
    page.get_by_role("button", name="Keep the keys under this passphrase").click()
    expect(page.get_by_text("The keys lie in this browser under your passphrase.")).to_be_visible(timeout=60000)
    page.get_by_role("button", name="Close these keys").click()
    page.goto(place.address(f"recordings/{first}/"))
    asked = page.get_by_label("Passphrase of the keys in this browser")
    asked.fill("not these words at all")
    page.get_by_role("button", name="Open my keys").click()
    expect(page.get_by_text("This passphrase does not open the keys")).to_be_visible(timeout=60000)
    asked.fill("four plain words here")
    page.get_by_role("button", name="Open my keys").click()
    page.locator("[data-player][data-ready]").wait_for(timeout=60000)


def test_a_call_whose_recorder_was_killed_plays_from_its_parts(place: Place, page: Page, first: str) -> None:
    before = len(place.console.recordings())
    place.call(kill=True)
    found = wait_for("the recovered call", lambda: place.console.recordings()[: -before or None] or None, seconds=90)
    row = place.console.get(f"recordings/{found[0]['id']}")
    assert "tail" in {part["kind"] for part in row["parts"]}
    opened(page, place, row["id"])
    expect(page.get_by_text("The recorder was interrupted during this call.")).to_be_visible()
    sound = saved(page)
    shoot(page, "recovered")
    assert abs(len(sound) / 8000 - SECONDS) < 0.5
    assert likeness(sound[:, 0], place.linear("caller.ul", "mulaw")) > 0.95
    assert likeness(sound[:, 1], place.linear("callee.al", "alaw")) > 0.95


def test_a_lost_key_is_a_page_that_says_what_is_lost(place: Place, page: Page, first: str) -> None:
    page.goto(place.address("access/keys/lost/"))
    expect(page.get_by_text("Nothing is lost, as far as you have told us.")).to_be_visible()
    page.goto(place.address("access/keys/"))
    former = page.locator("section:has(> h2:text('Earlier content')) .hash").all_text_contents()[-2:]
    for one in former:
        page.locator(f"input[name=concerned][value='{one}']").check()
    page.get_by_role("button", name="Declare them lost").click()
    page.goto(place.address("access/keys/lost/"))
    expect(page.get_by_text("1 recording can be opened by nobody any more.")).to_be_visible()
    shoot(page, "lost")


def bring(page: Page, place: Place, *secrets: str) -> None:
    """Only these keys are open in the browser from now on."""
    page.goto(place.address("access/keys/"))
    page.locator("[data-keyring][data-ready]").wait_for()
    if page.get_by_role("button", name="Close these keys").is_visible():
        page.get_by_role("button", name="Close these keys").click()
    expect(page.locator(".held-keys li")).to_have_count(0)
    page.locator("[data-way=bring] > summary").click()
    page.locator("[data-file]").set_input_files(
        {"name": "mine.key.txt", "mimeType": "text/plain", "buffer": "\n".join(secrets).encode()}
    )
    expect(page.locator(".held-keys li")).to_have_count(len(secrets))


def test_recordings_are_sealed_anew_and_the_former_keys_open_them_no_more(place: Place, page: Page, first: str) -> None:
    """All of them: the first one, whose keys were rotated twice since, and the one with a tail."""
    former = list(place.secrets)
    before = {one["id"]: place.console.get(f"recordings/{one['id']}")["parts"] for one in place.console.recordings()}
    assert "tail" in {part["kind"] for parts in before.values() for part in parts}
    page.goto(place.address("access/keys/"))
    page.locator("[data-keyring][data-ready]").wait_for()
    if page.get_by_role("button", name="Close these keys").is_visible():
        page.get_by_role("button", name="Close these keys").click()
    place.new_keys(page, 2)
    bring(page, place, former[1], former[3])
    section = page.locator("[data-resealing][data-ready]")
    expect(section).to_contain_text(f"{len(before)} of {len(before)}")
    shoot(page, "resealing")
    start = section.get_by_role("button", name="Seal them anew")
    start.focus()
    page.keyboard.press("Enter")
    expect(section).to_contain_text("Compare the keys with your own first")
    section.get_by_label("I compared them: they are ours").focus()
    page.keyboard.press("Space")
    page.route(f"**/recordings/{first}/reseal", lambda route: route.abort())
    start.focus()
    page.keyboard.press("Enter")
    expect(section).to_contain_text("What was done stays done")
    page.unroute(f"**/recordings/{first}/reseal")
    expect(start).to_be_focused()
    page.keyboard.press("Enter")
    expect(section).to_contain_text("Nothing is left under former keys")
    expect(section).to_contain_text(f"0 of {len(before)}")
    shoot(page, "resealed")

    bring(page, place, place.secrets[-1])
    for recording, parts in before.items():
        now = place.console.get(f"recordings/{recording}")["parts"]
        assert [part["name"] for part in now] == [part["name"] for part in parts]
        assert not {part["sha256"] for part in now} & {part["sha256"] for part in parts}
        opened(page, place, recording)
        expect(page.get_by_role("heading", level=1)).to_contain_text(CALLER.name)
        expect(page.get_by_text("Its files were sealed anew to other keys since")).to_be_visible()
        sound = saved(page)
        assert likeness(sound[:, 0], place.linear("caller.ul", "mulaw")) > 0.95
        assert likeness(sound[:, 1], place.linear("callee.al", "alaw")) > 0.95
        content = place.console.download(now[0]["url"])
        assert content.startswith(b"age-encryption.org/v1")
        assert _stock_age(content, place.secrets[-2], place.folder) != "no identity matched"
        assert _stock_age(content, former[1], place.folder) == "no identity matched"
    bring(page, place, *former)
    for recording in before:
        page.goto(place.address(f"recordings/{recording}/"))
        expect(page.locator("[data-player-problem]")).to_contain_text("None of your keys opens this")
    page.goto(place.address("access/keys/lost/"))
    expect(page.get_by_text("can be opened by nobody any more")).to_have_count(0)


def _stock_age(content: bytes, secret: str, folder: Path) -> str:
    """Whether the stock program's key fits a sealed file; the end of one that a crash cut is missing either way."""
    key = folder / "one.key.txt"
    key.write_text(secret)
    done = subprocess.run(["age", "-d", "-i", str(key)], input=content, capture_output=True, check=False)
    return "no identity matched" if b"no identity matched" in done.stderr else ""


def test_no_key_and_no_sound_left_the_browser(place: Place, page: Page, first: str) -> None:
    """After everything above: the relay has every octet that went up, and the browser spoke to nobody else."""
    own = f"127.0.0.1:{place.tap.port}"
    assert {host for host in place.hosts if host} <= {own, f"127.0.0.1:{place.system.events_port}"}
    assert b"POST /c/held/access/keys/drill" in place.tap.sent, "the relay sees what is sent"
    assert place.tap.sent.count(b"age1") >= 4, "public halves were sent"
    assert len(place.secrets) == 6
    assert place.tap.sent.count(b"/reseal") >= 3, "new headers were sent"
    caller, callee = place.linear("caller.ul", "mulaw"), place.linear("callee.al", "alaw")
    pieces = [secret.encode()[20:60] for secret in place.secrets]
    for start in range(4000, len(caller) - 200, 4000):
        voiced = start + int(np.argmax(np.abs(caller[start : start + 4000])))
        pieces.append(caller[voiced : voiced + 24].tobytes())
        pieces.append(callee[voiced : voiced + 24].tobytes())
        pieces.append(np.stack([caller, callee], axis=1)[voiced : voiced + 16].tobytes())
        pieces.append((place.folder / "caller.ul").read_bytes()[voiced : voiced + 32])
    told = {CALLER.name.encode(), CALLEE.name.encode(), *(piece for piece in pieces if len(set(piece)) > 6)}
    assert [piece for piece in told if place.tap.holds(piece)] == []

    page.evaluate("(secret) => fetch('/', { method: 'POST', body: btoa(secret) })", place.secrets[0])
    assert wait_for("a planted key is found", lambda: place.tap.holds(place.secrets[0].encode()[20:60]))
