"""Finding: by everything that is known of a call, by nothing that only looks alike; as fast far down as at the top."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.integration.recordings.conftest import Place, Somebody
from tests.support import many_recordings as many
from tests.support.spooled import CALLEE, CALLER

from parley.obligations.api import enqueue, run_due
from parley.people import api as people
from parley.people.models import Group, UserNumber
from parley.recordings import participants
from parley.recordings.api import (
    NAMES,
    NUMBER_INDEX,
    Party,
    Wanted,
    add_note,
    add_tag,
    cursor_before,
    cursor_of_page,
    index_names,
    remove_note,
    search,
)
from parley.recordings.models import NumberIndex, Recording, Tag, WordIndex
from parley.recordings.search import planned
from parley.tenancy import api as tenancy

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
STRANGER = Party(label="1", role="caller", name="Carla Müller-Rossi", number="+3905550001")


def found(viewer: Somebody, **wanted: Any) -> list[UUID]:
    return [row.recording_id for row in search(viewer, Wanted(**wanted)).rows]


def test_every_filter_finds_its_calls_and_no_other(place: Place, everybody: Somebody) -> None:
    first = place.recorded(at=NOON, parts=[])
    second = place.recorded(at=NOON + timedelta(hours=1), parts=[], parties=(STRANGER, CALLEE))
    third = place.recorded(at=NOON + timedelta(hours=2), parts=[], parties=(STRANGER,), trunk=UUID(int=5))
    Recording.objects.filter(id=second).update(quality="gaps", ended_at=NOON + timedelta(hours=1, minutes=10))
    Recording.objects.filter(id=third).update(quality="silent")
    note = add_note(everybody, first, moment_ms=None, text="Rückruf vereinbart", by=everybody.user_id, at=NOON)
    add_tag(everybody, first, tag="Complaint", moment_ms=3, by=everybody.user_id, at=NOON)
    add_tag(everybody, third, tag="complaint", by=everybody.user_id, at=NOON)
    user, group = _person(place, CALLER.number)
    asked: list[tuple[dict[str, Any], list[UUID]]] = [
        ({"participant": "muller"}, [third, second]),
        ({"participant": "Rossi Carla"}, [third, second]),
        ({"participant": "Ross"}, []),
        ({"participant": "zebedee carla"}, [second]),
        ({"participant": "!"}, []),
        ({"note": "RUCKRUF"}, [first]),
        ({"note": "zebedee"}, []),  # a name is no note
        ({"tag": " COMPLAINT "}, [third, first]),
        ({"tag": "compl"}, []),
        ({"tag": "complaint", "trunk": UUID(int=5)}, [third]),
        ({"users": (user,)}, [first]),
        ({"groups": (group,)}, [first]),
        ({"users": (uuid4(),)}, []),
        ({"quality": ("gaps", "silent")}, [third, second]),
        ({"quality": ("good",)}, [first]),
        ({"shortest": 60}, [second]),
        ({"longest": 60}, [third, first]),
        ({"shortest": 1, "longest": 1, "number": STRANGER.number}, [third]),
        ({"number": STRANGER.number, "participant": "bruno", "quality": ("gaps",), "until": NOON}, []),
        ({"number": STRANGER.number, "participant": "bruno", "quality": ("gaps",), "since": NOON}, [second]),
    ]
    for wanted, expected in asked:
        assert found(everybody, **wanted) == expected, wanted
    mine = Somebody(role="user", number_indexes=frozenset({place.spooler.index(NUMBER_INDEX, CALLER.number)}))
    assert found(mine, tag="complaint") == [first]
    assert found(mine, participant="carla") == []
    remove_note(everybody, note.id, by=everybody.user_id, at=NOON)
    assert found(everybody, note="ruckruf") == []


def _person(place: Place, number: str) -> tuple[UUID, UUID]:
    user = people.create_user(email=f"{uuid4().hex}@example.org", name="U", role="user", password=None)
    group = Group.objects.create(id=uuid4(), name=uuid4().hex)
    user.groups.add(group)
    value = place.spooler.index(NUMBER_INDEX, number)
    UserNumber.objects.create(id=uuid4(), user=user, number_index=value, sealed=b"s")
    return user.id, group.id


def test_an_earlier_segment_moves_its_conversation_in_every_index(place: Place, everybody: Somebody) -> None:
    late = place.recorded(at=NOON, conversation="one", parts=[])
    add_tag(everybody, late, tag="t", by=everybody.user_id, at=NOON)
    add_note(everybody, late, moment_ms=None, text="n", by=everybody.user_id, at=NOON)
    other = place.recorded(at=NOON - timedelta(minutes=5), parts=[])
    assert found(everybody) == [late, other]
    early = place.recorded(at=NOON - timedelta(hours=1), conversation="one", parts=[])
    assert found(everybody) == [other, early]
    assert found(everybody, number=CALLER.number) == [other, early]
    for wanted in ({"tag": "t"}, {"note": "n"}):
        assert found(everybody, until=NOON - timedelta(minutes=30), **wanted) == [early]
    assert {row.listed_at for row in Tag.objects.all()} == {NOON - timedelta(hours=1)}


def test_recordings_from_before_names_were_searched_get_their_words(
    place: Place, everybody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participants, "_AT_A_TIME", 2)
    made = [place.recorded(at=NOON + timedelta(minutes=minute), parts=[]) for minute in range(3)]
    altered = place.recorded(at=NOON + timedelta(minutes=9), parts=[])
    Recording.objects.filter(id=altered).update(sealed=b"x" * 60)
    WordIndex.objects.all().delete()
    enqueue(kind=NAMES, key=NAMES, due=NOON, payload={"after": str(UUID(int=0))})
    while run_due(place.customer, handlers={NAMES: index_names}, now=datetime.now(UTC)).done:
        pass
    assert found(everybody, participant="zebedee") == made[::-1]


def test_a_page_is_reached_by_its_number_and_by_its_day(place: Place, everybody: Somebody) -> None:
    made = [place.recorded(at=NOON + timedelta(hours=hour), parts=[]) for hour in range(7)]
    pages = [
        search(everybody, Wanted(), cursor=cursor_of_page(everybody, Wanted(), page=n, limit=3), limit=3)
        for n in (1, 2, 3, 4)
    ]
    assert [[row.recording_id for row in page.rows] for page in pages] == [made[6:3:-1], made[3:0:-1], made[:1], []]
    day = search(everybody, Wanted(), cursor=cursor_before(NOON + timedelta(hours=2)))
    assert [row.recording_id for row in day.rows] == made[1::-1]


@pytest.fixture(scope="module", params=[pytest.param(4_000), pytest.param(1_000_000, marks=pytest.mark.soak)])
def crowd(request: pytest.FixtureRequest, make_customer: Any, django_db_blocker: Any) -> Iterator[int]:
    """A customer with very many recordings, in scope; yields how many conversations."""
    with django_db_blocker.unblock(), tenancy.scope(make_customer()):
        many.add_many(request.param)
        yield request.param


@pytest.mark.parametrize(
    "wanted",
    [
        {"number": many.SWITCHBOARD},
        {"tag": many.TAG},
        {},
        {"until": many.END},
        {"trunk": many.TRUNKS[0]},
        {"consent": ("given",)},
    ],
)
def test_a_page_far_down_reads_as_many_rows_as_the_first(
    crowd: int, everybody: Somebody, wanted: dict[str, Any]
) -> None:
    question = Wanted(**wanted)
    lines = 0.3 * crowd if wanted else crowd
    deep = min(5000, int(lines / 50) - 2)
    cursor = cursor_of_page(everybody, question, page=deep)
    top, bottom = _read(everybody, question, None), _read(everybody, question, cursor)
    assert len(search(everybody, question, cursor=cursor).rows) == 50
    for plan in (top, bottom):
        assert plan["rows"] <= 60, plan  # 51 lines, and a few second segments
        assert plan["indexes"], plan
        assert not plan["sorted"], plan
    assert bottom["buffers"] <= top["buffers"] + 10


def test_a_search_of_several_things_walks_the_rarest(crowd: int, everybody: Somebody) -> None:
    rare = Wanted(number=many.RARE, tag=many.TAG, direction="inbound")
    plan = _read(everybody, rare, None)
    assert 0 < plan["walked"] <= 2 * many.count_of_rare(crowd)
    few = frozenset(NumberIndex.objects.order_by("id").values_list("value", flat=True)[:3])
    mine = Somebody(role="user", number_indexes=frozenset(bytes(one) for one in few))
    assert _read(mine, Wanted(), None)["rows"] <= 3 * 60


def test_the_few_who_refused_are_found_without_reading_the_many_who_did_not(crowd: int, everybody: Somebody) -> None:
    refused, withdrawn = crowd // 500, crowd // 1000
    for wanted, most in (
        (Wanted(consent=("refused",)), 60),
        (Wanted(consent=("refused", "withdrawn"), direction="inbound"), 250),
        (Wanted(number=many.SWITCHBOARD, consent=("refused",)), refused),  # the two never meet
        (Wanted(consent=("given",), notice=("none",)), withdrawn),
    ):
        assert _read(everybody, wanted, None)["rows"] <= most, wanted
    assert _read(everybody, Wanted(notice=("none", "not-known")), None)["rows"] <= 2 * 60
    lines = search(everybody, Wanted(consent=("refused", "withdrawn")), limit=200).rows
    assert len(lines) == min(200, refused + withdrawn)
    assert list(lines) == sorted(lines, key=lambda row: row.started_at, reverse=True)
    assert {row.consent for row in lines} == {"refused", "withdrawn"}


def _read(viewer: Somebody, wanted: Wanted, cursor: str | None) -> dict[str, Any]:
    """What PostgreSQL touched for one page: rows of the tables, buffers, indexes used, whether anything was sorted."""
    asked = planned(viewer, wanted, cursor=cursor)
    assert asked is not None
    sql, params = asked
    with connection.cursor() as db:
        db.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        plan = db.fetchone()[0]
    plan = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    nodes = list(_nodes(plan))
    scans = [node for node in nodes if "Relation Name" in node and node.get("Parent Relationship") != "SubPlan"]
    return {
        "rows": sum(node["Actual Rows"] * node["Actual Loops"] for node in scans),
        "walked": sum(node["Actual Rows"] * node["Actual Loops"] for node in scans if node["Alias"] == "t"),
        "buffers": plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
        "indexes": [node["Index Name"] for node in nodes if "Index Name" in node],
        "sorted": any(node["Node Type"] == "Sort" for node in nodes),
    }


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
