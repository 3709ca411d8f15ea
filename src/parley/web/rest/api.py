"""The programming interface of one console: /c/<handle>/api/v1/, its description at openapi.json.

It stands on the session of the console: the middleware asks for the sign-in and selects the customer. Every refusal is
problem details (RFC 9457) with an `error_id`.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from ninja import NinjaAPI, Query
from ninja.errors import HttpError, ValidationError

from parley.agreement import api as agreements
from parley.foundation.errors import ParleyError
from parley.ledger import api as ledger
from parley.recordings import api as recordings
from parley.web import gate, problems, retention_words
from parley.web.place import ConsoleRequest, inside
from parley.web.ranged import ranged
from parley.web.rest.opendsr import router as opendsr
from parley.web.rest.schemas import (
    DecisionOut,
    EntriesOut,
    EntryOut,
    Kept,
    LiveOut,
    MediaOut,
    PartOut,
    PartyOut,
    RecordingOut,
    RowOut,
    RowsOut,
    Wanted,
    WantedEntries,
)
from parley.web.rest.sealed import router as sealed
from parley.web.rest.sealed import router as sealed

rest = NinjaAPI(
    title="Parley",
    version="1",
    description="Recordings, their evidence, live calls and the audit trail of one customer.",
    urls_namespace="rest",
    docs_url=None,
)


rest.add_router("/opendsr/v3", opendsr)
rest.add_router("", sealed)
rest.add_router("", sealed)


@rest.exception_handler(ParleyError)
def _parley_error(request: HttpRequest, error: ParleyError) -> HttpResponse:
    return problems.answer(request, problems.of_error(error))


@rest.exception_handler(Http404)
def _not_found(request: HttpRequest, _error: Http404) -> HttpResponseBase:
    return problems.not_found(request)


@rest.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problems.answer(request, _bad(str(error), status=error.status_code))


@rest.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = ", ".join(str(fault["loc"][-1]) for fault in error.errors)
    return problems.answer(request, _bad(f"These parameters cannot be understood: {fields}.", status=422))


def _bad(what: str, *, status: int) -> problems.Problem:
    return problems.Problem(
        status=status, error_id="web.bad_request", what=what, safe="", remedy="See openapi.json for what is asked."
    )


@rest.get("", response=dict[str, str], url_name="index", summary="Where everything is")
def index(request: HttpRequest) -> dict[str, str]:
    lists = {name: reverse(f"rest:{name}") for name in ("recordings", "live", "audit")}

    return {"console": inside(request).prefix, **lists, "description": reverse("rest:openapi-json")}


@rest.get("/recordings", response=RowsOut, url_name="recordings", summary="Find recordings")
def list_recordings(request: HttpRequest, wanted: Query[Wanted]) -> RowsOut:
    here, now = inside(request), timezone.now()
    for instant in (wanted.since, wanted.until):
        if instant is not None and instant.tzinfo is None:
            raise HttpError(422, "An instant needs its offset from UTC.")
    decision = gate.ask(agreements.FIND_RECORDINGS, now=now)
    page = recordings.search(
        here.viewer,
        number=wanted.number,
        since=wanted.since,
        until=wanted.until,
        direction=wanted.direction,
        trunk=wanted.trunk,
        cursor=wanted.after,
        limit=wanted.limit,
    )
    if wanted.number and wanted.after is None:
        gate.leave_evidence(here, kind="recording.searched", decision=decision, now=now, by="number")
    return RowsOut(items=[RowOut(**_row(row)) for row in page.rows], next=page.cursor)


@rest.get("/recordings/{uuid:recording_id}", response=RecordingOut, url_name="recording", summary="One recording")
def get_recording(request: HttpRequest, recording_id: UUID) -> RecordingOut:
    gate.ask(agreements.FIND_RECORDINGS, now=timezone.now())
    found = recordings.get(inside(request).viewer, recording_id)
    return RecordingOut(
        **_row(found),
        decision=DecisionOut(
            agreement=found.agreement,
            agreement_version=found.agreement_version,
            clause=found.decision.clause,
            purpose=found.decision.purpose,
            reason=found.decision.reason,
        ),
        parts=[_part(recording_id, part) for part in found.parts],
        media=[_media(recording_id, rendition) for rendition in found.renditions.values()],
        evidence_id=found.evidence_id,
        evidence_url=reverse("rest:evidence", args=[found.evidence_id]),
    )


@rest.api_operation(
    ["GET", "HEAD"],
    "/recordings/{uuid:recording_id}/media/{kind}",
    url_name="media",
    summary="Its sound or its waveform",
)
def get_media(request: HttpRequest, recording_id: UUID, kind: Literal["mp3", "wav", "peaks"]) -> HttpResponseBase:
    """MP3 or WAV (caller left, called right), or the waveform as JSON. Ranges are served; what the ledger does not know
    is refused."""
    here, now = inside(request), timezone.now()
    found = recordings.get(here.viewer, recording_id)
    decision = gate.ask(agreements.PLAY_RECORDINGS, now=now)
    retention_words.require_usable(found, by=here.person.id, at=now)
    if kind == "wav":
        _require_download(here)
    rendition = found.renditions.get(kind)
    if rendition is None:
        raise Http404(f"this recording has no {kind}")
    source = recordings.rendition(here.viewer, recording_id, kind)
    if kind != "peaks":
        _note_once(here, "recording.played", recording_id, decision=decision, now=now, what=kind)
    return ranged(request, source, size=rendition.size, media_type=rendition.media_type, etag=rendition.sha256)


@rest.api_operation(
    ["GET", "HEAD"],
    "/recordings/{uuid:recording_id}/parts/{name}",
    url_name="part",
    summary="A file of the sealed original",
)
def get_part(
    request: HttpRequest, recording_id: UUID, name: str, use: Literal["keep", "play"] = "keep"
) -> HttpResponseBase:
    """As it is stored. `use` is what the evidence says: taken to keep, or opened in a browser to be played there."""
    here, now = inside(request), timezone.now()
    found = recordings.get(here.viewer, recording_id)
    decision = gate.ask(agreements.FETCH_ORIGINAL, now=now)
    retention_words.require_usable(found, by=here.person.id, at=now)
    if not found.sealed:  # where the customer holds the key, its own page plays what it opens from the parts
        _require_download(here)
    part = next((part for part in found.parts if part.name == name), None)
    if part is None:
        raise Http404("this recording has no such part")
    source = recordings.part(here.viewer, recording_id, name)
    kind, what = ("recording.played", "original") if use == "play" else ("recording.downloaded", name)
    _note_once(here, kind, recording_id, decision=decision, now=now, what=what)
    return ranged(
        request, source, size=part.size, media_type="application/age-encryption", etag=part.sha256,
        filename=f"{found.started_at:%Y-%m-%dT%H%M%SZ}-{str(recording_id)[-8:]}-{name}",
    )  # fmt: skip


@rest.get("/evidence/{uuid:entry_id}", url_name="evidence", summary="The bundle that proves one entry of the ledger")
def get_evidence(request: HttpRequest, entry_id: UUID, kept: Query[Kept]) -> HttpResponse:
    """Canonical JSON; check it offline with `parley verify`. `since` is the size of a checkpoint that you kept."""
    here = inside(request)
    _require_right_to(here, entry_id)
    with connection.cursor() as cursor:
        bundle = ledger.bundle(cursor, entry_id=entry_id, since=kept.since)
    return HttpResponse(
        bundle, content_type="application/json", headers={"Content-Disposition": f'inline; filename="{entry_id}.json"'}
    )


@rest.get("/live", response=list[LiveOut], url_name="live", summary="Calls being recorded now")
def list_live(request: HttpRequest) -> list[LiveOut]:
    gate.ask(agreements.FIND_RECORDINGS, now=timezone.now())
    return [
        LiveOut(
            id=call.recording_id,
            started_at=call.started_at,
            seen_at=call.seen_at,
            direction=call.direction,
            trunk_name=call.trunk_name,
            sealed=call.sealed,
            parties=_parties(call.parties),
            packets=call.packets,
            bytes=call.bytes,
            on_hold=call.on_hold,
        )
        for call in recordings.live(inside(request).viewer)
    ]


@rest.get("/audit", response=EntriesOut, url_name="audit", summary="The audit trail")
def list_audit(request: HttpRequest, wanted: Query[WantedEntries]) -> EntriesOut:
    if not inside(request).viewer.oversees:
        raise HttpError(403, "Your role does not include the audit trail.")
    with connection.cursor() as cursor:
        found = ledger.entries(
            cursor, kinds=[wanted.kind] if wanted.kind else None, before=wanted.before, limit=wanted.limit + 1
        )
    shown = found[: wanted.limit]
    return EntriesOut(
        items=[_entry(entry) for entry in shown], next=shown[-1].cursor if len(found) > wanted.limit else None
    )


@rest.get("/audit/{uuid:entry_id}", response=EntryOut, url_name="entry", summary="One entry of the audit trail")
def get_entry(request: HttpRequest, entry_id: UUID) -> EntryOut:
    _require_right_to(inside(request), entry_id)
    with connection.cursor() as cursor:
        return _entry(ledger.entry(cursor, entry_id=entry_id))


def _require_right_to(here: ConsoleRequest, entry_id: UUID) -> None:
    """Who sees everything may see every entry; others those of recordings that they may see."""
    with connection.cursor() as cursor:
        entry = ledger.entry(cursor, entry_id=entry_id)
    if here.viewer.oversees:
        return
    subject = (entry.details or {}).get("recording")
    if not isinstance(subject, str):
        raise Http404("no such entry for this person")
    recordings.get(here.viewer, UUID(subject))


def _require_download(here: ConsoleRequest) -> None:
    """Whoever may play is not yet who may take away."""
    if not here.viewer.may_download:
        raise HttpError(403, "You may play recordings, not download them. An administrator can allow it.")


def _note_once(
    here: ConsoleRequest, deed: str, recording_id: UUID, *, decision: agreements.Decision, now: datetime, what: str
) -> None:
    """Evidence of a play or a download, once an hour for a session: a player asks for many ranges."""
    noted: dict[str, str] = here.session.get("noted", {})
    key, hour = f"{deed}:{recording_id}:{what}", f"{now:%Y%m%d%H}"
    if noted.get(key) == hour:
        return
    gate.leave_evidence(here, kind=deed, decision=decision, now=now, recording=str(recording_id), what=what)
    here.session["noted"] = {**{name: at for name, at in noted.items() if at == hour}, key: hour}


def _row(row: Any) -> dict[str, Any]:
    return {
        "id": row.recording_id,
        "conversation_id": row.conversation_id,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "seconds": row.seconds,
        "direction": row.direction,
        "trunk_id": row.trunk_id,
        "trunk_name": row.trunk_name,
        "sealed": row.sealed,
        "parties": _parties(row.parties),
        "segments": row.segments if isinstance(row.segments, int) else len(row.segments),
        "reason": row.reason,
        "rendition": row.rendition,
    }


def _parties(parties: tuple[recordings.Party, ...]) -> list[PartyOut]:
    return [PartyOut(role=one.role, name=one.name, number=one.number, aor=one.aor) for one in parties]


def _part(recording_id: UUID, part: recordings.PartView) -> PartOut:
    url = reverse("rest:part", args=[recording_id, part.name])
    return PartOut(name=part.name, kind=part.kind, size=part.size, sha256=part.sha256, url=url)


def _media(recording_id: UUID, rendition: recordings.RenditionView) -> MediaOut:
    return MediaOut(
        kind=rendition.kind,
        media_type=rendition.media_type,
        size=rendition.size,
        sha256=rendition.sha256,
        url=reverse("rest:media", args=[recording_id, rendition.kind]),
    )


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
