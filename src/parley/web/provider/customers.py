"""The provider's customers: who they are and how much there is, never what."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from parley.governance.contract import api as contract
from parley.people import api as people
from parley.recordings import api as recordings
from parley.tenancy import api as tenancy
from parley.web import rules
from parley.web.place import console_address

PAGE_ROWS = 50


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Customers by handle, a page at a time; the counts come from each one's own database."""
    after = request.GET.get("after", "")
    known = sorted((one for one in tenancy.customers() if one.kind == "customer"), key=lambda one: one.handle)
    rest = [one for one in known if one.handle > after]
    shown = rest[:PAGE_ROWS]
    context = {
        "here": "customers",
        "total": len(known),
        "customers": [_line(one) for one in shown],
        "older": bool(after),
        "next": shown[-1].handle if len(rest) > PAGE_ROWS else "",
    }
    return render(request, "web/provider/customers.html", context)


@require_GET
def customer(request: HttpRequest, handle: str) -> HttpResponse:
    """One customer: agreement, keys, trunks, figures."""
    found = tenancy.by_handle(handle)
    if found is None or found.kind != "customer":
        raise Http404("no such customer")
    context = {
        "here": "customers",
        "line": _line(found),
        "recipients": found.recipients,
        "trunks": tenancy.trunks(found),
    }
    return render(request, "web/provider/customer.html", context)


def _line(customer: tenancy.Customer) -> dict[str, Any]:
    with tenancy.scope(customer):
        totals = recordings.totals()
        staff = people.User.objects.filter(is_active=True).count()
    word, meaning = rules.CUSTODY[customer.custody]
    return {
        "handle": customer.handle,
        "name": customer.name,
        "state": customer.state,
        "agreement": customer.agreement,
        "agreement_version": customer.agreement_version,
        "agreement_title": contract.binding_of(customer).agreement.title,
        "custody": customer.custody,
        "custody_word": rules.PROVIDER_CUSTODY.get(customer.custody, word),
        "custody_meaning": meaning,
        "region": customer.region,
        "log_id": customer.log_id,
        "console": console_address(customer.handle),
        "people": staff,
        "trunks": len(tenancy.trunks(customer)),
        "recordings": totals.recordings,
        "last_recording": totals.last,
    }
