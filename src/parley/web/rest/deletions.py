"""Requests for deletions, where the customer's rule asks for a second person: listed, read, approved, refused."""

from collections import Counter
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from parley.inventory.api import Subject
from parley.recordings import api as recordings
from parley.retention import api as retention
from parley.web.place import ConsoleRequest, inside
from parley.web.rest.bulk import BulkOut, bulk_out
from parley.web.rest.description import answers
from parley.web.rest.schemas import MOST_ROWS
from parley.web.rest.scopes import Scope

router = Router(tags=["recordings"])


class WantedDeletions(Schema):
    """Which requests: those that wait, oldest first, or those that are over, newest first."""

    state: Literal["waiting", "over"] = "waiting"
    after: UUID | None = Field(None, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


class DeletionOut(Schema):
    """A request to delete recordings. `why` is null where only the customer can open it. `mine`: whoever calls asked
    for it, may take it back and not approve it."""

    id: UUID
    state: Literal["waiting", "approved", "refused", "withdrawn", "expired"]
    why: str | None
    by: UUID
    mine: bool
    at: datetime
    expires_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    recordings: int


class DeletionsOut(Schema):
    """One page of requests; hand `next` back as `after`."""

    items: list[DeletionOut]
    next: UUID | None


class OneDeletionOut(DeletionOut):
    """A request with the recordings that it names; `kept`: how many would stay if it were approved now, by why; `bulk`:
    how far the deletion is, once it was approved."""

    records: list[UUID]
    kept: dict[str, int]
    bulk: BulkOut | None


@router.get(
    "/deletions",
    response=answers(DeletionsOut, 404, 422),
    url_name="deletions",
    summary="The requests for deletions",
    auth=Scope("recordings:delete"),
)
def list_deletions(request: HttpRequest, wanted: Query[WantedDeletions]) -> DeletionsOut:
    """Those that whoever calls asked for, or may decide."""
    here, now = inside(request), timezone.now()
    recordings.deletions.require_may_delete(here.viewer)
    found = recordings.deletions.requests(
        here.viewer, waiting=wanted.state == "waiting", at=now, after=wanted.after, limit=wanted.limit + 1
    )
    shown = found[: wanted.limit]
    return DeletionsOut(
        items=[DeletionOut(**_told(one, here, now)) for one in shown],
        next=shown[-1].id if len(found) > wanted.limit else None,
    )


@router.get(
    "/deletions/{uuid:deletion_id}",
    response=answers(OneDeletionOut, 404, 422),
    url_name="deletion",
    summary="One request for a deletion",
    auth=Scope("recordings:delete"),
)
def get_deletion(request: HttpRequest, deletion_id: UUID) -> OneDeletionOut:
    """What is asked for and why, who decided, what came of it."""
    return _out(request, deletion_id)


@router.post(
    "/deletions/{uuid:deletion_id}/approve",
    response=answers(OneDeletionOut, 404, 409, 422),
    summary="Approve a deletion",
    auth=Scope("recordings:delete"),
)
def approve_deletion(request: HttpRequest, deletion_id: UUID) -> OneDeletionOut:
    """As somebody else than who asked (409): the deletion begins, as the deed of who asked."""
    recordings.deletions.approve(inside(request).viewer, deletion_id, at=timezone.now())
    return _out(request, deletion_id)


@router.post(
    "/deletions/{uuid:deletion_id}/refuse",
    response=answers(OneDeletionOut, 404, 409, 422),
    summary="Refuse a deletion, or take back one's own",
    auth=Scope("recordings:delete"),
)
def refuse_deletion(request: HttpRequest, deletion_id: UUID) -> OneDeletionOut:
    """Nothing is deleted; the request is over."""
    recordings.deletions.refuse(inside(request).viewer, deletion_id, at=timezone.now())
    return _out(request, deletion_id)


def _out(request: HttpRequest, deletion_id: UUID) -> OneDeletionOut:
    here, now = inside(request), timezone.now()
    found = recordings.deletions.get(here.viewer, deletion_id)
    told = _told(found, here, now)
    return OneDeletionOut(
        **told, records=list(found.records), kept=_kept(found, now) if told["state"] == "waiting" else {},
        bulk=bulk_out(recordings.bulk.progress(found.id)) if found.state == "approved" else None,
    )  # fmt: skip


def _told(one: retention.DeletionView, here: ConsoleRequest, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id, "state": "expired" if one.state == "waiting" and one.expires_at <= now else one.state,
        "why": one.why, "by": one.by, "mine": one.by == here.person.id, "at": one.at, "expires_at": one.expires_at,
        "decided_by": one.decided_by, "decided_at": one.decided_at, "recordings": len(one.records),
    }  # fmt: skip


def _kept(found: retention.DeletionView, now: datetime) -> dict[str, int]:
    """Why some would stay if they were deleted now, and how many."""
    name = recordings.STORE.name
    records = recordings.STORE.find(Subject(records=tuple((name, one) for one in found.records)))
    verdicts = (verdict for _record, verdict in retention.verdicts(records, cause="customer", at=now))
    return dict(Counter(str(verdict.why) for verdict in verdicts if verdict.outcome != "erase"))
