"""One deed with many recordings: filed under a tag, or deleted, in batches, each a transaction with its evidence.

Which recordings is settled when the deed is asked for, and kept as ids: what comes in meanwhile is not reached, and
nothing personal waits. Whether whoever asked may still do it is looked at once more with each batch. Whoever is killed
when, the chain goes on where its last commit left it.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from parley.foundation.ids import new_id
from parley.inventory.api import Held
from parley.obligations import api as obligations
from parley.people import api as people
from parley.recordings.annotations import LONGEST_TAG, require_allowed, tag_place
from parley.recordings.errors import AnnotationRefused, NoSuchRecording
from parley.recordings.holding import KIND, NAME
from parley.recordings.keys import keys, one_line
from parley.recordings.models import BulkDeed, Recording, Tag
from parley.recordings.search import Wanted, conversations, visible
from parley.recordings.views import Viewer
from parley.retention import api as retention

Deed = Literal["tag", "delete"]
BULK: Final = "recordings.bulk"
MOST: Final = 10_000
"""Recordings of one deed."""
SIZE: Final = 100


@dataclass(frozen=True, kw_only=True)
class BulkView:
    """How far a deed is: `done` and `kept` (why, by `retention.Verdict.why`, or "right": whoever asked may do it no
    more) of `total` recordings."""

    id: UUID
    deed: Deed
    by: UUID
    at: datetime
    total: int
    done: int
    kept: Mapping[str, int]
    finished_at: datetime | None

    @property
    def seen(self) -> int:
        """How many were looked at; those that were gone already are neither done nor kept."""
        return self.done + sum(self.kept.values())


def handlers() -> Mapping[str, obligations.Handler]:
    """The long work of this package, by the kind of its deadline."""
    return {BULK: _batch}


def chosen(viewer: Viewer, conversations: Sequence[UUID]) -> list[Held]:
    """The recordings of these conversations that the viewer may see, oldest first, up to `MOST` and one more."""
    rows = visible(viewer).filter(conversation__in=list(conversations)).order_by("started_at", "id")
    found = rows.values_list("id", "started_at")[: MOST + 1]
    return [Held(store=NAME, kind=KIND, id=one, at=at) for one, at in found]


def matching(viewer: Viewer, wanted: Wanted) -> list[Held]:
    """The recordings of all conversations that match and that the viewer may see, oldest first, up to `MOST` and one
    more: a conversation matches by one of its recordings, and comes with all."""
    return chosen(viewer, [one for _at, one in conversations(viewer, wanted, limit=MOST + 1)])


def begun(key: str, *, by: UUID) -> UUID | None:
    """The deed that `by` asked for with this key before, if any."""
    return BulkDeed.objects.filter(key=key, by=by).values_list("id", flat=True).first()


def require_seen(viewer: Viewer, records: Sequence[Held]) -> list[UUID]:
    """The ids of these recordings. Raises AnnotationRefused for too many, NoSuchRecording for none or any that the
    viewer does not see."""
    if len(records) > MOST:
        raise AnnotationRefused("one deed reaches at most 10,000 recordings", remedy="Narrow the list down.")
    wanted = [one.id for one in records]
    if not wanted or visible(viewer).filter(id__in=wanted).count() != len(set(wanted)):
        raise NoSuchRecording("there is no such recording")
    return wanted


def start(
    viewer: Viewer, deed: Deed, records: Sequence[Held], *, tag: str = "", key: str, by: UUID, at: datetime
) -> UUID:
    """Have it done; the id under which `progress` tells how far it is, the same for the same `key`.

    Raises AnnotationRefused for a tag that is none or for too many, NoSuchRecording for none or any that is not seen,
    ApprovalRequired for a deletion where a second person is asked for: see `deletions`.
    """
    wanted = require_seen(viewer, records)
    if deed == "delete":
        retention.require_approval(records, None)
    return _start(deed, wanted, tag=one_line(tag), key=key, by=by, at=at)


def start_approved(deletion: retention.DeletionView, *, at: datetime) -> UUID:
    """Delete what a second person approved; the deed has the id of the request."""
    return _start("delete", deletion.records, key=_of_request(deletion.id), by=deletion.by, at=at, bulk_id=deletion.id)


def _start(
    deed: Deed, wanted: Sequence[UUID], *, tag: str = "", key: str, by: UUID, at: datetime, bulk_id: UUID | None = None
) -> UUID:
    if deed == "tag" and not 0 < len(tag) <= LONGEST_TAG:
        raise AnnotationRefused("a tag has 1 to 64 characters", remedy="Write a shorter word.")
    clause = require_allowed(at)
    with transaction.atomic():
        value = keys().tag(tag) if deed == "tag" else b""
        epoch, sealed = keys().seal(tag, place=tag_place(value), at=at) if deed == "tag" else (None, b"")
        row, made = BulkDeed.objects.get_or_create(
            key=key,
            defaults={
                "id": bulk_id or new_id(at=at), "deed": deed, "by": by, "at": at, "recordings": list(wanted),
                "value": value, "epoch_id": epoch, "sealed": sealed, "done": 0, "kept": {},
            },
        )  # fmt: skip
        if made:
            digest = hashlib.sha256("".join(f"{one}\n" for one in sorted(wanted, key=str)).encode()).hexdigest()
            obligations.evidence(
                kind="recording.bulk", clause=clause, at=at,
                details={"bulk": str(row.id), "deed": deed, "recordings": len(wanted), "ids_sha256": digest,
                         "user": str(by)},
            )  # fmt: skip
            _open(row.id, number=0, due=at)
    return row.id


def progress(bulk_id: UUID, *, by: UUID | None = None) -> BulkView:
    """How far a deed is; with `by`, of that person alone. Raises NoSuchRecording."""
    row = BulkDeed.objects.filter(id=bulk_id).first()
    if row is None or (by is not None and row.by != by):
        raise NoSuchRecording("there is no such deed")
    return BulkView(
        id=row.id,
        deed="tag" if row.deed == "tag" else "delete",
        by=row.by,
        at=row.at,
        total=len(row.recordings),
        done=row.done,
        kept=row.kept,
        finished_at=row.finished_at,
    )


def _batch(work: obligations.Work) -> None:
    """Some of the recordings; then the next batch is open."""
    number = int(work.payload["number"])
    row = BulkDeed.objects.select_for_update().get(id=UUID(str(work.payload["bulk"])))
    part = row.recordings[number * SIZE : (number + 1) * SIZE]
    there = Recording.objects.filter(id__in=part)
    allowed = _allowed(row).filter(id__in=part).values_list("id", "started_at")
    records = [Held(store=NAME, kind=KIND, id=one, at=at) for one, at in allowed]
    beyond = there.count() - len(records)
    done, kept = _delete(row, records, work.now) if row.deed == "delete" else _tag(row, records, work.now)
    row.done += done
    row.kept = dict(Counter(row.kept) + kept + Counter(right=beyond))
    if (number + 1) * SIZE >= len(row.recordings):
        row.finished_at = work.now
    else:
        _open(row.id, number=number + 1, due=work.now)
    row.save(update_fields=["done", "kept", "finished_at"])


def _allowed(row: BulkDeed) -> QuerySet[Recording]:
    """What whoever asked may reach now: nothing once the account is closed, or may delete no more."""
    person = people.by_id(row.by)
    viewer = people.viewer(person) if person is not None else None
    if viewer is None or (row.deed == "delete" and not viewer.may_delete):
        return Recording.objects.none()
    return visible(viewer)


def _delete(row: BulkDeed, records: Sequence[Held], now: datetime) -> tuple[int, Counter[str]]:
    approval = row.id if row.key == _of_request(row.id) else None
    try:
        disposal = retention.dispose_free(
            records, cause="customer", reference=f"bulk {row.id}", at=now, by=row.by, approval=approval
        )
    except retention.ApprovalRequired:  # the rule came while the deed was on its way
        return 0, Counter(approval=len(records))
    return disposal.erased.records, Counter(str(one.verdict.why) for one in disposal.kept)


def _tag(row: BulkDeed, records: Sequence[Held], now: datetime) -> tuple[int, Counter[str]]:
    """What rests under a hold or a restriction stays as it is."""
    if row.epoch_id is None:
        raise obligations.GiveUp("a tag without its sealed word", remedy="Ask for the deed again.")
    held = retention.held(NAME, records)
    resting = retention.restricted(NAME, [one.id for one in records])
    usable = [one.id for one in records if one.id not in held and one.id not in resting]
    there = Recording.objects.select_for_update(no_key=True).filter(id__in=usable).order_by("id")
    Tag.objects.bulk_create(
        [
            Tag(
                id=new_id(at=now), recording=one, value=row.value, epoch_id=row.epoch_id, sealed=row.sealed, by=row.by,
                at=now, listed_at=one.listed_at, listed_id=one.conversation_id,
            )
            for one in there
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    kept = Counter("hold" if one.id in held else "restriction" for one in records if one.id not in usable)
    return len(usable), kept


def _of_request(request: UUID) -> str:
    return f"approved:{request}"


def _open(bulk: UUID, *, number: int, due: datetime) -> None:
    payload = {"bulk": str(bulk), "number": number}
    obligations.enqueue(kind=BULK, key=f"{BULK}:{bulk}:{number}", due=due, payload=payload, long=True)
