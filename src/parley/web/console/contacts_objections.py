"""The objection list: who must not be contacted, for what; whether somebody is on it; the list as a file."""

from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from parley.contacts import api as contacts
from parley.tenancy import api as tenancy
from parley.web import contact_words as words
from parley.web.access import sees_everything
from parley.web.filled import Filled
from parley.web.place import inside
from parley.web.problems import forbidden

PAGE_ROWS: Final = 50
_WHO: Final = {"contact": True, "nobody": False}


@sees_everything
@require_http_methods(["GET", "POST"])
def objections(request: HttpRequest) -> HttpResponse:
    """The list, as its address says; a POST asks whether a number or an address is on it."""
    here, filled = inside(request), Filled(request.POST.dict())
    found: tuple[contacts.ObjectionView, ...] | None = None
    if request.method == "POST":
        found = _checked(filled, by=str(here.person.id))
    kept = _kept(request)
    cursor = request.GET.get("after") or None
    page = contacts.objection_list(**_wanted(kept), limit=PAGE_ROWS, cursor=cursor, viewer=here.viewer)
    counts = contacts.objection_counts()
    purposes = {**words.PURPOSES, **{one: one for one in contacts.objection_purposes() if one not in words.PURPOSES}}
    purposes.pop("*", None)
    context = {
        "here": "contacts", "lines": [(one, *_said(one), _entries(one)) for one in page.lines], "asked": kept,
        "query": urlencode(kept), "next": urlencode({**kept, "after": page.cursor}) if page.cursor else "",
        "older": cursor is not None, "total": sum(counts.values()), "numbers": counts.get("number", 0),
        "emails": counts.get("email", 0), "purposes": purposes.items(), "channels": words.CHANNELS.items(),
        "who": filled.values.get("who", ""), "wrong": filled.wrong.get("who", ""), "looked": found is not None,
        "found": [(one, *_said(one)) for one in found or ()],
    }  # fmt: skip
    return render(request, "web/console/contacts/objections.html", context, status=400 if filled.wrong else 200)


@require_GET
def table(request: HttpRequest) -> HttpResponseBase:
    """The list as CSV, as the address says; streamed, to those who see everything."""
    here, now = inside(request), timezone.now()
    if not here.viewer.oversees:
        return forbidden(request)
    pieces = contacts.export_objections(**_wanted(_kept(request)), by=str(here.person.id), at=now, viewer=here.viewer)
    customer = here.customer

    def scoped() -> Any:
        # The answer is read after the middleware has left the customer's scope.
        with tenancy.scope(customer):
            yield from pieces

    return StreamingHttpResponse(
        scoped(), content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="objections-{now:%Y-%m-%d}.csv"'},
    )  # fmt: skip


def _kept(request: HttpRequest) -> dict[str, str]:
    """What the address asks for, without what it cannot mean."""
    asked = {name: request.GET.get(name, "")[:64] for name in ("purpose", "channel", "who")}
    if asked["channel"] not in words.CHANNELS:
        asked["channel"] = ""
    if asked["who"] not in _WHO:
        asked["who"] = ""
    return {name: value for name, value in asked.items() if value and "\0" not in value}


def _wanted(kept: dict[str, str]) -> dict[str, Any]:
    return {
        "purpose": kept.get("purpose", ""), "channel": kept.get("channel", ""), "known": _WHO.get(kept.get("who", "")),
    }  # fmt: skip


def _checked(filled: Filled, *, by: str) -> tuple[contacts.ObjectionView, ...] | None:
    who = filled.text("who", most=320)
    if filled.wrong:
        return None
    try:
        return contacts.check_objection(who, by=by, at=timezone.now())
    except contacts.ContactRefused as error:
        words.told(filled, error)
        return None


def _said(one: contacts.ObjectionLine | contacts.ObjectionView) -> tuple[str, str, str]:
    """For what, by which way, how it came, in words."""
    purpose = _("anything") if one.purpose == "*" else words.purpose_words(one.purpose)
    return (
        purpose,
        str(words.ALL_CHANNELS.get(one.channel, one.channel)),
        str(words.GROUNDS.get(one.ground, one.ground)),
    )


def _entries(one: contacts.ObjectionLine) -> list[str]:
    """What is on the list, in words."""
    numbers, emails = one.entries.get("number", 0), one.entries.get("email", 0)
    return [
        *([ngettext("%d telephone number", "%d telephone numbers", numbers) % numbers] if numbers else []),
        *([ngettext("%d e-mail address", "%d e-mail addresses", emails) % emails] if emails else []),
    ]
