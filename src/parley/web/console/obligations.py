"""The customer's calendar: what is due under its agreement, by when, whose it is; and the deeds of its people."""

from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.web import duty_lists, rules
from parley.web.access import sees_everything
from parley.web.console.evidence import evidence_panel
from parley.web.place import inside

MOST_NOTED: Final = 4000


@sees_everything
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Duties by due date, a page at a time, with what is coming and how it was kept."""
    now, zone = timezone.now(), rules.zone_named(request.COOKIES.get("parley_zone"))
    problem = ""
    try:
        filters = duty_lists.parse(request.GET.dict())
    except rules.BadFilter as bad:
        filters, problem = duty_lists.Filters(), str(bad)
    found = [] if problem else _chosen(filters, now=now, zone=zone, limit=duty_lists.PAGE_ROWS + 1)
    shown = found[: duty_lists.PAGE_ROWS]
    weeks = obligations.due_by_week(at=now, weeks=duty_lists.WEEKS)
    kept, kept_bars = duty_lists.month_bars(
        obligations.kept_on_time(duty_lists.month_start(now, zone), zone=str(zone)), now=now, zone=zone
    )
    context = {
        "here": "obligations",
        "filters": filters,
        "problem": problem,
        "states": list(duty_lists.STATES.items()),
        "owners": list(duty_lists.OWNERS.items()),
        "rows": [duty_lists.row(duty) for duty in shown],
        "late": weeks[0],
        "waiting": obligations.duty_count(states=["waiting"], kinds=["duty"], at=now),
        "weeks": duty_lists.week_bars(weeks, now=now, zone=zone),
        "kept": kept,
        "months": kept_bars,
        "older": bool(filters.after),
        "next": filters.query(after=shown[-1].cursor) if len(found) > duty_lists.PAGE_ROWS else "",
    }
    return render(request, "web/console/obligations.html", context)


@sees_everything
@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """The chosen duties as CSV."""
    now, zone = timezone.now(), rules.zone_named(request.COOKIES.get("parley_zone"))
    try:
        filters = duty_lists.parse(request.GET.dict())
    except rules.BadFilter as bad:
        raise Http404(str(bad)) from bad
    found = _chosen(filters, now=now, zone=zone, limit=duty_lists.MOST_EXPORTED)
    return duty_lists.as_csv("obligations", (("", duty) for duty in found), with_customer=False)


@sees_everything
@require_http_methods(["GET", "POST"])
def obligation(request: HttpRequest, duty_id: UUID) -> HttpResponse:
    """One duty with its newest evidence, and the deeds that its reader may do: mark it as done, waive it."""
    found = _known(duty_id)
    if request.method != "POST":
        return _page(request, found)
    user, now = str(inside(request).person.id), timezone.now()
    if request.POST.get("deed") == "met":
        return _meet(found, user=user, now=now, how=request.POST.get("how", ""))
    reason = request.POST.get("reason", "")
    try:
        obligations.waive(found.key, at=now, by=user, reason=reason, party="customer")
    except obligations.WaiverRefused as refused:
        return _page(request, found, problem=str(refused), reason=reason, status=422)
    return HttpResponseRedirect(reverse("obligation", args=[duty_id]))


def _meet(found: obligations.DutyView, *, user: str, now: datetime, how: str) -> HttpResponse:
    """A person says that what is the customer's to do was done."""
    if found.owner != "customer" or not found.waiting or found.kind != "duty":
        raise Http404("nothing to mark")
    obligations.meet(found.key, at=now, by=user, details={"user": user}, note=how[:MOST_NOTED])
    return HttpResponseRedirect(reverse("obligation", args=[found.id]))


def _chosen(filters: duty_lists.Filters, *, now: datetime, zone: ZoneInfo, limit: int) -> list[obligations.DutyView]:
    since, until = filters.instants(zone)
    return obligations.duties(
        states=filters.states,
        owner=filters.owner or None,
        clause=filters.clause or None,
        since=since,
        until=until,
        at=now,
        limit=limit,
        newest=filters.newest,
        after=filters.after or None,
    )


def _known(duty_id: UUID) -> obligations.DutyView:
    found = obligations.duty_of(duty_id, at=timezone.now())
    if found is None:
        raise Http404("no such duty")
    return found


def _page(
    request: HttpRequest, found: obligations.DutyView, *, problem: str = "", reason: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "here": "obligations",
        **duty_lists.row(found),
        "clause": contract.binding().agreement.clauses.get(found.clause),
        "can_meet": found.owner == "customer" and found.kind == "duty" and found.waiting,
        "can_waive": found.protects == "customer" and not found.statutory and found.kind == "duty" and found.waiting,
        "problem": problem,
        "reason": reason,
        **evidence_panel(found.evidence_id),
    }
    return render(request, "web/console/obligation.html", context, status=status)
