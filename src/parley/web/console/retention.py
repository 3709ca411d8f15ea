"""Retention: how long each kind of record is kept, what a rule would delete, which laws bind, deletion by hand."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.agreement.api import Span, read_span
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.inventory.api import Held, Subject, stores
from parley.obligations import api as obligations
from parley.recordings import api as recordings
from parley.retention import api as retention
from parley.web import retention_words as words
from parley.web.access import may_delete, sees_everything
from parley.web.console.recordings_deletions import deletions_address
from parley.web.filled import Filled
from parley.web.place import inside

MECHANISM = "control.retention"
_MOST = 99_999


@sees_everything
@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """The table of rules, the laws that were declared, what the agreement says; a POST declares or withdraws a law."""
    if request.method == "POST":
        return _declare(request)
    now = timezone.now()
    rules = retention.rules()
    declared = {one.law.key: one for one in retention.declared()}
    agreement = contract.binding().agreement
    context = {
        "here": "retention",
        "rules": [_line(one) for one in rules],
        "names": words.named(*(one.set_by for one in rules), *(one.declared_by for one in declared.values())),
        "unset": sum(one.keep is None for one in rules),
        "term": agreement.terms.retention,
        "clauses": [one for one in agreement.clauses.values() if MECHANISM in one.enforced_by],
        "laws": [words.law_line(law, declared) for law in retention.FLOORS.values()],
        "night": retention.next_night(now),
        "holds": retention.holds(),
    }
    return render(request, "web/console/retention.html", context)


@sees_everything
@require_http_methods(["GET", "POST"])
def rule(request: HttpRequest, store: str, kind: str) -> HttpResponse:
    """One rule: what a new time would delete before it is saved; the POST names the number it showed."""
    found = _found(store, kind)
    now = timezone.now()
    filled = Filled({**request.GET.dict(), **request.POST.dict()})
    context = _rule_context(found, now, filled)
    if "amount" not in filled.values and "forever" not in filled.values:
        return render(request, "web/console/retention_rule.html", context)
    keep = _span(filled)
    context |= {"form": filled.fields(), "forever": "forever" in filled.values}
    if filled.wrong:
        return render(request, "web/console/retention_rule.html", context, status=400)
    shown = retention.preview(store, kind, keep, now)
    if request.method == "POST" and filled.values.get("count") == str(shown.count):
        retention.set_rule(store=store, kind=kind, keep=keep, by=inside(request).person.id, at=now)
        return HttpResponseRedirect(reverse("retention-rule", args=[store, kind]))
    context |= _preview_context(found, keep, shown, changed=request.method == "POST")
    return render(request, "web/console/retention_rule.html", context)


@sees_everything
@require_GET
def progress(request: HttpRequest, store: str, kind: str) -> HttpResponse:
    """How far the last night's deletion of a kind is, for the page to show again and again."""
    found = _found(store, kind)
    context = {"progress": _progress(found, timezone.now()), "rule": found}
    return render(request, "web/console/_retention_progress.html", context)


@may_delete
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, store: str, record_id: UUID) -> HttpResponse:
    """Deletion of one record by hand: what decides about it, then the deed."""
    record = _record(store, record_id)
    now = timezone.now()
    ((_same, verdict),) = retention.verdicts([record], cause="customer", at=now)
    second = recordings.deletions.rule() if store == recordings.STORE.name else None
    if request.method == "POST" and verdict.outcome == "erase" and second and second.second:
        here, why = inside(request), Filled(request.POST.dict()).text("why", needed=False, most=2000)
        if why:
            key = f"page:{new_id(at=now)}"
            address = deletions_address(here)
            asked = recordings.deletions.ask(here.viewer, [record], why=why, key=key, address=address, at=now)
            return HttpResponseRedirect(reverse("recordings-deletion", args=[asked.id]))
    elif request.method == "POST" and verdict.outcome == "erase":
        by = inside(request).person.id
        done = retention.dispose([record], cause="customer", reference=f"by hand {store}", at=now, by=by)
        context = {"here": "retention", "record": record, "done": done}
        return render(request, "web/console/retention_deleted.html", context)
    context = {
        "here": "retention", "record": record, "verdict": verdict, "kind": stores()[store].kinds[record.kind],
        "why": words.kept_words(verdict), "term": contract.binding().agreement.terms.retention,
        "deed": words.records(store, 1), "second": second,
        "missing": _("Say why, in 1 to 2,000 characters.") if request.method == "POST" else "",
    }  # fmt: skip
    return render(
        request, "web/console/retention_delete.html", context, status=409 if request.method == "POST" else 200
    )


def _declare(request: HttpRequest) -> HttpResponse:
    filled, now, by = Filled(request.POST.dict()), timezone.now(), inside(request).person.id
    deed = filled.choice("deed", ("declare", "extend", "withdraw"))
    law = retention.FLOORS.get(filled.values.get("law", ""))
    if law is None or law.binds != "customer":
        raise Http404("there is no such law to declare")
    if deed == "withdraw":
        retention.withdraw_law(law.key, by=by, at=now)
    elif deed:
        retention.declare_law(law.key, by=by, at=now, extended=deed == "extend")
    return HttpResponseRedirect(reverse("retention"))


def _found(store: str, kind: str) -> retention.Rule:
    found = next((one for one in retention.rules() if (one.store, one.kind) == (store, kind)), None)
    if found is None:
        raise Http404("there is no such kind of record")
    return found


def _record(store: str, record_id: UUID) -> Held:
    known = stores().by_name
    found = known[store].find(Subject(records=((store, record_id),))) if store in known else ()
    record = next((one for one in found if one.id == record_id), None)
    if record is None:
        raise Http404("there is no such record")
    return record


def _line(one: retention.Rule) -> dict[str, Any]:
    return {
        "rule": one, "kept": words.span_words(one.keep), "offering": stores()[one.store].offering,
        "shortest": one.limits.shortest, "longest": one.limits.longest,
    }  # fmt: skip


def _rule_context(found: retention.Rule, now: datetime, filled: Filled) -> dict[str, Any]:
    amount, unit = (str(found.keep.amount), found.keep.unit) if found.keep else ("", "months")
    return {
        "amount": filled.values.get("amount", amount),
        "unit": filled.values.get("unit", unit),
        "here": "retention",
        "rule": found,
        "kept": words.span_words(found.keep),
        "by": words.named(found.set_by).get(found.set_by) if found.set_by else "",
        "units": words.UNITS.items(),
        "night": retention.next_night(now),
        "mine": found.limits.controlled_by == "customer",
        "progress": _progress(found, now),
        "total": words.records(found.store, stores()[found.store].count_older(found.kind, now + timedelta(days=1))),
    }


def _preview_context(
    found: retention.Rule, keep: Span | None, shown: retention.Preview, *, changed: bool
) -> dict[str, Any]:
    holds = {one.id: one for one in retention.holds()}
    return {
        "preview": shown,
        "wanted": words.span_words(keep),
        "doomed": words.records(found.store, shown.count),
        "held": [(holds[hold], count) for hold, count in shown.held.items() if hold in holds],
        "kept_by": list(shown.kept.items()),
        "changed": changed,
        "too": _outside(found, keep),
    }


def _outside(found: retention.Rule, keep: Span | None) -> str:
    """Why the rule would be refused, "" when it would not."""
    least, most = found.limits.shortest, found.limits.longest
    if least and keep and keep.rough_hours < least.span.rough_hours:
        return _("%(law)s demands at least %(span)s.") % {"law": least.name, "span": words.span_words(least.span)}
    if most and (keep is None or keep.rough_hours > most.span.rough_hours):
        return _("%(law)s allows at most %(span)s.") % {"law": most.name, "span": words.span_words(most.span)}
    return ""


def _span(filled: Filled) -> Span | None:
    if "forever" in filled.values:
        return None
    unit, amount = filled.choice("unit", tuple(words.UNITS)), filled.values.get("amount", "").strip()
    if not amount.isascii() or not amount.isdigit() or not 0 < int(amount[:9]) <= _MOST:
        filled.wrong["amount"] = _("A number from 1 to 99,999.")
        return None
    span = read_span(f"{int(amount)} {unit}") if not filled.wrong else None
    if span is not None and span.rough_hours > retention.LONGEST.rough_hours:
        filled.wrong["amount"] = _("%(span)s at most.") % {"span": words.span_words(retention.LONGEST)}
    return span


def _progress(found: retention.Rule, now: datetime) -> obligations.Progress | None:
    last = retention.next_night(now) - timedelta(days=1)
    for night in (last, last - timedelta(hours=3), now):
        seen = obligations.progress(retention.progress_key(night, found.store, found.kind))
        if seen is not None:
            return seen
    return None
