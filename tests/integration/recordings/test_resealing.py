"""A recording sealed anew: the new keys open it and the old ones do not, whoever dies when; what must stay stays; the
log, the scrub and the player know it for what it was."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.integration.recordings.conftest import Place, PlaceFor, Somebody
from tests.integration.recordings.test_finalize import Fault
from tests.support.installation import MakeCustomer
from tests.support.interrupted import commit_points, interrupted
from tests.support.recorded_rows import add_recording
from tests.support.resealed import AGO, cut_by_a_crash, details, now, opened, rewritten, swept
from tests.support.spooled import CALLEE, CALLER, call

from parley.governance.access import api as access
from parley.inventory.api import Held
from parley.recordings import api as recordings
from parley.recordings.errors import BadCursor, HeaderRefused, NoSuchRecording, ResealingRefused
from parley.recordings.models import Note, Part, Recording
from parley.recordings.resealing import anew
from parley.recordings.resealing import api as resealing
from parley.recordings.scrubbing.examining import examine
from parley.recordings.types import PartySheet, party_aad
from parley.retention import api as retention
from parley.sealing.api import (
    FieldOpener,
    Identity,
    NewHeader,
    NoIdentityMatchesError,
    generate_identity,
    rewritten_header,
)
from parley.tenancy import api as tenancy

OLD, SPARE, NEW, SECOND = (generate_identity() for _ in range(4))
PRESENT = (NEW.recipient, SECOND.recipient)


@pytest.fixture
def held(make_customer: MakeCustomer, place_for: PlaceFor) -> Any:
    """A place whose customer holds OLD and SPARE."""
    made = make_customer(custody="customer-held", recipients=(OLD.recipient, SPARE.recipient))
    with tenancy.scope(made):
        place = place_for(made)
        with recordings.using_store(place.store):
            yield place


def rotate(*recipients: str) -> None:
    access.rotate_keys(recipients=recipients, by=uuid4(), party="customer", at=now())


def reseal(place: Place, by: Somebody, recording: UUID, *, held: Identity = OLD, **more: Any) -> UUID:
    (one,) = [each for each in resealing.headers(by, store=place.store) if each.recording_id == recording]
    return resealing.reseal(
        by, recording, rewritten(one, secrets=[held.secret], recipients=PRESENT),
        **{"recipients": PRESENT, "at": now(), "store": place.store} | more,
    )  # fmt: skip


def test_the_new_keys_open_it_the_old_do_not_and_the_log_knows_both(held: Place, everybody: Somebody) -> None:
    directory, capture = cut_by_a_crash(held.spooler, at=now() - AGO)
    cut = held.finalize(directory)
    plain = held.recorded(at=now() - AGO)
    assert resealing.former() == resealing.Former(under=None, total=0, left=0, fields=0)
    assert resealing.headers(everybody, store=held.store) == []
    before = {part.name: part for part in Part.objects.filter(recording=cut)}
    content = {name: held.content(part.object_key) for name, part in before.items()}
    whole = opened(held, cut, OLD)
    assert capture.startswith(whole) and len(whole) > len(capture) - 2000
    rotate(*PRESENT)
    later = held.recorded(at=now() + timedelta(minutes=1))
    assert (resealing.former().total, resealing.former().left) == (2, 2)
    assert {one.recording_id for one in resealing.headers(everybody, store=held.store)} == {cut, plain}
    (one,) = [each for each in resealing.headers(everybody, store=held.store) if each.recording_id == cut]
    assert [(file.name, file.kind, file.header is not None) for file in one.files] == [
        ("000.age", "age", True), ("000.tail", "tail", True), ("001.age", "age", False),
    ]  # fmt: skip
    assert all(len(file.header) < 700 for file in one.files if file.header), "headers, and nothing else"

    entry = reseal(held, everybody, cut)
    assert opened(held, cut, NEW) == opened(held, cut, SECOND) == whole
    with pytest.raises(NoIdentityMatchesError):
        opened(held, cut, OLD, SPARE)
    told, sealed = details(entry), details(recordings.get(everybody, cut).evidence_id)
    assert told["before_sha256"] == sealed["files_sha256"] != told["files_sha256"]
    assert (told["times"], told["user"], told["recording"]) == (1, str(everybody.user_id), str(cut))
    for file in told["files"]:
        row = Part.objects.get(recording=cut, name=file["name"])
        assert (row.sha256, row.size) == (file["sha256"], file["size"])
        assert file["before"] == before[row.name].sha256
        assert held.content(row.object_key)[-40:] == content[row.name][-40:]
    assert Part.objects.get(recording=cut, name="001.age").object_key == before["001.age"].object_key
    assert examine(cut, store=held.store).damages == ()
    assert (resealing.former().total, resealing.former().left) == (2, 1)

    repeated = resealing.reseal(everybody, cut, {}, recipients=PRESENT, at=now(), store=held.store)
    assert repeated == entry, "an answer that was lost is only given again"
    with pytest.raises(ResealingRefused, match="present keys"):
        resealing.reseal(everybody, later, {}, recipients=PRESENT, at=now(), store=held.store)
    assert set(swept(held)) == set(Part.objects.values_list("object_key", flat=True))

    rotate(OLD.recipient, NEW.recipient)
    (again,) = [each for each in resealing.headers(everybody, store=held.store) if each.recording_id == cut]
    third = (OLD.recipient, NEW.recipient)
    given = rewritten(again, secrets=[SECOND.secret], recipients=third)
    told = details(resealing.reseal(everybody, cut, given, recipients=third, at=now(), store=held.store))
    assert (told["times"], opened(held, cut, OLD)) == (2, whole)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_pending WHERE kind = 'recording.resealed'")
        assert cursor.fetchone() == (2,)


def test_who_spoke_and_what_was_noted_comes_along(held: Place, everybody: Somebody) -> None:
    first = held.recorded(at=now() - AGO)
    recordings.add_note(everybody, first, text="Promised a refund", moment_ms=None, by=uuid4(), at=now() - AGO / 2)
    note = Note.objects.get(recording=first)
    rotate(*PRESENT)
    recordings.add_note(everybody, first, text="Done", moment_ms=None, by=uuid4(), at=now() + AGO / 2)
    (left,) = {resealing.former().fields, len(resealing.field_keys())}
    assert left == 2, "of the sheet, and of the earlier note"
    with pytest.raises(NoIdentityMatchesError):
        FieldOpener([NEW]).open_column(
            bytes(note.sealed), wrapped=bytes(note.epoch.wrapped), aad=b"note:" + note.id.bytes
        )
    given = {
        one.id: rewritten_header(one.header or b"", identities=[OLD], recipients=PRESENT)
        for one in resealing.field_keys()
    }
    sheet = Recording.objects.get(id=first).epoch_id
    swapped = {note.epoch_id: given[sheet], sheet: given[note.epoch_id]}
    with pytest.raises(HeaderRefused):
        resealing.reseal_fields(swapped, recipients=PRESENT, by=uuid4(), at=now())
    with pytest.raises(ResealingRefused, match="not for the present keys"):
        resealing.reseal_fields(given, recipients=(OLD.recipient,), by=uuid4(), at=now())
    assert resealing.reseal_fields(given, recipients=PRESENT, by=uuid4(), at=now()) == 2
    assert resealing.reseal_fields(given, recipients=PRESENT, by=uuid4(), at=now()) == 0, "safe to repeat"
    assert (resealing.former().fields, resealing.field_keys()) == (0, [])
    note = Note.objects.get(id=note.id)
    row = Recording.objects.get(id=first)
    for key in (NEW, SECOND):
        opener = FieldOpener([key])
        text = opener.open_column(bytes(note.sealed), wrapped=bytes(note.epoch.wrapped), aad=b"note:" + note.id.bytes)
        assert text == b"Promised a refund"
        known = opener.open_column(bytes(row.sealed), wrapped=bytes(row.epoch.wrapped), aad=party_aad(first))
        assert PartySheet.from_json(known).parties == (CALLER, CALLEE)
    with pytest.raises(NoIdentityMatchesError):
        FieldOpener([OLD]).open_column(bytes(row.sealed), wrapped=bytes(row.epoch.wrapped), aad=party_aad(first))


def test_what_must_stay_stays_and_says_why(
    held: Place, everybody: Somebody, make_customer: MakeCustomer, place_for: PlaceFor
) -> None:
    begun = now() - AGO
    one, resting, asked, damaged = (held.recorded(at=begun + timedelta(minutes=n)) for n in range(4))
    records = {each: Held(store="recordings", kind="recording", id=each, at=begun) for each in (resting, asked)}
    retention.place_hold(
        title="T", ground="G", owner=uuid4(), review_at=now() + AGO, by=uuid4(), at=now(),
        records=[replace(records[resting], at=begun + timedelta(minutes=1))],
    )  # fmt: skip
    retention.restrict([records[asked]], reference="r", ground="G", at=now(), by=uuid4())
    rotate(*PRESENT)
    key = Part.objects.get(recording=damaged).object_key
    stored = held.content(key)
    (found,) = [each for each in resealing.headers(everybody, store=held.store) if each.recording_id == one]
    good = rewritten(found, secrets=[OLD.secret], recipients=PRESENT)["000.age"]
    header = found.files[0].header or b""
    former = rewritten_header(header, identities=[OLD], recipients=[OLD.recipient])
    for given in (
        {}, {"000.age": NewHeader(good.header, bytes(32))}, {"000.age": NewHeader(header, good.proof)},
        {"000.age": former}, {"000.age": NewHeader(b"", b"")},
    ):  # fmt: skip
        with pytest.raises(HeaderRefused):
            resealing.reseal(everybody, one, given, recipients=PRESENT, at=now(), store=held.store)

    def refused(recording: UUID, **more: Any) -> str:
        with pytest.raises(ResealingRefused) as error:
            reseal(held, everybody, recording, **more)
        return error.value.why

    assert refused(one, recipients=(OLD.recipient, NEW.recipient)) == "rotated"
    assert [refused(each) for each in (resting, asked)] == ["hold", "restriction"]
    held.store.put(key, stored[:-1] + b"x")
    assert refused(damaged) == "damaged"
    held.store.put(key, stored)
    manifest = held.spooler.manifest(at=now())
    recordings.report_live(recordings.LiveReport(manifest=manifest, at=now(), packets=1, bytes=1))
    with pytest.raises(ResealingRefused, match="still being recorded"):
        resealing.reseal(everybody, manifest.recording_id, {}, recipients=PRESENT, at=now(), store=held.store)
    stranger = Somebody(role="user", number_indexes=frozenset())
    assert resealing.headers(stranger, store=held.store) == []
    other = make_customer(custody="customer-held", recipients=(OLD.recipient, SPARE.recipient))
    with tenancy.scope(other):
        theirs = place_for(other).recorded(at=begun)
    for by, recording in ((stranger, one), (everybody, theirs)):
        with pytest.raises(NoSuchRecording):
            resealing.reseal(by, recording, {"000.age": good}, recipients=PRESENT, at=now(), store=held.store)
    with pytest.raises(ResealingRefused, match="only you hold"):
        resealing.start(by=uuid4(), at=now())
    for each in (one, resting, asked, damaged):
        assert opened(held, each, OLD)
    assert resealing.former().left == 4
    assert len(swept(held)) == 4


def test_what_is_left_is_walked_page_by_page(held: Place, everybody: Somebody) -> None:
    begun = now() - AGO
    made = sorted(add_recording(at=begun, numbers=[CALLER.number]) for _ in range(3))
    made += [add_recording(at=begun + timedelta(minutes=1), numbers=[CALLER.number])]
    rotate(*PRESENT)
    walked: list[UUID] = []
    place: str = ""
    while True:
        after = resealing.place_of(place) if place else None
        page = resealing.headers(everybody, after=after, limit=1, store=held.store)
        if not page:
            break
        walked.append(page[0].recording_id)
        place = resealing.as_text((page[0].started_at, page[0].recording_id))
        assert {file.header for file in page[0].files} == {None}, "of a file that is not there"
    assert walked == made
    for text in ("", "x", "2026-01-01~" + str(made[0]), "2026-01-01T00:00:00Z~x"):
        with pytest.raises(BadCursor):
            resealing.place_of(text)


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, name: str, *, persisted: bool, at: int = 1) -> Any:
    """Makes a step fail the `at`th time that it is taken, before it did anything or after all of it was done."""
    real: Callable[..., Any] = getattr(anew, name)
    calls = iter(range(1, 100))

    def fail(*arguments: Any, **named: Any) -> Any:
        this = next(calls)
        done = real(*arguments, **named) if this < at or persisted else None
        if this >= at:
            raise Fault
        return done

    with monkeypatch.context() as patched:
        patched.setattr(anew, name, fail)
        with pytest.raises(Fault):
            yield


def readable(place: Place, recording: UUID, capture: bytes) -> Sequence[bool]:
    """With which of (old, new) keys it opens: always with all of one, and nothing of it is damaged."""
    found = []
    for keys in ((OLD, SPARE), (NEW, SECOND)):
        try:
            found.append(all(opened(place, recording, key) == capture for key in keys))
        except NoIdentityMatchesError:
            found.append(False)
    assert sorted(found) == [False, True]
    assert examine(recording, store=place.store).damages == ()
    return found


@pytest.mark.parametrize("persisted", [False, True], ids=["failed", "failed but persisted"])
def test_whoever_dies_when_one_of_both_is_whole(
    held: Place, everybody: Somebody, monkeypatch: pytest.MonkeyPatch, persisted: bool
) -> None:
    two = [call(0.5), call(0.5)]
    made = [held.recorded(at=now() - AGO, parts=two) for _ in range(6)]
    capture = opened(held, made[0], OLD)
    rotate(*PRESENT)
    steps: Mapping[str, int] = {"put_kept": 1, "require_hash": 2, "record_resealed": 1, "_open_sweep": 1}
    for (step, at), recording in zip([*steps.items(), ("put_kept", 2)], made, strict=False):
        with dying(monkeypatch, step, persisted=persisted, at=at):
            reseal(held, everybody, recording)
        assert readable(held, recording, capture) == [True, False]
    for point, recording in zip(commit_points(), made[5:] * 9, strict=False):
        with interrupted(point) as meter:
            reseal(held, everybody, recording)
        if not meter.fired:
            break
        assert readable(held, recording, capture) == [not point.persisted, point.persisted]
        if point.persisted:
            break
    for recording in made[:5]:
        reseal(held, everybody, recording)
        assert readable(held, recording, capture) == [False, True]
    assert set(swept(held)) == set(Part.objects.values_list("object_key", flat=True))
    assert [readable(held, each, capture) for each in made] == [[False, True]] * 6
