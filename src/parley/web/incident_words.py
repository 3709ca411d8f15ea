"""Incidents in words and shapes: clocks, reasons, problems; the register as a table of values."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from parley.governance.incidents import api as incidents
from parley.mail import api as mail
from parley.web import rules
from parley.web.rules import Shape

ROUNDS: Final = {
    "first": _("first notice"),
    "further": _("further notice"),
    "closing": _("closing report"),
}
WHY: Final = {
    "affected": _("records were found"),
    "named": _("named, no record found"),
    "not-named": _("not among the customers named"),
    "other-region": _("in another region"),
    "other-recipient": _("that recipient had none of its data"),
    "nothing-found": _("no record was found"),
}
PROBLEMS: Final = {
    "no-address": _("The customer has set no address for notices. Reach it by telephone, have it set one, try again."),
    "mail-refused": _("The mail server refused the notice for good. Check the addresses with the customer, try again."),
}
LETTERS: Final[dict[str, tuple[Any, Shape]]] = {
    "draft": (_("draft"), "idle"),
    "ordered": (_("ordered"), "due"),
    "written": (_("waits for the mail server"), "due"),
    "sent": (_("sent"), "kept"),
    "failed": (_("refused"), "late"),
}
_MONTHS: Final = 12


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One customer's clock as it is drawn: `used` is the share of its time, in percent, until it was told or now."""

    shape: Shape
    word: Any
    used: float
    over: bool


def clock(*, known_at: datetime, due: datetime | None, sent_at: datetime | None, problem: str, now: datetime) -> Clock:
    """How a customer's clock stands at `now`."""
    end = sent_at or now
    length = (due - known_at) / timedelta(seconds=1) if due else 0.0
    used = 100.0 if length <= 0 else min(100.0, max(1.0, 100 * ((end - known_at) / timedelta(seconds=1)) / length))
    over = due is not None and end > due
    if sent_at is not None:
        shape: Shape = "late" if over else "kept"
        return Clock(shape=shape, word=_("told late") if over else _("told in time"), used=round(used, 1), over=over)
    if problem:
        return Clock(shape="late", word=_("cannot be told"), used=round(used, 1), over=over)
    return Clock(
        shape="late" if over else "due", word=_("late") if over else _("running"), used=round(used, 1), over=over
    )


def line(one: incidents.CustomerLine, *, known_at: datetime, now: datetime) -> dict[str, Any]:
    """A customer of an incident for a template."""
    return {
        "view": one,
        "clock": clock(known_at=known_at, due=one.due, sent_at=one.first_sent_at, problem=one.problem, now=now),
        "why": WHY[one.why],
        "problem": PROBLEMS.get(one.problem, one.problem),
        "assumed": one.acknowledged_at is None and one.assumed_at is not None and one.assumed_at <= now,
    }


def notice(one: incidents.NoticeView, message: mail.MessageView | None, *, now: datetime) -> dict[str, Any]:
    """A notice with its proof for a template."""
    return {
        "view": one,
        "round": ROUNDS[one.kind],
        "message": message,
        "received_at": one.received_at(now),
        "assumed": one.acknowledged_at is None,
        "problem": PROBLEMS.get(one.problem, one.problem),
    }


def months(found: Sequence[datetime], *, now: datetime, zone: ZoneInfo) -> list[rules.Bar]:
    """How many of the instants fall in each of the last twelve months, as bars."""
    local = now.astimezone(zone)
    wanted = [divmod(local.year * 12 + local.month - 1 - back, 12) for back in range(_MONTHS - 1, -1, -1)]
    counts = [
        sum((at.astimezone(zone).year, at.astimezone(zone).month - 1) == month for at in found) for month in wanted
    ]
    labels = [
        f"{datetime(year, month + 1, 1, tzinfo=zone):%b %Y} · {count}"
        for (year, month), count in zip(wanted, counts, strict=True)
    ]
    return rules.bars(counts, labels, now=_MONTHS - 1)


def sheet(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A table as a CSV file; a cell that a spreadsheet would take for a formula is quoted."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(head)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    response = HttpResponse(written.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _plain(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text


def kind_words(kind: str) -> str:
    """A kind of breach in a word."""
    return str(incidents.KINDS.get(kind, kind)).partition(":")[0]


def state(one: incidents.Incident) -> tuple[str, Shape]:
    """The state of an incident of the register, in a word and a shape."""
    if one.closed_at:
        return _t("closed"), "idle" if not one.notified else "kept"
    if not one.notified:
        return _t("registered"), "idle"
    if one.problems:
        return _t("needs you"), "late"
    return _t("open"), "due"
