"""Announcement and consent of a call as people and programs say them: while it runs, and of its recording afterwards.

Who refuses, or withdraws, while the call runs has it stopped: what was written until then is kept or discarded as the
policy says. Of a finished recording it is kept as said, with evidence; to delete it is another deed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import transaction

from parley.foundation.ids import new_id
from parley.obligations import api as obligations
from parley.recordings import strictjson, wishes
from parley.recordings.annotations import require_allowed
from parley.recordings.awareness import Awareness, awareness, deed_for, require_follows
from parley.recordings.control import DeedRefused
from parley.recordings.errors import NoSuchRecording
from parley.recordings.live import ever_seen_by, tell_watchers
from parley.recordings.live_remarks import lock_recording
from parley.recordings.models import LiveCall, LiveTold, Recording
from parley.recordings.search import visible
from parley.recordings.types import Consent, Deed, Notice, Steering, Told
from parley.recordings.views import Viewer
from parley.retention import api as retention


@dataclass(frozen=True)
class _Known:
    """A call, or its recording, and what was said of it."""

    awareness: Awareness
    recording: Recording | None


def say_consent(
    viewer: Viewer, call_id: UUID, value: Consent, *, how: Literal["page", "program"], by: UUID, at: datetime
) -> Awareness:
    """Keep what was said of consent to a running call, or to a recording; a running one is stopped by a no, and may be
    resumed after a yes.

    Raises NoSuchRecording (also where this viewer may not see it), ToldRefused, AnnotationRefused, UseRestricted.
    """
    return _say(viewer, call_id, Told(about="consent", value=value, how=how, at=at, by=by), by=by)


def say_notice(
    viewer: Viewer, call_id: UUID, value: Notice, *, how: Literal["page", "program"], by: UUID, at: datetime
) -> Awareness:
    """Keep what the telephone system, or somebody who spoke, told the parties of the recording. As `say_consent`."""
    return _say(viewer, call_id, Told(about="notice", value=value, how=how, at=at, by=by), by=by)


def awareness_of(viewer: Viewer, call_id: UUID) -> Awareness:
    """What is known of a running call or of a recording. Raises NoSuchRecording."""
    return _known(viewer, call_id, lock=False).awareness


def is_kept(recording_id: UUID, steering: Steering) -> bool:
    """Whether what was recorded of a call that is over stays: it is to be, and no consent is wanting."""
    if not steering.kept or steering.consent != "needed":
        return steering.kept
    return not awareness(steering, _told_live(recording_id)).discarded


def take_told(recording: Recording, steering: Steering) -> None:
    """What was said while the call ran is of the recording; it is not saved here."""
    known = awareness(steering, _told_live(recording.id))
    recording.told = [strictjson.encode(one) for one in known.told[len(steering.told) :]]
    recording.consent, recording.notice = known.column, known.notice_column
    forget_told(recording.id)


def forget_told(recording_id: UUID) -> None:
    """Nothing stays of what was said while the call ran."""
    LiveTold.objects.filter(recording_id=recording_id).delete()


def _say(viewer: Viewer, call_id: UUID, said: Told, *, by: UUID) -> Awareness:
    clause = require_allowed(said.at)
    with transaction.atomic():
        lock_recording(call_id)
        known = _known(viewer, call_id, lock=True)
        require_follows(known.awareness, said)
        if known.recording is None:
            LiveTold.objects.create(
                id=new_id(at=said.at), recording_id=call_id, told=strictjson.encode(said), at=said.at
            )
            _steer(viewer, call_id, deed_for(known.awareness, said), by=by, at=said.at)
        else:
            retention.require_usable("recordings", call_id, by=by, at=said.at)
            _keep(known.recording, said)
        obligations.evidence(
            kind=f"recording.{said.about}", clause=clause, at=said.at,
            details={
                "recording": str(call_id), "said": said.value, "how": said.how, "user": str(by),
                "running": known.recording is None,
            },
        )  # fmt: skip
        tell_watchers(call_id)
    return awareness_of(viewer, call_id)


def _keep(recording: Recording, said: Told) -> None:
    recording.told = [*(recording.told or []), strictjson.encode(said)]
    known = of_recording(recording)
    recording.consent, recording.notice = known.column, known.notice_column
    recording.save(update_fields=["told", "consent", "notice"])


def _steer(viewer: Viewer, call_id: UUID, deed: Deed | None, *, by: UUID, at: datetime) -> None:
    """Has a running call stopped, or permitted again, where that fits: one that is over, or not recorded, is let be."""
    try:
        if deed == "stop":
            wishes.stop(viewer, call_id, by=by, at=at)
        elif deed == "permit":
            wishes.permit(viewer, call_id, by=by, at=at)
    except (DeedRefused, NoSuchRecording):  # nothing is written of it anyway
        return


def _known(viewer: Viewer, call_id: UUID, *, lock: bool) -> _Known:
    if visible(viewer).filter(id=call_id).exists():
        rows = Recording.objects.select_for_update(no_key=True) if lock else Recording.objects.all()
        recording = rows.filter(id=call_id).first()
        if recording is not None:
            return _Known(of_recording(recording), recording)
    call: LiveCall | None = ever_seen_by(viewer).filter(recording_id=call_id).first()
    if call is None:
        raise NoSuchRecording("there is no such call or recording")
    steering = strictjson.decode(Steering, call.steering) if call.steering else None
    return _Known(awareness(steering, _told_live(call_id)), None)


def of_recording(recording: Recording) -> Awareness:
    """What was said of a recording's call."""
    steering = strictjson.decode(Steering, recording.steering) if recording.steering else None
    return awareness(steering, [strictjson.decode(Told, one) for one in recording.told or []])


def _told_live(recording_id: UUID) -> list[Told]:
    rows = LiveTold.objects.filter(recording_id=recording_id).order_by("at", "id")
    return [strictjson.decode(Told, row.told) for row in rows]
