"""Keys in a browser's memory: shared by the pages of one customer's console, closed when somebody signs out."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

STATIC = Path(__file__).parents[2] / "src/parley/web/static"
HELD = "() => window.ring.secrets.length"


class _Pages(SimpleHTTPRequestHandler):
    """The console's own scripts, and a page for each customer: with a keyring, or to sign in at."""

    def do_GET(self) -> None:
        place, _, customer = self.path.strip("/").partition("/")
        if place not in {"keys", "sign-in"}:
            return super().do_GET()
        script = "/page.js" if place == "keys" else "/console/signed-out.js"
        html = f'<!doctype html><div data-customer="{customer}"></div><script type="module" src="{script}"></script>'
        return self._send(html, "text/html")

    def send_head(self) -> Any:
        if self.path != "/page.js":
            return super().send_head()
        self._send(
            'import { Keyring } from "/console/sealed/keyring.js";'
            'window.ring = await Keyring.of(document.querySelector("[data-customer]").dataset.customer);',
            "text/javascript",
        )
        return None

    def _send(self, text: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_said: object) -> None:
        """Nothing to say."""


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Pages, directory=str(STATIC)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def test_keys_are_closed_for_whoever_signs_in_next(browser: Browser, home: str) -> None:
    """Also while another page, which still has them, goes on reminding the browser of them."""
    context = browser.new_context()
    context.set_default_timeout(60_000)
    try:
        mine, theirs = _keys(context.new_page(), home, "one"), _keys(context.new_page(), home, "two")
        secret = mine.evaluate("() => import('/console/sealed/keyring.js').then(({ makeKey }) => makeKey())")
        for page in (mine, theirs):
            page.evaluate("(secret) => window.ring.hold([secret])", secret)
        left_open = _keys(context.new_page(), home, "one")
        assert left_open.evaluate(HELD) == 1, "pages of one customer share them"
        mine.goto(f"{home}sign-in/one")
        left_open.wait_for_function("() => !window.ring.secrets.length")
        assert _keys(mine, home, "one").evaluate(HELD) == 0
        assert _keys(context.new_page(), home, "two").evaluate(HELD) == 1, "another customer's stay"
        mine.evaluate("(secret) => window.ring.hold([secret])", secret)
        mine.wait_for_timeout(10_500)  # a page reminds every ten seconds
        assert mine.evaluate(HELD) == _keys(left_open, home, "one").evaluate(HELD) == 1, "who brings them has them"
    finally:
        context.close()


def _keys(page: Page, home: str, customer: str) -> Page:
    page.goto(f"{home}keys/{customer}")
    page.wait_for_function("() => window.ring")
    return page
