"""Calls that run now: what is recorded of each, what may be done with it, and what is the matter."""

from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.agreement.api import FIND_RECORDINGS
from parley.people import api as people
from parley.recordings import api as recordings
from parley.web import gate
from parley.web.place import ConsoleRequest, inside

STATES: Final = {
    "recording": (_("recording"), "kept"),
    "paused": (_("paused: nothing is written"), "due"),
    "dormant": (_("not recorded"), "idle"),
    "buffered": (_("recorded, discarded at the end"), "due"),
    "off": (_("not recorded"), "idle"),
    "stopped": (_("stopped: no consent"), "late"),
}
"""In words, and the shape of the mark."""
DEEDS: Final = {
    "recording": (("pause", _("Pause")),),
    "paused": (("resume", _("Resume")),),
    "dormant": (("start", _("Record")),),
    "buffered": (("keep", _("Keep")), ("pause", _("Pause"))),
}
DO: Final = {
    "pause": recordings.pause, "resume": recordings.resume, "start": recordings.start, "keep": recordings.keep,
}  # fmt: skip


@require_http_methods(["GET", "POST"])
def live(request: HttpRequest) -> HttpResponse:
    """The live list; the page asks for it again whenever the event stream says that something changed. A POST steers a
    call."""
    if request.method == "POST":
        return _steer(request)
    here, now = inside(request), timezone.now()
    gate.ask(FIND_RECORDINGS, now=now)
    context = {
        "here": "live",
        "calls": [line(call) for call in recordings.live(here.viewer)],
        "alarms": [
            {"alarm": one, "words": recordings.alarms.in_words(one.cause)}
            for one in (recordings.alarms.alarms(open_only=True, limit=5) if here.viewer.oversees else ())
        ],
        "oversees": here.viewer.oversees,
        "refused": request.GET.get("refused", ""),
        "events_url": events_url(here),
    }
    return render(request, "web/console/live.html", context)


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """Whether a call of this person is being recorded now: for a badge on its desktop. No party, no number."""
    here, now = inside(request), timezone.now()
    gate.ask(FIND_RECORDINGS, now=now)
    numbers = people.number_indexes(users=[here.person.id])
    own = people.Viewer(user_id=here.person.id, role=here.viewer.role, number_indexes=numbers)
    calls = recordings.live(own)
    return JsonResponse(
        {
            "recorded": any(call.state in {"recording", "buffered"} for call in calls),
            "calls": [
                {
                    "recording_id": str(call.recording_id),
                    "started_at": call.started_at.isoformat(),
                    "state": call.state,
                    "on_hold": call.on_hold,
                    "resumes_at": call.resumes_at.isoformat() if call.resumes_at else None,
                }
                for call in calls
            ],
        }
    )


def _steer(request: HttpRequest) -> HttpResponse:
    """Pause, resume, start or keep a running call; the list then says what came of it."""
    here, deed = inside(request), request.POST.get("deed", "")
    try:
        recording_id = UUID(request.POST.get("recording", ""))
    except ValueError:
        return HttpResponseRedirect(f"{reverse('live')}?refused=1")
    try:
        if deed in DO:
            DO[deed](here.viewer, recording_id, by=here.person.id, at=timezone.now())
    except (recordings.DeedRefused, recordings.NoSuchRecording):  # somebody else was quicker, or the call is over
        return HttpResponseRedirect(f"{reverse('live')}?refused=1")
    return HttpResponseRedirect(reverse("live"))


def line(call: recordings.LiveCallView) -> dict[str, Any]:
    """A running call as its row, and the head of its page, show it."""
    words, shape = STATES[call.state]
    return {
        "call": call,
        "caller": _party(call, "caller"),
        "callee": _party(call, "callee"),
        "state": words,
        "shape": shape,
        "deeds": DEEDS.get(call.state, ()) + ((("keep", _("Keep")),) if _discarded(call) else ()),
    }


def events_url(here: ConsoleRequest) -> str:
    """Where a page hears that something about running calls has changed."""
    return f"{settings.PARLEY_EVENTS_URL}{here.prefix}events"


def _discarded(call: recordings.LiveCallView) -> bool:
    """Whether a call in a pause may still have to be kept: of one that is kept already the recorder says so."""
    return call.state == "paused" and call.mode == "keep-live"


def _party(call: recordings.LiveCallView, role: str) -> recordings.Party | None:
    return next((party for party in call.parties if party.role == role), None)
