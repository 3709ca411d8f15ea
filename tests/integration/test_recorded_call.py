"""The main job, by peers that know nothing of Parley: sipp signals, a sender speaks, a capture is the truth."""

import io
import shutil
import subprocess
import urllib.error
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tests.support.peers import (
    Leg,
    Party,
    SippCall,
    capture,
    may_capture,
    rtp_payloads,
    speak,
    tshark_streams,
    wait_for,
)
from tests.support.system import Console, System, free_ports, running, short_folder

from parley.sealing.api import generate_identity

SECONDS = 6.0
PACKETS = int(SECONDS * 50)
SPEECH = Path(__file__).parents[2] / "src/parley/project/demo/speech"
CALLER = Party("+442079460018", "Rosalind Okonkwo-Marsh")
CALLEE = Party("+390584943232", "Tiberio Vannucchi")

Samples = npt.NDArray[np.int16]


class Voices:
    """Two different speakers as raw G.711: mu-law for the caller's m-line, A-law for the callee's."""

    def __init__(self, folder: Path) -> None:
        self.caller, self.callee = folder / "caller.ul", folder / "callee.al"
        for source, target, codec in (
            ("support-ruth.wav", self.caller, "mulaw"),
            ("trade-victor.wav", self.callee, "alaw"),
        ):
            _ffmpeg("-i", SPEECH / source, "-ar", "8000", "-ac", "1", "-f", codec, target)

    @staticmethod
    def linear(path: Path) -> Samples:
        raw = path.with_suffix(path.suffix + ".s16")
        _ffmpeg("-f", {".ul": "mulaw", ".al": "alaw"}[path.suffix], "-ar", "8000", "-i", path, "-f", "s16le", raw)
        samples = np.frombuffer(raw.read_bytes(), "<i2")
        return np.resize(samples, PACKETS * 160)


def _ffmpeg(*words: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = short_folder("call")
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def system(folder: Path) -> Iterator[System]:
    with running(folder / "data") as system:
        yield system


@pytest.fixture(scope="module")
def voices(folder: Path) -> Voices:
    return Voices(folder)


@pytest.fixture(scope="module")
def identity(folder: Path) -> Path:
    """The key of the customer that holds its own; a second one, as the agreement wants it, stays in the cupboard."""
    path = folder / "customer.key"
    path.write_text(generate_identity().secret + "\n")
    return path


@pytest.fixture(scope="module")
def held(system: System, identity: Path) -> Console:
    """A customer that holds its own keys; its session border controller is 127.0.0.2."""
    mine = subprocess.run(
        ["age-keygen", "-y", str(identity)], check=True, capture_output=True, text=True
    ).stdout.strip()
    return system.add_customer("held", source="127.0.0.2", recipients=(mine, generate_identity().recipient)).sign_in()


@pytest.fixture(scope="module")
def managed(system: System) -> Console:
    """A customer whose keys the provider keeps; its session border controller is 127.0.0.3."""
    return system.add_customer("managed", source="127.0.0.3").sign_in()


def place(system: System, folder: Path, voices: Voices, *, local_ip: str, transport: str) -> tuple[list[Leg], Path]:
    """One call from first to last message; the legs that spoke, and the capture of what reached the machine."""
    mine = free_ports(4) + 1 & ~1
    call = SippCall(
        folder=folder, target=system.sip, transport=transport, local_ip=local_ip, caller=CALLER, callee=CALLEE,
        group=f"group-{transport}", seconds=SECONDS + 2, media_ports=(mine, mine + 2),
    )  # fmt: skip
    first, second = call.ports
    legs = [
        Leg(mine, first, 0, voices.caller, first_sequence=65400, ssrc=0x1111),
        Leg(mine + 2, second, 8, voices.callee, first_sequence=7, ssrc=0x2222),
    ]
    truth = folder / "truth.pcapng"
    if may_capture():
        with capture(truth, [first, second]):
            _say(legs, local_ip)
    else:
        _say(legs, local_ip)
    call.finish()
    return legs, truth


def _say(legs: list[Leg], host: str) -> None:
    sender = speak(SECONDS, legs, host=host)
    out, _ = sender.communicate(timeout=SECONDS + 20)
    assert out.split() == ["sent", str(2 * PACKETS), str(PACKETS), str(PACKETS)]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_every_payload_byte_that_arrived_is_in_the_original_in_order(
    system: System, held: Console, voices: Voices, identity: Path, tmp_path: Path, transport: str
) -> None:
    before = len(held.recordings())
    legs, truth = place(system, tmp_path / "sipp", voices, local_ip="127.0.0.2", transport=transport)
    row = held.recording(before + 1)
    assert row["sealed"] and row["parties"] == [], "nobody but the customer can read who spoke"
    files = []
    for part in row["parts"]:
        files.append(tmp_path / part["name"])
        files[-1].write_bytes(held.download(part["url"]))

    opened = tmp_path / "opened.pcap"
    system.parley("open", *map(str, files), "--identity", str(identity), "--output", str(opened))
    for leg in legs:
        got = rtp_payloads(opened, leg.port)
        assert got == leg.expected(PACKETS)
        if may_capture():
            assert got == rtp_payloads(truth, leg.port)

    assert [part["kind"] for part in row["parts"]] == ["age"], "a call that went well is one finished age file"
    stock = tmp_path / "stock.pcap"
    subprocess.run(["age", "-d", "-i", str(identity), "-o", str(stock), str(files[0])], check=True)
    assert stock.read_bytes() == opened.read_bytes()
    streams = {stream.port: stream for stream in tshark_streams(stock)}
    assert {port: (found.packets, found.lost) for port, found in streams.items()} == {
        leg.port: (PACKETS, 0) for leg in legs
    }


def test_each_side_is_on_its_own_channel_and_nowhere_else(
    system: System, managed: Console, voices: Voices, tmp_path: Path
) -> None:
    place(system, tmp_path / "sipp", voices, local_ip="127.0.0.3", transport="udp")
    row = managed.recording()
    assert {party["number"] for party in row["parties"]} == {CALLER.number, CALLEE.number}
    assert managed.recordings(number="0039 0584 943 232")[0]["id"] == row["id"]
    assert managed.recordings(number="+390584943233") == []
    assert row["direction"] == "inbound"

    media = {entry["kind"]: managed.download(entry["url"]) for entry in row["media"]}
    with wave.open(io.BytesIO(media["wav"])) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, 8000, 2)
        stereo = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2)
    caller, callee = voices.linear(voices.caller), voices.linear(voices.callee)
    length = min(len(stereo), len(caller))
    assert length >= (SECONDS - 0.05) * 8000
    left, right = stereo[:length, 0], stereo[:length, 1]
    assert correlation(left, caller) > 0.99
    assert correlation(right, callee) > 0.99
    assert abs(correlation(left, callee)) < 0.05
    assert abs(correlation(right, caller)) < 0.05

    for kind, name, codec in (("wav", "call.wav", "pcm_s16le"), ("mp3", "call.mp3", "mp3")):
        path = tmp_path / name
        path.write_bytes(media[kind])
        assert probe(path) == (codec, 2, pytest.approx(SECONDS, abs=0.3))


def correlation(heard: Samples, source: Samples) -> float:
    """At zero lag, of equal lengths from the start."""
    return float(np.corrcoef(heard.astype(float), source[: len(heard)].astype(float))[0, 1])


def probe(path: Path) -> tuple[str, int, float]:
    """(codec, channels, seconds) as ffprobe reads them."""
    out = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-show_entries",
            "stream=codec_name,channels:format=duration",
            "-of",
            "csv=p=0",
            path,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    codec, channels = out[0].split(",")[:2]
    return codec, int(channels), float(out[1])


def test_its_evidence_verifies_offline_and_a_changed_bundle_does_not(
    system: System, managed: Console, tmp_path: Path
) -> None:
    row = managed.recording()
    bundle, changed = tmp_path / "bundle.json", tmp_path / "changed.json"

    def integrated() -> bool:
        try:
            bundle.write_bytes(managed.download(row["evidence_url"]))
        except urllib.error.HTTPError:
            return False
        return True

    wait_for("the sequencer", integrated)
    assert len(bundle.read_bytes()) <= 8192
    system.parley("verify", str(bundle))
    changed.write_bytes(bundle.read_bytes().replace(b"recording.sealed", b"recording.sealeD"))
    refused = system.parley("verify", str(changed), check=False)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    missing = system.parley("verify", str(tmp_path / "nowhere"), check=False)
    assert missing.returncode != 0
    assert "Traceback" not in missing.stderr


def test_commands_name_a_file_that_is_not_there(system: System, tmp_path: Path) -> None:
    refused = system.parley("open", str(tmp_path / "000.age"), "--identity", str(tmp_path / "no.key"), check=False)
    assert refused.returncode == 1
    assert "no.key" in refused.stderr
    assert "Traceback" not in refused.stderr
