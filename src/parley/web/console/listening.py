"""Reasons for listening: the customer's rule, and the question on a recording's page."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from parley.recordings import api as recordings
from parley.web.access import sees_everything
from parley.web.place import ConsoleRequest, inside

REASONS: Final = {
    "complaint": _("a complaint is looked into"),
    "dispute": _("what was agreed is in dispute"),
    "quality": _("quality of service"),
    "training": _("training"),
    "legal": _("a legal duty, or an authority asks"),
    "person": _("a person asks about its own data"),
    "other": _("another reason, in words"),
}
RULES: Final = {
    "off": (_("Nobody is asked"), _("Who listened, and when, is in the audit trail as ever.")),
    "optional": (_("The player asks; listening goes on without an answer"), ""),
    "required": (
        _("Nobody listens without a reason"),
        _("The server hands out no sound and no file until it is given."),
    ),
}


@sees_everything
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The rule, and who may change it: whoever oversees."""
    wrong = ""
    if request.method == "POST":
        try:
            recordings.set_listening_rule(request.POST.get("rule", ""), by=inside(request).person.id, at=timezone.now())
        except recordings.ReasonRefused as error:
            wrong = str(error.remedy)
        else:
            return HttpResponseRedirect(reverse("listening"))
    context = {"here": "access", "rule": recordings.listening_rule(), "rules": RULES.items(), "wrong": wrong}
    return render(request, "web/console/listening.html", context, status=400 if wrong else 200)


@require_http_methods(["GET", "POST"])
def reason(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Why this person listens to this recording now, and whether it said so; the player asks before the first sound."""
    here, now = inside(request), timezone.now()
    if request.method == "GET":
        recordings.get(here.viewer, recording_id)
        given = recordings.reason_holds(recording_id, by=here.person.id, at=now)
        return JsonResponse({"rule": recordings.listening_rule(), "given": given})
    recordings.give_reason(
        here.viewer, recording_id, code=request.POST.get("code", ""), text=request.POST.get("text", ""),
        by=here.person.id, at=now,
    )  # fmt: skip
    return JsonResponse({"given": True})


def asked(here: ConsoleRequest, recording_id: UUID, *, now: datetime) -> dict[str, Any] | None:
    """What the page asks before it plays; None where nothing is asked, or the answer still holds."""
    rule = recordings.listening_rule()
    if rule == "off" or recordings.reason_holds(recording_id, by=here.person.id, at=now):
        return None
    return {"required": rule == "required", "reasons": REASONS.items()}
