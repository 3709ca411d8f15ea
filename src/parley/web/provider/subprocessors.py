"""The provider's sub-processors: the register, announcing a change with a preview, who objected, resolving."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.governance.subprocessors import api as subprocessors
from parley.tenancy import api as tenancy
from parley.web import register_words as words
from parley.web import rules
from parley.web.place import inside
from parley.web.provider import register_form as form

PAGE_ROWS: Final = 50
PLOT_DAYS: Final = 45
NEEDS_US: Final = ("resolving", "blocked", "vetoed", "may-terminate", "unsent")
Refusal = subprocessors.SubprocessorError | form.BadField


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Changes under way with their states, then the chain."""
    now = timezone.now()
    before = _instant(request.GET.get("before", ""))
    shown = subprocessors.announcements(at=now, before=before, limit=PAGE_ROWS + 1)
    names = {entry.key: entry.name for entry in subprocessors.entries()}
    context = {
        "here": "subprocessors",
        "changes": [_change(one) for one in shown[:PAGE_ROWS]],
        "older": before,
        "next": urlencode({"before": shown[PAGE_ROWS - 1].announced_at.isoformat()}) if len(shown) > PAGE_ROWS else "",
        "links": [words.link_words(one, names=names) for one in subprocessors.links()],
        "version": subprocessors.latest(),
    }
    return render(request, "web/provider/subprocessors.html", context)


def _change(seen: subprocessors.AnnouncementView) -> dict[str, Any]:
    return {
        "seen": seen,
        "waiting": sum(seen.states.get(state, 0) for state in NEEDS_US),
        "states": [(words.STATES[state][0], words.STATES[state][1], count) for state, count in seen.states.items()],
    }


@require_GET
def versions(request: HttpRequest) -> HttpResponse:
    """The versions of the register, newest first."""
    before = request.GET.get("before", "")
    shown = subprocessors.versions(before=int(before) if before.isdecimal() else None, limit=PAGE_ROWS + 1)
    context = {
        "here": "subprocessors",
        "versions": shown[:PAGE_ROWS],
        "next": shown[PAGE_ROWS - 1].number if len(shown) > PAGE_ROWS else None,
    }
    return render(request, "web/provider/register_versions.html", context)


@require_GET
def version(request: HttpRequest, number: int) -> HttpResponse:
    """One version and what it changed."""
    found = subprocessors.version(number)
    if found is None:
        raise Http404("no such version")
    context = {"here": "subprocessors", "version": found, "differences": subprocessors.difference(number)}
    return render(request, "web/provider/register_version.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new entry: announced to the customers after a preview of their dates, or entered for those who sign later."""
    values, problem, preview = form.empty(), None, None
    now = timezone.now()
    if request.method == "POST":
        try:
            values = form.values_of(request)
            entered = form.entry_of(values)
            deed = request.POST.get("deed", "preview")
            if deed == "enter":
                subprocessors.engage(entered, at=now, by=inside(request).person.id)
                return HttpResponseRedirect(reverse("subprocessors"))
            zone = rules.zone_named(request.COOKIES.get("parley_zone"))
            start = form.planned_start_of(values, zone=zone)
            if deed == "announce":
                made = subprocessors.announce(
                    entered, planned_start=start, at=now, by=inside(request).person.id, replaces=values["replaces"]
                )
                return HttpResponseRedirect(reverse("subprocessor-change", args=[made]))
            subprocessors.check_new(entered, at=now)
            preview = subprocessors.preview(entered.key, planned_start=start, at=now)
        except (subprocessors.EntryRefused, subprocessors.ChangeRefused, form.BadField) as error:
            problem = error
    context = {
        "here": "subprocessors",
        "values": values,
        "choices": form.choices(),
        "preview": preview,
        "effects": words.EFFECTS,
        "told": sum(one.customers for one in preview) if preview else 0,
        **_problem(problem),
    }
    return render(request, "web/provider/subprocessor_new.html", context, status=400 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: HttpRequest, subprocessor: str) -> HttpResponse:
    """An entry of the register: what may be corrected without asking the customers, and its end."""
    found = subprocessors.entry(subprocessor)
    if found is None:
        raise Http404("no such entry")
    values, problem, now = form.values_from(found), None, timezone.now()
    if request.method == "POST":
        by = inside(request).person.id
        try:
            if request.POST.get("deed") == "end":
                subprocessors.end(subprocessor, at=now, by=by)
            else:
                values = form.values_of(request) | {"key": subprocessor}
                subprocessors.amend(form.entry_of(values), at=now, by=by)
        except (subprocessors.EntryRefused, subprocessors.ChangeRefused, form.BadField) as error:
            problem = error
        else:
            return HttpResponseRedirect(reverse("subprocessors"))
    context = {
        "here": "subprocessors",
        "entry": found,
        "values": values,
        "choices": form.choices(except_key=subprocessor),
        **_problem(problem),
    }
    return render(request, "web/provider/subprocessor_entry.html", context, status=400 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """One announced change over all customers: progress, states, who objected."""
    now, problem = timezone.now(), None
    try:
        if request.method == "POST" and request.POST.get("deed") == "withdraw":
            try:
                subprocessors.withdraw(change_id, at=now, by=inside(request).person.id)
            except subprocessors.ChangeRefused as error:
                problem = error
            else:
                return HttpResponseRedirect(reverse("subprocessor-change", args=[change_id]))
        seen = subprocessors.announcement(change_id, at=now)
        everybody = subprocessors.deliveries(change_id, at=now, limit=100_000)
    except subprocessors.NoSuchChange as error:
        raise Http404("no such change") from error
    state, after = request.GET.get("state", ""), request.GET.get("after", "")
    chosen = [one for one in everybody if one.handle > after and _chosen(one, state)]
    context = {
        "here": "subprocessors",
        "now": now,
        "seen": seen,
        "summary": _change(seen),
        "lines": [_line(one) for one in chosen[:PAGE_ROWS]],
        "count": len(chosen),
        "state": state,
        "choices": [(one, words.STATES[one][1]) for one in ("queued", *subprocessors.STATES)],
        "older": after,
        "next": urlencode({"state": state, "after": chosen[PAGE_ROWS - 1].handle}) if len(chosen) > PAGE_ROWS else "",
        "plot": _closings(
            everybody, began=seen.announced_at, zone=rules.zone_named(request.COOKIES.get("parley_zone"))
        ),
        **_problem(problem),
    }
    return render(request, "web/provider/subprocessor_change.html", context, status=409 if problem else 200)


def _chosen(line: subprocessors.DeliveryView, state: str) -> bool:
    return state in ("", line.state) or (state == "needs-us" and line.state in NEEDS_US)


def _line(line: subprocessors.DeliveryView) -> dict[str, Any]:
    shape, word, _theirs = words.STATES[line.state]
    return {"line": line, "shape": shape, "word": word, "receipt": words.RECEIPTS[line.received_how]}


def _closings(lines: Sequence[subprocessors.DeliveryView], *, began: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """For how many customers the gate opens, by day from the announcement."""
    first = began.astimezone(zone).date()
    days = [first + timedelta(days=number) for number in range(PLOT_DAYS)]
    opened = [line.opens_at.astimezone(zone).date() for line in lines if line.opens_at]
    counts = [opened.count(day) for day in days]
    labels = [f"{day:%d %b} · {count}" for day, count in zip(days, counts, strict=True)]
    today = timezone.now().astimezone(zone).date()
    return {
        "bars": rules.bars(counts, labels, now=(today - first).days),
        "first": began,
        "last": began + timedelta(days=PLOT_DAYS - 1),
        "later": sum(1 for day in opened if day > days[-1]),
        "most": max(counts),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def line(request: HttpRequest, change_id: UUID, handle: str) -> HttpResponse:
    """One customer's part of a change: its dates, its grounds, and the deed that resolves its objection."""
    customer = tenancy.by_handle(handle)
    if customer is None or customer.kind != "customer":
        raise Http404("no such customer")
    now, problem, by = timezone.now(), None, inside(request).person.id
    mine = [one for one in subprocessors.deliveries(change_id, at=now, limit=100_000) if one.handle == handle]
    if not mine:
        raise Http404("this customer was not told of the change")
    found = None
    with tenancy.scope(customer):
        try:
            if request.method == "POST":
                _resolve(request, change_id, by=by, at=now)
            found = subprocessors.change(change_id, at=now)
        except subprocessors.ResolutionRefused as error:
            problem, found = error, subprocessors.change(change_id, at=now)
        except subprocessors.NoSuchChange:
            found = None
    if request.method == "POST" and problem is None:
        return HttpResponseRedirect(reverse("subprocessor-line", args=[change_id, handle]))
    shape, word, _theirs = words.STATES[found.state if found else mine[0].state]
    context = {
        "here": "subprocessors",
        "name": customer.name,
        "handle": handle,
        "seen": subprocessors.announcement(change_id, at=now),
        "line": mine[0],
        "change": found,
        "shape": shape,
        "word": word,
        "receipt": words.RECEIPTS[found.received_how] if found else "",
        "effect": words.EFFECTS[found.effect] if found else "",
        "plot": words.window_plot(found, began=found.announced_at, now=now) if found else None,
        "may_resolve": bool(found and found.objected_at and found.outcome != "withdrawn" and not found.terminated_at),
        "note": request.POST.get("note", "") if problem else "",
        **_problem(problem),
    }
    return render(request, "web/provider/subprocessor_line.html", context, status=409 if problem else 200)


def _resolve(request: HttpRequest, change_id: UUID, *, by: UUID, at: datetime) -> None:
    outcomes: dict[str, subprocessors.Outcome] = {
        "withdrawn": "withdrawn",
        "not-used": "not-used",
        "unavoidable": "unavoidable",
    }
    outcome = outcomes.get(request.POST.get("outcome", ""))
    if outcome is None:
        raise subprocessors.ResolutionRefused(_("no outcome was chosen"), remedy=_("Choose how it was resolved."))
    note = request.POST.get("note", "")[:2000]
    subprocessors.resolve(change_id, outcome=outcome, note=note, by=by, party="provider", at=at)


def _problem(error: Refusal | None) -> dict[str, Any]:
    """What the form says beside the field that is wrong."""
    if error is None:
        return {"problem": None, "wrong": ""}
    said = str(error.args[0])
    return {
        "problem": {
            "what": said[:1].upper() + said[1:].removesuffix(".") + ".",
            "remedy": getattr(error, "remedy", ""),
            "error_id": getattr(error, "error_id", "web.field"),
        },
        "wrong": getattr(error, "field", ""),
    }


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo else None
