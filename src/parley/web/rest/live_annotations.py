"""Notes and tags on calls that still run: when such a call is kept, they are those of its recording."""

from typing import Final
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from parley.recordings import api as recordings
from parley.web.place import inside
from parley.web.rest.annotations import LONGEST_MOMENT, NoteOut, TagOut, note_out, tag_out
from parley.web.rest.description import answers
from parley.web.rest.schemas import Line, Text
from parley.web.rest.scopes import Scope

router = Router(tags=["recordings"])
_MOMENT: Final = "Milliseconds from the beginning of the call; without it: now"


class NewLiveNote(Schema):
    """A note on a call that runs, at a moment of it or on the `whole`."""

    text: Text = Field(min_length=1, max_length=4000)
    moment_ms: int | None = Field(None, ge=0, le=LONGEST_MOMENT, description=_MOMENT)
    whole: bool = False


class NewLiveTag(Schema):
    """A tag; `moment_ms` and `whole` as in a note."""

    tag: Line = Field(min_length=1, max_length=64)
    moment_ms: int | None = Field(None, ge=0, le=LONGEST_MOMENT, description=_MOMENT)
    whole: bool = False


@router.get(
    "/live/{uuid:call_id}/notes",
    response=answers(list[NoteOut], 404, 422),
    url_name="live-notes",
    summary="The notes on a call that runs",
    auth=Scope("live:read"),
)
def list_live_notes(request: HttpRequest, call_id: UUID) -> list[NoteOut]:
    """Those on the whole first, then by moment. 404 once it is over: its recording has the same id, and its notes."""
    return [note_out(one) for one in recordings.live_notes(inside(request).viewer, call_id)]


@router.post(
    "/live/{uuid:call_id}/notes",
    response=answers(NoteOut, 404, 409, 422, success=201),
    summary="Write a note on a call that runs",
    auth=Scope("live:control"),
)
def add_live_note(request: HttpRequest, call_id: UUID, new: NewLiveNote) -> Status[NoteOut]:
    """A call that has just ended takes it too. 409: the call has had no such moment, or is not recorded at all."""
    here = inside(request)
    made = recordings.add_live_note(
        here.viewer, call_id, text=new.text, moment_ms=new.moment_ms, whole=new.whole, by=here.person.id,
        at=timezone.now(),
    )  # fmt: skip
    return Status(201, note_out(made))


@router.delete(
    "/live/{uuid:call_id}/notes/{uuid:note_id}",
    response=answers(None, 404, 409, 422, success=204),
    summary="Remove a note from a call that runs",
    auth=Scope("live:control"),
)
def remove_live_note(request: HttpRequest, call_id: UUID, note_id: UUID) -> Status[None]:
    """Your own, or any for who oversees."""
    known = recordings.live_notes(inside(request).viewer, call_id)
    return _remove(request, call_id, note_id, {one.id for one in known})


@router.get(
    "/live/{uuid:call_id}/tags",
    response=answers(list[TagOut], 404, 422),
    url_name="live-tags",
    summary="The tags of a call that runs",
    auth=Scope("live:read"),
)
def list_live_tags(request: HttpRequest, call_id: UUID) -> list[TagOut]:
    """As its notes."""
    return [tag_out(one) for one in recordings.live_tags(inside(request).viewer, call_id)]


@router.post(
    "/live/{uuid:call_id}/tags",
    response=answers(TagOut, 404, 409, 422, success=201),
    summary="Add a tag to a call that runs",
    auth=Scope("live:control"),
)
def add_live_tag(request: HttpRequest, call_id: UUID, new: NewLiveTag) -> Status[TagOut]:
    """The same twice at one moment is kept once; otherwise as a note."""
    here = inside(request)
    made = recordings.add_live_tag(
        here.viewer, call_id, tag=new.tag, moment_ms=new.moment_ms, whole=new.whole, by=here.person.id,
        at=timezone.now(),
    )  # fmt: skip
    return Status(201, tag_out(made))


@router.delete(
    "/live/{uuid:call_id}/tags/{uuid:tag_id}",
    response=answers(None, 404, 409, 422, success=204),
    summary="Take a tag off a call that runs",
    auth=Scope("live:control"),
)
def remove_live_tag(request: HttpRequest, call_id: UUID, tag_id: UUID) -> Status[None]:
    """Your own, or any for who oversees."""
    known = recordings.live_tags(inside(request).viewer, call_id)
    return _remove(request, call_id, tag_id, {one.id for one in known})


def _remove(request: HttpRequest, call_id: UUID, remark: UUID, known: set[UUID]) -> Status[None]:
    here = inside(request)
    if remark not in known:
        raise recordings.NoSuchAnnotation("there is no such note or tag on this call")
    recordings.remove_live_remark(here.viewer, call_id, remark, by=here.person.id, at=timezone.now())
    return Status(204, None)
