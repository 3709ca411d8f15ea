"""Audits as the customer sees them: requests with their decisions, and packs."""

from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.governance.audits import api as audits
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.people import api as people
from parley.recordings.api import installed_store
from parley.tenancy import api as tenancy
from parley.web import rules
from parley.web.access import sees_everything
from parley.web.audit_words import CAUSES, SEVERITIES, STATES, read_findings, story
from parley.web.console.evidence import evidence_panel
from parley.web.filled import Filled
from parley.web.place import inside
from parley.web.ranged import ranged

PAGE_ROWS: Final = 50
_FINDINGS: Final = 8
_SCOPES: Final = {
    "newest": _("the newest evidence of each clause"),
    "all": _("all evidence of the log"),
}


@sees_everything
@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """Requests and packs, newest first, under the rules that the agreement sets; a POST has a pack made."""
    if request.method == "POST":
        return _ask_pack(request, None)
    before = _place(request)
    rows = audits.audits(limit=PAGE_ROWS + 1, before=before)
    shown = rows[:PAGE_ROWS]
    context = {
        "here": "audits",
        "term": contract.binding().agreement.terms.audit,
        "audits": [_line(one) for one in shown],
        "older": before is not None,
        "next": shown[-1].asked_at.isoformat() if len(rows) > PAGE_ROWS else "",
        "packs": [_pack_line(one) for one in audits.packs(limit=10)] if before is None else [],
        "newest": audits.NEWEST,
    }
    return render(request, "web/console/audits.html", context)


@sees_everything
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form that asks for an audit; it is decided at once, and the next page says how."""
    here, now = inside(request), timezone.now()
    term, zone = contract.binding().agreement.terms.audit, here.customer.standing.zone
    filled = Filled(request.POST.dict())
    if request.method == "POST":
        cause = filled.choice("cause", audits.CAUSES)
        reason = filled.text("reason", needed=cause in {"suspicion", "authority"})
        scope, auditor = filled.text("scope"), filled.text("auditor", most=500)
        wanted = filled.moment("day", zone=zone, clock="clock")
        if not filled.wrong and wanted is not None:
            asked = audits.ask(
                cause=cause,  # type: ignore[arg-type]
                reason=reason,
                scope=scope,
                auditor=auditor,
                wanted_at=wanted,
                by=here.person.id,
                at=now,
            )
            return HttpResponseRedirect(reverse("audit-request", args=[asked.id]))
    context = {
        "here": "audits", "term": term, "zone": zone, "form": filled.fields(), "causes": CAUSES.items(),
        "wrong": filled.wrong,
    }  # fmt: skip
    return render(request, "web/console/audit_ask.html", context, status=400 if filled.wrong else 200)


@sees_everything
@require_http_methods(["GET", "POST"])
def audit(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    """One request: the decision with its clause, what came of it, its packs, its proof; a POST is the deed named."""
    found = audits.audit(audit_id)
    if request.method == "GET":
        return render(request, "web/console/audit_request.html", _context(found))
    filled = Filled(request.POST.dict())
    deed = filled.choice("deed", ("withdraw", "report", "pack"))
    if deed == "pack":
        return _ask_pack(request, audit_id)
    if deed == "withdraw":
        audits.withdraw(audit_id, by=inside(request).person.id, at=timezone.now())
    elif deed == "report":
        report, findings = filled.text("report", most=20_000), read_findings(filled, _FINDINGS)
        if not filled.wrong:
            audits.report(audit_id, text=report, findings=findings, by=inside(request).person.id, at=timezone.now())
    if filled.wrong:
        return render(request, "web/console/audit_request.html", _context(found, filled), status=400)
    return HttpResponseRedirect(reverse("audit-request", args=[audit_id]))


@sees_everything
@require_GET
def pack(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """One pack: its progress, then its hashes, its proof and how to verify it."""
    found = audits.pack(pack_id)
    customer = inside(request).customer
    context: dict[str, Any] = {
        "here": "audits",
        "pack": _pack_line(found),
        "file": _file_name(found, sealed=customer.custody == "customer-held"),
        "sealed": customer.custody == "customer-held",
        "log_key": str(tenancy.keyring().ledger_signer(customer).log_key),
    }
    if found.evidence_id is not None:
        context |= evidence_panel(found.evidence_id)
    return render(request, "web/console/audit_pack.html", context)


@sees_everything
@require_GET
def progress(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """How far a pack is, for the page to show again and again; a finished one loads the page anew."""
    found = audits.pack(pack_id)
    response = render(request, "web/console/_pack_progress.html", {"pack": _pack_line(found)})
    if found.state in {"ready", "failed"}:
        response["HX-Refresh"] = "true"
    return response


@sees_everything
@require_GET
def pack_file(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """The pack itself; sealed where the customer alone holds the key. Leaves evidence."""
    here, found = inside(request), audits.pack(pack_id)
    content, size, sealed = audits.fetch(pack_id, store=installed_store())
    obligations.evidence(
        kind="audit.pack-fetched",
        clause=contract.binding().agreement.terms.audit.clause,
        details={"pack": str(pack_id), "user": str(here.person.id)},
        at=timezone.now(),
    )
    answer: HttpResponseBase = ranged(
        request, content, size=size, media_type="application/age-encryption" if sealed else "application/zip",
        etag=found.sealed_sha256 if sealed else found.sha256, filename=_file_name(found, sealed=sealed),
    )  # fmt: skip
    return cast(HttpResponse, answer)


def _ask_pack(request: HttpRequest, audit_id: UUID | None) -> HttpResponse:
    """Has a pack made; its own page shows how far it is."""
    scope = Filled(request.POST.dict()).choice("scope", _SCOPES)
    asked = audits.ask_pack(
        scope="all" if scope == "all" else "newest", audit_id=audit_id, by=inside(request).person.id, at=timezone.now()
    )
    return HttpResponseRedirect(reverse("pack", args=[asked.id]))


def _context(found: audits.AuditView, filled: Filled | None = None) -> dict[str, Any]:
    people_named = dict(people.User.objects.filter(id=found.asked_by).values_list("id", "name"))
    return {
        "here": "audits",
        "audit": _line(found),
        "by": people_named.get(found.asked_by, ""),
        "story": story(found),
        "packs": [_pack_line(one) for one in audits.packs(audit_id=found.id)],
        "severities": SEVERITIES.items(),
        "numbers": range(1, _FINDINGS + 1),
        "form": filled.fields() if filled else {},
        **evidence_panel(found.evidence_id),
    }


def _line(found: audits.AuditView) -> dict[str, Any]:
    word, shape = STATES[found.state]
    return {
        "view": found,
        "cause": CAUSES[found.cause],
        "state": word,
        "shape": shape,
        "takes_place": found.held_at or found.agreed_for or found.wanted_at,
        "open_findings": sum(one.remedied_at is None for one in found.findings),
        "findings": [(one, SEVERITIES[one.severity]) for one in found.findings],
    }


def _pack_line(found: audits.PackView) -> dict[str, Any]:
    shapes: dict[str, rules.Shape] = {"waiting": "idle", "making": "idle", "ready": "kept", "failed": "late"}
    words = {"waiting": _("waiting"), "making": _("being made"), "ready": _("ready"), "failed": _("failed")}
    return {
        "view": found, "scope": _SCOPES[found.scope], "shape": shapes[found.state], "state": words[found.state],
        "busy": found.state in {"waiting", "making"},
    }  # fmt: skip


def _file_name(found: audits.PackView, *, sealed: bool) -> str:
    at = found.made_at or found.asked_at
    return f"audit-pack-{at:%Y-%m-%dT%H%M%SZ}-{str(found.id)[-8:]}.zip{'.age' if sealed else ''}"


def _place(request: HttpRequest) -> datetime | None:
    try:
        found = datetime.fromisoformat(request.GET["before"])
    except (KeyError, ValueError):
        return None
    return found if found.tzinfo else None
