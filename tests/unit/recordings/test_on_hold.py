"""When a stream was on hold, from what its client offers: begun, ended, taken away, never come back."""

from datetime import UTC, datetime, timedelta

from parley.recordings.on_hold import MOST_HOLDS, ended, follow
from parley.recordings.session_words import Line
from parley.recordings.types import OnHold, Side

BEGUN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SIDES: dict[str, Side] = {"1": "caller", "2": "callee"}


def second(number: int) -> datetime:
    return BEGUN + timedelta(seconds=number)


def lines(one: bool | None, two: bool | None = True) -> tuple[Line, ...]:
    """Two lines: they carry sound (True), are held (False), have no port (None); and a third that was never taken."""
    ports = [Line(position=at, label=str(at + 1), port=30000 + 2 * at if carries is not None else 0, held=not carries)
             for at, carries in enumerate((one, two))]  # fmt: skip
    return (*ports, Line(position=2, label="video"))


def told(*offers: tuple[bool | None, bool | None]) -> tuple[OnHold, ...]:
    """What is known after offers a second apart."""
    holds: tuple[OnHold, ...] = ()
    for number, (one, two) in enumerate(offers):
        holds = follow(holds, lines(one, two), SIDES, at=second(number))
    return holds


def spans(holds: tuple[OnHold, ...]) -> list[tuple[str, float, float | None]]:
    return [(hold.side, (hold.starts_at - BEGUN).total_seconds(),
             (hold.ends_at - BEGUN).total_seconds() if hold.ends_at else None) for hold in holds]  # fmt: skip


def test_each_side_is_held_for_itself_and_as_often_as_it_is() -> None:
    holds = told((True, True), (False, True), (False, False), (True, False), (False, True), (True, True))
    assert spans(holds) == [("caller", 1, 3), ("callee", 2, 4), ("caller", 4, 5)]
    assert ended(holds, at=second(60)) == holds


def test_a_call_that_begins_or_ends_on_hold() -> None:
    holds = told((False, True), (False, True))
    assert spans(holds) == [("caller", 0, None)]
    assert spans(ended(holds, at=second(9))) == [("caller", 0, 9)]
    assert spans(ended(holds, at=second(-5))) == [("caller", 0, 0)], "a clock that was set back makes no negative time"


def test_a_line_taken_away_was_on_hold_if_it_comes_back() -> None:
    assert spans(told((True, True), (None, True), (True, True))) == [("caller", 1, 2)]
    gone = told((True, True), (None, True), (None, True))
    assert ended(gone, at=second(9)) == ()
    assert spans(ended(told((False, True), (None, True)), at=second(9))) == [("caller", 0, 1)]
    assert spans(told((None, True), (False, True), (True, True))) == [("caller", 0, 1), ("caller", 1, 2)]


def test_what_is_remembered_has_an_end() -> None:
    holds = told(*[(number % 2 == 0, True) for number in range(2 * MOST_HOLDS + 50)])
    assert len(holds) == MOST_HOLDS
    assert all(hold.ends_at for hold in holds)
