"""One's own account, in a customer's console and in the provider's: second factors, where one is signed in, and, of a
customer, which new recordings one is told of."""

from typing import Any
from uuid import UUID

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from parley.people import api as people
from parley.web import people_words as words
from parley.web import rules
from parley.web.access import ENROL, SIGN_IN, enrolling
from parley.web.console.people import as_id, lines, said
from parley.web.place import inside
from parley.web.sign_in import passkeys_work, remember_challenge, site, take_challenge


@enrolling
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Second factors and sessions of whoever is signed in; a POST is the deed named."""
    here, now = inside(request), timezone.now()
    context: dict[str, Any] = {"here": "account", "wrong": {}, "shown_codes": ()}
    if request.method == "POST":
        deed = request.POST.get("deed", "")
        try:
            context["shown_codes"] = _do(deed, request)
        except people.PeopleError as error:
            context["wrong"] = {deed: said(error)}
        if not context["wrong"] and not context["shown_codes"]:
            return HttpResponseRedirect(reverse("account"))
    known, waiting = people.factors.factors(here.person), people.factors.unfinished(here.person)
    own = people.settings()
    context |= {
        "factors": known, "waiting": waiting, "qr": qr(waiting.uri) if waiting else "",
        "needed": here.person.role in own.factor_roles, "must": bool(request.session.get(ENROL)),
        "sign_ins": lines(people.sign_ins(here.person.id, at=now)), "current": as_id(request.session.get(SIGN_IN, "")),
        "told": _notices(request),
        "passkeys_work": passkeys_work(request), "host": site(request).host, "role": rules.ROLES[here.person.role],
    }  # fmt: skip
    return render(request, "web/console/people/account.html", context, status=400 if context["wrong"] else 200)


@enrolling
@require_GET
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What a browser needs to make a passkey, as JSON; the challenge is remembered in the session."""
    asked = people.passkeys.ask_new(inside(request).person, site(request))
    remember_challenge(request, asked)
    return HttpResponse(asked.options, content_type="application/json")


def qr(text: str) -> SafeString:
    """`text` as a QR code, an inline picture that is black on white also in the dark."""
    drawn = segno.make(text, error="m").svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr")
    return mark_safe(drawn)  # noqa: S308 - drawn by us; the text is modules of the picture, never markup


def _do(deed: str, request: HttpRequest) -> tuple[str, ...]:
    """The deed; recovery codes to show once, where it made some. Raises PeopleError."""
    here, now = inside(request), timezone.now()
    person, by = here.person, here.person.id
    if deed == "begin-codes":
        people.factors.begin_codes(person, at=now)
    elif deed == "confirm-codes":
        made = people.factors.confirm_codes(person, request.POST.get("code", "")[:20], at=now)
        request.session.pop(ENROL, None)
        return made
    elif deed == "renew-recovery":
        return people.factors.renew_recovery_codes(person, at=now)
    elif deed == "remove-codes":
        _require_other(people.factors.factors(person), person, codes=True)
        people.factors.remove_codes(person, by=by, at=now)
    elif deed == "add-passkey":
        return _add_passkey(request)
    elif deed == "remove-passkey" and (passkey := as_id(request.POST.get("passkey", ""))):
        _require_other(people.factors.factors(person), person, codes=False)
        people.factors.remove_passkey(person, passkey, by=by, at=now)
    elif deed == "sign-out":
        _sign_out(request, by)
    elif deed == "notices" and here.customer.kind == "customer":
        calls = request.POST.get("calls", "")
        people.notices.choose_notices(by, next((one for one in people.notices.CALLS if one == calls), "none"))
    return ()


def _notices(request: HttpRequest) -> dict[str, Any] | None:
    """What the form about letters shows: each choice in words, and what the customer lets be written."""
    here = inside(request)
    if here.customer.kind != "customer":
        return None
    chosen = people.notices.notice_choice(here.person.id)
    return {
        "calls": [(one, word, one == chosen) for one, word in words.NOTICE_CALLS.items()],
        "letters": people.notices.notice_letters(), "minutes": people.notices.BETWEEN.seconds // 60,
    }  # fmt: skip


def _add_passkey(request: HttpRequest) -> tuple[str, ...]:
    """The first second factor brings recovery codes with it."""
    person, now = inside(request).person, timezone.now()
    first = not people.factors.factors(person).any
    people.passkeys.add(
        person, request.POST.get("credential", ""), challenge=take_challenge(request), site=site(request),
        name=request.POST.get("name", ""), at=now,
    )  # fmt: skip
    request.session.pop(ENROL, None)
    return people.factors.renew_recovery_codes(person, at=now) if first else ()


def _require_other(known: people.factors.Factors, person: people.User, *, codes: bool) -> None:
    """Whoever needs a second factor keeps one. Raises FactorRefused."""
    left = bool(known.passkeys) if codes else known.codes_since is not None or len(known.passkeys) > 1
    if not left and person.role in people.settings().factor_roles:
        raise people.FactorRefused("your role needs a second factor", remedy="Set up another one first.")


def _sign_out(request: HttpRequest, by: UUID) -> None:
    now, own = timezone.now(), as_id(request.session.get(SIGN_IN, ""))
    if sign_in := as_id(request.POST.get("sign_in", "")):
        people.end(sign_in, user_id=by, by=by, at=now)
    else:
        people.end_of(by, by=by, at=now, but=own)
