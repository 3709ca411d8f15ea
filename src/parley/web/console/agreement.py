"""The customer's agreement, clause by clause: what it says, what keeps it, what evidence there is."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from parley.agreement import api as agreements
from parley.ledger import api as ledger
from parley.web.place import inside
from parley.web.rules import Shape

RECENT_ENTRIES = 500


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """How often clauses occur among the newest RECENT_ENTRIES entries, and when each did last."""

    counts: Counter[str]
    last: dict[str, datetime]


@dataclass(frozen=True, kw_only=True)
class GlanceLine:
    """One subject of the agreement on the first page: the worst state of its clauses, and why."""

    subject: str
    shape: Shape
    word: str
    note: str
    count: str


def recent_evidence() -> Evidence:
    """The evidence that the newest entries of the customer's log hold."""
    with connection.cursor() as cursor:
        entries = ledger.entries(cursor, limit=RECENT_ENTRIES)
    last: dict[str, datetime] = {}
    for entry in entries:
        last.setdefault(entry.clause, entry.at)
    return Evidence(counts=Counter(entry.clause for entry in entries), last=last)


@require_GET
def agreement(request: HttpRequest) -> HttpResponse:
    """Every clause by subject; `#<clause id>` is its permanent link."""
    found = agreements.load(inside(request).customer.agreement)
    evidence = recent_evidence()
    subjects = [
        (agreements.SUBJECTS[subject], [_clause(clause, evidence) for clause in clauses])
        for subject, clauses in _by_subject(found).items()
    ]
    return render(
        request, "web/console/agreement.html", {"here": "agreement", "agreement": found, "subjects": subjects}
    )


def glance(found: agreements.Agreement, evidence: Evidence) -> list[GlanceLine]:
    """A line for each subject: enforced when every clause of it is, open while one waits for what is not built yet."""
    lines = []
    for subject, clauses in _by_subject(found).items():
        enforced = [clause for clause in clauses if clause.enforced_by]
        entries = sum(evidence.counts[clause.id] for clause in clauses)
        whole = len(enforced) == len(clauses)
        lines.append(
            GlanceLine(
                subject=agreements.SUBJECTS[subject],
                shape="kept" if whole else "idle",
                word=_("enforced") if whole else _("in part") if enforced else _("not yet"),
                note=ngettext(
                    "%(enforced)d of %(n)d clause", "%(enforced)d of %(n)d clauses", len(clauses)
                ) % {"enforced": len(enforced), "n": len(clauses)},
                count=ngettext("%(n)d entry", "%(n)d entries", entries) % {"n": entries} if entries else "",
            )
        )  # fmt: skip
    return lines


def _by_subject(found: agreements.Agreement) -> dict[str, list[agreements.Clause]]:
    grouped: dict[str, list[agreements.Clause]] = {}
    for subject in agreements.SUBJECTS:
        clauses = [clause for clause in found.clauses.values() if clause.subject == subject]
        if clauses:
            grouped[subject] = clauses
    return grouped


def _clause(clause: agreements.Clause, evidence: Evidence) -> dict[str, Any]:
    return {
        "id": clause.id,
        "statement": clause.statement,
        "source": clause.source,
        "authored": clause.authored,
        "kept_by": [agreements.MECHANISMS[name].does for name in clause.enforced_by],
        "waits": [agreements.AWAITED[name] for name in clause.waits_for],
        "count": evidence.counts[clause.id],
        "last": evidence.last.get(clause.id),
    }
