"""Fields that several lists read out of their addresses: days, ids, choices. Pure."""

from collections.abc import Container, Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from parley.web.rules import BadFilter


def days(query: Mapping[str, str]) -> tuple[date | None, date | None]:
    """The first and the last day, `since` and `until`. Raises BadFilter."""
    since, until = _day(query, "since"), _day(query, "until")
    if since and until and since > until:
        raise BadFilter("until", _("The last day is before the first."))
    return since, until


def instants(since: date | None, until: date | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Whole days of a reader's zone, both included, as [since, until): from midnight before the first day to midnight
    after the last."""
    return (
        datetime.combine(since, time(), zone) if since else None,
        datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
    )


def identity(query: Mapping[str, str], field: str, wrong: str) -> UUID | None:
    """An id. Raises BadFilter with the words `wrong`."""
    try:
        return UUID(query[field]) if query.get(field) else None
    except ValueError as error:
        raise BadFilter(field, wrong) from error


def choice(query: Mapping[str, str], field: str, known: Container[str], wrong: str) -> str:
    """One of what is known, "" for none. Raises BadFilter with the words `wrong`."""
    text = query.get(field, "")
    if text and text not in known:
        raise BadFilter(field, wrong)
    return text


def _day(query: Mapping[str, str], field: str) -> date | None:
    text = query.get(field, "")
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadFilter(field, _("A day is written 2026-11-22.")) from error
    if found is not None and not 1970 <= found.year <= 9998:
        raise BadFilter(field, _("A day lies between the years 1970 and 9998."))
    return found
