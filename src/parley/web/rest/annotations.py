"""Notes and tags on recordings, at a moment or on the whole."""

from base64 import b64encode
from datetime import datetime
from typing import Final
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from parley.recordings import api as recordings
from parley.web.place import inside
from parley.web.rest.description import answers
from parley.web.rest.schemas import Line, Text
from parley.web.rest.scopes import Scope

router = Router(tags=["recordings"])
LONGEST_MOMENT: Final = 7 * 24 * 3600 * 1000


class NewNote(Schema):
    """A note; `moment_ms` is from the start of the recording, null on the whole."""

    text: Text = Field(min_length=1, max_length=4000)
    moment_ms: int | None = Field(None, ge=0, le=LONGEST_MOMENT)


class NewTag(Schema):
    """A tag; `moment_ms` as in a note."""

    tag: Line = Field(min_length=1, max_length=64)
    moment_ms: int | None = Field(None, ge=0, le=LONGEST_MOMENT)


class NoteOut(Schema):
    """What somebody wrote. `text` is null where only the customer can open it: then `sealed` and its key in `wrapped`
    (age) say it, both in base64."""

    id: UUID
    recording: UUID
    moment_ms: int | None
    text: str | None
    by: UUID
    at: datetime
    sealed: str | None
    wrapped: str | None


class TagOut(Schema):
    """What somebody filed it under; `tag` null, `sealed` and `wrapped` as in a note."""

    id: UUID
    recording: UUID
    moment_ms: int | None
    tag: str | None
    by: UUID
    at: datetime
    sealed: str | None
    wrapped: str | None


@router.get(
    "/recordings/{uuid:recording_id}/notes",
    response=answers(list[NoteOut], 404, 422),
    url_name="notes",
    summary="The notes on a recording",
    auth=Scope("recordings:read"),
)
def list_notes(request: HttpRequest, recording_id: UUID) -> list[NoteOut]:
    """Those on the whole first, then by moment."""
    return [note_out(one) for one in recordings.notes(inside(request).viewer, recording_id)]


@router.post(
    "/recordings/{uuid:recording_id}/notes",
    response=answers(NoteOut, 404, 409, 422, success=201),
    summary="Write a note",
    auth=Scope("recordings:write"),
)
def add_note(request: HttpRequest, recording_id: UUID, new: NewNote) -> Status[NoteOut]:
    """On the recording, or at a moment of it."""
    here = inside(request)
    made = recordings.add_note(
        here.viewer, recording_id, moment_ms=new.moment_ms, text=new.text, by=here.person.id, at=timezone.now()
    )
    return Status(201, note_out(made))


@router.delete(
    "/recordings/{uuid:recording_id}/notes/{uuid:note_id}",
    response=answers(None, 404, 409, 422, success=204),
    summary="Remove a note",
    auth=Scope("recordings:write"),
)
def remove_note(request: HttpRequest, recording_id: UUID, note_id: UUID) -> Status[None]:
    """Your own, or any for who oversees."""
    here = inside(request)
    _require(note_id, {one.id for one in recordings.notes(here.viewer, recording_id)})
    recordings.remove_note(here.viewer, note_id, by=here.person.id, at=timezone.now())
    return Status(204, None)


@router.get(
    "/recordings/{uuid:recording_id}/tags",
    response=answers(list[TagOut], 404, 422),
    url_name="tags",
    summary="The tags of a recording",
    auth=Scope("recordings:read"),
)
def list_tags(request: HttpRequest, recording_id: UUID) -> list[TagOut]:
    """Those on the whole first, then by moment."""
    return [tag_out(one) for one in recordings.tags(inside(request).viewer, recording_id)]


@router.post(
    "/recordings/{uuid:recording_id}/tags",
    response=answers(TagOut, 404, 409, 422, success=201),
    summary="Add a tag",
    auth=Scope("recordings:write"),
)
def add_tag(request: HttpRequest, recording_id: UUID, new: NewTag) -> Status[TagOut]:
    """The same twice is kept once."""
    here = inside(request)
    made = recordings.add_tag(
        here.viewer, recording_id, tag=new.tag, moment_ms=new.moment_ms, by=here.person.id, at=timezone.now()
    )
    return Status(201, tag_out(made))


@router.delete(
    "/recordings/{uuid:recording_id}/tags/{uuid:tag_id}",
    response=answers(None, 404, 409, 422, success=204),
    summary="Take a tag off",
    auth=Scope("recordings:write"),
)
def remove_tag(request: HttpRequest, recording_id: UUID, tag_id: UUID) -> Status[None]:
    """Your own, or any for who oversees."""
    here = inside(request)
    _require(tag_id, {one.id for one in recordings.tags(here.viewer, recording_id)})
    recordings.remove_tag(here.viewer, tag_id, by=here.person.id, at=timezone.now())
    return Status(204, None)


def _require(annotation: UUID, known: set[UUID]) -> None:
    if annotation not in known:
        raise recordings.NoSuchAnnotation("there is no such note or tag on this recording")


def note_out(one: recordings.NoteView) -> NoteOut:
    """A note as it is answered."""
    sealed = one.text is None
    return NoteOut(
        id=one.id, recording=one.recording_id, moment_ms=one.moment_ms, text=one.text, by=one.by, at=one.at,
        sealed=b64encode(one.sealed).decode() if sealed else None,
        wrapped=b64encode(one.wrapped).decode() if sealed else None,
    )  # fmt: skip


def tag_out(one: recordings.TagView) -> TagOut:
    """A tag as it is answered."""
    sealed = one.tag is None
    return TagOut(
        id=one.id, recording=one.recording_id, moment_ms=one.moment_ms, tag=one.tag, by=one.by, at=one.at,
        sealed=b64encode(one.sealed).decode() if sealed else None,
        wrapped=b64encode(one.wrapped).decode() if sealed else None,
    )  # fmt: skip
