"""What is played is the call that was recorded, and only what the ledger knows."""

import hashlib
import io
import json
import subprocess
import wave
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from django.db import connection
from tests.integration.recordings.conftest import Place, PlaceFor, Somebody
from tests.support.captures import correlation, speech
from tests.support.spooled import call

from parley.governance.instructions import api as instructions
from parley.ledger import api as ledger
from parley.obligations.api import run_due
from parley.obligations.models import Deadline
from parley.recordings.api import (
    RENDER,
    NoSuchRendition,
    SubstitutedObject,
    get,
    part,
    peaks,
    render_recording,
    render_refused,
    rendition,
)
from parley.recordings.models import Part, Recording, Rendition
from parley.sealing.api import seal_bytes
from parley.storage.api import ObjectNotFoundError
from parley.tenancy import api as tenancy


@pytest.fixture
def rendered(place: Place) -> Recording:
    """A recording of two seconds in two parts, rendered."""
    packets = sorted(call(2.0), key=lambda packet: packet.at)
    recording_id = place.recorded(parts=[packets[:90], packets[90:]])
    assert place.render().done == 1
    return Recording.objects.get(id=recording_id)


def key_of(recording: Recording, kind: str) -> str:
    return recording.renditions.get(kind=kind).object_key


def integrate(customer: tenancy.Customer) -> None:
    with tenancy.connect(customer, role="sequencer") as connected:
        ledger.integrate(connected, signer=tenancy.keyring().ledger_signer(customer))


def test_each_voice_is_on_its_own_side(place: Place, rendered: Recording, everybody: Somebody) -> None:
    with wave.open(rendition(everybody, rendered.id, "wav", store=place.store)) as opened:
        sound = np.frombuffer(opened.readframes(opened.getnframes()), "<i2").reshape(-1, 2)
    caller, callee = speech(2.0, seed=1), speech(2.0, seed=2)
    assert correlation(sound[:, 0], caller) > 0.99
    assert correlation(sound[:, 1], callee) > 0.99
    assert abs(correlation(sound[:, 0], callee)) < 0.05
    assert abs(correlation(sound[:, 1], caller)) < 0.05


@pytest.mark.parametrize(("kind", "codec"), [("mp3", "mp3"), ("wav", "pcm_s16le")])
def test_ffprobe_reads_it(
    place: Place, rendered: Recording, everybody: Somebody, tmp_path: Path, kind: str, codec: str
) -> None:
    path = tmp_path / f"call.{kind}"
    path.write_bytes(rendition(everybody, rendered.id, kind, store=place.store).read())
    report = subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-of", "json", path], capture_output=True, check=True
    )
    stream = json.loads(report.stdout)["streams"][0]
    assert (stream["codec_name"], stream["channels"], stream["sample_rate"]) == (codec, 2, "8000")
    assert float(stream["duration"]) == pytest.approx(2.0, abs=0.25)


def test_ranges_are_what_the_whole_holds(place: Place, rendered: Recording, everybody: Somebody) -> None:
    content = rendition(everybody, rendered.id, "mp3", store=place.store)
    whole = content.read()
    assert len(whole) == content.size == get(everybody, rendered.id).renditions["mp3"].size
    for start, stop in [(0, 1), (100, 5000), (content.size - 10, content.size + 10), (content.size, content.size + 1)]:
        content.seek(start)
        assert content.read(stop - start) == whole[start:stop] == content.read_range(start, stop)


def test_the_waveform_is_there(place: Place, rendered: Recording, everybody: Somebody) -> None:
    drawn = peaks(everybody, rendered.id, store=place.store)
    assert drawn.seconds == 2.0
    assert max(drawn.caller) > 10
    assert min(drawn.callee) < -10


def test_nothing_clear_is_stored_or_left_over(place: Place, rendered: Recording) -> None:
    kept = list(place.store.list())
    assert len(kept) == 5
    for head in kept:
        assert place.content(head.key).startswith(b"age-encryption.org/v1\n")
    assert not list(place.scratch.iterdir())


def test_stock_age_opens_a_rendition(place: Place, rendered: Recording, tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    key.write_text("\n".join(tenancy.keyring().identities(place.customer)))
    sealed = tmp_path / "call.wav.age"
    sealed.write_bytes(place.content(key_of(rendered, "wav")))
    opened = subprocess.run(["age", "-d", "-i", key, sealed], capture_output=True, check=True).stdout
    assert opened.startswith(b"RIFF")
    with wave.open(io.BytesIO(opened)) as sound:
        assert sound.getnframes() == 16000


@pytest.mark.parametrize("integrated", [False, True], ids=["pending", "integrated"])
@pytest.mark.parametrize("attack", ["altered", "replaced", "replaced with its row", "removed"])
def test_a_substituted_rendition_is_detected_before_it_plays(
    place: Place, rendered: Recording, everybody: Somebody, attack: str, integrated: bool
) -> None:
    if integrated:
        integrate(place.customer)
    assert rendition(everybody, rendered.id, "mp3", store=place.store).read(3)
    key = key_of(rendered, "mp3")
    if attack == "altered":
        content = bytearray(place.content(key))
        content[-1] ^= 1
        place.store.put(key, bytes(content))
    elif attack == "removed":
        place.store.delete(key)
    else:
        forged = seal_bytes(b"another call", place.customer.recipients)
        place.store.put(key, forged)
        if attack == "replaced with its row":
            Rendition.objects.filter(recording=rendered, kind="mp3").update(
                sha256=hashlib.sha256(forged).hexdigest(), size=12
            )
    with pytest.raises(SubstitutedObject):
        rendition(everybody, rendered.id, "mp3", store=place.store)


def test_a_detail_that_was_rewritten_in_the_database_proves_nothing(
    place: Place, rendered: Recording, everybody: Somebody
) -> None:
    integrate(place.customer)
    forge_detail(rendered)
    with pytest.raises(ledger.BundleRefused):
        rendition(everybody, rendered.id, "mp3", store=place.store)


def forge_detail(recording: Recording) -> None:
    """What somebody with the application's role can do: delete a detail and write another."""
    entry = Rendition.objects.filter(recording=recording).first()
    assert entry is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT details FROM ledger_detail WHERE entry_id = %s", [entry.evidence_id])
        details = json.loads(cursor.fetchone()[0]) | {"files_sha256": "0" * 64}
        cursor.execute("DELETE FROM ledger_detail WHERE entry_id = %s", [entry.evidence_id])
        cursor.execute(
            "INSERT INTO ledger_detail (entry_id, salt, details) VALUES (%s, %s, %s)",
            [entry.evidence_id, bytes(32), json.dumps(details, sort_keys=True, separators=(",", ":"))],
        )


def test_a_substituted_original_is_neither_handed_out_nor_rendered(place: Place, everybody: Somebody) -> None:
    recording_id = place.recorded()
    assert part(everybody, recording_id, "000.age", store=place.store).read(4) == b"age-"
    place.store.put(Part.objects.get().object_key, seal_bytes(b"another call", place.customer.recipients))
    with pytest.raises(SubstitutedObject):
        part(everybody, recording_id, "000.age", store=place.store)
    place.render()
    found = get(everybody, recording_id)
    assert (found.rendition, found.rendition_error) == ("failed", "recordings.substituted-object")


def test_an_original_that_is_no_capture_is_given_up(place: Place, everybody: Somebody) -> None:
    directory = place.spooler.close(parts=[])
    forged = seal_bytes(b"this is no capture", place.customer.recipients)
    (directory / "000.age").write_bytes(forged)
    closed = json.loads((directory / "closed.json").read_bytes())
    digest = hashlib.sha256(forged).hexdigest()
    closed["parts"] = [{"name": "000.age", "kind": "age", "size": len(forged), "sha256": digest}]
    (directory / "closed.json").write_text(json.dumps(closed))
    recording_id = place.finalize(directory)
    assert place.render().done == 1
    assert get(everybody, recording_id).rendition_error == "recordings.not-a-capture"
    with pytest.raises(NoSuchRendition):
        rendition(everybody, recording_id, "mp3", store=place.store)


def test_a_store_that_is_away_means_trying_again(place: Place, everybody: Somebody) -> None:
    recording_id = place.recorded()

    class Away:
        def __getattr__(self, name: str) -> Callable[..., object]:
            def refuse(*_arguments: object) -> object:
                raise ConnectionError

            return refuse

    handler = partial(render_recording, store=Away(), scratch=place.scratch)
    assert run_due(place.customer, handlers={RENDER: handler}, now=datetime.now(UTC)).failed == 1
    retry = Deadline.objects.get(kind=RENDER).due
    handler = partial(render_recording, store=place.store, scratch=place.scratch)
    assert run_due(place.customer, handlers={RENDER: handler}, now=retry).done == 1
    assert get(everybody, recording_id).rendition == "ready"


def test_nothing_is_to_be_played_where_the_customer_holds_the_key(
    make_customer: Callable[..., tenancy.Customer], place_for: PlaceFor, everybody: Somebody
) -> None:
    with tenancy.scope(make_customer(custody="customer-held", agreement="ixcloud-dpa")) as customer:
        place = place_for(customer)
        recording_id = place.recorded()
        with pytest.raises(NoSuchRendition):
            rendition(everybody, recording_id, "mp3", store=place.store)
        assert part(everybody, recording_id, "000.age", store=place.store).read(4) == b"age-"


def test_a_missing_object_says_so(place: Place) -> None:
    with pytest.raises(ObjectNotFoundError):
        place.store.open("nowhere")


def test_what_the_gate_refuses_is_rendered_once_it_is_instructed(place: Place, everybody: Somebody) -> None:
    who, now = UUID(int=1), datetime.now(UTC)
    instructions.withdraw(purpose="make-rendition", text="no copies", by=who, at=now)
    recording_id = place.recorded()
    handler = partial(render_recording, store=place.store, scratch=place.scratch)
    assert run_due(place.customer, handlers={RENDER: handler}, now=datetime.now(UTC)).done == 1
    found = get(everybody, recording_id)
    assert (found.rendition, found.rendition_error, found.renditions) == ("refused", "IM-3a.instructions", {})
    assert render_refused() == 0
    instructions.give(purpose="make-rendition", text="copies again", by=who, at=now)
    assert render_refused() == 1
    assert run_due(place.customer, handlers={RENDER: handler}, now=datetime.now(UTC)).done == 1
    assert get(everybody, recording_id).rendition == "ready"
