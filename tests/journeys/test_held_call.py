"""A call that is held, muted and paused, on real sockets, for a customer whose keys the provider keeps and for one that
keeps its own: each sees the same times on the waveform and in words, and who has no script reads what the server knows.
Notes that were written while it ran stand where they are heard, though nobody spoke for its first seconds.
"""

import os
import re
import shutil
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.captures import encode_a_law, encode_mu_law, speech
from tests.support.peers import wait_for
from tests.support.signalling_place import Wire, code
from tests.support.siprec_messages import Client, media_line, metadata, multipart, sdp, siprec_body
from tests.support.system import PASSWORD, Console, running, short_folder

from parley.sealing.api import generate_identity

HELD, MUTED, PAUSED, END = (2.0, 4.5), (6.0, 9.0), (10.0, 11.5), 13.0
QUIET, NOTED = 3.0, 12.0
"""Seconds from the answer to the first packet, and from that to the note."""
SHOTS = os.environ.get("JOURNEY_SHOTS", "")
KEY = generate_identity()

pytestmark = pytest.mark.timeout(300)


@dataclass
class Recorded:
    """One call of a session border controller at `host`, step by step in time with others."""

    host: str
    target: tuple[str, int]
    ports: tuple[int, int] = (0, 0)
    sockets: list[socket.socket] = field(default_factory=list)

    def begin(self) -> None:
        self.wire = Wire(self.target, host=self.host)
        asker = Client(call_id=f"call-{self.host}", host=self.host, port=self.wire.port)
        answer = self.wire.ask(asker.invite(siprec_body(self.offer(), metadata(group=f"g-{self.host}"))))
        assert code(answer) == 200, answer
        caller, callee = re.findall(rb"m=audio (\d+)", answer)
        self.ports = int(caller), int(callee)
        asker = asker.answered(answer)
        self.wire.send(asker.ack("z9hG4bKa"))
        self.asker = asker.next()
        for _ in range(2):
            self.sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            self.sockets[-1].bind((self.host, 0))

    def offer(self, direction: str = "sendonly") -> bytes:
        first = media_line("1", direction=direction)
        return sdp(first, media_line("2", port=6002, codecs="8"), address=self.host)

    def direct(self, direction: str) -> None:
        """A re-INVITE: the caller's stream is to carry nothing, or something again."""
        body = multipart(("application/sdp", self.offer(direction)))
        assert code(self.wire.ask(self.asker.invite(body))) == 200
        self.wire.send(self.asker.ack(f"z9hG4bK{direction}"))
        self.asker = self.asker.next()

    def record(self, word: str) -> None:
        asked = replace(self.asker, extra=(("Record", word),)).request("INFO")
        assert code(self.wire.ask(asked)) == 200
        self.asker = self.asker.next()

    def say(self, side: int, number: int, payload: bytes) -> None:
        head = struct.pack(">BBHII", 0x80, (0, 8)[side], number & 0xFFFF, number * 160, 7 + side)
        self.sockets[side].sendto(head + payload, (self.host, self.ports[side]))

    def end(self) -> None:
        assert code(self.wire.ask(self.asker.request("BYE"))) == 200
        for one in (*self.sockets, self.wire):
            one.close()


@dataclass
class Noted:
    """What somebody writes on the running call of a console, and the instant at which it is."""

    console: Console
    at: float = 0.0
    thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        (live,) = wait_for("the call", lambda: self.console.get("live"))
        self.path = f"live/{live['id']}/"

    def write(self) -> None:
        self.at = time.time()
        self.thread = threading.Thread(target=self._post)
        self.thread.start()

    def _post(self) -> None:
        for text, moment in (("Wants a refund", ""), ("Said at once", f"0:{QUIET + 1:04.1f}")):
            self.console.submit(self.path, {"deed": "note", "text": text, "moment": moment})


def talk(calls: list[Recorded], notes: Sequence[Noted]) -> None:
    """Both sides speak from 0 to END; what happens between, at its moment to within a packet."""
    caller, callee = encode_mu_law(speech(END, seed=1)), encode_a_law(speech(END, seed=2))
    deeds = {
        HELD[0]: lambda call: call.direct("inactive"), HELD[1]: lambda call: call.direct("sendonly"),
        PAUSED[0]: lambda call: call.record("pause"), PAUSED[1]: lambda call: call.record("resume"),
    }  # fmt: skip
    started = time.monotonic()
    for number in range(int(END * 50)):
        at = number / 50
        time.sleep(max(0.0, started + at - time.monotonic()))
        for one in notes if at == NOTED else ():
            one.write()
        for call in calls:
            if at in deeds:
                deeds[at](call)
            if not HELD[0] <= at < HELD[1]:
                call.say(0, number, caller[number * 160 :][:160])
            muted = MUTED[0] <= at < MUTED[1]
            call.say(1, number, b"\xd5" * 160 if muted else callee[number * 160 :][:160])


@pytest.fixture(scope="module")
def consoles() -> Iterator[dict[str, Console]]:
    folder = short_folder("marks")
    with running(folder / "data") as system:
        kept = system.add_customer("kept", source="127.0.0.7").sign_in()
        own = system.add_customer(
            "own", source="127.0.0.8", recipients=(KEY.recipient, generate_identity().recipient)
        ).sign_in()
        calls = [Recorded(host, system.sip) for host in ("127.0.0.7", "127.0.0.8")]
        for call in calls:
            call.begin()
        began = time.monotonic()
        notes = [Noted(kept), Noted(own)]
        time.sleep(max(0.0, began + QUIET - time.monotonic()))
        talk(calls, notes)
        for one in notes:
            assert one.thread is not None
            one.thread.join()
        for call in calls:
            call.end()
        yield {"kept": kept, "own": own}
    shutil.rmtree(folder, ignore_errors=True)


def opened(page: Page, console: Console) -> None:
    """The page of the call, its player ready."""
    base = f"{console.base}/c/{console.handle}/"
    page.goto(base)
    page.get_by_label("E-mail address").fill(console.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Home").wait_for()
    page.goto(f"{base}recordings/{console.recording()['id']}/")
    if console.handle == "own":
        page.locator("[data-pasted]").fill(KEY.secret)
        page.get_by_role("button", name="Open with this key").click()
    page.locator("[data-player][data-ready]").wait_for()


BANDS = """[...document.querySelectorAll('.wave .stretch')].map((band) => [
    band.className, parseFloat(band.style.left), parseFloat(band.style.width), band.textContent])"""


@pytest.mark.parametrize("handle", ["kept", "own"])
def test_hold_mute_and_pause_are_drawn_and_listed(browser: Browser, consoles: dict[str, Console], handle: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    opened(page, consoles[handle])
    seconds = float(page.locator("[data-wave]").get_attribute("aria-valuemax") or 0)
    assert abs(seconds - END) <= 1
    bands = page.evaluate(BANDS)
    assert [(name, label) for name, _, _, label in bands] == [
        ("stretch hold lane-0", "hold"),
        ("stretch mute lane-1", "mute"),
        ("stretch pause", "paused"),
    ]
    for (_, left, width, _), (begun, over) in zip(bands, (HELD, MUTED, PAUSED), strict=True):
        assert left / 100 * END == pytest.approx(begun, abs=0.3)
        assert (left + width) / 100 * END == pytest.approx(over, abs=0.3)
    items = page.locator("[data-stretches] li")
    expect(items).to_have_count(3)
    expect(items.nth(0)).to_contain_text("On hold: caller")
    expect(items.nth(1)).to_contain_text("Muted: called sends nothing")
    expect(items.nth(2)).to_contain_text("The recording was paused")
    link = items.nth(1).get_by_role("link")
    expect(link).to_have_text(re.compile(r"0:0[56] – 0:0[89]"))
    link.focus()
    page.keyboard.press("Enter")
    now = "Number(document.querySelector('[data-wave]').getAttribute('aria-valuenow'))"
    wait_for("the moment of the link", partial(page.evaluate, f"Math.abs({now} - 6) <= 1"))
    if SHOTS:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.locator(".player").screenshot(path=f"{SHOTS}/stretches-{handle}-{width}.png")
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    plain = browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    bare = plain.new_page()
    bare.goto(page.url)
    told = bare.locator("[data-stretches] li")
    expect(told).to_have_count(2)
    times = r"0:0[12] – 0:04" if handle == "kept" else r"0:0[45] – 0:0[78]"  # from the call's beginning
    expect(told.nth(0)).to_have_text(re.compile(f"{times} On hold: caller"))
    expect(bare.locator(".story")).to_contain_text("On hold: caller (2.5 s)")
    plain.close()
    context.close()


@pytest.mark.parametrize("handle", ["kept", "own"])
def test_what_was_noted_while_it_ran_stands_where_it_is_heard(
    browser: Browser, consoles: dict[str, Console], handle: str
) -> None:
    """Where the server cannot open the sound it counts from the beginning: the browser, with the key, mends it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    opened(page, consoles[handle])
    expect(page.locator("#remarks .note-text")).to_have_text(["Said at once", "Wants a refund"])
    links = page.locator("#remarks a[data-instant]")
    for number, heard in enumerate((1.0, NOTED)):
        shown = float(links.nth(number).get_attribute("data-moment") or -1)
        assert shown == pytest.approx(heard, abs=1), (number, shown)
        minutes, _, seconds = links.nth(number).inner_text().partition(":")
        assert 60 * int(minutes) + int(seconds) == int(shown)
        left = page.locator(".wave button.mark.note").nth(number).evaluate("(mark) => parseFloat(mark.style.left)")
        assert left / 100 * END == pytest.approx(heard, abs=1)
    links.nth(1).focus()
    page.keyboard.press("Enter")
    now = "Number(document.querySelector('[data-wave]').getAttribute('aria-valuenow'))"
    wait_for("the moment of the note", partial(page.evaluate, f"Math.abs({now} - {NOTED}) <= 1"))

    plain = browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    bare = plain.new_page()
    bare.goto(page.url)
    told = float(bare.locator("#remarks a[data-instant]").nth(1).get_attribute("data-moment") or -1)
    assert told == pytest.approx(NOTED + (QUIET if handle == "own" else 0), abs=1)
    plain.close()
    context.close()
