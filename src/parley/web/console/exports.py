"""Exports as the customer sees them: asked for, being made, fetched, withdrawn."""

from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.exports import api as exports
from parley.foundation.ids import new_id
from parley.foundation.numbers import parse_e164
from parley.governance.contract import api as contract
from parley.inventory.api import ExportOptions, Subject
from parley.obligations import api as obligations
from parley.people import api as people
from parley.tenancy import api as tenancy
from parley.web import rules
from parley.web.access import sees_everything
from parley.web.console.evidence import evidence_panel
from parley.web.filled import Filled
from parley.web.place import inside
from parley.web.ranged import ranged

PAGE_ROWS: Final = 50
WHAT: Final = {
    "everything": _("everything"),
    "subject": _("what concerns one person"),
    "records": _("a span of time"),
    "discovery": _("recordings with their chain of custody and proofs, to be checked without Parley (e-discovery)"),
}
FORMATS: Final = {
    "csv": _("tables as CSV"),
    "json": _("tables as JSON lines"),
    "mp3": _("recordings as MP3"),
    "wav": _("recordings as WAV"),
    "opus": _("recordings as Opus (.opus, in Ogg)"),
    "vcon": _("recordings as vCon (JSON with the sound inside)"),
    "pcap": _("the capture of each call"),
    "age": _("the sealed originals, as they are stored"),
}
_USUAL: Final = frozenset({"csv", "json", "mp3"})
_STATES: Final[dict[str, tuple[Any, rules.Shape]]] = {
    "queued": (_("waiting"), "idle"),
    "running": (_("being made"), "idle"),
    "ready": (_("ready"), "kept"),
    "failed": (_("failed"), "late"),
    "withdrawn": (_("withdrawn"), "idle"),
    "expired": (_("expired"), "idle"),
}


@sees_everything
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """All exports, the newest first, those that are being made with their progress."""
    before = _place(request)
    rows = exports.listing(limit=PAGE_ROWS + 1, before=before)
    shown = rows[:PAGE_ROWS]
    context = {
        "here": "exports",
        "term": contract.binding().agreement.terms.end,
        "exports": [_line(one) for one in shown],
        "older": before is not None,
        "next": shown[-1].id if len(rows) > PAGE_ROWS else "",
    }
    return render(request, "web/console/exports.html", context)


@sees_everything
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form that asks for an export; the next page shows how far it is."""
    filled = Filled(request.POST.dict())
    chosen = [form for form in FORMATS if form in request.POST.getlist("formats")]
    if request.method == "POST":
        asked = _asked(request, filled, chosen)
        if asked is not None:
            return HttpResponseRedirect(reverse("export", args=[asked]))
    context = {
        "here": "exports",
        "what": WHAT.items(),
        "formats": [
            (key, word, key in (chosen if request.method == "POST" else _USUAL)) for key, word in FORMATS.items()
        ],
        "form": filled.fields(),
        "zone": inside(request).customer.standing.zone,
        "key": f"console:{new_id(at=timezone.now())}",
        "sealed": inside(request).customer.custody == "customer-held",
    }
    return render(request, "web/console/export_ask.html", context, status=400 if filled.wrong else 200)


@sees_everything
@require_http_methods(["GET", "POST"])
def export(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """One export: what is in it, for whom, until when, its link; a POST withdraws it."""
    if request.method == "POST":
        exports.withdraw(export_id, by=inside(request).person.id, at=timezone.now())
        return HttpResponseRedirect(reverse("export", args=[export_id]))
    found, customer = exports.get(export_id), inside(request).customer
    context: dict[str, Any] = {
        "here": "exports",
        "export": _line(found),
        "sealed": customer.custody == "customer-held",
        "formats": [FORMATS.get(form, form) for form in found.formats],
        "by": _name(found.asked_by),
        "file": _file_name(found, sealed=customer.custody == "customer-held"),
    }
    if found.state == "ready":
        context["link"] = f"{settings.PARLEY_PUBLIC_URL}{exports.link(export_id)}"
        if found.reason == "discovery":
            context["log_key"] = str(tenancy.keyring().ledger_signer(tenancy.current()).log_key)
    if found.evidence_id is not None:
        context |= evidence_panel(found.evidence_id)
    return render(request, "web/console/export.html", context)


@sees_everything
@require_GET
def progress(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """How far an export is, for pages to show again and again; a finished one loads the page anew."""
    found = exports.get(export_id)
    response = render(request, "web/console/_export_progress.html", {"export": _line(found)})
    if found.state not in {"queued", "running"}:
        response["HX-Refresh"] = "true"
    return response


@sees_everything
@require_GET
def file(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """The package itself; sealed where the customer alone holds the key."""
    return package(request, exports.get(export_id), by=str(inside(request).person.id))


def package(request: HttpRequest, found: exports.ExportView, *, by: str) -> HttpResponse:
    """The package of an export in the customer's scope, or the piece of it that was asked for. Leaves evidence of each
    answer with content: a piece may be nearly the whole."""
    content = exports.open_package(found.id)
    held = tenancy.current().custody == "customer-held"
    answer: HttpResponseBase = ranged(
        request, content, size=found.sealed_size if held else found.size,
        media_type="application/age-encryption" if held else "application/zip",
        etag=found.sealed_sha256 if held else found.sha256, filename=_file_name(found, sealed=held),
    )  # fmt: skip
    if request.method == "GET" and answer.status_code in {200, 206}:
        exports.fetched(found.id, by=by, at=timezone.now())
    return cast(HttpResponse, answer)


def _asked(request: HttpRequest, filled: Filled, chosen: list[str]) -> UUID | None:
    """The export that the form asks for; None when something in it is wrong."""
    here = inside(request)
    what = filled.choice("what", WHAT)
    title = filled.text("title", needed=False, most=200)
    discovery = what == "discovery"
    subject = _subject(filled, needed=not discovery) if what in {"subject", "discovery"} else None
    since = until = None
    if what in {"records", "discovery"}:
        since, last = (
            filled.moment(name, zone=here.customer.standing.zone)
            if subject is None or filled.text(name, needed=False, most=20)
            else None
            for name in ("since", "until")
        )
        until = last + timedelta(days=1) if last else None
        if since and until and since >= until:
            filled.wrong["until"] = _t("The last day is before the first.")
    if not chosen:
        filled.wrong["formats"] = _t("Choose at least one.")
    if filled.wrong:
        return None
    redact = subject is not None and not discovery and "whole" not in request.POST
    return exports.start(
        title=title or (_t("E-discovery package") if discovery else str(WHAT[what]).capitalize()),
        reason=what,  # type: ignore[arg-type]
        subject=subject,
        options=ExportOptions(subject=subject, redact_others=redact, formats=tuple(chosen)),
        by=here.person.id,
        at=timezone.now(),
        key=filled.text("key", most=100),
        since=since,
        until=until,
    )


def _subject(filled: Filled, *, needed: bool) -> Subject | None:
    """The person by number or by e-mail address."""
    text = filled.text("person", needed=needed, most=300)
    if not text:
        return None
    if "@" in text:
        return Subject(emails=(text.lower(),))
    number = parse_e164(text)
    if number is None:
        filled.wrong["person"] = _t("Write a number with its country, +39 0584 943232, or an e-mail address.")
        return None
    return Subject(numbers=(number,))


def _line(found: exports.ExportView) -> dict[str, Any]:
    word, shape = _STATES[found.state]
    busy = found.state in {"queued", "running"}
    return {
        "view": found, "state": word, "shape": shape, "busy": busy, "what": WHAT[found.reason],
        "progress": obligations.progress(found.progress_key) if busy else None,
    }  # fmt: skip


def _file_name(found: exports.ExportView, *, sealed: bool) -> str:
    at = found.made_at or found.asked_at
    return f"export-{at:%Y-%m-%dT%H%M%SZ}-{str(found.id)[-8:]}.zip{'.age' if sealed else ''}"


def _place(request: HttpRequest) -> exports.ExportView | None:
    try:
        return exports.get(UUID(request.GET["before"]))
    except (KeyError, ValueError, exports.NoSuchExport):
        return None


def _name(user_id: UUID | None) -> str:
    """Who asked, while the account is there."""
    if user_id is None:
        return ""
    return people.User.objects.filter(id=user_id).values_list("name", flat=True).first() or ""
