"""Stereo sound to files that stock tools play: WAV, MP3, Opus, and the peaks of a waveform, a window at a time.

Every encoder that has to say in front how long the sound is learns it before it begins, because what it writes is
sealed or sent at once and can never be gone back to. Samples are int16, shape (n, 2), 8 kHz: caller left, callee right.
"""

import struct
from typing import Protocol

import lameenc
import numpy as np
import numpy.typing as npt
import soundfile

from parley.recordings.rendition.g711 import SAMPLE_RATE
from parley.recordings.views import Peaks

Stereo = npt.NDArray[np.int16]

CHANNELS = 2
WAV_HEADER_BYTES = 44
MP3_KILOBITS = 32
OPUS_KILOBITS = 32
"""Both channels together. Below 32 kbit/s Opus makes the stereo narrower, and who speaks alone is heard on the other
side as well: 26 dB down at 24 kbit/s, 35 dB at 28, not at all at 32 (measured). Which side speaks is evidence."""
_MP3_FRAME_SAMPLES = 576
_MP3_FRAME_BYTES = _MP3_FRAME_SAMPLES * MP3_KILOBITS * 1000 // 8 // SAMPLE_RATE
_MP3_HEADER = bytes.fromhex("ffe34800")
_LAME_DELAY = 576
_LAME_FRAMES_BEHIND = 2
_PEAK_COUNT = 4000
SILENCE = 8
"""What the octets that stand for silence decode to, at most: 0 in mu-law (0xFF), 8 in A-law (0xD5)."""
_SHORTEST_PEAK = SAMPLE_RATE // 50


class Encoder(Protocol):
    """Takes stereo windows in order and returns the bytes that are due; `finish` returns the rest."""

    def encode(self, sound: Stereo) -> bytes: ...
    def finish(self) -> bytes: ...


class WavEncoder:
    """RIFF WAVE, PCM, 16 bit. Beyond 4 GiB (37 h) the sizes in the header are those of an endless stream."""

    def __init__(self, *, samples: int) -> None:
        size = min(samples * CHANNELS * 2, 0xFFFFFFFF - 36)
        rate = SAMPLE_RATE
        form = struct.pack("<HHIIHH", 1, CHANNELS, rate, rate * CHANNELS * 2, CHANNELS * 2, 16)
        head = b"RIFF" + struct.pack("<I", size + 36) + b"WAVEfmt " + struct.pack("<I", 16) + form
        self._head = head + b"data" + struct.pack("<I", size)

    def encode(self, sound: Stereo) -> bytes:
        head, self._head = self._head, b""
        return head + sound.astype("<i2").tobytes()

    def finish(self) -> bytes:
        return self._head


class Mp3Encoder:
    """MPEG 2.5 layer III at a constant 32 kbit/s, with the Info frame that makes players exact.

    lameenc writes no such frame. Without it a decoder plays the encoder's delay (1105 samples) as silence and guesses
    the duration.
    """

    def __init__(self, *, samples: int) -> None:
        self._lame = lameenc.Encoder()
        self._lame.silence()
        self._lame.set_bit_rate(MP3_KILOBITS)
        self._lame.set_in_sample_rate(SAMPLE_RATE)
        self._lame.set_channels(CHANNELS)
        self._lame.set_quality(7)
        self._head = _info_frame(samples)
        self._lame.encode(b"")

    def encode(self, sound: Stereo) -> bytes:
        head, self._head = self._head, b""
        return head + bytes(self._lame.encode(sound.astype("<i2").tobytes()))

    def finish(self) -> bytes:
        return self._head + bytes(self._lame.flush())


def _info_frame(samples: int) -> bytes:
    """A silent frame holding the Xing/LAME tag: number of frames and bytes, samples to skip at both ends."""
    frames = -(-samples // _MP3_FRAME_SAMPLES) + _LAME_FRAMES_BEHIND
    padding = frames * _MP3_FRAME_SAMPLES - samples - _LAME_DELAY
    side_information = bytes(17)
    tag = b"Info" + struct.pack(">III", 3, frames, (frames + 1) * _MP3_FRAME_BYTES)
    delays = (_LAME_DELAY << 12 | padding).to_bytes(3, "big")
    lame = b"LAME3.100" + bytes(12) + delays + bytes(12)
    return (_MP3_HEADER + side_information + tag + lame).ljust(_MP3_FRAME_BYTES, b"\0")


class OpusEncoder:
    """Opus in Ogg (RFC 7845) at about 32 kbit/s, in pages of at most a second.

    The encoder's delay stands in the first page and the length in the last, so that decoders give back every sample in
    its place.
    """

    def __init__(self) -> None:
        self._written = _Outlet()
        # libsndfile's level of compression is a bit rate for each channel: 256 kbit/s at 0, 6 kbit/s at 1.
        level = (256 - OPUS_KILOBITS / CHANNELS) / 250
        self._file = soundfile.SoundFile(
            self._written, "w", samplerate=SAMPLE_RATE, channels=CHANNELS, format="OGG", subtype="OPUS",
            compression_level=level,
        )  # fmt: skip
        self._empty = True

    def encode(self, sound: Stereo) -> bytes:
        self._empty = self._empty and not len(sound)
        self._file.write(np.ascontiguousarray(sound))
        return self._written.taken()

    def finish(self) -> bytes:
        if self._empty:  # players refuse a file without any sound: 20 ms of silence
            self._file.write(np.zeros((SAMPLE_RATE // 50, CHANNELS), np.int16))
        self._file.close()
        return self._written.taken()


class _Outlet:
    """What libsndfile takes for a file: it asks where the end is, and writes there alone."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def write(self, piece: bytes) -> int:
        self._pieces.append(piece)
        self._size += len(piece)
        return len(piece)

    def seek(self, *_place: int) -> int:
        return self._size

    def tell(self) -> int:
        return self._size

    def taken(self) -> bytes:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class PeakCollector:
    """Least and greatest sample of each channel over stretches of at least 20 ms, at most 4,000 of them."""

    def __init__(self, *, samples: int) -> None:
        self._samples = samples
        self._stretch = max(_SHORTEST_PEAK, -(-samples // _PEAK_COUNT))
        self._held = np.empty((0, CHANNELS), np.int16)
        self._found: list[npt.NDArray[np.int16]] = []

    def encode(self, sound: Stereo) -> bytes:
        joined = np.concatenate([self._held, sound])
        whole = len(joined) // self._stretch
        if whole:
            self._collect(joined[: whole * self._stretch].reshape(whole, self._stretch, CHANNELS))
        self._held = joined[whole * self._stretch :].copy()
        return b""

    def finish(self) -> bytes:
        if len(self._held):
            self._collect(self._held[None])
        found = np.concatenate(self._found) if self._found else np.empty((0, 2, CHANNELS), np.int16)
        # -32768..32767 becomes -127..127, away from zero: the drawing needs no more, and nothing but silence is zero.
        drawn = np.sign(found) * np.ceil(np.abs(found * (127 / 32768)))
        scaled = np.where(np.abs(found.astype(int)) <= SILENCE, 0, drawn).astype(int)
        return Peaks(
            seconds_per_peak=self._stretch / SAMPLE_RATE,
            seconds=self._samples / SAMPLE_RATE,
            caller=tuple(scaled[:, :, 0].ravel().tolist()),
            callee=tuple(scaled[:, :, 1].ravel().tolist()),
            zero_is_silence=True,
        ).to_json()

    def _collect(self, stretches: Stereo) -> None:
        self._found.append(np.stack([stretches.min(axis=1), stretches.max(axis=1)], axis=1))
