"""Signing in and out, the same in a customer's console and in the provider's; and the site's front door.

A password is the first step; whoever has a second factor proves it next. A passkey is both at once. Whoever needs a
second factor by the customer's policy and has none signs in to its own account page alone, until it has set one up.
"""

import re
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from parley.foundation.errors import ParleyError
from parley.obligations import api as obligations
from parley.people import api as people
from parley.tenancy import api as tenancy
from parley.web import gate, rules
from parley.web.access import ENROL, SEEN, SIGN_IN, public
from parley.web.place import inside
from parley.web.public.limits import asker

_HANDLE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_BACKEND: Final = "parley.people.sessions.AccountBackend"
_PENDING: Final = "pending"
_PENDING_HOLDS: Final = timedelta(minutes=10)
_CHALLENGE: Final = "passkey"
SIGNED_ON_BY: Final = "signed_on_by"
"""Where a session keeps which provider it was signed in at."""
SECURE_SERVICE: Final = "secure-service"


@public
@sensitive_post_parameters("password")
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form, and what it sends. Failures are counted by account and by address (`people.api.authenticate`)."""
    here = inside(request)
    target = rules.safe_next(request.POST.get("next") or request.GET.get("next", ""), prefix=here.prefix)
    if request.user.is_authenticated:
        return HttpResponseRedirect(target)
    problem: ParleyError | None = None
    email = request.POST.get("email", "")[:254]
    if request.method == "POST":
        try:
            if "credential" in request.POST:
                person = people.passkeys.proved(
                    request.POST["credential"], challenge=take_challenge(request), site=site(request), at=timezone.now()
                )
                return let_in(request, person, means="passkey", target=target)
            person = people.authenticate(
                email=email,
                password=request.POST.get("password", "")[:1000],
                address=asker(request),
                at=timezone.now(),
            )
        except (people.SignInRefused, people.SignInLocked, people.FactorRefused) as error:
            problem = error
        else:
            if people.factors.factors(person).any:
                return _ask_factor(request, person, target=target)
            return let_in(request, person, means="password", target=target)
    return page(request, problem=problem, target=target, email=email)


def page(request: HttpRequest, *, problem: ParleyError | None, target: str, email: str = "") -> HttpResponse:
    """The ways in, and why the last one failed."""
    ended = request.GET.get("ended", "")
    sign_ons = people.sign_ons.sign_ons()
    context = {
        "customer": inside(request).customer, "action": reverse("sign-in"), "next": target, "email": email,
        "problem": _told(problem), "passkeys": passkeys_work(request), "sign_ons": sign_ons,
        "ended": next((one for one in sign_ons if str(one.id) == ended), None),
    }  # fmt: skip
    return render(request, "web/sign_in.html", context, status=_status(problem))


@public
@sensitive_post_parameters("code")
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def factor(request: HttpRequest) -> HttpResponse:
    """The second step: a one-time code, a recovery code or a passkey of whoever gave the right password."""
    here, now = inside(request), timezone.now()
    pending = request.session.get(_PENDING, {})
    person = _pending_person(pending, now=now)
    if person is None or request.user.is_authenticated:
        return HttpResponseRedirect(reverse("sign-in"))
    problem: ParleyError | None = None
    if request.method == "POST":
        try:
            means: people.Means
            if "credential" in request.POST:
                people.passkeys.proved(
                    request.POST["credential"],
                    challenge=take_challenge(request),
                    site=site(request),
                    at=now,
                    user=person,
                )
                means = "passkey"
            else:
                means = people.factors.check_code(person, request.POST.get("code", "")[:40], at=now)
        except (people.FactorRefused, people.SignInLocked) as error:
            problem = error
        else:
            return let_in(request, person, means=means, target=pending["next"])
    known = people.factors.factors(person)
    context = {
        "customer": here.customer, "problem": _told(problem), "codes": known.codes_since is not None,
        "passkeys": bool(known.passkeys) and passkeys_work(request),
    }  # fmt: skip
    return render(request, "web/sign_in_factor.html", context, status=_status(problem))


@public
@require_GET
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What a browser needs to prove a passkey, as JSON; the challenge is remembered in the session."""
    person = _pending_person(request.session.get(_PENDING), now=timezone.now())
    asked = people.passkeys.ask(site(request), person)
    remember_challenge(request, asked)
    return HttpResponse(asked.options, content_type="application/json")


@public
@sensitive_post_parameters("password", "again")
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever was invited sets a password; the link is spent by it."""
    here = inside(request)
    problem: people.AccountRefused | None = None
    try:
        person = people.invited(token)
    except people.InvitationRefused as error:
        return render(request, "web/join.html", {"customer": here.customer, "problem": _told(error)}, status=404)
    if request.method == "POST":
        password = request.POST.get("password", "")[:1000]
        if password != request.POST.get("again", "")[:1000]:
            problem = people.AccountRefused(_("the two passwords differ"), remedy=_("Write the same one twice."))
        else:
            try:
                people.accept(token, password, at=timezone.now())
                return HttpResponseRedirect(reverse("sign-in"))
            except people.AccountRefused as error:
                problem = error
    context = {"customer": here.customer, "person": person, "problem": _told(problem)}
    return render(request, "web/join.html", context, status=400 if problem else 200)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session; its row is deleted."""
    if request.user.is_authenticated:
        _note(request, "person.signed-out")
    signed_on_by = request.session.get(SIGNED_ON_BY, "")
    auth.logout(request)
    return HttpResponseRedirect(reverse("sign-in") + (f"?ended={signed_on_by}" if signed_on_by else ""))


def let_in(
    request: HttpRequest, person: people.User, *, means: people.Means, target: str
) -> HttpResponse:  # fmt: skip
    """Start the session of `person`, with evidence, and write down where it runs."""
    here, now = inside(request), timezone.now()
    for key in (_PENDING, _CHALLENGE):
        request.session.pop(key, None)
    auth.login(request, person, backend=_BACKEND)
    here.person = person
    request.session[SIGN_IN] = str(
        people.begin(
            person, session_key=str(request.session.session_key), address=asker(request),
            agent=request.headers.get("User-Agent", ""), means=means, at=now,
        )
    )  # fmt: skip
    request.session[SEEN] = now.isoformat()
    _note(request, "person.signed-in", means=means)
    if means not in people.STRONG and person.role in people.settings().factor_roles:
        request.session[ENROL] = True
        return HttpResponseRedirect(reverse("account"))
    return HttpResponseRedirect(target)


def site(request: HttpRequest) -> people.passkeys.Site:
    """Where passkeys made here belong to: the installation's public address, or this machine by its name."""
    public_url = urlsplit(settings.PARLEY_PUBLIC_URL)
    host = request.get_host()
    name = host.partition(":")[0]
    if name == public_url.hostname:
        return people.passkeys.Site(host=name, origin=f"{public_url.scheme}://{public_url.netloc}")
    return people.passkeys.Site(host=name, origin=f"{request.scheme}://{host}")


def passkeys_work(request: HttpRequest) -> bool:
    """Browsers make passkeys for names alone, over TLS or on this machine."""
    where = site(request)
    named = not re.fullmatch(r"[0-9.]+|\[.*", where.host)
    return named and (where.origin.startswith("https:") or where.host == "localhost")


def remember_challenge(request: HttpRequest, asked: people.passkeys.Asked) -> None:
    """The challenge that the browser must answer next."""
    request.session[_CHALLENGE] = asked.challenge


def take_challenge(request: HttpRequest) -> str:
    """The challenge that the browser answers: each once."""
    return str(request.session.pop(_CHALLENGE, ""))


def _ask_factor(request: HttpRequest, person: people.User, *, target: str) -> HttpResponse:
    request.session.cycle_key()  # whoever knew the key before the password was right knows it no more
    request.session[_PENDING] = {"user": str(person.id), "at": timezone.now().isoformat(), "next": target}
    return HttpResponseRedirect(reverse("sign-in-factor"))


def _pending_person(pending: Any, *, now: datetime) -> people.User | None:
    if not pending or now - datetime.fromisoformat(pending["at"]) > _PENDING_HOLDS:
        return None
    return people.by_id(UUID(pending["user"]))


def _told(problem: ParleyError | None) -> dict[str, str] | None:
    if problem is None:
        return None
    what = str(problem.args[0])
    return {"what": f"{what[:1].upper()}{what[1:]}.", "remedy": problem.remedy or "", "error_id": problem.error_id}


def _status(problem: ParleyError | None) -> int:
    return 200 if problem is None else 429 if isinstance(problem, people.SignInLocked) else 403


def _note(request: HttpRequest, kind: str, **details: str) -> None:
    """Evidence that somebody came or went, under the clause that lets the service be secured; of the provider's staff
    in the provider's own log."""
    here, now = inside(request), timezone.now()
    if here.customer.kind == "customer":
        gate.leave_evidence(here, kind=kind, decision=gate.ask(SECURE_SERVICE, now=now), now=now, **details)
    else:
        obligations.evidence(
            kind=kind, clause=people.OWN_CLAUSE, details={"user": str(here.person.id), **details}, at=now
        )


@require_GET
def door(request: HttpRequest) -> HttpResponse:
    """The site's first page: asks which organisation, and leads to its console."""
    asked = request.GET.get("organisation", "").strip().lower()[:63]
    if asked and _HANDLE.fullmatch(asked):
        found = tenancy.by_handle(asked)
        if found is not None and found.kind == "customer":
            return HttpResponseRedirect(f"/c/{asked}/")
    problem = _("No console has this short name.") if asked else ""
    return render(request, "web/door.html", {"asked": asked, "problem": problem}, status=404 if asked else 200)


@require_GET
def alive(_request: HttpRequest) -> HttpResponse:
    """For supervisors and load balancers: the process answers."""
    return HttpResponse("ok", content_type="text/plain")
