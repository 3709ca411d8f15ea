"""Where a request belongs: `/c/<handle>/...` is one customer's console, `/provider/...` the provider's.

The middleware enters the customer's scope, so that every query of the request goes to that customer's database as its
own role, and swaps the URL configuration: a console's addresses know no handle, hence no view can mix two customers up.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix
from django_htmx.middleware import HtmxDetails

from parley.people.api import User, Viewer
from parley.tenancy import api as tenancy

Handler = Callable[[HttpRequest], HttpResponseBase]

_PLACE: Final = re.compile(r"(?P<prefix>/c/(?P<handle>[a-z0-9][a-z0-9-]{0,62})|/provider)(?P<rest>/.*|$)", re.DOTALL)
CONSOLE_URLS: Final = "parley.web.console.urls"
PROVIDER_URLS: Final = "parley.web.provider.urls"


class ConsoleRequest(HttpRequest):
    """A request inside one customer's console, as the middleware leaves it: what views may rely on."""

    customer: tenancy.Customer
    person: User
    viewer: Viewer
    prefix: str
    htmx: HtmxDetails


def inside(request: HttpRequest) -> ConsoleRequest:
    """The same request, seen as what the middleware makes of it."""
    return cast(ConsoleRequest, request)


def in_scope(customer: tenancy.Customer, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, each made in the customer's scope: the request's own has ended when a stream is read."""
    while True:
        with tenancy.scope(customer):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def in_api(path: str) -> bool:
    """Whether `path`, within a console, belongs to the programming interface."""
    return path.startswith("/api/")


class TenantByPath:
    """Selects the customer that the address names; an address that names none stays with the site's own pages."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = _PLACE.fullmatch(request.path_info)
        if match is None:
            return self.get_response(request)
        if not match["rest"]:
            return HttpResponsePermanentRedirect(f"{match['prefix']}/")
        customer = tenancy.by_handle(match["handle"]) if match["handle"] else tenancy.provider()
        if customer is None or (match["handle"] and customer.kind != "customer"):
            raise Http404("no console has this address")
        inside(request).customer = customer
        inside(request).prefix = match["prefix"] + "/"
        setattr(request, "urlconf", CONSOLE_URLS if match["handle"] else PROVIDER_URLS)  # Django reads it  # noqa: B010
        request.path_info = match["rest"]
        set_script_prefix(match["prefix"] + "/")
        with tenancy.scope(customer):
            return self.get_response(request)


def console_address(handle: str) -> str:
    """The address of a customer's console as people type it."""
    return f"{settings.PARLEY_PUBLIC_URL}/c/{handle}/"
