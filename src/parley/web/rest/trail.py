"""What happened, and the proof of it."""

from typing import Any
from uuid import UUID

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router

from parley.ledger import api as ledger
from parley.recordings import api as recordings
from parley.web.place import ConsoleRequest, inside
from parley.web.rest.description import answers
from parley.web.rest.schemas import EntriesOut, EntryOut, Kept, WantedEntries
from parley.web.rest.scopes import Scope, overseeing

router = Router(tags=["evidence"])
_BUNDLE: dict[str, Any] = {
    "responses": {200: {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}}
}


@router.get(
    "/evidence/{uuid:entry_id}",
    response=answers(None, 404, 409, 422),
    openapi_extra=_BUNDLE,
    url_name="evidence",
    summary="The bundle that proves one entry of the ledger",
    auth=Scope("audit:read"),
)
def get_evidence(request: HttpRequest, entry_id: UUID, kept: Query[Kept]) -> HttpResponse:
    """Canonical JSON; check it offline with `parley verify`. `since` is the size of a checkpoint that you kept."""
    here = inside(request)
    _require_right_to(here, entry_id)
    with connection.cursor() as cursor:
        bundle = ledger.bundle(cursor, entry_id=entry_id, since=kept.since)
    return HttpResponse(
        bundle, content_type="application/json", headers={"Content-Disposition": f'inline; filename="{entry_id}.json"'}
    )


@router.get(
    "/audit",
    response=answers(EntriesOut, 422),
    url_name="audit",
    summary="The audit trail",
    auth=Scope("audit:read"),
)
def list_audit(request: HttpRequest, wanted: Query[WantedEntries]) -> EntriesOut:
    """Newest first."""
    overseeing(request)
    with connection.cursor() as cursor:
        found = ledger.entries(
            cursor, kinds=[wanted.kind] if wanted.kind else None, person=wanted.person, since=wanted.since,
            until=wanted.until, before=wanted.before, limit=wanted.limit + 1,
        )  # fmt: skip
    shown = found[: wanted.limit]
    return EntriesOut(
        items=[_entry(entry) for entry in shown], next=shown[-1].cursor if len(found) > wanted.limit else None
    )


@router.get(
    "/audit/{uuid:entry_id}",
    response=answers(EntryOut, 404, 422),
    url_name="entry",
    summary="One entry of the audit trail",
    auth=Scope("audit:read"),
)
def get_entry(request: HttpRequest, entry_id: UUID) -> EntryOut:
    """With its details, as long as they are not erased."""
    _require_right_to(inside(request), entry_id)
    with connection.cursor() as cursor:
        return _entry(ledger.entry(cursor, entry_id=entry_id))


def _require_right_to(here: ConsoleRequest, entry_id: UUID) -> None:
    """Who oversees may see every entry; others those of recordings that they may see."""
    with connection.cursor() as cursor:
        entry = ledger.entry(cursor, entry_id=entry_id)
    if here.viewer.oversees:
        return
    subject = (entry.details or {}).get("recording")
    if not isinstance(subject, str):
        raise Http404("no such entry for this person")
    recordings.get(here.viewer, UUID(subject))


def _entry(entry: ledger.EntryView) -> EntryOut:
    return EntryOut(
        id=entry.id,
        number=entry.seq,
        at=entry.at,
        kind=entry.kind,
        clause=entry.clause,
        details=dict(entry.details) if entry.details is not None else None,
        evidence_url=reverse("rest:evidence", args=[entry.id]),
    )
