"""Spans of time as agreements write them, and where they end. Pure; the time zone is always an argument.

Minutes and hours are absolute. Days, months and years are counted on the calendar of `zone` and keep the time of day; a
day that a month does not have becomes its last one (31 January and a month: 28 or 29 February); a time of day that
summer time skips moves forward, one that it repeats means the first. A window that protects somebody stays open to the
end of its last day (Regulation (EEC, Euratom) 1182/71, Art. 3): `closes`. What the provider has to do is due at the
instant: `after`. Neither is moved to a working day.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

Unit = Literal["minutes", "hours", "days", "months", "years"]
_WRITTEN: Final = re.compile(r"(\d{1,5}) (minute|hour|day|month|year)s?")
_ROUGH_HOURS: Final = {"minutes": 1 / 60, "hours": 1.0, "days": 24.0, "months": 730.5, "years": 8766.0}


@dataclass(frozen=True, slots=True)
class Span:
    """An amount of one unit: "30 days", "1 month"."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount} {self.unit if self.amount != 1 else self.unit[:-1]}"

    @property
    def rough_hours(self) -> float:
        """About how long it is, to compare spans of different units with; never to compute a date."""
        return self.amount * _ROUGH_HOURS[self.unit]


def read_span(text: str) -> Span | None:
    """The span that `text` says ("30 days", "48 hours", "1 month"), or None."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return None
    unit = next(unit for unit in get_args(Unit) if unit == found[2] + "s")
    return Span(int(found[1]), unit)


def read_instant(text: str, *, zone: str) -> datetime | None:
    """The instant that `text` says in ISO 8601, or None.

    Without an offset it is what clocks in `zone` show; a day alone is its first moment.
    """
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo is not None else _instant(read, zone)


def after(start: datetime, span: Span, *, zone: str) -> datetime:
    """The instant `span` after `start`, in UTC. Raises ValueError when `start` has no time zone."""
    if start.tzinfo is None:
        raise ValueError("a span is counted from an instant with a time zone")
    if span.unit in ("minutes", "hours"):
        return start.astimezone(UTC) + timedelta(**{span.unit: span.amount})
    local = start.astimezone(ZoneInfo(zone))
    return _instant(datetime.combine(_moved(local.date(), span), local.time()), zone)


def closes(start: datetime, span: Span, *, zone: str) -> datetime:
    """The instant at which a window of `span` from `start` closes: the end of its last day in `zone`, in UTC."""
    if span.unit in ("minutes", "hours"):
        return after(start, span, zone=zone)
    if start.tzinfo is None:
        raise ValueError("a span is counted from an instant with a time zone")
    last = _moved(start.astimezone(ZoneInfo(zone)).date(), span)
    return _instant(datetime.combine(last + timedelta(days=1), datetime.min.time()), zone)


def _moved(day: date, span: Span) -> date:
    if span.unit == "days":
        return day + timedelta(days=span.amount)
    months = day.year * 12 + day.month - 1 + span.amount * (12 if span.unit == "years" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _instant(wall: datetime, zone: str) -> datetime:
    """The instant at which clocks in `zone` show `wall`: a skipped time moves forward, a repeated one is the first."""
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
