"""The letters to a customer about sub-processors: short, with the dates, the clause and what to do. Plain text."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from parley.governance.subprocessors.rules import words
from parley.governance.subprocessors.types import Dates, Entry
from parley.tenancy import api as tenancy


def console_link(path: str) -> str:
    """An address in the console of the customer in scope."""
    return f"{settings.PARLEY_PUBLIC_URL}/c/{tenancy.current().handle}/{path}"


def announcement(
    entry: Entry, *, replaces: str, planned_start: datetime, dates: Dates, assumed: str, zone: str, change: str
) -> tuple[str, str]:
    """(subject, text) of the notice; `dates` are those that hold when nobody acknowledges receipt."""
    subject = _("Sub-processor change: %(name)s") % {"name": entry.name}
    what = (
        _("We plan to engage %(name)s in place of %(old)s.") % {"name": entry.name, "old": replaces}
        if replaces
        else _("We plan to engage a new sub-processor: %(name)s.") % {"name": entry.name}
    )
    lines = [
        what,
        "",
        _("Role: %(role)s") % {"role": entry.role},
        _("Country of processing: %(country)s") % {"country": entry.country},
        _("Address: %(address)s") % {"address": entry.address},
        _("Contact: %(contact)s") % {"contact": entry.contact},
        _("Privacy policy: %(url)s") % {"url": entry.privacy_url},
        _("Planned start: %(when)s") % {"when": words(planned_start, zone)},
        "",
        _("Under clause %(clause)s of your agreement:") % {"clause": dates.clause},
        "- " + _counted(dates, assumed=assumed, zone=zone),
        "- " + _("you may object until %(when)s;") % {"when": words(dates.objection_closes, zone)},
        "- "
        + _("it receives none of your data before %(when)s;")
        % {"when": words(max(dates.earliest_start, planned_start), zone)},
        "- " + _EFFECTS[dates.effect](),
        "",
        _("Acknowledge receipt, or object, here:"),
        console_link(f"subprocessors/changes/{change}/"),
    ]
    return subject, "\n".join(lines) + "\n"


def on_request(entry: Entry, *, clause: str, change: str) -> tuple[str, str]:
    """(subject, text) for a customer whose agreement lets the provider's affiliates in on request only."""
    subject = _("Sub-processor register: %(name)s") % {"name": entry.name}
    lines = [
        _("%(name)s, a company of our group, joins our sub-processors.") % {"name": entry.name},
        _("Under clause %(clause)s it receives your data only if you request it. You need not do anything.")
        % {"clause": clause},
        "",
        console_link(f"subprocessors/changes/{change}/"),
    ]
    return subject, "\n".join(lines) + "\n"


def recall(entry: Entry, *, change: str) -> tuple[str, str]:
    """(subject, text): the change does not happen."""
    subject = _("Sub-processor change withdrawn: %(name)s") % {"name": entry.name}
    lines = [
        _("We will not engage %(name)s. It has received none of your data.") % {"name": entry.name},
        "",
        console_link(f"subprocessors/changes/{change}/"),
    ]
    return subject, "\n".join(lines) + "\n"


def resolution(entry: Entry, *, what: str, note: str, change: str) -> tuple[str, str]:
    """(subject, text): how the provider recorded the end of an objection."""
    subject = _("Your objection to %(name)s") % {"name": entry.name}
    lines = [what, "", note, "", _("If this is not so, write to us at once. The record:"),
             console_link(f"subprocessors/changes/{change}/")]  # fmt: skip
    return subject, "\n".join(lines) + "\n"


def _counted(dates: Dates, *, assumed: str, zone: str) -> str:
    if dates.counted_from == "update":
        return _("the time runs from the update of our register, on %(when)s;") % {
            "when": words(dates.counts_from, zone)
        }
    return _(
        "the time runs from receipt: when you acknowledge it, else %(span)s after dispatch, which is taken as"
        " %(when)s here;"
    ) % {"span": assumed, "when": words(dates.counts_from, zone)}


_EFFECTS = {
    "veto": lambda: _("if you object, it does not start for you."),
    "blocks": lambda: _("if you object on reasonable grounds, it is not appointed for you."),
    "resolution": lambda: _(
        "if you object and we cannot resolve it together in time, you may end the affected service without penalty."
    ),
}
