"""Deeds with many recordings, named one by one or all that a search matches: counted, begun, followed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from parley.agreement import api as agreements
from parley.foundation.ids import new_id
from parley.inventory.api import Held, Subject
from parley.recordings import api as recordings
from parley.retention import api as retention
from parley.web import gate
from parley.web.console.recordings_deletions import deletions_address
from parley.web.place import ConsoleRequest, inside
from parley.web.rest.description import answers
from parley.web.rest.recordings import narrowed, note_search
from parley.web.rest.schemas import DeletionRequestOut, Line, Narrowed, Text
from parley.web.rest.scopes import Scope

router = Router(tags=["recordings"])
_MOST: Final = recordings.bulk.MOST


class Many(Schema):
    """Which recordings: those named by `recordings`, or all that match `matching`, with the `count` that
    `count_recordings` told of them."""

    recordings: list[UUID] = Field(default_factory=list, max_length=_MOST)
    matching: Narrowed | None = None
    count: int | None = Field(None, ge=1, description="With `matching`; where it reaches another number now: 409")
    key: Line = Field("", max_length=50, description="The same key again is the same deed")


class NewTagging(Many):
    """A tag for many recordings."""

    tag: Line = Field(min_length=1, max_length=64)


class NewDeletion(Many):
    """The deletion of many recordings; `why` is needed where a second person decides."""

    why: Text = Field("", max_length=2000)


class CountOut(Schema):
    """How many recordings a deed with all that match reaches, those of one conversation together. `beyond`: more than
    one deed may reach."""

    recordings: int
    beyond: bool


class BulkOut(Schema):
    """A deed with many recordings, done in the background: it is over when `finished_at` is set."""

    id: UUID
    deed: str
    at: datetime
    total: int
    done: int
    kept: dict[str, int] = Field(description="How many were left as they are, by why: hold, law, right, ...")
    gone: int = Field(description="How many were there no more")
    finished_at: datetime | None


class BegunOut(Schema):
    """What became of the wish to delete: a deed that runs (`bulk`), or a request that somebody else decides."""

    bulk: BulkOut | None
    request: DeletionRequestOut | None


@router.get(
    "/recordings/count",
    response=answers(CountOut, 422),
    url_name="count",
    summary="How many recordings match",
    auth=Scope("recordings:read"),
)
def count_recordings(request: HttpRequest, wanted: Query[Narrowed]) -> CountOut:
    """What `matching` of a deed with many would reach now."""
    found = len(_matching(inside(request), wanted))
    return CountOut(recordings=min(found, _MOST), beyond=found > _MOST)


@router.post(
    "/recordings/bulk/tag",
    response=answers(BulkOut, 404, 409, 422, success=202),
    summary="Tag many recordings",
    auth=Scope("recordings:write"),
)
def tag_recordings(request: HttpRequest, new: NewTagging) -> Status[BulkOut]:
    """Up to 10,000, in the background: follow it by its id."""
    here, now = inside(request), timezone.now()
    key = _key("tag", here, new, now)
    begun = recordings.bulk.begun(key, by=here.person.id)
    if begun is None:
        records = _records(here, new)
        begun = recordings.bulk.start(here.viewer, "tag", records, tag=new.tag, key=key, by=here.person.id, at=now)
    return Status(202, bulk_out(recordings.bulk.progress(begun)))


@router.post(
    "/recordings/bulk/delete",
    response=answers(BegunOut, 404, 409, 422, success=202),
    summary="Delete many recordings",
    auth=Scope("recordings:delete"),
)
def delete_recordings(request: HttpRequest, new: NewDeletion) -> Status[BegunOut]:
    """Up to 10,000, in the background; where the customer's rule asks for a second person, a request."""
    here, now = inside(request), timezone.now()
    recordings.deletions.require_may_delete(here.viewer)
    key = _key("delete", here, new, now)
    begun = recordings.deletions.begun(here.viewer, key) or recordings.deletions.begin(
        here.viewer, _records(here, new), why=new.why, key=key, address=deletions_address(here), at=now
    )
    asked = recordings.deletions.get(here.viewer, begun.request) if begun.request else None
    return Status(202, BegunOut(
        bulk=bulk_out(recordings.bulk.progress(begun.bulk)) if begun.bulk else None,
        request=_request_out(asked) if asked else None,
    ))  # fmt: skip


@router.get(
    "/recordings/bulk/{uuid:bulk_id}",
    response=answers(BulkOut, 404, 422),
    url_name="bulk",
    summary="How far a deed with many recordings is",
    auth=Scope("recordings:read"),
)
def get_bulk(request: HttpRequest, bulk_id: UUID) -> BulkOut:
    """For whoever asked for it."""
    return bulk_out(recordings.bulk.progress(bulk_id, by=inside(request).person.id))


def bulk_out(found: recordings.bulk.BulkView) -> BulkOut:
    """A deed as it is answered."""
    return BulkOut(
        id=found.id, deed=found.deed, at=found.at, total=found.total, done=found.done, kept=dict(found.kept),
        gone=found.total - found.seen if found.finished_at else 0, finished_at=found.finished_at,
    )  # fmt: skip


def _request_out(asked: retention.DeletionView) -> DeletionRequestOut:
    return DeletionRequestOut(
        id=asked.id, state=asked.state, recordings=len(asked.records), expires_at=asked.expires_at
    )


def _key(deed: str, here: ConsoleRequest, new: Many, now: datetime) -> str:
    """What deed, and whose, stands in its key: nobody meets another's."""
    return f"{deed}:{here.person.id}:{new.key or new_id(at=now)}"


def _records(here: ConsoleRequest, new: Many) -> Sequence[Held]:
    """What the deed reaches. Raises AnnotationRefused where that is not the number that was seen before."""
    if (new.matching is None) == (not new.recordings) or (new.matching is None) != (new.count is None):
        raise HttpError(422, "A deed names `recordings`, or `matching` with its `count`.")
    if new.matching is None:
        name = recordings.STORE.name
        found = recordings.STORE.find(Subject(records=tuple((name, one) for one in new.recordings)))
        if len(found) != len(set(new.recordings)):
            raise recordings.NoSuchRecording("there is no such recording")
        return found
    records = _matching(here, new.matching)
    if len(records) != new.count and 0 < len(records) <= _MOST:
        raise recordings.AnnotationRefused(
            f"`count` is {new.count}, and it reaches {len(records)} recordings now",
            remedy="Look at what matches, and give the number that it reaches now.",
        )
    return records


def _matching(here: ConsoleRequest, wanted: Narrowed) -> Sequence[Held]:
    now = timezone.now()
    decision = gate.ask(agreements.FIND_RECORDINGS, now=now)
    note_search(here, wanted, decision=decision, now=now)
    return recordings.bulk.matching(here.viewer, narrowed(wanted))
