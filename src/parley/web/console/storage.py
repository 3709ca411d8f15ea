"""Storage as the customer sees it: what lies there by kind and age, when all of it was last read, what was damaged."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.recordings.api import STORE, installed_store
from parley.recordings.scrubbing import api as scrubbing
from parley.retention import api as retention
from parley.storage.api import lock_mode
from parley.web import rules
from parley.web.access import sees_everything
from parley.web.place import inside
from parley.web.retention_words import named

PAGE_ROWS: Final = 50
_WHAT: Final = {
    "changed": _("other bytes than were sealed"),
    "missing": _("not there any more"),
    "unledgered": _("a row that the log does not know"),
}
_STATES: Final = {"open": ("late", _("open")), "repaired": ("kept", _("repaired")), "accepted": ("idle", _("accepted"))}
_PROBLEMS: Final = {
    "backups.none": _("no backup has it as it was"),
    scrubbing.STILL_DAMAGED: _("read again, it still differs"),
}
_SAID: Final = {
    "scrub": _("Everything is read again from now on; this page says how far it is."),
    "repair": _("It is put back from the backups in a moment; its line says when that is done."),
    "accept": _("It stays as it is. Your log says who accepted that."),
    "gone": _("Somebody else was quicker: this finding is not open any more."),
}


@sees_everything
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The report, the scrubs, the findings; a POST has everything read, or resolves a finding."""
    if request.method == "POST":
        return HttpResponseRedirect(f"{reverse('storage')}?said={_done(request)}")
    before = _id(request.GET.get("before", ""))
    found = scrubbing.findings(after=before, limit=PAGE_ROWS + 1)
    shown = found[:PAGE_ROWS]
    names = named(*(one.resolved_by for one in shown))
    last = next(iter(scrubs := scrubbing.finished()), None)
    context = {
        "here": "storage",
        "running": scrubbing.running_now(),
        "last": last,
        "scrubs": scrubs,
        "open": scrubbing.open_findings(),
        "total": sum(line.size for line in last.report) if last else 0,
        "objects": sum(line.objects for line in last.report) if last else 0,
        "ages": [words for _upto, words in scrubbing.AGES.values()],
        "kinds": _kinds(last.report) if last else [],
        "bars": _bars(last.report) if last else [],
        "places": _places(last.report) if last else [],
        "locks": lock_mode(installed_store()),
        "laws": retention.laws_on(STORE.name),
        "moves": scrubbing.moves(),
        "findings": [_line(one, by=names.get(one.resolved_by, "") if one.resolved_by else "") for one in shown],
        "older": before is not None,
        "next": shown[-1].id if len(found) > PAGE_ROWS else "",
        "said": _SAID.get(request.GET.get("said", ""), ""),
    }
    return render(request, "web/console/storage.html", context)


@sees_everything
@require_GET
def progress(request: HttpRequest) -> HttpResponse:
    """How far the scrub is that runs; the page is loaded anew when it is over."""
    running = scrubbing.running_now()
    answer = render(request, "web/console/_storage_progress.html", {"running": running})
    if running is None:
        answer["HX-Refresh"] = "true"
    return answer


def _done(request: HttpRequest) -> str:
    """Do what the button names; the word of what is said about it."""
    deed, now, by = request.POST.get("deed", ""), timezone.now(), inside(request).person.id
    finding = _id(request.POST.get("finding", ""))
    if deed not in {"repair", "accept"} or finding is None:
        scrubbing.ask(at=now)
        return "scrub"
    try:
        if deed == "repair":
            scrubbing.ask_repair(finding, by=by, at=now)
        else:
            scrubbing.accept(finding, by=by, at=now)
    except scrubbing.NoSuchFinding:
        return "gone"
    return deed


def _kinds(report: Sequence[scrubbing.Line]) -> list[dict[str, Any]]:
    """A row for each kind of object: its size in every band of age, and altogether."""
    found = []
    for kind, words in scrubbing.KINDS.items():
        lines = [line for line in report if line.kind == kind]  # one for each age and place
        sizes = {age: sum(line.size for line in lines if line.age == age) for age in scrubbing.AGES}
        cells = [(band, sizes[age]) for age, (_upto, band) in scrubbing.AGES.items()]
        objects = sum(line.objects for line in lines)
        found.append({"words": words, "cells": cells, "size": sum(size for _band, size in cells), "objects": objects})
    return found


def _bars(report: Sequence[scrubbing.Line]) -> list[rules.Bar]:
    """The size of what is stored by age, the youngest at the left."""
    sizes = {age: sum(line.size for line in report if line.age == age) for age in scrubbing.AGES}
    labels = [
        _t("%(age)s: %(size)s") % {"age": words, "size": rules.size_words(sizes[age])}
        for age, (_upto, words) in scrubbing.AGES.items()
    ]
    return rules.bars([float(one) for one in sizes.values()], labels, now=0)


def _places(report: Sequence[scrubbing.Line]) -> list[dict[str, Any]]:
    """Each place that something lies in, once there are two; `start` and `width` are percent of all bytes."""
    tiers = scrubbing.by_tier(report)
    total = sum(size for _tier, _objects, size in tiers) or 1
    found: list[dict[str, Any]] = []
    for tier, objects, size in tiers:
        start = sum(one["width"] for one in found)
        width = round(100 * size / total, 2)
        words = scrubbing.TIERS[tier]
        found.append({"tier": tier, "words": words, "objects": objects, "size": size, "start": start, "width": width})
    return found if any(one["tier"] == "cold" for one in found) else []


def _line(found: scrubbing.FindingView, *, by: str) -> dict[str, Any]:
    shape, word = _STATES[found.state]
    return {
        "view": found,
        "what": _WHAT[found.what],
        "shape": shape,
        "word": word,
        "problem": _PROBLEMS.get(found.problem, found.problem),
        "by": by,
        "repairable": found.what != "unledgered",
    }


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
