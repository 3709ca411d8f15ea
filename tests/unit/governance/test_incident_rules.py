"""Who can be affected, what a clock looks like, what a notice says: without a database."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from parley.governance.incidents import words
from parley.governance.incidents.rules import excluded, touched
from parley.governance.incidents.types import (
    ContactPoint,
    CountLine,
    Criteria,
    Knowledge,
    criteria_from_json,
)
from parley.web import incident_words

KNOWN = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (Criteria(), None),
        (Criteria(customers=("a",)), None),
        (Criteria(customers=("b",)), "not-named"),
        (Criteria(regions=("eu",)), None),
        (Criteria(regions=("eu-frankfurt",)), None),
        (Criteria(regions=("eu-paris",)), "other-region"),
        (Criteria(regions=("e",)), "other-region"),
        (Criteria(recipient="sms"), None),
        (Criteria(recipient="sms", until=KNOWN), "other-recipient"),
        (Criteria(recipient="other"), "other-recipient"),
        (Criteria(customers=("a",), regions=("us",)), "other-region"),
    ],
)
def test_who_cannot_be_affected_is_told_why(criteria: Criteria, expected: str | None) -> None:
    found = excluded(criteria, handle="a", region="eu-frankfurt", recipients={"sms": KNOWN}, now=KNOWN + HOUR)
    assert found == expected


@pytest.mark.parametrize(
    ("customers", "records", "expected"),
    [((), 1, "affected"), ((), 0, "nothing-found"), (("a",), 0, "named"), (("a",), 2, "affected")],
)
def test_records_or_a_name_make_a_customer_affected(customers: tuple[str, ...], records: int, expected: str) -> None:
    assert touched(Criteria(customers=customers), handle="a", records=records) == expected


def test_criteria_survive_being_stored() -> None:
    criteria = Criteria(
        offering="call-recording", since=KNOWN, until=KNOWN + HOUR, regions=("eu",), categories=("user.name",),
        recipient="sms", customers=("a", "b"),
    )  # fmt: skip
    assert criteria_from_json(criteria.to_json()) == criteria
    assert criteria_from_json({}) == Criteria()


@pytest.mark.parametrize(
    ("sent", "now", "shape", "word", "used"),
    [
        (None, KNOWN + 12 * HOUR, "due", "running", 25.0),
        (None, KNOWN + 49 * HOUR, "late", "late", 100.0),
        (KNOWN + 24 * HOUR, KNOWN + 90 * HOUR, "kept", "told in time", 50.0),
        (KNOWN + 60 * HOUR, KNOWN + 90 * HOUR, "late", "told late", 100.0),
    ],
)
def test_a_clock_reads_as_it_stands(sent: datetime | None, now: datetime, shape: str, word: str, used: float) -> None:
    clock = incident_words.clock(known_at=KNOWN, due=KNOWN + 48 * HOUR, sent_at=sent, problem="", now=now)
    assert (clock.shape, str(clock.word), clock.used) == (shape, word, used)


def test_who_cannot_be_told_is_late_whatever_the_clock_says() -> None:
    clock = incident_words.clock(known_at=KNOWN, due=KNOWN + 48 * HOUR, sent_at=None, problem="no-address", now=KNOWN)
    assert clock.shape == "late"


def test_months_are_the_readers() -> None:
    last = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)  # already March in Rome
    bars = incident_words.months([last], now=KNOWN, zone=ZoneInfo("Europe/Rome"))
    assert len(bars) == 12 and bars[-1].label == "Mar 2026 · 1"


def test_a_cell_that_a_spreadsheet_would_run_is_quoted() -> None:
    answer = incident_words.sheet("x", ["a"], [["=1+1"], ["plain"], [None]])
    assert answer.content.decode().splitlines() == ["a", "'=1+1", "plain", '""']


def facts(**more: object) -> words.NoticeFacts:
    given = {
        "number": 1, "kind": "first", "customer": "Hotel <Miramare> & Sons", "reference": "INC-1", "title": "T",
        "breach_kind": "integrity", "known_at": KNOWN, "at": KNOWN + HOUR,
        "knowledge": Knowledge(nature="<b>x</b>", consequences="c", measures="m"),
        "contact": ContactPoint(name="N", email="n@provider.example"),
        "counts": [CountLine(category="user.user_sensor", subject="call_party", records=2, persons=3)],
        "persons": 3, "records": 2, "since": None, "until": None, "clause": "KV-6.breach", "agreement": "kavkom-dpa",
        "within": "48 hours", "promised": True, "due": KNOWN + 48 * HOUR, "follow_up": KNOWN + 72 * HOUR,
        "zone": "Europe/Paris", "link": "http://127.0.0.1/c/a/incidents/1/",
    }  # fmt: skip
    return words.NoticeFacts(**given | more)  # type: ignore[arg-type]


def test_a_notice_names_clause_and_deadline_in_the_customers_zone() -> None:
    written = words.notice(facts())
    assert written.subject == "Personal data breach: T [INC-1/1]"
    assert "Mon 30 Mar 2026, 14:00 CEST (12:00 UTC)" in written.text  # across a change of clocks
    assert "KV-6.breach" in written.text and "KV-6.breach" in written.html
    assert "voices: what was said in recorded calls (people on calls): 2 records, 3 persons" in written.text


def test_what_people_wrote_is_text_in_html() -> None:
    written = words.notice(facts())
    assert "<b>x</b>" not in written.html and "&lt;b&gt;x&lt;/b&gt;" in written.html
    assert "<b>x</b>" in written.text and "Hotel <Miramare> & Sons" in written.text


def test_no_notice_has_holes() -> None:
    for kind in ("first", "further", "closing"):
        text = words.notice(facts(kind=kind, number=2, told=[(1, KNOWN)])).text
        assert "\n\n\n" not in text and "{" not in text
        assert all(line == line.rstrip() for line in text.splitlines())
