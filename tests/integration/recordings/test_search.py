"""People find the calls that they may see, and no others."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.integration.recordings.conftest import Place, PlaceFor, Somebody
from tests.support.spooled import CALLEE, CALLER

from parley.recordings.api import (
    NUMBER_INDEX,
    BadCursor,
    LiveReport,
    NoSuchRecording,
    Party,
    attention,
    end_live,
    figures,
    get,
    live,
    report_live,
    search,
    totals,
)
from parley.recordings.live import forget_stale
from parley.recordings.models import LiveCall
from parley.tenancy import api as tenancy

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
STRANGER = Party(label="1", role="caller", name="Carla", number="+3905550001")


@pytest.fixture
def calls(place: Place) -> dict[str, UUID]:
    """Four calls, an hour apart, the oldest first."""
    nothing: dict[str, object] = {"parts": []}
    record = place.recorded
    return {
        "first": record(at=NOON, **nothing),
        "outbound": record(at=NOON + timedelta(hours=1), direction="outbound", **nothing),
        "stranger": record(at=NOON + timedelta(hours=2), parties=(STRANGER, CALLEE), **nothing),
        "elsewhere": record(at=NOON + timedelta(hours=3), trunk=UUID(int=5), parties=(STRANGER,), **nothing),
    }


def found(viewer: Somebody, **filters: object) -> list[UUID]:
    return [row.recording_id for row in search(viewer, **filters).rows]  # type: ignore[arg-type]


def test_everything_is_listed_newest_first(calls: dict[str, UUID], everybody: Somebody) -> None:
    assert found(everybody) == list(reversed(calls.values()))


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"number": CALLER.number}, ["outbound", "first"]),
        ({"number": "0039 0584 943232"}, ["outbound", "first"]),
        ({"number": CALLEE.number}, ["stranger", "outbound", "first"]),
        ({"number": "+390584943233"}, []),
        ({"number": "+39058494323"}, []),
        ({"direction": "outbound"}, ["outbound"]),
        ({"trunk": UUID(int=5)}, ["elsewhere"]),
        ({"since": NOON + timedelta(hours=1)}, ["elsewhere", "stranger", "outbound"]),
        ({"until": NOON + timedelta(hours=1)}, ["first"]),
        ({"since": NOON + timedelta(hours=1), "until": NOON + timedelta(hours=2)}, ["outbound"]),
        ({"number": CALLER.number, "direction": "inbound"}, ["first"]),
    ],
)
def test_filters(calls: dict[str, UUID], everybody: Somebody, filters: dict[str, object], names: list[str]) -> None:
    assert found(everybody, **filters) == [calls[name] for name in names]


def test_a_national_number_is_read_as_a_trunk_would(place: Place, calls: dict[str, UUID], everybody: Somebody) -> None:
    assert found(everybody, number="0584943232") == []
    tenancy.add_trunk(
        place.customer,
        name="italy",
        sources=[f"127.9.{uuid4().bytes[0]}.{uuid4().bytes[1]}"],
        own_numbers=[],
        region="IT",
    )
    assert found(everybody, number="0584943232") == [calls["outbound"], calls["first"]]


def test_a_user_sees_own_calls_only(place: Place, calls: dict[str, UUID]) -> None:
    user = Somebody(role="user", number_indexes=frozenset({place.spooler.index(NUMBER_INDEX, CALLER.number)}))
    assert found(user) == [calls["outbound"], calls["first"]]
    assert found(user, number=STRANGER.number) == []
    assert get(user, calls["first"]).recording_id == calls["first"]
    for name in ("stranger", "elsewhere"):
        with pytest.raises(NoSuchRecording):
            get(user, calls[name])
    with pytest.raises(NoSuchRecording):
        get(user, uuid4())


def test_somebody_without_a_number_sees_nothing(calls: dict[str, UUID]) -> None:
    assert found(Somebody(role="user", number_indexes=frozenset())) == []


def test_of_a_conversation_only_the_visible_segments_are_shown(place: Place) -> None:
    own = place.recorded(at=NOON, conversation="group", parts=[])
    place.recorded(at=NOON - timedelta(minutes=1), conversation="group", parties=(STRANGER,), parts=[])
    user = Somebody(role="user", number_indexes=frozenset({place.spooler.index(NUMBER_INDEX, CALLER.number)}))
    row = search(user).rows[0]
    assert (row.recording_id, row.segments) == (own, 1)
    assert [segment.recording_id for segment in get(user, own).segments] == [own]


def test_pages_neither_skip_nor_repeat_while_calls_come_in(place: Place, everybody: Somebody) -> None:
    made = [place.recorded(at=NOON + timedelta(seconds=number // 2), parts=[]) for number in range(7)]
    pages, cursor = [], None
    while True:
        page = search(everybody, limit=2, cursor=cursor)
        pages.append([row.recording_id for row in page.rows])
        place.recorded(at=NOON + timedelta(days=1), parts=[])
        cursor = page.cursor
        if cursor is None:
            break
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert sorted(one for page in pages for one in page) == sorted(made)


@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "MjAyNi0xMS0yMF8x", "%00", "a" * 5000])
def test_a_made_up_place_in_the_list_is_refused(customer: tenancy.Customer, unblocked: None, cursor: str) -> None:
    with pytest.raises(BadCursor):
        search(Somebody(), cursor=cursor)


def test_another_customers_recordings_do_not_exist(
    calls: dict[str, UUID], make_customer: Callable[..., tenancy.Customer], everybody: Somebody
) -> None:
    with tenancy.scope(make_customer()):
        assert found(everybody) == []
        with pytest.raises(NoSuchRecording):
            get(everybody, calls["first"])


def test_figures_count_each_recording_where_it_began(calls: dict[str, UUID], everybody: Somebody) -> None:
    slots = figures(everybody, since=NOON, until=NOON + timedelta(hours=5), step=timedelta(hours=1))
    assert [slot.recordings for slot in slots] == [1, 1, 1, 1, 0]
    assert [slot.seconds for slot in slots] == [1.0, 1.0, 1.0, 1.0, 0.0]
    assert slots[1].starts_at == NOON + timedelta(hours=1)
    assert totals().recordings == 4
    assert totals().last == NOON + timedelta(hours=3)


def test_what_went_wrong_is_counted(place: Place, everybody: Somebody) -> None:
    place.recorded(at=NOON, reason="interrupted", parts=[])
    place.recorded(at=NOON, parts=[])
    trouble = attention(everybody, since=NOON)
    assert (trouble.unplayable, trouble.interrupted) == (0, 1)


def test_live_calls_are_shown_to_whoever_may_see_them(place: Place, everybody: Somebody) -> None:
    manifest = place.spooler.manifest(at=NOON)
    now = datetime.now(UTC)
    for packets in (10, 20):
        report_live(LiveReport(manifest=manifest, at=now, packets=packets, bytes=160 * packets))
    user = Somebody(role="user", number_indexes=frozenset({place.spooler.index(NUMBER_INDEX, CALLER.number)}))
    stranger = Somebody(role="user", number_indexes=frozenset({place.spooler.index(NUMBER_INDEX, STRANGER.number)}))
    for viewer in (everybody, user):
        (call,) = live(viewer)
        assert (call.recording_id, call.packets, call.parties) == (manifest.recording_id, 20, (CALLER, CALLEE))
    assert live(stranger) == ()
    assert live(everybody, now=now + timedelta(seconds=16)) == ()
    end_live(manifest.recording_id)
    assert live(everybody) == ()


def test_a_silent_recorders_calls_are_forgotten(place: Place) -> None:
    report_live(LiveReport(manifest=place.spooler.manifest(at=NOON), at=NOON, packets=0, bytes=0))
    assert forget_stale(now=NOON + timedelta(minutes=59)) == 0
    assert forget_stale(now=NOON + timedelta(minutes=61)) == 1
    assert not LiveCall.objects.exists()


def test_watchers_are_told_when_a_call_begins_and_when_it_is_finalised(place: Place) -> None:
    manifest = place.spooler.manifest(at=NOON)
    with tenancy.connect(place.customer, autocommit=True) as watcher:
        watcher.execute("LISTEN live")
        for packets in (1, 2, 3):
            report_live(LiveReport(manifest=manifest, at=datetime.now(UTC), packets=packets, bytes=0))
        place.recorded(parts=[])
        told = [notice.payload for notice in watcher.notifies(timeout=0.5)]
    assert told[0] == str(manifest.recording_id)
    assert len(told) == 2


def test_customer_held_parties_are_searchable_but_stay_sealed(
    make_customer: Callable[..., tenancy.Customer], place_for: PlaceFor, everybody: Somebody
) -> None:
    with tenancy.scope(make_customer(custody="customer-held", agreement="ixcloud-dpa")) as customer:
        place_for(customer).recorded(parts=[])
        (row,) = search(everybody, number=CALLER.number).rows
        assert (row.sealed, row.parties, row.rendition) == (True, (), "customer-held")
