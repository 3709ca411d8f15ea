"""Recording policies: which calls are recorded, in the order in which they are asked."""

import re
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from parley.people import api as people
from parley.recordings import api as recordings
from parley.tenancy import api as tenancy
from parley.web.access import administers
from parley.web.filled import Filled
from parley.web.place import inside

_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
MODES: Final = {
    "always": gettext_lazy("record"),
    "never": gettext_lazy("do not record"),
    "on-demand": gettext_lazy("record when somebody starts it"),
    "keep-live": gettext_lazy("record, and discard at the end unless somebody keeps it"),
}
DIRECTIONS: Final = {
    "": gettext_lazy("any"),
    "inbound": gettext_lazy("inbound"),
    "outbound": gettext_lazy("outbound"),
    "internal": gettext_lazy("internal"),
}
ANNOUNCED: Final = {
    "not-needed": gettext_lazy("not needed"),
    "header": gettext_lazy("known by a header of the INVITE"),
    "extension": gettext_lazy("known by an element of the recording metadata"),
}
NOTICES: Final = {
    "none": gettext_lazy("none"),
    "tone": gettext_lazy("a tone"),
    "announcement": gettext_lazy("an announcement"),
}
CONSENT: Final = {
    "not-needed": gettext_lazy("not needed"),
    "wanted": gettext_lazy("wanted: its state is shown"),
    "needed": gettext_lazy("needed: without it the call is discarded at its end"),
}
DAYS: Final = (
    ("0", gettext_lazy("Mon")), ("1", gettext_lazy("Tue")), ("2", gettext_lazy("Wed")), ("3", gettext_lazy("Thu")),
    ("4", gettext_lazy("Fri")), ("5", gettext_lazy("Sat")), ("6", gettext_lazy("Sun")),
)  # fmt: skip
_LONGEST_PAUSE: Final = 24 * 3600


@administers
@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """The policies in their order; a POST moves or removes one."""
    here, now = inside(request), timezone.now()
    if request.method == "POST":
        deed, policy_id = request.POST.get("deed", ""), _id(request.POST.get("policy", ""))
        if policy_id is not None and deed == "remove":
            recordings.remove_policy(policy_id, by=here.person.id, at=now)
        elif policy_id is not None and deed in {"up", "down"}:
            recordings.move_policy(policy_id, up=deed == "up", by=here.person.id, at=now)
        return HttpResponseRedirect(reverse("policies"))
    names = {one.id: one.name for one in people.groups()}
    trunks = {trunk.id: trunk.name for trunk in tenancy.trunks(here.customer)}
    lines = recordings.policies()
    named = people.names([one for line in lines for one in line.users])
    context = {
        "here": "live",
        "policies": [_line(line, groups=names, trunks=trunks, people_=named) for line in lines],
        "may_change": here.viewer.role == "administrator",
    }
    return render(request, "web/console/policies.html", context)


@administers
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, policy_id: UUID | None = None) -> HttpResponse:
    """The form of a new policy, or of one that there is."""
    here, now = inside(request), timezone.now()
    line = next((one for one in recordings.policies() if one.policy.id == policy_id), None)
    if policy_id is not None and line is None:
        raise Http404("there is no such policy")
    filled = Filled(request.POST.dict() if request.method == "POST" else _values(line))
    chosen = {name: set(request.POST.getlist(name)) for name in ("users", "groups", "days")}
    if request.method == "GET" and line is not None:
        chosen = {
            "users": set(map(str, line.users)),
            "groups": set(map(str, line.groups)),
            "days": set(map(str, line.policy.match.days)),
        }
    if request.method == "POST" and _save(filled, chosen, line, by=here.person.id, at=now):
        return HttpResponseRedirect(reverse("policies"))
    context = {
        "here": "live", "line": line, "form": filled.fields(), "chosen": chosen, "modes": MODES.items(),
        "directions": DIRECTIONS.items(), "announced": ANNOUNCED.items(), "notices": NOTICES.items(),
        "consents": CONSENT.items(), "days": DAYS,
        "zone": here.customer.standing.zone, "trunks": tenancy.trunks(here.customer), "groups": people.groups(),
        "people_": people.User.objects.filter(is_active=True).order_by("name")[:500],
        "may_change": here.viewer.role == "administrator",
    }  # fmt: skip
    return render(request, "web/console/policy.html", context, status=400 if filled.wrong else 200)


def decided(steering: recordings.Steering) -> str:
    """What policy decided about a recording, in words."""
    name = next((one.policy.name for one in recordings.policies() if one.policy.id == steering.policy), "")
    if steering.policy is None:
        return _("no policy was for it: recorded")
    return _("%(name)s: %(mode)s") % {"name": name or _("a policy that is gone"), "mode": MODES[steering.mode]}


def _save(
    filled: Filled, chosen: dict[str, set[str]], line: recordings.PolicyLine | None, *, by: UUID, at: datetime
) -> bool:
    fields = _read(filled, chosen)
    if filled.wrong:
        return False
    try:
        policy_id = line.policy.id if line is not None else recordings.new_policy_id(at)
        recordings.save_policy(
            recordings.Policy(id=policy_id, **fields),
            users=[one for one in map(_id, sorted(chosen["users"])) if one],
            groups=[one for one in map(_id, sorted(chosen["groups"])) if one],
            number=filled.text("number", needed=False, most=40),
            keep_number=filled.values.get("keep_number") == "yes",
            by=by,
            at=at,
        )
    except recordings.PolicyRefused as error:
        filled.wrong[str(error).partition(":")[0]] = str(error.remedy)
    except ValueError as error:
        filled.wrong["starts"] = str(error)
    return not filled.wrong


def _read(filled: Filled, chosen: dict[str, set[str]]) -> dict[str, Any]:
    trunk = filled.values.get("trunk", "")
    clock = {name: filled.text(name, needed=False, most=5) for name in ("starts", "ends")}
    for name, value in clock.items():
        if value and not _is_clock(value):
            filled.wrong[name] = _("A time is written 14:30.")
    if bool(clock["starts"]) != bool(clock["ends"]):
        filled.wrong["starts"] = _("Give both times, or none.")
    announced = filled.choice("announced", ANNOUNCED)
    known = announced != "not-needed"
    return {
        "name": filled.text("name", most=100),
        "mode": cast(recordings.Mode, filled.choice("mode", MODES)),
        "sampling": _number(filled, "sampling", most=100),
        "announced": cast(recordings.Announced, announced),
        "announced_name": filled.text("announced_name", needed=known, most=100) if known else "",
        "refuse": filled.values.get("refuse") == "yes",
        "notice": cast(recordings.Notice, filled.choice("notice", NOTICES)),
        "consent": cast(recordings.ConsentRule, filled.choice("consent", CONSENT)),
        "auto_resume_seconds": _number(filled, "auto_resume", most=_LONGEST_PAUSE),
        "match": recordings.Match(
            prefix=filled.text("prefix", needed=False, most=16),
            direction=cast(Any, filled.choice("direction", DIRECTIONS)),
            trunk_id=_id(trunk),
            days=tuple(sorted(int(day) for day in chosen["days"] if day in {"0", "1", "2", "3", "4", "5", "6"})),
            zone=filled.text("zone", needed=False, most=60) or "UTC",
            starts=clock["starts"] if not filled.wrong.keys() & {"starts", "ends"} else "",
            ends=clock["ends"] if not filled.wrong.keys() & {"starts", "ends"} else "",
        ),
    }


def _values(line: recordings.PolicyLine | None) -> dict[str, str]:
    if line is None:
        return {
            "mode": "always", "sampling": "100", "auto_resume": "0", "announced": "not-needed", "notice": "none",
            "consent": "not-needed",
        }  # fmt: skip
    policy, match = line.policy, line.policy.match
    return {
        "name": policy.name, "mode": policy.mode, "sampling": str(policy.sampling), "announced": policy.announced,
        "announced_name": policy.announced_name, "refuse": "yes" if policy.refuse else "", "zone": match.zone,
        "notice": policy.notice, "consent": policy.consent,
        "auto_resume": str(policy.auto_resume_seconds), "prefix": match.prefix, "direction": match.direction,
        "trunk": str(match.trunk_id or ""), "starts": match.starts, "ends": match.ends,
        "keep_number": "yes" if line.number_indexes else "",
    }  # fmt: skip


def _line(
    line: recordings.PolicyLine, *, groups: dict[UUID, str], trunks: dict[UUID, str], people_: Any
) -> dict[str, Any]:
    match = line.policy.match
    about = [
        *(_("group %(name)s") % {"name": groups.get(one, "–")} for one in line.groups),
        *(str(people_.get(one, "–")) for one in line.users),
        *([_("one number, kept as an index")] if line.number_indexes else []),
        *([_("numbers that begin with %(prefix)s") % {"prefix": match.prefix}] if match.prefix else []),
        *([str(DIRECTIONS[match.direction])] if match.direction in DIRECTIONS and match.direction else []),
        *([_("trunk %(name)s") % {"name": trunks.get(match.trunk_id, "–")}] if match.trunk_id else []),
        *([" ".join(str(name) for number, name in DAYS if int(number) in match.days)] if match.days else []),
        *([f"{match.starts}–{match.ends} {match.zone}"] if match.starts else []),
    ]
    return {"policy": line.policy, "about": ", ".join(about) or _("every call"), "mode": MODES[line.policy.mode]}


def _number(filled: Filled, name: str, *, most: int) -> int:
    text = filled.text(name, most=6)
    if not text.isdecimal() or int(text) > most:
        filled.wrong.setdefault(name, _("A whole number up to %(most)d.") % {"most": most})
        return 0
    return int(text)


def _is_clock(text: str) -> bool:
    return _CLOCK.fullmatch(text) is not None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
