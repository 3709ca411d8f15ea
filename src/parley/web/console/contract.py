"""The contract as the customer sees it: what it signed, the order, where its data may go and under which measure."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from parley.agreement.api import AREAS
from parley.foundation.errors import ParleyError
from parley.governance.contract import api as contract
from parley.governance.instructions import api as instructions
from parley.governance.subprocessors import api as subprocessors
from parley.tenancy import api as tenancy
from parley.web.access import sees_everything
from parley.web.contract_words import CHOICES, HOW, KINDS, MEASURES
from parley.web.filled import Filled
from parley.web.place import ConsoleRequest, inside

_DEEDS = ("order", "transfer", "withdraw-transfer")


@sees_everything
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Signatures, order, transfers; a POST is the deed that its button names."""
    filled = Filled(request.POST.dict())
    problem: ParleyError | None = None
    if request.method == "POST":
        try:
            _do(inside(request), filled)
        except instructions.InstructionRefused as error:
            if error.field:
                filled.wrong[error.field] = f"{Exception.__str__(error)}. {error.remedy}"
            else:
                problem = error
        except contract.ContractRefused as refused:
            problem = refused
        if not filled.wrong and problem is None:
            return HttpResponseRedirect(reverse("contract"))
    wrong = bool(filled.wrong) or problem is not None
    return render(request, "web/console/contract.html", _context(filled, problem), status=400 if wrong else 200)


@sees_everything
@require_GET
def text(_request: HttpRequest, signature_id: UUID) -> HttpResponse:
    """The text of an agreement as it was signed, for whoever signed it."""
    signature = next((one for one in contract.signatures() if one.id == signature_id), None)
    found = tenancy.agreement_text(signature.digest) if signature is not None else None
    if signature is None or found is None:
        raise Http404("this text was not signed here")
    response = HttpResponse(found, content_type="text/plain; charset=utf-8")
    name = f"{signature.agreement}-{signature.version}.toml"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@sees_everything
@require_GET
def annexes(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """The annexes of a transfer under the standard clauses: as a page, or with `?as=text` or `?as=html` as a file."""
    chain = [
        instructions.SubProcessor(name=one.name, address=one.address, contact=one.contact, processing=one.role)
        for one in subprocessors.entries()
    ]
    made = instructions.annexes_of(transfer_id, subprocessors=chain, at=timezone.now())
    if request.GET.get("as") == "text":
        return _file(made.text(), "annexes.txt", "text/plain")
    if request.GET.get("as") == "html":
        return _file(made.html(), "annexes.html", "text/html")
    return render(request, "web/console/annexes.html", {"here": "contract", "annexes": made})


def _file(content: str, name: str, media_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=f"{media_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _do(here: ConsoleRequest, filled: Filled) -> None:
    deed, now, by = filled.choice("deed", _DEEDS), timezone.now(), here.person.id
    if deed == "order":
        contract.change_order(
            by=str(by),
            at=now,
            notice_addresses=tuple(filled.text("notice_addresses", needed=False).split()),
            privacy_contact=filled.text("privacy_contact", needed=False, most=254),
            export_intake=filled.text("export_intake", needed=False, most=254),
            zone=filled.text("zone", most=64),
            processes_for_others=filled.values.get("processes_for_others") == "yes",
        )
    elif deed == "transfer":
        area, measure = filled.choice("area", AREAS), filled.choice("measure", MEASURES)
        reference = filled.text("reference", needed=False, most=500)
        importer = filled.text("importer", needed=False, most=500)
        if not filled.wrong:
            instructions.confirm_transfer(
                area=area,
                measure=measure,  # type: ignore[arg-type]
                reference=reference,
                importer=importer,
                by=by,
                at=now,
            )
    elif deed == "withdraw-transfer":
        try:
            instructions.withdraw_transfer(UUID(filled.values.get("transfer", "")), by=by, at=now)
        except ValueError as error:
            raise Http404("no such transfer") from error


def _context(filled: Filled, problem: ParleyError | None) -> dict[str, Any]:
    agreement = contract.binding().agreement
    ending = contract.ending()
    order = contract.order()
    known = instructions.adequacy()
    now = timezone.now()
    return {
        "here": "contract",
        "signatures": [
            {"view": one, "kind": KINDS.get(one.kind, one.kind), "how": HOW[one.how], "overrides": dict(one.overrides)}
            for one in contract.signatures()
        ],
        "order": order,
        "addresses": "\n".join(order.notice_addresses),
        "ending": ending,
        "choice": CHOICES[ending.choice] if ending else "",
        "end_term": agreement.terms.end,
        "transfers": [
            {"view": one, "area": AREAS[one.area], "measure": MEASURES[one.measure]}
            for one in instructions.transfers(history=True)
        ],
        "regions": agreement.terms.regions,
        "free": ", ".join(AREAS[one] for one in agreement.terms.regions.areas),
        "areas": [(key, word) for key, word in AREAS.items() if key not in agreement.terms.regions.areas],
        "measures": MEASURES.items(),
        "adequate": [one for one in known.decisions if one.holds(now)],
        "adequacy": known,
        "form": filled.fields(),
        "problem": problem,
    }
