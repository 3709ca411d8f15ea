"""The end of the contract as the customer sees it: when what happens, to end, to renew, to destroy at once."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from parley.foundation.errors import ParleyError
from parley.governance.contract import api as contract
from parley.lifecycle import api as lifecycle
from parley.web.access import sees_everything
from parley.web.contract_words import CHOICES
from parley.web.filled import Filled
from parley.web.lifecycle_words import drawn, told
from parley.web.place import ConsoleRequest, inside

_DEEDS = ("end", "renew", "confirm")


@sees_everything
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The line of time and the deeds; a POST is the deed that its button names."""
    here, filled = inside(request), Filled(request.POST.dict())
    problem: ParleyError | None = None
    if request.method == "POST":
        try:
            _do(here, filled, now=timezone.now())
        except (contract.ContractRefused, lifecycle.LifecycleError) as refused:
            problem = refused
        if not filled.wrong and problem is None:
            return HttpResponseRedirect(reverse("lifecycle"))
    wrong = bool(filled.wrong) or problem is not None
    context = _context(here, filled, problem, now=timezone.now())
    return render(request, "web/console/lifecycle.html", context, status=400 if wrong else 200)


def _do(here: ConsoleRequest, filled: Filled, *, now: datetime) -> None:
    deed, by = filled.choice("deed", _DEEDS), str(here.person.id)
    if deed == "end":
        choice = filled.choice("choice", contract.binding().agreement.terms.end.choices)
        zone = contract.order().zone
        ends_at = filled.moment("day", zone=zone) if filled.values.get("day") else now
        reason = filled.text("reason", needed=False, most=2000)
        _agreed(filled, here)
        if ends_at is not None and not filled.wrong:
            lifecycle.end(
                at=now,
                by=by,
                ends_at=max(ends_at, now),
                choice="return" if choice == "return" else "delete",
                reason=reason,
            )
    elif deed == "renew":
        lifecycle.renew(at=now, by=by)
    elif deed == "confirm":
        _agreed(filled, here)
        found = lifecycle.departure_of(here.customer.id)
        if not filled.wrong and found is not None:
            lifecycle.confirm_end(found.id, by=by, at=now)


def _agreed(filled: Filled, here: ConsoleRequest) -> None:
    """Whoever ends or destroys writes the name of what it ends."""
    if filled.values.get("name", "").strip() != here.customer.handle:
        filled.wrong["name"] = f"Write {here.customer.handle}."


def _context(here: ConsoleRequest, filled: Filled, problem: ParleyError | None, *, now: datetime) -> dict[str, Any]:
    agreement, order, ending = contract.binding().agreement, contract.order(), contract.ending()
    found = lifecycle.departure_of(here.customer.id)
    term = agreement.terms.end
    renewal = next((one.ends for one in found.timeline.phases if one.key == "renewable"), None) if found else None
    context: dict[str, Any] = {
        "here": "lifecycle",
        "ending": ending,
        "term": term,
        "clauses": {name: agreement.clause_of(f"end.{name}") for name in ("renew", "access", "export", "destroy")},
        "signatures": [one for one in contract.signatures() if one.replaced_at is None],
        "order": order,
        "choices": [(key, CHOICES[key]) for key in term.choices],
        "may_renew": ending is not None and (now < ending.ends_at or (renewal is not None and now < renewal)),
        "renewal": renewal,
        "form": filled.fields(),
        "problem": problem,
        "today": now.date().isoformat(),
    }
    if found is not None:
        return context | told(found, now=now)
    supposed = lifecycle.supposed(ends_at=ending.ends_at if ending else now)
    return context | {"line": drawn(supposed, now=now), "supposed": ending is None}
