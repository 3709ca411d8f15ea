"""What the parties know and agree to: what follows what, what is kept, what stops a call; who says it was announced."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from parley.recordings import control
from parley.recordings.awareness import CONSENTS, ToldRefused, awareness, deed_for, require_follows
from parley.recordings.policies import Call, Decision, Policy, PolicySet, decide
from parley.recordings.types import UNSTEERED, Consent, ConsentRule, Deed, Steering, Told

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def said(*values: Consent) -> tuple[Told, ...]:
    return tuple(Told(about="consent", value=value, how="page", at=AT, by=uuid4()) for value in values)


@pytest.mark.parametrize(
    ("before", "fits"),
    [
        ((), {"asked", "given", "refused"}),
        (("asked",), {"given", "refused"}),
        (("asked", "given"), {"withdrawn"}),
        (("refused",), {"asked", "given"}),
        (("given", "withdrawn"), {"asked", "given"}),
    ],
)
def test_what_may_be_said_after_what(before: tuple[Consent, ...], fits: set[str]) -> None:
    known = awareness(UNSTEERED, said(*before))
    for value in CONSENTS:
        if value in fits:
            require_follows(known, said(value)[0])
        else:
            with pytest.raises(ToldRefused) as refused:
                require_follows(known, said(value)[0])
            assert refused.value.remedy


@pytest.mark.parametrize("rule", ["not-needed", "wanted", "needed"])
def test_only_where_it_is_needed_a_call_goes_for_want_of_consent(rule: ConsentRule) -> None:
    steering = replace(UNSTEERED, consent=rule)
    for before, last in (((), "not-asked"), (("asked",), "asked"), (("given",), "given"), (("refused",), "refused")):
        known = awareness(steering, said(*before))
        assert known.consent == last
        assert known.discarded == (rule == "needed" and last != "given")
        assert known.column == ("" if rule == "not-needed" and not before else last)


def test_a_no_stops_a_call_and_only_a_yes_lets_it_go_on() -> None:
    running = control.begin(Decision(mode="always", policy=None, why="policy", auto_resume_seconds=30))
    assert deed_for(awareness(running, ()), said("given")[0]) is None, "nothing was stopped"
    assert deed_for(awareness(running, ()), said("refused")[0]) == "stop"
    stopped = control.steer(running, "stop", at=AT)
    assert (control.state(stopped), stopped.writing, stopped.resumes_at) == ("stopped", False, None)
    assert control.possible(stopped) == ()
    refused: tuple[Deed, ...] = ("resume", "start", "keep", "pause", "stop")
    for deed in refused:
        with pytest.raises(control.DeedRefused):
            control.steer(stopped, deed, at=AT)
    assert deed_for(awareness(stopped, said("refused")), said("given")[0]) == "permit"
    permitted = control.steer(stopped, "permit", at=AT)
    assert control.state(permitted) == "paused"
    assert control.state(control.steer(permitted, "resume", at=AT)) == "recording"
    dormant = control.begin(Decision(mode="on-demand", policy=None, why="policy"))
    assert control.state(control.steer(dormant, "stop", at=AT)) == "stopped"
    with pytest.raises(control.DeedRefused):
        control.steer(control.begin(Decision(mode="never", policy=None, why="policy")), "stop", at=AT)
    with pytest.raises(control.DeedRefused):
        control.steer(running, "permit", at=AT)
    paused = control.steer(running, "pause", at=AT)
    assert control.steer(paused, "stop", at=AT).resumes_at is None


@pytest.mark.parametrize(
    ("fields", "headers", "told"),
    [
        ({}, {}, None),
        ({"notice": "tone"}, {}, ("tone", "policy")),
        ({"announced": "header", "announced_name": "X-Told"}, {"x-told": "yes"}, ("announcement", "header")),
        ({"announced": "header", "announced_name": "X-Told"}, {"x-told": "Beep"}, ("tone", "header")),
        ({"announced": "header", "announced_name": "X-Told", "notice": "tone"}, {"x-told": "1"}, ("tone", "header")),
        ({"announced": "header", "announced_name": "X-Told", "notice": "tone"}, {"x-told": "no"}, None),
    ],
)
def test_who_says_that_it_was_announced(
    fields: dict[str, Any], headers: dict[str, str], told: tuple[str, str] | None
) -> None:
    policy = Policy(id=uuid4(), name="p", mode="always", consent="wanted", **fields)
    call = Call(key="c", at=AT, trunk_id=uuid4(), headers=headers)
    steering = control.begin(decide(PolicySet(policies=(policy,)), call))
    assert (steering.consent, steering.notice) == ("wanted", policy.notice)
    found = [(one.value, one.how) for one in steering.told]
    assert found == ([told] if told else [])
    assert PolicySet(policies=(policy,)).to_json().count("notice") == 1


def test_a_call_of_before_knows_nothing() -> None:
    known = awareness(None, ())
    assert (known.notice, known.consent, known.column, known.discarded) == (None, "not-asked", "", False)
    assert Steering(mode="always", policy=None, why="default", kept=True, writing=True).told == ()
