"""The timeline of a rehearsal as it is drawn: in order, on the line, labels that do not meet."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.agreement.api import Event, EventKind, available, load, rehearse
from parley.web.rehearsal import AXIS, HAPPENINGS, LABEL, LEFT, RIGHT, after_words, happening_of, positions, timeline

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
instants = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC))


def drawn(name, kind, now=NOON + timedelta(days=4)):
    moments = rehearse(load(name), Event(kind=kind, id="r", at=NOON), zone="Europe/Rome")
    return timeline(moments, event=NOON, name="it", now=now, zone="Europe/Rome")


def test_every_event_can_be_chosen():
    assert set(HAPPENINGS) == set(get_args(EventKind))


@given(st.lists(instants, min_size=1, max_size=20))
def test_positions_keep_the_order_of_time_and_stay_on_the_line(found):
    places = positions(found)
    ordered = [places[instant] for instant in sorted(set(found))]
    assert ordered == sorted(ordered)
    assert all(LEFT <= place <= RIGHT for place in ordered)


@pytest.mark.parametrize("name", available())
@pytest.mark.parametrize("kind", ["contract-ends", "incident-known", "rights-request-received", "audit-requested"])
def test_no_label_covers_another_and_no_stem_crosses_one(name, kind):
    picture = drawn(name, kind)
    boxes = [(pin["left"], pin["top"], pin["entries"][-1]["y"]) for pin in picture["pins"]]
    assert boxes
    for (left, top, low), (later, later_top, later_low) in pairwise(boxes):
        if later < left + LABEL:
            assert later_low <= top, "the label of the later pin is nearer to the line"
            assert later_top >= AXIS
        assert low <= picture["height"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "at once"), (1800, "30 minutes later"), (3600, "1 hour later"), (48 * 3600, "48 hours later"),
     (30 * 86400, "30 days later"), (1096 * 86400, "3 years later"), (-5, "before")],
)  # fmt: skip
def test_how_long_after_in_words(seconds, words):
    assert after_words(seconds) == words


@pytest.mark.parametrize(
    ("clause", "kind"),
    [
        ("IM-8.cloud", "contract-ends"),
        ("IM-3d.notice", "subprocessor-announced"),
        ("IM-3f.breach", "incident-known"),
        ("IM-9.procedure", "rights-request-received"),
        ("IM-3h.audit", "audit-requested"),
        ("IM-3a.instructions", "compulsion-received"),
        ("IM-2.warranty", "contract-signed"),
        ("IM-6.no-sale", ""),
        ("", ""),
    ],
)
def test_a_clause_leads_to_the_event_that_shows_it_at_work(clause, kind):
    assert happening_of(load("imagicle-dpa"), clause, now=NOON) == kind
