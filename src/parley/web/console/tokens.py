"""API tokens as the customer sees them: what programs may do, in whose name, until when."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from parley.people import api as people
from parley.tokens import api as tokens
from parley.web.access import sees_everything
from parley.web.filled import Filled
from parley.web.place import inside

SCOPES: Final = {
    "recordings:read": _("find recordings and read what is known of them"),
    "recordings:listen": _("fetch sound, waveforms and sealed originals"),
    "recordings:write": _("add and remove notes and tags"),
    "recordings:delete": _("delete recordings"),
    "recordings:reseal": _("fetch headers of recordings under former keys, and seal them anew"),
    "live:read": _("see the calls that are being recorded"),
    "live:control": _("pause, resume, start and keep calls that run"),
    "alarms:read": _("read alarms"),
    "alarms:write": _("say that alarms were seen"),
    "policies:read": _("read recording policies"),
    "policies:write": _("add, change, move and remove recording policies"),
    "contacts:read": _("read and search contacts"),
    "contacts:lookup": _("tell who calls from a number"),
    "holds:read": _("read legal holds"),
    "holds:write": _("place and lift legal holds"),
    "retention:read": _("read the rules of retention and what they would delete"),
    "retention:write": _("set rules of retention"),
    "exports:read": _("read exports and their links"),
    "exports:write": _("ask for exports and withdraw them"),
    "audit:read": _("read the audit trail and its proofs"),
    "rights:read": _("read how requests of persons stand"),
    "rights:write": _("hand in and take back requests of persons"),
    "webhooks:read": _("read endpoints of webhooks and their deliveries"),
    "webhooks:write": _("make, change, test and replay webhooks"),
}
LIVES: Final = {"7": _("7 days"), "30": _("30 days"), "90": _("90 days"), "365": _("a year")}
_USUAL: Final = "90"


@sees_everything
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """All tokens, those that are over too; a POST revokes one."""
    here, now = inside(request), timezone.now()
    if request.method == "POST":
        try:
            which = UUID(request.POST.get("token", ""))
        except ValueError as error:
            raise tokens.NoSuchToken("there is no such token", remedy="Load the page again.") from error
        tokens.revoke(which, by=here.person.id, at=now)
        return HttpResponseRedirect(reverse("tokens"))
    found = tokens.tokens()
    makers = people.names([one.made_by for one in found])
    groups = {one.id: one.name for one in people.groups()}
    context = {
        "here": "integrations",
        "open": [_line(one, makers, groups) for one in found if one.holds(now)],
        "over": [_line(one, makers, groups) for one in found if not one.holds(now)][:50],
        "description": reverse("rest:openapi-json"),
    }
    return render(request, "web/console/integrations/tokens.html", context)


@sees_everything
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form of a new token; the answer shows it, this once."""
    filled, scopes, text = Filled(request.POST.dict()), request.POST.getlist("scopes"), ""
    if request.method == "POST":
        text = _make(request, filled, scopes)
    context = {
        "here": "integrations", "text": text, "form": filled.fields(),
        "groups": [(one, str(one.id) in request.POST.getlist("groups")) for one in people.groups()],
        "scopes": [(scope, words, scope in scopes) for scope, words in SCOPES.items()],
        "lives": [(days, words, days == filled.values.get("days", _USUAL)) for days, words in LIVES.items()],
    }  # fmt: skip
    return render(request, "web/console/integrations/token_new.html", context, status=400 if filled.wrong else 200)


def _make(request: HttpRequest, filled: Filled, scopes: list[str]) -> str:
    """The text of the token that the form asks for, "" when something in it is wrong."""
    here, now = inside(request), timezone.now()
    name, days = filled.text("name", most=100), filled.choice("days", LIVES)
    asked = set(request.POST.getlist("groups"))
    chosen = [one.id for one in people.groups() if str(one.id) in asked]
    if len(chosen) < len(asked):  # a token without any sees everything
        filled.wrong["groups"] = _t("One of these groups is gone. Choose again.")
    if not set(scopes) & SCOPES.keys():
        filled.wrong["scopes"] = _t("Choose at least one.")
    if filled.wrong:
        return ""
    try:
        return tokens.make(
            name=name, scopes=scopes, groups=chosen or None, by=here.person.id, at=now,
            expires_at=now + timedelta(days=int(days)),
        ).text  # fmt: skip
    except tokens.TokenRefused as refused:
        filled.wrong["name"] = f"{str(refused.args[0]).capitalize()}. {refused.remedy}"
        return ""


def _line(one: tokens.TokenView, makers: Any, groups: dict[UUID, str]) -> dict[str, Any]:
    return {
        "token": one,
        "maker": makers.get(one.made_by, ""),
        "groups": None if one.groups is None else [groups[group] for group in one.groups if group in groups],
        "state": _t("revoked") if one.revoked_at else _t("expired"),
    }
