"""The filters of the recordings list, out of its address and back into it: a link is a view. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parley.recordings.api import QUALITIES, Consent, Direction, NoticeState, Quality, Wanted
from parley.web.addresses import choice, days, identity, instants
from parley.web.rules import DIRECTIONS, BadFilter, duration_words

QUALITY_WORDS: Final[Mapping[str, Any]] = {
    "good": gettext_lazy("good"),
    "impaired": gettext_lazy("packets lost"),
    "gaps": gettext_lazy("gaps"),
    "silent": gettext_lazy("a side is silent"),
    "poor": gettext_lazy("any trouble"),
}
CONSENT_CHOICES: Final[Mapping[str, tuple[Any, tuple[Consent, ...]]]] = {
    "given": (gettext_lazy("given"), ("given",)),
    "refused": (gettext_lazy("refused"), ("refused",)),
    "withdrawn": (gettext_lazy("withdrawn"), ("withdrawn",)),
    "no": (gettext_lazy("refused or withdrawn"), ("refused", "withdrawn")),
    "asked": (gettext_lazy("asked, no answer"), ("asked",)),
    "not-asked": (gettext_lazy("not asked"), ("not-asked",)),
    "not-known": (gettext_lazy("not known: not asked, or no answer"), ("not-asked", "asked")),
}
ANNOUNCED_CHOICES: Final[Mapping[str, tuple[Any, tuple[NoticeState, ...]]]] = {
    "yes": (gettext_lazy("yes"), ("tone", "announcement")),
    "no": (gettext_lazy("no"), ("none",)),
    "not-known": (gettext_lazy("not known, though wanted"), ("not-known",)),
}
"""What can be chosen, in words, and the states that it means."""
_LONGEST: Final = 128
_MOST_SECONDS: Final = 7 * 86_400


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the list shows: days are whole days in the reader's zone, both ends included; lengths are whole seconds."""

    number: str = ""
    name: str = ""
    note: str = ""
    tag: str = ""
    person: UUID | None = None
    group: UUID | None = None
    since: date | None = None
    until: date | None = None
    direction: Direction | None = None
    trunk: UUID | None = None
    shortest: int | None = None
    longest: int | None = None
    quality: str = ""
    consent: str = ""
    announced: str = ""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What is asked for, as names and values of the address."""
        values = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return [(name, str(value)) for name, value in values if value is not None and value != ""]

    def query(self, **more: str) -> str:
        """The same view as a query string; `more` adds."""
        return urlencode([*self.pairs, *((name, value) for name, value in more.items() if value)])

    @property
    def active(self) -> bool:
        return bool(self.query())

    @property
    def further(self) -> bool:
        """Whether something is asked for that the first line of the form does not show."""
        first = {"number", "since", "until", "direction"}
        return any(getattr(self, field.name) != field.default for field in fields(self) if field.name not in first)

    def instants(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """[since, until) as instants: midnight before the first day, midnight after the last."""
        return instants(self.since, self.until, zone)

    def wanted(self, zone: ZoneInfo) -> Wanted:
        """What search is asked for."""
        since, until = self.instants(zone)
        quality: tuple[Quality, ...] = tuple(
            one for one in QUALITIES if one == self.quality or (self.quality == "poor" and one != "good")
        )
        return Wanted(
            number=self.number or None,
            participant=self.name or None,
            note=self.note or None,
            tag=self.tag or None,
            users=(self.person,) if self.person else (),
            groups=(self.group,) if self.group else (),
            since=since,
            until=until,
            direction=self.direction,
            trunk=self.trunk,
            shortest=self.shortest,
            longest=self.longest,
            quality=quality,
            consent=CONSENT_CHOICES[self.consent][1] if self.consent else (),
            notice=ANNOUNCED_CHOICES[self.announced][1] if self.announced else (),
        )

    def chips(self, names: Mapping[UUID, str]) -> Sequence[tuple[str, str]]:
        """What is asked for beyond the form's first line, in words, each with the address of the view without it.
        `names` are those of people, groups and trunks by id."""
        words = {
            "name": _("name: %(text)s") % {"text": self.name},
            "note": _("note: %(text)s") % {"text": self.note},
            "tag": _("tag: %(text)s") % {"text": self.tag},
            "person": names.get(self.person, "") if self.person else "",
            "group": names.get(self.group, "") if self.group else "",
            "trunk": names.get(self.trunk, "") if self.trunk else "",
            "shortest": _("at least %(time)s") % {"time": duration_words(self.shortest or 0)},
            "longest": _("at most %(time)s") % {"time": duration_words(self.longest or 0)},
            "quality": str(QUALITY_WORDS.get(self.quality, "")),
            "consent": _("consent: %(state)s") % {"state": CONSENT_CHOICES.get(self.consent, ("",))[0]},
            "announced": _("announced: %(state)s") % {"state": ANNOUNCED_CHOICES.get(self.announced, ("",))[0]},
        }
        blank: dict[str, Any] = {field.name: field.default for field in fields(self)}
        shown = [name for name in words if getattr(self, name) != blank[name]]
        return [(words[name] or "…", replace(self, **{name: blank[name]}).query()) for name in shown]


def parse_filters(query: Mapping[str, str]) -> Filters:
    """The filters of an address. Raises BadFilter for what is no date, direction, id, length, state or text."""
    since, until = days(query)
    direction = next((known for known in DIRECTIONS if known == query.get("direction")), None)
    if query.get("direction") and direction is None:
        raise BadFilter("direction", _("A call is inbound, outbound, internal or unknown."))
    shortest, longest = _seconds(query, "shortest"), _seconds(query, "longest")
    if shortest is not None and longest is not None and shortest > longest:
        raise BadFilter("longest", _("The longest is shorter than the shortest."))
    return Filters(
        number=_text(query, "number"),
        name=_text(query, "name"),
        note=_text(query, "note"),
        tag=_text(query, "tag"),
        person=identity(query, "person", _("This is not a person.")),
        group=identity(query, "group", _("This is not a group.")),
        since=since,
        until=until,
        direction=direction,
        trunk=identity(query, "trunk", _("This is not a trunk.")),
        shortest=shortest,
        longest=longest,
        quality=choice(query, "quality", QUALITY_WORDS, _("This is no quality of a recording.")),
        consent=choice(query, "consent", CONSENT_CHOICES, _("This is nothing that can be said of consent.")),
        announced=choice(query, "announced", ANNOUNCED_CHOICES, _("Announced is yes, no or not-known.")),
    )


def page_number(query: Mapping[str, str]) -> int:
    """The page that is asked for, from 1. Raises BadFilter."""
    text = query.get("page", "") or "1"
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= 10_000_000:
        raise BadFilter("page", _("A page is a number from 1."))
    return int(text)


def _text(query: Mapping[str, str], field: str) -> str:
    text = query.get(field, "").strip()
    if len(text) > _LONGEST:
        raise BadFilter(field, _("What is looked for has at most 128 characters."))
    return text


def _seconds(query: Mapping[str, str], field: str) -> int | None:
    text = query.get(field, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text[:9]) > _MOST_SECONDS:
        raise BadFilter(field, _("A length is a number of seconds, up to a week."))
    return int(text)
