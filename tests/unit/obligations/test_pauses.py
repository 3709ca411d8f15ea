"""Trying again comes later and later, and ends."""

from datetime import timedelta

from parley.obligations.rules import LONGEST_PAUSE, MAX_ATTEMPTS, pause_after


def test_pauses_grow_to_an_hour() -> None:
    pauses = [pause_after(attempts) for attempts in range(MAX_ATTEMPTS)]
    known = [pause for pause in pauses if pause is not None]
    assert len(known) == MAX_ATTEMPTS
    assert known[0] == timedelta(seconds=2)
    assert known == sorted(known)
    assert known[-1] == LONGEST_PAUSE


def test_there_is_a_last_attempt() -> None:
    assert pause_after(MAX_ATTEMPTS) is None
