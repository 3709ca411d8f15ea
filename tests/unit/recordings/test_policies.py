"""Which calls are recorded: the first policy that a call matches decides; samples, announcements, nights, people."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.recordings.policies import MODES, Call, Match, Policy, PolicySet, decide, read_policies
from parley.recordings.strictjson import MalformedFile

TRUNK = UUID(int=1)
CALL = Call(
    key="call-1",
    at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),  # a Monday
    trunk_id=TRUNK,
    direction="inbound",
    numbers=frozenset({b"anna"}),
    e164=("+390584943232", "+390266711"),
)


def policy(mode: str = "never", **fields: object) -> Policy:
    match = fields.pop("match", Match())
    return Policy(id=uuid4(), name="p", mode=mode, match=match, **fields)  # type: ignore[arg-type]


def test_without_policies_every_call_is_recorded() -> None:
    decision = decide(PolicySet(), CALL)
    assert (decision.mode, decision.policy, decision.why, decision.to_record) == ("always", None, "default", True)


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(), True),
        (Match(numbers=frozenset({b"anna", b"bruno"})), True),
        (Match(numbers=frozenset({b"bruno"})), False),
        (Match(numbers=frozenset()), False),  # a group without numbers is nobody, not everybody
        (Match(prefix="+390584"), True),
        (Match(prefix="+44"), False),
        (Match(direction="inbound"), True),
        (Match(direction="outbound"), False),
        (Match(trunk_id=TRUNK), True),
        (Match(trunk_id=UUID(int=2)), False),
        (Match(days=(0, 1)), True),
        (Match(days=(5, 6)), False),
        (Match(starts="09:00", ends="18:00"), True),
        (Match(starts="09:31", ends="18:00"), False),
        (Match(starts="09:00", ends="10:00", zone="Europe/Rome"), False),  # it is 10:30 there
        (Match(starts="22:00", ends="09:31"), True),
        (Match(starts="22:00", ends="06:00"), False),
        (Match(starts="22:00", ends="10:00", days=(6,)), True),  # the night of Sunday
        (Match(starts="22:00", ends="10:00", days=(0,)), False),
        (Match(direction="inbound", prefix="+44"), False),
    ],
)
def test_what_a_policy_matches(match: Match, fits: bool) -> None:
    decision = decide(PolicySet(policies=(policy(match=match),)), CALL)
    assert decision.mode == ("never" if fits else "always")


def test_the_first_that_matches_decides() -> None:
    ours, others = policy("on-demand", auto_resume_seconds=60), policy("never")
    decision = decide(PolicySet(policies=(policy(match=Match(prefix="+44")), ours, others)), CALL)
    assert (decision.mode, decision.policy, decision.auto_resume_seconds) == ("on-demand", ours.id, 60)
    assert not decision.to_record


def test_an_announcement_is_needed_and_known_by_header_or_metadata() -> None:
    by_header = PolicySet(policies=(policy("always", announced="header", announced_name="X-Announcement"),))
    assert decide(by_header, CALL).why == "not-announced"
    for said, mode in (("played", "always"), (" No ", "never"), ("unknown", "never"), ("", "never")):
        assert decide(by_header, replace(CALL, headers={"x-announcement": said})).mode == mode
    by_metadata = PolicySet(policies=(policy("always", announced="extension", announced_name="consent"),))
    assert decide(by_metadata, replace(CALL, headers={"consent": "yes"})).mode == "never"
    assert decide(by_metadata, replace(CALL, extensions={"consent": "yes"})).mode == "always"


def test_only_what_is_never_recorded_is_refused() -> None:
    assert decide(PolicySet(policies=(policy("never", refuse=True),)), CALL).refuse
    assert not decide(PolicySet(policies=(policy("always", refuse=True),)), CALL).refuse
    assert decide(PolicySet(policies=(policy("always", refuse=True, sampling=0),)), CALL).refuse


def test_a_sample_is_as_large_as_it_says_and_stays_the_same() -> None:
    tenth = PolicySet(policies=(policy("always", sampling=10),))
    drawn = [decide(tenth, replace(CALL, key=str(number))).mode == "always" for number in range(10_000)]
    assert 900 <= sum(drawn) <= 1_100
    assert drawn == [decide(tenth, replace(CALL, key=str(number))).mode == "always" for number in range(10_000)]
    other = PolicySet(policies=(policy("always", sampling=10),))
    again = [decide(other, replace(CALL, key=str(number))).mode == "always" for number in range(10_000)]
    assert sum(one and two for one, two in zip(drawn, again, strict=True)) < 200


times = st.from_regex(r"([01][0-9]|2[0-3]):[0-5][0-9]", fullmatch=True)
matches = st.builds(
    lambda numbers, prefix, direction, days, span: Match(
        numbers=numbers, prefix=prefix, direction=direction, days=days,
        starts=span[0] if span else "", ends=span[1] if span else "", zone="Europe/Rome",
    ),
    st.none() | st.frozensets(st.sampled_from([b"anna", b"bruno", b"carla"])),
    st.sampled_from(["", "+39", "+390584", "+44"]),
    st.sampled_from(["", "inbound", "outbound"]),
    st.lists(st.integers(0, 6), unique=True).map(tuple),
    st.none() | st.tuples(times, times),
)  # fmt: skip
policies = st.lists(
    st.builds(
        lambda ident, mode, match, sampling, refuse: Policy(
            id=ident, name="p", mode=mode, match=match, sampling=sampling, refuse=refuse
        ),
        st.uuids(),
        st.sampled_from(MODES),
        matches,
        st.integers(0, 100),
        st.booleans(),
    ),
    max_size=6,
).map(lambda made: PolicySet(policies=tuple(made)))
calls = st.builds(
    lambda key, at, numbers: replace(CALL, key=key, at=at.replace(tzinfo=UTC), numbers=numbers),
    st.text(max_size=8),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    st.frozensets(st.sampled_from([b"anna", b"bruno", b"carla"])),
)


@given(policies, calls, st.randoms())
def test_deciding_needs_nothing_but_the_call_and_what_comes_before(made: PolicySet, call: Call, random: object) -> None:
    decision = decide(made, call)
    assert decide(read_policies(made.to_json()), call) == decision
    named = [one.id for one in made.policies]
    if decision.policy is None:
        assert decision.mode == "always"
        return
    place = named.index(decision.policy)
    assert decide(PolicySet(policies=made.policies[: place + 1]), call) == decision
    assert decide(PolicySet(policies=made.policies[:place]), call).policy is None
    assert decision.mode in {made.policies[place].mode, "never"}


def test_what_cannot_be_read_says_so() -> None:
    with pytest.raises(MalformedFile):
        read_policies('{"policies":[{"id":"x"}],"version":1}')
