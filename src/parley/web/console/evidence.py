"""The audit trail, one entry of it, and the panel that proves an entry in the browser."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from parley.governance.contract import api as contract
from parley.ledger import api as ledger
from parley.people import api as people
from parley.web import rules
from parley.web.access import sees_everything

PAGE_ROWS = 50


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
    kind, before = request.GET.get("kind", ""), request.GET.get("before") or None
    with connection.cursor() as cursor:
        entries = ledger.entries(cursor, kinds=[kind] if kind else None, before=before, limit=PAGE_ROWS + 1)
    shown = entries[:PAGE_ROWS]
    more = {"kind": kind, "before": shown[-1].cursor} if len(entries) > PAGE_ROWS else None
    context = {
        "here": "audit",
        "entries": lines(shown),
        "kind": kind,
        "kinds": sorted(((key, str(word)) for key, word in rules.KINDS.items()), key=lambda pair: pair[1]),
        "older": before is not None,
        "next": urlencode({name: value for name, value in more.items() if value}) if more else "",
    }
    return render(request, "web/console/audit.html", context)


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
    ids = {UUID(text) for entry in entries if (text := _text(entry, "user"))}
    names = dict(people.User.objects.filter(id__in=ids).values_list("id", "name"))
    found = []
    for entry in entries:
        user, subject = _text(entry, "user"), _text(entry, "recording")
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
