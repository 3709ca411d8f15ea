"""Forms as they come: what no table and no calendar can hold is said beside its field."""

import pytest

from parley.web.filled import Filled


def test_text_without_an_end_of_text_in_it() -> None:
    filled = Filled({"title": " Dispute\r\nof May ", "ground": "a\0b"})
    assert filled.text("title") == "Dispute\nof May"
    assert not filled.wrong
    filled.text("ground")
    assert set(filled.wrong) == {"ground"}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "", "tomorrow", "2026-11-22\0"])
def test_days_that_no_calendar_of_another_zone_has_are_wrong(day: str) -> None:
    filled = Filled({"day": day})
    assert filled.moment("day", zone="Pacific/Kiritimati") is None
    assert set(filled.wrong) == {"day"}


def test_a_day_begins_on_the_clocks_of_its_zone() -> None:
    moment = Filled({"day": "2026-11-22"}).moment("day", zone="Europe/Rome")
    assert moment is not None
    assert moment.isoformat() == "2026-11-22T00:00:00+01:00"
