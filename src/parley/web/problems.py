"""Errors as people and programs read them: what happened, what is safe, what to do, and an id to quote (RFC 9457)."""

import json
import secrets
import sys
from dataclasses import dataclass
from typing import Final

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from parley.foundation.errors import ParleyError
from parley.web.place import Handler, in_api

log = structlog.get_logger("parley.web")

# The status of every error that may reach a person; what is not listed is ours: 500.
STATUSES: Final = {
    "recordings.no-such-recording": 404,
    "recordings.no-such-rendition": 404,
    "recordings.substituted-object": 409,
    "recordings.bad-cursor": 400,
    "recordings.no-such-annotation": 404,
    "recordings.annotation-refused": 409,
    "recordings.deed_refused": 409,
    "recordings.told_refused": 409,
    "recordings.policy_refused": 400,
    "recordings.deletion-refused": 403,
    "recordings.resealing-refused": 409,
    "recordings.header-refused": 400,
    "recordings.reason-required": 403,
    "recordings.reason-refused": 400,
    "ledger.no_such_entry": 404,
    "ledger.not_yet_integrated": 409,
    "ledger.error": 400,
    "obligations.bad-place": 400,
    "obligations.unknown-duty": 404,
    "obligations.waiver-refused": 409,
    "storage.locked": 409,
    "storage.unavailable": 503,
    "storage.full": 503,
    "tenancy.unknown_customer": 404,
    "tenancy.database_unavailable": 503,
    "audits.refused": 409,
    "audits.no-such": 404,
    "audits.pack-refused": 409,
    "audits.proof-refused": 400,
    "incidents.refused": 409,
    "incidents.no_such_incident": 404,
    "mail.no_such_message": 404,
    "web.refused": 403,
    "contract.refused": 409,
    "contract.agreement-changed": 409,
    "contract.nothing-signed": 409,
    "instructions.refused": 409,
    "instructions.unknown": 404,
    "access.refused": 403,
    "access.no-such": 404,
    "access.wrong-moment": 409,
    "access.form": 400,
    "assistance.no-such": 404,
    "assistance.not-yet": 409,
    "assistance.form": 400,
    "web.csrf": 403,
    "tokens.refused": 400,
    "tokens.no-such-token": 404,
    "tokens.scope-missing": 403,
    "webhooks.address-refused": 400,
    "webhooks.endpoint-refused": 409,
    "webhooks.no-such-endpoint": 404,
    "webhooks.no-such-delivery": 404,
    "webhooks.bad-place": 400,
    "people.account_refused": 400,
    "people.list_refused": 404,
    "people.search_refused": 409,
    "people.sign_on_refused": 403,
    "people.factor_refused": 403,
    "people.invitation_refused": 409,
    "contacts.refused": 400,
    "contacts.no-such-contact": 404,
    "contacts.no-such-directory": 404,
    "contacts.no-such-import": 404,
    "contacts.may-not-change": 403,
    "contacts.gate-refused": 403,
    "contacts.may-not-contact": 403,
    "contacts.sealed-to-customer": 409,
    "contacts.import-refused": 409,
    "contacts.bad-cursor": 400,
    "contacts.unreadable-file": 400,
    "rights.no-such-request": 404,
    "rights.request-refused": 400,
    "rights.callback-refused": 400,
    "rights.code-refused": 409,
    "rights.move-refused": 409,
    "rights.not-verified": 409,
    "rights.stays-open": 409,
    "rights.still-open": 409,
    "rights.not-authorised": 403,
    "rights.gate-refused": 403,
    "exports.refused": 409,
    "exports.no-such-export": 404,
    "exports.damaged": 409,
    "retention.rule-refused": 409,
    "retention.hold-refused": 409,
    "retention.no-such-hold": 404,
    "retention.approval-required": 409,
    "retention.approval-refused": 409,
    "retention.no-such-deletion": 404,
    "retention.use-restricted": 403,
    "retention.erasure-incomplete": 503,
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One refusal or failure. `reference` ties it to the log line; none of it holds personal data or a secret."""

    status: int
    error_id: str
    what: str
    safe: str
    remedy: str
    reference: str = ""
    retry_after: int | None = None


class Refused(ParleyError):
    """The agreement's gate does not allow it."""

    error_id = "web.refused"


def of_error(error: ParleyError) -> Problem:
    """The problem that a Parley error is; unexpected ones get a reference that the log repeats."""
    status = STATUSES.get(error.error_id, 500)
    reference = secrets.token_hex(4) if status >= 500 else ""
    if reference:
        log.error("web.failed", error_id=error.error_id, reference=reference)
    return Problem(
        status=status,
        error_id=error.error_id,
        what=_sentence(Exception.__str__(error)),
        safe=_("Nothing was changed."),
        remedy=error.remedy or _("Try again in a moment; if it stays, tell your administrator the words below."),
        reference=reference,
        retry_after=2 if error.error_id == "ledger.not_yet_integrated" else None,
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].removesuffix(".") + "."


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The answer that tells `problem`: problem details for programs, a page for people."""
    if in_api(request.path_info) or "application/json" in request.headers.get("Accept", ""):
        body: dict[str, object] = {
            "type": "about:blank",
            "title": problem.what,
            "status": problem.status,
            "detail": " ".join(filter(None, (problem.what, problem.remedy))),
            "error_id": problem.error_id,
        }
        if problem.reference:
            body["reference"] = problem.reference
        response = HttpResponse(json.dumps(body), content_type="application/problem+json", status=problem.status)
    else:
        home = getattr(request, "prefix", "/")
        response = render(request, "web/error.html", {"problem": problem, "home": home}, status=problem.status)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


def not_found(request: HttpRequest, **_why: object) -> HttpResponseBase:
    """404: nothing here, or nothing that this person may see; the two are the same answer on purpose."""
    return answer(
        request,
        Problem(
            status=404,
            error_id="web.not_found",
            what=_("There is nothing at this address."),
            safe=_("It may have been removed, or it is not yours to see."),
            remedy=_("Check the address, or start from the first page."),
        ),
    )


def forbidden(request: HttpRequest, **_why: object) -> HttpResponseBase:
    """403: signed in, but not in a role that may."""
    return answer(
        request,
        Problem(
            status=403,
            error_id="web.forbidden",
            what=_("Your role does not include this page."),
            safe=_("Nothing was changed."),
            remedy=_("Ask an administrator of your organisation if you need it."),
        ),
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """403: the form does not come from a page that this browser was given."""
    log.info("web.csrf", reason=reason)
    return answer(
        request,
        Problem(
            status=403,
            error_id="web.csrf",
            what=_("This form is too old, or came from elsewhere."),
            safe=_("Nothing was done."),
            remedy=_("Go back, load the page again, and send it once more."),
        ),
    )


def bad_request(request: HttpRequest, **_why: object) -> HttpResponseBase:
    """400: a request that no page of ours sends."""
    return answer(
        request,
        Problem(
            status=400,
            error_id="web.bad_request",
            what=_("The request cannot be understood."),
            safe=_("Nothing was done."),
            remedy=_("Start again from the first page."),
        ),
    )


def failed(request: HttpRequest) -> HttpResponseBase:
    """500: a fault of ours. The log says what failed where, never the values: a message may quote personal data."""
    reference = secrets.token_hex(4)
    kind, _value, trace = sys.exc_info()
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    log.error(
        "web.failed", error_id="web.unexpected", reference=reference, fault=getattr(kind, "__name__", ""), where=where
    )
    return answer(
        request,
        Problem(
            status=500,
            error_id="web.unexpected",
            what=_("Something went wrong on our side."),
            safe=_("Recordings and evidence are kept by other parts and are not affected."),
            remedy=_("Try again; if it stays, tell your administrator the words below."),
            reference=reference,
        ),
    )


class Problems:
    """Turns an error that Parley raised on purpose into its page or problem details."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        return answer(request, of_error(exception)) if isinstance(exception, ParleyError) else None
