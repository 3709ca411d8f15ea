"""Lists of duties, for a customer and for the provider: filters in the address, plots, tables to take along."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from parley.obligations import api as obligations
from parley.web.rules import BadFilter, Bar, Shape, bars

PAGE_ROWS: Final = 50
WEEKS: Final = 12
MONTHS: Final = 12
MOST_EXPORTED: Final = 10_000
STATES: Final = {
    "waiting": gettext_lazy("to be done"),
    "late": gettext_lazy("late"),
    "due": gettext_lazy("due soon"),
    "met": gettext_lazy("met"),
    "waived": gettext_lazy("waived"),
    "cancelled": gettext_lazy("cancelled"),
    "all": gettext_lazy("all"),
}
EVERY_STATE: Final = ("open", "breached", "met", "waived", "cancelled")
OWNERS: Final = {"provider": gettext_lazy("provider"), "customer": gettext_lazy("customer")}
KINDS: Final = {
    "duty": gettext_lazy("duty"), "window": gettext_lazy("window closes"), "moment": gettext_lazy("happens by itself"),
}  # fmt: skip
EVENTS: Final = {
    "contract-signed": gettext_lazy("an agreement was signed"),
    "contract-ends": gettext_lazy("the contract ends"),
    "subprocessor-announced": gettext_lazy("a change of sub-processor was announced"),
    "objection-received": gettext_lazy("an objection was received"),
    "incident-known": gettext_lazy("an incident became known"),
    "rights-request-received": gettext_lazy("a person's request was received"),
    "audit-requested": gettext_lazy("an audit was asked for"),
    "instruction-suspended": gettext_lazy("an instruction was suspended"),
    "compulsion-received": gettext_lazy("a legal compulsion was received"),
    "misuse-found": gettext_lazy("a misuse was found"),
    "attestation-due": gettext_lazy("something has to be attested again"),
    "staff-access-granted": gettext_lazy("access was granted to the provider's staff"),
    "access-review-held": gettext_lazy("access was reviewed"),
    "assessment-needed": gettext_lazy("an impact assessment is needed"),
    "export-made": gettext_lazy("an export was made"),
}
_ENDED: Final = frozenset({"met", "waived", "cancelled", "all"})


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list shows. Days are whole days in the reader's zone, both ends included; `after` is a place in it."""

    state: str = "waiting"
    owner: str = ""
    clause: str = ""
    customer: str = ""
    since: date | None = None
    until: date | None = None
    after: str = ""

    def query(self, **more: str) -> str:
        """The same view as a query string; `more` adds or replaces."""
        values = {
            "state": "" if self.state == "waiting" else self.state,
            "owner": self.owner,
            "clause": self.clause,
            "customer": self.customer,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            **more,
        }
        return urlencode({name: value for name, value in values.items() if value})

    @property
    def active(self) -> bool:
        return bool(self.query())

    @property
    def states(self) -> tuple[str, ...]:
        """The states to ask the obligations for."""
        return EVERY_STATE if self.state == "all" else (self.state,)

    @property
    def newest(self) -> bool:
        """What is done is read from its end."""
        return self.state in _ENDED

    def instants(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """[since, until) as instants: midnight before the first day, midnight after the last."""
        return (
            datetime.combine(self.since, time(), zone) if self.since else None,
            datetime.combine(self.until + timedelta(days=1), time(), zone) if self.until else None,
        )


def parse(query: Mapping[str, str]) -> Filters:
    """The filters of an address. Raises BadFilter for a state, owner or day that is none."""
    state, owner = query.get("state", "") or "waiting", query.get("owner", "")
    if state not in STATES:
        raise BadFilter("state", _("There is no such state."))
    if owner and owner not in OWNERS:
        raise BadFilter("owner", _("A duty is the provider's or the customer's."))
    since, until = _day(query, "since"), _day(query, "until")
    if since and until and since > until:
        raise BadFilter("until", _("The last day is before the first."))
    return Filters(
        state=state, owner=owner, clause=query.get("clause", "").strip(), customer=query.get("customer", "").strip(),
        since=since, until=until, after=query.get("after", ""),
    )  # fmt: skip


def word(duty: obligations.DutyView) -> tuple[Shape, str]:
    """A duty's state as shape and word."""
    if duty.state == "met":
        return ("due", _("met late")) if duty.late else ("kept", _("met") if duty.kind == "duty" else _("passed"))
    if duty.state == "waived":
        return "idle", _("waived")
    if duty.state == "cancelled":
        return "idle", _("cancelled")
    if duty.late:
        return "late", _("late")
    return ("due", _("due soon")) if duty.state == "due" and duty.kind == "duty" else ("idle", _("open"))


def row(duty: obligations.DutyView) -> dict[str, Any]:
    """Template variables of one line."""
    shape, said = word(duty)
    return {
        "duty": duty,
        "shape": shape,
        "word": said,
        "owner": OWNERS[duty.owner],
        "kind": KINDS[duty.kind],
        "event": EVENTS.get(duty.event_kind, duty.event_kind),
        "overdue": duty.waiting and duty.late,
    }


def week_bars(counts: Sequence[int], *, now: datetime, zone: ZoneInfo) -> list[Bar]:
    """Bars of what is late, then of what is due in each of the coming weeks (`obligations.due_by_week`)."""
    labels = [ngettext("%(n)d late", "%(n)d late", counts[0]) % {"n": counts[0]}]
    for week, count in enumerate(counts[1:]):
        first = (now + timedelta(days=7 * week)).astimezone(zone)
        labels.append(f"{first:%d %b} – {first + timedelta(days=6):%d %b} · {count}")
    return bars(counts, labels, now=0)


def month_bars(months: Iterable[obligations.Month], *, now: datetime, zone: ZoneInfo) -> tuple[str, list[Bar]]:
    """Kept on time over the last months: the share of all in words, and a bar of percent for each month."""
    known = {one.month: one for one in months}
    local = now.astimezone(zone)
    shares, labels = [], []
    on_time = late = 0
    for back in range(MONTHS - 1, -1, -1):
        year, month = divmod(local.year * 12 + local.month - 1 - back, 12)
        first = date(year, month + 1, 1)
        one = known.get(first)
        kept, missed = (one.on_time, one.late) if one else (0, 0)
        on_time, late = on_time + kept, late + missed
        shares.append(100 * kept / (kept + missed) if kept + missed else 0.0)
        labels.append(f"{first:%b %Y} · " + _("%(kept)d on time, %(late)d late") % {"kept": kept, "late": missed})
    total = on_time + late
    return (f"{100 * on_time / total:.0f} %" if total else "–"), _percent(shares, labels)


def _percent(shares: list[float], labels: list[str]) -> list[Bar]:
    """Bars whose full height is 100 %; the last is the present month."""
    drawn = bars([*shares, 100.0], [*labels, ""], now=len(shares) - 1)[:-1]
    wider = (len(shares) + 1) / len(shares)
    return [replace(one, x=round(one.x * wider, 2), width=round(one.width * wider, 2)) for one in drawn]


def month_start(now: datetime, zone: ZoneInfo) -> datetime:
    """Midnight before the first of the months that `month_bars` shows."""
    local = now.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - MONTHS, 12)
    return datetime(year, month + 1, 1, tzinfo=zone)


def as_csv(name: str, found: Iterable[tuple[str, obligations.DutyView]], *, with_customer: bool) -> HttpResponse:
    """The lines as a table for other programs: (customer, duty) pairs, times in UTC."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    writer = csv.writer(answer)
    customer = ["customer"] if with_customer else []
    writer.writerow(
        [*customer, "due", "state", "late", "title", "subject", "clause", "owner", "kind", "statutory", "authored",
         "starts", "met_at", "event", "event_id", "key", "evidence"]
    )  # fmt: skip
    for handle, duty in found:
        cells = [
            _utc(duty.due), duty.state, "yes" if duty.late else "no", duty.title, duty.subject, duty.clause, duty.owner,
            duty.kind, "yes" if duty.statutory else "no", "yes" if duty.authored else "no", _utc(duty.starts),
            _utc(duty.met_at), duty.event_kind, duty.event_id, duty.key, str(duty.evidence_id),
        ]  # fmt: skip
        writer.writerow([*([handle] if with_customer else []), *(_cell(text) for text in cells)])
    return answer


def _cell(text: str) -> str:
    """A spreadsheet must not take a text for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _utc(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else ""


def _day(query: Mapping[str, str], field: str) -> date | None:
    text = query.get(field, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadFilter(field, _("A day is written 2026-11-22.")) from error
