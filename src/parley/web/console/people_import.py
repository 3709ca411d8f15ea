"""A list of people: upload, a look at what it would bring, the deed, the rows to mend."""

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from parley.people import api as people
from parley.web.access import administers
from parley.web.console.people import said
from parley.web.place import inside

_SHOWN: Final = 50


@administers
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """What a list looks like; a POST brings one, whose own page comes next."""
    here, problem = inside(request), ""
    if request.method == "POST":
        try:
            made = people.importing.upload(
                _content(request), region=people.home_region(), by=here.person.id, at=timezone.now()
            )
        except people.ListRefused as error:
            problem = said(error)
        else:
            return HttpResponseRedirect(reverse("people-list", args=[made]))
    context = {"here": "people", "columns": people.importing.COLUMNS, "problem": problem}
    return render(request, "web/console/people/import.html", context, status=400 if problem else 200)


@administers
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """What a list would bring; a POST brings it. `?returned` is the file of the rows to mend."""
    here = inside(request)
    if request.method == "POST":
        invite = bool(request.POST.get("invite"))
        done = people.importing.bring(list_id, invite_them=invite, by=here.person.id, at=timezone.now())
        context = {"here": "people", "done": done, "shown": done.wrong[:_SHOWN], "invited": invite}
        return render(request, "web/console/people/imported.html", context)
    preview = people.importing.preview(list_id, by=here.person.id)
    if "returned" in request.GET:
        response = HttpResponse(people.importing.returned(preview.wrong), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="people-to-mend.csv"'
        return response
    context = {
        "here": "people", "list_id": list_id, "preview": preview, "wrong": preview.wrong[:_SHOWN],
        "good": preview.good[:_SHOWN],
    }  # fmt: skip
    return render(request, "web/console/people/preview.html", context)


def _content(request: HttpRequest) -> bytes:
    file = request.FILES.get("file")
    if file is None or (file.size or 0) > people.importing.MOST_BYTES:
        raise people.ListRefused(_("there is no list, or it is larger than 4 MB"), remedy=_("Choose a CSV."))
    content: bytes = file.read()
    return content
