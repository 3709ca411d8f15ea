"""Who may see what, and why: what a review of access looks at; the review itself decides each account anew."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from parley.governance.access import api as reviews
from parley.people import api as people
from parley.tokens import api as tokens
from parley.web import gate, rules
from parley.web import people_words as words
from parley.web.access import sees_everything
from parley.web.console.people import as_id
from parley.web.place import inside
from parley.web.sign_in import SECURE_SERVICE

PAGE_ROWS: Final = 50
_COLUMNS: Final = (
    "name", "email", "role", "level", "sees", "download", "delete", "last sign-in", "unused for 90 days",
    "second factor", "tokens",
)  # fmt: skip


@sees_everything
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """By person, or who sees the calls of one group."""
    now, group, after = timezone.now(), as_id(request.GET.get("group", "")), as_id(request.GET.get("after", ""))
    if group:
        found, more = list(people.overview.who_sees(group, at=now)), False
    else:
        found = people.overview.access(at=now, after=after, limit=PAGE_ROWS + 1)
        found, more = found[:PAGE_ROWS], len(found) > PAGE_ROWS
    held, used = reviews.reviews(limit=1), _tokens(now)
    context = {
        "here": "people", "now": now, "groups": people.groups(), "group": group, "older": after is not None,
        "lines": [(line, why(line), used[line.id]) for line in found], "levels": words.LEVELS,
        "next": found[-1].id if more else "", "held": held[0] if held else None,
    }  # fmt: skip
    return render(request, "web/console/people/access.html", context)


@sees_everything
@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """Everybody, as CSV; that it was taken is evidence."""
    here, now = inside(request), timezone.now()
    decision = gate.ask(SECURE_SERVICE, now=now)
    gate.leave_evidence(here, kind="people.access-listed", decision=decision, now=now)
    response = HttpResponse("".join(_csv(now)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="who-may-see-what-{now:%Y-%m-%d}.csv"'
    return response


def why(line: people.overview.AccessLine) -> list[str]:
    """The reasons for which somebody sees calls, each in words."""
    if line.level == "complete":
        by_role = line.role in people.SEES_ALL
        return [_("all calls, by its role") if by_role else _("all calls, by its level")]
    return [
        *([_("calls that it took part in")] if line.own else []),
        *(_("of its group %(name)s") % {"name": name} for name in line.groups),
        *(_("given: group %(name)s") % {"name": name} for name in line.given_groups),
        *(_("given: %(name)s") % {"name": name} for name in line.given_people),
    ]


def _tokens(now: datetime) -> Counter[UUID]:
    """How many tokens call in the name of each person."""
    return Counter(one.made_by for one in tokens.tokens() if one.holds(now))


def _csv(now: datetime) -> Iterator[str]:
    used = _tokens(now)
    yield _row(_COLUMNS)
    for line in people.overview.everybody(at=now):
        yield _row([
            line.name, line.email, str(rules.ROLES[line.role]), line.level, "; ".join(why(line)),
            _yes(line.may_download), _yes(line.may_delete),
            line.last_sign_in.isoformat(timespec="seconds") if line.last_sign_in else "never",
            _yes(line.unused), _yes(line.factor), str(used[line.id]),
        ])  # fmt: skip


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _row(cells: Sequence[str]) -> str:
    out = io.StringIO()
    # No cell may be taken for a formula.
    csv.writer(out).writerow([f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell for cell in cells])
    return out.getvalue()
