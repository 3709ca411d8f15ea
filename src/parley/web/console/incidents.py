"""Incidents as the customer sees them: its clock, what happened to its data, notices to acknowledge, letters."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from parley.governance.incidents import api as incidents
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.people import api as people
from parley.web import incident_words as words
from parley.web import rules
from parley.web.access import sees_everything
from parley.web.filled import Filled
from parley.web.place import inside

PAGE_ROWS: Final = 50


@sees_everything
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The incidents that touched this customer's data, newest first: its own register (GDPR Art. 33(5))."""
    now, before = timezone.now(), _instant(request.GET.get("before", ""))
    found = incidents.affairs(before=before, limit=PAGE_ROWS + 1)
    shown = found[:PAGE_ROWS]
    recent = incidents.affairs(limit=500)
    context = {
        "here": "incidents",
        "lines": [_line(one, now=now) for one in shown],
        "older": before is not None,
        "next": shown[-1].declared_at.isoformat() if len(found) > PAGE_ROWS else "",
        "total": len(recent),
        "open": sum(one.closed_at is None for one in recent),
        "unread": sum(_unread(one) for one in recent),
        "bars": words.months(
            [one.declared_at for one in recent],
            now=now,
            zone=rules.zone_named(request.COOKIES.get("parley_zone")),
        ),
    }
    return render(request, "web/console/incidents.html", context)


@sees_everything
@require_GET
def register(_request: HttpRequest) -> HttpResponse:
    """The register as a file."""
    head = (
        "reference", "title", "kind", "provider's staff knew", "due", "clause", "first notice sent", "acknowledged",
        "records", "persons", "what happened", "consequences", "measures", "letters ordered", "closed",
    )  # fmt: skip
    rows = []
    for one in incidents.affairs(limit=10_000):
        latest = one.notices[-1] if one.notices else None
        said = latest.knowledge if latest else None
        rows.append(
            (
                incidents.reference(one.id), one.title, one.kind, one.known_at, one.due, one.clause, one.first_sent_at,
                latest.acknowledged_at if latest else None, one.records, one.persons, said.nature if said else "",
                said.consequences if said else "", said.measures if said else "", one.letters_ordered, one.closed_at,
            )
        )  # fmt: skip
    return words.sheet("incidents", head, rows)


@sees_everything
@require_http_methods(["GET", "POST"])
def incident(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """One incident; a POST acknowledges a notice."""
    found, now = incidents.affair(incident_id), timezone.now()
    if request.method == "POST":
        wanted = request.POST.get("notice", "")
        notice = next((one for one in found.notices if str(one.id) == wanted), None)
        if notice is None:
            raise incidents.NoSuchIncident
        incidents.acknowledge(notice.id, by=inside(request).person.id, at=now)
        return HttpResponseRedirect(reverse("incident", args=[incident_id]))
    messages = {one.id: one for one in mail.messages(ids=[one.message for one in found.notices if one.message])}
    names = {one.acknowledged_by for one in found.notices if one.acknowledged_by}
    context = {
        **_line(found, now=now),
        "here": "incidents",
        "counts": [(incidents.count_words(one), one) for one in found.counts],
        "notices": [
            words.notice(one, messages.get(one.message) if one.message else None, now=now)
            for one in reversed(found.notices)
        ],
        "names": dict(people.User.objects.filter(id__in=names).values_list("id", "name")),
        "latest": found.notices[-1].knowledge if found.notices else None,
        "duties": obligations.duties(event_id=str(incident_id)),
    }
    return render(request, "web/console/incident.html", context)


@sees_everything
@require_GET
def notice_file(_request: HttpRequest, incident_id: UUID, notice: int) -> HttpResponse:
    """A notice as it left: the very bytes with their signature, for whoever wants to check them."""
    found = incidents.affair(incident_id)
    message = next((one.message for one in found.notices if one.number == notice), None)
    if message is None:
        raise incidents.NoSuchIncident
    response = HttpResponse(mail.as_sent(message), content_type="message/rfc822")
    name = f"{incidents.reference(found.id)}-{notice}.eml"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@sees_everything
@require_http_methods(["GET", "POST"])
def letters(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Letters to the persons concerned (GDPR Art. 34): drafted here, sent on this customer's word alone."""
    found, now = incidents.affair(incident_id), timezone.now()
    filled = Filled(request.POST.dict())
    if request.method == "POST":
        try:
            if _write(request, incident_id, filled, now=now):
                return HttpResponseRedirect(reverse("incident-letters", args=[incident_id]))
        except incidents.IncidentRefused as refused:
            filled.wrong[refused.field or "persons"] = str(refused)
    after = _uuid(request.GET.get("after", ""))
    rows = incidents.letters(incident_id, after=after, limit=PAGE_ROWS + 1)
    shown = rows[:PAGE_ROWS]
    subject, text = incidents.letter_draft(incident_id)
    drafted = next((one for one in reversed(rows) if one.state == "draft"), None)
    context = {
        **_line(found, now=now),
        "here": "incidents",
        "letters": [(one, *words.LETTERS[one.state]) for one in shown],
        "drafts": found.letters - found.letters_ordered,
        "older": after is not None,
        "next": shown[-1].id if len(rows) > PAGE_ROWS else "",
        "form": filled.fields()
        or {
            "subject": {"value": drafted.subject if drafted else subject},
            "text": {"value": drafted.text if drafted else text},
        },
    }
    return render(request, "web/console/incident_letters.html", context, status=400 if filled.wrong else 200)


def _write(request: HttpRequest, incident_id: UUID, filled: Filled, *, now: datetime) -> bool:
    """Does what was asked for; False when something in the form is wrong. Raises IncidentRefused."""
    by = inside(request).person.id
    deed = filled.choice("deed", ("draft", "order", "remove"))
    if deed == "draft":
        subject, text = filled.text("subject", most=200), filled.text("text")
        persons = incidents.read_persons(filled.text("persons", needed=False, most=500_000))
        if not filled.wrong:
            incidents.draft_letters(incident_id, persons=persons, subject=subject, text=text, by=by, at=now)
    elif deed == "order":
        incidents.order_letters(incident_id, by=by, at=now)
    elif deed == "remove":
        letter = _uuid(filled.values.get("letter", ""))
        if letter is None:
            raise incidents.NoSuchIncident
        incidents.remove_letter(letter)
    return not filled.wrong


def _line(one: incidents.Affair, *, now: datetime) -> dict[str, Any]:
    return {
        "view": one,
        "reference": incidents.reference(one.id),
        "kind": words.kind_words(one.kind),
        "clock": words.clock(known_at=one.known_at, due=one.due, sent_at=one.first_sent_at, problem="", now=now),
        "unread": _unread(one),
    }


def _unread(one: incidents.Affair) -> int:
    return sum(notice.acknowledged_at is None for notice in one.notices)


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
