"""The words that every part shares."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.foundation.errors import ParleyError
from parley.foundation.ids import new_id
from parley.foundation.numbers import canonical_number, parse_e164

MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2200, 1, 1))


@given(MOMENTS, st.binary(min_size=10, max_size=10))
def test_an_identifier_is_a_uuid7_that_keeps_its_millisecond(naive: datetime, entropy: bytes) -> None:
    at = naive.replace(tzinfo=UTC)
    made = new_id(at=at, entropy=entropy)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == int(at.timestamp() * 1000)


def test_identifiers_sort_by_time() -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    made = [new_id(at=start + timedelta(milliseconds=n)) for n in range(50)]
    assert made == sorted(made)


def test_an_identifier_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        new_id(at=datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("+39 0584 943232", None, "+390584943232"),
        ("0039 0584 943232", None, "+390584943232"),
        ("0584 943232", "IT", "+390584943232"),
        ("(020) 7946-0018", "GB", "+442079460018"),
        ("201", None, None),
        ("reception", "IT", None),
        ("", None, None),
    ],
)
def test_numbers_have_one_form(raw: str, region: str | None, expected: str | None) -> None:
    assert parse_e164(raw, region) == expected


def test_what_is_no_public_number_is_indexed_as_dialled() -> None:
    assert canonical_number(" 2-01 ") == "201"
    assert canonical_number("Reception") == "reception"
    assert canonical_number("+39 0584 943232") == canonical_number("00390584943232")


def test_an_error_says_what_to_do() -> None:
    error = ParleyError("the port is taken", remedy="stop the other program")
    assert str(error) == "the port is taken (stop the other program)"
    assert str(ParleyError("plain")) == "plain"
