"""The customer's own rehearsals: what an event would bring under its agreement."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from parley.web import rehearsal as rehearsals
from parley.web.access import sees_everything
from parley.web.place import inside


@require_GET
@sees_everything
def rehearsal(request: HttpRequest) -> HttpResponse:
    """The timeline of the event in the address, the end of the contract by default."""
    shown = rehearsals.page(inside(request).customer, request.GET.dict(), now=datetime.now(UTC))
    return render(request, "web/console/rehearsal.html", {"here": "rehearsal"} | shown)
