"""Alarms: calls that should have been recorded and were not, or were not heard."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from parley.recordings import api as recordings
from parley.web import retention_words as words
from parley.web.access import sees_everything
from parley.web.place import inside

PAGE_ROWS: Final = 50


@sees_everything
@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """All alarms, newest first; a POST says that one was seen."""
    if request.method == "POST":
        alarm_id = _id(request.POST.get("alarm", ""))
        if alarm_id is not None:
            recordings.alarms.acknowledge(alarm_id, by=inside(request).person.id, at=timezone.now())
        return HttpResponseRedirect(reverse("alarms"))
    found = recordings.alarms.alarms(before=_place(request.GET.get("before", "")), limit=PAGE_ROWS + 1)
    shown = found[:PAGE_ROWS]
    last = shown[-1] if len(found) > PAGE_ROWS else None
    context = {
        "here": "live",
        "alarms": [{"alarm": one, "words": recordings.alarms.in_words(one.cause)} for one in shown],
        "names": words.named(*(one.acknowledged_by for one in shown)),
        "more": f"{last.raised_at.isoformat()}_{last.id}" if last else "",
    }
    return render(request, "web/console/alarms.html", context)


def _place(text: str) -> tuple[datetime, UUID] | None:
    at, _, alarm = text.partition("_")
    alarm_id = _id(alarm)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return None if alarm_id is None or moment.tzinfo is None else (moment, alarm_id)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
