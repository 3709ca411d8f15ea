"""Template words: icons, times, telephone numbers, durations."""

from datetime import UTC, datetime
from typing import Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from parley.web import rules

register = template.Library()

# Drawn for this console on a 16 x 16 grid, stroke only.
ICONS: Final = {
    "home": '<path d="M2.5 7.5 8 3l5.5 4.5V13H9.5V9.5h-3V13H2.5z"/>',
    "recordings": '<path d="M2 8h1.5l1.5-4 2 8 2-9.5 2 8.5 1.5-3H14"/>',
    "live": '<circle cx="8" cy="8" r="2"/><path d="M4.5 11.5a5 5 0 0 1 0-7M11.5 4.5a5 5 0 0 1 0 7"/>',
    "agreement": '<path d="M4 2.5h6l2.5 2.5v8.5H4z"/><path d="M6.5 7.5h3.5M6.5 10h3.5"/>',
    "audit": '<path d="M3 4h1M3 8h1M3 12h1M6.5 4H13M6.5 8H13M6.5 12H13"/>',
    "customers": '<path d="M2.5 13.5v-8L7 3v10.5M7 6.5h6v7M2 13.5h12M9.5 9h1M9.5 11.2h1"/>',
    "search": '<circle cx="7" cy="7" r="4"/><path d="m10 10 3.5 3.5"/>',
    "lock": '<rect x="3.5" y="7" width="9" height="6.5" rx="1"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>',
    "key": '<circle cx="5" cy="8" r="2.5"/><path d="M7.5 8H14M11.5 8v2.5M13.5 8v1.5"/>',
    "download": '<path d="M8 2.5v7.5M5 7.5 8 10.5l3-3M3 13.5h10"/>',
    "back": '<path d="M9.5 3.5 5 8l4.5 4.5"/>',
    "copy": '<rect x="5.5" y="5.5" width="8" height="8" rx="1"/><path d="M3 10.5H2.5v-8h8V3"/>',
    "play": '<path d="M4.5 2.5 13 8l-8.5 5.5z"/>',
    "pause": '<path d="M4 3h3v10H4zM9 3h3v10H9z"/>',
    "out": '<path d="M6.5 3h-4v10h4M6 8h8M11 5l3 3-3 3"/>',
    "print": '<path d="M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2M4.5 9.5h7v4h-7z"/>',
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """The icon `name`, for beside a word: hidden from screen readers. Raises KeyError for an unknown name."""
    return mark_safe(f'<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{ICONS[name]}</svg>')  # noqa: S308 - our own


@register.filter
def when(value: datetime | None, style: str = "moment") -> SafeString | str:
    """An instant that the browser shows in the reader's zone: styles `moment`, `clock`, `day`, `full`.

    Without scripts it reads in UTC and says so.
    """
    if value is None:
        return "–"
    utc = value.astimezone(UTC)
    patterns = {"clock": "%H:%M:%S UTC", "day": "%d %b %Y UTC"}
    text = utc.strftime(patterns.get(style, "%d %b %Y, %H:%M:%S UTC" if style == "full" else "%d %b %Y, %H:%M UTC"))
    stamp = utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return format_html('<time datetime="{}" data-style="{}">{}</time>', stamp, style, text)


@register.filter
def lasting(seconds: float) -> str:
    """A duration in words."""
    return rules.duration_words(seconds)


@register.filter
def size(value: int) -> str:
    """A number of bytes in words."""
    return rules.size_words(value)


@register.filter
def phone(raw: str) -> str:
    """A telephone number as its country groups it."""
    return rules.phone_words(raw)


@register.filter
def ending(reason: str) -> str:
    """Why a recording ended."""
    return rules.ending_words(reason)


@register.filter
def kind(value: str) -> str:
    """What a kind of ledger entry means."""
    return rules.kind_words(value)


@register.filter
def way(direction: str) -> SafeString:
    """A direction as an arrow, with its word on hover and for screen readers."""
    word = next((word for known, word in rules.DIRECTIONS.items() if known == direction), direction)
    return format_html(
        '<span class="way" title="{}"><span aria-hidden="true">{}</span><span class="word">{}</span></span>',
        word, rules.ARROWS.get(direction, "·"), word,
    )  # fmt: skip


@register.filter
def role(value: str) -> str:
    """A role in words."""
    return str(rules.ROLES.get(value, value))


@register.filter
def short(value: object) -> str:
    """The last eight characters of an id: those are random, the first tell only the time."""
    return str(value)[-8:]
