"""Journal frames and tails: opened at their own place only, and a torn end costs one frame."""

import os
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.sealing.api import (
    FRAME_HEADER_LENGTH,
    TAIL_MAGIC,
    Frame,
    FrameSealer,
    HeaderError,
    HeaderTruncatedError,
    NoIdentityMatchesError,
    PayloadError,
    encode_tail,
    generate_identity,
    open_frame,
    parse_frames,
    parse_tail,
    seal_bytes,
    unwrap_frame_key,
)

IDENTITY = generate_identity()
HASH = os.urandom(16)
RECORDING = uuid4()
SEALER = FrameSealer(recording_id=RECORDING, part=3, recipients=[IDENTITY.recipient], header_hash=HASH)
KEY = unwrap_frame_key(SEALER.wrapped_key, [IDENTITY])


@given(pieces=st.lists(st.tuples(st.integers(0, 2**40), st.binary(max_size=500)), max_size=6))
def test_frames_come_back_in_order(pieces: Sequence[tuple[int, bytes]]) -> None:
    sealer = FrameSealer(recording_id=RECORDING.bytes, part=65535, recipients=[IDENTITY.recipient], header_hash=HASH)
    stored = b"".join(sealer.seal(offset, piece) for offset, piece in pieces)
    frames = list(parse_frames(stored))
    assert [(frame.part, frame.number) for frame in frames] == [(65535, number) for number in range(len(pieces))]
    key = unwrap_frame_key(sealer.wrapped_key, [IDENTITY.secret])
    opened = [(frame.offset, open_frame(frame, key, header_hash=HASH)) for frame in frames]
    assert opened == [*pieces]
    assert all(frame.recording_id == RECORDING.bytes for frame in frames)
    assert [(frame.size, frame.end) for frame in frames] == [(len(p), offset + len(p)) for offset, p in pieces]


@given(cut=st.integers(0, 400), rest=st.sampled_from([b"", bytes(100), b"\xff" * 100]))
def test_a_torn_or_zeroed_end_stops_cleanly(cut: int, rest: bytes) -> None:
    whole = [SEALER.seal(0, bytes(50)), SEALER.seal(50, bytes(60)), SEALER.seal(110, bytes(70))]
    stored = b"".join(whole)
    kept = stored[: max(0, len(stored) - 1 - cut)] + rest
    frames = [frame.raw for frame in parse_frames(kept) if opens(frame)]
    # A cut frame is whole again where what follows happens to be the bytes that were cut off (one time in 256).
    assert frames == [raw for place, raw in enumerate(whole) if kept.startswith(b"".join(whole[: place + 1]))]


def opens(frame: Frame) -> bool:
    try:
        open_frame(frame, KEY, header_hash=HASH)
    except PayloadError:
        return False
    return True


@given(place=st.integers(0, FRAME_HEADER_LENGTH + 27), mask=st.integers(1, 255))
def test_any_changed_byte_of_a_frame_is_found(place: int, mask: int) -> None:
    raw = bytearray(SEALER.seal(7, b"conversation"))
    assert len(raw) == FRAME_HEADER_LENGTH + 12 + 16
    raw[place] ^= mask
    assert not any(opens(frame) for frame in parse_frames(raw))


def test_a_frame_of_another_part_or_file_does_not_open() -> None:
    frame = next(parse_frames(SEALER.seal(0, b"conversation")))
    with pytest.raises(PayloadError):
        open_frame(frame, KEY, header_hash=os.urandom(16))
    other = FrameSealer(recording_id=RECORDING, part=3, recipients=[IDENTITY.recipient], header_hash=HASH)
    with pytest.raises(PayloadError):
        open_frame(frame, unwrap_frame_key(other.wrapped_key, [IDENTITY]), header_hash=HASH)


def test_two_frames_never_share_a_number() -> None:
    first, second = parse_frames(SEALER.seal(0, b"same") + SEALER.seal(0, b"same"))
    assert first.number != second.number
    assert first.raw[FRAME_HEADER_LENGTH:] != second.raw[FRAME_HEADER_LENGTH:]


def test_only_a_recipient_unwraps_the_frame_key() -> None:
    with pytest.raises(NoIdentityMatchesError):
        unwrap_frame_key(SEALER.wrapped_key, [generate_identity()])
    with pytest.raises(PayloadError):
        unwrap_frame_key(seal_bytes(b"short", [IDENTITY.recipient]), [IDENTITY])


def test_a_tail_holds_frames_that_nobody_opened() -> None:
    raw = [SEALER.seal(0, b"one"), SEALER.seal(3, b"two")]
    mixed: list[Frame | bytes] = [next(parse_frames(raw[0])), raw[1]]
    stored = encode_tail(wrapped_key=SEALER.wrapped_key, header_hash=HASH, frames=mixed)
    assert stored.startswith(TAIL_MAGIC)
    tail = parse_tail(stored)
    assert (tail.wrapped_key, tail.header_hash) == (SEALER.wrapped_key, HASH)
    assert [frame.raw for frame in tail.frames] == raw
    assert [UUID(bytes=frame.recording_id) for frame in tail.frames] == [RECORDING] * 2
    assert len(parse_tail(stored[:-1]).frames) == 1, "a torn last frame is left out"


def test_what_is_not_a_tail_says_so() -> None:
    stored = encode_tail(wrapped_key=SEALER.wrapped_key, header_hash=HASH, frames=[])
    for length in range(len(TAIL_MAGIC), len(stored)):
        with pytest.raises(HeaderTruncatedError):
            parse_tail(stored[:length])
    for wrong in (b"", b"age-encryption.org/v1\n", TAIL_MAGIC + b"\xff\xff\xff\xff"):
        with pytest.raises(HeaderError):
            parse_tail(wrong)


@pytest.mark.parametrize(
    ("recording", "header_hash"), [(b"short", HASH), (RECORDING, b"short")], ids=["recording", "hash"]
)
def test_a_sealer_wants_whole_names(recording: bytes | UUID, header_hash: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        FrameSealer(recording_id=recording, part=0, recipients=[IDENTITY.recipient], header_hash=header_hash)
