"""What may be done with a running call, and what stays of it when it ends."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.recordings.control import DEEDS, DeedRefused, begin, possible, state, steer
from parley.recordings.policies import MODES, Decision
from parley.recordings.types import Deed, Mode, Steering

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def begun(mode: Mode, auto: int = 0) -> Steering:
    return begin(Decision(mode=mode, policy=None, why="default", auto_resume_seconds=auto))


def after(mode: Mode, *deeds: Deed) -> Steering:
    steering = begun(mode)
    for number, deed in enumerate(deeds):
        steering = steer(steering, deed, at=AT + timedelta(seconds=number))
    return steering


@pytest.mark.parametrize(
    ("mode", "deeds", "word", "kept", "writing"),
    [
        ("always", (), "recording", True, True),
        ("always", ("pause",), "paused", True, False),
        ("always", ("pause", "resume"), "recording", True, True),
        ("never", (), "off", False, False),
        ("on-demand", (), "dormant", False, False),
        ("on-demand", ("start",), "recording", True, True),
        ("on-demand", ("start", "pause"), "paused", True, False),
        ("keep-live", (), "buffered", False, True),
        ("keep-live", ("pause",), "paused", False, False),
        ("keep-live", ("pause", "keep", "resume"), "recording", True, True),
        ("keep-live", ("keep",), "recording", True, True),
    ],
)
def test_what_becomes_of_a_call(mode: Mode, deeds: tuple[Deed, ...], word: str, kept: bool, writing: bool) -> None:
    steering = after(mode, *deeds)
    assert (state(steering), steering.kept, steering.writing) == (word, kept, writing)


def test_what_does_not_fit_is_refused_and_says_what_does() -> None:
    with pytest.raises(DeedRefused) as raised:
        steer(begun("on-demand"), "pause", at=AT)
    assert raised.value.remedy == "Possible now: start."
    assert possible(begun("never")) == ()


def test_a_pause_knows_when_it_ends_by_itself() -> None:
    paused = steer(begun("always", auto=30), "pause", at=AT)
    assert paused.resumes_at == AT + timedelta(seconds=30)
    resumed = steer(paused, "resume", at=AT + timedelta(seconds=30))
    assert resumed.resumes_at is None
    assert [(one.starts_at, one.ends_at) for one in resumed.pauses] == [(AT, AT + timedelta(seconds=30))]


@given(st.sampled_from(MODES), st.lists(st.sampled_from(DEEDS), max_size=12))
def test_no_order_of_deeds_loses_a_call_that_somebody_kept(mode: Mode, deeds: list[Deed]) -> None:
    steering = begun(mode)
    for number, deed in enumerate(deeds):
        before = steering
        if deed in possible(before):
            steering = steer(before, deed, at=AT + timedelta(seconds=number))
        assert steering.kept >= before.kept
        assert (state(steering) == "paused") == (bool(steering.pauses) and steering.pauses[-1].ends_at is None)
        assert not (mode == "never" and (steering.kept or steering.writing))
    assert all(one.ends_at is not None for one in steering.pauses[:-1])
