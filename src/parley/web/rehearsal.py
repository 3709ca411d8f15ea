"""Rehearsals on a page, the same in both consoles: the form, the timeline, the list. Nothing is done.

The timeline draws long gaps shorter than they are, by the square root of their length, so that two days and three years
fit on one line. Times are those of the customer's zone, because its deadlines fall there.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from parley.agreement import api as agreements
from parley.agreement.api import Agreement, Event, EventFactMissing, Moment
from parley.governance.contract import api as contract
from parley.tenancy import api as tenancy

DAY: Final = 86_400
YEAR: Final = 365
"""In days, for words only."""
LEFT: Final = 2.0
RIGHT: Final = 76.0
"""Where the line begins and ends, in percent of the width: the last label needs the room after it."""
LABEL: Final = 23.0
"""How wide a label is, in percent."""
LINE: Final = 18
AXIS: Final = 52


@dataclass(frozen=True, kw_only=True)
class Field:
    """A fact that a form asks for: `kind` "text", "instant" or "choice"; `usual` is what it begins with."""

    name: str
    label: Any
    kind: str = "instant"
    choices: tuple[tuple[str, Any], ...] = ()
    usual: str = ""


@dataclass(frozen=True, kw_only=True)
class Happening:
    """An event that can be rehearsed: its name, what its date means, and the facts that it needs."""

    name: Any
    date: Any
    fields: tuple[Field, ...] = ()


_t = gettext_lazy
_KEY: Final = Field(name="key", label=_t("Sub-processor"), kind="text", usual="speech-service")
_YES_NO: Final = (("yes", _t("yes")), ("no", _t("no")))

HAPPENINGS: Final[Mapping[str, Happening]] = {
    "contract-ends": Happening(name=_t("The contract ends"), date=_t("Ends on")),
    "subprocessor-announced": Happening(
        name=_t("A sub-processor is announced"),
        date=_t("Received on"),
        fields=(_KEY, Field(name="planned_start", label=_t("Planned start"))),
    ),
    "objection-received": Happening(
        name=_t("The customer objects to a sub-processor"),
        date=_t("Objection received"),
        fields=(_KEY, Field(name="announced_at", label=_t("Announced on"))),
    ),
    "incident-known": Happening(name=_t("A breach becomes known"), date=_t("Staff first knew")),
    "rights-request-received": Happening(name=_t("A person sends a request"), date=_t("Received on")),
    "audit-requested": Happening(
        name=_t("An audit is asked for"),
        date=_t("Asked on"),
        fields=(
            Field(
                name="cause",
                label=_t("Cause"),
                kind="choice",
                choices=(
                    ("none", _t("none stated")),
                    ("suspicion", _t("suspicion")),
                    ("incident", _t("an incident")),
                    ("authority", _t("an authority asks")),
                ),
            ),
            Field(name="wanted_at", label=_t("Wanted on")),
        ),
    ),
    "instruction-suspended": Happening(
        name=_t("An instruction seems to infringe the law"),
        date=_t("Given on"),
        fields=(Field(name="purpose", label=_t("Purpose"), kind="purpose"),),
    ),
    "compulsion-received": Happening(
        name=_t("A law compels processing"),
        date=_t("Received on"),
        fields=(Field(name="processing_at", label=_t("Processing starts")),),
    ),
    "misuse-found": Happening(name=_t("Misuse is found"), date=_t("Correction asked on")),
    "staff-access-granted": Happening(
        name=_t("Staff access is granted"),
        date=_t("From"),
        fields=(
            Field(name="ends", label=_t("Ends")),
            Field(name="consented", label=_t("With consent"), kind="choice", choices=_YES_NO),
        ),
    ),
    "access-review-held": Happening(name=_t("An access review is held"), date=_t("Held on")),
    "attestation-due": Happening(name=_t("A proof is given"), date=_t("Given on")),
    "assessment-needed": Happening(name=_t("An impact assessment is needed"), date=_t("Found on")),
    "export-made": Happening(name=_t("An export is made"), date=_t("Made on")),
    "contract-signed": Happening(
        name=_t("The contract is signed"),
        date=_t("Signed on"),
        fields=(
            Field(name="as_subprocessor", label=_t("Processes for others"), kind="choice", choices=_YES_NO[::-1]),
            Field(name="processing_at", label=_t("Processing starts")),
        ),
    ),
}
USUAL: Final = "contract-ends"

KINDS: Final = {
    "duty": _t("must be done by then"),
    "window": _t("window closes"),
    "moment": _t("happens by itself"),
    "gate": _t("the gate changes"),
}
SHORT: Final = {"support-data-destroyed": _t("support data gone")}
"""Words that would be too long for a label."""

OWNERS: Final = {"provider": _t("the provider"), "customer": _t("the customer")}


def page(customer: tenancy.Customer, asked: Mapping[str, str], *, now: datetime) -> dict[str, Any]:
    """The template's variables for `customer` and what the address asks for."""
    zone = customer.standing.zone
    at = asked.get("at", "") or _local(now, zone)
    try:
        agreement = contract.binding_of(customer).agreement
    except contract.NothingSigned as nothing:
        return {"events": [], "problem": str(nothing)}
    kind = asked.get("event") or happening_of(agreement, asked.get("clause", ""), now=now)
    kind = kind if kind in HAPPENINGS else USUAL
    happening = HAPPENINGS[kind]
    context: dict[str, Any] = {
        "zone": zone,
        "event": kind,
        "events": [(key, one.name) for key, one in HAPPENINGS.items()],
        "date_label": happening.date,
        "at": at,
        "agreement": agreement.title,
        "fields": [_field(one, asked, agreement) for one in happening.fields],
    }
    try:
        facts = {one["name"]: one["value"] for one in context["fields"]}
        event = agreements.supposed(kind, at=at, facts=facts, zone=zone)  # type: ignore[arg-type]  # a key of HAPPENINGS
        moments = agreements.rehearse(
            agreement, event, zone=zone, standing=customer.standing, region=customer.region, custody=customer.custody
        )
    except EventFactMissing as missing:
        return context | {"problem": str(missing)}
    return context | {
        "moments": [_line(moment, event.at, zone, agreement) for moment in moments],
        "timeline": timeline(moments, event=event.at, name=str(happening.name), now=now, zone=zone),
    }


def happening_of(agreement: Agreement, clause: str, *, now: datetime) -> str:
    """The event that shows a clause at work: the first whose duties rest on it; "" when none does."""
    processing = (now + timedelta(days=1)).isoformat()
    for kind in HAPPENINGS if clause else ():
        facts = {"processing_at": processing, "as_subprocessor": "yes"}
        event = Event(kind=kind, id="rehearsal", at=now, facts=facts)  # type: ignore[arg-type]  # a key of HAPPENINGS
        if any(duty.clause == clause for duty in agreements.plan(agreement, event, zone="UTC")):
            return kind
    return ""


def _field(field: Field, asked: Mapping[str, str], agreement: Agreement) -> dict[str, Any]:
    choices = field.choices
    if field.kind == "purpose":
        choices = tuple((key, key) for key in agreements.PURPOSES if key in agreement.instructed_purposes)
    value = asked.get(field.name, field.usual)
    if choices and value not in {key for key, _word in choices}:
        value = choices[0][0]
    return {"name": field.name, "label": field.label, "kind": field.kind, "choices": choices, "value": value}


def _line(moment: Moment, start: datetime, zone: str, agreement: Agreement) -> dict[str, Any]:
    clause = agreement.clauses.get(moment.clause)
    return {
        "at": moment.at,
        "date": dated(moment.at, zone),
        "after": after_words((moment.at - start).total_seconds()),
        "kind": moment.kind,
        "kind_words": KINDS[moment.kind],
        "title": moment.title,
        "clause": moment.clause,
        "statement": clause.statement if clause else "",
        "owner": OWNERS[moment.owner] if moment.kind == "duty" else "",
        "authored": moment.authored,
        "statutory": moment.statutory,
    }


def dated(at: datetime, zone: str) -> str:
    """An instant as a person of `zone` says it."""
    return date_format(at.astimezone(ZoneInfo(zone)), "D j M Y, H:i")


def after_words(seconds: float) -> str:
    """How long after the event: "at once", "48 hours", "30 days"."""
    hours = round(seconds / 3600)
    if seconds < 0:
        return _("before")
    if seconds < 60:
        return _("at once")
    if hours < 1:
        minutes = round(seconds / 60)
        return ngettext("%(n)d minute later", "%(n)d minutes later", minutes) % {"n": minutes}
    if hours <= 72:
        return ngettext("%(n)d hour later", "%(n)d hours later", hours) % {"n": hours}
    days = round(seconds / DAY)
    if days >= 2 * YEAR:
        years = round(days / YEAR)
        return ngettext("%(n)d year later", "%(n)d years later", years) % {"n": years}
    return ngettext("%(n)d day later", "%(n)d days later", days) % {"n": days}


def timeline(moments: Sequence[Moment], *, event: datetime, name: str, now: datetime, zone: str) -> dict[str, Any]:
    """Where everything stands on the drawn line: percent from the left, pixels from the top."""
    places = positions([event, now, *(moment.at for moment in moments)])
    groups: dict[datetime, list[Moment]] = {}
    for moment in moments:
        groups.setdefault(moment.at, []).append(moment)
    pins: list[dict[str, Any]] = [
        {"left": places[at], "x": _percent(places[at]), "date": dated(at, zone), "entries": _entries(same)}
        for at, same in sorted(groups.items())
    ]
    bottom = _hang(pins)
    return {
        "height": bottom + 4,
        "axis": AXIS,
        "right": _percent(RIGHT + LABEL),
        "pins": pins,
        "today": {"x": _percent(places[now]), "date": dated(now, zone)},
        "event": {"x": _percent(places[event]), "date": dated(event, zone), "name": name},
    }


def positions(instants: Iterable[datetime]) -> dict[datetime, float]:
    """Where each instant stands, in percent, in order and apart by the square root of the time between them."""
    ordered = sorted(set(instants))
    steps = [0.0, *(math.sqrt(max((later - one).total_seconds(), 1) / DAY) for one, later in pairwise(ordered))]
    whole = sum(steps) or 1.0
    done, places = 0.0, {}
    for instant, step in zip(ordered, steps, strict=True):
        done += step
        places[instant] = round(LEFT + done / whole * (RIGHT - LEFT), 2)
    return places


def _percent(place: float) -> str:
    return f"{place:.2f}%"


def _entries(moments: Sequence[Moment]) -> list[dict[str, str]]:
    return [{"kind": moment.kind, "word": short_words(moment), "clause": moment.clause} for moment in moments]


def short_words(moment: Moment) -> str:
    """A moment in two or three words."""
    if moment.kind == "gate":
        return _("gate opens") if moment.word == "opens" else _("gate shuts")
    return str(SHORT.get(moment.word, moment.word.replace("-", " ")))


def _hang(pins: list[dict[str, Any]]) -> int:
    """Gives each pin the height of its label, the rightmost nearest to the line: a stem never crosses another label."""
    hung: list[tuple[float, int]] = []
    bottom = AXIS
    for pin in reversed(pins):
        overlapping = [low for left, low in hung if left < pin["left"] + LABEL]
        top = max(overlapping, default=AXIS + 12)
        pin["top"] = top
        pin["date_y"] = top + LINE - 4
        for number, entry in enumerate(pin["entries"], start=2):
            entry["y"] = top + LINE * number - 4
        low = top + LINE * (len(pin["entries"]) + 1) + 8
        hung.append((pin["left"], low))
        bottom = max(bottom, low)
    return bottom


def _local(now: datetime, zone: str) -> str:
    return now.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
