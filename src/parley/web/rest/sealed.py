"""What a browser needs to open recordings with the customer's own key: sealed bytes, and where they lie."""

from base64 import b64encode
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from parley.agreement import api as agreements
from parley.recordings import api as recordings
from parley.web import gate
from parley.web.place import inside
from parley.web.rest.description import answers
from parley.web.rest.scopes import Scope

router = Router(tags=["recordings"])


class TypeOut(Schema):
    """An RTP payload type of a stream."""

    number: int
    name: str


class StreamOut(Schema):
    """A stream of a recording: whose voice, and the local port that its packets carry in the capture."""

    port: int
    side: str
    payload_types: list[TypeOut]


class SealedPartOut(Schema):
    """A file of the sealed original, in order."""

    name: str
    kind: str
    size: int
    sha256: str
    url: str


class SheetOut(Schema):
    """Who spoke, sealed: an AES-256-GCM column and its key as an age file, both in base64."""

    recording: UUID
    sealed: str
    wrapped: str


class WantedSheets(Schema):
    """Of which recordings: `id` as often as there are."""

    id: list[UUID] = Field([], max_length=recordings.MOST_SHEETS)


class SealedOut(Schema):
    """A recording as only its customer can open it."""

    id: UUID
    started_at: datetime
    seconds: float
    streams: list[StreamOut]
    parts: list[SealedPartOut]
    sheet: SheetOut


@router.get(
    "/recordings/{uuid:recording_id}/sealed",
    response=answers(SealedOut, 404, 422),
    url_name="sealed",
    summary="One recording, sealed",
    auth=Scope("recordings:read"),
)
def get_sealed(request: HttpRequest, recording_id: UUID) -> SealedOut:
    """Where its parts lie and what they carry: enough to open and play it with the customer's own key."""
    here = inside(request)
    gate.ask(agreements.FIND_RECORDINGS, now=timezone.now())
    found = recordings.get(here.viewer, recording_id)
    return SealedOut(
        id=found.recording_id,
        started_at=found.started_at,
        seconds=found.seconds,
        streams=[
            StreamOut(
                port=stream.port,
                side=stream.side,
                payload_types=[TypeOut(number=one.number, name=one.name) for one in stream.payload_types],
            )
            for stream in found.streams
        ],
        parts=[
            SealedPartOut(
                name=part.name,
                kind=part.kind,
                size=part.size,
                sha256=part.sha256,
                url=reverse("rest:part", args=[recording_id, part.name]),
            )
            for part in found.parts
        ],
        sheet=_sheet(recordings.sealed_sheets(here.viewer, [recording_id])[0]),
    )


@router.get(
    "/sheets",
    response=answers(list[SheetOut], 422),
    url_name="sheets",
    summary="Who spoke in some recordings, sealed",
    auth=Scope("recordings:read"),
)
def list_sheets(request: HttpRequest, wanted: Query[WantedSheets]) -> list[SheetOut]:
    """The sealed party sheets of those of the recordings that this person may see."""
    gate.ask(agreements.FIND_RECORDINGS, now=timezone.now())
    return [_sheet(one) for one in recordings.sealed_sheets(inside(request).viewer, wanted.id)]


def _sheet(found: recordings.SealedSheet) -> SheetOut:
    return SheetOut(
        recording=found.recording_id,
        sealed=b64encode(found.sealed).decode(),
        wrapped=b64encode(found.wrapped).decode(),
    )
