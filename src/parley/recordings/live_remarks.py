"""Notes and tags on calls that still run: sealed as those of recordings, which they become when the call is kept.

Whoever may see a call may add, as whoever may see a recording. A remark keeps the instant that it is about: where the
sound of the recording begins is known only when it is opened. All that touches the remarks of one call waits for the
same lock: none slips between the end of a call and its rows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from parley.foundation.ids import new_id
from parley.recordings.annotations import (
    MOST_ON_ONE,
    checked_note,
    checked_tag,
    leave_evidence,
    note_place,
    require_allowed,
    require_own,
    tag_place,
)
from parley.recordings.errors import AnnotationRefused, NoSuchAnnotation, NoSuchRecording
from parley.recordings.keys import keys
from parley.recordings.live import ever_seen_by, tell_watchers
from parley.recordings.models import LiveCall, LiveRemark, Note, Recording, Tag, WordIndex
from parley.recordings.search import visible
from parley.recordings.views import NoteView, TagView, Viewer
from parley.retention import api as retention

_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True)
class _Running:
    """A call that something is said about: when it began, until when it ran, its recording if there is one already."""

    id: UUID
    started_at: datetime
    until: datetime
    recording: Recording | None


def add_live_note(
    viewer: Viewer, call_id: UUID, *, text: str, moment_ms: int | None = None, whole: bool = False, by: UUID,
    at: datetime,
) -> NoteView:  # fmt: skip
    """Keep a note of 1 to 4,000 characters on a call that runs: at `moment_ms` from its beginning, else at this moment,
    or on the `whole`. A call that has just ended takes it too.

    Raises NoSuchRecording (also for a call that this viewer may not see), AnnotationRefused, UseRestricted.
    """
    text = checked_note(text)
    clause = require_allowed(at)
    with transaction.atomic():
        call = _running(viewer, call_id, by=by, at=at)
        instant = _instant(call, moment_ms, whole=whole)
        _require_room(call_id, note=True)
        note_id = new_id(at=at)
        epoch, sealed = keys().seal(text, place=note_place(note_id), at=at)
        made = LiveRemark.objects.create(
            id=note_id, recording_id=call_id, instant=instant, words=keys().note_words(text), epoch_id=epoch,
            sealed=sealed, by=by, at=at,
        )  # fmt: skip
        leave_evidence("recording.noted", "added", call_id, note_id, clause=clause, by=by, at=at)
        _said(call)
    return _note(made, call.started_at)


def add_live_tag(
    viewer: Viewer, call_id: UUID, *, tag: str, moment_ms: int | None = None, whole: bool = False, by: UUID,
    at: datetime,
) -> TagView:  # fmt: skip
    """File a call that runs, or a moment of it, under a tag of 1 to 64 characters; as `add_live_note`. The same twice
    at one moment, or on the whole, is kept once."""
    tag = checked_tag(tag)
    clause = require_allowed(at)
    with transaction.atomic():
        call = _running(viewer, call_id, by=by, at=at)
        instant, value = _instant(call, moment_ms, whole=whole), keys().tag(tag)
        there = LiveRemark.objects.filter(recording_id=call_id, value=value, instant=instant)
        if (same := there.select_related("epoch").first()) is not None:
            return _tag(same, call.started_at)
        _require_room(call_id, note=False)
        tag_id = new_id(at=at)
        epoch, sealed = keys().seal(tag, place=tag_place(value), at=at)
        made = LiveRemark.objects.create(
            id=tag_id, recording_id=call_id, instant=instant, value=value, epoch_id=epoch, sealed=sealed, by=by, at=at
        )
        leave_evidence("recording.tagged", "added", call_id, tag_id, clause=clause, by=by, at=at)
        _said(call)
    return _tag(made, call.started_at)


def live_notes(viewer: Viewer, call_id: UUID) -> tuple[NoteView, ...]:
    """The notes on a call that runs, those on the whole first, then by moment. Raises NoSuchRecording."""
    started_at = _started(viewer, call_id)
    rows = LiveRemark.objects.filter(recording_id=call_id, value=None).select_related("epoch")
    return tuple(_note(one, started_at) for one in sorted(rows, key=_order))


def live_tags(viewer: Viewer, call_id: UUID) -> tuple[TagView, ...]:
    """The tags of a call that runs, as `live_notes`."""
    started_at = _started(viewer, call_id)
    rows = LiveRemark.objects.filter(recording_id=call_id).exclude(value=None).select_related("epoch")
    return tuple(_tag(one, started_at) for one in sorted(rows, key=_order))


def remove_live_remark(viewer: Viewer, call_id: UUID, remark_id: UUID, *, by: UUID, at: datetime) -> None:
    """Take a note or a tag off a call that runs: one's own, or anybody's for who may remove all.

    Raises NoSuchRecording, NoSuchAnnotation, AnnotationRefused.
    """
    clause = require_allowed(at)
    with transaction.atomic():
        lock_recording(call_id)
        _started(viewer, call_id)
        row = LiveRemark.objects.filter(recording_id=call_id, id=remark_id).first()
        if row is None:
            raise NoSuchAnnotation("there is no such note or tag", remedy="Load the call again.")
        require_own(viewer, row.by, by=by)
        row.delete()
        kind = "recording.noted" if row.value is None else "recording.tagged"
        leave_evidence(kind, "removed", call_id, remark_id, clause=clause, by=by, at=at)
        tell_watchers(call_id)


def was_live(viewer: Viewer, call_id: UUID) -> bool:
    """Whether a call runs, or ran a moment ago and has no recording yet; for this viewer."""
    return ever_seen_by(viewer).filter(recording_id=call_id).exists()


def hand_over(recording: Recording) -> None:
    """What was said of a call while it ran is from now on what is said of its recording. In the caller's transaction,
    which holds the recording's lock."""
    notes, words, tags = [], [], []
    for row in LiveRemark.objects.filter(recording_id=recording.id).order_by("at", "id"):
        instant = None if row.instant is None else min(row.instant, recording.ended_at)
        same = {
            "id": row.id, "recording": recording, "instant": instant, "epoch_id": row.epoch_id, "sealed": row.sealed,
            "moment_ms": _moment(instant, recording.started_at), "by": row.by, "at": row.at,
        }  # fmt: skip
        listed = {"listed_at": recording.listed_at, "listed_id": recording.conversation_id}
        if row.value is None:
            notes.append(note := Note(**same))
            words += [WordIndex(recording=recording, note=note, value=value, **listed) for value in row.words]
        else:
            tags.append(Tag(value=row.value, **same, **listed))
    Note.objects.bulk_create(notes)
    WordIndex.objects.bulk_create(words)
    Tag.objects.bulk_create(tags, ignore_conflicts=True)  # one tag twice, after the end: both are of its last moment
    let_go(recording.id)


def let_go(recording_id: UUID) -> None:
    """Nothing stays of what was said of a call while it ran."""
    LiveRemark.objects.filter(recording_id=recording_id).delete()


def lock_recording(recording_id: UUID) -> None:
    """Whoever makes rows of a call waits here for whoever else does, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [recording_id.int % (1 << 63)])


def _running(viewer: Viewer, call_id: UUID, *, by: UUID, at: datetime) -> _Running:
    """The call, locked: it has no recording, or has one that does not go meanwhile."""
    lock_recording(call_id)
    call = ever_seen_by(viewer).filter(recording_id=call_id).first()
    if call is None and not visible(viewer).filter(id=call_id).exists():
        raise _gone()
    recording = Recording.objects.select_for_update(no_key=True).filter(id=call_id).first()
    if recording is not None:
        retention.require_usable("recordings", call_id, by=by, at=at)
        return _Running(call_id, recording.started_at, recording.ended_at, recording)
    if call is None:
        raise _gone()
    if call.state == "off":
        raise AnnotationRefused("this call is not recorded, nor will it be", remedy="Policy says so: see policies.")
    return _Running(call_id, call.started_at, max(call.over_at or at, call.started_at), None)


def _started(viewer: Viewer, call_id: UUID) -> datetime:
    call: LiveCall | None = ever_seen_by(viewer).filter(recording_id=call_id).first()
    if call is None:
        raise _gone()
    return call.started_at


def _gone() -> NoSuchRecording:
    return NoSuchRecording("there is no such call now", remedy="If it is over, its recording has the same id.")


def _instant(call: _Running, moment_ms: int | None, *, whole: bool) -> datetime | None:
    if whole:
        if moment_ms is not None:
            raise AnnotationRefused("a remark on the whole call has no moment", remedy="Give one of the two.")
        return None
    if moment_ms is None:
        return call.until
    instant = call.started_at + moment_ms * _MILLISECOND
    if moment_ms < 0 or instant > call.until:
        raise AnnotationRefused("the call has had no such moment yet", remedy="Give milliseconds from its beginning.")
    return instant


def _require_room(call_id: UUID, *, note: bool) -> None:
    if LiveRemark.objects.filter(recording_id=call_id, value__isnull=note).count() >= MOST_ON_ONE:
        what = "notes" if note else "tags"
        raise AnnotationRefused(f"there are 500 {what} on this call", remedy="Remove one first.")


def _said(call: _Running) -> None:
    """Of a call that was finalised meanwhile it goes where it belongs at once."""
    if call.recording is not None:
        hand_over(call.recording)
    tell_watchers(call.id)


def _moment(instant: datetime | None, started_at: datetime) -> int | None:
    return None if instant is None else max(0, (instant - started_at) // _MILLISECOND)


def _order(one: LiveRemark) -> tuple[bool, datetime, datetime, UUID]:
    return (one.instant is not None, one.instant or one.at, one.at, one.id)


def _note(row: LiveRemark, started_at: datetime) -> NoteView:
    wrapped = bytes(row.epoch.wrapped)
    return NoteView(
        id=row.id, recording_id=row.recording_id, moment_ms=_moment(row.instant, started_at), instant=row.instant,
        text=keys().open(row.sealed, wrapped, place=note_place(row.id)), by=row.by, at=row.at,
        sealed=bytes(row.sealed), wrapped=wrapped,
    )  # fmt: skip


def _tag(row: LiveRemark, started_at: datetime) -> TagView:
    wrapped, value = bytes(row.epoch.wrapped), bytes(row.value or b"")
    return TagView(
        id=row.id, recording_id=row.recording_id, moment_ms=_moment(row.instant, started_at), instant=row.instant,
        tag=keys().open(row.sealed, wrapped, place=tag_place(value)), by=row.by, at=row.at, index=value,
        sealed=bytes(row.sealed), wrapped=wrapped,
    )  # fmt: skip
