"""Sealed files from hostile hands: each reader answers with a SealingError or with what was sealed, in bounded time.

Real files are damaged at random for PARLEY_FUZZ_SECONDS (a blink by default); the seed of a failure is in its message.
"""

import io
import os
import random
import time
from collections.abc import Callable

import pytest

from parley.recordings.original import OriginalError, StoredPart, open_part
from parley.sealing.api import (
    AgeReader,
    FieldOpener,
    FieldSealer,
    FrameSealer,
    SealingError,
    encode_tail,
    generate_identity,
    open_bytes,
    seal_bytes,
)

SECONDS = float(os.environ.get("PARLEY_FUZZ_SECONDS", "0.3"))
IDENTITY = generate_identity()
CONTENT = random.Random(3).randbytes(70_000)
SEALED = seal_bytes(CONTENT, [IDENTITY.recipient, generate_identity().recipient])
FRAMES = FrameSealer(recording_id=bytes(16), part=0, recipients=[IDENTITY.recipient], header_hash=bytes(16))
TAIL = encode_tail(
    wrapped_key=FRAMES.wrapped_key, header_hash=bytes(16), frames=[FRAMES.seal(0, b"one"), FRAMES.seal(3, b"two")]
)
FIELD = FieldSealer([IDENTITY.recipient]).seal(b"conversation", aad=b"row", now=1.8e9)


def tolerant(data: bytes) -> bytes:
    return b"".join(AgeReader(io.BytesIO(data), [IDENTITY], tolerant=True))


def from_tail(data: bytes) -> bytes:
    return b"".join(open_part(StoredPart(tail=io.BytesIO(data)), identities=[IDENTITY]))


TARGETS: dict[str, tuple[bytes, bytes, Callable[[bytes], bytes]]] = {
    "finished file": (SEALED, CONTENT, lambda data: open_bytes(data, [IDENTITY])),
    "unfinished file": (SEALED, CONTENT, tolerant),
    "tail": (TAIL, b"onetwo", from_tail),
    "wrapped epoch": (
        FIELD.wrapped,
        b"conversation",
        lambda data: FieldOpener([IDENTITY]).open_column(FIELD.data, wrapped=data, aad=b"row"),
    ),
    "field": (
        FIELD.data,
        b"conversation",
        lambda data: FieldOpener([IDENTITY]).open_column(data, wrapped=FIELD.wrapped, aad=b"row"),
    ),
}


def damage(data: bytes, source: random.Random) -> bytes:
    """One to three random injuries, half of them in the first 500 bytes, where the formats are."""
    hurt = bytearray(data)
    for _ in range(source.randint(1, 3)):
        place = source.randrange(min(len(hurt), source.choice([500, len(data)])) + 1)
        match source.randrange(5):
            case 0:
                del hurt[place:]
            case 1:
                hurt[place:place] = source.randbytes(source.randint(1, 80))
            case 2:
                del hurt[place : place + source.randint(1, 80)]
            case 3:
                hurt[place : place + 1] = source.choice([b"\n", b" ", b"-", b"=", b"\0", b"\xff", b"-> ", b"--- "])
            case _:
                hurt[place:place] = hurt[place : place + source.randint(1, 300)]
    return bytes(hurt)


@pytest.mark.parametrize("target", TARGETS)
def test_damaged_input_is_refused_or_harmless(target: str) -> None:
    sealed, content, read = TARGETS[target]
    assert read(sealed) == content
    ends = time.monotonic() + SECONDS / len(TARGETS)
    seed = random.randrange(1 << 32)
    while time.monotonic() < ends:
        seed += 1
        hurt = damage(sealed, random.Random(seed))
        began = time.monotonic()
        try:
            got = read(hurt)
        except (SealingError, OriginalError):
            got = b""
        assert content.startswith(got), f"seed {seed} made it return what was never sealed"
        assert time.monotonic() - began < 1, f"seed {seed} took too long"
