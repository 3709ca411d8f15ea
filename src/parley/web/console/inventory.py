"""The inventory: what is held about whom in each offering, and the record of processing that follows from it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from parley.agreement.api import CATEGORIES, OFFERINGS, PURPOSES
from parley.governance.contract import api as contract
from parley.governance.subprocessors import api as subprocessors
from parley.inventory import api as inventory
from parley.retention import api as retention
from parley.tenancy import api as tenancy
from parley.web import retention_words as words
from parley.web.access import sees_everything
from parley.web.console.inventory_paper import paper
from parley.web.place import inside

_EEA: Final = frozenset(
    ("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IS", "IE", "IT", "LV", "LI", "LT",
     "LU", "MT", "NL", "NO", "PL", "PT", "RO", "SK", "SI", "ES", "SE")
)  # fmt: skip
_SUBJECTS: Final = {
    **inventory.OWN_SUBJECTS,
    "employee": "the customer's own people",
    "customer": "persons outside: customers, prospects, suppliers",
    "supplier_vendor": "people of suppliers",
}
_CATEGORIES: Final = {
    **CATEGORIES,
    "user.user_sensor": "recorded voice",
    "user.content.private": "texts that people write: reasons, notes, letters",
    "user.authorization.password": "passwords, as a hash",
    "user.device.ip_address": "network addresses",
}
_PURPOSES: Final = {
    "essential": "providing the service",
    "essential.legal_obligation": "keeping to laws and agreements",
    "essential.service.authentication": "signing in",
    "essential.service.security": "keeping the service safe",
    "essential.service.notifications": "writing to people",
    "essential.service.operations": "running the service",
    "functional": "improving the service",
    "marketing": "marketing",
    "analytics": "analysis",
}


@sees_everything
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every offering that holds personal data, and where the record of processing is."""
    terms = contract.binding().agreement.terms
    pages = [inventory.inventory(one, terms=terms.data, counted=False) for one in inventory.offerings()]
    context = {
        "here": "inventory",
        "pages": [
            {
                "page": page, "title": OFFERINGS.get(page.offering, page.offering),
                "authored": sum(line.authored for line in page.lines),
                "subjects": sorted({_SUBJECTS.get(line.subject, line.subject) for line in page.lines}),
            }
            for page in pages
        ],
        "clauses": sorted({term.clause for term in terms.data}),
    }  # fmt: skip
    return render(request, "web/console/inventory.html", context)


@sees_everything
@require_GET
def offering(request: HttpRequest, offering: str) -> HttpResponse:
    """One offering: a line for each category of each kind of people, counted now."""
    if offering not in inventory.offerings():
        raise Http404("this offering holds nothing")
    page = inventory.inventory(offering, terms=contract.binding().agreement.terms.data)
    kept = _kept()
    context = {
        "here": "inventory",
        "page": page,
        "title": OFFERINGS.get(offering, offering),
        "lines": [_line(line, kept) for line in page.lines],
        "announced": [(_nearest(_CATEGORIES, category), clause) for category, clause in page.announced],
        "counted_at": timezone.now(),
    }
    return render(request, "web/console/inventory_offering.html", context)


@sees_everything
@require_GET
def record(request: HttpRequest) -> HttpResponse:
    """The record of processing, to read and to print."""
    made = processing_record(at=timezone.now())
    context = {"here": "inventory", "record": made, "activities": _activities(made)}
    return render(request, "web/console/inventory_record.html", context)


@sees_everything
@require_GET
def record_pdf(_request: HttpRequest) -> HttpResponse:
    """The record of processing as PDF, to file and to send."""
    made = processing_record(at=timezone.now())
    return _file(paper(made, _activities(made)), "application/pdf", f"processing-{made.made_at:%Y-%m-%d}.pdf")


@sees_everything
@require_GET
def record_json(_request: HttpRequest) -> HttpResponse:
    """The record of processing as JSON."""
    made = processing_record(at=timezone.now())
    return _file(inventory.as_json(made), "application/json", f"processing-{made.made_at:%Y-%m-%d}.json")


@sees_everything
@require_GET
def record_dpv(request: HttpRequest) -> HttpResponse:
    """The record of processing in the Data Privacy Vocabulary, as JSON-LD."""
    made = processing_record(at=timezone.now())
    base = f"{settings.PARLEY_PUBLIC_URL}/c/{inside(request).customer.handle}/inventory/"
    name = f"processing-{made.made_at:%Y-%m-%d}.jsonld"
    return _file(inventory.as_json_ld(made, base=base), "application/ld+json", name)


def processing_record(*, at: datetime) -> inventory.ProcessingRecord:
    """The processor's record for the customer in scope: from declarations, agreement, register and rules."""
    customer, bound = tenancy.current(), contract.binding()
    agreement, order = bound.agreement, contract.order()
    kept = _kept()
    return inventory.ProcessingRecord(
        made_at=at.astimezone(UTC),
        processor=inventory.Contact(
            name=tenancy.provider().name, role="processor", contacts=(settings.PARLEY_PUBLIC_URL,)
        ),
        controller=inventory.Contact(
            name=customer.name,
            role="processor for others" if order.processes_for_others else "controller",
            contacts=tuple(filter(None, (order.privacy_contact, *order.notice_addresses))),
        ),
        agreements=tuple(f"{one.agreement} {one.version}" for one in contract.signatures() if one.replaced_at is None),
        activities=tuple(_activity(one, agreement.terms.data, kept) for one in inventory.offerings()),
        recipients=_recipients(),
        measures=tuple(
            inventory.Safety(clause=one.id, statement=one.statement)
            for one in agreement.clauses.values()
            if one.subject == "security"
        ),
    )


def _activities(made: inventory.ProcessingRecord) -> list[dict[str, Any]]:
    """The categories of processing in words."""
    return [
        {
            "activity": one,
            "categories": list(dict.fromkeys(_nearest(_CATEGORIES, category) for category in one.categories)),
            "subjects": [_SUBJECTS.get(subject, subject) for subject in one.subjects],
            "purposes": list(dict.fromkeys(_nearest(_PURPOSES, purpose) for purpose in one.purposes)),
        }
        for one in made.activities
    ]


def _activity(offering: str, terms: Sequence[Any], kept: Mapping[str, str]) -> inventory.Activity:
    page = inventory.inventory(offering, terms=terms, counted=False)
    return inventory.Activity(
        offering=offering,
        title=OFFERINGS.get(offering, offering),
        purposes=tuple(sorted({purpose for line in page.lines for purpose in line.purposes})),
        categories=tuple(dict.fromkeys(line.category for line in page.lines)),
        subjects=tuple(dict.fromkeys(line.subject for line in page.lines)),
        kept=tuple(dict.fromkeys(word for line in page.lines for word in _retention(line, kept))),
    )


def _recipients() -> tuple[inventory.Recipient, ...]:
    """The sub-processors that the customer authorised."""
    authorised = subprocessors.authorisations()
    return tuple(
        inventory.Recipient(
            name=one.name,
            country=one.country,
            purpose=", ".join(PURPOSES[key].meaning if key in PURPOSES else key for key in one.purposes),
            safeguard=authorised[one.key].clause,
            third_country=one.country not in _EEA,
        )
        for one in subprocessors.entries()
        if one.key in authorised
    )


def _line(line: inventory.InventoryLine, kept: Mapping[str, str]) -> dict[str, Any]:
    return {
        "line": line,
        "category": _nearest(_CATEGORIES, line.category),
        "subject": _SUBJECTS.get(line.subject, line.subject),
        "purposes": list(dict.fromkeys(_nearest(_PURPOSES, purpose) for purpose in line.purposes)),
        "kept": _retention(line, kept),
        "found": [inventory.FIND_BY[word] for word in line.find_by],
        "export": [inventory.EXPORT[word] for word in line.export],
        "erase": [inventory.ERASE[word] for word in line.erase],
    }


def _nearest(table: Mapping[str, str], word: str) -> str:
    """The words of a key, or of the nearest one above it; the key itself when there are none."""
    key = word
    while key and key not in table:
        key = key.rpartition(".")[0]
    return table.get(key, word)


def _retention(line: inventory.InventoryLine, kept: Mapping[str, str]) -> list[str]:
    """How long, in words: where a rule of the customer's decides, what the rule says."""
    found = []
    for word in line.retention:
        rules = [kept[store] for store in line.stores if store in kept]
        ruled = word in {"rule", "with-recording"} and rules
        found += rules if ruled else [inventory.RETENTION[word]]
    return list(dict.fromkeys(found))


def _kept() -> Mapping[str, str]:
    """By store, what the rules of its kinds say; stores without a rule are left out."""
    found: dict[str, str] = {}
    for one in retention.rules():
        if one.keep is not None:
            span = words.span_words(one.keep)
            found[one.store] = f"{found[one.store]}; {span}" if one.store in found else span
    return found


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=media_type, headers=headers)
