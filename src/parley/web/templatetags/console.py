"""Template words: icons, times, telephone numbers, durations."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from parley.contacts.api import ContactLine
from parley.recordings.api import Party, RecordingRow
from parley.web import call_marks, register_words, rights_words, rules
from parley.web.frame import Group
from parley.web.icons import ICONS

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """The icon `name`, for beside a word: hidden from screen readers. Raises KeyError for an unknown name."""
    return mark_safe(f'<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{ICONS[name]}</svg>')  # noqa: S308 - our own


@register.simple_tag
def party(who: Party | None, known: Mapping[str, ContactLine]) -> SafeString:
    """One side of a call: see `call_marks`."""
    return call_marks.party_mark(who, known)


@register.simple_tag
def row_state(row: RecordingRow, resting: Mapping[UUID, str]) -> SafeString:
    """What is to be said of a recording in its line: see `call_marks`."""
    return call_marks.state_marks(row, resting)


@register.filter
def holds(group: Group, here: str) -> bool:
    """Whether the place with the key `here` is one of the group."""
    return any(place.key == here for place in group.places)


@register.filter
def when(value: datetime | None, style: str = "moment") -> SafeString | str:
    """An instant that the browser shows in the reader's zone: styles `moment`, `clock`, `day`, `date`, `deadline`,
    `full`.

    Without scripts it reads in UTC and says so.
    """
    if value is None:
        return "–"
    utc = value.astimezone(UTC)
    patterns = {"clock": "%H:%M:%S UTC", "day": "%d %b %Y UTC", "date": "%d %b %Y"}
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
    if value.startswith("rights."):
        return _("Request of a person: %(step)s") % {"step": rights_words.step(value.removeprefix("rights."))}
    return rules.kind_words(value)


@register.filter
def way(direction: str) -> SafeString:
    """A direction as an arrow, with its word on hover and for screen readers."""
    return _way(direction, get_language())


@lru_cache(maxsize=64)
def _way(direction: str, _language: str) -> SafeString:
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
def register_field(name: str) -> str:
    """A field of the register of sub-processors in words."""
    return str(register_words.FIELDS.get(name, name))


@register.filter
def item(values: Mapping[str, Any], name: str) -> Any:
    """What `values` has under `name`, "" when nothing."""
    return values.get(name, "") if values else ""


@register.filter
def short(value: object) -> str:
    """The last eight characters of an id: those are random, the first tell only the time."""
    return str(value)[-8:]
