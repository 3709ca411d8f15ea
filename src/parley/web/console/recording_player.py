"""What the player of a recording's page is told: every playable segment of the conversation, with its marks."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from parley.foundation.errors import ParleyError
from parley.people import api as people
from parley.recordings import api as recordings
from parley.recordings.api import PAUSED

MOST_SEGMENTS: Final = 40
"""Segments that one player takes; a conversation of more is played on the pages of its segments."""
_MOMENT: Final = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})(?:\.(\d))?|(\d{1,6})(?:\.(\d))?")


class BadMoment(ParleyError):
    """A moment that cannot be understood."""

    error_id = "web.bad_moment"


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A note or a tag as the page shows it: in clear, or sealed for the page's own script to open."""

    id: UUID
    kind: str
    text: str | None
    moment_ms: int | None
    instant: datetime | None
    by: str
    at: Any
    sealed: str
    wrapped: str

    @property
    def seconds(self) -> str:
        """The moment as the address of the page says it."""
        return f"{(self.moment_ms or 0) / 1000:.1f}"

    @property
    def unix(self) -> str:
        """The instant of what was said while the call ran, in Unix seconds; "" of the rest."""
        return f"{self.instant.timestamp():.3f}" if self.instant else ""

    @property
    def clock(self) -> str:
        """The moment as the player shows it."""
        return clock((self.moment_ms or 0) / 1000)


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A time in which less than the whole call was recorded. `lane`: 0 caller, 1 called, None both."""

    kind: Literal["hold", "pause", "gap"]
    lane: int | None
    starts_at: datetime
    ends_at: datetime
    sound_starts_at: datetime
    label: str
    words: str

    @property
    def seconds(self) -> str:
        """Where it begins, as the address of the page says it."""
        return f"{self._place(self.starts_at):.1f}"

    @property
    def span(self) -> str:
        """From when to when, as the player shows moments."""
        return f"{clock(self._place(self.starts_at))} – {clock(self._place(self.ends_at))}"

    def _place(self, at: datetime) -> float:
        return max(0.0, (at - self.sound_starts_at).total_seconds())


def clock(seconds: float) -> str:
    """Seconds as 1:23 or 1:02:03."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def moment_of(text: str) -> int | None:
    """Milliseconds that a person wrote as 1:23, 1:02:03 or 83.5; None for nothing. Raises BadMoment."""
    text = text.strip()
    if not text:
        return None
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise BadMoment(_("this is no moment of a recording"), remedy=_("Write it as 1:23, or leave it empty."))
    hours, minutes, seconds, tenth, plain, plain_tenth = (int(part) if part else 0 for part in found.groups())
    return ((hours * 60 + minutes) * 60 + seconds + plain) * 1000 + (tenth + plain_tenth) * 100


def file_stem(found: recordings.RecordingView) -> str:
    """A file name without personal data: the time in UTC and the start of the id."""
    return f"{found.started_at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}-{str(found.recording_id)[-8:]}"


def segments(viewer: recordings.Viewer, found: recordings.RecordingView) -> list[dict[str, Any]]:
    """The segments of the conversation that can be played, in order; `found` alone where there are too many."""
    others = [one.recording_id for one in found.segments if not one.current]
    if len(others) >= MOST_SEGMENTS:
        others = []
    views = [found, *(recordings.get(viewer, one) for one in others)]
    views.sort(key=lambda one: (one.started_at, one.recording_id))
    return [_segment(viewer, one, current=one is found) for one in views if playable(one)]


def playable(found: recordings.RecordingView) -> bool:
    """Whether there is something to play, here or with the customer's key."""
    return found.rendition == "ready" or (found.rendition == "customer-held" and bool(found.parts))


def stretches(found: recordings.RecordingView) -> list[Stretch]:
    """When a side was on hold, the recording paused or the recorder unable to receive, in order."""
    zero = found.sound_starts_at or found.started_at
    sides = {"caller": _("On hold: caller"), "callee": _("On hold: called")}
    held = [
        Stretch(
            kind="hold",
            lane={"caller": 0, "callee": 1}.get(hold.side),
            starts_at=hold.starts_at,
            ends_at=hold.ends_at or found.ended_at,
            sound_starts_at=zero,
            label=_("hold"),
            words=sides.get(hold.side) or _("On hold"),
        )
        for hold in found.on_hold
    ]
    missing = [
        Stretch(
            kind="pause" if gap.reason == PAUSED else "gap",
            lane=None,
            starts_at=datetime.fromtimestamp(gap.starts_ns / 1e9, UTC),
            ends_at=datetime.fromtimestamp(gap.ends_ns / 1e9, UTC),
            sound_starts_at=zero,
            label=_("paused") if gap.reason == PAUSED else _("nothing received"),
            words=_("The recording was paused: nothing of it was written")
            if gap.reason == PAUSED
            else _("Nothing could be received: %(why)s") % {"why": gap.reason.replace("-", " ")},
        )
        for gap in found.gaps
    ]
    return sorted([*held, *missing], key=lambda one: (one.starts_at, one.ends_at))


def remarks(viewer: recordings.Viewer, recording_id: UUID) -> list[Remark]:
    """Notes, then tags, each with the name of who made it."""
    return as_shown(recordings.notes(viewer, recording_id), recordings.tags(viewer, recording_id))


def as_shown(notes: Sequence[recordings.NoteView], tags: Sequence[recordings.TagView]) -> list[Remark]:
    """As `remarks`, of what was found already."""
    names = _names({one.by for one in notes} | {one.by for one in tags})
    return [
        *(_remark("note", one, one.text, names) for one in notes),
        *(_remark("tag", one, one.tag, names) for one in tags),
    ]


def _segment(viewer: recordings.Viewer, found: recordings.RecordingView, *, current: bool) -> dict[str, Any]:
    held = found.rendition == "customer-held"
    one = found.recording_id
    return {
        "id": str(one),
        "current": current,
        "page": reverse("recording", args=[one]),
        "media": "" if held else reverse("rest:media", args=[one, "mp3"]),
        "peaks": "" if held else reverse("rest:media", args=[one, "peaks"]),
        "sealed": reverse("rest:sealed", args=[one]) if held else "",
        "file": f"{file_stem(found)}.wav",
        "starts_at": (found.sound_starts_at or found.started_at).timestamp(),
        "stretches": [
            {
                "from": one.starts_at.timestamp(),
                "till": one.ends_at.timestamp(),
                "kind": one.kind,
                "lane": one.lane,
                "label": one.label,
                "words": one.words,
            }
            for one in stretches(found)
        ],
        "marks": _marks(viewer, found),
    }


def _marks(viewer: recordings.Viewer, found: recordings.RecordingView) -> Sequence[dict[str, Any]]:
    return [
        {
            "at": one.moment_ms / 1000,
            "instant": one.instant.timestamp() if one.instant else None,
            "kind": one.kind,
            "words": one.text or "",
            "id": str(one.id),
        }
        for one in remarks(viewer, found.recording_id)
        if one.moment_ms is not None
    ]


def _remark(
    kind: str, one: recordings.NoteView | recordings.TagView, text: str | None, names: dict[UUID, str]
) -> Remark:
    return Remark(
        id=one.id,
        kind=kind,
        text=text,
        moment_ms=one.moment_ms,
        instant=one.instant,
        by=names.get(one.by, ""),
        at=one.at,
        sealed=b64encode(one.sealed).decode() if text is None else "",
        wrapped=b64encode(one.wrapped).decode() if text is None else "",
    )


def _names(ids: set[UUID]) -> dict[UUID, str]:
    return dict(people.User.objects.filter(id__in=ids).values_list("id", "name"))
