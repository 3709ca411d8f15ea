"""A scrub goes on in slices, each a transaction: whoever is killed when, it continues where the last commit left it.

A slice reads for some seconds; the next is due when the bytes that it read would have been read at the pace of the
installation (`store.scrub_megabytes` a second). Nothing of the store's speed is taken from calls and listeners longer
than that.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from parley.backups import api as backups
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.recordings.models import Recording
from parley.recordings.objects import store_in_use
from parley.recordings.scrubbing import declaring, moving, rules
from parley.recordings.scrubbing.examining import examine
from parley.recordings.scrubbing.models import Finding, Scrub
from parley.recordings.scrubbing.types import Damage
from parley.recordings.write_once import lock_again
from parley.retention import api as retention
from parley.storage.api import clear_abandoned, tiers
from parley.tenancy import api as tenancy

TEND: Final = "storage.tend"
NIGHT: Final = "storage.night"
SLICE: Final = "storage.scrub"
DAMAGED: Final = "storage.damaged"
_TEND_EVERY: Final = timedelta(hours=6)
_AFTER_RETENTION: Final = timedelta(hours=1)
"""What the night's deletion erases need not be read again first."""
_SECONDS: Final = 5.0
_ABANDONED_AFTER: Final = timedelta(days=1)
_BATCH: Final = 100
_log = structlog.get_logger(__name__)


def begin(*, at: datetime) -> None:
    """See to it that every customer's objects are read each night, from now on: called when a worker starts."""
    with tenancy.scope(tenancy.provider()), transaction.atomic():
        _open_tending(at)


def ask(*, at: datetime) -> UUID:
    """Have the objects of the customer in scope read now; the id of the scrub, of one that runs already if so."""
    with transaction.atomic():
        row = started(at=at)
        _open_slice(row, due=at)
    return row.id


def handlers() -> Mapping[str, obligations.Handler]:
    """The quick work: what a scrub found is declared as an incident."""
    return {declaring.DECLARE: declaring.declared}


def long_handlers() -> Mapping[str, obligations.Handler]:
    """The reading itself."""
    return {TEND: _tend, NIGHT: _night, SLICE: _slice}


def started(*, at: datetime) -> Scrub:
    """The scrub that runs, else a new one. In the caller's transaction."""
    running = Scrub.objects.select_for_update().filter(finished_at=None).first()
    return running or Scrub.objects.create(id=new_id(at=at), began_at=at, counted=Recording.objects.count())


def advance(scrub_id: UUID, *, at: datetime, seconds: float) -> Scrub:
    """Read on for about so long, one recording at least, in the caller's transaction; the last slice counts what is
    stored.

    Raises StorageError when the store cannot be asked: nothing of this slice counts then.
    """
    row = Scrub.objects.select_for_update().get(id=scrub_id)
    store, until = store_in_use(), time.monotonic() + seconds
    over = False
    while row.finished_at is None and not over:
        later = Recording.objects.filter(id__gt=row.after) if row.after else Recording.objects.all()
        batch = list(later.order_by("id").values_list("id", flat=True)[:_BATCH])
        for recording_id in batch:
            seen = examine(recording_id, store=store)
            lock_again(recording_id, store=store, at=at)
            row.after = recording_id
            row.recordings += 1
            row.objects_read += seen.objects
            row.bytes_read += seen.size
            row.damaged += sum(_note(row, recording_id, one, at=at) for one in seen.damages)
            over = time.monotonic() >= until
            if over:
                break
        if not batch:
            _finish(row, at=at)
    row.save()
    return row


def _finish(row: Scrub, *, at: datetime) -> None:
    """Everything was read: count what is stored, abort what nobody completed, say so in the log."""
    store, folder = store_in_use(), f"{tenancy.current().id}"
    row.report = [
        {"kind": line.kind, "age": line.age, "objects": line.objects, "size": line.size, "tier": line.tier}
        for tier, one in tiers(store).items()
        for line in rules.counted(((head.key, head.size) for head in one.list(folder)), now=at, tier=tier)
    ]
    row.aborted_uploads = clear_abandoned(store, prefix=folder, before=at - _ABANDONED_AFTER)
    row.finished_at = at
    obligations.evidence(
        kind="storage.scrubbed",
        clause=clause(),
        details={
            "scrub": str(row.id), "recordings": row.recordings, "objects": row.objects_read, "bytes": row.bytes_read,
            "damaged": row.damaged,
        },
        at=at,
        entry_id=row.id,
    )  # fmt: skip


def _note(row: Scrub, recording_id: UUID, damage: Damage, *, at: datetime) -> bool:
    """Damage becomes a finding with evidence, and one incident for each scrub; whether it was not known before."""
    known = Finding.objects.filter(object_key=damage.object_key)
    if known.filter(state="open").exists():
        return False
    if known.filter(state="accepted", what=damage.what, found=damage.found).exists():
        return False
    incident = declaring.incident_of(row.id)
    evidence = obligations.evidence(
        kind=DAMAGED,
        clause=clause(),
        details={
            "scrub": str(row.id), "recording": str(recording_id), "name": damage.name, "what": damage.what,
            "expected_sha256": damage.expected, "found_sha256": damage.found, "incident": str(incident),
        },
        at=at,
    )  # fmt: skip
    Finding.objects.create(
        id=new_id(at=at), scrub=row, recording_id=recording_id, name=damage.name, object_key=damage.object_key,
        what=damage.what, expected=damage.expected, found=damage.found, found_at=at, incident=incident,
        evidence_id=evidence,
    )  # fmt: skip
    declaring.later(row.id, at=at)
    _log.error("storage.damaged", recording=str(recording_id), what=damage.what)
    return True


def clause() -> str:
    """The clause that damage to what is stored falls under: that of breaches."""
    return contract.binding().agreement.terms.breach.clause


def _slice(work: obligations.Work) -> None:
    began = time.monotonic()
    if not Scrub.objects.filter(id=work.payload["scrub"], bytes_read=work.payload["read"]).exists():
        return  # somebody else goes on with it: a command, or what a later night opened
    row = advance(UUID(work.payload["scrub"]), at=work.now, seconds=_SECONDS)
    read = row.bytes_read - int(work.payload["read"])
    if row.finished_at is None:
        paced = read / (settings.PARLEY_SCRUB_MEGABYTES * 1e6)
        _open_slice(row, due=work.now + timedelta(seconds=max(paced, time.monotonic() - began)))


def _night(work: obligations.Work) -> None:
    moving.ask(at=work.now)
    _open_slice(started(at=work.now), due=work.now)


def _open_slice(row: Scrub, *, due: datetime) -> None:
    payload: dict[str, Any] = {"scrub": str(row.id), "read": row.bytes_read}
    # With the day: what failed for good (a store that was away for days) is gone on with by the next night.
    key = f"{SLICE}:{row.id}:{row.after or 'first'}:{due:%Y-%m-%d}"
    obligations.enqueue(kind=SLICE, key=key, due=due, payload=payload, long=True)


def _tend(work: obligations.Work) -> None:
    """Open the next night of every customer, and the next look at all of them."""
    backups.apart(lambda: _expect_nights(work.now))
    _open_tending(work.now + _TEND_EVERY)


def _expect_nights(at: datetime) -> None:
    for customer in tenancy.customers():
        with tenancy.scope(customer), transaction.atomic():
            due = retention.next_night(at) + _AFTER_RETENTION
            obligations.enqueue(kind=NIGHT, key=f"{NIGHT}:{due:%Y-%m-%d}", due=due, payload={}, long=True)


def _open_tending(at: datetime) -> None:
    key = f"{TEND}:{at:%Y-%m-%d}:{at.hour // 6}"
    obligations.enqueue(kind=TEND, key=key, due=at, payload={}, long=True)
