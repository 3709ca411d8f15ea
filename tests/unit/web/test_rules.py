"""The rules of the pages: filters, words, plots, ranges, where a sign-in may lead."""

from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.web import ranged, recording_filters, rules

TRUNK = UUID(int=7)


def test_an_address_is_a_view() -> None:
    query = {
        "number": " +39 0584 943232 ", "since": "2026-11-20", "until": "2026-11-22",
        "direction": "inbound", "trunk": str(TRUNK), "unknown": "x",
    }  # fmt: skip
    filters = recording_filters.parse_filters(query)
    assert filters == recording_filters.Filters(
        number="+39 0584 943232", since=date(2026, 11, 20), until=date(2026, 11, 22), direction="inbound", trunk=TRUNK
    )
    again = dict(pair.split("=") for pair in filters.query(after="c1").split("&"))
    assert again["after"] == "c1"
    assert again["direction"] == "inbound"
    assert not recording_filters.parse_filters({}).active


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("since", {"since": "yesterday"}),
        ("until", {"since": "2026-11-22", "until": "2026-11-21"}),
        ("until", {"until": "9999-12-31"}),
        ("direction", {"direction": "sideways"}),
        ("trunk", {"trunk": "main"}),
        ("number", {"number": "1" * 129}),
        ("tag", {"tag": "x" * 129}),
        ("group", {"group": "sales"}),
        ("shortest", {"shortest": "-1"}),
        ("longest", {"shortest": "10", "longest": "9"}),
        ("quality", {"quality": "superb"}),
        ("consent", {"consent": "perhaps"}),
        ("announced", {"announced": "tone"}),
    ],
)
def test_a_filter_that_is_none_is_named(field: str, query: dict[str, str]) -> None:
    with pytest.raises(rules.BadFilter) as refused:
        recording_filters.parse_filters(query)
    assert refused.value.field == field


def test_a_day_is_a_whole_day_of_the_reader_also_when_the_clock_changes() -> None:
    """On 25 October 2026 Italy has 25 hours."""
    filters = recording_filters.Filters(since=date(2026, 10, 25), until=date(2026, 10, 25))
    since, until = filters.instants(ZoneInfo("Europe/Rome"))
    assert since is not None
    assert until is not None
    assert since.astimezone(UTC) == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert until.astimezone(UTC) == datetime(2026, 10, 25, 23, tzinfo=UTC)


@pytest.mark.parametrize("name", [None, "", "../../etc/passwd", "Nowhere/City", "\x00", "a" * 300])
def test_a_zone_that_does_not_exist_is_utc(name: str | None) -> None:
    assert rules.zone_named(name) == ZoneInfo("UTC")


def test_a_zone_that_exists_is_used() -> None:
    assert rules.zone_named("America/Argentina/Ushuaia").key == "America/Argentina/Ushuaia"
    assert rules.zone_named("Europe%2FRome").key == "Europe/Rome"  # as a cookie carries it


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (12, "12 s"), (59.6, "1 min 0 s"), (192, "3 min 12 s"), (3840, "1 h 4 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert rules.duration_words(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1, "1 byte"),
        (812, "812 bytes"),
        (1400, "1.4 KB"),
        (14_000, "14 KB"),
        (3_400_000, "3.4 MB"),
        (5 * 10**12, "5000 GB"),
    ],
)
def test_sizes(size: int, words: str) -> None:
    assert rules.size_words(size) == words


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("+390584943232", "+39 0584 943232"), ("+33140205050", "+33 1 40 20 50 50"), ("4711", "4711"),
        ("sip:anna@pbx", "sip:anna@pbx"), ("", ""), ("anonymous", "anonymous"),
    ],
)  # fmt: skip
def test_numbers_are_grouped_as_their_country_does(raw: str, shown: str) -> None:
    assert rules.phone_words(raw) == shown


def test_words_for_what_nobody_has_named_yet() -> None:
    assert rules.kind_words("fax.sent-late") == "Fax: sent late"
    assert rules.ending_words("moon-phase") == "moon phase"
    assert rules.codec_words("OPUS") == "OPUS"


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=40), st.integers(0, 39))
def test_bars_stay_in_their_box_and_something_is_always_visible(values: list[float], now: int) -> None:
    drawn = rules.bars(values, ["x"] * len(values), now=now)
    for bar, value in zip(drawn, values, strict=True):
        assert 0 <= bar.x <= bar.x + bar.width <= 100.01
        assert bar.y >= 0
        assert bar.y + bar.height == pytest.approx(32, abs=0.02)
        assert (bar.height >= 2) == (value > 0)


@given(st.integers(1, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_range_is_what_rfc_9110_says(total: int, first: int, last: int) -> None:
    header = f"bytes={first}-{last}"
    if last < first:
        assert ranged.parse_range(header, total) is None
    elif first >= total:
        with pytest.raises(ValueError, match="after the end"):
            ranged.parse_range(header, total)
    else:
        span = ranged.parse_range(header, total)
        assert span == ranged.Span(start=first, stop=min(last + 1, total), total=total)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, None), ("bytes=-", None), ("items=0-1", None), ("bytes=0-1,4-5", None), ("bytes=a-b", None),
        ("bytes=0-", (0, 100)), ("bytes=-10", (90, 100)), ("bytes=-1000", (0, 100)), ("bytes=99-99", (99, 100)),
    ],
)  # fmt: skip
def test_the_forms_of_a_range(header: str | None, wanted: tuple[int, int] | None) -> None:
    span = ranged.parse_range(header, 100)
    assert (None if span is None else (span.start, span.stop)) == wanted


def test_an_empty_suffix_cannot_be_satisfied() -> None:
    with pytest.raises(ValueError, match="empty"):
        ranged.parse_range("bytes=-0", 100)


@pytest.mark.parametrize(
    "target",
    [
        "", "https://evil.example/", "//evil.example", "/c/other/", "/c/acme//evil.example", "/c/acme/\\evil",
        "/c/acme/\n", "javascript:alert(1)", "/provider/",
    ],
)  # fmt: skip
def test_signing_in_never_leads_elsewhere(target: str) -> None:
    assert rules.safe_next(target, prefix="/c/acme/") == "/c/acme/"


def test_signing_in_leads_back() -> None:
    assert rules.safe_next("/c/acme/audit/?kind=a.b", prefix="/c/acme/") == "/c/acme/audit/?kind=a.b"
