"""What becomes of a duty, with the time as an argument."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.obligations.duty_rules import check_waiver, next_warning, state_at
from parley.obligations.duty_types import WaiverRefused

DUE = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
WARN = DUE - timedelta(hours=24)


@pytest.mark.parametrize(
    ("state", "kind", "at", "said"),
    [
        ("open", "duty", WARN - timedelta(seconds=1), "open"),
        ("open", "duty", WARN, "due"),
        ("open", "duty", DUE, "breached"),
        ("open", "window", DUE, "due"),
        ("met", "duty", DUE, "met"),
        ("waived", "duty", DUE, "waived"),
        ("cancelled", "duty", DUE, "cancelled"),
        ("breached", "duty", WARN, "breached"),
    ],
)
def test_the_state_that_people_read(state: str, kind: str, at: datetime, said: str) -> None:
    assert state_at(state, kind=kind, warn_from=WARN, due=DUE, at=at) == said


def test_a_duty_without_warnings_is_open_until_it_is_due() -> None:
    assert state_at("open", kind="duty", warn_from=None, due=DUE, at=DUE - timedelta(seconds=1)) == "open"


@given(
    hours=st.lists(st.integers(-100, 100), max_size=6),
    at=st.integers(-120, 120),
)
def test_the_next_warning_lies_ahead_and_before_the_due_date(hours: list[int], at: int) -> None:
    points = [DUE + timedelta(hours=hour) for hour in hours]
    now = DUE + timedelta(hours=at)
    found = next_warning(points, due=DUE, at=now)
    ahead = [point for point in points if now < point < DUE]
    assert found == (min(ahead) if ahead else None)


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"statutory": True}, "statute"),
        ({"party": "provider"}, "protects the customer"),
        ({"protects": "persons"}, "protects the persons"),
        ({"reason": "\n "}, "in writing"),
        ({"reason": "x" * 4001}, "longer"),
        ({"state": "met"}, "already"),
        ({"state": "cancelled"}, "already"),
    ],
)
def test_a_waiver_is_refused_with_its_reason(given_: dict[str, object], words: str) -> None:
    whole = {"state": "open", "statutory": False, "protects": "customer", "party": "customer", "reason": "agreed"}
    check_waiver(**whole)  # type: ignore[arg-type]
    check_waiver(**{**whole, "state": "breached"})  # type: ignore[arg-type]
    with pytest.raises(WaiverRefused, match=words) as refused:
        check_waiver(**{**whole, **given_})  # type: ignore[arg-type]
    assert refused.value.remedy
