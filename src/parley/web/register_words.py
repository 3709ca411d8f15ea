"""How pages say what a sub-processor is, how a planned change stands, and where its windows lie. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from parley.agreement import api as agreements
from parley.governance.subprocessors import api as subprocessors
from parley.web.rules import Shape

STATES: Final[Mapping[str, tuple[Shape, Any, Any]]] = {
    "queued": ("idle", _lazy("not told yet"), _lazy("not told yet")),
    "unsent": ("due", _lazy("without notice"), _lazy("not received yet")),
    "sent": ("idle", _lazy("sent, not received"), _lazy("sent, not received yet")),
    "window": ("idle", _lazy("may object"), _lazy("you may object")),
    "waiting": ("idle", _lazy("window closed"), _lazy("window closed, not started")),
    "open": ("kept", _lazy("may receive"), _lazy("may receive your data")),
    "vetoed": ("due", _lazy("vetoed"), _lazy("stopped by your veto")),
    "blocked": ("due", _lazy("blocked"), _lazy("blocked by your objection")),
    "resolving": ("due", _lazy("to be resolved"), _lazy("being resolved")),
    "may-terminate": ("late", _lazy("may terminate"), _lazy("not resolved: you may terminate")),
    "not-used": ("kept", _lazy("not used for it"), _lazy("not used for you")),
    "terminated": ("late", _lazy("service terminated"), _lazy("service terminated")),
    "on-request": ("idle", _lazy("on request only"), _lazy("only if you request it")),
    "cancelled": ("idle", _lazy("withdrawn or ended"), _lazy("withdrawn or ended")),
}
"""By state: shape, words for the provider, words for the customer."""

RECEIPTS: Final = {
    "acknowledged": _lazy("acknowledged by the customer"),
    "assumed": _lazy("assumed, as the agreement states: nobody acknowledged it before"),
    "update": _lazy("the agreement counts from the update of the register"),
    "": _lazy("not received yet"),
}
EFFECTS: Final = {
    "veto": _lazy("an objection is a veto: the change does not happen"),
    "blocks": _lazy("an objection on reasonable grounds blocks the appointment"),
    "resolution": _lazy("an objection opens a time to resolve it; after it the affected service may be terminated"),
    "": "",
}
FIELDS: Final = {
    "name": _lazy("name"),
    "role": _lazy("role"),
    "country": _lazy("country"),
    "address": _lazy("address"),
    "contact": _lazy("contact"),
    "privacy_url": _lazy("privacy policy"),
    "purposes": _lazy("purposes"),
    "offerings": _lazy("offerings"),
    "parent": _lazy("engaged by"),
    "affiliate": _lazy("company of the group"),
    "status": _lazy("state"),
    "starts_on": _lazy("start"),
}


def link_words(link: subprocessors.Link, *, names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A link of the chain for a template; `names` by key say who engages it."""
    entry = link.entry
    flowdown = entry.flowdown
    return {
        "entry": entry,
        "depth": min(link.depth, 3),
        "via": (names or {}).get(entry.parent, entry.parent),
        "purposes": [agreements.PURPOSES[one].meaning for one in entry.purposes if one in agreements.PURPOSES],
        "offerings": offering_words(entry),
        "flowdown": flowdown,
        "duties": [
            (subprocessors.FLOWDOWN_DUTIES[duty], clause)
            for duty, clause in (flowdown.clauses if flowdown else {}).items()
            if duty in subprocessors.FLOWDOWN_DUTIES
        ],
    }


def offering_words(entry: subprocessors.Entry) -> str:
    """What it serves."""
    if "*" in entry.offerings:
        return _("all offerings")
    return ", ".join(agreements.OFFERINGS.get(one, one) for one in entry.offerings)


def difference_words(difference: subprocessors.Difference) -> str:
    """One changed entry in a line."""
    if difference.what == "added":
        return _("Added: %(name)s.") % {"name": difference.name}
    if difference.what == "removed":
        return _("Removed: %(name)s.") % {"name": difference.name}
    fields = "; ".join(
        f"{FIELDS.get(field, field)}: {before or '–'} → {after or '–'}" for field, before, after in difference.fields
    )
    return _("Changed: %(name)s (%(fields)s).") % {"name": difference.name, "fields": fields}


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A part of the bar in a box 100 wide: which, from where, how wide, and what it means, until when."""

    look: str
    x: float
    width: float
    label: Any
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class WindowPlot:
    """A customer's windows as one bar from the announcement to some time after the gate opened; `today` may be None."""

    stretches: tuple[Stretch, ...]
    today: float | None


def window_plot(
    change: subprocessors.ChangeView | subprocessors.DeliveryView, *, began: datetime, now: datetime
) -> WindowPlot:
    """The bar of one change for one customer: sent, may object, waits, runs; or stopped since the objection."""
    marks: list[tuple[str, Any, datetime]] = []
    if change.received_at and change.received_at - began > timedelta(minutes=1):
        marks.append(("sent", _("on its way until"), change.received_at))
    if change.objected_at:
        marks.append(("may", _("open to objection, objected on"), change.objected_at))
        marks.append(("stop", _("stopped; to be resolved until") if change.resolution_closes else _("stopped"),
                      change.resolution_closes or change.objected_at + timedelta(days=30)))  # fmt: skip
    elif change.objection_closes:
        marks.append(("may", _("open to objection until"), change.objection_closes))
    if change.opens_at and change.opens_at > (marks[-1][2] if marks else began):
        marks.append(("wait", _("no data before"), change.opens_at))
    if not marks:
        return WindowPlot(stretches=(), today=None)
    last = marks[-1][2]
    if change.opens_at and not change.terminated_at:
        last += max((last - began) / 6, timedelta(days=2))
        marks.append(("runs", _("may receive data"), last))
    whole = (last - began) / timedelta(seconds=1) or 1.0
    place = [max(0.0, (at - began) / timedelta(seconds=1) / whole * 100) for _look, _label, at in marks]
    starts = [0.0, *place[:-1]]
    bounded = not change.objected_at or bool(change.resolution_closes)
    stretches = tuple(
        Stretch(
            look=look, x=round(start, 2), width=round(max(end - start, 0.4), 2), label=label,
            until=None if look == "runs" or (look == "stop" and not bounded) else at,
        )
        for (look, label, at), start, end in zip(marks, starts, place, strict=True)
    )  # fmt: skip
    here = (now - began) / timedelta(seconds=1) / whole * 100
    return WindowPlot(stretches=stretches, today=round(here, 2) if 0 <= here <= 100 else None)
