"""Exports: asked for, followed, fetched by their link, withdrawn."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from parley.exports import api as exports
from parley.foundation.ids import new_id
from parley.foundation.numbers import parse_e164
from parley.inventory.api import ExportOptions, Subject
from parley.obligations import api as obligations
from parley.web.rest.description import answers
from parley.web.rest.schemas import Instant, Line
from parley.web.rest.scopes import Scope, overseeing

router = Router(tags=["exports"])


class NewExport(Schema):
    """What to export: everything, what concerns one person, a span of time, or recordings with all that proves them."""

    what: Literal["everything", "subject", "records", "discovery"]
    formats: list[Literal["csv", "json", "mp3", "wav", "opus", "vcon", "pcap", "age"]] = Field(
        min_length=1, max_length=8
    )
    title: Line = Field("", max_length=200)
    person: Line = Field(
        "", max_length=300, description="Of `subject` and `discovery`: an e-mail address or a number in E.164"
    )
    redact_others: bool = Field(True, description="Of `subject`: leave out what others said or are")
    since: Instant | None = Field(None, description="Of `records` and `discovery`")
    until: Instant | None = Field(None, description="Of `records` and `discovery`, exclusive")
    key: Line = Field("", max_length=100, description="The same key again is the same export")


class WantedExports(Schema):
    """Which page of exports."""

    before: UUID | None = Field(None, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=200)


class ProgressOut(Schema):
    """How far it is; `total` 0: not known yet."""

    done: int
    total: int
    unit: str


class ExportOut(Schema):
    """An export. `link` leads to the package until it expires; whoever has it may fetch it."""

    id: UUID
    title: str
    what: str
    state: str
    formats: list[str]
    asked_at: datetime
    made_at: datetime | None
    expires_at: datetime | None
    records: int
    size: int
    sha256: str
    error: str
    link: str | None
    progress: ProgressOut | None


class ExportsOut(Schema):
    """One page of exports, newest first; hand `next` back as `before`."""

    items: list[ExportOut]
    next: UUID | None


@router.get(
    "/exports",
    response=answers(ExportsOut, 404, 422),
    url_name="exports",
    summary="The exports",
    auth=Scope("exports:read"),
)
def list_exports(request: HttpRequest, wanted: Query[WantedExports]) -> ExportsOut:
    """Newest first."""
    overseeing(request)
    before = exports.get(wanted.before) if wanted.before else None
    found = exports.listing(limit=wanted.limit + 1, before=before)
    shown = found[: wanted.limit]
    return ExportsOut(items=[_out(one) for one in shown], next=shown[-1].id if len(found) > wanted.limit else None)


@router.post(
    "/exports",
    response=answers(ExportOut, 409, 422, success=201),
    summary="Ask for an export",
    auth=Scope("exports:write"),
)
def ask_export(request: HttpRequest, new: NewExport) -> Status[ExportOut]:
    """It is made meanwhile: follow its `state`."""
    here, now = overseeing(request), timezone.now()
    spanned = new.what in {"records", "discovery"}
    if spanned and new.since and new.until and new.since >= new.until:
        raise HttpError(422, "`until` is not after `since`.")
    named = new.what == "subject" or (new.what == "discovery" and new.person.strip())
    subject = _subject(new.person) if named else None
    asked = exports.start(
        title=new.title or new.what,
        reason=new.what,
        subject=subject,
        options=ExportOptions(
            subject=subject, redact_others=subject is not None and new.redact_others, formats=tuple(new.formats)
        ),
        by=here.person.id,
        at=now,
        key=f"rest:{new.key or new_id(at=now)}",
        since=new.since if spanned else None,
        until=new.until if spanned else None,
    )
    return Status(201, _out(exports.get(asked)))


@router.get(
    "/exports/{uuid:export_id}",
    response=answers(ExportOut, 404, 422),
    url_name="export",
    summary="How an export stands",
    auth=Scope("exports:read"),
)
def get_export(request: HttpRequest, export_id: UUID) -> ExportOut:
    """With its link, when it is ready."""
    overseeing(request)
    return _out(exports.get(export_id))


@router.delete(
    "/exports/{uuid:export_id}",
    response=answers(ExportOut, 404, 422),
    summary="Withdraw an export",
    auth=Scope("exports:write"),
)
def withdraw_export(request: HttpRequest, export_id: UUID) -> ExportOut:
    """The package is gone, its link leads nowhere."""
    here = overseeing(request)
    return _out(exports.withdraw(export_id, by=here.person.id, at=timezone.now()))


def _subject(person: str) -> Subject:
    person = person.strip()
    if "@" in person:
        return Subject(emails=(person.lower(),))
    number = parse_e164(person)
    if number is None:
        raise HttpError(422, "`person` is an e-mail address, or a number with its country, +390584943232.")
    return Subject(numbers=(number,))


def _out(one: exports.ExportView) -> ExportOut:
    progress = obligations.progress(one.progress_key) if one.state == "running" else None
    return ExportOut(
        id=one.id, title=one.title, what=one.reason, state=one.state, formats=list(one.formats),
        asked_at=one.asked_at, made_at=one.made_at, expires_at=one.expires_at, records=one.records, size=one.size,
        sha256=one.sha256, error=one.error,
        link=f"{settings.PARLEY_PUBLIC_URL}{exports.link(one.id)}" if one.state == "ready" else None,
        progress=ProgressOut(done=progress.done, total=progress.total, unit=progress.unit) if progress else None,
    )  # fmt: skip
