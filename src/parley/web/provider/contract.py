"""A customer's contract as the provider deals with it: signing, the end, misuse, legal compulsion."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from parley.agreement import api as agreements
from parley.foundation.errors import ParleyError
from parley.governance.contract import api as contract
from parley.governance.instructions import api as instructions
from parley.tenancy import api as tenancy
from parley.web.contract_words import CHOICES, HOW, KINDS, instruction_line, misuse_line
from parley.web.filled import Filled
from parley.web.place import ConsoleRequest, inside

_DEEDS = ("sign", "end", "renew", "report", "suspend", "lift", "compel")


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, handle: str) -> HttpResponse:
    """The contract of one customer; a POST is the deed that its button names."""
    customer = tenancy.by_handle(handle)
    if customer is None or customer.kind != "customer":
        raise Http404("no such customer")
    filled = Filled(request.POST.dict())
    problem: ParleyError | None = None
    if request.method == "POST":
        try:
            _do(inside(request), customer, filled, request.POST.getlist("agreements"))
        except instructions.InstructionRefused as error:
            if error.field:
                filled.wrong[error.field] = f"{Exception.__str__(error)}. {error.remedy}"
            else:
                problem = error
        except (contract.ContractError, agreements.OrderFormError, instructions.InstructionError) as refused:
            problem = refused
        if not filled.wrong and problem is None:
            return HttpResponseRedirect(reverse("customer-contract", args=[handle]))
    with tenancy.scope(customer):
        context = _context(customer, filled, problem)
    wrong = bool(filled.wrong) or problem is not None
    return render(request, "web/provider/contract.html", context, status=400 if wrong else 200)


def _do(here: ConsoleRequest, customer: tenancy.Customer, filled: Filled, chosen: list[str]) -> None:
    deed = filled.choice("deed", _DEEDS)
    if deed == "compel":
        _compel(here, customer, filled)
        return
    with tenancy.scope(customer):
        if deed == "sign":
            _sign(filled, chosen)
        elif deed == "end":
            _end(here, customer, filled)
        elif deed == "renew":
            contract.renew(at=timezone.now(), by=str(here.person.id))
        elif deed in {"report", "suspend", "lift"}:
            _misuse(here, deed, filled)


def _sign(filled: Filled, chosen: list[str]) -> None:
    by, reference = filled.text("by", most=200), filled.text("reference", most=200)
    known = [one for one in chosen if one in agreements.available()]
    if not known:
        filled.wrong["agreements"] = _("Choose one at least.")
    overrides = {}
    for line in filled.text("overrides", needed=False, most=2_000).splitlines():
        term, equals, span = (part.strip() for part in line.partition("="))
        if not (term and equals and span):
            filled.wrong["overrides"] = _("Write one a line: breach.within = 24 hours")
        overrides[term] = span
    if not filled.wrong:
        contract.sign(agreements=known, by=by, reference=reference, at=timezone.now(), overrides=overrides)


def _end(here: ConsoleRequest, customer: tenancy.Customer, filled: Filled) -> None:
    choice = filled.choice("choice", CHOICES)
    ends_at = filled.moment("day", zone=customer.standing.zone, clock="clock")
    reason = filled.text("reason", needed=False, most=2_000)
    if not filled.wrong:
        contract.end_contract(
            at=timezone.now(),
            by=str(here.person.id),
            ends_at=ends_at,
            choice=choice,  # type: ignore[arg-type]
            reason=reason,
        )


def _misuse(here: ConsoleRequest, deed: str, filled: Filled) -> None:
    now, by = timezone.now(), here.person.id
    if deed == "report":
        kind, text = filled.choice("kind", instructions.MISUSES), filled.text("text", most=5_000)
        if not filled.wrong:
            instructions.report_misuse(kind=kind, text=text, by=by, at=now)
        return
    misuse = filled.choice("misuse", [str(one.id) for one in instructions.misuses()])
    if not filled.wrong:
        (instructions.suspend if deed == "suspend" else instructions.lift)(UUID(misuse), by=by, at=now)


def _compel(here: ConsoleRequest, customer: tenancy.Customer, filled: Filled) -> None:
    law, text = filled.text("law", most=500), filled.text("compelled", most=5_000)
    processing_at = filled.moment("processing_at", zone=customer.standing.zone, clock="processing_clock")
    silent = filled.values.get("silent") == "yes"
    ground = filled.text("public_interest", needed=silent, most=2_000)
    if filled.wrong or processing_at is None:
        return
    now, by = timezone.now(), here.person.id
    if silent:
        instructions.compelled_silently(
            customer, law=law, public_interest=ground, text=text, processing_at=processing_at, by=by, at=now
        )
        return
    with tenancy.scope(customer):
        instructions.compelled(law=law, text=text, processing_at=processing_at, by=by, at=now)


def _context(customer: tenancy.Customer, filled: Filled, problem: ParleyError | None) -> dict[str, Any]:
    binding = contract.binding().agreement
    ending, now = contract.ending(), timezone.now()
    return {
        "here": "customers",
        "of": customer,
        "zone": customer.standing.zone,
        "signatures": [
            {"view": one, "kind": KINDS.get(one.kind, one.kind), "how": HOW[one.how], "overrides": dict(one.overrides)}
            for one in contract.signatures()
        ],
        "order": contract.order(),
        "available": [(one, agreements.load(one).title) for one in agreements.available()],
        "limits": binding.terms.limits,
        "end_term": binding.terms.end,
        "choices": [(key, word) for key, word in CHOICES.items() if key in binding.terms.end.choices],
        "ending": ending,
        "choice": CHOICES[ending.choice] if ending else "",
        "suspended": [instruction_line(one) for one in instructions.instructions(state="suspended")],
        "suspension": binding.terms.suspension,
        "misuses": [misuse_line(one) | {"may": one.may_suspend_at <= now} for one in instructions.misuses()],
        "kinds": instructions.MISUSES.items(),
        "compulsions": instructions.compulsions(),
        "today": now.astimezone().date().isoformat(),
        "form": filled.fields(),
        "problem": problem,
    }
