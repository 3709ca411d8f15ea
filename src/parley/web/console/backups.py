"""Backups as the customer sees them: which exist, until when, and what the drills showed against what was promised."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.backups import api as backups
from parley.foundation.ids import new_id
from parley.obligations import api as obligations
from parley.web import rules
from parley.web.access import sees_everything
from parley.web.place import inside

_DRILLS: Final = 12
_REASONS: Final = {
    "scheduled": _("by schedule"),
    "asked": _("on demand"),
    "final": _("at the end of the contract"),
}
_ASKED: Final = {
    "backup": _("A backup is taken in a moment; it appears below."),
    "drill": _("The newest backup is restored in a moment; what is found appears below."),
}


@sees_everything
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """What exists, until when, and every drill; a POST asks for a backup or a drill now."""
    if request.method == "POST":
        return _ask(request)
    customer, now = inside(request).customer, timezone.now()
    promise, rows = backups.promise_to(customer), backups.backups(customer)
    ready = [row for row in rows if row.state == "ready"]
    drills = backups.drills(customer, limit=_DRILLS)
    context = {
        "here": "backups",
        "promise": promise,
        "rto_words": _words(promise.rto),
        "rpo_words": _words(promise.rpo),
        "interval": backups.interval_of(promise).total_seconds(),
        "newest": ready[0] if ready else None,
        "age": (now - ready[0].taken_at).total_seconds() if ready and ready[0].taken_at else 0,
        "age_shape": _age_shape(ready, promise, now),
        "last": drills[0] if drills else None,
        "rto_shape": _shape(drills[0].rto, promise.rto) if drills else "idle",
        "rpo_shape": _shape(drills[0].rpo, promise.rpo) if drills else "idle",
        "lines": [{"view": row, "reason": _REASONS[row.reason]} for row in ready],
        "drills": drills,
        "bars": _bars(drills),
        "taking": any(row.state == "taking" for row in rows),
        "progress": obligations.progress(backups.PROGRESS),
        "asked": _ASKED.get(request.GET.get("asked", ""), ""),
        "key": new_id(at=now),
    }
    return render(request, "web/console/backups.html", context)


@sees_everything
@require_GET
def progress(request: HttpRequest) -> HttpResponse:
    """How far the backup is that is being taken; the page is loaded anew when it is ready."""
    taking = any(row.state == "taking" for row in backups.backups(inside(request).customer))
    context = {"taking": taking, "progress": obligations.progress(backups.PROGRESS)}
    answer = render(request, "web/console/_backup_progress.html", context)
    if not taking:
        answer["HX-Refresh"] = "true"
    return answer


def _ask(request: HttpRequest) -> HttpResponse:
    deed, now = request.POST.get("deed", ""), timezone.now()
    try:
        key = UUID(request.POST.get("key", ""))
    except ValueError:
        key = new_id(at=now)
    if deed == "drill":
        backups.ask_drill(at=now, key=key)
    else:
        deed = "backup"
        backups.ask_backup(at=now, key=key)
    return HttpResponseRedirect(f"{reverse('backups')}?asked={deed}")


def _shape(found: timedelta, promised: timedelta | None) -> rules.Shape:
    if promised is None:
        return "idle"
    return "kept" if found <= promised else "late"


def _age_shape(ready: list[backups.BackupView], promise: backups.Promise, now: Any) -> rules.Shape:
    """Whether what would be lost now is within the RPO; due in its last tenth, when the next is being taken."""
    if promise.rpo is None:
        return "idle"
    if not ready or ready[0].taken_at is None:
        return "late"
    age = now - ready[0].taken_at
    return "late" if age > promise.rpo else "due" if age > backups.interval_of(promise) else "kept"


def _words(span: timedelta | None) -> str:
    """A promised span: whole hours without minutes."""
    return "" if span is None else rules.duration_words(span.total_seconds()).removesuffix(" 0 min")


def _bars(drills: tuple[backups.Drill, ...]) -> list[rules.Bar]:
    """The time of each drill until usable, the newest at the right; none without a drill."""
    if not drills:
        return []
    before = _DRILLS - len(drills)
    seconds = [0.0] * before + [one.rto.total_seconds() for one in reversed(drills)]
    labels = [""] * before + [
        _t("%(day)s: %(time)s") % {"day": f"{one.at:%Y-%m-%d}", "time": rules.duration_words(one.rto.total_seconds())}
        for one in reversed(drills)
    ]
    return rules.bars(seconds, labels, now=len(seconds) - 1)
