"""Calls that are being recorded now: reported by the recorder, shown to whoever may see them."""

from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from parley.recordings import strictjson
from parley.recordings.control import state
from parley.recordings.models import LiveCall, LiveRemark, LiveTold
from parley.recordings.news import tell_started
from parley.recordings.types import Direction, LiveReport, Mode, State
from parley.recordings.unsealing import PartyReader
from parley.recordings.views import LiveCallView, Viewer

LIVE_CHANNEL = "live"
"""PostgreSQL channel, in the customer's database; the payload is a recording's id."""
LIVE_STALE = timedelta(seconds=15)
"""A call of which its recorder has said nothing for this long is no longer shown."""

_STAYS = ("recording", "paused", "stopped")
_FORGOTTEN = timedelta(hours=1)
_ORPHANED = timedelta(days=30)
"""A remark on a call that was never finalised goes after this long: by then its recorder will not come back."""


def report_live(report: LiveReport) -> None:
    """Shows a running call, or brings it up to date, for the customer in scope. Tells watchers what they would see."""
    manifest = report.manifest
    with transaction.atomic():
        before = (
            LiveCall.objects.filter(recording_id=manifest.recording_id)
            .values_list("on_hold", "streams", "state")
            .first()
        )
        LiveCall.objects.update_or_create(
            recording_id=manifest.recording_id,
            defaults={
                "started_at": manifest.started_at,
                "seen_at": report.at,
                "direction": manifest.direction,
                "trunk_name": manifest.trunk_name,
                "epoch_id": manifest.epoch.id,
                "wrapped": manifest.epoch.wrapped,
                "sealed": manifest.sealed,
                "number_indexes": list(manifest.number_indexes),
                "streams": len(manifest.streams),
                "packets": report.packets,
                "bytes": report.bytes,
                "on_hold": report.on_hold,
                "mode": manifest.steering.mode,
                "state": state(manifest.steering),
                "resumes_at": manifest.steering.resumes_at,
                "steering": strictjson.encode(manifest.steering),
            },
        )
        was_kept = before is not None and before[2] in _STAYS
        if manifest.steering.kept and not was_kept:
            tell_started(manifest)
        if before != (report.on_hold, len(manifest.streams), state(manifest.steering)):
            tell_watchers(manifest.recording_id)


def end_live(recording_id: UUID, *, at: datetime | None = None) -> None:
    """Takes a call off the list of running ones, for it is over; nothing happens when it is not there. Tells watchers.

    Until it is finalised it is still known who may see it: a remark that was being written is not lost."""
    with transaction.atomic():
        LiveCall.objects.filter(recording_id=recording_id, over_at=None).update(over_at=at or timezone.now())
        tell_watchers(recording_id)


def forget_call(recording_id: UUID) -> None:
    """A call has become a recording, or is not kept: nothing of the running one stays. Tells watchers."""
    with transaction.atomic():
        LiveCall.objects.filter(recording_id=recording_id).delete()
        tell_watchers(recording_id)


def forget_stale(*, now: datetime) -> int:
    """Removes calls whose recorder fell silent an hour ago, and remarks on calls that never became recordings, for the
    customer in scope; says how many calls."""
    removed, _ = LiveCall.objects.filter(seen_at__lt=now - _FORGOTTEN).delete()
    running = LiveCall.objects.values("recording_id")
    LiveRemark.objects.filter(at__lt=now - _ORPHANED).exclude(recording_id__in=running).delete()
    LiveTold.objects.filter(at__lt=now - _ORPHANED).exclude(recording_id__in=running).delete()
    return removed


def seen_by(viewer: Viewer, *, now: datetime) -> QuerySet[LiveCall]:
    """The calls that run, as far as their recorders say, and that `viewer` may see."""
    return ever_seen_by(viewer).filter(seen_at__gt=now - LIVE_STALE, over_at=None)


def ever_seen_by(viewer: Viewer) -> QuerySet[LiveCall]:
    """As `seen_by`, with those that have just ended, or of which their recorder has fallen silent."""
    rows = LiveCall.objects.all()
    if viewer.number_indexes is None:
        return rows
    return rows.filter(number_indexes__overlap=sorted(viewer.number_indexes))


def live(viewer: Viewer, *, now: datetime | None = None, only: UUID | None = None) -> tuple[LiveCallView, ...]:
    """The running calls that `viewer` may see, the newest first; of one recording `only`."""
    rows = seen_by(viewer, now=now or timezone.now()).order_by("-started_at", "-recording_id")
    if only is not None:
        rows = rows.filter(recording_id=only)
    parties = PartyReader.for_current_customer()
    return tuple(
        LiveCallView(
            recording_id=row.recording_id,
            started_at=row.started_at,
            seen_at=row.seen_at,
            direction=cast(Direction, row.direction),
            trunk_name=row.trunk_name,
            sealed=not parties.can_open,
            parties=parties.read(recording_id=row.recording_id, sealed=row.sealed, wrapped=row.wrapped).parties,
            streams=row.streams,
            packets=row.packets,
            bytes=row.bytes,
            on_hold=row.on_hold,
            mode=cast(Mode, row.mode),
            state=cast(State, row.state),
            resumes_at=row.resumes_at,
        )
        for row in rows
    )


def tell_watchers(recording_id: UUID) -> None:
    """Something of a running call has changed, at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [LIVE_CHANNEL, str(recording_id)])
