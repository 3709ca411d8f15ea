"""What a person filled in: read field by field, with what is wrong beside each."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2999


@dataclass
class Filled:
    """The values of a form as they came, and `wrong`: what is wrong, by field. Templates show both."""

    values: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, *, needed: bool = True, most: int = 10_000) -> str:
        """The text of a field without white space around it; \\r\\n becomes \\n."""
        value = self.values.get(name, "").replace("\r\n", "\n").strip()
        if needed and not value:
            self.wrong[name] = _("This is needed.")
        elif "\0" in value:
            self.wrong[name] = _("This holds a character that is no text.")
        elif len(value) > most:
            self.wrong[name] = _("At most %(most)d characters.") % {"most": most}
        return value

    def choice(self, name: str, known: Collection[str]) -> str:
        """One of `known`."""
        value = self.values.get(name, "")
        if value not in known:
            self.wrong[name] = _("Choose one.")
        return value

    def moment(self, name: str, *, zone: str, clock: str = "") -> datetime | None:
        """The day of a field, at the time of the field `clock` (else midnight), on the clocks of `zone`."""
        day = _day(self.values.get(name, ""))
        if day is None:
            self.wrong[name] = _("A day is written 2026-11-22.")
            return None
        try:
            at = time.fromisoformat(self.values.get(clock, "") or "00:00") if clock else time()
        except ValueError:
            self.wrong[clock] = _("A time is written 14:30.")
            return None
        return datetime.combine(day, at, ZoneInfo(zone))

    def fields(self) -> dict[str, dict[str, str]]:
        """For a template: `form.NAME.value` and `form.NAME.wrong`."""
        names = {*self.values, *self.wrong}
        return {name: {"value": self.values.get(name, ""), "wrong": self.wrong.get(name, "")} for name in names}


def _day(text: str) -> date | None:
    """A day; None also for one near the ends of the calendar, which leaves it in another zone."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None
