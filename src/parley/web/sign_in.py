"""Signing in and out, the same in a customer's console and in the provider's; and the site's front door."""

import re
from typing import Final

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
from parley.web.access import public
from parley.web.place import inside
from parley.web.public.limits import asker

_HANDLE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_BACKEND: Final = "parley.people.sessions.AccountBackend"
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
            person = people.authenticate(
                email=email,
                password=request.POST.get("password", "")[:1000],
                address=asker(request),
                at=timezone.now(),
            )
        except (people.SignInRefused, people.SignInLocked) as error:
            problem = error
        else:
            auth.login(request, person, backend=_BACKEND)
            here.person = person
            _note(request, "person.signed-in")
            return HttpResponseRedirect(target)
    context = {
        "customer": here.customer,
        "action": reverse("sign-in"),
        "next": target,
        "email": email,
        "problem": problem and {
            "what": str(problem.args[0]).capitalize() + ".", "remedy": problem.remedy, "error_id": problem.error_id,
        },
    }  # fmt: skip
    status = 200 if problem is None else 429 if isinstance(problem, people.SignInLocked) else 403
    return render(request, "web/sign_in.html", context, status=status)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session; its row is deleted."""
    if request.user.is_authenticated:
        _note(request, "person.signed-out")
    auth.logout(request)
    return HttpResponseRedirect(reverse("sign-in"))


def _note(request: HttpRequest, kind: str) -> None:
    """Evidence that somebody came or went, under the clause that lets the service be secured; of the provider's staff
    in the provider's own log."""
    here, now = inside(request), timezone.now()
    if here.customer.kind == "customer":
        gate.leave_evidence(here, kind=kind, decision=gate.ask(SECURE_SERVICE, now=now), now=now)
    else:
        obligations.evidence(kind=kind, clause=people.OWN_CLAUSE, details={"user": str(here.person.id)}, at=now)


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
