"""What stands in the lines of calls, as HTML: a page has a hundred of them, and a template takes its time for each."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from parley.contacts.api import ContactLine
from parley.recordings.api import Party, RecordingRow
from parley.web import rules
from parley.web.recording_filters import QUALITY_WORDS

_RENDITIONS: Final[Mapping[str, tuple[rules.Shape, Any]]] = {
    "pending": ("idle", gettext_lazy("in progress")),
    "refused": ("due", gettext_lazy("not allowed")),
    "failed": ("late", gettext_lazy("not playable")),
}
"""What keeps a recording from being played: the shape of its mark, and words."""


def party_mark(party: Party | None, known: Mapping[str, ContactLine]) -> SafeString:
    """One side of a call: its name in the contacts (`known`, by number), else the one it gave, and its number."""
    if party is None:
        return format_html('<span class="quiet">{}</span>', _("unknown"))
    line = known.get(party.number) if known else None
    name = line.name if line is not None else ""
    bold = ""
    if name:
        bold = format_html('<b title="{}">{}</b>', _("in your contacts"), name)
    elif party.name:
        bold = format_html("<b>{}</b>", party.name)
    sealed = line is not None and line.sealed
    return format_html(
        '<span class="party">{}<span class="{} nowrap">{}</span>{}</span>',
        bold,
        "phone" if name or party.name else "digits",
        rules.phone_words(party.number or party.aor),
        format_html('<span class="quiet">{}</span>', _("in your contacts")) if sealed else "",
    )


def state_marks(row: RecordingRow, resting: Mapping[UUID, str]) -> SafeString:
    """What is to be said of a recording at a glance; nothing of one with which all is well."""
    marks = [_rendition(row)]
    if row.quality != "good":
        marks.append(_mark("due", QUALITY_WORDS.get(row.quality, row.quality)))
    if row.consent and row.consent != "given":
        words, shape = rules.CONSENT_WORDS[row.consent]
        marks.append(_mark(f"wraps {shape}", words))
    if row.notice in {"none", "not-known"}:
        words, shape = rules.NOTICE_WORDS[row.notice]
        marks.append(_mark(f"wraps {shape}", words))
    if rest := resting.get(row.recording_id):
        marks.append(_mark("due", rest))
    return format_html_join(" ", "{}", ((mark,) for mark in marks if mark))


def _rendition(row: RecordingRow) -> SafeString | str:
    if known := _RENDITIONS.get(row.rendition):
        return _mark(*known)
    if row.segments > 1:
        words = ngettext("%(n)s recording", "%(n)s recordings", row.segments) % {"n": row.segments}
        return format_html('<span class="quiet">{}</span>', words)
    return ""


def _mark(shape: str, words: Any) -> SafeString:
    return format_html('<span class="state {}">{}</span>', shape, words)
