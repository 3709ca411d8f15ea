"""How the console speaks of retention: kinds of record, spans, verdicts, how long one record stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from parley.agreement.api import Span, after
from parley.inventory.api import Held
from parley.people import api as people
from parley.recordings import api as recordings
from parley.retention import api as retention
from parley.tenancy import api as tenancy

UNITS: Final = {"days": gettext_lazy("days"), "months": gettext_lazy("months"), "years": gettext_lazy("years")}
BINDS: Final = {
    "customer": gettext_lazy("you: ends with the contract at the latest"),
    "provider": gettext_lazy("the provider itself: outlives the contract"),
}
SCOPES: Final = {
    "subject": gettext_lazy("all records of one person"),
    "records": gettext_lazy("records that were named"),
    "span": gettext_lazy("one kind of record in a span of time"),
}


@dataclass(frozen=True, kw_only=True)
class Stay:
    """How long one record stays, in words: `until` by `clause`, because of `reason`. `resting`: it may not be used;
    `mine`: the hold is the reader's own."""

    clause: str
    reason: str
    until: datetime | None = None
    resting: str = ""
    hold: retention.HoldView | None = None
    mine: bool = False


def records(store: str, count: int) -> str:
    """ "214 recordings"."""
    if store == "recordings":
        return ngettext("%(n)d recording", "%(n)d recordings", count) % {"n": count}
    if store == "contacts":
        return ngettext("%(n)d contact", "%(n)d contacts", count) % {"n": count}
    return ngettext("%(n)d record", "%(n)d records", count) % {"n": count}


def span_words(span: Span | None) -> str:
    """ "6 months", or that somebody has to delete it."""
    if span is None:
        return _("until somebody deletes it")
    words = {
        "days": ngettext("%(n)d day", "%(n)d days", span.amount),
        "months": ngettext("%(n)d month", "%(n)d months", span.amount),
        "years": ngettext("%(n)d year", "%(n)d years", span.amount),
    }
    return words[span.unit] % {"n": span.amount} if span.unit in words else str(span)


def named(*ids: UUID | None) -> Mapping[UUID, str]:
    """Names of people by their ids; who is not known is left out."""
    wanted = [one for one in ids if one is not None]
    return dict(people.User.objects.filter(id__in=wanted).values_list("id", "name"))


def stay(record: Held, *, by: UUID, at: datetime) -> Stay:
    """How long this record stays and why, for its own page as `by` sees it."""
    rule = next((one for one in retention.rules() if (one.store, one.kind) == (record.store, record.kind)), None)
    clause = rule.limits.clause if rule else ""
    hold = retention.held(record.store, [record]).get(record.id)
    if hold is not None:
        words = _("A hold keeps it as it is.")
        resting = "" if _may_use(record, by=by, at=at) else "hold"
        return Stay(clause=hold.clause, reason=words, resting=resting, hold=hold, mine=hold.owner == by)
    if record.id in retention.restricted(record.store, [record.id]):
        return Stay(
            clause=clause, resting="restriction",
            reason=_("A person asked that it be stored and not used; the request in Rights says why."),
        )  # fmt: skip
    if rule is None or rule.keep is None:
        return Stay(clause=clause, reason=_("No rule is set, so it stays until somebody deletes it."))
    until = after(record.at, rule.keep, zone=tenancy.current().standing.zone)
    return Stay(clause=clause, reason=_("The rule: %(span)s") % {"span": span_words(rule.keep)}, until=until)


def _may_use(record: Held, *, by: UUID, at: datetime) -> bool:
    try:
        retention.require_usable(record.store, record, by=by, at=at)
    except retention.UseRestricted:
        return False
    return True


def held(found: recordings.RecordingView | recordings.RecordingRow) -> Held:
    """A recording as a record of its store."""
    return Held(store="recordings", kind="recording", id=found.recording_id, at=found.started_at)


def resting(rows: Sequence[recordings.RecordingRow]) -> Mapping[UUID, str]:
    """Of a page's recordings those that rest, each with a word for it: one query for holds, one for restrictions."""
    asked = [held(row) for row in rows]
    words = {one: str(_("use restricted")) for one in retention.restricted("recordings", [one.id for one in asked])}
    return words | {one: str(_("held")) for one in retention.held("recordings", asked)}


def require_usable(found: recordings.RecordingView, *, by: UUID, at: datetime) -> None:
    """Raises UseRestricted for a recording that rests, unless the owner of its hold may look now."""
    retention.require_usable("recordings", held(found), by=by, at=at)


def law_line(law: retention.Law, declared: Mapping[str, retention.DeclaredLaw]) -> dict[str, Any]:
    """A law with whether it was declared, for the table."""
    found = declared.get(law.key)
    spans = {"least": law.at_least, "extended": law.extended, "most": law.at_most}
    return {
        "law": law,
        "declared": found,
        **{name: span_words(span) if span else "" for name, span in spans.items()},
    }


def kept_words(verdict: retention.Verdict) -> str:
    """Why a record stays, in one sentence."""
    words = {
        "hold": _("A hold keeps it: %(by)s"),
        "law": _("A law keeps it: %(by)s"),
        "restriction": _("Its use is restricted: %(by)s"),
        "rule": _("Its time is not over: %(by)s"),
        "no-rule": _("No rule says when it goes: %(by)s"),
        "term": _("The agreement lets nobody delete it earlier: %(by)s"),
        "write-once": _("The object store keeps it: %(by)s"),
    }
    return words.get(verdict.why, "%(by)s") % {"by": verdict.clause_or_law}
