"""What the customer's programs are told of recordings: ids, times, states. In the transaction of what happened."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from parley.recordings.figures import CUT_SHORT
from parley.recordings.models import Recording
from parley.recordings.types import ClosedFile, Manifest
from parley.webhooks import api as webhooks
from parley.webhooks.api import News

Stage = Literal["capture", "rendition"]
_STARTED: Final = "recording.started"


def tell_started(manifest: Manifest) -> None:
    """A call is being recorded. Told again when it is finished, should nobody have known of it while it ran."""
    webhooks.announce_all([_started(manifest)])


def tell_finished(manifest: Manifest, closed: ClosedFile) -> None:
    """A recording is stored and in the log; also that it failed, where nobody of the call ended it."""
    data = {
        **_data(manifest),
        "ended_at": max(closed.ended_at, manifest.started_at).isoformat(),
        "state": closed.reason,
    }
    news = [
        _started(manifest),
        _news("recording.finished", manifest.recording_id, data, at=closed.ended_at),
    ]
    if closed.reason in CUT_SHORT:
        news.append(_failed(manifest.recording_id, data, stage="capture", at=closed.ended_at))
    webhooks.announce_all(news)


def tell_unplayable(recording: Recording, *, at: datetime) -> None:
    """A recording cannot be made audible: `state` is the error's id."""
    data = {
        "recording": str(recording.id),
        "trunk": str(recording.trunk_id),
        "direction": recording.direction,
        "started_at": recording.started_at.isoformat(),
        "ended_at": recording.ended_at.isoformat(),
        "state": recording.rendition_error,
    }
    webhooks.announce_all([_failed(recording.id, data, stage="rendition", at=at)])


def tell_deleted(ids: Sequence[UUID], *, at: datetime) -> None:
    """Recordings are gone, with everything made from them."""
    webhooks.announce_all([_news("recording.deleted", one, {"recording": str(one)}, at=at) for one in ids])


def _started(manifest: Manifest) -> News:
    return _news(_STARTED, manifest.recording_id, {**_data(manifest), "state": "recording"}, at=manifest.started_at)


def _failed(recording_id: UUID, data: dict[str, str], *, stage: Stage, at: datetime) -> News:
    told = {**data, "stage": stage}
    return News(kind="recording.failed", key=f"recording.failed:{recording_id}:{stage}", payload=told, at=at)


def _news(kind: str, recording_id: UUID, data: dict[str, str], *, at: datetime) -> News:
    return News(kind=kind, key=f"{kind}:{recording_id}", payload=data, at=at)


def _data(manifest: Manifest) -> dict[str, str]:
    return {
        "recording": str(manifest.recording_id),
        "trunk": str(manifest.trunk_id),
        "direction": manifest.direction,
        "started_at": manifest.started_at.isoformat(),
    }
