"""Disclosures, complaints, findings and assessments, as the provider's staff works on them."""

from datetime import datetime, time
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from parley.governance.assistance import api as assistance
from parley.tenancy import api as tenancy
from parley.web import access_words as words
from parley.web.place import inside
from parley.web.provider.access import open_customer

PAGE_ROWS: Final = 50
_KINDS: Final = {"assessment": words.ASSESSMENTS, "complaint": words.COMPLAINTS, "finding": words.FINDINGS}


@require_http_methods(["GET", "POST"])
def docket(request: HttpRequest) -> HttpResponse:
    """Everything open and done over all customers, and complaints about the provider itself."""
    here = inside(request)
    wrong: dict[str, str] = {}
    if request.method == "POST":
        try:
            _complaint_deed(request, by=here.person.id)
        except (assistance.AssistanceFormError, assistance.NotYet) as error:
            wrong = words.wrong_of(error)
        else:
            return HttpResponseRedirect(reverse("assistance-docket"))
    before = _id(request.GET.get("before", ""))
    rows = assistance.docket(limit=PAGE_ROWS + 1, before=before)
    shown = rows[:PAGE_ROWS]
    known = {one.id: one for one in tenancy.customers()}
    context = {
        "here": "assistance",
        "rows": [
            {"row": row, "customer": known.get(row.customer_id), **words.state(_KINDS[row.kind], row.state)}
            for row in shown
        ],
        "older": before is not None,
        "next": shown[-1].id if len(rows) > PAGE_ROWS else "",
        "disclosures": [
            {
                "one": one, "customer": known.get(one.customer_id), "asker": words.ASKERS[one.asker],
                **words.state(words.DISCLOSURES, one.state),
            }
            for one in assistance.all_disclosures(limit=20)
        ],
        "own": _complaints(),
        "sources": words.SOURCES.items(),
        "customers": known.values(),
        "values": request.POST,
        "wrong": wrong,
        "now": timezone.now(),
        "today": timezone.now().date().isoformat(),
    }  # fmt: skip
    return render(request, "web/provider/assistance.html", context, status=400 if wrong else 200)


@require_http_methods(["GET", "POST"])
def of_customer(request: HttpRequest, handle: str) -> HttpResponse:
    """One customer's disclosures, complaints and findings: enter them, and do each next step."""
    here, now = inside(request), timezone.now()
    wrong: dict[str, str] = {}
    with open_customer(handle) as customer:
        if request.method == "POST":
            try:
                _deed(request, by=here.person.id)
            except (assistance.AssistanceFormError, assistance.NotYet) as error:
                wrong = words.wrong_of(error)
            else:
                return HttpResponseRedirect(reverse("customer-assistance", args=[handle]))
        context = {
            "here": "assistance",
            "looked_at": customer,
            "now": now,
            "disclosures": [
                {"one": one, "asker": words.ASKERS[one.asker], **words.state(words.DISCLOSURES, one.state)}
                for one in assistance.disclosures(at=now, for_customer=False)
            ],
            "complaints": _complaints(),
            "findings": [{"one": one, **words.state(words.FINDINGS, one.state)} for one in assistance.findings()],
            "askers": words.ASKERS.items(),
            "sources": words.SOURCES.items(),
            "values": request.POST,
            "wrong": wrong,
            "problem": wrong.get("", ""),
            "today": now.date().isoformat(),
        }
        return render(request, "web/provider/customer_assistance.html", context, status=400 if wrong else 200)


def _deed(request: HttpRequest, *, by: UUID) -> None:
    now, given, deed = timezone.now(), request.POST, request.POST.get("deed", "")
    record = _id(given.get("record", ""))
    if deed == "demand":
        assistance.receive_demand(
            asker=given.get("asker", ""),  # type: ignore[arg-type]
            asker_name=given.get("asker_name", ""),
            ground=given.get("ground", ""),
            scope=given.get("scope", ""),
            intended_at=_day(given.get("intended", ""), "intended_at"),
            silence=given.get("silence", ""),
            silent_until=_day(given["silent_until"], "silent_until") if given.get("silent_until") else None,
            by=by,
            at=now,
        )
    elif deed == "find":
        assistance.find_breach_of_law(law=given.get("law", ""), what=given.get("what", ""), by=by, at=now)
    elif record and deed == "told":
        assistance.told_customer(record, by=str(by), at=now)
    elif record and deed == "hand-over":
        assistance.hand_over(record, manifest=given.get("manifest", ""), by=by, at=now)
    elif record and deed == "refuse":
        assistance.refuse_demand(record, because=given.get("because", ""), by=by, at=now)
    elif record and deed == "informed":
        assistance.informed(record, by=str(by), at=now)
    elif record and deed == "authority":
        assistance.inform_authority(
            record, authority=given.get("authority", ""), obliged_by=given.get("obliged_by", ""), by=by, at=now
        )
    elif record and deed == "corrected":
        assistance.corrected(record, by=by, at=now)
    else:
        _complaint_deed(request, by=by)


def _complaint_deed(request: HttpRequest, *, by: UUID) -> None:
    now, given, deed = timezone.now(), request.POST, request.POST.get("deed", "")
    record = _id(given.get("record", ""))
    if deed == "complaint":
        received = _day(given.get("received", ""), "received_at")
        assistance.register_complaint(
            source=given.get("source", ""),  # type: ignore[arg-type]
            contact=given.get("contact", ""),
            about=given.get("about", ""),
            received_at=min(received, now) if received.date() == now.date() else received,
            by=by,
            at=now,
        )
    elif record and deed == "forwarded":
        assistance.forwarded(record, by=str(by), at=now)
    elif record and deed == "answer":
        assistance.answer_complaint(record, answer=given.get("answer", ""), by=by, at=now)
    elif record and deed == "close":
        assistance.close_complaint(record, outcome=given.get("outcome", ""), by=by, at=now)


def _complaints() -> list[dict[str, Any]]:
    return [
        {"one": one, "source": words.SOURCES[one.source], **words.state(words.COMPLAINTS, one.state)}
        for one in assistance.complaints()
    ]


def _day(text: str, field: str) -> datetime:
    try:
        chosen = datetime.fromisoformat(text)
    except ValueError as error:
        raise assistance.AssistanceFormError(_("a day is written 2026-11-22"), field=field) from error
    return datetime.combine(chosen.date(), time(12), timezone.get_current_timezone())


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
