"""Requests for deletions: what waits for a second person, one of them, and the rule that asks for it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from parley.inventory.api import Held, Subject
from parley.recordings import api as recordings
from parley.retention import api as retention
from parley.web import retention_words
from parley.web.place import ConsoleRequest, console_address, inside

STATES: Final = {
    "waiting": gettext_lazy("waits"),
    "approved": gettext_lazy("approved"),
    "refused": gettext_lazy("refused"),
    "withdrawn": gettext_lazy("taken back"),
    "expired": gettext_lazy("not decided in time"),
}
_SHOWN: Final = 50
"""Recordings of a request that its page names; it counts the others."""


@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """What waits, what was decided, and the rule; an administrator sets it."""
    here, now = inside(request), timezone.now()
    wrong = ""
    if request.method == "POST":
        days = request.POST.get("days", "")
        try:
            recordings.deletions.set_rule(
                here.viewer, second=request.POST.get("rule") == "second",
                days=int(days[:4]) if days.isascii() and days.isdigit() else 0, at=now,
            )  # fmt: skip
            return HttpResponseRedirect(reverse("recordings-deletions"))
        except retention.RuleRefused as error:
            wrong = str(error.remedy)
    recordings.deletions.require_may_delete(here.viewer)
    waiting = recordings.deletions.requests(here.viewer, waiting=True, at=now)
    over = recordings.deletions.requests(here.viewer, waiting=False, at=now)
    context = {
        "here": "deletions",
        "rule": recordings.deletions.rule(),
        "waiting": [_line(one, here) for one in waiting],
        "over": [_line(one, here) for one in over],
        "names": _names(*waiting, *over),
        "wrong": wrong,
    }
    return render(request, "web/console/recordings_deletions.html", context, status=400 if wrong else 200)


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, deletion_id: UUID) -> HttpResponse:
    """A request: who asks for what and why; somebody else approves or refuses, who asked takes it back."""
    here, now = inside(request), timezone.now()
    found, wrong = recordings.deletions.get(here.viewer, deletion_id), ""
    if request.method == "POST":
        try:
            if request.POST.get("deed") == "approve":
                recordings.deletions.approve(here.viewer, deletion_id, at=now)
            elif request.POST.get("deed") == "refuse":
                recordings.deletions.refuse(here.viewer, deletion_id, at=now)
            return HttpResponseRedirect(reverse("recordings-deletion", args=[deletion_id]))
        except retention.ApprovalRefused as error:
            wrong = f"{str(error.args[0]).capitalize()}. {error.remedy}"
    records = _left(found)
    waits = found.state == "waiting" and found.expires_at > now
    context = {
        "here": "deletions",
        "deletion": found,
        "what": retention_words.records("recordings", len(found.records)),
        "state": STATES["expired" if found.state == "waiting" and not waits else found.state],
        "waits": waits,
        "mine": found.by == here.person.id,
        "names": _names(found),
        "records": records[:_SHOWN],
        "further": max(0, len(records) - _SHOWN),
        "kept": would_stay(records, now) if waits else [],
        "wrong": wrong,
        **_progress(found),
    }
    return render(request, "web/console/recordings_deletion.html", context, status=409 if wrong else 200)


def deletions_address(here: ConsoleRequest) -> str:
    """Where those who may approve look, for letters."""
    return f"{console_address(here.customer.handle)}recordings/deletions/"


def would_stay(records: Sequence[Held], now: datetime) -> list[tuple[str, int]]:
    """Why some would stay if they were deleted now, and how many."""
    verdicts = (verdict for _record, verdict in retention.verdicts(records, cause="customer", at=now))
    return kept_lines(Counter(verdict.why for verdict in verdicts if verdict.outcome != "erase"))


def kept_lines(kept: Mapping[str, int]) -> list[tuple[str, int]]:
    """Why some stay, in words, and how many; `kept` by `retention.Verdict.why`."""
    return sorted((_why(why), count) for why, count in kept.items())


def _why(why: str) -> str:
    words: dict[str, Any] = {
        "hold": _("a hold keeps them"),
        "law": _("a law keeps them"),
        "restriction": _("their use is restricted"),
        "rule": _("their time is not over"),
        "no-rule": _("no rule says when they go"),
        "right": _("whoever asked may do it no more"),
        "term": _("the agreement lets nobody delete them earlier"),
        "approval": _("a second person has to approve"),
        "write-once": _("the object store keeps them by write-once, or by a legal hold of its own"),
    }
    return str(words.get(why, why))


def _left(found: retention.DeletionView) -> Sequence[Held]:
    """The recordings of a request that are there."""
    return recordings.STORE.find(Subject(records=tuple((recordings.STORE.name, one) for one in found.records)))


def _line(found: retention.DeletionView, here: ConsoleRequest) -> dict[str, Any]:
    return {
        "request": found,
        "what": retention_words.records("recordings", len(found.records)),
        "state": STATES[found.state],
        "mine": found.by == here.person.id,
    }


def _names(*found: retention.DeletionView) -> Mapping[UUID, str]:
    return retention_words.named(*(who for each in found for who in (each.by, each.decided_by)))


def _progress(found: retention.DeletionView) -> dict[str, Any]:
    """How far the deletion is, once it was approved."""
    if found.state != "approved":
        return {}
    bulk = recordings.bulk.progress(found.id)
    return {
        "bulk": bulk,
        "done": retention_words.records("recordings", bulk.done),
        "stayed": kept_lines(bulk.kept),
        "gone": bulk.total - bulk.seen if bulk.finished_at else 0,
    }
