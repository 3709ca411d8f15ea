"""Searches of recordings that people keep, for themselves or for their colleagues."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from parley.people import api as people
from parley.web import retention_words, rules
from parley.web.place import inside
from parley.web.recording_filters import Filters, parse_filters


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """One's own and those of colleagues; POST keeps one (`name`, `query`, `shared`) or removes one (`remove`)."""
    here, now, wrong = inside(request), timezone.now(), ""
    if request.method == "POST":
        try:
            if "remove" in request.POST:
                people.remove_search(_id(request.POST["remove"]), by=here.person.id, at=now)
            else:
                people.save_search(
                    name=request.POST.get("name", ""), query=_query(request.POST.get("query", "")).query(),
                    shared="shared" in request.POST, by=here.person.id, at=now,
                )  # fmt: skip
            return HttpResponseRedirect(reverse("recordings-searches"))
        except (people.SearchRefused, rules.BadFilter) as error:
            wrong = f"{str(error.args[0]).capitalize()}. {getattr(error, 'remedy', '') or ''}".strip()
    found = people.saved_searches(here.person.id)
    context = {
        "here": "recordings",
        "searches": found,
        "names": retention_words.named(*(one.by for one in found)),
        "wrong": wrong,
        "values": request.POST,
    }
    part = "web/console/_recordings_searches.html" if here.htmx else "web/console/recordings_searches.html"
    return render(request, part, context, status=400 if wrong else 200)


def _query(text: str) -> Filters:
    """What an address asks for, read as the list reads it. Raises BadFilter."""
    return parse_filters(QueryDict(text[:4000]).dict())


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise people.SearchRefused("there is no such search", remedy="Load the page again.") from error
