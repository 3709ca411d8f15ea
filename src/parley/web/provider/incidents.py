"""The incident room and the register of breaches: clocks, what is known, who was told with proof, the next round."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.governance.incidents import api as incidents
from parley.mail import api as mail
from parley.people import api as people
from parley.tenancy import api as tenancy
from parley.web import incident_words as words
from parley.web import rules
from parley.web.filled import Filled
from parley.web.place import inside
from parley.web.provider.incident_form import Declared, choices, read

PAGE_ROWS: Final = 50
_CLOCKS: Final = 12
_KNOWLEDGE: Final = ("news", "nature", "consequences", "measures", "unknown")


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The register of breaches, newest first, those included that nobody was told of (GDPR Art. 33(5))."""
    now, before = timezone.now(), _instant(request.GET.get("before", ""))
    found = incidents.register(before=before, limit=PAGE_ROWS + 1)
    shown = found[:PAGE_ROWS]
    recent = incidents.register(limit=500)
    told = [one for one in recent if one.notified]
    context = {
        "here": "incidents",
        "lines": [_line(one) for one in shown],
        "older": before is not None,
        "next": shown[-1].declared_at.isoformat() if len(found) > PAGE_ROWS else "",
        "open": sum(one.closed_at is None for one in told),
        "total": len(recent),
        "untold": len(recent) - len(told),
        "bars": words.months([one.declared_at for one in recent], now=now, zone=_zone(request)),
    }
    return render(request, "web/provider/incidents.html", context)


@require_GET
def register(_request: HttpRequest) -> HttpResponse:
    """The register as a file: the facts, effects and measures that Art. 33(5) asks for."""
    head = (
        "reference", "title", "kind", "staff knew", "declared", "notified", "reason", "customers affected",
        "customers told", "records", "persons", "what happened", "consequences", "measures", "closed",
    )  # fmt: skip
    rows = [
        (
            incidents.reference(one.id), one.title, one.kind, one.known_at, one.declared_at,
            "yes" if one.notified else "no", one.reason, one.affected, one.told, one.records, one.persons,
            one.knowledge.nature, one.knowledge.consequences, one.knowledge.measures, one.closed_at,
        )
        for one in incidents.register(limit=10_000)
    ]  # fmt: skip
    return words.sheet("breach-register", head, rows)


@require_http_methods(["GET", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """The form that declares an incident; "preview" shows whom it would touch and what they would read."""
    now, zone = timezone.now(), _zone(request)
    filled = Filled(request.POST.dict())
    context: dict[str, Any] = {}
    if request.method == "POST":
        deed = filled.choice("deed", ("preview", "declare", "register"))
        declared = read(request, filled, zone=zone.key)
        reason = filled.text("reason", most=2_000, needed=deed == "register")
        try:
            if declared is not None and not filled.wrong:
                if deed == "preview":
                    context |= _preview(declared, now=now)
                else:
                    made = declared.declare(
                        by=inside(request).person.id, at=now, register_only=reason if deed == "register" else ""
                    )
                    return HttpResponseRedirect(reverse("incident", args=[made]))
        except incidents.IncidentRefused as refused:
            filled.wrong[refused.field or "title"] = str(refused)
    context |= {
        "here": "incidents",
        "form": filled.fields(),
        "wrong": filled.wrong,
        "zone": zone.key,
        "identifier": filled.values.get("incident") or uuid4(),
        "chosen": {name: request.POST.getlist(name) for name in ("regions", "categories")},
        **choices(),
    }
    return render(request, "web/provider/incident_declare.html", context, status=400 if filled.wrong else 200)


@require_http_methods(["GET", "POST"])
def incident(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The incident room; a POST is the deed that its button names."""
    found, now = incidents.incident(incident_id), timezone.now()
    filled = Filled(request.POST.dict())
    if request.method == "POST":
        try:
            if _do(request, found, filled, now=now):
                return HttpResponseRedirect(reverse("incident", args=[incident_id]) + _anchor(filled))
        except incidents.IncidentRefused as refused:
            filled.wrong[refused.field or "nature"] = str(refused)
    lines = [words.line(one, known_at=found.known_at, now=now) for one in incidents.clocks(incident_id, limit=_CLOCKS)]
    draft = found.draft
    knowledge = (draft or found.phases[-1]).knowledge
    word, shape = words.state(found)
    context = {
        "here": "incidents",
        "incident": found,
        "reference": incidents.reference(found.id),
        "kind": words.kind_words(found.kind),
        "word": word,
        "shape": shape,
        "lines": lines,
        "more": found.affected - len(lines),
        "progress": incidents.progress(incident_id),
        "rounds": [(one, words.ROUNDS[one.kind]) for one in found.phases if not one.draft],
        "draft": draft,
        "form": filled.fields() or {name: {"value": getattr(knowledge, name)} for name in _KNOWLEDGE},
        "round": filled.values.get("kind") or (draft.kind if draft else "further"),
        "preview": _preview_draft(found, lines, now=now) if draft else None,
        "by": _name(found.declared_by),
        "criteria": _criteria_words(found.criteria),
        "late": any(one["clock"].shape == "late" for one in lines),
    }
    return render(request, "web/provider/incident.html", context, status=400 if filled.wrong else 200)


@require_GET
def progress(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """How far the round is, for the room to show again and again; a finished one loads the page anew."""
    found = incidents.progress(incident_id)
    response = render(
        request, "web/provider/_incident_progress.html", {"progress": found, "incident": {"id": incident_id}}
    )
    if found.finished:
        response["HX-Refresh"] = "true"
    return response


@require_GET
def customers(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """All customers that were looked at, a page at a time: affected ones with their clocks, others with the reason."""
    found, now = incidents.incident(incident_id), timezone.now()
    affected, after = request.GET.get("affected", "yes") != "no", request.GET.get("after", "")
    rows = incidents.customer_lines(incident_id, affected=affected, after=after, limit=PAGE_ROWS + 1)
    shown = rows[:PAGE_ROWS]
    context = {
        "here": "incidents",
        "incident": found,
        "lines": [words.line(one, known_at=found.known_at, now=now) for one in shown],
        "affected": affected,
        "untouched": found.considered - found.affected,
        "older": bool(after),
        "next": shown[-1].handle if len(rows) > PAGE_ROWS else "",
    }
    return render(request, "web/provider/incident_customers.html", context)


@require_http_methods(["GET", "POST"])
def customer(request: HttpRequest, incident_id: UUID, handle: str) -> HttpResponse:
    """One affected customer: its clock, its notices as sent, with the proof of each; a POST is the deed named."""
    found, of, now = incidents.incident(incident_id), tenancy.by_handle(handle), timezone.now()
    if of is None or of.kind != "customer":
        raise Http404("no such customer")
    filled = Filled({**request.POST.dict(), "customer": str(of.id)} if request.method == "POST" else {})
    if request.method == "POST":
        try:
            if _do(request, found, filled, now=now):
                return HttpResponseRedirect(reverse("incident-customer", args=[incident_id, handle]))
        except incidents.IncidentRefused as refused:
            filled.wrong[refused.field or "how"] = str(refused)
    with tenancy.scope(of):
        affair = incidents.affair(incident_id)
        messages = {one.id: one for one in mail.messages(purpose="incident-notice", limit=1000)}
        notices = [
            words.notice(one, messages.get(one.message) if one.message else None, now=now) for one in affair.notices
        ]
    first = affair.first_sent_at
    context = {
        "here": "incidents",
        "incident": found,
        "of": of,
        "affair": affair,
        "clock": words.clock(known_at=affair.known_at, due=affair.due, sent_at=first, problem="", now=now),
        "counts": [(incidents.count_words(one), one) for one in affair.counts],
        "notices": notices,
        "form": filled.fields(),
        "zone": _zone(request).key,
    }
    return render(request, "web/provider/incident_customer.html", context, status=400 if filled.wrong else 200)


def _do(request: HttpRequest, found: incidents.Incident, filled: Filled, *, now: datetime) -> bool:
    """Does what was asked for; False when something in the form is wrong. Raises IncidentRefused."""
    by = inside(request).person.id
    deed = filled.choice("deed", ("draft", "issue", "again", "told"))
    if deed == "again":
        incidents.post_again_for(found.id, _customer(filled), at=now)
    elif deed == "told":
        told_at, how = filled.moment("told_at", zone=_zone(request).key, clock="told_clock"), filled.text("how")
        if not filled.wrong and told_at is not None:
            incidents.told_otherwise_for(found.id, _customer(filled), how=how, told_at=told_at, by=by, at=now)
    elif deed == "issue":
        incidents.issue(found.id, by=by, at=now)
    elif deed == "draft":
        kind = filled.choice("kind", ("further", "closing"))
        said = {name: filled.text(name, needed=name not in {"unknown", "news"}) for name in _KNOWLEDGE}
        if not filled.wrong:
            knowledge = incidents.Knowledge(**said)
            incidents.draft(found.id, kind="closing" if kind == "closing" else "further", knowledge=knowledge, by=by)
    return not filled.wrong


def _customer(filled: Filled) -> UUID:
    try:
        return UUID(filled.values.get("customer", ""))
    except ValueError as error:
        raise Http404("no such customer") from error


def _anchor(filled: Filled) -> str:
    return "#next" if filled.values.get("deed") == "draft" else ""


def _preview(declared: Declared, *, now: datetime) -> dict[str, Any]:
    """Whom it would touch, and the mail to the first of them."""
    declared.check(now=now)
    found = incidents.extent(declared.criteria, at=now)
    first = found.affected[0][0] if found.affected else None
    return {
        "extent": found,
        "shown": found.affected[:10],
        "mail": declared.preview(customer_id=first.id, at=now) if first else None,
        "mail_to": first,
    }


def _preview_draft(found: incidents.Incident, lines: list[dict[str, Any]], *, now: datetime) -> dict[str, Any] | None:
    if not lines:
        return None
    first: incidents.CustomerLine = lines[0]["view"]
    return {"mail": incidents.preview_draft(found.id, first.customer_id, at=now), "to": first.name}


def _criteria_words(criteria: incidents.Criteria) -> list[str]:
    """The criteria, one line each."""
    found = [_("everything stored") if criteria.offering == "*" else choices()["offerings"].get(criteria.offering, "")]
    found += [_("categories: %(names)s") % {"names": ", ".join(criteria.categories)}] if criteria.categories else []
    found += [_("regions: %(names)s") % {"names": ", ".join(criteria.regions)}] if criteria.regions else []
    found += [_("data that went to %(name)s") % {"name": criteria.recipient}] if criteria.recipient else []
    found += [_("customers: %(names)s") % {"names": ", ".join(criteria.customers)}] if criteria.customers else []
    return [str(one) for one in found if one]


def _line(one: incidents.Incident) -> dict[str, Any]:
    word, shape = words.state(one)
    return {
        "view": one, "word": word, "shape": shape, "reference": incidents.reference(one.id),
        "kind": words.kind_words(one.kind),
    }  # fmt: skip


def _name(user_id: UUID) -> str:
    return people.User.objects.filter(id=user_id).values_list("name", flat=True).first() or ""


def _zone(request: HttpRequest) -> ZoneInfo:
    return rules.zone_named(request.COOKIES.get("parley_zone"))


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
