"""Requests that were passed on to customers, by counts alone: nothing of a person, not even a reference."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from parley.rights import api as rights
from parley.tenancy import api as tenancy
from parley.web import rights_words as words

PAGE_ROWS: Final = 50


@require_GET
def forwarded(request: HttpRequest) -> HttpResponse:
    """Customers by handle, a page at a time, with how many requests stand in which column of their desk."""
    now, after = timezone.now(), request.GET.get("after", "")
    rest = [one for one in tenancy.customers() if one.handle > after]
    shown, lines = rest[:PAGE_ROWS], []
    for customer in shown:
        with tenancy.scope(customer):
            counts: dict[str, int] = {column.column: column.count for column in rights.board(now)}
        lines.append(_line(customer, counts))
    context = {
        "here": "rights",
        "columns": [word for word, _shape in words.COLUMNS.values()],
        "lines": lines,
        "total": sum(column.count for column in rights.board(now)),
        "portal": "/rights/provider/",
        "older": bool(after),
        "next": shown[-1].handle if len(rest) > PAGE_ROWS else "",
    }
    return render(request, "web/provider/rights.html", context)


def _line(customer: tenancy.Customer, counts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "customer": customer,
        "counts": [(word, counts.get(key, 0), shape) for key, (word, shape) in words.COLUMNS.items()],
        "overdue": counts.get("overdue", 0),
        "all": sum(counts.values()),
        "portal": f"/rights/{customer.handle}/",
    }
