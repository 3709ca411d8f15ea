"""What is large and seldom read of older recordings moves to the cold store, in slices that a kill repeats at most.

That are the sealed originals and the WAV files, nine tenths of all bytes; MP3 and waveform stay for whoever listens. A
slice first deletes from the warm store what the slice before copied, then copies further: an object is deleted where it
was only after the transaction that counted its verified copy was committed. A recording is locked meanwhile: who erases
it waits, and then finds both copies, and nobody renders it anew.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.recordings.models import Part, Recording, Rendition
from parley.recordings.objects import store_in_use
from parley.recordings.scrubbing.models import Move
from parley.storage.api import ObjectLockedError, TieredStore

MOVE: Final = "storage.move"
MOVED: Final = "storage.moved"
_SECONDS: Final = 5.0
_BATCH: Final = 100
_ROW: Final = ("object_key", "recording", "sha256")
_ALL_AGAIN: Final = timedelta(days=30)
"""A pass goes on after the last recording of the pass before; one of 30 days looks at all of them: what was put back
from a backup, was locked, or came late is moved then."""


def long_handlers() -> Mapping[str, obligations.Handler]:
    """The moving itself."""
    return {MOVE: _slice}


def tiered() -> TieredStore | None:
    """The installed store, when it has a cold one and something is to be moved there."""
    store = store_in_use()
    return store if isinstance(store, TieredStore) and settings.PARLEY_STORE_COLD_DAYS else None


def ask(*, at: datetime) -> UUID | None:
    """Have older recordings of the customer in scope moved from now on; the id of the pass, None if none is so old."""
    with transaction.atomic():
        row = started(at=at)
        if row is not None:
            _open_slice(row, due=at)
    return row.id if row else None


def started(*, at: datetime) -> Move | None:
    """The pass that runs, else a new one; None when nothing is old enough. In the caller's transaction."""
    if tiered() is None:
        return None
    running = Move.objects.select_for_update().filter(finished_at=None).first()
    if running is not None:
        return running
    before = at - timedelta(days=settings.PARLEY_STORE_COLD_DAYS)
    ended = Move.objects.filter(finished_at__isnull=False).order_by("-began_at")
    last = ended.first() if ended.filter(whole=True, began_at__gt=at - _ALL_AGAIN).exists() else None
    after = last.after if last else None
    if not _older(before, after).exists():
        return None
    return Move.objects.create(id=new_id(at=at), began_at=at, before=before, after=after, whole=after is None)


def advance(move_id: UUID, *, at: datetime, seconds: float) -> Move:
    """Move on for about so long, one recording at least, in the caller's transaction.

    Raises StorageError when a store cannot be asked: what was copied stays as a copy, and is found by the next try.
    """
    row = Move.objects.select_for_update().get(id=move_id)
    store, until = tiered(), time.monotonic() + seconds
    if store is not None:
        _drop(row, store)
        over = False
        while not over and (batch := list(_older(row.before, row.after).values_list("id", flat=True)[:_BATCH])):
            for recording_id in batch:
                _copy(row, recording_id, store)
                row.after = recording_id
                row.recordings += 1
                over = time.monotonic() >= until
                if over:
                    break
    if store is None or not (row.copied or _older(row.before, row.after).exists()):
        _finish(row, at=at)
    row.slices += 1
    row.save()
    return row


def _older(before: datetime, after: UUID | None) -> QuerySet[Recording]:
    rows = Recording.objects.filter(started_at__lt=before).order_by("id")
    return rows.filter(id__gt=after) if after else rows


def _named(recordings: Sequence[UUID]) -> dict[str, tuple[str, str]]:
    """(recording, SHA-256) of what may move of these recordings, by key, in order."""
    parts = Part.objects.filter(recording__in=recordings).order_by("recording", "number")
    large = Rendition.objects.filter(recording__in=recordings, kind="wav").order_by("recording")
    rows = (*parts.values_list(*_ROW), *large.values_list(*_ROW))
    return {key: (str(recording), sha256) for key, recording, sha256 in rows}


def _locked(recordings: Collection[UUID]) -> list[UUID]:
    """Those that are still there, locked until the transaction ends."""
    rows = Recording.objects.select_for_update().filter(id__in=recordings).order_by("id")
    return list(rows.values_list("id", flat=True))


def _copy(row: Move, recording_id: UUID, store: TieredStore) -> None:
    scratch = Path(settings.PARLEY_DATA_DIR) / "scratch"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    for key, (recording, sha256) in _named(_locked([recording_id])).items():
        try:
            size = store.copy_cold(key, sha256=sha256, scratch=scratch)
        except ObjectLockedError:
            row.kept += 1
            continue
        if size:
            row.copied.append([key, recording, sha256])
            row.objects_moved += 1
            row.bytes_moved += size


def _drop(row: Move, store: TieredStore) -> None:
    """Delete from the warm store what was copied, as long as its row still means the same bytes."""
    named = _named(_locked({UUID(recording) for _key, recording, _sha256 in row.copied}))
    for key, recording, sha256 in row.copied:
        if named.get(key) == (recording, sha256):
            store.drop_warm(key)
    row.copied = []


def _finish(row: Move, *, at: datetime) -> None:
    """Say what was moved in the log; of a pass that moved nothing there is nothing to say."""
    row.finished_at = at
    if row.objects_moved:
        obligations.evidence(
            kind=MOVED,
            clause=contract.binding().agreement.terms.retention.clause,
            details={
                "move": str(row.id), "recordings": row.recordings, "objects": row.objects_moved,
                "bytes": row.bytes_moved, "kept": row.kept, "started_before": row.before.isoformat(),
            },
            at=at,
            entry_id=row.id,
        )  # fmt: skip


def _slice(work: obligations.Work) -> None:
    began = time.monotonic()
    slices, moved = int(work.payload["slices"]), int(work.payload["bytes"])
    if not Move.objects.filter(id=work.payload["move"], slices=slices, finished_at=None).exists():
        return  # somebody else goes on with it: a command, or what a later night opened
    row = advance(UUID(work.payload["move"]), at=work.now, seconds=_SECONDS)
    if row.finished_at is None:
        paced = (row.bytes_moved - moved) / (settings.PARLEY_SCRUB_MEGABYTES * 1e6)
        _open_slice(row, due=work.now + timedelta(seconds=max(paced, time.monotonic() - began)))


def _open_slice(row: Move, *, due: datetime) -> None:
    payload: dict[str, Any] = {"move": str(row.id), "slices": row.slices, "bytes": row.bytes_moved}
    # With the day: what failed for good (a store that was away for days) is gone on with by the next night.
    key = f"{MOVE}:{row.id}:{row.slices}:{due:%Y-%m-%d}"
    obligations.enqueue(kind=MOVE, key=key, due=due, payload=payload, long=True)
