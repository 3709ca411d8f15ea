"""The list of recordings."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from parley.agreement import api as agreements
from parley.contacts import api as contacts
from parley.recordings import api as recordings
from parley.tenancy import api as tenancy
from parley.web import gate, retention_words, rules
from parley.web.place import ConsoleRequest, inside

PAGE_ROWS = 50


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The list, as its address says: filters and place are in the query string, so that a link is a view."""
    here, now = inside(request), timezone.now()
    zone = rules.zone_named(request.COOKIES.get("parley_zone"))
    context: dict[str, Any] = {
        "here": "recordings",
        "directions": rules.DIRECTIONS.items(),
        "trunks": tenancy.trunks(here.customer),
    }
    try:
        filters = rules.parse_filters(request.GET.dict())
    except rules.BadFilter as error:
        return render(
            request, "web/console/recordings.html", {**context, "filters": rules.Filters(), "problem": str(error)}
        )
    decision = gate.ask(agreements.FIND_RECORDINGS, now=now)
    since, until = filters.instants(zone)
    cursor = request.GET.get("after") or None
    page = recordings.search(
        here.viewer,
        number=filters.number or None,
        since=since,
        until=until,
        direction=filters.direction,
        trunk=filters.trunk,
        cursor=cursor,
        limit=PAGE_ROWS,
    )
    if filters.number and cursor is None:
        gate.leave_evidence(here, kind="recording.searched", decision=decision, now=now, by="number")
    more = filters.query(after=page.cursor) if page.cursor else ""
    return render(
        request,
        "web/console/recordings.html",
        {
            **context,
            "filters": filters,
            "page": page,
            "older": cursor is not None,
            "next": more,
            "resting": retention_words.resting(page.rows),
            "known": known_callers(here, [party for row in page.rows for party in (row.caller, row.callee)]),
        },
    )


def known_callers(
    here: ConsoleRequest, parties: Sequence[recordings.Party | None]
) -> Mapping[str, contacts.ContactLine]:
    """The contacts that parties of calls are, by number, as far as this person may see them."""
    numbers = {party.number for party in parties if party is not None and party.number}
    return contacts.lookup_many(sorted(numbers), viewer=here.viewer) if numbers else {}
