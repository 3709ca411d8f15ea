"""Each voice is heard on its own side, at its own time, whatever the network did to the packets."""

import dataclasses
import io
import json
import subprocess
import wave
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.support.captures import FRAME, RATE, Packet, Sender, correlation, encode_mu_law, pcap, speech

from parley.recordings.rendition.encoders import OPUS_KILOBITS, Mp3Encoder, OpusEncoder, PeakCollector, WavEncoder
from parley.recordings.rendition.g711 import DECODERS
from parley.recordings.rendition.packets import NotACapture, blocks
from parley.recordings.rendition.render import render, stereo, survey
from parley.recordings.types import ManifestStream, PayloadType
from parley.recordings.views import Peaks

LEFT, RIGHT = 30000, 30002
STREAMS = (
    ManifestStream(label="1", side="caller", port=LEFT, codec="PCMU"),
    ManifestStream(label="2", side="callee", port=RIGHT, codec="PCMA"),
)
CALLER, CALLEE = speech(8, seed=1), speech(8, seed=2)


def heard(packets: Iterable[Packet], streams: tuple[ManifestStream, ...] = STREAMS) -> npt.NDArray[np.int16]:
    return heard_from([pcap(packets)], streams)


def heard_from(parts: list[bytes], streams: tuple[ManifestStream, ...] = STREAMS) -> npt.NDArray[np.int16]:
    capture = [[part[at : at + 65536] for at in range(0, len(part), 65536)] for part in parts]
    return np.concatenate(list(stereo(capture, streams=streams, measured=survey(capture, streams=streams))))


def both(**changes: object) -> tuple[list[Packet], list[Packet]]:
    left = Sender(LEFT, ssrc=1, jitter=0.004)
    right = Sender(RIGHT, ssrc=2, payload_type=8, jitter=0.004, random=np.random.default_rng(9))
    return left.send(CALLER, at=0), right.send(CALLEE, at=0.003)


def assert_each_on_its_side(sound: npt.NDArray[np.int16], *, least: float = 0.99) -> None:
    assert correlation(sound[:, 0], CALLER) > least
    assert correlation(sound[:, 1], CALLEE) > least
    assert abs(correlation(sound[:, 0], CALLEE)) < 0.05
    assert abs(correlation(sound[:, 1], CALLER)) < 0.05


def test_the_two_test_voices_are_unlike() -> None:
    assert abs(correlation(CALLER, CALLEE)) < 0.05


@pytest.mark.parametrize(
    ("name", "code", "sample"), [("PCMU", 0xFF, 0), ("PCMU", 0x00, -32124), ("PCMA", 0x2A, -32256)]
)
def test_g711_codes_have_the_values_of_the_standard(name: str, code: int, sample: int) -> None:
    assert DECODERS[name][code] == sample


def test_each_voice_is_on_its_own_side() -> None:
    left, right = both()
    sound = heard(left + right)
    assert len(sound) == len(CALLER)
    assert_each_on_its_side(sound)


def test_reordered_and_doubled_packets_change_nothing() -> None:
    left, right = both()
    shuffled = [
        dataclasses.replace(packet, at=packet.at + (0.045 if number % 5 == 2 else 0))
        for number, packet in enumerate(left)
    ]
    doubled = [dataclasses.replace(packet, at=packet.at + 0.3) for packet in left[::7]]
    assert np.array_equal(heard(shuffled + doubled + right), heard(left + right))


def test_lost_packets_are_concealed_and_shift_nothing() -> None:
    left, right = both()
    lossy = [packet for number, packet in enumerate(left) if number % 20 != 7]
    sound = heard(lossy + right)
    assert len(sound) == len(CALLER)
    silent = sound.copy()
    for number in range(7, len(left), 20):
        silent[number * FRAME : (number + 1) * FRAME, 0] = 0
    assert correlation(sound[:, 0], CALLER) > correlation(silent[:, 0], CALLER)
    assert correlation(sound[:, 0], CALLER) > 0.97
    lost = sound[7 * FRAME : 8 * FRAME, 0]
    assert lost.any()


def test_a_long_gap_fades_to_silence() -> None:
    left, right = both()
    sound = heard(left[:100] + left[200:] + right)
    assert sound[100 * FRAME : 101 * FRAME, 0].any()
    assert not sound[104 * FRAME : 200 * FRAME, 0].any()
    assert correlation(sound[200 * FRAME :, 0], CALLER[200 * FRAME :]) > 0.99


def test_sequence_and_timestamp_wrap() -> None:
    left = Sender(LEFT, ssrc=1, sequence=65500, timestamp=0xFFFFFFFF - 20000).send(CALLER, at=0)
    right = Sender(RIGHT, ssrc=2, payload_type=8, sequence=65535, timestamp=0xFFFFFFFF).send(CALLEE, at=0)
    assert_each_on_its_side(heard(left + right))


def test_a_new_ssrc_goes_on_where_the_old_one_stopped() -> None:
    first, second = Sender(LEFT, ssrc=1, jitter=0.004), Sender(LEFT, ssrc=9, sequence=7, timestamp=99, jitter=0.004)
    half = len(CALLER) // 2
    left = first.send(CALLER[:half], at=0) + second.send(CALLER[half:], at=half / RATE)
    assert_each_on_its_side(heard(left + both()[1]))


@pytest.mark.parametrize("step", [1_000_000, -1_000_000, 40_000, -3_200, 0x7FFFFFF0])
def test_a_step_of_the_senders_clock_leaves_sound_in_place(step: int) -> None:
    sender = Sender(LEFT, ssrc=1, jitter=0.004)
    half = len(CALLER) // 2
    left = sender.send(CALLER[:half], at=0)
    sender.timestamp += step
    left += sender.send(CALLER[half:], at=half / RATE)
    assert_each_on_its_side(heard(left + both()[1]))


@pytest.mark.parametrize("ticking", [False, True])
def test_a_pause_keeps_both_sides_aligned(ticking: bool) -> None:
    sender = Sender(LEFT, ssrc=1)
    third = 2 * RATE
    left = sender.send(CALLER[:third], at=0)
    if ticking:
        sender.timestamp += third
    left += sender.send(CALLER[2 * third :], at=2 * third / RATE)
    sound = heard(left + both()[1])
    assert correlation(sound[2 * third :, 0], CALLER[2 * third :]) > 0.99
    assert correlation(sound[:, 1], CALLEE) > 0.99


def test_a_stalled_network_is_no_pause() -> None:
    left, right = both()
    stalled = [dataclasses.replace(packet, at=max(packet.at, 5.0) if packet.at > 2 else packet.at) for packet in left]
    assert_each_on_its_side(heard(stalled + right))


def test_unpaced_packets_keep_the_time_of_their_stamps() -> None:
    left, right = both()
    squeezed = [dataclasses.replace(packet, at=packet.at / 1000) for packet in left + right]
    assert_each_on_its_side(heard(squeezed))


def test_a_late_joiner_starts_late() -> None:
    right = Sender(RIGHT, ssrc=2, payload_type=8, jitter=0.003).send(CALLEE[2 * RATE :], at=2.003)
    sound = heard(both()[0] + right)
    assert correlation(sound[2 * RATE :, 1], CALLEE[2 * RATE :]) > 0.99
    assert not sound[: 2 * RATE, 1].any()


def test_comfort_noise_is_silence_and_events_are_not_heard() -> None:
    streams = (
        dataclasses.replace(
            STREAMS[0],
            payload_types=(PayloadType(number=0, name="PCMU"), PayloadType(number=101, name="telephone-event")),
        ),
        STREAMS[1],
    )
    sender = Sender(LEFT, ssrc=1)
    left = sender.send(CALLER[: 2 * RATE], at=0)
    left.append(Packet(2.0, LEFT, sender.sequence, sender.timestamp, b"\x40", 1, 13))
    sender.sequence += 1
    for number in range(10):
        left.append(Packet(2.0 + number / 50, LEFT, sender.sequence, sender.timestamp, b"\x01\x0a\x00\xa0", 1, 101))
        sender.sequence += 1
    sender.timestamp += RATE
    left += sender.send(CALLER[3 * RATE :], at=3)
    sound = heard(left + both()[1], streams)
    assert not sound[2 * RATE : 3 * RATE, 0].any()
    assert correlation(sound[3 * RATE :, 0], CALLER[3 * RATE :]) > 0.99


def test_header_extensions_and_padding_are_not_heard() -> None:
    left, right = both()
    odd = [dataclasses.replace(packet, extension=b"\x10\x00\x00\x00" * 2, padding=8) for packet in left]
    assert np.array_equal(heard(odd + right), heard(left + right))


def test_a_packet_size_that_changes_is_followed() -> None:
    coded, sender = encode_mu_law(CALLER), 0
    left, start = [], 0
    while start < len(coded):
        size = 240 if start > len(coded) // 2 else 80
        left.append(Packet(start / RATE, LEFT, sender, 77 + start, coded[start : start + size], 1))
        sender, start = sender + 1, start + size
    assert correlation(heard(left + both()[1])[:, 0], CALLER) > 0.99


def test_parts_follow_one_another_and_a_torn_end_is_dropped() -> None:
    left, right = both()
    everything = sorted(left + right, key=lambda packet: packet.at)
    first, second = pcap(everything[:300]), pcap(everything[300:])
    sound = heard_from([first + second[24 : 24 + 100], second])
    assert_each_on_its_side(sound)


def test_a_stream_of_neither_side_takes_the_free_side() -> None:
    streams = (dataclasses.replace(STREAMS[0], side="other"), dataclasses.replace(STREAMS[1], side="caller"))
    left, right = both()
    sound = heard(left + right, streams)
    assert correlation(sound[:, 1], CALLER) > 0.99
    assert correlation(sound[:, 0], CALLEE) > 0.99


def test_an_empty_capture_is_silence_and_a_foreign_file_is_refused() -> None:
    assert survey([[pcap([])]], streams=STREAMS).samples == 0
    assert len(b"".join(piece for _, piece in rendered([]))) > 0
    with pytest.raises(NotACapture):
        list(blocks([[b"RIFF" + bytes(100)]], ports=frozenset({LEFT})))


def rendered(packets: list[Packet]) -> Iterator[tuple[str, bytes]]:
    content = pcap(packets)
    return render(
        lambda: [[content]],
        streams=STREAMS,
        make=lambda samples: {
            "wav": WavEncoder(samples=samples),
            "mp3": Mp3Encoder(samples=samples),
            "opus": OpusEncoder(),
            "peaks": PeakCollector(samples=samples),
        },
    )


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    left, right = both()
    out: dict[str, bytes] = {}
    for name, piece in rendered(left + right):
        out[name] = out.get(name, b"") + piece
    return out


def test_the_wav_is_whole(files: dict[str, bytes]) -> None:
    with wave.open(io.BytesIO(files["wav"])) as opened:
        assert (opened.getnchannels(), opened.getframerate(), opened.getnframes()) == (2, RATE, len(CALLER))
        sound = np.frombuffer(opened.readframes(len(CALLER)), "<i2").reshape(-1, 2)
    assert_each_on_its_side(sound)


@pytest.mark.parametrize("kind", ["mp3", "wav"])
def test_stock_tools_read_it_to_the_sample(files: dict[str, bytes], kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"call.{kind}"
    path.write_bytes(files[kind])
    stream = probed(path)
    assert (stream["channels"], stream["sample_rate"]) == (2, str(RATE))
    assert float(stream["duration"]) == pytest.approx(len(CALLER) / RATE, abs=0.3)
    sound = decoded(path)
    assert len(sound) == len(CALLER)
    assert_each_on_its_side(sound)


def test_opus_gives_every_sample_back_in_its_place(files: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "call.opus"
    path.write_bytes(files["opus"])
    stream = probed(path)
    assert (stream["codec_name"], stream["channels"]) == ("opus", 2)
    # ffprobe counts the encoder's 6.5 ms of delay; what it decodes has none of it.
    assert float(stream["duration"]) == pytest.approx(len(CALLER) / RATE, abs=0.01)
    sound = decoded(path)
    assert len(sound) == len(CALLER)
    assert_each_on_its_side(sound, least=0.97)
    assert len(files["opus"]) * 8 / (len(CALLER) / RATE) == pytest.approx(OPUS_KILOBITS * 1000, rel=0.2)


def test_opus_of_no_sound_at_all_is_a_file_that_players_take(tmp_path: Path) -> None:
    path = tmp_path / "empty.opus"
    path.write_bytes(OpusEncoder().finish())
    assert probed(path)["codec_name"] == "opus"
    assert len(decoded(path)) == RATE // 50


def test_opus_keeps_who_is_silent_silent(tmp_path: Path) -> None:
    taking_turns = np.zeros((2 * len(CALLER), 2), np.int16)
    taking_turns[: len(CALLER), 0], taking_turns[len(CALLER) :, 1] = CALLER, CALLEE
    encoder, path = OpusEncoder(), tmp_path / "turns.opus"
    pieces = [encoder.encode(taking_turns[at : at + 7001]) for at in range(0, len(taking_turns), 7001)]
    assert sum(map(bool, pieces)) > len(pieces) // 2  # it is given out while it is made
    path.write_bytes(b"".join(pieces) + encoder.finish())
    sound = decoded(path).astype(np.int64)
    assert len(sound) == len(taking_turns)
    for speaker, span in ((0, slice(0, len(CALLER) - RATE // 10)), (1, slice(len(CALLER) + RATE // 10, None))):
        loud, quiet = (sound[span, side] for side in (speaker, 1 - speaker))
        assert (quiet**2).sum() < (loud**2).sum() / 100_000  # 50 dB: nobody is heard on the other's side


def probed(path: Path) -> dict[str, Any]:
    """The one stream of a file, as ffprobe sees it."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", path]
    report = subprocess.run(command, capture_output=True, check=True)
    assert report.stderr == b""
    (stream,) = json.loads(report.stdout)["streams"]
    return dict(stream)


def decoded(path: Path) -> npt.NDArray[np.int16]:
    """The sound of a file as ffmpeg decodes it, at our rate."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-ar", str(RATE), "-f", "s16le", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    return np.frombuffer(done.stdout, "<i2").reshape(-1, 2)


def test_peaks_follow_the_loudness(files: dict[str, bytes]) -> None:
    peaks = Peaks.from_json(files["peaks"])
    assert peaks.seconds == len(CALLER) / RATE
    assert len(peaks.caller) == len(peaks.callee) == 2 * round(peaks.seconds / peaks.seconds_per_peak)
    assert max(peaks.caller) == pytest.approx(int(CALLER.max()) * 127 / 32768, abs=3)
    assert min(peaks.callee) == pytest.approx(int(CALLEE.min()) * 127 / 32768, abs=3)


def test_only_digital_silence_is_drawn_as_nothing() -> None:
    """The octets that stand for silence (A-law 0xD5 decodes to 8), the faintest noise above, and both ends."""
    collector = PeakCollector(samples=4 * 160)
    sound = np.repeat(np.array([[0, 8], [-8, 24], [-16, 16], [-32768, 32767]], np.int16), 160, axis=0)
    collector.encode(sound)
    peaks = Peaks.from_json(collector.finish())
    assert peaks.zero_is_silence
    assert peaks.caller == (0, 0, 0, 0, -1, -1, -127, -127)
    assert peaks.callee == (0, 0, 1, 1, 1, 1, 127, 127)


def test_streams_that_shall_not_be_heard_are_silent_and_the_time_stays() -> None:
    left, right = both()
    capture = [[pcap(left + right)]]
    measured = survey(capture, streams=STREAMS)
    for port, side in ((LEFT, 0), (RIGHT, 1)):
        alone = np.concatenate(list(stereo(capture, streams=STREAMS, measured=measured, audible={port})))
        assert len(alone) == measured.samples
        assert not alone[:, 1 - side].any()
        assert correlation(alone[:, side], (CALLER, CALLEE)[side]) > 0.99
