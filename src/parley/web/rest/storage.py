"""What is stored, where, and whether it was as it was sealed when it was last read."""

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router, Schema

from parley.recordings.scrubbing import api as scrubbing
from parley.web.rest.description import answers
from parley.web.rest.scopes import Scope, overseeing

router = Router(tags=["storage"])


class StoredOut(Schema):
    """So many sealed files of one kind and age in one tier. `age` is a band: week, month, quarter, year, older."""

    tier: str
    kind: str
    age: str
    objects: int
    bytes: int


class TierOut(Schema):
    """All of one tier: "warm", where everything is written, or "cold", where what is large moves when it is old."""

    tier: str
    objects: int
    bytes: int


class MoveOut(Schema):
    """A pass that moved originals and WAV files of recordings from before `started_before`; no `finished_at` while it
    runs. `kept` counts those that the warm store keeps by write-once."""

    began_at: datetime
    finished_at: datetime | None
    started_before: datetime
    recordings: int
    objects: int
    bytes: int
    kept: int
    evidence_url: str | None


class StorageOut(Schema):
    """What was counted when everything was last read, at `counted_at`; null and empty before the first time. `damaged`
    are the files that are not as they were sealed now."""

    counted_at: datetime | None
    damaged: int
    tiers: list[TierOut]
    lines: list[StoredOut]
    moves: list[MoveOut]


@router.get(
    "/storage",
    response=answers(StorageOut),
    url_name="storage",
    summary="What is stored, by tier, kind and age",
    auth=Scope("audit:read"),
)
def get_storage(request: HttpRequest) -> StorageOut:
    """Counted each night, when every sealed file is read again and compared with the ledger."""
    overseeing(request)
    last = next(iter(scrubbing.finished(limit=1)), None)
    report = last.report if last else ()
    return StorageOut(
        counted_at=last.finished_at if last else None,
        damaged=scrubbing.open_findings(),
        tiers=[TierOut(tier=tier, objects=objects, bytes=size) for tier, objects, size in scrubbing.by_tier(report)],
        lines=[
            StoredOut(tier=line.tier, kind=line.kind, age=line.age, objects=line.objects, bytes=line.size)
            for line in report
        ],
        moves=[_move(one) for one in scrubbing.moves()],
    )


def _move(one: scrubbing.MoveView) -> MoveOut:
    return MoveOut(
        began_at=one.began_at, finished_at=one.finished_at, started_before=one.before, recordings=one.recordings,
        objects=one.objects, bytes=one.size, kept=one.kept,
        evidence_url=reverse("rest:entry", args=[one.id]) if one.finished_at else None,
    )  # fmt: skip
