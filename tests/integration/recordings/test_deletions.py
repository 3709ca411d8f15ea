"""Deletion with a second person, and that afterwards nothing is left anywhere: objects, renditions, rows, indexes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from tests.integration.recordings.conftest import Place
from tests.integration.recordings.test_finalize import details_of
from tests.support.recorded_rows import add_recording
from tests.support.spooled import CALLER

from parley.inventory.api import Held
from parley.mail.models import Message
from parley.obligations.api import run_due
from parley.people import api as people
from parley.recordings import api as recordings
from parley.recordings.models import Recording
from parley.retention import api as retention
from parley.retention.models import DeletionRequest

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
PAGE = "https://x.example/deletions/"


@pytest.fixture
def team(place: Place) -> Iterator[dict[str, people.Viewer]]:
    """Two who may delete, an administrator, and one who may not."""
    password = "a sentence that nobody guesses 9"
    roles = {"ada": "administrator", "bo": "compliance", "cy": "compliance", "una": "user"}
    made = {
        name: people.create_user(
            email=f"{name}@two.example", name=name, role=role, password=password,
            numbers=[CALLER.number] if name == "una" else (),
        )
        for name, role in roles.items()
    }  # fmt: skip
    yield {name: people.viewer(user) for name, user in made.items()}


def held(recording: UUID, at: datetime = AT) -> Held:
    return Held(store="recordings", kind="recording", id=recording, at=at)


def work(place: Place, now: datetime) -> None:
    handlers = {**recordings.bulk.handlers(), **retention.handlers()}
    with recordings.using_store(place.store):
        while run_due(place.customer, handlers=handlers, now=now).done:
            pass


def test_nothing_goes_before_a_second_person_agrees_and_then_nothing_is_left(
    place: Place, team: dict[str, people.Viewer]
) -> None:
    mine = place.recorded()
    assert place.render().done == 1
    now = datetime.now(UTC)
    bo, cy = team["bo"], team["cy"]
    recordings.add_note(bo, mine, moment_ms=10, text="a promise", by=bo.user_id, at=now)
    recordings.add_tag(bo, mine, tag="claim", by=bo.user_id, at=now)
    recordings.give_reason(bo, mine, code="other", text="why", by=bo.user_id, at=now)
    stays = place.recorded()
    with recordings.using_store(place.store):
        kept_before = recordings.STORE.present([stays])
    records = [held(mine, recordings.get(bo, mine).started_at)]
    recordings.deletions.set_rule(team["ada"], second=True, days=3, at=now)
    for gate in (
        lambda: recordings.bulk.start(bo, "delete", records, key="k", by=bo.user_id, at=now),
        lambda: retention.dispose(records, cause="customer", reference="by hand", at=now, by=bo.user_id),
        lambda: retention.dispose(
            records, cause="customer", reference="by hand", at=now, by=bo.user_id, approval=uuid4()
        ),
    ):
        with pytest.raises(retention.ApprovalRequired):
            gate()
    with pytest.raises(retention.ApprovalRefused):
        recordings.deletions.begin(bo, records, why=" ", key="k", address=PAGE, at=now)
    begun = recordings.deletions.begin(bo, records, why="told too much", key="k", address=PAGE, at=now)
    assert begun.request and begun.bulk is None
    again = recordings.deletions.begin(bo, records, why="told too much", key="k", address=PAGE, at=now)
    assert again == begun
    letter = Message.objects.get(purpose="deletion-request")
    work(place, now)
    assert Recording.objects.count() == 2
    with pytest.raises(retention.ApprovalRefused, match="asked for"):
        recordings.deletions.approve(bo, begun.request, at=now)
    with pytest.raises(recordings.DeletionRefused):
        recordings.deletions.approve(team["una"], begun.request, at=now)
    assert recordings.deletions.get(cy, begun.request).why == "told too much"
    recordings.deletions.approve(cy, begun.request, at=now)
    with pytest.raises(retention.ApprovalRefused):
        recordings.deletions.approve(team["ada"], begun.request, at=now)
    with pytest.raises(retention.ApprovalRequired):  # the approval is for what was named, and nothing else
        retention.dispose([held(stays)], cause="customer", reference="x", at=now, by=bo.user_id, approval=begun.request)
    work(place, datetime.now(UTC))
    assert recordings.bulk.progress(begun.request).done == 1
    assert set(place.objects.rglob(f"*{mine}*")) == set()
    assert not [head for head in place.store.list(f"{place.customer.id}/") if str(mine) in head.key]
    assert left(mine) == set()
    assert left(stays) and Recording.objects.filter(id=stays).exists()
    with recordings.using_store(place.store):
        assert recordings.STORE.present([mine]) == frozenset()
        assert recordings.STORE.present([stays]) == kept_before == {stays}
    erased = details_of("retention.erased")
    asked, agreed = str(bo.user_id), str(cy.user_id)
    assert (erased["by"], erased["approved_by"], erased["approval"]) == (asked, agreed, str(begun.request))
    approved = details_of("deletion.approved")
    assert (approved["asked_by"], approved["decided_by"]) == (asked, agreed)
    assert approved["ids_sha256"] == erased["ids_sha256"] == details_of("deletion.requested")["ids_sha256"]
    assert "told too much" not in str((erased, approved, letter.subject))


def left(recording: UUID) -> set[str]:
    """Every table of recordings with a row of it, found from the database's own list of columns, not from ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_name LIKE 'recordings\\_%%'"
            " AND (column_name = 'recording_id' OR (table_name = 'recordings_recording' AND column_name = 'id'))"
        )
        columns = cursor.fetchall()
        assert len(columns) >= 8
        found = set()
        for table, column in columns:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", [recording])
            if cursor.fetchone()[0]:
                found.add(table)
    return found


def test_requests_end_and_holds_keep(place: Place, team: dict[str, people.Viewer]) -> None:
    bo, cy, una = team["bo"], team["cy"], team["una"]
    ids = [add_recording(at=AT + timedelta(minutes=n), numbers=[CALLER.number], parts=0) for n in range(4)]
    records = [held(one, AT + timedelta(minutes=n)) for n, one in enumerate(ids)]
    for wrong in (bo, una):
        with pytest.raises(recordings.DeletionRefused):
            recordings.deletions.set_rule(wrong, second=True, days=2, at=AT)
    with pytest.raises(retention.RuleRefused):
        recordings.deletions.set_rule(team["ada"], second=True, days=0, at=AT)
    recordings.deletions.set_rule(team["ada"], second=True, days=2, at=AT)

    def asked(some: list[Held], key: str, who: people.Viewer = bo) -> UUID:
        return recordings.deletions.ask(who, some, why="why", key=key, address=PAGE, at=AT).id

    with pytest.raises(recordings.DeletionRefused):
        asked(records[:1], "una", una)
    back = asked(records, "back")
    assert asked(records, "back again") == back, "the same records wait once"
    assert recordings.deletions.refuse(bo, back, at=AT).state == "withdrawn"
    refused = asked(records, "refused")
    assert recordings.deletions.refuse(cy, refused, at=AT).state == "refused"
    late, partly = asked(records[:3], "late"), asked(records, "partly")
    retention.place_hold(
        title="T", ground="G", owner=uuid4(), review_at=AT + timedelta(days=300), by=uuid4(), at=AT,
        records=records[:1],
    )  # fmt: skip
    with pytest.raises(retention.RuleRefused, match="hold"):
        asked(records[:1], "held")
    recordings.deletions.approve(cy, partly, at=AT + timedelta(days=1))
    work(place, AT + timedelta(days=1))
    assert recordings.bulk.progress(partly).kept == {"hold": 1}
    assert list(Recording.objects.values_list("id", flat=True)) == ids[:1]
    with pytest.raises(retention.ApprovalRefused):
        recordings.deletions.approve(cy, late, at=AT + timedelta(days=2))
    assert retention.count_waiting("recordings", at=AT + timedelta(days=2)) == 0
    work(place, AT + timedelta(days=2, seconds=1))
    states = {one.id: one.state for one in recordings.deletions.requests(cy, waiting=False, at=AT)}
    assert states == {back: "withdrawn", refused: "refused", late: "expired", partly: "approved"}
    assert details_of("deletion.expired")["request"] == str(late)
    with pytest.raises(DatabaseError), transaction.atomic():  # and the table itself knows it
        DeletionRequest.objects.filter(id=late).update(state="approved", decided_by=bo.user_id)


def test_whoever_sees_a_part_decides_nothing(place: Place, team: dict[str, people.Viewer]) -> None:
    seen, hidden = add_recording(at=AT, numbers=[CALLER.number]), add_recording(at=AT, numbers=["+3905550001"])
    una, bo = replace(team["una"], may_delete=True), team["bo"]
    recordings.deletions.set_rule(team["ada"], second=True, days=2, at=AT)
    both, one = (
        recordings.deletions.ask(bo, [held(each) for each in some], why="w", key=str(some), address=PAGE, at=AT).id
        for some in ((seen, hidden), (seen,))
    )
    for deed in (recordings.deletions.approve, recordings.deletions.refuse):
        with pytest.raises(recordings.NoSuchRecording):
            deed(una, both, at=AT)
    assert [line.id for line in recordings.deletions.requests(una, waiting=True, at=AT)] == [one]
    assert recordings.deletions.approve(una, one, at=AT) == one
    recordings.deletions.set_rule(team["ada"], second=False, days=2, at=AT + timedelta(seconds=1))
    begun = recordings.deletions.begin(bo, [held(hidden)], key="alone", address=PAGE, at=AT + timedelta(seconds=2))
    assert begun.bulk and begun.request is None
    recordings.deletions.set_rule(team["ada"], second=True, days=2, at=AT + timedelta(seconds=3))
    work(place, AT + timedelta(hours=1))
    assert recordings.bulk.progress(begun.bulk).kept == {"approval": 1}
    assert list(Recording.objects.values_list("id", flat=True)) == [hidden]
