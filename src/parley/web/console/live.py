"""Calls that are being recorded now."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from parley.agreement.api import FIND_RECORDINGS
from parley.recordings import api as recordings
from parley.web import gate
from parley.web.place import inside


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """The live list; the page asks for it again whenever the event stream says that something changed."""
    here = inside(request)
    gate.ask(FIND_RECORDINGS, now=timezone.now())
    calls = [
        {
            "sealed": call.sealed,
            "caller": _party(call, "caller"),
            "callee": _party(call, "callee"),
            "started_at": call.started_at,
            "direction": call.direction,
            "trunk_name": call.trunk_name,
            "packets": call.packets,
            "bytes": call.bytes,
            "on_hold": call.on_hold,
        }
        for call in recordings.live(here.viewer)
    ]
    events = f"{settings.PARLEY_EVENTS_URL}{here.prefix}events"
    return render(request, "web/console/live.html", {"here": "live", "calls": calls, "events_url": events})


def _party(call: recordings.LiveCallView, role: str) -> recordings.Party | None:
    return next((party for party in call.parties if party.role == role), None)
