"""Notes and tags on calls that run: sealed at once, of the recording afterwards, at the moment at which it was said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction
from tests.integration.recordings.conftest import Place, PlaceFor, Somebody
from tests.integration.recordings.test_deletions import left
from tests.integration.recordings.test_finalize import dying, ledgered
from tests.integration.recordings.test_holding import written
from tests.support.captures import EPOCH_NS
from tests.support.spooled import CALLER, call

from parley.recordings import api as recordings
from parley.recordings.control import begin
from parley.recordings.live_remarks import hand_over
from parley.recordings.models import LiveCall, LiveRemark, Note, Recording, Tag, WordIndex
from parley.recordings.policies import Decision
from parley.recordings.spool import read_closed, read_manifest, write_closed, write_manifest
from parley.sealing.api import FieldOpener, generate_identity
from parley.tenancy import api as tenancy

SOUND = datetime.fromtimestamp(EPOCH_NS / 1e9, UTC)
BEGAN = SOUND - timedelta(seconds=5)
"""Nothing was written of the first five seconds of the call."""
TEXT = "Promised Zebedee a callback"
SECOND = timedelta(seconds=1)


def running(place: Place, mode: recordings.Mode = "always") -> tuple[UUID, Path]:
    """A call of ten seconds, five of them with sound, as it runs; its directory, which is closed already."""
    directory = place.spooler.close(at=BEGAN, parts=[call(4.0)])
    manifest = read_manifest(directory)
    write_manifest(directory, replace(manifest, steering=begin(Decision(mode=mode, policy=None, why="policy"))))
    write_closed(directory, replace(read_closed(directory), ended_at=BEGAN + 10 * SECOND))
    report(read_manifest(directory))
    return manifest.recording_id, directory


def report(manifest: recordings.Manifest) -> None:
    recordings.report_live(recordings.LiveReport(manifest=manifest, at=datetime.now(UTC), packets=1, bytes=160))


def test_what_is_said_of_a_call_becomes_of_its_recording_at_its_moment(place: Place, everybody: Somebody) -> None:
    one, directory = running(place)
    by = everybody.user_id
    at = BEGAN + 7 * SECOND
    note = recordings.add_live_note(everybody, one, text=f" {TEXT} ", by=by, at=at)
    early = recordings.add_live_tag(everybody, one, tag="Complaint", moment_ms=6500, by=by, at=at + SECOND)
    same = recordings.add_live_tag(everybody, one, tag="complaint", moment_ms=6500, by=by, at=at + SECOND)
    recordings.add_live_note(everybody, one, text="all of it", whole=True, by=by, at=at + SECOND)
    gone = recordings.add_live_note(everybody, one, text="a slip", by=by, at=at + SECOND)
    recordings.remove_live_remark(everybody, one, gone.id, by=by, at=at + SECOND)
    assert same.id == early.id
    listed = recordings.live_notes(everybody, one)
    assert [(each.text, each.moment_ms) for each in listed] == [("all of it", None), (TEXT, 7000)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM recordings_liveremark t")
        table = str(cursor.fetchone()[0])
        cursor.execute("SELECT string_agg(details::text, '') FROM ledger_detail")
        told = str(cursor.fetchone()[0])
    for word in ("Zebedee", "omplaint"):
        assert word not in table + told and word.encode().hex() not in table
    assert str(one) in told

    recordings.end_live(one)
    late = recordings.add_live_tag(everybody, one, tag="late", by=by, at=datetime.now(UTC))
    assert recordings.live(everybody) == () and recordings.was_live(everybody, one)
    place.finalize(directory)
    assert not LiveRemark.objects.exists() and not LiveCall.objects.exists()
    moments = {each.id: each.moment_ms for each in recordings.notes(everybody, one)}
    assert moments[note.id] == 7000, "as long as nobody knows where the sound begins"
    assert place.render().done == 1
    assert Recording.objects.get().sound_starts_at == SOUND
    notes, tags = recordings.notes(everybody, one), recordings.tags(everybody, one)
    assert [(each.text, each.moment_ms) for each in notes] == [("all of it", None), (TEXT, 2000)]
    assert [(each.id, each.tag, each.moment_ms) for each in tags] == [
        (early.id, "Complaint", 1500), (late.id, "late", 5000),
    ]  # fmt: skip
    for wanted in (recordings.Wanted(note="zebedee"), recordings.Wanted(tag="complaint")):
        found = recordings.search(everybody, wanted)
        assert [row.recording_id for row in found.rows] == [one]
    handed = written(place, [one], tables=("recordings", "recording_notes")).rows[1:]
    assert [row["moment_ms"] for row in handed if row["text"] == TEXT] == [2000]
    assert ledgered() == {"recording.noted": 4, "recording.rendered": 1, "recording.sealed": 1, "recording.tagged": 2}


@pytest.mark.parametrize("persisted", [False, True], ids=["failed", "failed but persisted"])
@pytest.mark.parametrize("step", ["hand_over", "forget_call", "discard"])
def test_nothing_is_lost_or_doubled_when_finalising_dies(
    place: Place, everybody: Somebody, monkeypatch: pytest.MonkeyPatch, step: str, persisted: bool
) -> None:
    one, directory = running(place)
    recordings.add_live_note(everybody, one, text=TEXT, by=uuid4(), at=BEGAN + 7 * SECOND)
    recordings.add_live_tag(everybody, one, tag="x", by=uuid4(), at=BEGAN + 7 * SECOND)
    # The recorder is gone for longer than calls are shown, or even known: what was said stays.
    LiveCall.objects.update(seen_at=BEGAN)
    recordings.add_live_tag(everybody, one, tag="while it is away", by=uuid4(), at=BEGAN + 8 * SECOND)
    LiveRemark.objects.update(at=datetime.now(UTC) - timedelta(days=29))
    assert recordings.forget_stale(now=datetime.now(UTC)) == 1
    with dying(monkeypatch, step, persisted=persisted):
        place.finalize(directory)
    for left_over in recordings.closed_recordings(place.spool):
        place.finalize(left_over)
    assert (Note.objects.count(), Tag.objects.count(), LiveRemark.objects.count()) == (1, 2, 0)
    assert WordIndex.objects.exclude(note=None).count() == len(TEXT.split())


def test_who_writes_while_it_is_finalised_loses_nothing(place: Place, everybody: Somebody) -> None:
    one, directory = running(place)
    kept: list[UUID] = []
    manifest = read_manifest(directory)
    begun, over, customer = Event(), Event(), place.customer

    def write() -> None:
        with tenancy.scope(customer):
            while not over.is_set() or len(kept) < 5:
                at = BEGAN + (len(kept) % 10) * SECOND
                kept.append(recordings.add_live_note(everybody, one, text="again", by=uuid4(), at=at).id)
                begun.set()
        connections.close_all()

    writer = Thread(target=write)
    writer.start()
    assert begun.wait(10)
    place.finalize(directory)
    over.set()
    writer.join(20)
    report(manifest)  # the recorder's last word comes late
    recordings.add_live_tag(everybody, one, tag="after all", by=uuid4(), at=BEGAN + SECOND)
    assert set(Note.objects.values_list("id", flat=True)) == set(kept)
    assert Tag.objects.count() == 1 and not LiveRemark.objects.exists()


@pytest.mark.parametrize("mode", ["keep-live", "on-demand"])
def test_what_was_said_of_a_call_that_is_not_kept_goes_with_it(
    place: Place, everybody: Somebody, mode: recordings.Mode
) -> None:
    one, directory = running(place, mode)
    recordings.add_live_note(everybody, one, text=TEXT, by=uuid4(), at=BEGAN + SECOND)
    recordings.add_live_tag(everybody, one, tag="x", by=uuid4(), at=BEGAN + SECOND)
    place.finalize(directory)
    assert not any(model.objects.exists() for model in (LiveRemark, LiveCall, Note, Tag, Recording))
    with pytest.raises(recordings.NoSuchRecording):
        recordings.add_live_note(everybody, one, text=TEXT, by=uuid4(), at=BEGAN + SECOND)


def test_erasing_reaches_it_and_what_never_became_a_recording_goes(place: Place, everybody: Somebody) -> None:
    one, directory = running(place)
    recordings.add_live_note(everybody, one, text=TEXT, by=uuid4(), at=BEGAN + SECOND)
    manifest = read_manifest(directory)
    copies = {path.name: path.read_bytes() for path in directory.iterdir()}
    place.finalize(directory)
    for recording in Recording.objects.all():  # as if its hand-over had been lost: erasing looks for the table itself
        LiveRemark.objects.create(
            id=uuid4(), recording_id=one, epoch_id=recording.epoch_id, sealed=b"x", by=uuid4(), at=BEGAN
        )
    with recordings.using_store(place.store), transaction.atomic():
        assert recordings.STORE.present([one]) == {one}
        recordings.STORE.erase([one])
        assert recordings.STORE.present([one]) == frozenset()
    assert left(one) == set()
    directory.mkdir()
    for name, content in copies.items():
        (directory / name).write_bytes(content)
    report(manifest)
    recordings.add_live_note(everybody, one, text=TEXT, by=uuid4(), at=BEGAN + SECOND)
    place.finalize(directory)  # it was erased: neither it nor what was said of it comes back
    assert not LiveRemark.objects.exists() and not Recording.objects.exists()
    other, _directory = running(place)
    recordings.add_live_note(everybody, other, text=TEXT, by=uuid4(), at=BEGAN + SECOND)
    assert recordings.forget_stale(now=datetime.now(UTC) + timedelta(days=29)) >= 1
    assert not LiveRemark.objects.exists(), "nothing has been heard of that call for longer than any recorder is away"


def test_who_may_see_the_call_may_write_and_refusals_say_why(place: Place, everybody: Somebody) -> None:
    one, _directory = running(place)
    mine = Somebody(role="user", number_indexes=frozenset({place.spooler.index("number", CALLER.number)}))
    stranger = Somebody(role="user", number_indexes=frozenset({b"x" * 17}))
    at = BEGAN + 3 * SECOND
    theirs = recordings.add_live_tag(everybody, one, tag="theirs", by=everybody.user_id, at=at)
    note = recordings.add_live_note(mine, one, text="mine", by=mine.user_id, at=at)
    for look in (recordings.live_notes, recordings.live_tags):
        assert len(look(mine, one)) == 1
        with pytest.raises(recordings.NoSuchRecording):
            look(stranger, one)
    with pytest.raises(recordings.NoSuchRecording):
        recordings.add_live_note(stranger, one, text="x", by=stranger.user_id, at=at)
    with pytest.raises(recordings.NoSuchRecording):
        recordings.remove_live_remark(stranger, one, note.id, by=stranger.user_id, at=at)
    with pytest.raises(recordings.AnnotationRefused, match="somebody else"):
        recordings.remove_live_remark(mine, one, theirs.id, by=mine.user_id, at=at)
    with pytest.raises(recordings.NoSuchAnnotation):
        recordings.remove_live_remark(everybody, one, uuid4(), by=everybody.user_id, at=at)
    never, _directory = running(place, "never")
    refused: list[Callable[[], object]] = [
        lambda: recordings.add_live_note(everybody, one, text=" ", by=uuid4(), at=at),
        lambda: recordings.add_live_note(everybody, one, text="x", moment_ms=3001, by=uuid4(), at=at),
        lambda: recordings.add_live_note(everybody, one, text="x", moment_ms=-1, by=uuid4(), at=at),
        lambda: recordings.add_live_note(everybody, one, text="x", moment_ms=1, whole=True, by=uuid4(), at=at),
        lambda: recordings.add_live_tag(everybody, one, tag="x" * 65, by=uuid4(), at=at),
        lambda: recordings.add_live_tag(everybody, never, tag="x", by=uuid4(), at=at),
    ]
    for deed in refused:
        with pytest.raises(recordings.AnnotationRefused) as error:
            deed()
        assert error.value.remedy
    recordings.remove_live_remark(everybody, one, note.id, by=everybody.user_id, at=at)
    assert recordings.live_notes(mine, one) == ()


def test_where_the_customer_holds_the_key_it_stays_sealed(
    make_customer: Callable[..., tenancy.Customer], place_for: PlaceFor, everybody: Somebody
) -> None:
    secrets = [generate_identity() for _ in range(2)]
    given = tuple(one.recipient for one in secrets)
    with tenancy.scope(make_customer(custody="customer-held", agreement="ixcloud-dpa", recipients=given)) as customer:
        place = place_for(customer)
        one, directory = running(place)
        recordings.add_live_note(everybody, one, text=TEXT, by=uuid4(), at=BEGAN + 7 * SECOND)
        (live,) = recordings.live_notes(everybody, one)
        place.finalize(directory)
        (note,) = recordings.notes(everybody, one)
        for each in (live, note):
            assert each.text is None and each.instant == BEGAN + 7 * SECOND
            opened = FieldOpener([secrets[1].secret]).open_column(
                each.sealed, wrapped=each.wrapped, aad=b"note:" + each.id.bytes
            )
            assert opened.decode() == TEXT
        hand_over(Recording.objects.get())
        assert Note.objects.count() == 1
