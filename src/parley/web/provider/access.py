"""Access by staff, as the staff sees it: ask, look under a grant, end; the review of the staff; who handles data."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.agreement.api import OFFERINGS
from parley.governance.access import api as access
from parley.recordings import api as recordings
from parley.tenancy import api as tenancy
from parley.web import access_words as words
from parley.web.console import access as console
from parley.web.place import inside

PAGE_ROWS: Final = 50
_ACTIVE: Final = ("call-recording",)


@require_GET
def docket(request: HttpRequest) -> HttpResponse:
    """All requests over all customers, newest first."""
    now = timezone.now()
    before = _id(request.GET.get("before", ""))
    rows = access.docket(at=now, limit=PAGE_ROWS + 1, before=before)
    shown = rows[:PAGE_ROWS]
    names = {one.id: one for one in tenancy.customers()}
    context = {
        "here": "access",
        "rows": [
            {"row": row, "customer": names.get(row.customer_id), **words.state(words.ACCESS, row.state)}
            for row in shown
        ],
        "mine": inside(request).person.id,
        "older": before is not None,
        "next": shown[-1].id if len(rows) > PAGE_ROWS else "",
        "review": access.last_staff_review(),
    }
    return render(request, "web/provider/access.html", context)


@require_GET
def support(request: HttpRequest, handle: str) -> HttpResponse:
    """What a grant lets this person see of a customer's recordings: how they went, no party, no content. Each look is
    evidence; without a grant the gate refuses, and names the clause."""
    here, now = inside(request), timezone.now()
    before = _id(request.GET.get("before", ""))
    with _customer(handle) as customer:
        seen = access.look(
            staff_id=here.person.id, what="recordings", at=now, details={"before": str(before)} if before else None
        )
        rows = recordings.support_rows(limit=PAGE_ROWS + 1, before=before)
    shown = rows[:PAGE_ROWS]
    context = {
        "here": "access",
        "looked_at": customer,
        "access": seen,
        "rows": shown,
        "older": before is not None,
        "next": shown[-1].recording_id if len(rows) > PAGE_ROWS else "",
    }
    return render(request, "web/provider/support.html", context)


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, handle: str) -> HttpResponse:
    """The form that asks for access, and what became of this person's requests."""
    here, now = inside(request), timezone.now()
    wrong: dict[str, str] = {}
    refused: access.AccessRefused | None = None
    with _customer(handle) as customer:
        if request.method == "POST":
            try:
                _deed(request, staff=here.person.id, name=here.person.name)
            except access.AccessFormError as error:
                wrong = words.wrong_of(error)
            except access.AccessRefused as error:
                refused = error
            else:
                return HttpResponseRedirect(reverse("support-ask", args=[handle]))
        term = access.term()
        own = [one for one in access.history(at=now) if one.staff_id == here.person.id]
    open_one = next((one for one in own if one.state in ("asked", "active")), None)
    context = {
        "here": "access",
        "looked_at": customer,
        "term": term,
        "open_one": open_one and console.line(open_one),
        "lines": [console.line(one) for one in own],
        "offerings": [(key, OFFERINGS[key]) for key in _ACTIVE],
        "values": request.POST or {"minutes": "60"},
        "wrong": wrong,
        "refused": refused and {"what": str(refused.args[0]), "clause": refused.clause, "remedy": refused.remedy},
    }
    return render(request, "web/provider/support_ask.html", context, status=400 if wrong or refused else 200)


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    """The review of the provider's own staff; every customer hears of it."""
    return console.reviewed(
        request,
        roles=["operator"],
        template="web/provider/access_review.html",
        back="staff-review",
        person=inside(request).person,
    )


@require_http_methods(["GET", "POST"])
def handlers(request: HttpRequest) -> HttpResponse:
    """The register of who and what handles data: enter, close."""
    here, now = inside(request), timezone.now()
    wrong: dict[str, str] = {}
    if request.method == "POST":
        try:
            _enter(request, by=here.person.id)
        except access.AccessFormError as error:
            wrong = words.wrong_of(error)
        else:
            return HttpResponseRedirect(reverse("provider-handlers"))
    today = now.date()
    entries = access.handlers_register()
    context = {
        "here": "access",
        "groups": console.handler_groups([one for one in entries if one.until is None or one.until > today]),
        "former": [one for one in entries if one.until is not None and one.until <= today],
        "kinds": words.HANDLERS.items(),
        "today": today.isoformat(),
        "values": request.POST,
        "wrong": wrong,
    }
    return render(request, "web/provider/handlers.html", context, status=400 if wrong else 200)


def _deed(request: HttpRequest, *, staff: UUID, name: str) -> None:
    now, given = timezone.now(), request.POST
    if given.get("deed") == "ask":
        minutes = given.get("minutes", "")
        access.ask_access(
            staff_id=staff,
            staff_name=name,
            offering=given.get("offering", ""),
            reason=given.get("reason", ""),
            case=given.get("case", ""),
            minutes=int(minutes) if minutes.isdecimal() and len(minutes) < 6 else 0,
            at=now,
        )
        return
    found = _id(given.get("access", ""))
    own = access.get(found, at=now) if found else None
    if own is None or own.staff_id != staff:
        raise Http404("not a request of this person")
    if given.get("deed") == "withdraw":
        access.withdraw(own.id, staff_id=staff, at=now)
    elif given.get("deed") == "end":
        access.end(own.id, by=staff, party="provider", at=now)


def _enter(request: HttpRequest, *, by: UUID) -> None:
    now, given = timezone.now(), request.POST
    entry = _id(given.get("entry", ""))
    if given.get("deed") == "close" and entry:
        access.close_handler(entry, until=now.date(), by=by, at=now)
        return
    kind = next((key for key in words.HANDLERS if key == given.get("kind")), "employees")
    try:
        since = date.fromisoformat(given.get("since", ""))
    except ValueError as error:
        raise access.AccessFormError(_("a day is written 2026-11-22"), field="since") from error
    access.enter_handler(
        kind=kind,  # type: ignore[arg-type]
        name=given.get("name", ""),
        country=given.get("country", ""),
        does=given.get("does", ""),
        bound_by=given.get("bound_by", ""),
        since=since,
        by=by,
        at=now,
    )


@contextmanager
def _customer(handle: str) -> Iterator[tenancy.Customer]:
    found = tenancy.by_handle(handle)
    if found is None or found.kind != "customer":
        raise Http404("no such customer")
    with tenancy.scope(found):
        yield found


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def open_customer(handle: str) -> Any:
    """The scope of the customer of that handle, for the provider's pages about one; 404 for nobody."""
    return _customer(handle)
