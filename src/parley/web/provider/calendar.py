"""The provider's calendar: what is due to whom, over all customers; the late ones first and loud."""

from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from parley.obligations import api as obligations
from parley.tenancy import api as tenancy
from parley.web import duty_lists, rules
from parley.web.place import console_address, inside

MOST_NOTED: Final = 4000


@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """Duties of all customers by due date, a page at a time."""
    now, zone = timezone.now(), rules.zone_named(request.COOKIES.get("parley_zone"))
    names = {one.id: one for one in tenancy.customers()}
    filters, problem, only = _filters(request)
    found = [] if problem else _chosen(filters, only, now=now, zone=zone, limit=duty_lists.PAGE_ROWS + 1)
    shown = found[: duty_lists.PAGE_ROWS]
    weeks = obligations.calendar_due_by_week(at=now, weeks=duty_lists.WEEKS, customer=only)
    kept, kept_bars = duty_lists.month_bars(
        obligations.calendar_kept_on_time(duty_lists.month_start(now, zone), zone=str(zone)), now=now, zone=zone
    )
    context = {
        "here": "calendar",
        "filters": filters,
        "problem": problem,
        "states": list(duty_lists.STATES.items()),
        "owners": list(duty_lists.OWNERS.items()),
        "customers": sorted(names.values(), key=lambda one: one.handle),
        "rows": [
            {**duty_lists.row(line.duty), "customer": names[line.customer_id]}
            for line in shown
            if line.customer_id in names
        ],
        "late": weeks[0],
        "waiting": obligations.calendar_count(states=["waiting"], kinds=["duty"], customer=only, at=now),
        "weeks": duty_lists.week_bars(weeks, now=now, zone=zone),
        "kept": kept,
        "months": kept_bars,
        "older": bool(filters.after),
        "next": filters.query(after=shown[-1].cursor) if len(found) > duty_lists.PAGE_ROWS else "",
    }
    return render(request, "web/provider/calendar.html", context)


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """The chosen duties of all customers as CSV."""
    now, zone = timezone.now(), rules.zone_named(request.COOKIES.get("parley_zone"))
    filters, problem, only = _filters(request)
    if problem:
        raise Http404(problem)
    names = {one.id: one.handle for one in tenancy.customers()}
    found = _chosen(filters, only, now=now, zone=zone, limit=duty_lists.MOST_EXPORTED)
    pairs = ((names.get(line.customer_id, str(line.customer_id)), line.duty) for line in found)
    return duty_lists.as_csv("calendar", pairs, with_customer=True)


@require_http_methods(["GET", "POST"])
def duty(request: HttpRequest, handle: str, duty_id: UUID) -> HttpResponse:
    """One duty of one customer, and what the provider's staff may do: mark it as done, waive what protects it."""
    customer = _customer(handle)
    found = _known(customer, duty_id)
    if request.method != "POST":
        return _page(request, customer, found)
    user, now, reason = str(inside(request).person.id), timezone.now(), request.POST.get("reason", "")
    if request.POST.get("deed") == "met":
        return _meet(request, customer, found, user=user, now=now)
    try:
        with tenancy.scope(customer):
            obligations.waive(found.key, at=now, by=user, reason=reason, party="provider")
    except obligations.WaiverRefused as refused:
        return _page(request, customer, found, problem=str(refused), reason=reason, status=422)
    return HttpResponseRedirect(reverse("calendar-duty", args=[handle, duty_id]))


def _meet(
    request: HttpRequest, customer: tenancy.Customer, found: obligations.DutyView, *, user: str, now: datetime
) -> HttpResponse:
    """A member of the staff says that what is the provider's to do was done, and how."""
    if found.owner != "provider" or not found.waiting or found.kind != "duty":
        raise Http404("nothing to mark")
    how = request.POST.get("how", "").strip()
    if not how:
        return _page(request, customer, found, problem="how", status=422)
    with tenancy.scope(customer):
        obligations.meet(found.key, at=now, by=user, note=how[:MOST_NOTED])
    return HttpResponseRedirect(reverse("calendar-duty", args=[customer.handle, found.id]))


def _filters(request: HttpRequest) -> tuple[duty_lists.Filters, str, UUID | None]:
    """The filters of the address, what is wrong with them, and the customer that they name."""
    try:
        filters = duty_lists.parse(request.GET.dict())
    except rules.BadFilter as bad:
        return duty_lists.Filters(), str(bad), None
    if not filters.customer:
        return filters, "", None
    named = tenancy.by_handle(filters.customer)
    if named is None or named.kind != "customer":
        return filters, f"{filters.customer}?", None
    return filters, "", named.id


def _chosen(
    filters: duty_lists.Filters, only: UUID | None, *, now: datetime, zone: ZoneInfo, limit: int
) -> list[obligations.CalendarLine]:
    since, until = filters.instants(zone)
    return obligations.calendar(
        states=filters.states,
        owner=filters.owner or None,
        customer=only,
        clause=filters.clause or None,
        since=since,
        until=until,
        at=now,
        limit=limit,
        newest=filters.newest,
        after=filters.after or None,
    )


def _customer(handle: str) -> tenancy.Customer:
    found = tenancy.by_handle(handle)
    if found is None or found.kind != "customer":
        raise Http404("no such customer")
    return found


def _known(customer: tenancy.Customer, duty_id: UUID) -> obligations.DutyView:
    with tenancy.scope(customer):
        found = obligations.duty_of(duty_id, at=timezone.now())
    if found is None:
        raise Http404("no such duty")
    return found


def _page(
    request: HttpRequest,
    customer: tenancy.Customer,
    found: obligations.DutyView,
    *,
    problem: str = "",
    reason: str = "",
    status: int = 200,
) -> HttpResponse:
    waiting = found.kind == "duty" and found.waiting
    context = {
        "here": "calendar",
        **duty_lists.row(found),
        "whose": customer,
        "console": console_address(customer.handle),
        "can_meet": found.owner == "provider" and waiting,
        "can_waive": found.protects == "provider" and not found.statutory and waiting,
        "problem": problem,
        "reason": reason,
    }
    return render(request, "web/provider/duty.html", context, status=status)
