"""The portal: by which anybody asks an organisation for its rights, without an account and without a script.

Nothing on these pages says whether anything is known about a person. A form carries no cookie: it has a stamp of ours
(which page made it, and when), and comes from our own pages only. What somebody typed is never lost: a refusal shows
the form again, filled in.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, set_script_prefix
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from parley.foundation.errors import ParleyError
from parley.rights import api as rights
from parley.tenancy import api as tenancy
from parley.web import problems
from parley.web import rights_words as words
from parley.web.access_words import wrong_of
from parley.web.filled import Filled
from parley.web.public.limits import Counter, asker, limited

STAMP_LIVES: Final = 24 * 3600
_STAMP: Final = "parley.rights.form"
_TRAP: Final = "website"
_LONGEST_TEXT: Final = 10_000
AUTHORITIES: Final = "https://www.edpb.europa.eu/about-edpb/about-edpb/members_en"
"""Where the authorities of the Union and the EEA are listed."""


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """How often something may be done in a window; one count for each process."""

    most: int
    counter: Counter = field(default_factory=lambda: Counter(seconds=600))

    def wait(self, key: str) -> int:
        """0, or the seconds to wait. A key is an address of the network, or the hash of one to write to."""
        return self.counter.wait(key, now=time.monotonic(), most=self.most)


REQUESTS: Final = Allowance(most=12)
"""New requests of one network address in ten minutes."""
TO_ONE: Final = Allowance(most=3)
"""New requests that write to one e-mail address in ten minutes: nobody floods somebody else through us."""
DEEDS: Final = Allowance(most=40)
"""Codes, messages and the like of one network address in ten minutes."""

View = Callable[..., HttpResponse]


def _portal(view: View) -> View:
    """Enters the scope of whom the address names; everybody else is nobody. Never cached, never indexed, no cookie."""

    @wraps(view)
    @csrf_exempt
    @sensitive_post_parameters()
    @limited
    def scoped(request: HttpRequest, handle: str, **which: Any) -> HttpResponse:
        set_script_prefix("/")  # a console that this thread served before left its own
        whose = tenancy.provider() if handle == "provider" else tenancy.by_handle(handle)
        if whose is None or (handle != "provider" and whose.kind != "customer"):
            raise Http404("nobody of that name")
        if request.method == "POST" and not _own_form(request):
            return problems.csrf_failed(request, reason="a form of another site")  # type: ignore[return-value]
        with tenancy.scope(whose):
            try:
                response = view(request, whose, **which)
            except rights.NoSuchRequest as error:
                raise Http404("no such request") from error
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex"
        return response

    return scoped


@_portal
@require_safe
def portal(request: HttpRequest, whose: tenancy.Customer) -> HttpResponse:
    """Who is responsible, what one can ask, what happens then."""
    return render(request, "web/public/rights.html", {**_about(whose), "askable": words.ASKABLE.items()})


@_portal
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, whose: tenancy.Customer) -> HttpResponse:
    """The form, in three steps on one page; a POST takes the request in, and leads to its own page."""
    if request.method != "POST":
        chosen = [kind for kind in request.GET.getlist("right") if kind in words.ASKABLE]
        return _form(request, whose, Filled({}), chosen=chosen)
    filled, chosen = Filled(request.POST.dict()), [k for k in request.POST.getlist("right") if k in words.ASKABLE]
    email, number = filled.text("email", needed=False, most=254), filled.text("number", needed=False, most=64)
    name, text = filled.text("name", needed=False, most=200), filled.text("text", needed=False, most=_LONGEST_TEXT)
    if not chosen:
        filled.wrong["right"] = _("Choose at least one. If you are not sure, choose the last.")
    if "unclear" in chosen and not text:
        filled.wrong["text"] = _("Say in your own words what it is about.")
    if email and not _looks_like_an_address(email):
        filled.wrong["email"] = _("An e-mail address is written name@example.com.")
    if request.POST.get(_TRAP):
        filled.wrong[_TRAP] = _("Leave this field empty. Programs fill it in, people do not see it.")
    if not _stamped(request, whose):
        filled.wrong["stamp"] = _("This page was open for a long time. Nothing is lost: please send it once more.")
    if filled.wrong:
        return _form(request, whose, filled, chosen=chosen, status=400)
    if seconds := _must_wait(request, email):
        return _wait(request, whose, seconds)
    kinds = dict.fromkeys("objection" if kind == "marketing" else kind for kind in chosen)
    now = timezone.now()
    try:
        receipt = rights.receive(
            channel="portal", kinds=tuple(kinds), email=email, number=number, name=name, text=text, received_at=now,
            at=now, marketing="marketing" in chosen,
        )  # fmt: skip
    except rights.RequestRefused as error:
        filled.wrong.update(wrong_of(error))
        return _form(request, whose, filled, chosen=chosen, status=400)
    return _to(reverse("rights-follow", args=[whose.handle, receipt.follow]) + "?received=1")


@_portal
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, whose: tenancy.Customer, token: str) -> HttpResponse:
    """How a request stands, for whoever holds its token: what happened, until when, and what can be done now."""
    if request.method != "POST":
        return _page(request, whose, token, Filled({}))
    if seconds := DEEDS.wait(asker(request)):
        return _wait(request, whose, seconds)
    filled = Filled(request.POST.dict())
    deed = _DEEDS.get(filled.choice("deed", _DEEDS))
    if deed is None:
        return _page(request, whose, token, filled, status=400)
    here = reverse("rights-follow", args=[whose.handle, token])
    try:
        leads_to = deed(token, filled)
    except rights.NoSuchRequest:
        raise
    except rights.RightsError as error:
        filled.wrong |= {_FIELDS.get(request.POST["deed"], "deed"): _said(error)}
    if filled.wrong:
        return _page(request, whose, token, filled, status=400)
    return _to(leads_to if leads_to.startswith("/") else here + leads_to)


def _send_code(token: str, filled: Filled) -> str:
    to = filled.choice("to", ("email", "number"))
    address = filled.text("address", needed=False, most=254)
    if filled.wrong:
        return ""
    sent = rights.send_code(token, to="email" if to == "email" else "number", at=timezone.now(), address=address)
    return f"?sent={sent.by}#code"


def _confirm(token: str, filled: Filled) -> str:
    code = "".join(filled.text("code", most=32).split())
    if filled.wrong:
        return ""
    rights.confirm_code(token, code, at=timezone.now())
    return "?confirmed=1#now"


def _add(token: str, filled: Filled) -> str:
    text = filled.text("text", most=_LONGEST_TEXT)
    if filled.wrong:
        return ""
    rights.add_by_follow(token, text, at=timezone.now())
    return "?added=1#story"


def _withdraw(token: str, _filled: Filled) -> str:
    rights.withdraw_by_follow(token, at=timezone.now())
    return "?withdrawn=1"


def _package(token: str, _filled: Filled) -> str:
    return rights.package_link(token, at=timezone.now())


_DEEDS: Final[dict[str, Callable[[str, Filled], str]]] = {
    "send-code": _send_code, "confirm": _confirm, "add": _add, "withdraw": _withdraw, "package": _package,
}  # fmt: skip
_FIELDS: Final = {"send-code": "address", "confirm": "code", "add": "text"}
"""Beside which field a refusal of a deed is told."""


def _page(
    request: HttpRequest, whose: tenancy.Customer, token: str, filled: Filled, *, status: int = 200
) -> HttpResponse:
    found = rights.by_follow(token)
    context = {
        **_about(whose),
        "found": found,
        "over": found.state in rights.ENDED,
        "state": words.PUBLIC_STATES[found.state],
        "kinds": [words.ASKABLE[kind][0] for kind in found.kinds],
        "steps": [(one.at, words.step(one.what), one.said) for one in found.steps],
        "told": request.GET,
        "form": filled.fields(),
        "link": f"{settings.PARLEY_PUBLIC_URL}{reverse('rights-follow', args=[whose.handle, token])}",
    }
    return render(request, "web/public/rights_follow.html", context, status=status)


def _form(
    request: HttpRequest, whose: tenancy.Customer, filled: Filled, *, chosen: list[str], status: int = 200
) -> HttpResponse:
    stamp = signing.dumps(whose.handle, salt=_STAMP)
    context = {
        **_about(whose), "askable": words.ASKABLE.items(), "chosen": chosen, "form": filled.fields(),
        "wrong": filled.wrong, "stamp": stamp,
    }  # fmt: skip
    return render(request, "web/public/rights_ask.html", context, status=status)


def _wait(request: HttpRequest, whose: tenancy.Customer, seconds: int) -> HttpResponse:
    """429 for people: nothing is lost, and when it goes on."""
    context = {**_about(whose), "minutes": max(1, -(-seconds // 60))}
    response = render(request, "web/public/rights_wait.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _about(whose: tenancy.Customer) -> dict[str, Any]:
    own = whose.kind == "provider"
    domain = settings.PARLEY_INTAKE_DOMAIN
    return {
        "whose": whose,
        "own": own,
        "processor": "" if own else tenancy.provider().name,
        "zone": str(ZoneInfo(whose.standing.zone)),
        "address": f"rights+{whose.handle}@{domain}" if domain else "",
        "authorities": AUTHORITIES,
    }


def _to(address: str) -> HttpResponse:
    return HttpResponseRedirect(address, status=303)


def _own_form(request: HttpRequest) -> bool:
    """Whether a form was sent by a page of ours: what a browser says of it, which a page cannot change."""
    ours = {request.get_host(), urlsplit(settings.PARLEY_PUBLIC_URL).netloc}
    origin = request.headers.get("Origin")
    if origin is not None:
        return urlsplit(origin).netloc in ours
    return request.headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}


def _stamped(request: HttpRequest, whose: tenancy.Customer) -> bool:
    try:
        handle: str = signing.loads(request.POST.get("stamp", ""), salt=_STAMP, max_age=STAMP_LIVES)
    except signing.BadSignature:
        return False
    return handle == whose.handle


def _must_wait(request: HttpRequest, email: str) -> int:
    from_here = REQUESTS.wait(asker(request))
    to_there = TO_ONE.wait(hashlib.sha256(email.lower().encode()).hexdigest()) if email else 0
    return max(from_here, to_there)


def _looks_like_an_address(email: str) -> bool:
    name, _at, domain = email.rpartition("@")
    return bool(name) and "." in domain and not any(char.isspace() or char in ",;<>" for char in email)


def _said(error: ParleyError) -> str:
    said = str(error.args[0])
    return f"{said[:1].upper()}{said[1:]}. {error.remedy}".strip()
