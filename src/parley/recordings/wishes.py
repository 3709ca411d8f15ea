"""What people want of running calls: written down for the recorder, which is woken, does it and answers.

A wish is a row in the customer's database; the wake lies in the provider's (`tenancy.wake`), where the recorder looks
several times a second. The evidence is left when it was done, not when it was wished.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from django.db import transaction

from parley.foundation.ids import new_id
from parley.obligations import api as obligations
from parley.recordings.control import DONE, DeedRefused
from parley.recordings.errors import NoSuchRecording
from parley.recordings.live import seen_by
from parley.recordings.models import CallWish
from parley.recordings.types import Deed, Manifest
from parley.recordings.views import Viewer
from parley.tenancy import api as tenancy

_FITS: Final[dict[Deed, frozenset[str]]] = {
    "pause": frozenset({"recording", "buffered"}),
    "resume": frozenset({"paused"}),
    "start": frozenset({"dormant"}),
    "keep": frozenset({"buffered", "paused"}),
    "stop": frozenset({"recording", "buffered", "paused", "dormant"}),
    "permit": frozenset({"recording", "buffered", "paused", "dormant", "stopped"}),
}
_WAITS: Final = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants of a running call."""

    id: UUID
    recording_id: UUID
    deed: Deed
    by: UUID


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of a wish: nothing yet (`done_at` None), done, or `refused` in words."""

    deed: Deed
    done_at: datetime | None
    refused: str


def pause(viewer: Viewer, recording_id: UUID, *, by: UUID, at: datetime) -> UUID:
    """Have nothing written of a running call from now on; the id of the wish. Within a second the recorder does it.

    Raises NoSuchRecording (also for a call that this viewer may not see) and DeedRefused.
    """
    return _want(viewer, recording_id, "pause", by=by, at=at)


def resume(viewer: Viewer, recording_id: UUID, *, by: UUID, at: datetime) -> UUID:
    """End a pause. As `pause`."""
    return _want(viewer, recording_id, "resume", by=by, at=at)


def start(viewer: Viewer, recording_id: UUID, *, by: UUID, at: datetime) -> UUID:
    """Begin to record a call that policy leaves to people. As `pause`."""
    return _want(viewer, recording_id, "start", by=by, at=at)


def keep(viewer: Viewer, recording_id: UUID, *, by: UUID, at: datetime) -> UUID:
    """Keep a call that policy would discard at its end. As `pause`."""
    return _want(viewer, recording_id, "keep", by=by, at=at)


def stop(viewer: Viewer, recording_id: UUID, *, by: UUID, at: datetime) -> UUID:
    """Have nothing more written of a running call, for somebody does not consent. As `pause`, but no time ends it."""
    return _want(viewer, recording_id, "stop", by=by, at=at)


def permit(viewer: Viewer, recording_id: UUID, *, by: UUID, at: datetime) -> UUID:
    """A call that was stopped may be resumed: there is consent after all. As `pause`."""
    return _want(viewer, recording_id, "permit", by=by, at=at)


def open_wishes(*, now: datetime) -> Sequence[Wish]:
    """What the recorder has not done yet for the customer in scope; what waited for a minute is let be, unless it stops
    a call: a no holds however long the recorder was away."""
    late = CallWish.objects.filter(done_at=None, at__lt=now - _WAITS).exclude(deed__in=["stop", "permit"])
    late.update(done_at=now, answer="the recorder was away")
    return [
        Wish(id=row.id, recording_id=row.recording_id, deed=cast(Deed, row.deed), by=row.by)
        for row in CallWish.objects.filter(done_at=None).order_by("at", "id")
    ]


def answer(wish: UUID, *, at: datetime, words: str = "") -> None:
    """What came of a wish: "" when it was done."""
    CallWish.objects.filter(id=wish, done_at=None).update(done_at=at, answer=words)


def answered(viewer: Viewer, recording_id: UUID, wish: UUID) -> Answer:
    """What came of a wish that this viewer had, or of anybody's for whoever sees every call. Raises NoSuchRecording."""
    row = CallWish.objects.filter(id=wish, recording_id=recording_id).first()
    if row is None or (viewer.number_indexes is not None and row.by != viewer.user_id):
        raise NoSuchRecording("there is no such wish", remedy="Use the id with which the deed was answered.")
    return Answer(deed=cast(Deed, row.deed), done_at=row.done_at, refused=row.answer)


def record_steered(manifest: Manifest, deed: Deed, *, how: str, by: UUID | None, at: datetime) -> None:
    """Evidence that a running call was paused, resumed, started or kept. In the caller's transaction."""
    obligations.evidence(
        kind=DONE[deed],
        clause=manifest.decision.clause,
        details={"recording": str(manifest.recording_id), "how": how, "user": str(by) if by else ""},
        at=at,
    )


def _want(viewer: Viewer, recording_id: UUID, deed: Deed, *, by: UUID, at: datetime) -> UUID:
    call = seen_by(viewer, now=at).filter(recording_id=recording_id).first()
    if call is None:
        raise NoSuchRecording("there is no such call now", remedy="Look at the list of running calls.")
    if call.state not in _FITS[deed] or (deed == "keep" and call.mode != "keep-live"):
        raise DeedRefused(f"a call that is {call.state} cannot {deed}", remedy="Load the list of running calls again.")
    customer = tenancy.current()
    with transaction.atomic():
        made = CallWish.objects.create(id=new_id(at=at), recording_id=recording_id, deed=deed, by=by, at=at)
        transaction.on_commit(lambda: tenancy.wake(customer.id, "control", at))
    return made.id
