"""Audits that customers asked for: the provider's list, and one request with the provider's answers."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from parley.governance.audits import api as audits
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy
from parley.web.audit_words import CAUSES, SEVERITIES, STATES, read_findings, story
from parley.web.filled import Filled
from parley.web.place import inside

PAGE_ROWS: Final = 50
_FINDINGS: Final = 8


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Requests of all customers, newest first; `?open=1` leaves out what has ended."""
    try:
        before = datetime.fromisoformat(request.GET["before"])
    except (KeyError, ValueError):
        before = None
    open_only = request.GET.get("open") == "1"
    rows = audits.all_audits(open_only=open_only, limit=PAGE_ROWS + 1, before=before)
    shown = rows[:PAGE_ROWS]
    customers = {one.id: one for one in tenancy.customers()}
    context = {
        "here": "audits",
        "lines": [_line(one, customers[one.customer_id]) for one in shown if one.customer_id in customers],
        "open_only": open_only,
        "older": before is not None,
        "next": shown[-1].asked_at.isoformat() if len(rows) > PAGE_ROWS else "",
    }
    return render(request, "web/provider/audits.html", context)


@require_http_methods(["GET", "POST"])
def audit(request: HttpRequest, handle: str, audit_id: UUID) -> HttpResponse:
    """One request of one customer; a POST is the deed that its button names."""
    customer = tenancy.by_handle(handle)
    if customer is None or customer.kind != "customer":
        raise Http404("no such customer")
    filled = Filled(request.POST.dict())
    with tenancy.scope(customer):
        found = audits.audit(audit_id)
        if request.method == "POST" and _do(request, found, filled, zone=customer.standing.zone):
            return HttpResponseRedirect(reverse("audit-of", args=[handle, audit_id]))
        duty = obligations.duty(f"audit-requested:{audit_id}:answer-request")
        attested = [one for one in audits.shown(at=timezone.now()) if one.attested_at]
    word, shape = STATES[found.state]
    context = {
        "here": "audits",
        "of": customer,
        "zone": customer.standing.zone,
        "audit": found,
        "cause": CAUSES[found.cause],
        "state": word,
        "shape": shape,
        "story": story(found),
        "duty": duty if duty and duty.waiting else None,
        "findings": [(one, SEVERITIES[one.severity]) for one in found.findings],
        "severities": SEVERITIES.items(),
        "numbers": range(1, _FINDINGS + 1),
        "attested": attested,
        "form": filled.fields(),
    }
    return render(request, "web/provider/audit.html", context, status=400 if filled.wrong else 200)


def _do(request: HttpRequest, found: audits.AuditView, filled: Filled, *, zone: str) -> bool:
    """Does what was asked for; False when something in the form is wrong. Raises AuditRefused."""
    deed = filled.choice("deed", ("agree", "hold", "report", "remedy"))
    by: dict[str, Any] = {"by": inside(request).person.id, "at": timezone.now()}
    if deed == "agree":
        date, answer = filled.moment("day", zone=zone, clock="clock"), filled.text("answer", most=20_000)
        if not filled.wrong and date is not None:
            audits.agree(found.id, date=date, answer=answer, certificates=request.POST.getlist("certificate"), **by)
    elif deed == "hold":
        held_at = filled.moment("day", zone=zone, clock="clock")
        if not filled.wrong and held_at is not None:
            audits.hold(found.id, held_at=held_at, **by)
    elif deed == "report":
        text, findings = filled.text("report", most=20_000), read_findings(filled, _FINDINGS)
        if not filled.wrong:
            audits.report(found.id, text=text, findings=findings, **by)
    elif deed == "remedy":
        words = filled.text("remedy", most=20_000)
        finding = filled.choice("finding", [str(one.id) for one in found.findings])
        if not filled.wrong:
            audits.remedy(found.id, UUID(finding), remedy=words, **by)
    return not filled.wrong


def _line(one: audits.AuditLine, customer: tenancy.Customer) -> dict[str, Any]:
    word, shape = STATES[one.state]
    return {"view": one, "customer": customer, "cause": CAUSES[one.cause], "state": word, "shape": shape}
