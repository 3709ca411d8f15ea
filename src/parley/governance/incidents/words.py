"""A notice as a mail: text and simple HTML from one set of facts. Pure, but for reading the templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parley.governance.incidents.types import KINDS, ContactPoint, CountLine, Knowledge, PhaseKind

_CATEGORIES: Final = {
    "user.user_sensor": gettext_lazy("voices: what was said in recorded calls"),
    "user.contact.phone_number": gettext_lazy("telephone numbers"),
    "user.contact.email": gettext_lazy("e-mail addresses"),
    "user.behavior": gettext_lazy("who spoke with whom, when and how long"),
    "user.telemetry": gettext_lazy("technical data of calls"),
    "user.name": gettext_lazy("names"),
    "user.account": gettext_lazy("facts about accounts"),
    "user.job_title": gettext_lazy("roles at work"),
    "user.authorization.password": gettext_lazy("passwords, as salted hashes"),
    "user.device.ip_address": gettext_lazy("network addresses"),
    "user.content.private": gettext_lazy("what people wrote"),
}
_SUBJECTS: Final = {
    "call_party": gettext_lazy("people on calls"),
    "employee": gettext_lazy("people with accounts"),
    "customer": gettext_lazy("your customers"),
}


@dataclass(frozen=True, kw_only=True)
class NoticeFacts:
    """All that one notice says to one customer. `told` lists the earlier notices: number and when they left."""

    number: int
    kind: PhaseKind
    customer: str
    reference: str
    title: str
    breach_kind: str
    known_at: datetime
    at: datetime
    knowledge: Knowledge
    contact: ContactPoint
    counts: Sequence[CountLine]
    persons: int
    records: int
    since: datetime | None
    until: datetime | None
    clause: str
    agreement: str
    within: str
    promised: bool
    due: datetime
    follow_up: datetime
    zone: str
    link: str
    told: Sequence[tuple[int, datetime]] = ()
    letters: int = 0


@dataclass(frozen=True, kw_only=True)
class Written:
    """A mail as it reads."""

    subject: str
    text: str
    html: str


def notice(facts: NoticeFacts) -> Written:
    """The mail that says `facts`."""
    context = _context(facts)
    text = render_to_string("incidents/notice.txt", context)
    return Written(subject=_subject(facts), text=_tidy(text), html=render_to_string("incidents/notice.html", context))


def letter(*, name: str, subject: str, text: str) -> Written:
    """A letter to a person, in the customer's words; "{name}" becomes the name, or nothing."""
    body = text.replace("{name}", name).replace(" ,", ",").strip() + "\n"
    context = {"paragraphs": [part for part in body.split("\n\n") if part.strip()], "subject": subject}
    return Written(subject=subject, text=body, html=render_to_string("incidents/letter.html", context))


def letter_draft(*, customer: str, knowledge: Knowledge, contact: ContactPoint) -> tuple[str, str]:
    """Subject and text to begin a letter of Art. 34 with: clear and plain, with what Art. 34(2) asks for."""
    reach = ", ".join(part for part in (contact.email, contact.phone) if part)
    text = "\n\n".join(
        (
            _("Dear {name},"),
            _("something happened to personal data about you that %(customer)s is responsible for.")
            % {"customer": customer},
            _("What happened: %(nature)s") % {"nature": knowledge.nature.strip()},
            _("What it may mean for you: %(consequences)s") % {"consequences": knowledge.consequences.strip()},
            _("What has been done about it: %(measures)s") % {"measures": knowledge.measures.strip()},
            _("If you have questions, write to %(name)s (%(reach)s).") % {"name": contact.name, "reach": reach},
            customer,
        )
    )
    return _("About your personal data"), text


def count_words(line: CountLine) -> str:
    """A category in words, for people."""
    what = _CATEGORIES.get(line.category, line.category)
    who = _SUBJECTS.get(line.subject, line.subject.replace("_", " "))
    return f"{what} ({who})"


def category_words(category: str) -> str:
    """A category of data in words; an unknown one as it is written."""
    return str(_CATEGORIES.get(category, category))


def moment(at: datetime, zone: str) -> str:
    """An instant as people read it: in the customer's zone, and in UTC when that is another."""
    local = at.astimezone(ZoneInfo(zone))
    said = f"{local:%a %d %b %Y, %H:%M} {local.tzname()}"
    return said if local.tzname() == "UTC" else f"{said} ({at.astimezone(ZoneInfo('UTC')):%H:%M} UTC)"


def _subject(facts: NoticeFacts) -> str:
    what = {
        "first": _("Personal data breach"),
        "further": _("Personal data breach: more is known"),
        "closing": _("Personal data breach: closing report"),
    }[facts.kind]
    return f"{what}: {facts.title} [{facts.reference}/{facts.number}]"


def _context(facts: NoticeFacts) -> dict[str, Any]:
    return {
        "facts": facts,
        "kind_words": KINDS.get(facts.breach_kind, facts.breach_kind),
        "known_at": moment(facts.known_at, facts.zone),
        "at": moment(facts.at, facts.zone),
        "due": moment(facts.due, facts.zone),
        "follow_up": moment(facts.follow_up, facts.zone),
        "since": moment(facts.since, facts.zone) if facts.since else "",
        "until": moment(facts.until, facts.zone) if facts.until else "",
        "counts": [(count_words(line), line.records, line.persons) for line in facts.counts],
        "told": [(number, moment(at, facts.zone)) for number, at in facts.told],
        "overdue": facts.kind == "first" and facts.at > facts.due,
    }


def _tidy(text: str) -> str:
    """Without trailing spaces and without more than one empty line in a row, as templates leave them."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines) + "\n"
