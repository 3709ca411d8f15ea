"""What axe-core and a few questions of ours say about the page that a browser shows: a line for each thing wrong."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

_AXE: Final = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
_OURS: Final = Path(__file__).with_name("accessible.js")
_TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
LISTENERS: Final = """
  const [add, clickable] = [EventTarget.prototype.addEventListener, (window.clickable = new Set())];
  EventTarget.prototype.addEventListener = function (type, ...rest) {
    if (this instanceof Element && ["click", "mousedown", "pointerdown"].includes(type)) clickable.add(this);
    return add.call(this, type, ...rest);
  };
"""
"""A script for the beginning of every page: remembers what listens to clicks, for `keys`."""


def rules(page: Page) -> list[str]:
    """What breaks a rule of WCAG 2.2 A and AA, or axe's own of headings, landmarks and tab order, all details open."""
    return _asked(page, "rules", _TAGS)


def wide(page: Page) -> list[str]:
    """Whether the page itself, not a table within it, must be moved sideways."""
    return _asked(page, "wide")


def keys(page: Page, *, within: str) -> list[str]:
    """What keys cannot reach anywhere, and below the selector `within` what takes no focus or does not show it."""
    return _asked(page, "focus", within) + _asked(page, "deaf")


def _asked(page: Page, what: str, *given: Any) -> list[str]:
    if not page.evaluate("() => 'accessible' in window"):
        page.evaluate(_scripts())
    found: list[str] = page.evaluate(f"(given) => accessible.{what}(...given)", list(given))
    return found


@cache
def _scripts() -> str:
    return f"{_AXE.read_text()};\n{_OURS.read_text()}"
