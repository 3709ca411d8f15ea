"""Signing in at the customer's own OpenID provider: out, back, and ending the session there."""

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from parley.people import api as people
from parley.web import rules, sign_in
from parley.web.access import public
from parley.web.place import inside
from parley.web.public.limits import limited

_BEGUN: Final = "sign_on"


@public
@limited
@require_GET
def begin(request: HttpRequest, sign_on_id: UUID) -> HttpResponse:
    """Lead the browser to the provider, and remember what it must bring back."""
    target = rules.safe_next(request.GET.get("next", ""), prefix=inside(request).prefix)
    if request.user.is_authenticated:
        return HttpResponseRedirect(target)
    try:
        begun = people.sign_ons.begin(sign_on_id, back=back(request))
    except people.SignOnRefused as error:
        return sign_in.page(request, problem=error, target=target)
    request.session[_BEGUN] = {
        "id": str(sign_on_id), "state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier, "next": target,
    }  # fmt: skip
    return HttpResponseRedirect(begun.url)


@public
@limited
@require_GET
def finish(request: HttpRequest) -> HttpResponse:
    """The browser came back: whoever it proves is let in. What was remembered is good for one answer."""
    begun = request.session.pop(_BEGUN, None)
    target = rules.safe_next(begun["next"] if begun else "", prefix=inside(request).prefix)
    if request.user.is_authenticated:
        return HttpResponseRedirect(target)
    if begun is None:
        problem = people.SignOnRefused(
            "the answer belongs to no sign-in that was begun here", remedy="Sign in again from this page."
        )
        return sign_in.page(request, problem=problem, target=target)
    try:
        person = people.sign_ons.finish(
            UUID(begun["id"]), request.GET.dict(), state=begun["state"], nonce=begun["nonce"],
            verifier=begun["verifier"], back=back(request), at=timezone.now(),
        )  # fmt: skip
    except people.SignOnRefused as error:
        return sign_in.page(request, problem=error, target=target)
    request.session[sign_in.SIGNED_ON_BY] = begun["id"]
    return sign_in.let_in(request, person, means="openid", target=target)


@public
@limited
@require_GET
def end(request: HttpRequest, sign_on_id: UUID) -> HttpResponse:
    """End the session at the provider, too: whoever signed out here chose to."""
    try:
        place = people.sign_ons.end_address(sign_on_id, back=request.build_absolute_uri(reverse("sign-in")))
    except people.SignOnRefused as error:
        return sign_in.page(request, problem=error, target="")
    return HttpResponseRedirect(place or reverse("sign-in"))


def back(request: HttpRequest) -> str:
    """The address that the provider sends browsers back to: what is registered there."""
    return f"{sign_in.site(request).origin}{reverse('sign-on-back')}"
