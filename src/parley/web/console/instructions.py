"""The customer's documented instructions: every version, the suspended ones loud, and what to do about them."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from parley.agreement.api import AREAS, CATEGORIES, Span, read_span
from parley.foundation.errors import ParleyError
from parley.governance.contract import api as contract
from parley.governance.instructions import api as instructions
from parley.people import api as people
from parley.web.access import sees_everything
from parley.web.contract_words import instruction_line, misuse_line, purpose_words, purposes
from parley.web.filled import Filled
from parley.web.place import ConsoleRequest, inside

PAGE_ROWS: Final = 50


@sees_everything
@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """What is instructed, what is suspended, what the provider asks to correct; a POST is the deed of its button."""
    here, filled = inside(request), Filled(request.POST.dict())
    problem: ParleyError | None = None
    if request.method == "POST":
        try:
            to = _do(here, filled, request.POST.getlist("categories"))
        except instructions.InstructionError as error:
            to, problem = "", _beside(filled, error)
        if to:
            return HttpResponseRedirect(to)
    wrong = bool(filled.wrong) or problem is not None
    return render(request, "web/console/instructions.html", _context(filled, problem), status=400 if wrong else 200)


@sees_everything
@require_http_methods(["GET", "POST"])
def instruction(request: HttpRequest, instruction_id: UUID) -> HttpResponse:
    """One version of an instruction with all that came before and after it; a POST confirms or withdraws it."""
    here, filled = inside(request), Filled(request.POST.dict())
    found = instructions.instruction(instruction_id)
    problem: ParleyError | None = None
    if request.method == "POST":
        try:
            to = _do(here, filled, [], found)
        except instructions.InstructionError as error:
            to, problem = "", _beside(filled, error)
        if to:
            return HttpResponseRedirect(to)
    history = instructions.instructions(purpose=found.purpose)
    ids = {one.given_by for one in history} | {one.confirmed_by for one in history if one.confirmed_by}
    names = {str(pk): name for pk, name in people.User.objects.filter(id__in=ids).values_list("id", "name")}
    context = {
        "here": "instructions",
        "line": instruction_line(found),
        "by": names.get(found.given_by, ""),
        "confirmed_by": names.get(found.confirmed_by, ""),
        "history": [instruction_line(one) | {"by": names.get(one.given_by, "")} for one in history],
        "form": filled.fields(),
        "problem": problem,
    }
    wrong = bool(filled.wrong) or problem is not None
    return render(request, "web/console/instruction.html", context, status=400 if wrong else 200)


def _beside(filled: Filled, error: instructions.InstructionError) -> ParleyError | None:
    """The error beside its field, when it names one; else the error for the head of the page."""
    field = getattr(error, "field", "")
    if field:
        filled.wrong[field] = f"{Exception.__str__(error)}. {error.remedy}"
        return None
    return error


def _do(
    here: ConsoleRequest, filled: Filled, categories: list[str], found: instructions.Instruction | None = None
) -> str:
    """Does what was asked for; where to go then, "" when something in the form is wrong."""
    deed, now, by = filled.choice("deed", ("give", "confirm", "withdraw", "correct")), timezone.now(), here.person.id
    if deed == "give":
        purpose, text = filled.choice("purpose", dict(purposes())), filled.text("text")
        details = _details(filled, categories)
        if filled.wrong:
            return ""
        made = instructions.give(purpose=purpose, text=text, details=details, by=by, at=now)
        return reverse("instruction", args=[made.id])
    if deed == "confirm" and found is not None:
        made = instructions.confirm(found.id, text=filled.text("confirmation", needed=False), by=by, at=now)
        return reverse("instruction", args=[made.id])
    if deed == "withdraw":
        purpose = found.purpose if found is not None else filled.choice("purpose", dict(purposes()))
        text = filled.text("reason")
        if filled.wrong:
            return ""
        made = instructions.withdraw(purpose=purpose, text=text, by=by, at=now)
        return reverse("instruction", args=[made.id])
    if deed == "correct":
        text = filled.text("correction", needed=False)
        misuse = filled.choice("misuse", [str(one.id) for one in instructions.misuses()])
        if filled.wrong:
            return ""
        instructions.correct_misuse(UUID(misuse), text=text, by=by, at=now)
        return reverse("instructions")
    return ""


def _details(filled: Filled, categories: list[str]) -> instructions.Details:
    citizens = filled.text("citizens", needed=False, most=200).upper().replace(",", " ").split()
    return instructions.Details(
        region=filled.text("region", needed=False, most=40),
        recipient=filled.text("recipient", needed=False, most=200),
        recipient_area=filled.text("recipient_area", needed=False, most=20),
        categories=frozenset(categories),
        sealed=filled.values.get("unsealed") != "yes",
        keep=_span(filled, "keep"),
        keep_after_end=_span(filled, "keep_after_end"),
        legal_ground=filled.text("legal_ground", needed=False, most=500),
        persons_in=filled.text("persons_in", needed=False, most=2).upper(),
        citizens=frozenset(citizens),
        certified=filled.values.get("certified") == "yes",
        minors=filled.values.get("minors") == "yes",
        guardians_agreed=filled.values.get("guardians_agreed") == "yes",
    )


def _span(filled: Filled, name: str) -> Span | None:
    text = filled.text(name, needed=False, most=40)
    span = read_span(text) if text else None
    if text and span is None:
        filled.wrong[name] = _("A span is written 30 days, 6 months or 1 year.")
    return span


def _context(filled: Filled, problem: ParleyError | None) -> dict[str, Any]:
    found = instructions.instructions(limit=1_000)
    current = [one for one in found if one.state != "replaced"]
    said = {one.purpose for one in current}
    agreement = contract.binding().agreement
    signed = [
        {"statement": term.statement, "clause": term.clause, "covers": rest}
        for term in agreement.terms.purposes
        if term.instructed_by_signing
        and (rest := [(key, purpose_words(key)) for key in term.covers if key not in said])
    ]
    misuses = instructions.misuses()
    return {
        "here": "instructions",
        "term": agreement.terms.instructions,
        "suspended": [instruction_line(one) for one in current if one.state == "suspended"],
        "current": [instruction_line(one) for one in current if one.state != "suspended"][:PAGE_ROWS],
        "signed": signed,
        "misuses": [misuse_line(one) for one in misuses],
        "compulsions": instructions.compulsions(),
        "purposes": purposes(),
        "areas": AREAS.items(),
        "categories": CATEGORIES.items(),
        "chosen": filled.values.get("purpose", ""),
        "form": filled.fields(),
        "problem": problem,
    }
