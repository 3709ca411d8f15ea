"""The customer's view of sub-processors: the whole chain, planned changes with their windows, and its answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from parley.agreement import api as agreements
from parley.governance.contract import api as contract
from parley.governance.subprocessors import api as subprocessors
from parley.web import register_words as words
from parley.web.access import sees_everything
from parley.web.place import inside

PAGE_ROWS = 20


@require_http_methods(["GET", "HEAD", "POST"])
@sees_everything
def listing(request: HttpRequest) -> HttpResponse:
    """The chain with what each link may receive, and the changes that were announced."""
    problem: subprocessors.SubprocessorError | None = None
    if request.method == "POST":
        try:
            _request(request, at=timezone.now())
        except subprocessors.ChangeRefused as error:
            problem = error
        else:
            return HttpResponseRedirect(reverse("subprocessors"))
    now = timezone.now()
    before = _instant(request.GET.get("before", ""))
    shown = subprocessors.planned(at=now, before=before, limit=PAGE_ROWS + 1)
    agreement = contract.binding().agreement
    context = {
        "here": "subprocessors",
        "now": now,
        "agreement": agreement,
        "term": agreement.terms.subprocessors,
        "effect": words.EFFECTS[agreement.terms.subprocessors.effect],
        "problem": problem,
        "changes": [_line(one, now=now) for one in shown[:PAGE_ROWS]],
        "older": before,
        "next": shown[PAGE_ROWS - 1].announced_at.isoformat() if len(shown) > PAGE_ROWS else "",
        "links": _links(agreement, now=now),
        "version": subprocessors.latest(),
    }
    return render(request, "web/console/subprocessors.html", context, status=409 if problem else 200)


def _request(request: HttpRequest, *, at: datetime) -> None:
    here, key = inside(request), request.POST.get("key", "")[:40]
    if request.POST.get("deed") == "revoke":
        subprocessors.revoke_request(key, by=here.person.id, at=at)
    else:
        subprocessors.request_affiliate(key, by=here.person.id, at=at)


def _instant(text: str) -> datetime | None:
    """The instant in an address, None for anything else."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo else None


def _line(change: subprocessors.ChangeView, *, now: datetime) -> dict[str, Any]:
    shape, _theirs, word = words.STATES[change.state]
    return {
        "change": change,
        "shape": shape,
        "word": word,
        "plot": words.window_plot(change, began=change.announced_at, now=now),
    }


def _links(agreement: agreements.Agreement, *, now: datetime) -> list[dict[str, Any]]:
    """Each link with the customer's own word on it: from when it may receive data, and why."""
    held = subprocessors.authorisations()
    opened = subprocessors.openings()
    asked = {change.key: change for change in reversed(subprocessors.planned(at=now, limit=500))}
    names = {entry.key: entry.name for entry in subprocessors.entries()}
    guarded = agreement.terms.subprocessors.authorisation == "on-request"
    found = []
    for link in subprocessors.links():
        entry = link.entry
        line = words.link_words(link, names=names)
        since = opened.get(entry.key)
        line["since"] = since
        line["state"] = _state(since, asked.get(entry.key), affiliate=guarded and entry.affiliate, now=now)
        if entry.key in held:
            basis = _("you authorised it by signing") if held[entry.key].basis == "signature" else _("you requested it")
            line["why"] = f"{basis} ({held[entry.key].clause})"
        elif entry.key in asked:
            line["why"] = _("its windows close without an objection (%(clause)s)") % {"clause": asked[entry.key].clause}
        if guarded and entry.affiliate:
            requested = entry.key in held and held[entry.key].basis == "request"
            line["deed"] = (
                ("revoke", _("Take the request back")) if requested
                else ("request", _("Request %(name)s for our data") % {"name": entry.name})
            )  # fmt: skip
        found.append(line)
    return found


def _state(
    since: datetime | None, change: subprocessors.ChangeView | None, *, affiliate: bool, now: datetime
) -> tuple[str, str]:
    if since is not None and since <= now:
        return "kept", _("may receive your data")
    if change is not None:
        shape, _theirs, word = words.STATES[change.state]
        return shape, str(word)
    if affiliate:
        return "idle", _("only if you request it")
    return ("idle", _("not yet")) if since is not None else ("idle", _("receives none of your data"))


@require_http_methods(["GET", "HEAD", "POST"])
@sees_everything
def change(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """One planned change: what, the dates under the customer's agreement, what happened, what may be done."""
    problem: subprocessors.SubprocessorError | None = None
    now = timezone.now()
    try:
        if request.method == "POST":
            try:
                _answer(request, change_id, at=now)
            except (
                subprocessors.ObjectionRefused,
                subprocessors.ResolutionRefused,
                subprocessors.TerminationRefused,
            ) as error:
                problem = error
            else:
                return HttpResponseRedirect(reverse("subprocessor-change", args=[change_id]))
        found = subprocessors.change(change_id, at=now)
    except subprocessors.NoSuchChange as error:
        raise Http404("no such change") from error
    agreement = contract.binding().agreement
    clause = agreement.clauses.get(found.clause)
    shape, _theirs, word = words.STATES[found.state]
    services = subprocessors.affected_services(found.entry, agreement)
    names = {entry.key: entry.name for entry in subprocessors.entries()}
    context = {
        "here": "subprocessors",
        "now": now,
        "change": found,
        "shape": shape,
        "word": word,
        "clause": clause,
        "effect": words.EFFECTS[found.effect],
        "receipt": words.RECEIPTS[found.received_how],
        "assumed": agreement.terms.notices,
        "plot": words.window_plot(found, began=found.announced_at, now=now),
        "link": words.link_words(subprocessors.Link(entry=found.entry, depth=0), names=names)
        | {"state": (shape, word)},
        "services": [(one, agreements.OFFERINGS.get(one, one)) for one in services],
        "ended": ", ".join(agreements.OFFERINGS.get(one, one) for one in found.terminated_services),
        "may_acknowledge": found.counted_from == "receipt" and found.state in ("unsent", "sent"),
        "may_withdraw": bool(found.objected_at) and found.outcome in ("", "unavoidable") and not found.terminated_at,
        "grounds_needed": found.effect == "blocks",
        "problem": problem,
        "said": request.POST.get("grounds", "") if problem else "",
    }
    return render(request, "web/console/subprocessor_change.html", context, status=409 if problem else 200)


def _answer(request: HttpRequest, change_id: UUID, *, at: datetime) -> None:
    by, deed = inside(request).person.id, request.POST.get("deed", "")
    if deed == "acknowledge":
        subprocessors.acknowledge(change_id, by=by, at=at)
    elif deed == "object":
        subprocessors.object_to(change_id, by=by, grounds=request.POST.get("grounds", ""), at=at)
    elif deed == "withdraw":
        note = request.POST.get("note", "")[:2000]
        subprocessors.resolve(change_id, outcome="withdrawn", note=note, by=by, party="customer", at=at)
    elif deed == "terminate":
        subprocessors.terminate_service(change_id, services=request.POST.getlist("service"), by=by, at=at)
