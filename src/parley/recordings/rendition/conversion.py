"""A stored rendition in another form, made while it is handed out: nothing more is stored, and no window is kept."""

from collections.abc import Iterator
from threading import Lock
from typing import Protocol

import numpy as np

from parley.recordings.rendition.encoders import CHANNELS, WAV_HEADER_BYTES, OpusEncoder
from parley.recordings.rendition.g711 import SAMPLE_RATE

_WINDOW_BYTES = 10 * SAMPLE_RATE * CHANNELS * 2
_one_at_a_time = Lock()


class Wav(Protocol):
    """A file that `WavEncoder` wrote."""

    def seek(self, offset: int, /) -> int: ...
    def read(self, size: int, /) -> bytes | None: ...
    def close(self) -> None: ...


def as_opus(wav: Wav) -> Iterator[bytes]:
    """The sound of `wav` as Opus in Ogg, piece by piece; `wav` is closed at the end, or when nobody wants more.

    Ten seconds of sound are in memory. Those who ask at once take turns, window by window: a process spends one
    processor on all of them.
    """
    try:
        encoder = OpusEncoder()
        wav.seek(WAV_HEADER_BYTES)
        while window := wav.read(_WINDOW_BYTES):
            with _one_at_a_time:
                piece = encoder.encode(np.frombuffer(window, "<i2").reshape(-1, CHANNELS))
            yield piece
        yield encoder.finish()
    finally:
        wav.close()
