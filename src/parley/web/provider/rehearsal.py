"""Rehearsals for any customer, as the provider's staff asks: what an event would bring under its agreement."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from parley.tenancy import api as tenancy
from parley.web import rehearsal as rehearsals

SUGGESTED = 200


@require_GET
def rehearsal(request: HttpRequest) -> HttpResponse:
    """The timeline of the event in the address for the customer that it names; the first customer by default."""
    handles = sorted(one.handle for one in tenancy.customers() if one.kind == "customer")
    asked = request.GET.dict()
    wanted = asked.get("customer", "").strip() or (handles[0] if handles else "")
    found = tenancy.by_handle(wanted) if wanted in handles else None
    context: dict[str, Any] = {"here": "rehearsal", "handles": handles[:SUGGESTED], "wanted": wanted}
    if found is not None:
        context |= rehearsals.page(found, asked, now=datetime.now(UTC)) | {"whose": found}
    elif wanted:
        context["unknown"] = _("There is no customer of this name.")
    return render(request, "web/provider/rehearsal.html", context)
