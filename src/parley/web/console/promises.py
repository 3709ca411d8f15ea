"""The promises: what the customer's agreement says, clause by clause, how each is kept, and the evidence it left."""

from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from parley.agreement import api as agreements
from parley.governance.contract import api as contract
from parley.ledger import api as ledger
from parley.obligations import api as obligations
from parley.web.console.evidence import lines
from parley.web.console.promise_rules import KINDS_OF_KEEPING, WORDS, Standing, standing, worst
from parley.web.place import inside
from parley.web.rules import Shape

PIECES: Final = 10
NEXT_DUTIES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Row:
    """One clause as its row shows it; `newest` is the last evidence, None when nothing has happened yet."""

    clause: agreements.Clause
    standing: Standing
    newest: ledger.ClauseNewest | None
    duties: obligations.ClauseDuties

    @property
    def of(self) -> str:
        """What it waits for, in words."""
        return "; ".join(agreements.AWAITED[name] for name in self.clause.waits_for)


@dataclass(frozen=True, kw_only=True)
class GlanceLine:
    """One subject of the agreement on the first page: the worst state of its clauses, and how many are how."""

    subject: str
    shape: Shape
    word: str
    note: str
    count: str
    url: str


@require_GET
def promises(request: HttpRequest) -> HttpResponse:
    """Every clause by subject; a row opens to what keeps the clause and its evidence."""
    composition = contract.binding()
    found = rows(composition.agreement)
    counts = {shape: sum(row.standing.shape == shape for row in found) for shape in ("late", "due", "kept", "idle")}
    context = {
        "here": "promises",
        "agreement": composition.agreement,
        "subjects": by_subject(found),
        "counts": counts,
        "total": len(found),
        "wins": composition.wins,
        "sees_all": inside(request).viewer.oversees,
    }
    return render(request, "web/console/promises.html", context)


@require_GET
def promise(request: HttpRequest, clause: str) -> HttpResponse:
    """One clause: its words and source, what keeps it, which agreement won, its evidence. The row's own content, for
    a row that asks."""
    here, now = inside(request), timezone.now()
    composition = contract.binding()
    known = composition.agreement.clauses.get(clause)
    with connection.cursor() as cursor:
        pieces = ledger.entries(cursor, clause=clause, limit=PIECES)
        newest = ledger.clauses_now(cursor).get(clause)
    if known is None and not pieces:
        raise Http404("no such clause")
    duties = obligations.by_clause(at=now).get(clause, obligations.ClauseDuties())
    sees_all = here.viewer.oversees
    context = {
        "here": "promises",
        "id": clause,
        "clause": known,
        "standing": standing(known, duties, at=now) if known else None,
        "count": newest.count if newest else 0,
        "keeping": [_mechanism(name) for name in known.enforced_by] if known else [],
        "waits": [agreements.AWAITED[name] for name in known.waits_for] if known else [],
        "wins": [win for win in composition.wins if clause in _clauses_of(win)],
        "pieces": lines(pieces) if sees_all else [],
        "sees_all": sees_all,
        "duties": obligations.duties(clause=clause, states=["waiting"], at=now, limit=NEXT_DUTIES),
        "rehearsal": _address("rehearsal"),
    }
    part = request.headers.get("HX-Request") == "true"
    return render(request, "web/console/_promise.html" if part else "web/console/promise.html", context)


def rows(agreement: agreements.Agreement) -> list[Row]:
    """Every clause as it stands now, in the order of the agreement."""
    now = timezone.now()
    with connection.cursor() as cursor:
        evidence = ledger.clauses_now(cursor)
    duties = obligations.by_clause(at=now)
    nothing = obligations.ClauseDuties()
    return [
        Row(
            clause=clause,
            standing=standing(clause, duties.get(clause.id, nothing), at=now),
            newest=evidence.get(clause.id),
            duties=duties.get(clause.id, nothing),
        )
        for clause in agreement.clauses.values()
    ]


def by_subject(found: list[Row]) -> list[tuple[str, list[Row]]]:
    """The rows under the headings of `agreements.SUBJECTS`, which have any."""
    grouped = [
        (heading, [row for row in found if row.clause.subject == subject])
        for subject, heading in agreements.SUBJECTS.items()
    ]
    return [(heading, inside_it) for heading, inside_it in grouped if inside_it]


def glance(agreement: agreements.Agreement) -> list[GlanceLine]:
    """A line for each subject: how many of its clauses are kept, due, late."""
    found = []
    for heading, members in by_subject(rows(agreement)):
        bad = worst([row.standing for row in members])
        entries = sum(row.newest.count for row in members if row.newest)
        tally = {state: sum(row.standing.state == state for row in members) for state in WORDS}
        found.append(
            GlanceLine(
                subject=heading,
                shape=bad.shape,
                word=str(bad.word),
                note=" · ".join(f"{count} {WORDS[state]}" for state, count in tally.items() if count),
                count=ngettext("%(n)d entry", "%(n)d entries", entries) % {"n": entries} if entries else "",
                url=reverse("promises"),
            )
        )
    return found


def _clauses_of(win: agreements.Win) -> set[str]:
    return {win.clause, *(clause for _agreement, clause, _value in win.losers)}


def _mechanism(name: str) -> dict[str, Any]:
    mechanism = agreements.MECHANISMS[name]
    return {
        "name": name.partition(".")[2].replace("-", " "),
        "kind": KINDS_OF_KEEPING.get(mechanism.kind, _("Control")),
        "does": mechanism.does,
        "where": mechanism.where,
    }


def _address(name: str) -> str:
    """The address of a page that some consoles have; "" where there is none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
