"""Frames: pieces of a capture sealed before their age chunk is full, and the tail file that keeps them after a crash.

A frame is sealed with AES-256-GCM under a key of its part alone, made when the part begins and wrapped once to the same
recipients: who wrote a frame cannot open it after a restart either.

Frame (big-endian): recording_id 16 | part u16 | number u64 | offset u64 | length u32 | ciphertext and tag (`length`
bytes). `offset` is where the plaintext stands in the part. Nonce: `number`, as 12 bytes. Associated data: the 38 bytes
before the ciphertext, then the 16-byte hash of the part's age header: a frame opens at its own place of its own file.

Tail file: "parley-tail/1\\n" | length u32 | wrapped frame key (an age file) | header hash 16 | frames.
"""

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import HeaderError, HeaderTruncatedError, PayloadError
from .keys import Identity, Recipient
from .stream import Readable, open_bytes, seal_bytes

FRAME_HEADER_LENGTH = 38
TAIL_MAGIC = b"parley-tail/1\n"

_FRAME = struct.Struct(">16sHQQI")
_LENGTH = struct.Struct(">I")
_TAG_LENGTH = 16
_KEY_LENGTH = 32
_HASH_LENGTH = 16
_MAXIMUM_WRAPPED = 1 << 20


@dataclass(frozen=True, slots=True)
class Frame:
    """One sealed frame: where its plaintext belongs, and `raw`, its bytes as they are stored."""

    recording_id: bytes
    part: int
    number: int
    offset: int
    raw: bytes

    @property
    def size(self) -> int:
        """Bytes of its plaintext."""
        return len(self.raw) - FRAME_HEADER_LENGTH - _TAG_LENGTH

    @property
    def end(self) -> int:
        """Offset just after its plaintext."""
        return self.offset + self.size


class FrameSealer:
    """Seals the frames of one part. `wrapped_key` opens them for the recipients; keep it beside the frames.

    `header_hash` is `AgeWriter.header_hash` of the same part. Frames are numbered from 0; no number is used twice.
    """

    def __init__(
        self, *, recording_id: bytes | UUID, part: int, recipients: Sequence[str | Recipient], header_hash: bytes
    ) -> None:
        self._recording_id = recording_id.bytes if isinstance(recording_id, UUID) else recording_id
        if len(self._recording_id) != 16 or len(header_hash) != _HASH_LENGTH:
            raise ValueError("a recording id and a header hash have 16 bytes")
        key = os.urandom(_KEY_LENGTH)
        self.wrapped_key = seal_bytes(key, recipients)
        self.header_hash = header_hash
        self._cipher = AESGCM(key)
        self._part = part
        self._number = 0

    def seal(self, offset: int, plaintext: Readable) -> bytes:
        """The frame that holds `plaintext`, which stands at `offset` of the part."""
        return b"".join(self.seal_apart(offset, plaintext))

    def seal_apart(self, offset: int, plaintext: Readable) -> tuple[bytes, bytes]:
        """The same frame in two pieces, its header and what follows, for a writer that takes several at once."""
        number = self._number
        self._number = number + 1
        header = _FRAME.pack(self._recording_id, self._part, number, offset, len(plaintext) + _TAG_LENGTH)
        return header, self._cipher.encrypt(number.to_bytes(12, "big"), plaintext, header + self.header_hash)


def parse_frames(data: Readable) -> Iterator[Frame]:
    """The frames in `data`, in order, up to the first that is torn or cannot be one (as zeros after a power cut)."""
    view = memoryview(data)
    position = 0
    while position + FRAME_HEADER_LENGTH <= len(view):
        recording_id, part, number, offset, length = _FRAME.unpack_from(view, position)
        end = position + FRAME_HEADER_LENGTH + length
        if length < _TAG_LENGTH or end > len(view):
            return
        yield Frame(recording_id=recording_id, part=part, number=number, offset=offset, raw=bytes(view[position:end]))
        position = end


def open_frame(frame: Frame, key: bytes, *, header_hash: bytes) -> bytes:
    """The plaintext of `frame`. Raises PayloadError when it was altered, moved, or belongs to another part."""
    header = frame.raw[:FRAME_HEADER_LENGTH]
    try:
        return AESGCM(key).decrypt(
            frame.number.to_bytes(12, "big"), frame.raw[FRAME_HEADER_LENGTH:], header + header_hash
        )
    except InvalidTag as error:
        raise PayloadError(
            "a journal frame does not authenticate", remedy="it is ignored; other frames are not"
        ) from error


def unwrap_frame_key(wrapped: bytes, identities: Sequence[str | Identity]) -> bytes:
    """The frame key that `FrameSealer.wrapped_key` holds. Raises SealingError."""
    key = open_bytes(wrapped, identities)
    if len(key) != _KEY_LENGTH:
        raise PayloadError("a wrapped frame key has the wrong length", remedy="the file was forged: do not use it")
    return key


@dataclass(frozen=True, slots=True)
class Tail:
    """What a tail file holds: the frames of one part that its age file may lack."""

    wrapped_key: bytes
    header_hash: bytes
    frames: tuple[Frame, ...]


def encode_tail(*, wrapped_key: bytes, header_hash: bytes, frames: Iterable[Frame | Readable]) -> bytes:
    """The bytes of a tail file. Needs no key: the recorder writes it after a crash from frames that it cannot open."""
    stored = [frame.raw if isinstance(frame, Frame) else frame for frame in frames]
    return b"".join([TAIL_MAGIC, _LENGTH.pack(len(wrapped_key)), wrapped_key, header_hash, *stored])


def parse_tail(data: Readable) -> Tail:
    """The tail that `data` holds; a torn last frame is left out. Raises HeaderError when it is not a tail file."""
    view = memoryview(data)
    if bytes(view[: len(TAIL_MAGIC)]) != TAIL_MAGIC:
        raise HeaderError("this is not a journal tail", remedy="give the .tail file that lies beside the part")
    start = len(TAIL_MAGIC) + _LENGTH.size
    if len(view) < start:
        raise HeaderTruncatedError("a journal tail ends inside its header", remedy="nothing of it was ever sealed")
    (length,) = _LENGTH.unpack_from(view, len(TAIL_MAGIC))
    frames_at = start + length + _HASH_LENGTH
    if length > _MAXIMUM_WRAPPED:
        raise HeaderError("a journal tail is malformed", remedy="take another copy of the file")
    if len(view) < frames_at:
        raise HeaderTruncatedError("a journal tail ends inside its header", remedy="nothing of it was ever sealed")
    return Tail(
        wrapped_key=bytes(view[start : start + length]),
        header_hash=bytes(view[start + length : frames_at]),
        frames=tuple(parse_frames(view[frames_at:])),
    )
