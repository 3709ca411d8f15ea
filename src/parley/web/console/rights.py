"""The rights desk: a board by due date, every request as its story, deeds that say what follows from them.

The same pages serve the provider's own console, where requests came to the provider itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from parley.foundation.errors import ParleyError
from parley.inventory.api import CannotRectify
from parley.obligations import api as obligations
from parley.people import api as people
from parley.rights import api as rights
from parley.web import rights_words as words
from parley.web.access import View, sees_everything
from parley.web.access_words import wrong_of
from parley.web.console import rights_deeds as deeds
from parley.web.filled import Filled
from parley.web.place import inside
from parley.web.problems import Refused
from parley.web.rest import callers
from parley.web.rules import Shape

PAGE_ROWS: Final = 50
FOUND_ROWS: Final = 100
_FILTERS: Final = ("column", "kind", "state", "channel")


def _at_the_desk(view: View) -> View:
    """Allows a view to who sees everything of a customer, and to the staff in the provider's own console."""
    guarded = sees_everything(view)

    @wraps(view)
    def chosen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return (view if inside(request).customer.kind == "provider" else guarded)(request, *args, **kwargs)

    return chosen


@_at_the_desk
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """The board, or the list when a filter or `view=list` is in the address."""
    now = timezone.now()
    wanted = _wanted(request)
    board = rights.board(now)
    context = {
        "here": "rights",
        "columns": [_column(one, now=now) for one in board],
        "open": sum(one.count for one in board if one.column != "done"),
        "total": sum(one.count for one in board),
        "kinds": words.KINDS.items(),
        "states": [(key, word) for key, (word, _shape) in words.STATES.items()],
        "channels": words.CHANNELS.items(),
        "portal": _portal_address(request),
        "wanted": wanted,
    }
    if not wanted and request.GET.get("view") != "list" and not request.GET.get("find"):
        return render(request, "web/console/rights.html", context)
    return render(request, "web/console/rights_list.html", context | _listed(request, wanted, now=now))


def _listed(request: HttpRequest, wanted: Mapping[str, str], *, now: datetime) -> dict[str, Any]:
    """A page of the list; `find` is a reference, an e-mail address or a number."""
    find = request.GET.get("find", "").replace("\0", "").strip()[:254]
    named = {"tag": find.upper()} if find.upper().startswith("R-") else {"address": find} if find else {}
    page = rights.requests(at=now, cursor=request.GET.get("after") or None, limit=PAGE_ROWS, **wanted, **named)  # type: ignore[arg-type]
    onward = urlencode({**wanted, "view": "list", "find": find, "after": page.cursor}) if page.cursor else ""
    return {"lines": [_line(one, now=now) for one in page.lines], "find": find, "next": onward}


@_at_the_desk
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Write down a request that came by telephone or letter."""
    here, now = inside(request), timezone.now()
    filled, zone = Filled(request.POST.dict()), here.customer.standing.zone
    kinds = [kind for kind in request.POST.getlist("kind") if kind in words.KINDS or kind == "marketing"]
    if request.method == "POST":
        channel = filled.choice("channel", ("telephone", "letter", "console"))
        name, text = filled.text("name", needed=False), filled.text("text", needed=False)
        email, number = filled.text("email", needed=False), filled.text("number", needed=False)
        received = filled.moment("day", zone=zone, clock="clock")
        if not kinds:
            filled.wrong["kind"] = _("Choose at least one.")
        if received is not None and received > now:
            filled.wrong["day"] = _("It cannot be received in the future.")
        if not filled.wrong and received is not None:
            try:
                asked = dict.fromkeys("objection" if kind == "marketing" else kind for kind in kinds)
                receipt = rights.receive(
                    channel=channel,  # type: ignore[arg-type]
                    kinds=tuple(asked), received_at=received, at=now, by=str(here.person.id),
                    marketing="marketing" in kinds, name=name, email=email, number=number, text=text,
                )  # fmt: skip
                return HttpResponseRedirect(reverse("right-request", args=[receipt.id]))
            except rights.RequestRefused as error:
                filled.wrong.update(wrong_of(error))
    local = now.astimezone(ZoneInfo(zone))
    context = {
        "here": "rights", "zone": zone, "form": filled.fields(), "wrong": filled.wrong, "chosen": kinds,
        "kinds": words.ENTERED.items(), "today": f"{local:%Y-%m-%d}", "clock": f"{local:%H:%M}",
    }  # fmt: skip
    return render(request, "web/console/rights_enter.html", context, status=400 if filled.wrong else 200)


@_at_the_desk
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request, from top to bottom as its story; a POST is the deed that it names."""
    here, now = inside(request), timezone.now()
    if request.method == "GET":
        return _page(request, request_id, now=now)
    filled = Filled(request.POST.dict())
    deed = filled.choice("deed", deeds.DEEDS)
    code = ""
    if not filled.wrong:
        try:
            code = deeds.DEEDS[deed](
                deeds.Asked(request_id=request_id, filled=filled, many=request.POST, by=here.person.id, at=now)
            )
        except rights.NoSuchRequest:
            raise
        except (rights.RightsError, CannotRectify) as error:
            filled.wrong |= wrong_of(error)
        except ParleyError as error:
            if isinstance(error, Refused):
                raise
            filled.wrong |= {"": deeds.said(error)}
    if filled.wrong or code:
        return _page(request, request_id, now=now, filled=filled, deed=deed, code=code)
    back = request.POST.get("back", "")
    page = reverse("right-found", args=[request_id, back]) if back in _stores() else None
    return HttpResponseRedirect(page or reverse("right-request", args=[request_id]))


@sees_everything
@require_http_methods(["GET", "POST"])
def programs(request: HttpRequest) -> HttpResponse:
    """How another program hands requests in, and a key for it, shown once."""
    here, key = inside(request), ""
    if request.method == "POST":
        key = callers.make_key(request)
        obligations.evidence(
            kind="rights.key-made", clause=people.OWN_CLAUSE, details={"user": str(here.person.id)}, at=timezone.now()
        )
    context = {
        "here": "rights",
        "key": key,
        "base": f"{settings.PARLEY_PUBLIC_URL}{here.prefix.rstrip('/')}{callers.OPENDSR}",
        "description": f"{settings.PARLEY_PUBLIC_URL}{reverse('rest:openapi-json')}",
    }
    return render(request, "web/console/rights_programs.html", context)


@_at_the_desk
@require_GET
def found(request: HttpRequest, request_id: UUID, store: str) -> HttpResponse:
    """The records that were found in one store: what is left out, and why; what became of each."""
    now = timezone.now()
    if store not in _stores():
        raise Http404("no such store")
    view = rights.request(request_id, at=now)
    after = request.GET.get("after", "")
    place = UUID(after) if _is_uuid(after) else None
    rows = rights.found(request_id, store=store, after=place, limit=FOUND_ROWS + 1)
    shown = rows[:FOUND_ROWS]
    context = {
        "here": "rights", "view": view, "store": store, "name": deeds.store_name(store),
        "rows": [deeds.record_line(row) for row in shown],
        "next": shown[-1].id if len(rows) > FOUND_ROWS else None, "older": place is not None,
        "reasons": [(key, words.LEFT_OUT[key]) for key in words.CHOOSABLE],
        "can_choose": "choose" in view.possible, "can_rectify": "rectify" in view.possible,
    }  # fmt: skip
    return render(request, "web/console/rights_found.html", context)


@_at_the_desk
@require_GET
def progress(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """How far running work is, for the page to show again and again; when it is over the page loads anew."""
    view = rights.request(request_id, at=timezone.now())
    running = deeds.running(view)
    response = render(request, "web/console/_rights_progress.html", {"view": view, "running": running})
    if running is None:
        response["HX-Refresh"] = "true"
    return response


def _page(
    request: HttpRequest,
    request_id: UUID,
    *,
    now: datetime,
    filled: Filled | None = None,
    deed: str = "",
    code: str = "",
) -> HttpResponse:
    view = rights.request(request_id, at=now)
    named = {str(row.id): row.name for row in people.accounts()}
    word, shape = words.STATES[view.state]
    context = {
        "here": "rights",
        "view": view,
        "line": _line(view.line, now=now),
        "state": word,
        "shape": shape,
        "asked": words.kinds_words(view.line.kinds),
        "channel": words.CHANNELS[view.line.channel],
        "clocks": _clocks(view, now=now),
        "story": [_step(one, named) for one in view.story],
        "found": [deeds.store_line(view, one) for one in view.found],
        "empty_stores": [deeds.store_name(one.store) for one in view.found if not one.count],
        "count": sum(one.count - one.left_out for one in view.found),
        "can": set(view.possible),
        "fulfil": deeds.fulfil_words(view),
        "authorised": named.get(view.authorised_by, ""),
        "means": words.MEANS.get(view.means, view.means),
        "means_known": [(key, words.MEANS[key]) for key in words.GIVEN_BY_STAFF],
        "grounds": rights.grounds(view.line.kinds),
        "all_kinds": words.KINDS.items(),
        "done": [(words.KINDS.get(kind, kind), said) for kind, said in view.done.items()],
        "running": deeds.running(view),
        "package": deeds.package(view),
        "form": filled.fields() if filled else {},
        "wrong": filled.wrong if filled else {},
        "deed": deed,
        "code": code,
        "over": view.state in rights.ENDED,
        "may_lift": "restriction" in view.done and "lift" in view.possible,
        "waits": "objection" in view.line.kinds and "objection" not in view.done,
        "machine": "automated-decision" in view.line.kinds and "automated-decision" not in view.done,
        "portable": "portability" in view.line.kinds,
    }
    status = 409 if filled is not None and "" in filled.wrong else 400 if filled is not None and filled.wrong else 200
    return render(request, "web/console/right_request.html", context, status=status)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One clock of a request: what it counts to, until when, how much of it is used."""

    name: str
    at: datetime
    shape: Shape
    used: float
    note: str = ""


def _clocks(view: rights.RequestView, *, now: datetime) -> list[Clock]:
    """Answer due, extend by, and whether the clock stands still; none when the request is over."""
    line = view.line
    if view.state in rights.ENDED:
        return []
    pause = next((one for one in view.pauses if one.ended_at is None), None)
    shape = _urgency(line.due, now=now)
    paused = _("It stands still while the person is asked to prove who it is.") if pause else ""
    found = [
        Clock(
            name=_("Answer due"), at=line.due, shape="idle" if pause else shape,
            used=_used(line.received_at, line.due, now=now), note=paused,
        )
    ]  # fmt: skip
    if view.extended_at is None and view.longest > line.due and now < line.due:
        note = _("It would be due at the latest then; the person hears the reasons before the clock above runs out.")
        used = _used(line.received_at, view.longest, now=now)
        found.append(Clock(name=_("If it is extended"), at=view.longest, shape="idle", used=used, note=note))
    if pause:
        found.append(Clock(name=_("Standing still since"), at=pause.began_at, shape="due", used=0.0, note=pause.ground))
    return found


def _used(begin: datetime, end: datetime, *, now: datetime) -> float:
    whole = (end - begin).total_seconds()
    return max(0.0, min(100.0, 100.0 * (now - begin).total_seconds() / whole)) if whole > 0 else 100.0


def _urgency(due: datetime, *, now: datetime) -> Shape:
    if due <= now:
        return "late"
    return "due" if due - now <= timedelta(days=7) else "kept"


def _column(found: rights.BoardColumn, *, now: datetime) -> dict[str, Any]:
    word, shape = words.COLUMNS[found.column]
    return {
        "key": found.column, "name": word, "shape": shape, "count": found.count,
        "lines": [_line(one, now=now) for one in found.lines[:20]], "more": max(0, found.count - 20),
    }  # fmt: skip


def _line(found: rights.RequestLine, *, now: datetime) -> dict[str, Any]:
    word, shape = words.STATES[found.state]
    return {
        "view": found, "asked": words.kinds_words(found.kinds).capitalize(), "state": word, "shape": shape,
        "channel": words.CHANNELS[found.channel], "over": found.state in rights.ENDED,
        "urgency": "idle" if found.state in rights.ENDED else _urgency(found.due, now=now),
    }  # fmt: skip


def _step(found: rights.StoryLine, named: Mapping[str, str]) -> dict[str, Any]:
    who = {"person": _("the person"), "parley": "", "mail": ""}.get(found.who, named.get(found.who, _("somebody")))
    return {
        "at": found.at, "who": who, "what": words.step(found.what), "said": found.said, "sealed": found.sealed,
        "facts": deeds.facts_words(found.facts), "bad": found.what in {"stays-open", "mail-failed"},
    }  # fmt: skip


def _wanted(request: HttpRequest) -> dict[str, str]:
    """The filters of the address that are known."""
    known = {
        "column": rights.COLUMNS, "kind": words.KINDS, "state": words.STATES, "channel": words.CHANNELS,
    }  # fmt: skip
    return {name: request.GET[name] for name in _FILTERS if request.GET.get(name) in known[name]}


def _portal_address(request: HttpRequest) -> str:
    return f"/rights/{inside(request).customer.handle}/"


def _stores() -> frozenset[str]:
    return frozenset(deeds.store_names())


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
