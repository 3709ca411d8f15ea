"""Requests of persons from another program: OpenDSR, version 3, below the customer's interface.

What deviates from the specification, on purpose: answers and callbacks are signed with Ed25519, whose public key
`certificate` publishes (no certificate of an authority names it); a hashed identity is refused, because the indexes are
keyed and a hash of others cannot be looked up in them; one callback address for each request; besides the three kinds
of the specification also rectification, restriction and objection. Errors are the specification's, with an `error_id`.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field, ValidationError

from parley.rights import api as rights
from parley.web.place import inside
from parley.web.problems import STATUSES
from parley.web.rest import callers
from parley.web.rest.description import answers
from parley.web.rest.scopes import Scope

VERSION: Final = "3.0"
KINDS: Final = ("access", "portability", "erasure", "rectification", "restriction", "objection")
_EMAIL: Final = frozenset({"email"})
_PHONE: Final = frozenset({"phone_number", "phone", "mobile_number"})
_MOST_BYTES: Final = 100_000
_SKEW: Final = timedelta(minutes=5)
_OLDEST: Final = timedelta(days=10 * 366)

router = Router(tags=["OpenDSR"])


class Identity(Schema):
    """One way to recognise the person. Only `raw` can be looked up."""

    identity_type: str = Field(max_length=64, description="email, phone_number")
    identity_value: str = Field(max_length=254)
    identity_format: str = Field("raw", max_length=16, description="raw; a hash is refused")


class Wanted(Schema):
    """A request as OpenDSR writes it; `subject_identities` as a list, or by type as {"value", "encoding"}."""

    regulation: Literal["gdpr", "uk-gdpr", "ccpa", "other"]
    subject_request_id: str = Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
    subject_request_type: str = Field(max_length=32, description=", ".join(KINDS))
    submitted_time: datetime
    subject_identities: list[Identity] | dict[str, Any] = Field(default_factory=list)
    api_version: str = Field(VERSION, max_length=16)
    status_callback_urls: list[str] = Field(default_factory=list, max_length=1)
    extensions: dict[str, Any] = Field(default_factory=dict)


class Received(Schema):
    """The receipt; signed in `X-OpenDSR-Signature`."""

    controller_id: str
    subject_request_id: str
    received_time: datetime
    expected_completion_time: datetime
    encoded_request: str
    api_version: str


class Cancelled(Schema):
    """That a request was taken back."""

    controller_id: str
    subject_request_id: str
    received_time: datetime
    api_version: str


class Status(Schema):
    """How a request stands. `results_url` is the page of the console where the package waits."""

    controller_id: str
    subject_request_id: str
    request_status: str
    expected_completion_time: datetime
    api_version: str
    results_url: str | None
    results_count: int | None


class Discovery(Schema):
    """What is supported."""

    api_version: str
    supported_identities: list[dict[str, str]]
    supported_subject_request_types: list[str]
    processor_certificate: str
    signature_algorithm: str


class ErrorOut(Schema):
    """What went wrong: "error" as the specification writes it, and our stable id."""

    error: dict[str, Any]
    error_id: str


def _answers(model: Any, *statuses: int, success: int = 200) -> dict[int, Any]:
    """As `description.answers`, with errors as the specification writes them."""
    return {**answers(model, success=success), **dict.fromkeys(statuses, ErrorOut)}


class Wrong(Exception):
    """What the caller did wrong."""

    def __init__(self, status: int, error_id: str, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.status, self.error_id, self.message, self.reason = status, error_id, message, reason or error_id


View = Callable[..., HttpResponse]


def _told(view: View) -> View:
    """Checks who calls; whatever goes wrong is an error object of the specification, signed like every answer."""

    @wraps(view)
    def guarded(request: HttpRequest, **which: Any) -> HttpResponse:
        try:
            _check_caller(request)
            return view(request, **which)
        except Wrong as wrong:
            return _error(wrong)
        except rights.RightsError as error:
            said = str(error.args[0])
            told = f"{said[:1].upper()}{said[1:]}. {error.remedy}".strip()
            return _error(Wrong(STATUSES.get(error.error_id, 500), error.error_id, told))

    return guarded


def _check_caller(request: HttpRequest) -> None:
    if not inside(request).viewer.oversees:
        raise Wrong(403, "web.forbidden", "The role of this account does not include requests of persons.")
    if request.method not in {"GET", "HEAD"} and not callers.may_write(request):
        raise Wrong(403, "web.csrf", "Send a key for programs, or come from a page of the console.")


@router.get(
    "/discovery",
    response={200: Discovery},
    url_name="opendsr-discovery",
    operation_id="opendsr_discovery",
    summary="What is supported",
    auth=None,
)
def discovery(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja looks for it by name
    """Open to all: who receives a callback reads here how to check its signature."""
    return _signed(
        {
            "api_version": VERSION,
            "supported_identities": [
                {"identity_type": kind, "identity_format": "raw"} for kind in sorted(_EMAIL | _PHONE)
            ],
            "supported_subject_request_types": list(KINDS),
            "processor_certificate": _absolute("opendsr-certificate"),
            "signature_algorithm": "Ed25519",
        }
    )


@router.get(
    "/certificate",
    url_name="opendsr-certificate",
    operation_id="opendsr_certificate",
    summary="The public key that verifies signatures",
    auth=None,
    openapi_extra={"responses": {200: {"content": {"application/x-pem-file": {"schema": {"type": "string"}}}}}},
)
def certificate(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja looks for it by name
    """PEM, SubjectPublicKeyInfo, Ed25519. `X-OpenDSR-Signature` of an answer or a callback is base64 of the signature
    of the body's bytes, `X-OpenDSR-Processor-Domain` the host that signs. Check it before you read the body."""
    key = Ed25519PublicKey.from_public_bytes(rights.callback_key())
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return HttpResponse(pem, content_type="application/x-pem-file")


_BODY: Final = {"required": True, "content": {"application/json": {"schema": Wanted.json_schema()}}}


@router.post(
    "/requests",
    response=_answers(Received, 400, 403, 409, 413, success=201),
    url_name="opendsr-requests",
    operation_id="opendsr_request",
    auth=Scope("rights:write", checks_origin=False),
    summary="Hand in a request",
    openapi_extra={"requestBody": _BODY},
)
@_told
def create(request: HttpRequest) -> HttpResponse:
    """201 with the receipt; the same `subject_request_id` again is the same request."""
    wanted, now = _wanted(request), timezone.now()
    email, number = _addresses(wanted)
    if wanted.subject_request_type not in KINDS:
        raise Wrong(400, "opendsr.subject_request_type", f"Supported are: {', '.join(KINDS)}.")
    if wanted.submitted_time.tzinfo is None or wanted.submitted_time > now + _SKEW:
        raise Wrong(400, "opendsr.submitted_time", "submitted_time needs its offset from UTC, and cannot be to come.")
    if wanted.submitted_time < now - _OLDEST:
        raise Wrong(400, "opendsr.submitted_time", "submitted_time is too long ago to be that of a request.")
    receipt = rights.receive(
        channel="api",
        kinds=(wanted.subject_request_type,),
        received_at=min(wanted.submitted_time, now),
        at=now,
        email=email,
        number=number,
        by=str(inside(request).person.id),
        regulation=wanted.regulation,
        external_id=wanted.subject_request_id,
        callback=next(iter(wanted.status_callback_urls), ""),
    )
    view = rights.request(receipt.id, at=now)
    if wanted.subject_request_type not in view.line.kinds:
        raise Wrong(409, "opendsr.id_used", "This subject_request_id names another request already.")
    body = {
        "controller_id": inside(request).customer.handle,
        "subject_request_id": wanted.subject_request_id,
        "received_time": now.isoformat(),
        "expected_completion_time": view.line.due.isoformat(),
        "encoded_request": base64.b64encode(request.body).decode("ascii"),
        "api_version": VERSION,
    }
    return _signed(body, status=201)


@router.get(
    "/requests/{uuid:subject_request_id}",
    response=_answers(Status, 403, 404),
    url_name="opendsr-request",
    operation_id="opendsr_status",
    summary="How a request stands",
    auth=Scope("rights:read"),
)
@_told
def status(request: HttpRequest, subject_request_id: UUID) -> HttpResponse:
    """Of requests that came by this interface."""
    now = timezone.now()
    view = rights.by_external(str(subject_request_id), at=now)
    told = rights.status_payload(view.id, at=now)
    ready = bool(told["results_ready"])
    body = {
        "controller_id": inside(request).customer.handle,
        "subject_request_id": str(subject_request_id),
        "request_status": told["request_status"],
        "expected_completion_time": view.line.due.isoformat(),
        "api_version": VERSION,
        "results_url": _absolute("right-request", view.id) if ready else None,
        "results_count": sum(one.count - one.left_out for one in view.found) if view.looked_at else None,
    }
    return _signed(body)


@router.delete(
    "/requests/{uuid:subject_request_id}",
    response=_answers(Cancelled, 403, 404, 409, success=202),
    url_name="opendsr-cancel",
    operation_id="opendsr_cancel",
    auth=Scope("rights:write", checks_origin=False),
    summary="Take a request back",
)
@_told
def cancel(request: HttpRequest, subject_request_id: UUID) -> HttpResponse:
    """202; 409 once it is over."""
    now = timezone.now()
    view = rights.by_external(str(subject_request_id), at=now)
    rights.withdraw(view.id, by=str(inside(request).person.id), at=now)
    body = {
        "controller_id": inside(request).customer.handle,
        "subject_request_id": str(subject_request_id),
        "received_time": now.isoformat(),
        "api_version": VERSION,
    }
    return _signed(body, status=202)


def _wanted(request: HttpRequest) -> Wanted:
    """The body, read with limits: the faults that are told name fields, never what stood in them."""
    if request.content_type != "application/json":
        raise Wrong(400, "opendsr.content_type", "Send application/json.")
    if len(request.body) > _MOST_BYTES:
        raise Wrong(413, "opendsr.too_large", f"A request has at most {_MOST_BYTES} bytes.")
    try:
        return Wanted.model_validate_json(request.body)
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in fault["loc"]) or "the body" for fault in error.errors()})
        raise Wrong(400, "opendsr.invalid", f"These fields are missing or wrong: {', '.join(fields)[:500]}.") from None


def _addresses(wanted: Wanted) -> tuple[str, str]:
    """The e-mail address and the number among the identities."""
    email = number = ""
    for identity in _identities(wanted):
        kind, encoding = identity.identity_type.lower(), identity.identity_format.lower()
        if kind not in _EMAIL | _PHONE:
            raise Wrong(400, "opendsr.identity_type", f"Supported identities: {', '.join(sorted(_EMAIL | _PHONE))}.")
        if encoding != "raw":
            raise Wrong(
                400,
                "opendsr.identity_format",
                "A hashed identity cannot be looked up: this processor finds persons by keyed indexes that only it can "
                "compute, so that nobody finds them by hashes. Send the identity raw; it is stored sealed.",
            )
        if kind in _EMAIL:
            email = email or identity.identity_value
        else:
            number = number or identity.identity_value
    if not (email or number):
        raise Wrong(400, "opendsr.no_identity", "Send an e-mail address or a telephone number of the person.")
    return email, number


def _identities(wanted: Wanted) -> list[Identity]:
    given = wanted.subject_identities
    if isinstance(given, list):
        return given
    found = []
    for kind, said in given.items():
        if not isinstance(said, Mapping) or not isinstance(said.get("value"), str):
            raise Wrong(400, "opendsr.invalid", "These fields are missing or wrong: subject_identities.")
        try:
            found.append(
                Identity(
                    identity_type=kind, identity_value=said["value"], identity_format=str(said.get("encoding", "raw"))
                )
            )
        except ValidationError:
            raise Wrong(400, "opendsr.invalid", "These fields are missing or wrong: subject_identities.") from None
    return found


def _error(wrong: Wrong) -> HttpResponse:
    error = {
        "code": wrong.status,
        "message": wrong.message,
        "errors": [{"domain": "OpenDSR", "reason": wrong.reason, "message": wrong.message}],
    }
    return _signed({"error": error, "error_id": wrong.error_id}, status=wrong.status)


def _signed(body: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """JSON with the domain of the processor, and the signature of exactly these bytes."""
    content = json.dumps(body, sort_keys=True).encode()
    headers = {
        "X-OpenDSR-Processor-Domain": urlsplit(settings.PARLEY_PUBLIC_URL).hostname or "",
        "X-OpenDSR-Signature": rights.signature(content),
        "Cache-Control": "no-store",
    }
    return HttpResponse(content, content_type="application/json", status=status, headers=headers)


def _absolute(name: str, *which: object) -> str:
    name = name if name.startswith("right-") else f"rest:{name}"
    return f"{settings.PARLEY_PUBLIC_URL}{reverse(name, args=which)}"
