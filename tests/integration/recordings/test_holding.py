"""Recordings as a store: found by number, handed out with the others left out, erased whole, never coming back."""

import io
import json
import subprocess
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pytest
from django.db import transaction
from tests.integration.recordings.conftest import Place, PlaceFor, Somebody
from tests.support.captures import correlation, speech
from tests.support.recorded_rows import add_recording
from tests.support.spooled import CALLEE, CALLER, call

from parley.inventory.api import CannotRectify, Erased, ExportOptions, Subject, stores
from parley.recordings.api import STORE, Party, get, say_consent, say_notice, using_store
from parley.recordings.holding import KIND
from parley.recordings.models import Conversation, NumberIndex, Part, Recording, Rendition
from parley.tenancy import api as tenancy

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Memory:
    """A sink that keeps everything."""

    def __init__(self, tables: tuple[str, ...]) -> None:
        self.tables = tables
        self.rows: list[Mapping[str, Any]] = []
        self.files: dict[str, bytes] = {}

    def row(self, table: str, values: Mapping[str, Any]) -> None:
        assert table in self.tables
        self.rows.append(values)

    @contextmanager
    def file(self, name: str, media_type: str) -> Iterator[io.BytesIO]:
        assert media_type
        file = io.BytesIO()
        yield file
        self.files[name] = file.getvalue()


def written(place: Place, ids: list[UUID], tables: tuple[str, ...] = ("recordings",), **options: Any) -> Memory:
    sink = Memory(tables)
    with using_store(place.store):
        assert list(STORE.write(ids, sink, ExportOptions(**options))) == ids
    return sink


def erase(*ids: UUID) -> Erased:
    with transaction.atomic():
        return STORE.erase(ids)


def rectify(recording: UUID, **changes: str) -> tuple[str, ...]:
    with transaction.atomic():
        return STORE.rectify(recording, changes)


def decoded(file: bytes) -> npt.NDArray[np.int16]:
    command = ["ffmpeg", "-v", "error", "-i", "-", "-ar", "8000", "-f", "wav", "-"]
    made = subprocess.run(command, input=file, capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(made)) as opened:
        return np.frombuffer(opened.readframes(10**9), np.int16).reshape(-1, 2)


def test_it_is_among_the_stores() -> None:
    assert stores()["recordings"] is STORE
    assert "recordings.NumberIndex" in STORE.models


def test_a_person_is_found_by_number_however_it_is_written(customer: tenancy.Customer) -> None:
    mine = [add_recording(at=AT + timedelta(hours=hour), numbers=["+390584943232", "+3901"]) for hour in (2, 1)]
    add_recording(at=AT, numbers=["+390501112233"])
    found = STORE.find(Subject(numbers=("+39 0584 943232",)))
    assert [held.id for held in found] == mine[::-1]
    assert found[0].at == AT + timedelta(hours=1)
    assert not STORE.find(Subject(emails=("ada@example.org",)))
    pointed = Subject(records=(("recordings", mine[0]), ("contacts", mine[1])))
    assert [held.id for held in STORE.find(pointed)] == [mine[0]]


def test_pages_follow_each_other_without_gap_or_double(customer: tenancy.Customer) -> None:
    made = {add_recording(at=AT + timedelta(minutes=minute // 2), numbers=[], parts=0) for minute in range(7)}
    seen: list[UUID] = []
    after = None
    while page := STORE.every(after=after, limit=2):
        seen += [held.id for held in page]
        after = page[-1]
    assert set(seen) == made
    assert len(seen) == 7
    assert STORE.count_older(KIND, AT + timedelta(minutes=1)) == 2
    assert len(STORE.older(KIND, AT + timedelta(minutes=1))) == 2
    assert STORE.older("other", AT) == []


def test_erasing_leaves_no_row_no_index_and_no_object(place: Place) -> None:
    gone, stays = place.recorded(at=AT, conversation="one"), place.recorded(at=AT, conversation="two")
    assert place.render().done == 2
    stray = f"{place.customer.id}/recordings/{gone}/left-by-a-killed-attempt.mp3.age"
    place.store.put(stray, b"x")
    with using_store(place.store):
        assert STORE.present([gone, stays]) == {gone, stays}
        erased = erase(gone)
        assert (erased.records, erased.objects) == (1, 1 + 3 + 1)
        assert STORE.present([gone, stays]) == {stays}
        assert erase(gone) == Erased()
    assert not NumberIndex.objects.filter(recording=gone).exists()
    assert Conversation.objects.count() == 1
    assert {row.recording_id for row in [*Part.objects.all(), *Rendition.objects.all()]} == {stays}
    assert not list(place.store.list(f"{place.customer.id}/recordings/{gone}"))


def test_an_object_without_a_row_is_something_left(place: Place) -> None:
    recording = place.recorded()
    Recording.objects.filter(id=recording).delete()
    with using_store(place.store):
        assert STORE.present([recording]) == {recording}
        erase(recording)
        assert not STORE.present([recording])


def test_a_conversation_stays_while_another_segment_is_in_it(place: Place) -> None:
    first, second = place.recorded(at=AT, conversation="same"), place.recorded(at=AT, conversation="same")
    with using_store(place.store):
        erase(first)
        assert Conversation.objects.count() == 1
        erase(second)
    assert Conversation.objects.count() == 0


def test_what_was_erased_does_not_come_back_from_the_spool(place: Place) -> None:
    directory = place.spooler.close()
    kept = {path.name: path.read_bytes() for path in directory.iterdir()}
    recording = place.finalize(directory)
    with using_store(place.store):
        erase(recording)
    directory.mkdir()  # as if the worker had died before it removed the directory
    for name, content in kept.items():
        (directory / name).write_bytes(content)
    assert place.finalize(directory) == recording
    assert not directory.exists()
    assert not Recording.objects.filter(id=recording).exists()
    with using_store(place.store):
        assert not STORE.present([recording])


def test_a_rendering_that_comes_after_makes_nothing(place: Place) -> None:
    recording = place.recorded()
    with using_store(place.store):
        erase(recording)
    assert place.render().done == 1
    with using_store(place.store):
        assert not STORE.present([recording])


@pytest.mark.parametrize(("kind", "least"), [("mp3", 0.98), ("opus", 0.96), ("wav", 0.99)])
def test_only_the_voice_of_the_person_is_heard(place: Place, kind: str, least: float) -> None:
    recording = place.recorded(parts=[call(3.0)])
    place.render()
    for party, side, seed in ((CALLER, 0, 1), (CALLEE, 1, 2)):
        sink = written(place, [recording], subject=Subject(numbers=(party.number,)), formats=("csv", kind))
        sound = decoded(next(content for name, content in sink.files.items() if name.endswith(f".{kind}")))
        assert correlation(sound[:, side], speech(3.0, seed=seed)) > least
        silent = sound[:, 1 - side].astype(int)
        # What joint stereo of MP3 leaks is the person's own voice, 40 dB below it; of the other there is nothing.
        assert np.abs(silent).max() < 200
        assert abs(correlation(sound[:, 1 - side], speech(3.0, seed=3 - seed))) < 0.05
        row = sink.rows[0]
        words = json.dumps(row, default=str)
        other = CALLEE if party is CALLER else CALLER
        assert party.number in words
        assert other.number not in words
        assert other.name not in words
        assert row["call_id"] == ""


def test_whole_for_the_customer(place: Place) -> None:
    recording = place.recorded(parts=[call(2.0)])
    place.render()
    sink = written(place, [recording], formats=("mp3", "wav", "opus", "pcap", "age", "vcon"))
    endings = sorted(name.partition(str(recording))[2] for name in sink.files)
    assert endings == [".mp3", ".opus", ".pcap", ".vcon.json", ".wav", "/000.age"]
    for kind, least in (("mp3", 0.98), ("opus", 0.96)):
        sound = decoded(next(content for name, content in sink.files.items() if name.endswith(f".{kind}")))
        assert min(correlation(sound[:, side], speech(2.0, seed=side + 1)) for side in (0, 1)) > least
    assert sink.rows[0]["caller_number"] == CALLER.number
    assert sink.rows[0]["callee_name"] == CALLEE.name


def test_not_yet_rendered_is_made_for_the_export(place: Place) -> None:
    recording = place.recorded(parts=[call(1.0)])
    sink = written(place, [recording], formats=("mp3", "opus", "wav"))
    assert [len(decoded(file)) for file in sink.files.values()] == [pytest.approx(8000, abs=250)] * 3


def test_no_voice_is_handed_out_when_nobody_knows_whose_it_is(place: Place) -> None:
    hidden = (CALLER, Party(label="2", role="callee", name="", aor="", number=""))
    recording = place.recorded(parties=hidden)
    subject = Subject(records=(("recordings", recording),))
    sink = written(place, [recording], subject=subject, formats=("mp3", "pcap", "age"))
    assert not sink.files
    assert "not known which voice" in sink.rows[0]["note"]
    assert CALLER.number not in json.dumps(sink.rows[0], default=str)


def test_a_vcon_holds_its_sound(place: Place) -> None:
    import base64
    import hashlib

    recording = place.recorded(parts=[call(1.0)])
    place.render()
    viewer = Somebody()
    say_consent(viewer, recording, "refused", how="page", by=viewer.user_id, at=datetime.now(UTC))
    say_notice(viewer, recording, "tone", how="page", by=viewer.user_id, at=datetime.now(UTC))
    sink = written(place, [recording], formats=("vcon", "mp3"))
    assert (sink.rows[0]["consent"], sink.rows[0]["notice"]) == ("refused", "tone")
    made = json.loads(next(content for name, content in sink.files.items() if name.endswith(".vcon.json")))
    dialog = made["dialog"][0]
    body = base64.urlsafe_b64decode(dialog["body"] + "=" * (-len(dialog["body"]) % 4))
    assert body == next(content for name, content in sink.files.items() if name.endswith(".mp3"))
    digest = base64.urlsafe_b64encode(hashlib.sha512(body).digest()).decode().rstrip("=")
    assert dialog["content_hash"] == f"sha512-{digest}"
    assert made["vcon"] == "0.4.0"
    assert made["uuid"] == str(recording)
    *callers, organisation = made["parties"]
    assert [party["tel"] for party in callers] == [CALLER.number, CALLEE.number]
    assert organisation["org"] == place.customer.name
    assert dialog["parties"] == [[0], [1]]
    assert made["attachments"][0]["body"]["consent"] == {"wanted": "not-needed", "status": "denied"}
    assert str(viewer.user_id) not in json.dumps(made)


def test_what_only_the_customer_opens_is_handed_out_sealed(
    make_customer: Any, place_for: PlaceFor, unblocked: None
) -> None:
    held = make_customer(custody="customer-held")
    with tenancy.scope(held):
        place = place_for(held)
        recording = place.recorded()
        found = STORE.find(Subject(numbers=(CALLER.number,)))
        assert [one.id for one in found] == [recording]
        sink = written(place, [recording], subject=Subject(numbers=(CALLER.number,)), formats=("mp3",))
    endings = sorted(name.rpartition("/")[2] for name in sink.files)
    assert endings == ["000.age", "HOW-TO-OPEN.txt", "parties.json"]
    assert sink.rows[0]["caller_number"] == "sealed to your key"


def test_a_name_may_be_corrected_and_a_fact_may_not(place: Place) -> None:
    recording = place.recorded()
    assert rectify(recording, caller_name="Ada Lovelace") == ("caller_name",)
    assert rectify(recording, caller_name="Ada Lovelace") == ()
    viewer: Any = type("V", (), {"number_indexes": None, "user_id": UUID(int=1), "role": "compliance"})()
    parties = get(viewer, recording).parties
    assert [party.name for party in parties] == ["Ada Lovelace", CALLEE.name]
    with pytest.raises(CannotRectify, match="says what happened"):
        rectify(recording, started_at="2020-01-01")


def test_a_broken_file_is_named_with_its_reason_and_holds_nothing_up(place: Place) -> None:
    broken, whole = place.recorded(at=AT), place.recorded(at=AT + timedelta(hours=1))
    place.render()
    for kind in ("mp3", "wav"):
        place.store.delete(Rendition.objects.get(recording=broken, kind=kind).object_key)
    sink = written(place, [broken, whole], formats=("mp3", "wav"))
    assert sink.rows[0]["files"] == "" and sink.rows[1]["note"] == ""
    for kind in ("mp3", "wav"):
        why = f"{broken}.{kind} is left out: what is stored is not what was recorded (recordings.substituted-object)"
        assert why in sink.rows[0]["note"]
    assert len(sink.files) == 2

    place.store.delete(Part.objects.get(recording=broken).object_key)
    person = Subject(numbers=(CALLER.number,))
    mine = written(place, [broken, whole], subject=person, formats=("mp3", "wav", "pcap", "age"))
    for kind in ("mp3", "wav"):
        assert f"{broken}.{kind} is left out: what is stored" in mine.rows[0]["note"]
    assert "pcap is left out: others are in it; age is left out: others are in it" in mine.rows[1]["note"]
    assert sorted(name.rpartition(".")[2] for name in mine.files) == ["mp3", "wav"]
    everything = written(place, [broken], formats=("pcap", "age"))
    assert "/*.age is left out" in everything.rows[0]["note"] and not everything.files
