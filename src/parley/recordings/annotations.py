"""Notes and tags on recordings: at a moment or on the whole, sealed, found by blind index, gone with the recording.

Whoever may see a recording may add; what somebody added is taken away by themselves, or by who sees everything.
Evidence says who did what to which recording, never what was written.
"""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from parley.agreement.api import FIND_RECORDINGS
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.recordings.errors import AnnotationRefused, NoSuchAnnotation, NoSuchRecording
from parley.recordings.keys import keys, one_line
from parley.recordings.models import Note, Recording, Tag, WordIndex
from parley.recordings.search import visible
from parley.recordings.views import NoteView, TagView, Viewer
from parley.retention import api as retention
from parley.sealing.api import Readable

LONGEST_NOTE: Final = 4000
LONGEST_TAG: Final = 64
MOST_ON_ONE: Final = 500
"""Notes, or tags, of one recording."""
_MAY_REMOVE_ALL: Final = frozenset({"administrator", "compliance"})
_MILLISECOND: Final = timedelta(milliseconds=1)
_One = TypeVar("_One", Note, Tag)
_KNOWN_TAGS: Final = """
WITH RECURSIVE known AS (
    (SELECT value FROM recordings_tag ORDER BY value LIMIT 1)
    UNION ALL
    SELECT (SELECT t.value FROM recordings_tag t WHERE t.value > known.value ORDER BY t.value LIMIT 1)
    FROM known WHERE known.value IS NOT NULL
)
SELECT known.value, one.sealed, e.wrapped FROM known
CROSS JOIN LATERAL (
    SELECT * FROM recordings_tag t WHERE t.value = known.value ORDER BY t.listed_at DESC, t.listed_id DESC LIMIT 1
) one
JOIN recordings_sealingepoch e ON e.id = one.epoch_id WHERE known.value IS NOT NULL LIMIT %s
"""
"""From tag to tag by the index; the last step finds none. Each is opened in its newest place: another order, or none,
and the whole table would be read for a tag that is rare."""


@dataclass(frozen=True)
class _Place:
    """The recording that something is added to, as it stands in the list."""

    id: UUID
    listed_at: datetime
    listed_id: UUID
    sound_starts_at: datetime


def note_place(note_id: UUID) -> bytes:
    """What binds a sealed note to its row."""
    return b"note:" + note_id.bytes


def tag_place(value: Readable) -> bytes:
    """What binds a sealed tag to its rows: its blind index, for many recordings get the same at once."""
    return b"tag:" + bytes(value)


def add_note(
    viewer: Viewer, recording_id: UUID, *, moment_ms: int | None, text: str, by: UUID, at: datetime
) -> NoteView:
    """Keep a note of 1 to 4,000 characters, at `moment_ms` from the start or (None) on the whole.

    Raises NoSuchRecording, AnnotationRefused, UseRestricted.
    """
    text = checked_note(text)
    clause = require_allowed(at)
    with transaction.atomic():
        place = _place(viewer, recording_id, moment_ms, by=by, at=at)
        if Note.objects.filter(recording=recording_id).count() >= MOST_ON_ONE:
            raise AnnotationRefused("there are 500 notes on this recording", remedy="Remove one first.")
        note_id = new_id(at=at)
        epoch, sealed = keys().seal(text, place=note_place(note_id), at=at)
        note = Note.objects.create(
            id=note_id, recording_id=place.id, moment_ms=moment_ms, epoch_id=epoch, sealed=sealed, by=by, at=at
        )
        WordIndex.objects.bulk_create(
            WordIndex(
                recording_id=place.id, note=note, value=value, listed_at=place.listed_at, listed_id=place.listed_id
            )
            for value in keys().note_words(text)
        )
        leave_evidence("recording.noted", "added", place.id, note_id, clause=clause, by=by, at=at)
    return _note(note, place.sound_starts_at)


def notes(viewer: Viewer, recording_id: UUID) -> tuple[NoteView, ...]:
    """The notes of a recording, those on the whole first, then by moment. Raises NoSuchRecording."""
    sound = _require_visible(viewer, recording_id)
    found = Note.objects.filter(recording=recording_id).select_related("epoch")
    return tuple(_note(one, sound) for one in sorted(found, key=lambda one: _order(one, sound)))


def remove_note(viewer: Viewer, note_id: UUID, *, by: UUID, at: datetime) -> None:
    """Delete a note with its index rows. Raises NoSuchAnnotation, AnnotationRefused, UseRestricted."""
    clause = require_allowed(at)
    with transaction.atomic():
        note = _own(viewer, Note.objects.all(), note_id, by=by, at=at)
        note.delete()
        leave_evidence("recording.noted", "removed", note.recording_id, note_id, clause=clause, by=by, at=at)


def add_tag(
    viewer: Viewer, recording_id: UUID, *, tag: str, moment_ms: int | None = None, by: UUID, at: datetime
) -> TagView:
    """File a recording, or a moment of it, under a tag of 1 to 64 characters; the same twice is kept once.

    Raises NoSuchRecording, AnnotationRefused, UseRestricted.
    """
    tag = checked_tag(tag)
    clause = require_allowed(at)
    with transaction.atomic():
        place = _place(viewer, recording_id, moment_ms, by=by, at=at)
        value = keys().tag(tag)
        there = Tag.objects.filter(recording=recording_id).select_related("epoch")
        same = there.filter(value=value, moment_ms=moment_ms).first()
        if same is not None:
            return _tag(same, place.sound_starts_at)
        if there.count() >= MOST_ON_ONE:
            raise AnnotationRefused("there are 500 tags on this recording", remedy="Remove one first.")
        tag_id = new_id(at=at)
        epoch, sealed = keys().seal(tag, place=tag_place(value), at=at)
        made = Tag.objects.create(
            id=tag_id, recording_id=place.id, moment_ms=moment_ms, value=value, epoch_id=epoch, sealed=sealed, by=by,
            at=at, listed_at=place.listed_at, listed_id=place.listed_id,
        )  # fmt: skip
        leave_evidence("recording.tagged", "added", place.id, tag_id, clause=clause, by=by, at=at)
    return _tag(made, place.sound_starts_at)


def tags(viewer: Viewer, recording_id: UUID) -> tuple[TagView, ...]:
    """The tags of a recording, those on the whole first, then by moment. Raises NoSuchRecording."""
    sound = _require_visible(viewer, recording_id)
    found = Tag.objects.filter(recording=recording_id).select_related("epoch")
    return tuple(_tag(one, sound) for one in sorted(found, key=lambda one: _order(one, sound)))


def remove_tag(viewer: Viewer, tag_id: UUID, *, by: UUID, at: datetime) -> None:
    """Take a tag off. Raises NoSuchAnnotation, AnnotationRefused, UseRestricted."""
    clause = require_allowed(at)
    with transaction.atomic():
        tag = _own(viewer, Tag.objects.all(), tag_id, by=by, at=at)
        tag.delete()
        leave_evidence("recording.tagged", "removed", tag.recording_id, tag_id, clause=clause, by=by, at=at)


def known_tags(viewer: Viewer, *, limit: int = 100) -> tuple[str, ...]:
    """Different tags that are in use, sorted: a choice to offer. None for who does not see every recording, for a tag
    may tell of calls of others, and none where only the customer can open them."""
    if viewer.number_indexes is not None or keys().opener is None:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN_TAGS, [limit])
        found = [keys().open(sealed, wrapped, place=tag_place(value)) for value, sealed, wrapped in cursor.fetchall()]
    return tuple(sorted((one for one in found if one), key=str.casefold))


def annotation_lines(recording_id: UUID) -> Iterator[dict[str, Any]]:
    """Notes and tags of a recording as lines of an export; what only the customer can open is in base64, sealed."""
    for kind, rows in (("note", Note.objects.all()), ("tag", Tag.objects.all())):
        for row in rows.filter(recording=recording_id).select_related("epoch", "recording").order_by("at", "id"):
            place = tag_place(row.value) if isinstance(row, Tag) else note_place(row.id)
            text = keys().open(row.sealed, row.epoch.wrapped, place=place)
            yield {
                "recording": str(recording_id), "id": str(row.id), "kind": kind,
                "moment_ms": _moment(row, row.recording.sound_starts_at or row.recording.started_at),
                "text": text or "", "at": row.at.isoformat(), "by": str(row.by),
                "sealed": "" if text is not None else b64encode(bytes(row.sealed)).decode(),
                "epoch": "" if text is not None else b64encode(bytes(row.epoch.wrapped)).decode(),
            }  # fmt: skip


def require_allowed(at: datetime) -> str:
    """The clause under which recordings are found and annotated. Raises AnnotationRefused."""
    decision = contract.ask(FIND_RECORDINGS, at=at)
    if not decision.allowed:
        raise AnnotationRefused(decision.reason, remedy=decision.remedy or "")
    return decision.clause


def checked_note(text: str) -> str:
    """The text of a note as it is kept. Raises AnnotationRefused."""
    text = text.strip()
    if not 0 < len(text) <= LONGEST_NOTE:
        raise AnnotationRefused("a note has 1 to 4,000 characters", remedy="Write something, or less.")
    return text


def checked_tag(tag: str) -> str:
    """A tag as it is kept. Raises AnnotationRefused."""
    tag = one_line(tag)
    if not 0 < len(tag) <= LONGEST_TAG:
        raise AnnotationRefused("a tag has 1 to 64 characters", remedy="Write a shorter word; details go into a note.")
    return tag


def require_own(viewer: Viewer, writer: UUID, *, by: UUID) -> None:
    """That this person may take away what `writer` wrote. Raises AnnotationRefused."""
    if writer != by and viewer.role not in _MAY_REMOVE_ALL:
        raise AnnotationRefused("somebody else wrote this", remedy="Ask them, or an administrator, to remove it.")


def _require_visible(viewer: Viewer, recording_id: UUID) -> datetime:
    """The instant at which the sound of a recording begins, as far as it is known."""
    found = visible(viewer).filter(id=recording_id).values_list("sound_starts_at", "started_at").first()
    if found is None:
        raise NoSuchRecording("there is no such recording")
    return found[0] or found[1]


def _place(viewer: Viewer, recording_id: UUID, moment_ms: int | None, *, by: UUID, at: datetime) -> _Place:
    """The recording, locked: neither does it go meanwhile, nor does its conversation move in the list."""
    _require_visible(viewer, recording_id)
    row = Recording.objects.select_for_update(no_key=True).filter(id=recording_id).first()
    if row is None:
        raise NoSuchRecording("there is no such recording")
    if moment_ms is not None and not 0 <= moment_ms <= row.seconds * 1000:
        raise AnnotationRefused("the recording has no such moment", remedy="Give milliseconds from its start.")
    retention.require_usable("recordings", row.id, by=by, at=at)
    return _Place(
        id=row.id,
        listed_at=row.listed_at,
        listed_id=row.conversation_id,
        sound_starts_at=row.sound_starts_at or row.started_at,
    )


def _own(viewer: Viewer, rows: QuerySet[_One], wanted: UUID, *, by: UUID, at: datetime) -> _One:
    """The row, locked, if this viewer may take it away."""
    row = rows.select_for_update().filter(id=wanted, recording__in=visible(viewer)).first()
    if row is None:
        raise NoSuchAnnotation("there is no such note or tag")
    require_own(viewer, row.by, by=by)
    retention.require_usable("recordings", row.recording_id, by=by, at=at)
    return row


def leave_evidence(kind: str, deed: str, recording: UUID, one: UUID, *, clause: str, by: UUID, at: datetime) -> None:
    """Evidence of what was done to which note or tag, never of what it says. In the caller's transaction."""
    obligations.evidence(
        kind=kind, clause=clause, at=at, often=True,
        details={"recording": str(recording), "id": str(one), "deed": deed, "user": str(by)},
    )  # fmt: skip


def _moment(one: Note | Tag, sound_starts_at: datetime) -> int | None:
    """Milliseconds from the first sound; of a call that ran, by the instant at which it was said."""
    if one.instant is None:
        return one.moment_ms
    return max(0, (one.instant - sound_starts_at) // _MILLISECOND)


def _order(one: Note | Tag, sound_starts_at: datetime) -> tuple[int, datetime, UUID]:
    moment = _moment(one, sound_starts_at)
    return (-1 if moment is None else moment, one.at, one.id)


def _note(row: Note, sound_starts_at: datetime) -> NoteView:
    wrapped = bytes(row.epoch.wrapped)
    return NoteView(
        id=row.id, recording_id=row.recording_id, moment_ms=_moment(row, sound_starts_at), instant=row.instant,
        text=keys().open(row.sealed, wrapped, place=note_place(row.id)), by=row.by, at=row.at,
        sealed=bytes(row.sealed), wrapped=wrapped,
    )  # fmt: skip


def _tag(row: Tag, sound_starts_at: datetime) -> TagView:
    wrapped = bytes(row.epoch.wrapped)
    return TagView(
        id=row.id, recording_id=row.recording_id, moment_ms=_moment(row, sound_starts_at), instant=row.instant,
        tag=keys().open(row.sealed, wrapped, place=tag_place(row.value)), by=row.by, at=row.at,
        index=bytes(row.value), sealed=bytes(row.sealed), wrapped=wrapped,
    )  # fmt: skip
