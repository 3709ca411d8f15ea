"""What is done with many recordings at once: chosen in the list, or all that match it, looked at once more with their
number, done in the background."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.agreement import api as agreements
from parley.exports import api as exports
from parley.governance.contract import api as contract
from parley.inventory.api import ExportOptions, Held
from parley.recordings import api as recordings
from parley.retention import api as retention
from parley.web import gate, retention_words, rules
from parley.web.console.recordings_deletions import deletions_address, kept_lines, would_stay
from parley.web.filled import Filled
from parley.web.place import ConsoleRequest, inside
from parley.web.problems import Refused
from parley.web.recording_filters import parse_filters

_DEEDS: Final = ("tag", "export", "hold", "delete")
_SHOWN: Final = 200
"""Lines of the list that can be chosen at once: those of one page, and no more than search gives."""


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The deed with the chosen recordings, shown before it is done; the second POST does it. Asked for without any, it
    says how to choose."""
    here, now = inside(request), timezone.now()
    gate.ask(agreements.FIND_RECORDINGS, now=now)
    filled = Filled(request.POST.dict())
    deed = next((one for one in _DEEDS if one == filled.values.get("deed")), _DEEDS[0])
    _require(here, deed)
    everything = "all" in filled.values
    lines = [] if everything else _ids(request.POST.getlist("line"))
    records = _matching(request) if everything else recordings.bulk.chosen(here.viewer, lines)
    count, beyond = len(records), len(records) > recordings.bulk.MOST
    changed = everything and "do" in filled.values and filled.values.get("count") != str(count)
    if records and "do" in filled.values and not changed and not beyond:
        target = _done(here, deed, records, filled, now)
        if target is not None:
            return HttpResponseRedirect(target)
    context = {
        "here": "recordings",
        "deed": deed,
        "lines": lines,
        "query": request.POST.get("query", "") if everything else None,
        "count": count,
        "beyond": beyond,
        "changed": changed,
        "what": retention_words.records("recordings", count),
        "form": filled.fields(),
        "key": filled.values.get("key", ""),
        "term": contract.binding().agreement.terms.retention,
        "kept": would_stay(records, now) if deed == "delete" and not beyond else [],
        "second": recordings.deletions.rule() if deed == "delete" else None,
    }
    status = 409 if changed or beyond else 400 if filled.wrong else 200
    return render(request, "web/console/recordings_together.html", context, status=status)


@require_GET
def result(request: HttpRequest, bulk_id: UUID) -> HttpResponse:
    """How far a deed is, then what came of it: how many were done, which stayed and why."""
    found = recordings.bulk.progress(bulk_id, by=inside(request).person.id)
    context = {
        "here": "recordings",
        "bulk": found,
        "what": retention_words.records("recordings", found.done),
        "kept": kept_lines(found.kept),
        "gone": found.total - found.seen if found.finished_at else 0,
    }
    part = "web/console/_recordings_progress.html" if inside(request).htmx else "web/console/recordings_done.html"
    return render(request, part, context)


def _require(here: ConsoleRequest, deed: str) -> None:
    """Raises Refused where this person may not do this."""
    oversees = here.viewer.oversees
    if (deed in {"export", "hold"} and not oversees) or (deed == "delete" and not (oversees or here.viewer.may_delete)):
        raise Refused(_("Your account may not do this."), remedy=_("Ask an administrator."))


def _done(here: ConsoleRequest, deed: str, records: Sequence[Held], filled: Filled, now: datetime) -> str | None:
    """Have it done; where to look then, None when the form is wrong."""
    by, key = here.person.id, filled.text("key", most=100)
    if deed == "tag":
        tag = filled.text("tag", most=64)
        if filled.wrong:
            return None
        return reverse(
            "recordings-bulk",
            args=[recordings.bulk.start(here.viewer, "tag", records, tag=tag, key=key, by=by, at=now)],
        )
    if deed == "delete":
        return _deleted(here, records, filled, key=key, now=now)
    if deed == "export":
        made = exports.start(
            title=retention_words.records("recordings", len(records)), reason="records", records=records,
            options=ExportOptions(redact_others=False), by=by, at=now, key=key,
        )  # fmt: skip
        return reverse("export", args=[made])
    title, ground = filled.text("title", most=200), filled.text("ground", most=2000)
    review = filled.moment("review", zone=here.customer.standing.zone)
    if filled.wrong or review is None:
        return None
    placed = retention.place_hold(
        title=title, ground=ground, owner=by, review_at=review, by=by, at=now, records=records
    )
    return reverse("hold", args=[placed.id])


def _deleted(here: ConsoleRequest, records: Sequence[Held], filled: Filled, *, key: str, now: datetime) -> str | None:
    """Deleted, or asked of a second person: where to look then."""
    second = recordings.deletions.rule().second
    why = filled.text("why", needed=second, most=2000)
    if filled.wrong:
        return None
    begun = recordings.deletions.begin(here.viewer, records, why=why, key=key, address=deletions_address(here), at=now)
    if begun.request is not None:
        return reverse("recordings-deletion", args=[begun.request])
    return reverse("recordings-bulk", args=[begun.bulk])


def _matching(request: HttpRequest) -> Sequence[Held]:
    """The recordings of all conversations that the list's address matches, for the reader's days."""
    zone = rules.zone_named(request.COOKIES.get("parley_zone"))
    try:
        wanted = parse_filters(QueryDict(request.POST.get("query", "")[:4000]).dict()).wanted(zone)
    except rules.BadFilter as error:
        raise Refused(str(error), remedy=_("Set the filters of the list again.")) from error
    return recordings.bulk.matching(inside(request).viewer, wanted)


def _ids(texts: Sequence[str]) -> list[UUID]:
    """Ids of conversations; what is none is left out, as a line that is gone would be."""
    found = []
    for text in texts[:_SHOWN]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
