"""One deed with many recordings: all or as many as may be, in batches, seen and proved, by whoever may see them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from tests.integration.recordings.conftest import Place, Somebody
from tests.integration.recordings.test_finalize import details_of
from tests.support.recorded_rows import add_recording
from tests.support.spooled import CALLER

from parley.inventory.api import Held
from parley.obligations.api import run_due
from parley.people.api import Role, change_role, create_user, set_active, viewer
from parley.recordings import bulk
from parley.recordings.api import NUMBER_INDEX, AnnotationRefused, NoSuchRecording, Wanted, search, tags, using_store
from parley.recordings.bulk import Deed
from parley.recordings.models import Recording
from parley.retention import api as retention

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
OTHER = "+3905550001"


def test_many_are_tagged_and_deleted_and_what_must_stay_stays(
    place: Place, everybody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "SIZE", 3)
    made = [add_recording(at=AT + timedelta(minutes=n), numbers=[CALLER.number], parts=0) for n in range(8)]
    rows = {row.id: row.conversation_id for row in Recording.objects.all()}
    held = Held(store="recordings", kind="recording", id=made[4], at=AT + timedelta(minutes=4))
    retention.place_hold(
        title="T", ground="G", owner=uuid4(), review_at=AT + timedelta(days=300), by=uuid4(), at=AT, records=[held]
    )
    records = bulk.chosen(everybody, list(rows.values()))
    assert [one.id for one in records] == made
    by = create_user(email="o@bulk.example", name="Olga", password=None, role="compliance").id
    tagging = bulk.start(everybody, "tag", records, tag="Case 7", key="k1", by=by, at=AT)
    assert bulk.start(everybody, "tag", records, tag="Case 7", key="k1", by=by, at=AT) == tagging
    assert bulk.progress(tagging).seen == 0
    with using_store(place.store):
        while run_due(place.customer, handlers=bulk.handlers(), now=datetime.now(UTC)).done:
            pass
        view = bulk.progress(tagging, by=by)
        assert (view.total, view.done, view.kept, bool(view.finished_at)) == (8, 7, {"hold": 1}, True)
        assert {one.tag for one in tags(everybody, made[0])} == {"Case 7"}
        assert tags(everybody, made[4]) == ()
        found = bulk.chosen(everybody, [rows[one] for one in made[2:6]])
        deleting = bulk.start(everybody, "delete", found, key="k2", by=by, at=AT)
        while run_due(place.customer, handlers=bulk.handlers(), now=datetime.now(UTC)).done:
            pass
    view = bulk.progress(deleting)
    assert (view.done, view.kept) == (3, {"hold": 1})
    assert set(Recording.objects.values_list("id", flat=True)) == set(made) - {made[2], made[3], made[5]}
    assert details_of("recording.bulk").keys() == {"bulk", "deed", "recordings", "ids_sha256", "user"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_pending WHERE kind = 'retention.erased'")
        assert cursor.fetchone() == (2,)  # one for each batch that erased
        cursor.execute("SELECT count(*) FROM recordings_tag WHERE recording_id <> ALL(%s)", [made[:2] + made[6:]])
        assert cursor.fetchone() == (0,)


def test_what_somebody_may_do_no_more_is_not_done(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "SIZE", 2)
    create_user(email="a@bulk.example", name="Ada", password=None, role="administrator")
    olga = create_user(email="o@bulk.example", name="Olga", password=None, role="compliance", numbers=[CALLER.number])
    mine = [add_recording(at=AT + timedelta(minutes=n), numbers=[CALLER.number], parts=0) for n in range(3)]
    theirs = add_recording(at=AT + timedelta(minutes=9), numbers=[OTHER], parts=0)

    def done(deed: Deed, change: Callable[[], object]) -> tuple[int, Mapping[str, int]]:
        records = bulk.chosen(viewer(olga), list(Recording.objects.values_list("conversation_id", flat=True)))
        begun = bulk.start(viewer(olga), deed, records, tag="x", key=str(uuid4()), by=olga.id, at=AT)
        change()
        with using_store(place.store):
            while run_due(place.customer, handlers=bulk.handlers(), now=datetime.now(UTC)).done:
                pass
        view = bulk.progress(begun)
        assert view.finished_at
        return view.done, view.kept

    def become(role: Role) -> None:
        change_role(olga.id, role=role, by=uuid4(), at=AT)
        olga.refresh_from_db()

    assert done("tag", lambda: become("user")) == (3, {"right": 1})
    become("compliance")
    assert done("delete", lambda: become("user")) == (0, {"right": 4})
    become("compliance")
    assert done("delete", lambda: set_active(olga.id, active=False, by=uuid4(), at=AT)) == (0, {"right": 4})
    assert set(Recording.objects.values_list("id", flat=True)) == {*mine, theirs}


def test_nobody_reaches_what_they_do_not_see(place: Place, everybody: Somebody) -> None:
    seen, hidden = add_recording(at=AT, numbers=[CALLER.number]), add_recording(at=AT, numbers=[OTHER])
    mine = Somebody(role="user", number_indexes=frozenset({place.spooler.index(NUMBER_INDEX, CALLER.number)}))
    lines = dict(Recording.objects.values_list("id", "conversation_id"))
    assert [one.id for one in bulk.chosen(mine, list(lines.values()))] == [seen]
    for records in ([], [Held(store="recordings", kind="recording", id=hidden, at=AT)]):
        with pytest.raises(NoSuchRecording):
            bulk.start(mine, "delete", records, key="k", by=mine.user_id, at=AT)
    with pytest.raises(AnnotationRefused):
        bulk.start(mine, "tag", bulk.chosen(mine, list(lines.values())), tag=" ", key="k", by=mine.user_id, at=AT)
    begun = bulk.start(mine, "tag", bulk.chosen(mine, [lines[seen]]), tag="x", key="k", by=mine.user_id, at=AT)
    with pytest.raises(NoSuchRecording):
        bulk.progress(begun, by=uuid4())
    assert search(mine, Wanted(tag="x")).rows == ()  # it was only begun
