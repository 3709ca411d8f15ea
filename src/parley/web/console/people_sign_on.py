"""Sign-ons of the customer's own: OpenID providers at which its people sign in."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from parley.people import api as people
from parley.people.types import SIGN_ON_CLAIMS
from parley.web.access import administers
from parley.web.console.people import as_id, said
from parley.web.place import inside
from parley.web.sign_on import back


@administers
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Which providers there are; a POST adds or removes one."""
    here, now, wrong = inside(request), timezone.now(), ""
    sent = request.POST
    if request.method == "POST":
        try:
            if sent.get("deed") == "remove" and (sign_on := as_id(sent.get("sign_on", ""))):
                people.sign_ons.remove_sign_on(sign_on, by=here.person.id, at=now)
            elif sent.get("deed") == "add":
                people.sign_ons.add_sign_on(
                    name=sent.get("name", ""), issuer=sent.get("issuer", ""), client_id=sent.get("client_id", "")[:500],
                    secret=sent.get("secret", "")[:2000], claim=sent.get("claim", ""),
                    domains=sent.get("domains", "").split(","), create_missing=bool(sent.get("create_missing")),
                    by=here.person.id, at=now,
                )  # fmt: skip
        except people.SignOnRefused as error:
            wrong = said(error)
        else:
            return HttpResponseRedirect(reverse("people-sign-on"))
    context = {
        "here": "people", "sign_ons": people.sign_ons.sign_ons(), "wrong": wrong, "sent": sent, "back": back(request),
        "claims": SIGN_ON_CLAIMS, "may_change": here.viewer.role == "administrator",
    }  # fmt: skip
    return render(request, "web/console/people/sign_on.html", context, status=400 if wrong else 200)
