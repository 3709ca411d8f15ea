"""Spans of time: month ends, leap days, summer time, zones with odd offsets; nothing depends on the reader's clock."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.agreement.clock import Span, after, closes, read_instant, read_span

ZONES = (
    "UTC", "Europe/Rome", "Europe/Dublin", "Europe/Moscow", "America/New_York", "America/St_Johns", "America/Sao_Paulo",
    "Africa/Casablanca", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Tehran", "Asia/Dubai", "Australia/Lord_Howe",
    "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati", "Antarctica/Troll",
)  # fmt: skip
zones = st.sampled_from(ZONES)
instants = st.datetimes(min_value=datetime(1975, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC))
amounts = st.integers(0, 400)
calendar_units = st.sampled_from(["days", "months", "years"])


def spans(units=calendar_units):
    return st.builds(
        lambda amount, unit: Span(min(amount, 40) if unit == "years" else amount, unit), amount=amounts, unit=units
    )


def moved(day, span):
    """Another way to move a day: walk month by month."""
    if span.unit == "days":
        return day + timedelta(days=span.amount)
    year, month = day.year, day.month
    for _ in range(span.amount * (12 if span.unit == "years" else 1)):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    last = monthrange(year, month)[1]
    return date(year, month, day.day if day.day <= last else last)


def shown(instant, zone):
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def exists(wall, zone):
    """Whether clocks in `zone` ever show `wall`."""
    return shown(wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), zone) == wall


@given(instants, spans(), zones)
def test_days_months_and_years_keep_the_time_of_day_on_the_right_day(start, span, zone):
    wall = datetime.combine(moved(shown(start, zone).date(), span), shown(start, zone).time())
    due = after(start, span, zone=zone)
    if exists(wall, zone):
        assert shown(due, zone) == wall
        assert due == min(wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    else:  # a skipped time moves forward, never back, and by no more than was skipped (a whole day in Apia)
        assert timedelta(0) < shown(due, zone) - wall <= timedelta(days=1)


@given(instants, spans(), zones)
def test_a_window_stays_open_to_the_end_of_its_last_day(start, span, zone):
    last = moved(shown(start, zone).date(), span)
    closing = closes(start, span, zone=zone)
    before = shown(closing - timedelta(microseconds=1), zone).date()
    assert before <= last
    assert shown(closing, zone).date() > last
    assert closing > after(start, span, zone=zone) or not exists(
        datetime.combine(last, shown(start, zone).time()), zone
    )


@given(instants, st.integers(0, 100_000), st.sampled_from(["minutes", "hours"]), zones)
def test_minutes_and_hours_are_absolute_in_every_zone(start, amount, unit, zone):
    span = Span(amount, unit)
    assert after(start, span, zone=zone) - start == timedelta(**{unit: amount})
    assert closes(start, span, zone=zone) == after(start, span, zone=zone)


@given(instants, spans(), zones, zones)
def test_the_zone_in_which_the_start_is_written_changes_nothing(start, span, zone, written):
    local = start.astimezone(ZoneInfo(written))
    assert after(local, span, zone=zone) == after(start, span, zone=zone)
    assert closes(local, span, zone=zone) == closes(start, span, zone=zone)
    assert after(local, span, zone=zone).tzinfo is UTC


@given(instants, instants, spans(), zones)
def test_who_starts_later_is_never_due_on_an_earlier_day(one, other, span, zone):
    earlier, later = sorted((one, other))
    assert shown(after(earlier, span, zone=zone), zone).date() <= shown(after(later, span, zone=zone), zone).date()
    assert closes(earlier, span, zone=zone) <= closes(later, span, zone=zone)


@given(instants, st.integers(0, 200), calendar_units, zones)
def test_a_longer_span_never_ends_sooner(start, amount, unit, zone):
    span, longer = Span(min(amount, 40), unit), Span(min(amount, 40) + 1, unit)
    # equal only where a whole day was skipped, as in Apia
    assert after(start, span, zone=zone) <= after(start, longer, zone=zone)
    assert closes(start, span, zone=zone) <= closes(start, longer, zone=zone)


@given(instants, spans(), zones)
def test_a_deadline_depends_on_the_start_alone_so_that_a_clock_that_steps_moves_nothing(start, span, zone):
    asked_again = [after(start, span, zone=zone) for _ in range(3)]
    assert len(set(asked_again)) == 1


@given(spans(st.sampled_from(["minutes", "hours", "days", "months", "years"])))
def test_a_span_is_read_as_it_is_written(span):
    assert read_span(str(span)) == span


@pytest.mark.parametrize("text", ["", "30", "days", "thirty days", "-3 days", "1.5 hours", "30 days 2 hours", "1 week"])
def test_what_is_no_span_is_not_read(text):
    assert read_span(text) is None


@pytest.mark.parametrize(
    ("start", "text", "zone", "due"),
    [
        ("2026-01-31T09:00+00:00", "1 month", "UTC", "2026-02-28T09:00+00:00"),
        ("2028-01-31T09:00+00:00", "1 month", "UTC", "2028-02-29T09:00+00:00"),
        ("2028-02-29T09:00+00:00", "1 year", "UTC", "2029-02-28T09:00+00:00"),
        ("2028-02-29T09:00+00:00", "4 years", "UTC", "2032-02-29T09:00+00:00"),
        ("2026-11-30T09:00+00:00", "3 months", "UTC", "2027-02-28T09:00+00:00"),
        # Rome skips 02:00 to 03:00 on 29 March 2026 and repeats it on 25 October
        ("2026-02-28T02:30+01:00", "1 month", "Europe/Rome", "2026-03-28T02:30+01:00"),
        ("2026-03-28T02:30+01:00", "1 days", "Europe/Rome", "2026-03-29T03:30+02:00"),
        ("2026-10-24T02:30+02:00", "1 days", "Europe/Rome", "2026-10-25T02:30+02:00"),
        ("2026-03-28T12:00+01:00", "1 days", "Europe/Rome", "2026-03-29T12:00+02:00"),
        ("2026-03-28T12:00+01:00", "24 hours", "Europe/Rome", "2026-03-29T13:00+02:00"),
        ("2026-10-24T12:00+02:00", "48 hours", "Europe/Rome", "2026-10-26T11:00+01:00"),
        # clocks on Lord Howe move by half an hour; Apia had no 30 December 2011
        ("2026-10-03T02:15+10:30", "1 days", "Australia/Lord_Howe", "2026-10-04T02:45+11:00"),
        ("2011-12-29T12:00-10:00", "1 days", "Pacific/Apia", "2011-12-31T12:00+14:00"),
        # the day is the customer's: 23:30 in UTC is the next day in Kathmandu
        ("2026-01-30T23:30+00:00", "1 month", "Asia/Kathmandu", "2026-02-28T05:15+05:45"),
    ],
)
def test_dates_that_people_can_check_by_hand(start, text, zone, due):
    span = read_span(text if text != "1 days" else "1 day")
    assert after(datetime.fromisoformat(start), span, zone=zone) == datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("start", "text", "zone", "due"),
    [
        ("2026-03-02T11:00+00:00", "14 days", "Europe/Rome", "2026-03-17T00:00+01:00"),
        ("2026-03-01T00:00+01:00", "1 month", "Europe/Rome", "2026-04-02T00:00+02:00"),
        ("2026-03-02T23:30+00:00", "1 day", "Europe/Rome", "2026-03-05T00:00+01:00"),
        # Sao Paulo skipped midnight itself on 4 November 2018: the day began at one
        ("2018-11-02T12:00-03:00", "1 day", "America/Sao_Paulo", "2018-11-04T01:00-02:00"),
    ],
)
def test_windows_that_people_can_check_by_hand(start, text, zone, due):
    assert closes(datetime.fromisoformat(start), read_span(text), zone=zone) == datetime.fromisoformat(due)


@pytest.mark.parametrize("count", [after, closes])
@pytest.mark.parametrize("text", ["1 hour", "1 month"])
def test_an_instant_without_a_zone_is_refused(count, text):
    with pytest.raises(ValueError, match="time zone"):
        count(datetime(2026, 3, 2), read_span(text), zone="UTC")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-02", "2026-03-01T23:00+00:00"),
        ("2026-07-02T12:30", "2026-07-02T10:30+00:00"),
        (" 2026-03-02T12:00-05:00 ", "2026-03-02T17:00+00:00"),
    ],
)
def test_an_instant_without_an_offset_is_what_clocks_in_the_zone_show(text, instant):
    assert read_instant(text, zone="Europe/Rome") == datetime.fromisoformat(instant)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-02-29"])
def test_what_is_no_instant_is_not_read(text):
    assert read_instant(text, zone="UTC") is None
