"""High-risk detection (WP248 rev.01) and what must be there before a disclosure or an end of an assessment."""

from datetime import UTC, datetime, timedelta

import pytest

from parley.governance.assistance.errors import AssistanceFormError, NotYet
from parley.governance.assistance.rules import (
    _OFFERINGS,
    _PURPOSES,
    CRITERIA,
    LARGE_SCALE,
    QUESTIONS,
    assess,
    check_assessment,
    check_disclosure,
    hidden_from_customer,
)
from parley.governance.assistance.types import Processing

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "criteria"),
    [
        ({}, set()),
        ({"offerings": {"fax"}}, set()),
        ({"offerings": {"call-recording"}}, {"monitoring"}),
        ({"offerings": {"call-recording"}, "subjects": {"employee"}}, {"monitoring", "vulnerable"}),
        ({"offerings": {"voice-analytics"}}, {"scoring", "special-categories", "innovative"}),
        ({"offerings": {"agents"}}, {"automated-decisions", "innovative"}),
        ({"purposes": {"share-audiences"}}, {"scoring", "matching"}),
        ({"categories": {"user.health_and_medical"}}, {"special-categories"}),
        ({"categories": {"user.biometric.voice"}}, {"special-categories"}),
        ({"categories": {"user.contact.email"}}, set()),
        ({"people": LARGE_SCALE}, {"large-scale"}),
        ({"people": LARGE_SCALE - 1}, set()),
        ({"minors": True}, {"vulnerable"}),
        ({"declared": {"prevents-rights"}}, {"prevents-rights"}),
    ],
)
def test_the_criteria_are_seen(given: dict[str, object], criteria: set[str]) -> None:
    facts = {name: frozenset(value) if isinstance(value, set) else value for name, value in given.items()}
    risk = assess(Processing(**facts))  # type: ignore[arg-type]
    assert risk.criteria == criteria
    assert risk.likely_high is (len(criteria) >= 2)
    assert all(sign.because for sign in risk.signs)


def test_the_tables_speak_of_what_exists() -> None:
    from parley.agreement.api import OFFERINGS, PURPOSES

    assert len(CRITERIA) == 9
    assert {*_OFFERINGS, *_PURPOSES} <= set(CRITERIA)
    assert {one for row in _OFFERINGS.values() for one in row} <= set(OFFERINGS)
    assert {one for row in _PURPOSES.values() for one in row} <= set(PURPOSES)


def test_an_assessment_is_finished_only_when_whole() -> None:
    whole = {
        "answers": dict.fromkeys(QUESTIONS, "an answer"),
        "measures": "sealed on receipt",
        "residual": "low",
        "consultation": "",
        "finish": True,
    }
    check_assessment(**whole)  # type: ignore[arg-type]
    thin = {"answers": {}, "measures": "", "residual": "", "consultation": "", "finish": False}
    check_assessment(**thin)  # type: ignore[arg-type]
    for wrong in ({"answers": {}}, {"measures": " "}, {"residual": ""}, {"residual": "high"}, {"answers": {"x": "y"}}):
        with pytest.raises(AssistanceFormError):
            check_assessment(**whole | wrong)  # type: ignore[arg-type]
    check_assessment(**whole | {"residual": "high", "consultation": "asked on 3 March"})  # type: ignore[arg-type]


def test_nothing_is_disclosed_before_the_customer_was_told_unless_a_law_forbids() -> None:
    facts = {"silence": "", "silent_until": None, "told_at": None, "manifest": "3 recordings", "at": NOW}
    with pytest.raises(NotYet):
        check_disclosure(**facts)  # type: ignore[arg-type]
    with pytest.raises(NotYet):
        check_disclosure(**facts | {"told_at": NOW + timedelta(seconds=1)})  # type: ignore[arg-type]
    check_disclosure(**facts | {"told_at": NOW - timedelta(hours=1)})  # type: ignore[arg-type]
    check_disclosure(**facts | {"silence": "Art. 1 of some act"})  # type: ignore[arg-type]
    with pytest.raises(NotYet):
        check_disclosure(**facts | {"silence": "some act", "silent_until": NOW})  # type: ignore[arg-type]
    with pytest.raises(AssistanceFormError):
        check_disclosure(**facts | {"told_at": NOW, "manifest": ""})  # type: ignore[arg-type]


def test_silence_ends() -> None:
    until = NOW + timedelta(days=1)
    assert hidden_from_customer(silence="act", silent_until=until, told_at=None, at=NOW)
    assert not hidden_from_customer(silence="act", silent_until=until, told_at=None, at=until)
    assert not hidden_from_customer(silence="act", silent_until=None, told_at=NOW, at=NOW)
    assert not hidden_from_customer(silence="", silent_until=None, told_at=None, at=NOW)
