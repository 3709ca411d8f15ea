"""Which records are past a rule: the same by the cutoff that queries use and by each record's own end."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from parley.agreement.api import Span
from parley.retention import keeping, laws

ZONE = "Europe/Paris"
instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
spans = st.builds(Span, st.integers(1, 90), st.sampled_from(["days", "months", "hours"])) | st.builds(
    Span, st.integers(1, 12), st.just("years")
)


@given(instants, spans)
def test_the_cutoff_parts_what_is_due_from_what_is_not(at: datetime, keep: Span) -> None:
    due = keeping.cutoff(keep, at, zone=ZONE)
    assert laws.ends(due, keep, year_end=False, zone=ZONE) > at
    assert laws.ends(due - timedelta(microseconds=2), keep, year_end=False, zone=ZONE) <= at
