"""The programming interface of one console: /c/<handle>/api/v1/, its description at openapi.json.

It stands on an API token, or on the session of the console: the middleware recognises either and selects the customer;
each operation says its scope. Every refusal is problem details (RFC 9457) with an `error_id`.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja.errors import HttpError, ValidationError

from parley.foundation.errors import ParleyError
from parley.web import problems
from parley.web.place import inside
from parley.web.rest import (
    alarms,
    annotations,
    awareness,
    bulk,
    contacts_writing,
    deletions,
    exports,
    groups,
    holds,
    live,
    live_annotations,
    opendsr,
    people,
    policies,
    recordings,
    resealing,
    retention,
    sealed,
    searches,
    storage,
    trail,
    webhooks,
)
from parley.web.rest.description import Interface, answers
from parley.web.rest.scopes import Scope, no_token

rest = Interface(
    title="Parley",
    version="1",
    description="Recordings, their evidence, live calls, contacts, people, exports, holds, webhooks of one customer.",
    urls_namespace="rest",
    docs_url=None,
    auth=no_token,
)

for module in (
    recordings,
    bulk,
    deletions,
    searches,
    annotations,
    awareness,
    sealed,
    resealing,
    live_annotations,  # before the deeds with a call: their path would match as well
    live,
    alarms,
    policies,
    trail,
    contacts_writing,
    exports,
    holds,
    retention,
    people,
    groups,
    storage,
    webhooks,
):
    rest.add_router("", module.router)
rest.add_router("/opendsr/v3", opendsr.router)


@rest.exception_handler(ParleyError)
def _parley_error(request: HttpRequest, error: ParleyError) -> HttpResponse:
    return problems.answer(request, problems.of_error(error))


@rest.exception_handler(Http404)
def _not_found(request: HttpRequest, _error: Http404) -> HttpResponseBase:
    return problems.not_found(request)


@rest.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problems.answer(request, _bad(str(error), status=error.status_code))


@rest.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = ", ".join(sorted({str(fault["loc"][-1]) for fault in error.errors}))
    return problems.answer(request, _bad(f"These parameters cannot be understood: {fields}.", status=422))


def _bad(what: str, *, status: int) -> problems.Problem:
    return problems.Problem(
        status=status, error_id="web.bad_request", what=what, safe="", remedy="See openapi.json for what is asked."
    )


@rest.get(
    "",
    response=answers(dict[str, str]),
    url_name="index",
    summary="Where everything is",
    tags=["interface"],
    auth=Scope(None),
)
def index(request: HttpRequest) -> dict[str, str]:
    """Open to every token, whatever its scopes."""
    names = (
        "recordings", "deletions", "searches", "live", "alarms", "policies", "audit", "contacts", "exports", "holds",
        "retention", "people", "groups", "webhooks",
    )  # fmt: skip
    lists = {name: reverse(f"rest:{name}") for name in names}
    return {"console": inside(request).prefix, **lists, "description": reverse("rest:openapi-json")}
