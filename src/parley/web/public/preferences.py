"""What a person agreed to, and how it ends it: reached by the link in every marketing letter, without an account.

The link names the contact and is signed; whoever has it may object and withdraw, nothing else. A wrong link, one of
another customer and one of a contact that is gone all get the same answer: nobody learns who is known.
"""

import base64
import binascii
from typing import Final
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from parley.contacts import api as contacts
from parley.tenancy import api as tenancy
from parley.web import contact_words as words
from parley.web.public.limits import limited

_SALT: Final = "contacts.preferences"
_MARKETING: Final = "marketing"
_BY: Final = "person"


def preferences_path(customer: tenancy.Customer, contact_id: UUID) -> str:
    """The path of the page of one contact of a customer."""
    return f"/preferences/{customer.handle}/{token_of(customer, contact_id)}"


def token_of(customer: tenancy.Customer, contact_id: UUID) -> str:
    """What the link holds: the contact's id, signed for this customer."""
    value = base64.urlsafe_b64encode(contact_id.bytes).decode().rstrip("=")
    return _signer(customer).sign(value)


@csrf_exempt  # the link itself is the permission, and mail programs send no token of ours (RFC 8058)
@limited
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, handle: str, token: str) -> HttpResponse:
    """The page; a POST withdraws, objects, or is the one click of a mail program (RFC 8058 section 3.1)."""
    customer = tenancy.by_handle(handle)
    contact_id = _contact(customer, token) if customer is not None and customer.kind == "customer" else None
    if customer is None or contact_id is None:
        return _nothing(request)
    with tenancy.scope(customer):
        try:
            found = contacts.get_for_person(contact_id)
        except contacts.NoSuchContact:
            return _nothing(request)
        if request.method == "POST":
            return _deed(request, found)
        return _answered(render(request, "web/public/preferences.html", _context(customer, found, request)))


def _deed(request: HttpRequest, found: contacts.Contact) -> HttpResponse:
    now, posted = timezone.now(), request.POST
    numbers = [one.value for one in found.fields.numbers]
    if posted.get("List-Unsubscribe") == "One-Click":
        _withdraw(found, now=now, channel="email")
        contacts.object_(
            emails=found.fields.emails, purpose=_MARKETING, channel="email", ground="unsubscribed", by=_BY, at=now
        )
        return _answered(HttpResponse(f"{_('Done.')}\n", content_type="text/plain; charset=utf-8"))
    done = ""
    if posted.get("deed") == "object":
        channel: contacts.Channel = next((key for key in words.ALL_CHANNELS if key == posted.get("channel")), "*")
        _withdraw(found, now=now, channel=channel)
        contacts.object_(
            numbers=numbers, emails=found.fields.emails, purpose=_MARKETING, ground="preferences", channel=channel,
            by=_BY, at=now,
        )  # fmt: skip
        done = "objected"
    elif posted.get("deed") == "withdraw":
        known = {str(one.id): one.id for one in contacts.consents(found.id)}
        if (consent := known.get(posted.get("consent", ""))) is not None:
            contacts.withdraw_consent(consent, by=_BY, at=now)
        done = "withdrawn"
    return _answered(HttpResponseRedirect(f"{request.path}?done={done}"))


def _withdraw(found: contacts.Contact, *, now: object, channel: str) -> None:
    """Consents to marketing end with the objection to it."""
    for one in contacts.consents(found.id):
        if one.withdrawn_at is None and one.purpose == _MARKETING and channel in {"*", one.channel}:
            contacts.withdraw_consent(one.id, by=_BY, at=now)  # type: ignore[arg-type]


def _context(customer: tenancy.Customer, found: contacts.Contact, request: HttpRequest) -> dict[str, object]:
    fields = found.fields
    objected = [one for number in fields.numbers for one in contacts.objections(number=number.value)]
    objected += [one for email in fields.emails for one in contacts.objections(email=email)]
    channels = {one.channel for one in objected if one.purpose in {_MARKETING, "*"}}
    return {
        "sender": customer.name,
        "done": request.GET.get("done", ""),
        "consents": [
            (one, words.purpose_words(one.purpose), str(words.CHANNELS.get(one.channel, one.channel)))
            for one in contacts.consents(found.id)
            if one.withdrawn_at is None
        ],
        "all_ended": "*" in channels,
        "ended": [str(word) for key, word in words.CHANNELS.items() if key in channels],
        "channels": [(key, word) for key, word in words.CHANNELS.items() if key not in channels],
    }


def _contact(customer: tenancy.Customer, token: str) -> UUID | None:
    try:
        value = _signer(customer).unsign(token)
        return UUID(bytes=base64.urlsafe_b64decode(value + "=="))
    except (BadSignature, binascii.Error, ValueError):
        return None


def _signer(customer: tenancy.Customer) -> Signer:
    return Signer(salt=f"{_SALT}:{customer.id}", sep=".")


def _nothing(request: HttpRequest) -> HttpResponse:
    """The one answer to every link that does not hold; a mail program's click hears nothing else either."""
    return _answered(render(request, "web/public/preferences_gone.html", {}, status=404))


def _answered(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
