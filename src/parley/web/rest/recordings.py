"""Recordings: found, read, fetched, deleted."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from ninja import Path, Query, Router, Status
from ninja.errors import HttpError

from parley.agreement import api as agreements
from parley.foundation.ids import new_id
from parley.obligations import api as obligations
from parley.recordings import api as recordings
from parley.retention import api as retention
from parley.web import gate, retention_words
from parley.web.console.recordings_deletions import deletions_address
from parley.web.place import ConsoleRequest, inside
from parley.web.ranged import made_while_sent, ranged
from parley.web.rest import callers
from parley.web.rest.description import answers, binary
from parley.web.rest.schemas import (
    DecisionOut,
    DeletedOut,
    DeletionAsked,
    DeletionRequestOut,
    ListedOut,
    MediaOut,
    Narrowed,
    PartName,
    PartOut,
    PartyOut,
    RecordingOut,
    RowsOut,
    Wanted,
)
from parley.web.rest.scopes import Scope

router = Router(tags=["recordings"])
_PERSONAL = ("number", "participant", "user", "note")
"""What looks for a person: evidence says by what, never whom."""
_NOTED = UUID("5c1d6a44-4f6f-5d26-8f0e-2c1a7b0f9d31")


@router.get(
    "/recordings",
    response=answers(RowsOut, 422),
    url_name="recordings",
    summary="Find recordings",
    auth=Scope("recordings:read"),
)
def list_recordings(request: HttpRequest, wanted: Query[Wanted]) -> RowsOut:
    """Newest first; everything that is asked must hold. What only the customer can open is `sealed`."""
    here, now = inside(request), timezone.now()
    decision = gate.ask(agreements.FIND_RECORDINGS, now=now)
    page = recordings.search(here.viewer, narrowed(wanted), cursor=wanted.after, limit=wanted.limit)
    if wanted.after is None:
        note_search(here, wanted, decision=decision, now=now)
    items = [ListedOut(**_row(row), quality=row.quality, consent=row.consent, notice=row.notice) for row in page.rows]
    return RowsOut(items=items, next=page.cursor)


@router.get(
    "/recordings/{uuid:recording_id}",
    response=answers(RecordingOut, 404, 422),
    url_name="recording",
    summary="One recording",
    auth=Scope("recordings:read"),
)
def get_recording(request: HttpRequest, recording_id: UUID) -> RecordingOut:
    """Everything about it but its sound."""
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
        original_evidence_url=reverse("rest:evidence", args=[found.original_evidence_id]),
    )


@router.delete(
    "/recordings/{uuid:recording_id}",
    response={**answers(DeletedOut, 404, 409, 422), 202: DeletionRequestOut},
    summary="Delete a recording",
    auth=Scope("recordings:delete"),
)
def delete_recording(
    request: HttpRequest, recording_id: UUID, asked_for: Query[DeletionAsked]
) -> DeletedOut | Status[DeletionRequestOut]:
    """Objects, renditions, rows and index rows, now; a hold, a law or the agreement may keep it (409). Where the
    customer's rule asks for a second person, a request that somebody else decides (202), with `why`."""
    here, now = inside(request), timezone.now()
    record = retention_words.held(recordings.get(here.viewer, recording_id))
    if not (here.viewer.oversees or here.viewer.may_delete):
        raise HttpError(403, "Your role does not include deleting recordings.")
    ((_same, verdict),) = retention.verdicts([record], cause="customer", at=now)
    if verdict.outcome != "erase":
        raise retention.RuleRefused(retention_words.kept_words(verdict), remedy="It can be deleted when that ends.")
    if recordings.deletions.rule().second:
        asked = recordings.deletions.ask(
            here.viewer, [record], why=asked_for.why, key=f"program:{new_id(at=now)}",
            address=deletions_address(here), at=now,
        )  # fmt: skip
        return Status(202, DeletionRequestOut(
            id=asked.id, state=asked.state, recordings=len(asked.records), expires_at=asked.expires_at
        ))  # fmt: skip
    done = retention.dispose([record], cause="customer", reference="by program", at=now, by=here.person.id)
    return DeletedOut(deleted=done.erased.records, objects=done.erased.objects, evidence_id=done.evidence_id)


@router.api_operation(
    ["GET", "HEAD"],
    "/recordings/{uuid:recording_id}/media/{kind}",
    response=answers(None, 404, 409, 422),
    openapi_extra=binary("audio/mpeg", "audio/wav", "audio/ogg", "application/json"),
    url_name="media",
    summary="Its sound or its waveform",
    auth=Scope("recordings:listen"),
)
def get_media(
    request: HttpRequest, recording_id: UUID, kind: Literal["mp3", "wav", "opus", "peaks"]
) -> HttpResponseBase:
    """MP3, WAV or Opus in Ogg (caller left, called right), or the waveform as JSON. What the ledger does not know is
    refused. Ranges are served, but of Opus: that is made of the WAV while it is sent."""
    here, now = inside(request), timezone.now()
    found = recordings.get(here.viewer, recording_id)
    decision = gate.ask(agreements.PLAY_RECORDINGS, now=now)
    retention_words.require_usable(found, by=here.person.id, at=now)
    # A program keeps what it fetches.
    if kind in {"wav", "opus"} or (kind == "mp3" and callers.bearer_of(request) is not None):
        _require_download(here)
    stored: recordings.RenditionKind = "wav" if kind == "opus" else kind
    rendition = found.renditions.get(stored)
    if rendition is None:
        raise Http404(f"this recording has no {kind}")
    source = recordings.rendition(here.viewer, recording_id, stored)
    if kind != "peaks":
        _note_once(request, "recording.played", recording_id, decision=decision, now=now, what=kind)
    if kind == "opus":
        return made_while_sent(request, source, recordings.as_opus, media_type="audio/ogg", made_of=rendition.sha256)
    return ranged(request, source, size=rendition.size, media_type=rendition.media_type, etag=rendition.sha256)


@router.api_operation(
    ["GET", "HEAD"],
    "/recordings/{uuid:recording_id}/parts/{name}",
    response=answers(None, 404, 409, 422),
    openapi_extra=binary("application/age-encryption"),
    url_name="part",
    summary="A file of the sealed original",
    auth=Scope("recordings:listen"),
)
def get_part(
    request: HttpRequest, recording_id: UUID, name: Path[PartName], use: Literal["keep", "play"] = "keep"
) -> HttpResponseBase:
    """As it is stored, sealed to the customer's keys. `use` is what the evidence says: taken to keep, or opened in a
    browser to be played there."""
    here, now = inside(request), timezone.now()
    found = recordings.get(here.viewer, recording_id)
    decision = gate.ask(agreements.FETCH_ORIGINAL, now=now)
    retention_words.require_usable(found, by=here.person.id, at=now)
    # Where the customer holds the key, its own page plays what it opens from the parts: that is not taking them away.
    if not found.sealed or use == "keep" or callers.bearer_of(request) is not None:
        _require_download(here)
    part = next((part for part in found.parts if part.name == name), None)
    if part is None:
        raise Http404("this recording has no such part")
    source = recordings.part(here.viewer, recording_id, name)
    deed, what = ("recording.played", "original") if use == "play" else ("recording.downloaded", name)
    _note_once(request, deed, recording_id, decision=decision, now=now, what=what)
    return ranged(
        request, source, size=part.size, media_type="application/age-encryption", etag=part.sha256,
        filename=f"{found.started_at:%Y-%m-%dT%H%M%SZ}-{str(recording_id)[-8:]}-{name}",
    )  # fmt: skip


def parties_out(parties: tuple[recordings.Party, ...]) -> list[PartyOut]:
    """The participants as they are answered."""
    return [PartyOut(role=one.role, name=one.name, number=one.number, aor=one.aor) for one in parties]


def note_search(here: ConsoleRequest, wanted: Narrowed, *, decision: agreements.Decision, now: datetime) -> None:
    """Evidence of a search for a person: by what, never whom."""
    named = [field for field in _PERSONAL if getattr(wanted, field)]
    if named:
        gate.leave_evidence(here, kind="recording.searched", decision=decision, now=now, by=" ".join(named))


def narrowed(wanted: Narrowed) -> recordings.Wanted:
    """What is asked for, as search takes it."""
    return recordings.Wanted(
        number=wanted.number, participant=wanted.participant, users=tuple(wanted.user), groups=tuple(wanted.group),
        direction=wanted.direction, since=wanted.since, until=wanted.until, shortest=wanted.shortest,
        longest=wanted.longest, trunk=wanted.trunk, tag=wanted.tag, note=wanted.note, quality=tuple(wanted.quality),
        consent=tuple(wanted.consent), notice=tuple(wanted.notice),
    )  # fmt: skip


def _require_download(here: ConsoleRequest) -> None:
    """Whoever may play is not yet who may take away."""
    if not here.viewer.may_download:
        raise HttpError(403, "You may play recordings, not download them. An administrator can allow it.")


def _note_once(
    request: HttpRequest, deed: str, recording_id: UUID, *, decision: agreements.Decision, now: datetime, what: str
) -> None:
    """Evidence of a play or a download, once an hour for a session or a token: a player asks for many ranges."""
    here, bearer = inside(request), callers.bearer_of(request)
    hour = f"{now:%Y%m%d%H}"
    if bearer is not None:
        _note_of_token(bearer.token_id, deed, recording_id, decision=decision, now=now, what=what, here=here)
        return
    noted: dict[str, str] = here.session.get("noted", {})
    key = f"{deed}:{recording_id}:{what}"
    if noted.get(key) == hour:
        return
    gate.leave_evidence(here, kind=deed, decision=decision, now=now, recording=str(recording_id), what=what)
    here.session["noted"] = {**{name: at for name, at in noted.items() if at == hour}, key: hour}


def _note_of_token(
    token: UUID,
    deed: str,
    recording_id: UUID,
    *,
    decision: agreements.Decision,
    now: datetime,
    what: str,
    here: ConsoleRequest,
) -> None:
    """A token has no session: the entry's id follows from token, deed and hour, so that it is left once."""
    obligations.evidence(
        kind=deed,
        clause=decision.clause,
        details={"recording": str(recording_id), "what": what, "user": str(here.person.id), "token": str(token)},
        at=now.replace(minute=0, second=0, microsecond=0),
        entry_id=uuid5(_NOTED, f"{token} {deed} {recording_id} {what} {now:%Y%m%d%H}"),
    )


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
        "parties": parties_out(row.parties),
        "segments": row.segments if isinstance(row.segments, int) else len(row.segments),
        "reason": row.reason,
        "rendition": row.rendition,
    }


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
