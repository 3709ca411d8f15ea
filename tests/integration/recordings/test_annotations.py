"""Notes and tags: sealed, found by blind index, of the recording and gone with it, proved without their text."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from tests.integration.recordings.conftest import Place, PlaceFor, Somebody
from tests.integration.recordings.test_finalize import details_of, ledgered
from tests.integration.recordings.test_holding import written
from tests.support.spooled import CALLER

from parley.inventory.api import Held
from parley.recordings.api import (
    NUMBER_INDEX,
    STORE,
    AnnotationRefused,
    NoSuchAnnotation,
    NoSuchRecording,
    add_note,
    add_tag,
    known_tags,
    notes,
    remove_note,
    remove_tag,
    tags,
    using_store,
)
from parley.recordings.models import Note, Tag, WordIndex
from parley.retention import api as retention
from parley.tenancy import api as tenancy

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
TEXT = "Promised Zebedee a callback, Müller knows"


def test_a_note_is_sealed_proved_without_text_handed_out_and_erased(place: Place, everybody: Somebody) -> None:
    recording, other = place.recorded(at=AT), place.recorded(at=AT)
    whole = add_note(everybody, recording, moment_ms=None, text=f" {TEXT} ", by=everybody.user_id, at=AT)
    late = add_note(
        everybody, recording, moment_ms=900, text="at the end", by=everybody.user_id, at=AT + timedelta(seconds=1)
    )
    add_tag(everybody, recording, tag="Complaint", moment_ms=20, by=everybody.user_id, at=AT)
    stays = add_tag(everybody, other, tag="Complaint", by=everybody.user_id, at=AT)
    assert [(one.text, one.moment_ms) for one in notes(everybody, recording)] == [(TEXT, None), ("at the end", 900)]
    assert late.by == everybody.user_id
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(details::text, '') FROM ledger_detail")
        assert "Zebedee" not in (kept := str(cursor.fetchone()[0])) and "Complaint" not in kept
    assert b"Zebedee" not in b"".join(bytes(one.sealed) for one in Note.objects.all())
    assert ledgered() == {"recording.sealed": 2, "recording.noted": 2, "recording.tagged": 2}
    assert details_of("recording.noted").keys() == {"recording", "id", "deed", "user"}
    handed = written(place, [recording], tables=("recordings", "recording_notes")).rows[1:]
    assert [(row["kind"], row["text"], row["moment_ms"]) for row in handed] == [
        ("note", TEXT, None), ("note", "at the end", 900), ("tag", "Complaint", 20),
    ]  # fmt: skip
    with using_store(place.store), transaction.atomic():
        WordIndex.objects.filter(note=whole.id).update(note=None)
        STORE.erase([recording])
        assert STORE.present([recording]) == frozenset()
    assert not Note.objects.exists() and [one.id for one in Tag.objects.all()] == [stays.id]
    assert {one.recording_id for one in WordIndex.objects.all()} == {other}  # its parties' names


def test_who_may_see_may_add_and_who_wrote_may_remove(place: Place, everybody: Somebody) -> None:
    recording = place.recorded(at=AT)
    mine = Somebody(role="user", number_indexes=frozenset({place.spooler.index(NUMBER_INDEX, CALLER.number)}))
    stranger = Somebody(role="user", number_indexes=frozenset({b"x" * 17}))
    note = add_note(mine, recording, moment_ms=0, text="mine", by=mine.user_id, at=AT)
    tag = add_tag(everybody, recording, tag="theirs", by=everybody.user_id, at=AT)
    with pytest.raises(NoSuchRecording):
        add_note(stranger, recording, moment_ms=None, text="x", by=stranger.user_id, at=AT)
    with pytest.raises(NoSuchRecording):
        notes(stranger, recording)
    with pytest.raises(NoSuchAnnotation):
        remove_note(stranger, note.id, by=stranger.user_id, at=AT)
    with pytest.raises(AnnotationRefused, match="somebody else wrote this"):
        remove_tag(mine, tag.id, by=mine.user_id, at=AT)
    remove_note(everybody, note.id, by=everybody.user_id, at=AT)  # a compliance officer removes what others wrote
    remove_tag(everybody, tag.id, by=everybody.user_id, at=AT)
    assert (notes(mine, recording), tags(mine, recording)) == ((), ())
    assert not WordIndex.objects.filter(note=note.id).exists()
    with pytest.raises(NoSuchAnnotation):
        remove_tag(everybody, tag.id, by=everybody.user_id, at=AT)


def test_what_cannot_be_kept_is_refused_with_words(place: Place, everybody: Somebody) -> None:
    recording = place.recorded(at=AT)
    refused: list[Callable[[], object]] = [
        lambda: add_note(everybody, recording, moment_ms=None, text="  ", by=uuid4(), at=AT),
        lambda: add_note(everybody, recording, moment_ms=None, text="x" * 4001, by=uuid4(), at=AT),
        lambda: add_note(everybody, recording, moment_ms=1001, text="after the end", by=uuid4(), at=AT),
        lambda: add_note(everybody, recording, moment_ms=-1, text="before", by=uuid4(), at=AT),
        lambda: add_tag(everybody, recording, tag="x" * 65, by=uuid4(), at=AT),
        lambda: add_tag(everybody, recording, tag="\n", by=uuid4(), at=AT),
    ]
    for deed in refused:
        with pytest.raises(AnnotationRefused) as error:
            deed()
        assert error.value.remedy
    held = Held(store="recordings", kind="recording", id=recording, at=AT)
    retention.restrict([held], reference="R-1", ground="contested", at=AT, by=uuid4())
    with pytest.raises(retention.UseRestricted):
        add_note(everybody, recording, moment_ms=None, text="x", by=uuid4(), at=AT)
    assert not Note.objects.exists()


def test_the_same_tag_is_kept_once_and_offered_to_who_sees_all(place: Place, everybody: Somebody) -> None:
    first, second = place.recorded(at=AT), place.recorded(at=AT + timedelta(hours=1))
    made = add_tag(everybody, first, tag="Übergabe  Nord", by=everybody.user_id, at=AT)
    assert add_tag(everybody, first, tag="ubergabe nord", by=everybody.user_id, at=AT).id == made.id
    add_tag(everybody, second, tag="übergabe nord", by=everybody.user_id, at=AT)
    add_tag(everybody, second, tag="abc", by=everybody.user_id, at=AT)
    assert [one.casefold() for one in known_tags(everybody)] == ["abc", "übergabe nord"]
    assert known_tags(Somebody(number_indexes=frozenset())) == ()


def test_where_the_customer_holds_the_key_notes_stay_sealed(
    make_customer: Callable[..., tenancy.Customer], place_for: PlaceFor, everybody: Somebody
) -> None:
    from parley.sealing.api import FieldOpener, generate_identity

    keys = [generate_identity() for _ in range(2)]
    given = tuple(one.recipient for one in keys)
    with tenancy.scope(make_customer(custody="customer-held", agreement="ixcloud-dpa", recipients=given)) as customer:
        place = place_for(customer)
        recording = place.recorded(parts=[])
        add_note(everybody, recording, moment_ms=None, text=TEXT, by=everybody.user_id, at=AT)
        (note,) = notes(everybody, recording)
        assert note.text is None
        opened = FieldOpener([keys[1].secret]).open_column(
            note.sealed, wrapped=note.wrapped, aad=b"note:" + note.id.bytes
        )
        assert opened.decode() == TEXT
        assert not known_tags(everybody)
