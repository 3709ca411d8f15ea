"""The recorded dialogues: two voices, who speaks when, and where one is put on hold."""

import struct
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

PACKET: Final = 160
"""Octets of G.711 in 20 ms at 8 kHz."""

SILENCE: Final = b"\xd5"
"""A-law for zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of a call. `lanes` holds what caller and callee say, in A-law, equally long, in whole packets.

    While `held` nobody sends; the lanes then only say for how long.
    """

    lanes: tuple[bytes, bytes]
    held: bool = False

    @property
    def packets(self) -> int:
        """Its length in packets of 20 ms."""
        return len(self.lanes[0]) // PACKET

    def followed_by(self, other: "Segment") -> "Segment":
        """Both as one, in the state of this one."""
        return Segment(lanes=(self.lanes[0] + other.lanes[0], self.lanes[1] + other.lanes[1]), held=self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """One dialogue, turn by turn: each turn is a segment, in the order of speaking."""

    key: str
    title: str
    turns: tuple[Segment, ...]

    def segments(self, *, first: int = 0, last: int | None = None) -> tuple[Segment, ...]:
        """The turns from `first` up to and without `last`, neighbours of the same kind joined."""
        joined: list[Segment] = []
        for turn in self.turns[first:last]:
            if joined and joined[-1].held == turn.held:
                joined.append(joined.pop().followed_by(turn))
            else:
                joined.append(turn)
        return tuple(joined)


@cache
def dialogues() -> Mapping[str, Dialogue]:
    """All bundled dialogues by key."""
    folder = resources.files("parley.project.demo").joinpath("speech")
    table = tomllib.loads(folder.joinpath("dialogues.toml").read_text(encoding="utf-8"))
    loaded = {}
    for entry in table["dialogue"]:
        clips = {side: wav_samples(folder.joinpath(entry[side]).read_bytes()) for side in ("caller", "callee")}
        turns = tuple(_turn(turn, clips) for turn in entry["turn"])
        loaded[entry["key"]] = Dialogue(key=entry["key"], title=entry["title"], turns=turns)
    return loaded


def _turn(turn: Mapping[str, object], clips: Mapping[str, bytes]) -> Segment:
    pause = SILENCE * (_packets(turn["pause"]) * PACKET)
    if turn.get("hold"):
        return Segment(lanes=(pause, pause), held=True)
    said = clips[str(turn["side"])][_packets(turn["from"]) * PACKET : _packets(turn["to"]) * PACKET]
    quiet = SILENCE * len(said)
    lanes = (said, quiet) if turn["side"] == "caller" else (quiet, said)
    return Segment(lanes=(lanes[0] + pause, lanes[1] + pause))


def _packets(seconds: object) -> int:
    if not isinstance(seconds, int | float):
        raise TypeError(f"seconds are a number, not {seconds!r}")
    return round(seconds * 50)


def wav_samples(data: bytes) -> bytes:
    """The A-law octets of a RIFF file (format 6, 8 kHz, mono). Raises ValueError for any other."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    position, form = 12, None
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        body = data[position + 8 : position + 8 + size]
        if name == b"fmt ":
            form = struct.unpack_from("<HHI", body)
        elif name == b"data":
            if form != (6, 1, 8000):
                raise ValueError(f"not A-law, mono, 8 kHz: {form}")
            return body
        position += 8 + size + size % 2
    raise ValueError("no samples in the file")


def to_mulaw(alaw: bytes) -> bytes:
    """The same sound in mu-law (ITU-T G.711)."""
    return alaw.translate(_ALAW_TO_MULAW)


def _linear(code: int) -> int:
    value = code ^ 0x55
    exponent, mantissa = (value >> 4) & 7, value & 15
    magnitude = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return magnitude if value & 0x80 else -magnitude


def _mulaw(sample: int) -> int:
    magnitude = min(abs(sample), 32635) + 132
    exponent = max(magnitude.bit_length() - 8, 0)
    code = (0 if sample >= 0 else 0x80) | exponent << 4 | (magnitude >> (exponent + 3)) & 15
    return ~code & 0xFF


_ALAW_TO_MULAW: Final = bytes(_mulaw(_linear(code)) for code in range(256))
