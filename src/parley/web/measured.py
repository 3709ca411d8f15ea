"""How often each page is asked for, what came of it, how long it took: by the name of its address, never by whom."""

import time

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from parley.monitoring.api import count_request
from parley.web.place import CONSOLE_URLS, PROVIDER_URLS, Handler

_PLACES = {CONSOLE_URLS: "console", PROVIDER_URLS: "provider"}


class Measured:
    """Counts every answer. What no address matched (files, what is not there) has no name."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        count_request(
            place=_PLACES.get(getattr(request, "urlconf", ""), "site"),
            route=match.view_name if match is not None else "",
            method=request.method or "",
            status=response.status_code,
            seconds=time.perf_counter() - begun,
        )
        return response
