"""A call that runs: what is recorded of it, what is done with it, what is noted on it meanwhile."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from parley.agreement.api import FIND_RECORDINGS
from parley.people import api as people
from parley.recordings import api as recordings
from parley.web import gate
from parley.web.console import awareness
from parley.web.console.live import DO, events_url, line
from parley.web.console.recording_player import BadMoment, Remark, as_shown, moment_of, remarks
from parley.web.place import inside

_REMOVALS: Final = frozenset({"remove-note", "remove-tag"})
_REFUSED: Final = (recordings.AnnotationRefused, recordings.NoSuchAnnotation, recordings.DeedRefused, BadMoment)


@require_http_methods(["GET", "POST"])
def call(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """The page of a call that runs; once its recording is there, it leads to that. A POST steers, notes or tags."""
    here, now = inside(request), timezone.now()
    gate.ask(FIND_RECORDINGS, now=now)
    if request.method == "GET":
        return _shown(request, call_id, now=now)
    try:
        _done(request, call_id, request.POST.get("deed", ""), now=now)
    except _REFUSED as error:
        return _shown(request, call_id, now=now, wrong=f"{str(error.args[0]).capitalize()}. {error.remedy}")
    except ValueError:
        return _shown(request, call_id, now=now, wrong=_("This note or tag is gone already."))
    if _recorded(here.viewer, call_id):
        return HttpResponseRedirect(reverse("recording", args=[call_id]) + "#remarks")
    return HttpResponseRedirect(reverse("live-call", args=[call_id]) + "?more=1")


def _done(request: HttpRequest, call_id: UUID, deed: str, *, now: datetime) -> None:
    here, said = inside(request), request.POST
    who = here.person.id
    if deed in {"note", "tag"}:
        whole = said.get("whole") == "yes"
        moment = None if whole else moment_of(said.get("moment", ""))
        text = said.get("text", "")
        if deed == "note":
            recordings.add_live_note(here.viewer, call_id, text=text, moment_ms=moment, whole=whole, by=who, at=now)
        else:
            recordings.add_live_tag(here.viewer, call_id, tag=text, moment_ms=moment, whole=whole, by=who, at=now)
    elif deed in _REMOVALS:
        recordings.remove_live_remark(here.viewer, call_id, UUID(said.get("one", "")), by=who, at=now)
    elif deed in DO:
        DO[deed](here.viewer, call_id, by=who, at=now)


def _shown(request: HttpRequest, call_id: UUID, *, now: datetime, wrong: str = "") -> HttpResponse:
    here = inside(request)
    found = recordings.live(here.viewer, only=call_id)
    kept = not found and _recorded(here.viewer, call_id)
    if kept and not wrong and request.headers.get("HX-Request") != "true":
        return HttpResponseRedirect(reverse("recording", args=[call_id]) + "#remarks")
    if not (found or kept or recordings.was_live(here.viewer, call_id)):
        raise recordings.NoSuchRecording("there is no such call now", remedy=_("Look at the list of running calls."))
    context = {
        "here": "live",
        "call_id": call_id,
        "row": line(found[0]) if found else None,
        "kept": kept,
        "elapsed": round((now - found[0].started_at).total_seconds() * 1000) if found else "",
        "sealed": here.customer.custody == "customer-held",
        "remarks": remarks(here.viewer, call_id) if kept else _said(here.viewer, call_id),
        "subject": call_id,
        "awareness": awareness.shown(recordings.awareness_of(here.viewer, call_id)),
        "told_refused": request.GET.get("told") == "no",
        "known_tags": recordings.known_tags(here.viewer),
        "events_url": events_url(here),
        "more": "more" in request.GET,
        "wrong": wrong,
        "values": request.POST,
    }
    return render(request, "web/console/live_call.html", context, status=400 if wrong else 200)


def _said(viewer: people.Viewer, call_id: UUID) -> list[Remark]:
    return as_shown(recordings.live_notes(viewer, call_id), recordings.live_tags(viewer, call_id))


def _recorded(viewer: people.Viewer, call_id: UUID) -> bool:
    """Whether the call has become a recording that this viewer sees."""
    try:
        recordings.notes(viewer, call_id)
    except recordings.NoSuchRecording:
        return False
    return True
