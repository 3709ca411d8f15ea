"""Calls that run now: what is recorded of each, and what may be done with it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status

from parley.agreement.api import FIND_RECORDINGS
from parley.recordings import api as recordings
from parley.web import gate
from parley.web.place import inside
from parley.web.rest.description import answers
from parley.web.rest.recordings import parties_out
from parley.web.rest.schemas import PartyOut
from parley.web.rest.scopes import Scope

router = Router(tags=["recordings"])
_DO = {"pause": recordings.pause, "resume": recordings.resume, "start": recordings.start, "keep": recordings.keep}


class LiveOut(Schema):
    """A call that runs now. `mode` is what policy says of it. `state`: recording; buffered (written, and discarded at
    the end unless somebody keeps it); paused; dormant (not written until somebody starts it); off. A pause ends by
    itself at `resumes_at`. `stopped`: somebody does not consent."""

    id: UUID
    started_at: datetime
    seen_at: datetime
    direction: str
    trunk_name: str
    sealed: bool
    parties: list[PartyOut]
    packets: int
    bytes: int
    on_hold: bool
    mode: Literal["always", "never", "on-demand", "keep-live"]
    state: Literal["recording", "paused", "dormant", "buffered", "off", "stopped"]
    resumes_at: datetime | None


class WishOut(Schema):
    """What somebody wants of a call, until the recorder has answered: `done`, or `refused` with `why`."""

    id: UUID
    call: UUID
    deed: Literal["pause", "resume", "start", "keep", "stop", "permit"]
    state: Literal["waiting", "done", "refused"]
    why: str


@router.get(
    "/live",
    response=answers(list[LiveOut]),
    url_name="live",
    summary="Calls being recorded now",
    auth=Scope("live:read"),
)
def list_live(request: HttpRequest) -> list[LiveOut]:
    """The newest first; a call of which nothing is heard for 15 seconds is no longer among them."""
    gate.ask(FIND_RECORDINGS, now=timezone.now())
    return [_out(call) for call in recordings.live(inside(request).viewer)]


@router.get(
    "/live/{uuid:call_id}",
    response=answers(LiveOut, 404, 422),
    url_name="live-call",
    summary="One call that runs now",
    auth=Scope("live:read"),
)
def get_live(request: HttpRequest, call_id: UUID) -> LiveOut:
    """404 once it is over; its recording has the same id."""
    gate.ask(FIND_RECORDINGS, now=timezone.now())
    found = recordings.live(inside(request).viewer, only=call_id)
    if not found:
        raise Http404("there is no such call now")
    return _out(found[0])


@router.post(
    "/live/{uuid:call_id}/{deed}",
    response=answers(WishOut, 404, 409, 422, success=202),
    summary="Pause, resume, start or keep a call",
    auth=Scope("live:control"),
)
def steer_call(
    request: HttpRequest, call_id: UUID, deed: Literal["pause", "resume", "start", "keep"]
) -> Status[WishOut]:
    """The recorder does it within a second: read the wish, or the call. 409: it does not fit the call as it is."""
    here = inside(request)
    wish = _DO[deed](here.viewer, call_id, by=here.person.id, at=timezone.now())
    return Status(202, WishOut(id=wish, call=call_id, deed=deed, state="waiting", why=""))


@router.get(
    "/live/{uuid:call_id}/wishes/{uuid:wish_id}",
    response=answers(WishOut, 404, 422),
    url_name="wish",
    summary="What came of a wish",
    auth=Scope("live:control"),
)
def get_wish(request: HttpRequest, call_id: UUID, wish_id: UUID) -> WishOut:
    """One's own; of anybody for whoever sees every call. What a recorder leaves alone for a minute is refused."""
    wish = recordings.answered(inside(request).viewer, call_id, wish_id)
    state: Literal["waiting", "done", "refused"] = "waiting" if wish.done_at is None else "done"
    return WishOut(
        id=wish_id, call=call_id, deed=wish.deed, state="refused" if wish.refused else state, why=wish.refused
    )


def _out(call: recordings.LiveCallView) -> LiveOut:
    return LiveOut(
        id=call.recording_id, started_at=call.started_at, seen_at=call.seen_at, direction=call.direction,
        trunk_name=call.trunk_name, sealed=call.sealed, parties=parties_out(call.parties), packets=call.packets,
        bytes=call.bytes, on_hold=call.on_hold, mode=call.mode, state=call.state, resumes_at=call.resumes_at,
    )  # fmt: skip
