"""Holds: what stays whatever rule or request says, and rests; placed, reviewed, lifted, looked at by its owner."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.foundation.numbers import parse_e164
from parley.inventory.api import Held, Subject, stores
from parley.people import api as people
from parley.retention import api as retention
from parley.web import retention_words as words
from parley.web.access import sees_everything
from parley.web.console.evidence import evidence_panel
from parley.web.filled import Filled
from parley.web.place import inside


@sees_everything
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The holds that stand, the next review first, then those that were lifted."""
    standing, lifted = retention.holds(), retention.holds(lifted=True)[:50]
    context = {
        "here": "retention",
        "holds": [_line(one) for one in standing],
        "lifted": [_line(one) for one in lifted],
        "names": words.named(*(one.owner for one in (*standing, *lifted))),
        "now": timezone.now(),
    }
    return render(request, "web/console/holds.html", context)


@sees_everything
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form that places a hold; its own page says what it reaches."""
    here = inside(request)
    zone = here.customer.standing.zone
    filled = Filled(request.POST.dict() if request.method == "POST" else request.GET.dict())
    context = {
        "here": "retention", "zone": zone, "kinds": _kinds(), "scopes": words.SCOPES.items(),
        "sealed": here.customer.custody == "customer-held",
        "owners": people.User.objects.filter(role__in=("administrator", "compliance"), is_active=True).order_by("name"),
    }  # fmt: skip
    if request.method == "POST":
        placed = _place(filled, zone=zone, by=here.person.id, at=timezone.now())
        if placed is not None:
            return HttpResponseRedirect(reverse("hold", args=[placed.id]))
    context |= {"form": filled.fields(), "me": str(here.person.id)}
    return render(request, "web/console/hold_new.html", context, status=400 if filled.wrong else 200)


@sees_everything
@require_http_methods(["GET", "POST"])
def hold(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """One hold: what it reaches and why, its review; a POST reviews or lifts it."""
    found = retention.hold(hold_id)
    now, here = timezone.now(), inside(request)
    filled = Filled(request.POST.dict())
    if request.method == "POST":
        deed = filled.choice("deed", ("review", "lift"))
        if deed == "lift":
            reason = filled.text("reason", most=2000)
            if not filled.wrong:
                retention.lift_hold(hold_id, reason=reason, by=here.person.id, at=now)
        elif deed == "review":
            day = filled.moment("review", zone=here.customer.standing.zone)
            if day is not None and day <= now:
                filled.wrong["review"] = _("A day to come.")
            if day is not None and not filled.wrong:
                retention.review_hold(hold_id, next_review=day, by=here.person.id, at=now)
        if not filled.wrong:
            return HttpResponseRedirect(reverse("hold", args=[hold_id]))
    looks = retention.looks(hold_id)
    context = {
        **_line(found), "here": "retention", "now": now, "form": filled.fields(),
        "names": words.named(found.owner, found.placed_by, found.lifted_by, *(one.person for one in looks)),
        "looks": looks,
        "reached": [_reached(one) for one in retention.reached(hold_id)],
        **evidence_panel(found.evidence_id),
    }  # fmt: skip
    return render(request, "web/console/hold.html", context, status=400 if filled.wrong else 200)


@sees_everything
@require_http_methods(["GET", "POST"])
def look(request: HttpRequest, store: str, record_id: UUID) -> HttpResponse:
    """The owner of a hold says why it looks at a record that rests; the reason stays, sealed, with the hold."""
    known = stores().by_name
    found = known[store].find(Subject(records=((store, record_id),))) if store in known else ()
    record = next((one for one in found if one.id == record_id), None)
    if record is None:
        raise Http404("there is no such record")
    if request.method == "POST":
        reason = request.POST.get("reason", "")[:2000]
        retention.look(store, record, reason=reason, by=inside(request).person.id, at=timezone.now())
        return HttpResponseRedirect(
            reverse("recording", args=[record_id]) if store == "recordings" else reverse("holds")
        )
    hold = retention.held(store, [record]).get(record_id)
    context = {
        **_reached(record), "here": "retention", "hold": hold,
        "owner": words.named(hold.owner).get(hold.owner, "") if hold else "",
        "mine": hold is not None and hold.owner == inside(request).person.id,
    }  # fmt: skip
    return render(request, "web/console/hold_look.html", context)


def _place(filled: Filled, *, zone: str, by: UUID, at: datetime) -> retention.HoldView | None:
    title, ground = filled.text("title", most=200), filled.text("ground", most=2000)
    law = filled.text("law", needed=False, most=500)
    scope = filled.choice("scope", words.SCOPES)
    owner = filled.choice("owner", {str(one) for one in people.User.objects.values_list("id", flat=True)})
    review = filled.moment("review", zone=zone)
    if review is not None and review <= at:
        filled.wrong["review"] = _("A day to come.")
    reach = _reach(filled, scope, zone=zone)
    if filled.wrong or review is None:
        return None
    try:
        return retention.place_hold(
            title=title, ground=ground, law=law, owner=UUID(owner), review_at=review, by=by, at=at, **reach,
        )  # fmt: skip
    except retention.HoldRefused as refused:
        filled.wrong["scope"] = str(refused)
        return None


def _reach(filled: Filled, scope: str, *, zone: str) -> dict[str, Any]:
    """What the hold is on, as `place_hold` takes it."""
    if scope == "subject":
        numbers, emails = _persons(filled)
        return {"subject": Subject(numbers=numbers, emails=emails)}
    if scope == "records":
        return {"records": _records(filled)}
    chosen = filled.choice("kind", {key for key, _words in _kinds()})
    store, _slash, kind = chosen.partition("/")
    moments = {name: filled.moment(name, zone=zone) for name in ("since", "until") if filled.values.get(name)}
    return {"store": store, "kind": kind, **moments}


def _persons(filled: Filled) -> tuple[tuple[str, ...], tuple[str, ...]]:
    numbers, emails = [], []
    for word in filled.text("person", most=2000).replace(",", "\n").split("\n"):
        text = word.strip()
        if "@" in text:
            emails.append(text.lower())
        elif text:
            number = parse_e164(text)
            if number is None:
                filled.wrong["person"] = _("Numbers are written +39 0584 …, one a line; addresses with @.")
            else:
                numbers.append(number)
    if not numbers and not emails:
        filled.wrong.setdefault("person", _("This is needed."))
    return tuple(numbers), tuple(emails)


def _records(filled: Filled) -> list[Held]:
    """Records that were named by their ids, one a line, or by the address of their page."""
    found: list[Held] = []
    for line in filled.text("records", most=20_000).split():
        try:
            record = UUID(line.rstrip("/").rpartition("/")[2])
        except ValueError:
            filled.wrong["records"] = _("One address or id of a record on each line.")
            return []
        there = [one for store in stores() for one in store.find(Subject(records=((store.name, record),)))]
        if not there:
            filled.wrong["records"] = _("There is no record %(id)s.") % {"id": record}
        found += there
    return found


def _kinds() -> list[tuple[str, str]]:
    return [(f"{store.name}/{kind}", words_of) for store in stores() for kind, words_of in store.kinds.items()]


def _line(one: retention.HoldView) -> dict[str, Any]:
    known = stores().by_name
    kinds = known[one.store].kinds if one.store in known else {}
    late = one.lifted_at is None and one.review_at <= timezone.now()
    return {
        "hold": one, "scope": words.SCOPES[one.scope], "binds": words.BINDS[one.binds],
        "kind": kinds.get(one.kind, one.store), "late": late,
        "shape": "idle" if one.lifted_at else ("late" if late else "kept"),
        "state": _("lifted") if one.lifted_at else (_("review is due") if late else _("holds")),
    }  # fmt: skip


def _reached(one: Held) -> dict[str, Any]:
    known = stores().by_name
    kinds = known[one.store].kinds if one.store in known else {}
    url = reverse("recording", args=[one.id]) if one.store == "recordings" else ""
    return {"record": one, "kind": kinds.get(one.kind, one.kind), "url": url}
