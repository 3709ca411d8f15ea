"""Webhooks as the customer sees them: endpoints, what was delivered and what waits, replay, secrets."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.governance.contract import api as contract
from parley.web import rules
from parley.web.access import sees_everything
from parley.web.filled import Filled
from parley.web.place import inside
from parley.webhooks import api as webhooks

PAGE_ROWS: Final = 50
KINDS: Final = {
    "recording.started": _("a call is being recorded"),
    "recording.finished": _("a recording is complete, stored and in the log"),
    "recording.failed": _("a recording ended because something failed, or cannot be made audible"),
    "recording.deleted": _("a recording was deleted, with everything made from it"),
    "recording.rectified": _("a recording's data was corrected at a person's request"),
    "recording.restricted": _("a recording is stored and not used, at a person's request"),
    "recording.unrestricted": _("a recording may be used again"),
    "contact.deleted": _("a contact was deleted"),
    "contact.rectified": _("a contact was corrected at a person's request"),
    "contact.restricted": _("a contact is stored and not used, at a person's request"),
    "contact.unrestricted": _("a contact may be used again"),
    "alarm.raised": _("a call that should be recorded is not, or went silent"),
}
_DELIVERIES: Final[dict[str, tuple[Any, rules.Shape]]] = {
    "queued": (_("waits"), "due"),
    "delivered": (_("delivered"), "kept"),
    "failed": (_("given up"), "late"),
}
_WHY: Final = {
    "by-hand": _("Somebody disabled it here."),
    "gone": _("Its receiver answered 410: it wants to hear no more."),
    "failing": _("It could not be reached for days."),
}
_DEEDS: Final = ("change", "enable", "disable", "rotate", "remove", "test", "replay", "replay-range")


@sees_everything
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """All endpoints, with how each stands."""
    context = {"here": "integrations", "endpoints": [_line(one) for one in webhooks.endpoints()]}
    return render(request, "web/console/integrations/webhooks.html", context)


@sees_everything
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form of a new endpoint; the answer shows its secret, this once."""
    filled = Filled(request.POST.dict())
    if request.method == "POST" and (given := _given(request, filled)) is not None:
        try:
            made = webhooks.make_endpoint(**given, **_deed(request))
        except webhooks.AddressRefused as error:
            filled.wrong["url"] = _told(error)
        except webhooks.EndpointRefused as error:
            filled.wrong["kinds"] = _told(error)
        else:
            return _page(request, made.id, Filled({}), secret=made.secret)
    chosen = request.POST.getlist("kinds") if request.method == "POST" else list(KINDS)
    context = {"here": "integrations", "form": filled.fields(), "kinds": _kinds(chosen)}
    return render(request, "web/console/integrations/webhook_new.html", context, status=400 if filled.wrong else 200)


@sees_everything
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """One endpoint: what was delivered, what waits; a POST is the deed named."""
    webhooks.endpoint(endpoint_id)
    filled, secret = Filled(request.POST.dict()), ""
    if request.method == "GET":
        return _page(request, endpoint_id, filled)
    deed = filled.choice("deed", _DEEDS)
    try:
        secret = _do(request, deed, endpoint_id, filled)
    except webhooks.WebhookError as error:
        filled.wrong["url" if isinstance(error, webhooks.AddressRefused) else "deed"] = _told(error)
    if filled.wrong or secret:
        return _page(request, endpoint_id, filled, secret=secret)
    return HttpResponseRedirect(reverse("webhooks") if deed == "remove" else reverse("webhook", args=[endpoint_id]))


def _do(request: HttpRequest, deed: str, endpoint: UUID, filled: Filled) -> str:
    """Do it; the new secret of a rotation, else ""."""
    who = _deed(request)
    if deed == "change" and (given := _given(request, filled)) is not None:
        webhooks.change_endpoint(endpoint, **given, **who)
    elif deed == "enable":
        webhooks.enable_endpoint(endpoint, **who)
    elif deed == "disable":
        webhooks.disable_endpoint(endpoint, **who)
    elif deed == "rotate":
        return webhooks.rotate_secret(endpoint, **who).secret
    elif deed == "remove":
        webhooks.remove_endpoint(endpoint, **who)
    elif deed == "test":
        webhooks.send_test(endpoint, at=who["at"])
    elif deed == "replay" and (delivery := _id(filled.values.get("delivery", ""))) is not None:
        webhooks.replay(endpoint, delivery, **who)
    elif deed == "replay-range":
        since, until = _range(request, filled)
        if since is not None and until is not None:
            webhooks.replay_range(endpoint, since=since, until=until, missed="missed" in filled.values, **who)
    return ""


def _page(request: HttpRequest, endpoint_id: UUID, filled: Filled, *, secret: str = "") -> HttpResponse:
    found = webhooks.endpoint(endpoint_id)
    state = request.GET.get("state", "")
    known = state if state in _DELIVERIES else None
    page = webhooks.deliveries(endpoint_id, state=known, after=_id(request.GET.get("after", "")), limit=PAGE_ROWS)  # type: ignore[arg-type]
    chosen = request.POST.getlist("kinds") if filled.values.get("deed") == "change" else list(found.kinds)
    context = {
        **_line(found), "here": "integrations", "secret": secret, "form": filled.fields(), "kinds": _kinds(chosen),
        "rows": [(row, *_DELIVERIES[row.state], KINDS.get(row.kind, _t("a test"))) for row in page.rows],
        "next": page.next, "chosen": known or "", "states": [(key, word) for key, (word, _s) in _DELIVERIES.items()],
        "older": bool(request.GET.get("after")), "zone": inside(request).customer.standing.zone,
        "rotating": found.previous_until if found.previous_until and found.previous_until > timezone.now() else None,
    }  # fmt: skip
    return render(request, "web/console/integrations/webhook.html", context, status=400 if filled.wrong else 200)


def _given(request: HttpRequest, filled: Filled) -> dict[str, Any] | None:
    name, url = filled.text("name", most=200), filled.text("url", most=500)
    kinds = [kind for kind in KINDS if kind in request.POST.getlist("kinds")]
    if not kinds:
        filled.wrong["kinds"] = _t("Choose at least one.")
    return None if filled.wrong else {"name": name, "url": url, "kinds": kinds}


def _range(request: HttpRequest, filled: Filled) -> tuple[datetime | None, datetime | None]:
    zone = inside(request).customer.standing.zone
    since, last = filled.moment("since", zone=zone), filled.moment("until", zone=zone)
    if since and last and last < since:
        filled.wrong["until"] = _t("The last day is before the first.")
        return None, None
    return since, last + timedelta(days=1) if last else None


def _deed(request: HttpRequest) -> dict[str, Any]:
    """Who does it, when, and under which clause."""
    now = timezone.now()
    return {"by": inside(request).person.id, "at": now, "clause": contract.ask("secure-service", at=now).clause}


def _line(found: webhooks.EndpointView) -> dict[str, Any]:
    word, shape = _t("delivers"), "kept"
    if found.state == "disabled":
        word, shape = _t("disabled"), "late" if found.why_disabled != "by-hand" else "idle"
    elif found.failing_since:
        word, shape = _t("fails"), "due"
    return {"endpoint": found, "state": word, "shape": shape, "why": _WHY.get(found.why_disabled, "")}


def _kinds(chosen: list[str]) -> list[tuple[str, Any, bool]]:
    return [(kind, words, kind in chosen) for kind, words in KINDS.items()]


def _told(error: webhooks.WebhookError) -> str:
    said = str(error.args[0])
    return f"{said[:1].upper()}{said[1:]}. {error.remedy}".strip()


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
