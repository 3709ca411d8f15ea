"""All recordings under former keys are sealed anew in the background, where the provider keeps the keys.

In slices, each a transaction with its evidence: whoever is killed when, the run goes on where its last commit left it.
What is refused is counted with its reason and passed over; another run tries it again. Whether whoever asked may still
do it is looked at once more with each slice.
"""

import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from parley.foundation.ids import new_id
from parley.obligations import api as obligations
from parley.people import api as people
from parley.recordings.errors import NoSuchRecording, ResealingRefused
from parley.recordings.models import Recording
from parley.recordings.objects import store_in_use
from parley.recordings.resealing import anew, fields
from parley.recordings.resealing.left import former, left
from parley.recordings.resealing.models import Resealing
from parley.recordings.resealing.types import RunView
from parley.tenancy import api as tenancy

RESEAL: Final = "recordings.reseal"
_SECONDS: Final = 5.0
_BATCH: Final = 100


def long_handlers() -> Mapping[str, obligations.Handler]:
    """The long work of this package, by the kind of its deadline."""
    return {RESEAL: _slice, anew.SWEEP: anew.sweep}


def start(*, by: UUID, at: datetime) -> UUID:
    """Have all of them sealed anew from now on; the id of the run, of the one that goes on where there is one.

    Raises ResealingRefused where the customer holds its keys, and where nothing is left.
    """
    if tenancy.current().custody == "customer-held":
        raise ResealingRefused("custody", "only you hold these keys", remedy="Do it in a browser that holds them.")
    found = former()
    if found.under is None or not (found.left or found.fields):
        raise ResealingRefused("present", "all is sealed to the present keys", remedy="There is nothing to do.")
    with transaction.atomic():
        row, made = Resealing.objects.select_for_update().get_or_create(
            under=found.under, finished_at=None,
            defaults={"id": new_id(at=at), "by": by, "at": at, "total": found.left},
        )  # fmt: skip
        if made:
            _open_slice(row, due=at)
    return row.id


def stop(*, at: datetime) -> None:
    """End the run that goes on; what was done stays done. Waits for the slice that it is in, some five seconds."""
    Resealing.objects.filter(finished_at=None).update(finished_at=at, stopped=True)


def newest() -> RunView | None:
    """The run that goes on, or the last one."""
    row = Resealing.objects.order_by("-id").first()
    return _view(row) if row else None


def _slice(work: obligations.Work) -> None:
    row = Resealing.objects.select_for_update().filter(id=UUID(str(work.payload["run"])), finished_at=None).first()
    if row is None:
        return  # stopped
    if not _allowed(row) or former().under != row.under:
        row.finished_at, row.stopped = work.now, True
        row.save()
        return
    if row.after_id is None:
        fields.with_keys(by=row.by, at=work.now)
    until, over = time.monotonic() + _SECONDS, False
    refused = Counter(row.refused)
    while not over and (batch := list(_next(row))):
        for recording_id, started_at in batch:
            try:
                anew.with_keys(recording_id, by=row.by, at=work.now, store=store_in_use())
                row.done += 1
            except ResealingRefused as error:
                refused[error.why] += 1
            except NoSuchRecording:
                refused["gone"] += 1
            row.after_at, row.after_id = started_at, recording_id
            over = time.monotonic() >= until
            if over:
                break
    row.refused = dict(refused)
    if over:
        _open_slice(row, due=work.now)
    else:
        row.finished_at = work.now
    row.save()


def _next(row: Resealing) -> list[tuple[UUID, datetime]]:
    after = (row.after_at, row.after_id) if row.after_at is not None and row.after_id is not None else None
    return list(left(Recording.objects.all(), after=after).values_list("id", "started_at")[:_BATCH])


def _allowed(row: Resealing) -> bool:
    """Nobody's account that was closed, or oversees no more, goes on with it."""
    person = people.by_id(row.by)
    viewer = people.viewer(person) if person is not None else None
    return viewer is not None and viewer.oversees


def _open_slice(row: Resealing, *, due: datetime) -> None:
    key = f"{RESEAL}:{row.id}:{row.after_id or 'first'}"
    obligations.enqueue(kind=RESEAL, key=key, due=due, payload={"run": str(row.id)}, long=True)


def _view(row: Resealing) -> RunView:
    return RunView(
        id=row.id, at=row.at, by=row.by, total=row.total, done=row.done, refused=row.refused,
        finished_at=row.finished_at, stopped=row.stopped,
    )  # fmt: skip
