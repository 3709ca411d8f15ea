"""What people attest, as the customer sees it: when, with which hash, when next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from parley.governance.audits import api as audits
from parley.web import rules
from parley.web.access import sees_everything


@sees_everything
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The attestations that the agreement asks for, the next due first."""
    now = timezone.now()
    lines = [
        {"view": one, "shape": _shape(one), "earlier": audits.history(one.key)[1:11]} for one in audits.shown(at=now)
    ]
    return render(request, "web/console/attestations.html", {"here": "attestations", "lines": lines})


def _shape(one: audits.ShownAttestation) -> rules.Shape:
    if one.late:
        return "late"
    return "kept" if one.attested_at else "due"
