"""The audit trail, one entry of it, and the panel that proves an entry in the browser."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from parley.exports import api as exports
from parley.governance.contract import api as contract
from parley.ledger import api as ledger
from parley.obligations import api as obligations
from parley.people import api as people
from parley.web import rules
from parley.web.access import sees_everything
from parley.web.place import in_scope, inside
from parley.web.problems import forbidden
from parley.web.trail_filters import TrailFilters, parse_trail_filters

PAGE_ROWS: Final = 50
CSV_ROWS: Final = 100_000
"""How many entries one CSV has at most: who wants more asks for days."""
_TEMPLATE: Final = "web/console/audit.html"
_CSV_PAGE: Final = 1000
_CSV_COLUMNS: Final = ("number", "at", "kind", "what", "who", "account", "clause", "entry", "details")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the audit trail as people read it; `subject` is the recording that it speaks of."""

    id: UUID
    seq: int | None
    at: datetime
    kind: str
    clause: str
    who: str
    subject: UUID | None
    details: list[tuple[str, str]] | None


def evidence_panel(evidence_id: UUID) -> dict[str, Any]:
    """Template variables of the panel for the entry `evidence_id`."""
    with connection.cursor() as cursor:
        entry = ledger.entry(cursor, entry_id=evidence_id)
    return {"evidence_id": evidence_id, "seq": entry.seq, "bundle_url": reverse("rest:evidence", args=[evidence_id])}


@sees_everything
@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """The audit trail, newest first."""
    before = request.GET.get("before") or None
    try:
        filters = parse_trail_filters(request.GET.dict())
    except rules.BadFilter as error:
        return _refused(request, error)
    zone = rules.zone_named(request.COOKIES.get("parley_zone"))
    with connection.cursor() as cursor:
        entries = ledger.entries(cursor, **filters.wanted(zone), before=before, limit=PAGE_ROWS + 1)
    shown = entries[:PAGE_ROWS]
    context = {
        **_choices(filters),
        "entries": lines(shown),
        "older": before is not None,
        "next": filters.query(before=shown[-1].cursor) if len(entries) > PAGE_ROWS else "",
        "most": f"{CSV_ROWS:,}",
    }
    return render(request, _TEMPLATE, context)


@require_GET
def as_csv(request: HttpRequest) -> HttpResponseBase:
    """The newest CSV_ROWS entries that the address asks for, as CSV: streamed, a page at a time, to those who see
    everything. Leaves evidence."""
    here, now = inside(request), timezone.now()
    if not here.viewer.oversees:
        return forbidden(request)
    try:
        filters = parse_trail_filters(request.GET.dict())
    except rules.BadFilter as error:
        return _refused(request, error, status=400)
    wanted = filters.wanted(rules.zone_named(request.COOKIES.get("parley_zone")))
    clause = exports.require_allowed(at=now)
    obligations.evidence(
        kind="trail.listed", clause=clause, at=now, details={"user": str(here.person.id), "asked": filters.query()}
    )
    return StreamingHttpResponse(
        in_scope(here.customer, _csv(wanted)), content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="audit-{now:%Y-%m-%d}.csv"'},
    )  # fmt: skip


@sees_everything
@require_GET
def entry(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """One entry of the audit trail with its details and its proof."""
    with connection.cursor() as cursor:
        found = ledger.entry(cursor, entry_id=entry_id)
    context = {
        "here": "audit",
        "entry": lines([found])[0],
        "clause": contract.binding().agreement.clauses.get(found.clause),
        **evidence_panel(entry_id),
    }
    return render(request, "web/console/entry.html", context)


def lines(entries: list[ledger.EntryView]) -> list[Line]:
    """Entries with names instead of user ids; a person who is no longer there keeps the id."""
    ids = {UUID(text) for entry in entries if (text := _doer(entry))}
    names = dict(people.User.objects.filter(id__in=ids).values_list("id", "name"))
    found = []
    for entry in entries:
        user, subject = _doer(entry), _text(entry, "recording")
        found.append(
            Line(
                id=entry.id,
                seq=entry.seq,
                at=entry.at,
                kind=entry.kind,
                clause=entry.clause,
                who=names.get(UUID(user), user[:8]) if user else "",
                subject=UUID(subject) if subject else None,
                details=None if entry.details is None else list(_flat(entry.details)),
            )
        )
    return found


def _choices(filters: TrailFilters) -> dict[str, Any]:
    """What the form offers. A person who is no longer there keeps the id."""
    persons = list(people.User.objects.order_by("name").values_list("id", "name"))
    if filters.person and filters.person not in dict(persons):
        persons.append((filters.person, str(filters.person)[:8]))
    return {
        "here": "audit",
        "filters": filters,
        "kinds": sorted(((key, str(word)) for key, word in rules.KINDS.items()), key=lambda pair: pair[1]),
        "persons": persons,
    }


def _refused(request: HttpRequest, error: rules.BadFilter, *, status: int = 200) -> HttpResponse:
    """The page without entries, and which filter is none."""
    return render(request, _TEMPLATE, {**_choices(TrailFilters()), "problem": str(error)}, status=status)


def _csv(wanted: Mapping[str, Any]) -> Iterator[bytes]:
    yield exports.csv_row(_CSV_COLUMNS)
    before, left = None, CSV_ROWS
    while left > 0:
        with connection.cursor() as cursor:
            found = ledger.entries(cursor, **wanted, before=before, limit=min(_CSV_PAGE, left))
        yield b"".join(exports.csv_row(_cells(entry, line)) for entry, line in zip(found, lines(found), strict=True))
        if len(found) < min(_CSV_PAGE, left):
            return
        before, left = found[-1].cursor, left - len(found)


def _cells(entry: ledger.EntryView, line: Line) -> Sequence[Any]:
    return (
        entry.seq, entry.at.astimezone(UTC).isoformat(timespec="milliseconds"), entry.kind,
        rules.kind_words(entry.kind), line.who, _doer(entry), entry.clause, str(entry.id), entry.details,
    )  # fmt: skip


def _doer(entry: ledger.EntryView) -> str:
    """The id of the account that did it, "" where none did."""
    return _text(entry, "user") or _text(entry, "by")


def _text(entry: ledger.EntryView, name: str) -> str:
    """The UUID text under `name` in the details, "" when there is none."""
    value = (entry.details or {}).get(name)
    if not isinstance(value, str):
        return ""
    try:
        return str(UUID(value))
    except ValueError:
        return ""


def _flat(details: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Nested details as (dotted name, text) pairs in their order."""
    if isinstance(details, dict):
        return [
            pair for name, value in details.items() for pair in _flat(value, f"{prefix}.{name}" if prefix else name)
        ]
    if isinstance(details, list):
        return [pair for number, value in enumerate(details, 1) for pair in _flat(value, f"{prefix} {number}")]
    return [(prefix, details if isinstance(details, str) else json.dumps(details))]
