"""Originals are locked by the store as long as a law keeps them, where the installation says so (store.lock).

Laws are what the customer declared (retention): without one nothing is locked, for then a person or the customer may
have a recording erased on any day. Renditions, exports and backups are never locked: they can be made again, or have an
end of their own.
"""

from datetime import datetime
from uuid import UUID

from parley.inventory.api import Held
from parley.recordings.holding import KIND, NAME
from parley.recordings.models import Part, Recording
from parley.retention import api as retention
from parley.storage.api import ObjectStore, keep, lock_mode


def keep_until(recording_id: UUID, *, started_at: datetime, store: ObjectStore, at: datetime) -> datetime | None:
    """Until when the store is to lock the original; None where it locks nothing, or no law keeps it at `at`."""
    if lock_mode(store) is None:
        return None
    until = retention.kept_by_law(Held(store=NAME, kind=KIND, id=recording_id, at=started_at))
    return until if until is not None and until > at else None


def lock_again(recording_id: UUID, *, store: ObjectStore, at: datetime) -> int:
    """Lock what a law reaches that was declared since, or what was put back from a backup; how many objects.

    Raises StorageError.
    """
    row = Recording.objects.filter(id=recording_id).only("started_at").first()
    if row is None:
        return 0
    until = keep_until(recording_id, started_at=row.started_at, store=store, at=at)
    if until is None:
        return 0
    keys = Part.objects.filter(recording=recording_id).values_list("object_key", flat=True)
    return sum(keep(store, key, until=until) for key in keys)
