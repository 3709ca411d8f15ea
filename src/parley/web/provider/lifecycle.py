"""Customers that leave: where each departure stands, what comes next, and the deeds of the provider's staff."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from parley.lifecycle import api as lifecycle
from parley.web.filled import Filled
from parley.web.lifecycle_words import STATES, STEPS, told
from parley.web.place import inside

PAGE_ROWS: Final = 50
_DEEDS = ("export", "link", "release")


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Departures of all customers, newest first; `?open=1` leaves out what is over."""
    try:
        before = datetime.fromisoformat(request.GET["before"])
    except (KeyError, ValueError):
        before = None
    open_only = request.GET.get("open") == "1"
    found = lifecycle.departures(open_only=open_only, before=before, limit=PAGE_ROWS + 1)
    shown = found[:PAGE_ROWS]
    context = {
        "here": "departures",
        "lines": [_line(one) for one in shown],
        "open_only": open_only,
        "older": before is not None,
        "next": shown[-1].opened_at.isoformat() if len(found) > PAGE_ROWS else "",
    }
    return render(request, "web/provider/departures.html", context)


@require_http_methods(["GET", "POST"])
def departure(request: HttpRequest, departure_id: UUID) -> HttpResponse:
    """One departure; a POST is the deed that its button names."""
    found, now = _found(departure_id), timezone.now()
    filled, problem, link = Filled(request.POST.dict()), None, ""
    if request.method == "POST":
        try:
            link = _do(request, found, filled, now=now)
        except lifecycle.LifecycleError as refused:
            problem = refused
        if not filled.wrong and problem is None and not link:
            return HttpResponseRedirect(reverse("departure", args=[departure_id]))
        found = _found(departure_id)
    context = {"here": "departures", "form": filled.fields(), "problem": problem, "link": link, **told(found, now=now)}
    wrong = bool(filled.wrong) or problem is not None
    return render(request, "web/provider/departure.html", context, status=400 if wrong else 200)


@require_GET
def progress(request: HttpRequest, departure_id: UUID) -> HttpResponse:
    """How far the step under way has come: a piece of the page."""
    context = told(_found(departure_id), now=timezone.now())
    return render(request, "web/provider/_departure_work.html", context)


@require_GET
def statement(_request: HttpRequest, departure_id: UUID, statement: int) -> HttpResponse:
    """A statement of progress as it was entered into the log."""
    made = next((one for one in lifecycle.statements(departure_id) if one.number == statement), None)
    if made is None:
        raise Http404("no such statement")
    return document(made.document.encode(), f"statement-{statement}.json", "application/json")


@require_GET
def certificate(_request: HttpRequest, departure_id: UUID, paper: str) -> HttpResponse:
    """The certificate as a paper, as JSON, or its proof."""
    return certificate_file(departure_id, paper)


def certificate_file(departure_id: UUID, form: str) -> HttpResponse:
    """One of the certificate's three files."""
    made = lifecycle.certificate(departure_id)
    files = {} if made is None else {
        "pdf": (made.pdf, "certificate.pdf", "application/pdf"),
        "json": (made.document.encode(), "certificate.json", "application/json"),
        "proof": (made.proof or b"", "proof.json", "application/json"),
    }  # fmt: skip
    if form not in files or not files[form][0]:
        raise Http404("no such file")
    return document(*files[form])


def document(content: bytes, name: str, media_type: str) -> HttpResponse:
    """A file to keep."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _found(departure_id: UUID) -> lifecycle.DepartureView:
    try:
        return lifecycle.departure(departure_id)
    except lifecycle.UnknownDeparture as error:
        raise Http404("no such departure") from error


def _do(request: HttpRequest, found: lifecycle.DepartureView, filled: Filled, *, now: datetime) -> str:
    """Does what was asked for; the fresh link, when that was it."""
    deed, by = filled.choice("deed", _DEEDS), str(inside(request).person.id)
    if deed == "export":
        sender = filled.text("sender", most=254)
        if not filled.wrong:
            lifecycle.ask_export(found.id, channel="e-mail", by=by, at=now, sender=sender)
    elif deed == "release":
        chosen = filled.choice("package", [str(one.id) for one in found.isolated if one.until is None])
        if not filled.wrong:
            lifecycle.release_isolated(found.id, UUID(chosen), by=by, at=now)
    elif deed == "link":
        return lifecycle.new_link(found.id, by=by, at=now)
    return ""


def _line(one: lifecycle.DepartureView) -> dict[str, Any]:
    word, shape = STATES[one.state]
    return {"view": one, "state": word, "shape": shape, "next": STEPS.get(one.next_step, "")}
