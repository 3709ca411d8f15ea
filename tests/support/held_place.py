"""A customer that holds its keys, in a real browser: keys made, calls recorded and heard, pictures taken."""

import io
import os
import re
import signal
import subprocess
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from playwright.sync_api import BrowserContext, Download, Page, expect
from tests.support.peers import Leg, Party, SippCall, speak
from tests.support.system import PASSWORD, Console, System, free_ports
from tests.support.wiretap import Wiretap

SPEECH = Path(__file__).parents[2] / "src/parley/project/demo/speech"
CALLER, CALLEE = Party("+442079460018", "Rosalind Okonkwo-Marsh"), Party("+390584943232", "Tiberio Vannucchi")
ADDRESS = "127.0.0.6"
SECONDS = 6.0
SHOTS = os.environ.get("JOURNEY_SHOTS", "")
SECRET = re.compile(rb"AGE-SECRET-KEY-1[A-Z0-9]+")

Samples = npt.NDArray[np.int16]


@dataclass
class Place:
    """A whole Parley with one customer that holds its keys, a person's browser, and the relay between the two."""

    system: System
    console: Console
    tap: Wiretap
    folder: Path
    context: BrowserContext
    secrets: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def address(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.tap.port}/c/held/{path}"

    def sign_in(self, page: Page) -> None:
        page.goto(self.address())
        page.get_by_label("E-mail address").fill(self.console.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Home").wait_for()

    def new_keys(self, page: Page, number: int) -> None:
        """Makes keys in the browser, saves each, and has new content sealed to them."""
        page.goto(self.address("access/keys/"))
        page.locator("[data-keyring][data-ready]").wait_for()
        page.locator("[data-way=make] > summary").click()
        for _ in range(number):
            before = page.locator(".held-keys li").count()
            page.get_by_role("button", name="Make a key in this browser").click()
            expect(page.locator(".held-keys li")).to_have_count(before + 1)
        page.get_by_role("button", name="Take the keys of this browser").click()
        expect(page.get_by_text("Save each new key as a file first")).to_be_visible()
        unsaved = page.locator(".held-keys li:has([data-unsaved]:not([hidden]))")
        for left in range(number, 0, -1):
            expect(unsaved).to_have_count(left)
            with page.expect_download() as begun:
                unsaved.first.get_by_role("button", name="Save as a file").click()
            found = SECRET.search(begun.value.path().read_bytes())
            assert found
            self.secrets.append(found[0].decode())
        page.get_by_role("button", name="Take the keys of this browser").click()
        page.get_by_role("button", name="Seal new content to new keys").click()
        expect(page.get_by_text("keys rotated").first).to_be_visible()
        time.sleep(2.5)  # every recorder knows new recipients after two seconds

    def call(self, *, kill: bool = False) -> None:
        """A call by sipp and an independent sender, to its end; `kill`: the recorder dies in the middle of it."""
        mine = free_ports(4) + 1 & ~1
        call = SippCall(
            folder=self.folder / f"sipp-{time.time_ns()}", target=self.system.sip, local_ip=ADDRESS, caller=CALLER,
            callee=CALLEE, group=f"group-{time.time_ns()}", seconds=SECONDS + 2, media_ports=(mine, mine + 2),
        )  # fmt: skip
        first, second = call.ports
        legs = [
            Leg(mine, first, 0, self.folder / "caller.ul", first_sequence=65400, ssrc=0x1111),
            Leg(mine + 2, second, 8, self.folder / "callee.al", first_sequence=7, ssrc=0x2222),
        ]
        sender = speak(SECONDS, legs, host=ADDRESS)
        if kill:
            time.sleep(SECONDS / 2)
            os.kill(self.system.pids("recorder")[0], signal.SIGKILL)
        sender.communicate(timeout=SECONDS + 20)
        call.finish()

    def linear(self, name: str, codec: str) -> Samples:
        raw = self.folder / f"{name}.s16"
        ffmpeg("-f", codec, "-ar", "8000", "-i", self.folder / name, "-f", "s16le", raw)
        return np.resize(np.frombuffer(raw.read_bytes(), "<i2"), int(SECONDS * 8000))


def ffmpeg(*words: object) -> None:
    """Run it; it says nothing but errors."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True)


def stereo(download: Download) -> Samples:
    with wave.open(io.BytesIO(download.path().read_bytes())) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, 8000, 2)
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2)


def saved(page: Page) -> Samples:
    """What the page's own download holds."""
    with page.expect_download() as begun:
        page.get_by_role("button", name="WAV").click()
    return stereo(begun.value)


def likeness(heard: Samples, source: Samples) -> float:
    """The best normalised correlation of `heard` anywhere in `source`."""
    a, b = heard.astype(float), source.astype(float)
    size = 1 << (len(a) + len(b)).bit_length()
    cross = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)
    return float(np.abs(cross).max() / np.sqrt((a @ a) * (b @ b)))


def opened(page: Page, place: Place, recording: str) -> None:
    page.goto(place.address(f"recordings/{recording}/"))
    page.locator("[data-player][data-ready]").wait_for()


def shoot(page: Page, name: str) -> None:
    """Pictures to look at, when asked for."""
    if not SHOTS:
        return
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (name, width)
    page.set_viewport_size({"width": 1280, "height": 900})


TIME = "document.querySelector('[data-wave]').getAttribute('aria-valuenow')"
HEARD = """async () => {
    const audio = document.querySelector('[data-audio]');
    const began = audio.currentTime;
    await new Promise((done) => setTimeout(done, 1500));
    return audio.currentTime - began;
}"""
