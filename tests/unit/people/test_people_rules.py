"""When signing in is locked."""

from datetime import UTC, datetime, timedelta

from parley.people.rules import FORGOTTEN_AFTER, LOCKED_FOR, Attempts, after_failure

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def _failed(times: int, *, limit: int = 5, every: timedelta = timedelta(seconds=10)) -> Attempts:
    state = None
    for number in range(times):
        state = after_failure(state, limit=limit, now=NOW + number * every)
    assert state is not None
    return state


def test_four_failures_do_not_lock() -> None:
    assert _failed(4).locked(NOW + timedelta(minutes=1)) is None


def test_the_fifth_locks_for_a_quarter_of_an_hour() -> None:
    state = _failed(5)
    assert state.locked(state.last) == LOCKED_FOR
    assert state.locked(state.last + LOCKED_FOR - timedelta(seconds=1)) == timedelta(seconds=1)
    assert state.locked(state.last + LOCKED_FOR) is None


def test_failures_long_apart_never_lock() -> None:
    assert _failed(50, every=FORGOTTEN_AFTER).locked_until is None


def test_after_the_lock_counting_starts_again() -> None:
    locked = _failed(5)
    again = after_failure(locked, limit=5, now=locked.last + LOCKED_FOR)
    assert again.failures == 1
    assert again.locked_until is None
