"""What protects every answer: headers, a strict content policy, no body of unknown length, cookies of one console."""

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from parley.people import api as people
from parley.web.place import Handler, inside
from parley.web.problems import Problem, answer

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


def content_policy(*, events: str) -> str:
    """The Content-Security-Policy of a page: own files only, nothing inline. `events` is where the server-sent events
    come from; `blob:` is sound that a page opened itself."""
    split = urlsplit(events)
    origin = f"{split.scheme}://{split.netloc}"
    return (
        "default-src 'none'; script-src 'self'; "
        f"style-src 'self'; img-src 'self' data:; media-src 'self' blob:; font-src 'self'; "
        f"connect-src 'self' {origin}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


class Headers:
    """Sets the headers of every answer. Pages of people are never kept by a cache that others read."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault(
            "Content-Security-Policy",
            content_policy(events=settings.PARLEY_EVENTS_URL),
        )
        if request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if hasattr(request, "customer"):
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response


class KnownLength:
    """Refuses a chunked request body with 411: the server hands it on empty, and an empty order is a wrong order."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "HTTP_TRANSFER_ENCODING" in request.META:
            return answer(
                request,
                Problem(
                    status=411,
                    error_id="web.length_required",
                    what="The request has a body of unknown length",
                    safe="Nothing was done.",
                    remedy="Send it again with a Content-Length.",
                ),
            )
        return self.get_response(request)


class TenantSessions(SessionMiddleware):
    """Sessions whose cookie is sent to one console only, and whose rows live in that customer's database."""

    def process_request(self, request: HttpRequest) -> None:
        if hasattr(request, "customer"):
            super().process_request(request)
        else:
            request.session = SessionBase()  # stays empty and is never stored: outside a console nobody is signed in

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if not hasattr(request, "customer"):
            return response
        answered = super().process_response(request, response)
        cookie = answered.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie is not None:
            cookie["path"] = inside(request).prefix
            cookie["secure"] = cookie["secure"] or request.is_secure()
            if cookie.value:
                people.expect_clearing(at=timezone.now())
        return answered
