"""Phases follow from the agreement, in order, and never beyond its last instant."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.agreement.api import available, compose, end_instants, load
from parley.lifecycle.rules import LEAD, EndFacts, close_at, destroy_at, facts_of, last_start, timeline

ZONE = "Europe/Rome"
END = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
AGREEMENTS = sorted(available())
instants = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC))


def keys(name: str, *, confirmed: datetime | None = None) -> list[str]:
    facts = facts_of(load(name), ends_at=END, zone=ZONE)
    return [one.key for one in timeline(facts, ends_at=END, zone=ZONE, confirmed=confirmed).phases]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # imagicle-dpa IM-8.cloud: 30 days with access, then in backup, exports until all is destroyed after 90 days
        ("imagicle-dpa", ["running", "accessible", "returnable", "destruction", "gone"]),
        # ixcloud-dpa IX-11.end: 15 days, nothing is returned
        ("ixcloud-dpa", ["running", "kept", "destruction", "gone"]),
        # kavkom-dpa KV-8.end: 30 days, export until then
        ("kavkom-dpa", ["running", "returnable", "destruction", "gone"]),
        # ucx-terms UX-11: 30 days to renew, exports for 3 months, then gone
        ("ucx-terms", ["running", "renewable", "returnable", "destruction", "gone"]),
        # imagino-policy IG-X.end: 30 days, ours
        ("imagino-policy", ["running", "returnable", "destruction", "gone"]),
    ],
)
def test_the_phases_of_each_agreement(name: str, expected: list[str]) -> None:
    assert keys(name) == expected


def test_the_stricter_of_a_composition_holds() -> None:
    agreements = [load("imagicle-dpa"), load("ucx-terms")]
    composed = compose(agreements).agreement
    facts = facts_of(composed, ends_at=END, zone=ZONE)
    assert facts.destroy <= min(end_instants(one.terms.end, END, zone=ZONE).destroy for one in agreements)


@given(
    name=st.sampled_from(AGREEMENTS),
    ends_at=instants,
    zone=st.sampled_from(["UTC", "Europe/Rome", "America/New_York", "Pacific/Apia"]),
    confirmed=st.none() | st.integers(min_value=-40, max_value=120),
)
def test_phases_are_in_order_and_never_later_than_destruction(
    name: str, ends_at: datetime, zone: str, confirmed: int | None
) -> None:
    facts = facts_of(load(name), ends_at=ends_at, zone=zone)
    word = None if confirmed is None else ends_at + timedelta(days=confirmed)
    line = timeline(facts, ends_at=ends_at, zone=zone, confirmed=word)
    for left, right in pairwise(line.phases):
        assert left.ends == right.starts
        assert left.starts < right.starts
    assert line.phases[-1].starts <= facts.destroy
    close, destroy = (at(facts, ends_at=ends_at, confirmed=word) for at in (close_at, destroy_at))
    assert ends_at <= close <= destroy <= last_start(facts) <= facts.destroy
    assert word is None or destroy <= max(word, ends_at)
    assert facts.link_expires(ends_at, zone=zone) <= facts.destroy
    assert line.phase(ends_at + timedelta(days=4000)).key == "gone"


@given(name=st.sampled_from(AGREEMENTS), ends_at=instants)
def test_what_a_departure_keeps_says_the_same(name: str, ends_at: datetime) -> None:
    facts = facts_of(load(name), ends_at=ends_at, zone=ZONE)
    assert EndFacts.from_json(facts.to_json()) == facts


def test_destruction_begins_two_hours_before_the_last_instant() -> None:
    facts = facts_of(load("ixcloud-dpa"), ends_at=END, zone=ZONE)
    assert facts.destroy - last_start(facts) == LEAD == timedelta(hours=2)


def test_standard_clauses_want_the_certificate_unasked() -> None:
    facts = facts_of(load("ixcloud-dpa"), ends_at=END, zone=ZONE, scc=True)
    assert facts.certificate == "always"
    assert facts.clauses["certificate"] == "SCC.8.5"
    assert facts_of(load("ixcloud-dpa"), ends_at=END, zone=ZONE).certificate == "on-request"
