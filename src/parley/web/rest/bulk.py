"""Deeds with many recordings: how far one is."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from parley.recordings import api as recordings
from parley.web.place import inside
from parley.web.rest.description import answers
from parley.web.rest.scopes import Scope

router = Router(tags=["recordings"])


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
