"""The list of recordings: filters and place in its address, its CSV."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from parley.agreement import api as agreements
from parley.contacts import api as contacts
from parley.exports import api as exports
from parley.foundation.ids import new_id
from parley.obligations import api as obligations
from parley.people import api as people
from parley.recordings import api as recordings
from parley.tenancy import api as tenancy
from parley.web import gate, retention_words, rules
from parley.web.place import ConsoleRequest, in_scope, inside
from parley.web.recording_filters import (
    ANNOUNCED_CHOICES,
    CONSENT_CHOICES,
    QUALITY_WORDS,
    Filters,
    page_number,
    parse_filters,
)

PAGE_ROWS: Final = 50
_TEMPLATE: Final = "web/console/recordings.html"
_CSV_PAGE: Final = 200
_CSV_COLUMNS: Final = (
    "started_at", "ended_at", "seconds", "direction", "trunk", "caller_name", "caller_number", "called_name",
    "called_number", "recordings", "quality", "consent", "notice", "recording",
)  # fmt: skip


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The list, as its address says: filters and place are in the query string, so that a link is a view."""
    here, now = inside(request), timezone.now()
    zone = rules.zone_named(request.COOKIES.get("parley_zone"))
    try:
        filters, number = parse_filters(request.GET.dict()), page_number(request.GET.dict())
    except rules.BadFilter as error:
        return render(request, _TEMPLATE, {**_choices(here, Filters()), "problem": str(error)})
    decision = gate.ask(agreements.FIND_RECORDINGS, now=now)
    wanted, cursor = filters.wanted(zone), request.GET.get("after") or None
    if cursor is None and number > 1:
        cursor = recordings.cursor_of_page(here.viewer, wanted, page=number, limit=PAGE_ROWS)
    page = recordings.search(here.viewer, wanted, cursor=cursor, limit=PAGE_ROWS)
    by = [name for name in ("number", "name", "note", "tag", "person", "group") if getattr(filters, name)]
    if by and cursor is None:
        gate.leave_evidence(here, kind="recording.searched", decision=decision, now=now, by=" ".join(by))
    return render(
        request,
        _TEMPLATE,
        {
            **_choices(here, filters),
            "page": page,
            "older": cursor is not None,
            "number": number,
            "newer": filters.query(page=str(number - 1)) if number > 1 else "",
            "next": filters.query(after=page.cursor, page=str(number + 1)) if page.cursor else "",
            "resting": retention_words.resting(page.rows),
            "known": known_callers(here, [party for row in page.rows for party in (row.caller, row.callee)]),
            "may_delete": here.viewer.oversees or here.viewer.may_delete,
            "key": f"console:{new_id(at=now)}",
        },
    )


@require_GET
def as_csv(request: HttpRequest) -> HttpResponseBase:
    """The whole list, as its address narrows it down, as CSV: streamed, a page at a time. Leaves evidence."""
    here, now = inside(request), timezone.now()
    zone = rules.zone_named(request.COOKIES.get("parley_zone"))
    try:
        wanted = parse_filters(request.GET.dict()).wanted(zone)
    except rules.BadFilter as error:
        return render(request, _TEMPLATE, {**_choices(here, Filters()), "problem": str(error)}, status=400)
    clause = exports.require_allowed(at=now)
    gate.ask(agreements.FIND_RECORDINGS, now=now)
    obligations.evidence(kind="recording.listed", clause=clause, details={"user": str(here.person.id)}, at=now)
    response = StreamingHttpResponse(
        in_scope(here.customer, _csv(here.viewer, wanted)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="recordings-{now:%Y-%m-%d}.csv"'
    return response


def known_callers(
    here: ConsoleRequest, parties: Sequence[recordings.Party | None]
) -> Mapping[str, contacts.ContactLine]:
    """The contacts that parties of calls are, by number, as far as this person may see them."""
    numbers = {party.number for party in parties if party is not None and party.number}
    return contacts.lookup_many(sorted(numbers), viewer=here.viewer) if numbers else {}


def _choices(here: ConsoleRequest, filters: Filters) -> dict[str, Any]:
    """What the form offers. People and groups are offered to those who oversee all of them."""
    trunks = tenancy.trunks(here.customer)
    oversees = here.viewer.oversees
    persons = list(people.User.objects.order_by("name").values_list("id", "name")) if oversees else []
    groups = list(people.Group.objects.order_by("name").values_list("id", "name")) if oversees else []
    names: dict[UUID, str] = {**dict(persons), **dict(groups), **{one.id: one.name for one in trunks}}
    return {
        "here": "recordings",
        "directions": rules.DIRECTIONS.items(),
        "qualities": QUALITY_WORDS.items(),
        "consents": [(key, words) for key, (words, _states) in CONSENT_CHOICES.items()],
        "announcements": [(key, words) for key, (words, _states) in ANNOUNCED_CHOICES.items()],
        "trunks": trunks,
        "persons": persons,
        "groups": groups,
        "tags": recordings.known_tags(here.viewer),
        "filters": filters,
        "chips": filters.chips(names),
    }


def _csv(viewer: recordings.Viewer, wanted: recordings.Wanted) -> Iterator[bytes]:
    yield exports.csv_row(_CSV_COLUMNS)
    cursor: str | None = None
    while True:
        page = recordings.search(viewer, wanted, cursor=cursor, limit=_CSV_PAGE)
        yield b"".join(exports.csv_row(_cells(row)) for row in page.rows)
        cursor = page.cursor
        if cursor is None:
            return


def _cells(row: recordings.RecordingRow) -> Sequence[Any]:
    caller, callee = row.caller, row.callee
    return (
        _utc(row.started_at), _utc(row.ended_at), round(row.seconds, 3), row.direction, row.trunk_name,
        caller.name if caller else "", caller.number if caller else "", callee.name if callee else "",
        callee.number if callee else "", row.segments, row.quality, row.consent, row.notice,
        str(row.recording_id),
    )  # fmt: skip


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
