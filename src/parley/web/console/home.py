"""The first page: what needs a person now, today's figures, the agreement at a glance."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from parley.governance.access import api as access
from parley.governance.contract import api as contract
from parley.governance.incidents import api as incidents
from parley.governance.instructions import api as instructions
from parley.governance.subprocessors import api as subprocessors
from parley.ledger import api as ledger
from parley.obligations import api as obligations
from parley.recordings import api as recordings
from parley.rights import api as rights
from parley.web import rights_words, rules
from parley.web.console.promises import glance
from parley.web.place import ConsoleRequest, inside

MOST_NEEDS: Final = 5
WEEK: Final = timedelta(days=7)
SEQUENCER_LATE: Final = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Need:
    """Something that waits for a person: what, what follows from it, and the deed that deals with it."""

    shape: rules.Shape
    shape_word: str
    what: str
    consequence: str
    deed: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number of today with its small plot."""

    name: str
    value: str
    note: str
    url: str = ""
    plot: str = ""
    bars: list[rules.Bar] = field(default_factory=list)


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What the person who signed in sees first."""
    here, now = inside(request), timezone.now()
    needs = _needs(here, now=now)[:MOST_NEEDS]
    if request.GET.get("part") == "needs":
        return render(request, "web/console/_needs.html", {"needs": needs})
    zone = rules.zone_named(request.COOKIES.get("parley_zone"))
    context = {
        "here": "home",
        "now": now,
        "needs": needs,
        "figures": _figures(here, now=now, zone=zone),
        "glance": glance(contract.binding().agreement),
    }
    return render(request, "web/console/home.html", context)


def _needs(here: ConsoleRequest, *, now: datetime) -> list[Need]:
    """The needs of the person signed in, the worst first. Only those who see everything hear of the machinery."""
    found = [*_recording_needs(here, now=now)]
    if here.viewer.oversees:
        found += _incident_needs()
        found += _rights_needs(now=now)
        found += _instruction_needs()
        found += _duty_needs(now=now)
        found += _access_needs(now=now)
        found += _subprocessor_needs(now=now)
        found += _custody_needs(here)
        found += _machine_needs(now=now)
    return sorted(found, key=lambda need: ("late", "due").index(need.shape))


def _incident_needs() -> list[Need]:
    waiting, newest = incidents.unacknowledged()
    if newest is None:
        return []
    return [
        Need(
            shape="late",
            shape_word=_("incident"),
            what=ngettext(
                "%(n)d notice of a breach of your data waits to be acknowledged",
                "%(n)d notices of a breach of your data wait to be acknowledged",
                waiting,
            ) % {"n": waiting},
            consequence=_("Your own 72 hours towards your authority (GDPR Art. 33(1)) may be running."),
            deed=_("Read it"),
            url=reverse("incident", args=[newest]),
        )
    ]  # fmt: skip


def _rights_needs(*, now: datetime) -> list[Need]:
    """Requests of persons that are overdue, or due this week, or wait for the controller's word."""
    columns = {one.column: one for one in rights.board(now)}
    said: tuple[tuple[rights.Column, rules.Shape, str, str], ...] = (
        ("overdue", "late", _("late"), _("The month is over: the person may complain to the authority.")),
        ("this-week", "due", _("due"), _("The answer is due this week; it can be extended before, with reasons.")),
        ("waiting-for-controller", "due", _("due"), _("Nobody is answered before you authorise it.")),
    )
    needs = []
    for column, shape, word, consequence in said:
        if not (count := columns[column].count):
            continue
        what = ngettext("%(n)d request of a person: %(column)s", "%(n)d requests of persons: %(column)s", count)
        needs.append(
            Need(
                shape=shape, shape_word=word, consequence=consequence,
                deed=_("See it") if count == 1 else _("See them"),
                what=what % {"n": count, "column": str(rights_words.COLUMNS[column][0]).lower()},
                url=reverse("right-request", args=[columns[column].lines[0].id])
                if count == 1
                else reverse("rights") + f"?column={column}",
            )
        )  # fmt: skip
    return needs


def _instruction_needs() -> list[Need]:
    """What rests until the customer decides, and what stops notices from reaching it."""
    needs = []
    if suspended := len(instructions.instructions(state="suspended")):
        needs.append(
            Need(
                shape="late",
                shape_word=_("suspended"),
                what=ngettext(
                    "%(n)d instruction of yours is suspended", "%(n)d instructions of yours are suspended", suspended
                ) % {"n": suspended},
                consequence=_("It would infringe the law or the agreement, and is not carried out."),
                deed=_("Decide about it"),
                url=reverse("instructions"),
            )
        )  # fmt: skip
    misuses = [one for one in instructions.misuses() if one.state in {"requested", "suspended"}]
    if misuses:
        stopped = any(one.state == "suspended" for one in misuses)
        needs.append(
            Need(
                shape="late" if stopped else "due",
                shape_word=_("suspended") if stopped else _("due"),
                what=_("The service is suspended for misuse")
                if stopped
                else _("A use of the service is to be corrected"),
                consequence=_("Nothing new is recorded; what is stored stays yours.")
                if stopped
                else _("If it is not, the provider may suspend the service."),
                deed=_("See what was found"),
                url=reverse("instructions"),
            )
        )
    if not contract.notice_addresses():
        needs.append(
            Need(
                shape="due",
                shape_word=_("due"),
                what=_("No address for notices is set"),
                consequence=_("Incidents, sub-processors and suspended instructions cannot be told by e-mail."),
                deed=_("Set an address"),
                url=reverse("contract") + "#order",
            )
        )
    return needs


def _recording_needs(here: ConsoleRequest, *, now: datetime) -> list[Need]:
    trouble = recordings.attention(here.viewer, since=now - WEEK)
    needs = []
    if trouble.unplayable:
        needs.append(
            Need(
                shape="late",
                shape_word=_("late"),
                what=ngettext(
                    "%(n)d recording of this week has no playable copy",
                    "%(n)d recordings of this week have no playable copy",
                    trouble.unplayable,
                ) % {"n": trouble.unplayable},
                consequence=_("The sealed originals are safe; making the copy failed."),
                deed=_("See recordings"),
                url=reverse("recordings"),
            )
        )  # fmt: skip
    if trouble.interrupted:
        needs.append(
            Need(
                shape="due",
                shape_word=_("due"),
                what=ngettext(
                    "%(n)d recording of this week was interrupted",
                    "%(n)d recordings of this week were interrupted",
                    trouble.interrupted,
                ) % {"n": trouble.interrupted},
                consequence=_("What was received is whole; each page says what is missing."),
                deed=_("See recordings"),
                url=reverse("recordings"),
            )
        )  # fmt: skip
    return needs


def _duty_needs(*, now: datetime) -> list[Need]:
    """What is late, each by its name when there is one alone; then what is due soon and the customer's own to do."""
    needs = []
    if late := obligations.duty_count(states=["late"], at=now):
        first = obligations.duties(states=["late"], kinds=["duty"], at=now, limit=1)
        needs.append(
            Need(
                shape="late",
                shape_word=_("late"),
                what=first[0].title
                if late == 1
                else ngettext("%(n)d duty is late", "%(n)d duties are late", late) % {"n": late},
                consequence=_("It was due and has not been done; the breach stands in your log."),
                deed=_("See it") if late == 1 else _("See them"),
                url=reverse("obligation", args=[first[0].id]) if late == 1 else reverse("obligations") + "?state=late",
            )
        )
    if due := obligations.duty_count(states=["due"], at=now, owner="customer"):
        needs.append(
            Need(
                shape="due",
                shape_word=_("due"),
                what=ngettext("%(n)d date of yours comes near", "%(n)d dates of yours come near", due) % {"n": due},
                consequence=_("A window that closes, or a duty of yours, is in its second half."),
                deed=_("See them"),
                url=reverse("obligations") + "?state=due&owner=customer",
            )
        )
    return needs


def _access_needs(*, now: datetime) -> list[Need]:
    waiting = len(access.waiting(at=now))
    if not waiting:
        return []
    return [
        Need(
            shape="due",
            shape_word=_("due"),
            what=ngettext(
                "%(n)d request for support access waits for your consent",
                "%(n)d requests for support access wait for your consent",
                waiting,
            ) % {"n": waiting},
            consequence=_("Nobody of the provider looks before you consent."),
            deed=_("See who asks, and why"),
            url=reverse("staff-access"),
        )
    ]  # fmt: skip


def _subprocessor_needs(*, now: datetime) -> list[Need]:
    """Windows in which the customer may answer a planned sub-processor, as one line."""
    open_now = [one for one in subprocessors.planned(at=now) if one.state in ("sent", "window", "may-terminate")]
    if not open_now:
        return []
    first = min(open_now, key=lambda one: one.objection_closes or one.planned_start)
    return [
        Need(
            shape="due",
            shape_word=_("due"),
            what=_("A new sub-processor is planned: %(name)s") % {"name": first.entry.name}
            if len(open_now) == 1
            else ngettext("%(n)d sub-processor is planned", "%(n)d sub-processors are planned", len(open_now))
            % {"n": len(open_now)},
            consequence=_("Your objection was not resolved: you may end the affected service.")
            if first.state == "may-terminate"
            else _("Without an objection in time it may receive your data."),
            deed=_("Read and answer"),
            url=reverse("subprocessor-change", args=[first.id]) if len(open_now) == 1 else reverse("subprocessors"),
        )
    ]


def _custody_needs(here: ConsoleRequest) -> list[Need]:
    if here.customer.custody != "customer-held" or len(here.customer.recipients) > 1:
        return []
    return [
        Need(
            shape="late",
            shape_word=_("late"),
            what=_("Only one key can open your recordings"),
            consequence=_("If it is lost, they are lost: nobody else has a key."),
            deed=_("See the promises"),
            url=reverse("promises"),
        )
    ]


def _machine_needs(*, now: datetime) -> list[Need]:
    needs = []
    if failed := obligations.failed():
        needs.append(
            Need(
                shape="late",
                shape_word=_("late"),
                what=ngettext("%(n)d task failed for good", "%(n)d tasks failed for good", failed) % {"n": failed},
                consequence=_("It will not be tried again by itself."),
                deed=_("See the audit trail"),
                url=reverse("audit"),
            )
        )
    with connection.cursor() as cursor:
        newest = ledger.entries(cursor, limit=50)
    waiting = [entry for entry in newest if entry.seq is None and now - entry.at > SEQUENCER_LATE]
    if waiting:
        needs.append(
            Need(
                shape="due",
                shape_word=_("due"),
                what=_("Evidence waits to enter the log"),
                consequence=_("It is written and safe, but cannot be proven yet. The provider has to look."),
                deed=_("See the audit trail"),
                url=reverse("audit"),
            )
        )
    return needs


def _figures(here: ConsoleRequest, *, now: datetime, zone: ZoneInfo) -> list[Figure]:
    local = now.astimezone(zone)
    midnight = datetime.combine(local.date(), time(), zone)
    hours = recordings.figures(here.viewer, since=midnight, until=midnight + timedelta(days=1), step=timedelta(hours=1))
    first_day = datetime.combine(local.date() - timedelta(days=13), time(), zone)
    days = recordings.figures(here.viewer, since=first_day, until=midnight + timedelta(days=1), step=timedelta(days=1))
    count, seconds = sum(slot.recordings for slot in hours), sum(slot.seconds for slot in hours)
    running = len(recordings.live(here.viewer))
    hour_labels = [f"{slot.starts_at.astimezone(zone):%H}:00 · {slot.recordings}" for slot in hours]
    day_labels = [f"{slot.starts_at.astimezone(zone):%d %b} · {slot.recordings}" for slot in days]
    today = reverse("recordings") + f"?since={local.date()}&until={local.date()}"
    return [
        Figure(
            name=_("Recordings today"),
            value=str(count),
            note=_("by hour, midnight to midnight"),
            url=today,
            plot=_("Recordings of each hour of today"),
            bars=rules.bars([slot.recordings for slot in hours], hour_labels, now=local.hour),
        ),
        Figure(
            name=_("Recorded today"),
            value=rules.duration_words(seconds),
            note=_("minutes by hour"),
            plot=_("Minutes recorded in each hour of today"),
            bars=rules.bars(
                [slot.seconds for slot in hours],
                [f"{slot.starts_at.astimezone(zone):%H}:00 · {rules.duration_words(slot.seconds)}" for slot in hours],
                now=local.hour,
            ),
        ),
        Figure(
            name=_("Last 14 days"),
            value=str(sum(slot.recordings for slot in days)),
            note=_("recordings by day, today at the right"),
            url=reverse("recordings"),
            plot=_("Recordings of each of the last 14 days"),
            bars=rules.bars([slot.recordings for slot in days], day_labels, now=len(days) - 1),
        ),
        Figure(name=_("Being recorded now"), value=str(running), note=_("calls in progress"), url=reverse("live")),
    ]
