"""The age stream: what is written comes back by any range, and an unfinished file gives all that was sealed."""

import io
import os
import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.sealing.api import (
    CHUNK,
    SEALED_CHUNK,
    AgeReader,
    AgeWriter,
    HeaderError,
    HeaderMacError,
    HeaderTruncatedError,
    NoIdentityMatchesError,
    PayloadError,
    UnfinishedError,
    WriterError,
    generate_identity,
    open_bytes,
    seal_bytes,
)

IDENTITY = generate_identity()
NOISE = random.Random(7).randbytes(5 * CHUNK)
SIZES = st.one_of(st.integers(0, 5 * CHUNK), st.sampled_from([n * CHUNK + d for n in range(1, 5) for d in (-1, 0, 1)]))


def header_length(sealed: bytes) -> int:
    """Bytes before the first chunk: the header and the nonce."""
    return sealed.index(b"\n", sealed.index(b"\n--- ") + 1) + 1 + 16


def unfinished(data: bytes) -> bytes:
    """What a killed writer leaves: header and whole chunks, no end."""
    sink = io.BytesIO()
    AgeWriter(sink, [IDENTITY.recipient]).write(data)
    return sink.getvalue()


@settings(max_examples=60, deadline=None)
@given(size=SIZES, cuts=st.lists(st.integers(0, 5 * CHUNK), max_size=6))
def test_any_way_of_writing_gives_the_same_content(size: int, cuts: Sequence[int]) -> None:
    data = NOISE[:size]
    sink = io.BytesIO()
    writer = AgeWriter(sink, [IDENTITY.recipient])
    places = sorted({0, size, *(cut for cut in cuts if cut < size)})
    for start, stop in pairwise(places):
        before = writer.chunks
        assert writer.write(memoryview(data)[start:stop]) == writer.chunks - before
        assert writer.offset == stop
        assert bytes(writer.pending) == data[writer.chunks * CHUNK : stop]
        assert len(sink.getvalue()) == header_length(sink.getvalue()) + writer.chunks * SEALED_CHUNK
    writer.close()
    assert writer.offset == size
    assert open_bytes(sink.getvalue(), [IDENTITY]) == data


@settings(max_examples=60, deadline=None)
@given(size=SIZES, ranges=st.lists(st.tuples(st.integers(0, 6 * CHUNK), st.integers(0, 6 * CHUNK)), max_size=8))
def test_any_range_is_that_slice(size: int, ranges: Sequence[tuple[int, int]]) -> None:
    data = NOISE[:size]
    reader = AgeReader(io.BytesIO(seal_bytes(data, [IDENTITY.recipient])), [IDENTITY])
    assert (reader.size, reader.finished, reader.slots) == (size, True, max(1, -(-size // CHUNK)))
    for start, stop in ranges:
        assert reader.read_range(start, stop) == data[start:stop]
    with pytest.raises(ValueError, match="0 or later"):
        reader.read_range(-1, 5)


@settings(max_examples=60, deadline=None)
@given(size=SIZES, keep=st.integers(0, 6 * SEALED_CHUNK))
def test_a_cut_file_gives_the_whole_sealed_prefix_and_only_when_asked(size: int, keep: int) -> None:
    data = NOISE[:size]
    sealed = seal_bytes(data, [IDENTITY.recipient])
    start = header_length(sealed)
    cut = sealed[: start + keep]
    if len(cut) == len(sealed):
        return
    with pytest.raises(PayloadError):
        AgeReader(io.BytesIO(cut), [IDENTITY])
    reader = AgeReader(io.BytesIO(cut), [IDENTITY], tolerant=True)
    whole = keep // SEALED_CHUNK * CHUNK
    assert (reader.size, reader.finished) == (whole, False)
    assert b"".join(reader) == data[:whole] == reader.read_range(0, size)


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_killed_writer_loses_only_what_was_not_sealed(size: int) -> None:
    sealed = unfinished(NOISE[:size])
    with pytest.raises(UnfinishedError):
        AgeReader(io.BytesIO(sealed), [IDENTITY])
    whole = max(0, size - 1) // CHUNK * CHUNK
    assert b"".join(AgeReader(io.BytesIO(sealed), [IDENTITY], tolerant=True)) == NOISE[:whole]


def test_zeros_that_a_power_cut_left_are_not_content() -> None:
    sealed = bytearray(unfinished(NOISE))
    start = header_length(sealed)
    sealed[start + 2 * SEALED_CHUNK : start + 3 * SEALED_CHUNK] = bytes(SEALED_CHUNK)
    reader = AgeReader(io.BytesIO(sealed), [IDENTITY], tolerant=True)
    assert b"".join(reader) == NOISE[: 2 * CHUNK]
    assert reader.chunk(3) == NOISE[3 * CHUNK : 4 * CHUNK], "what lies behind them is still there for whoever asks"
    sealed[start + 3 * SEALED_CHUNK :] = bytes(SEALED_CHUNK)
    assert AgeReader(io.BytesIO(sealed), [IDENTITY], tolerant=True).size == 2 * CHUNK


@settings(max_examples=100, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
def test_any_changed_byte_is_found(place: float, mask: int) -> None:
    sealed = bytearray(seal_bytes(NOISE[: CHUNK + 9], [IDENTITY.recipient]))
    # Half of the places in the short header, half anywhere.
    limit = header_length(sealed) if place < 0.5 else len(sealed)
    sealed[int(place * 2 % 1 * limit)] ^= mask
    with pytest.raises((HeaderError, NoIdentityMatchesError, PayloadError)):
        open_bytes(sealed, [IDENTITY])


def test_chunks_cannot_change_places() -> None:
    sealed = seal_bytes(NOISE[: 3 * CHUNK], [IDENTITY.recipient])
    start = header_length(sealed)
    first, second = sealed[start : start + SEALED_CHUNK], sealed[start + SEALED_CHUNK : start + 2 * SEALED_CHUNK]
    swapped = sealed[:start] + second + first + sealed[start + 2 * SEALED_CHUNK :]
    with pytest.raises(PayloadError, match="chunk 0"):
        open_bytes(swapped, [IDENTITY])


def test_every_recipient_opens_and_nobody_else() -> None:
    other, stranger = generate_identity(), generate_identity()
    sealed = seal_bytes(b"conversation", [IDENTITY.recipient, other.recipient])
    for identity in (IDENTITY, other):
        assert open_bytes(sealed, [stranger, identity.secret]) == b"conversation"
    with pytest.raises(NoIdentityMatchesError):
        open_bytes(sealed, [stranger])
    with pytest.raises(NoIdentityMatchesError):
        open_bytes(sealed, [])


def test_a_recipient_cannot_be_added_afterwards() -> None:
    stranger = generate_identity()
    sealed = seal_bytes(b"conversation", [IDENTITY.recipient])
    stanza = b"".join(seal_bytes(b"", [stranger.recipient]).splitlines(keepends=True)[1:3])
    forged = sealed.replace(b"\n--- ", b"\n" + stanza + b"--- ", 1)
    with pytest.raises(HeaderMacError):
        open_bytes(forged, [IDENTITY])


def test_base64_has_one_spelling() -> None:
    sealed = seal_bytes(b"conversation", [IDENTITY.recipient])
    lines = sealed.split(b"\n")
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for number in (1, 2, 3):  # share, body, MAC: each ends in unused bits
        last = alphabet.index(lines[number][-1])
        respelt = [*lines]
        respelt[number] = lines[number][:-1] + alphabet[last ^ 1 : (last ^ 1) + 1]
        with pytest.raises(HeaderError, match="non-canonical") as caught:
            open_bytes(b"\n".join(respelt), [IDENTITY])
        assert not isinstance(caught.value, HeaderMacError)
        padded = [*lines]
        padded[number] = lines[number] + b"="
        with pytest.raises(HeaderError):
            open_bytes(b"\n".join(padded), [IDENTITY])


def test_a_passphrase_beside_keys_is_refused() -> None:
    sealed = seal_bytes(b"conversation", [IDENTITY.recipient])
    with pytest.raises(HeaderError, match="passphrase"):
        open_bytes(sealed.replace(b"-> X25519", b"-> scrypt c2FsdHNhbHRzYWx0c2E 10\nQUJD\n-> X25519", 1), [IDENTITY])


def test_a_file_cut_in_its_header_says_so() -> None:
    sealed = seal_bytes(b"conversation", [IDENTITY.recipient])
    for length in range(header_length(sealed)):
        with pytest.raises(HeaderTruncatedError):
            AgeReader(io.BytesIO(sealed[:length]), [IDENTITY], tolerant=True)


@pytest.mark.parametrize(
    "data", [b"\x00" * 500, b"age-encryption.org/v2\n", b"PK\x03\x04", b"-----BEGIN AGE ENCRYPTED FILE-----\n"]
)
def test_what_is_not_an_age_file_says_so(data: bytes) -> None:
    with pytest.raises(HeaderError) as caught:
        open_bytes(data, [IDENTITY])
    assert not isinstance(caught.value, HeaderTruncatedError)


def test_a_large_header_is_read_and_an_endless_one_refused() -> None:
    grease = b"-> grease " + b"x" * 60 + b"\n\n"
    sealed = seal_bytes(b"", [IDENTITY.recipient])
    endless = sealed.replace(b"-> X25519", grease * 20_000 + b"-> X25519", 1)
    with pytest.raises(HeaderError, match="too large"):
        open_bytes(endless, [IDENTITY])
    with pytest.raises(HeaderMacError):  # read to its end: only the MAC tells that stanzas were added
        open_bytes(sealed.replace(b"-> X25519", grease * 500 + b"-> X25519", 1), [IDENTITY])


class Faulty:
    """A sink on a disk that fills up: it takes `room` bytes, at most `step` in one call."""

    def __init__(self, room: int, step: int) -> None:
        self.data = bytearray()
        self.room, self.step = room, step

    def write(self, data: bytes | bytearray | memoryview, /) -> int:
        count = min(len(data), self.step, self.room - len(self.data))
        if not count:
            raise OSError(28, "No space left on device")
        self.data += data[:count]
        return count


def test_short_writes_are_completed() -> None:
    sink = Faulty(room=10**9, step=777)
    writer = AgeWriter(sink, [IDENTITY.recipient])
    writer.write(NOISE)
    writer.close()
    assert open_bytes(sink.data, [IDENTITY]) == NOISE


@settings(max_examples=30, deadline=None)
@given(
    room=st.integers(300, 6 * CHUNK), step=st.sampled_from([CHUNK, 10**9]), piece=st.sampled_from([9_000, CHUNK, 10**7])
)
def test_a_full_disk_leaves_the_sealed_prefix_and_a_closed_writer(room: int, step: int, piece: int) -> None:
    sink = Faulty(room, step)
    writer = AgeWriter(sink, [IDENTITY.recipient])
    written = 0
    try:
        for start in range(0, len(NOISE), piece):
            writer.write(NOISE[start : start + piece])
            written = writer.offset
        writer.close()
    except OSError:
        assert writer.closed
        with pytest.raises(WriterError):
            writer.write(b"more")
        with pytest.raises(WriterError):
            writer.write(NOISE)
        size = len(sink.data)
        writer.close()
        assert len(sink.data) == size, "nothing is sealed after a failure"
    whole = b"".join(AgeReader(io.BytesIO(sink.data), [IDENTITY], tolerant=True))
    assert whole == NOISE[: len(whole)]
    assert len(whole) >= written - len(writer.pending), "what is neither sealed nor pending was never accepted"


def test_a_closed_writer_is_closed() -> None:
    sink = io.BytesIO()
    writer = AgeWriter(sink, [IDENTITY.recipient])
    writer.write(b"conversation")
    assert not writer.closed
    writer.close()
    writer.close()
    assert writer.closed
    assert writer.offset == 12
    assert len(writer.pending) == 0
    assert open_bytes(sink.getvalue(), [IDENTITY]) == b"conversation"
    with pytest.raises(WriterError):
        writer.write(b"")


def test_a_file_key_makes_the_key_repeatable_and_never_the_nonce() -> None:
    key = os.urandom(16)
    first, second = io.BytesIO(), io.BytesIO()
    for sink in (first, second):
        writer = AgeWriter(sink, [IDENTITY.recipient], file_key=key)
        writer.write(b"conversation")
        writer.close()
    assert first.getvalue()[-28:] != second.getvalue()[-28:]
    with pytest.raises(WriterError):
        AgeWriter(io.BytesIO(), [IDENTITY.recipient], file_key=b"short")


def test_writer_and_reader_name_the_file_alike() -> None:
    sink = io.BytesIO()
    writer = AgeWriter(sink, [IDENTITY.recipient])
    writer.close()
    assert AgeReader(sink, [IDENTITY]).header_hash == writer.header_hash
    assert len(writer.header_hash) == 16


def test_the_plaintext_is_an_ordinary_file() -> None:
    data = NOISE[: 3 * CHUNK + 5]
    with AgeReader(io.BytesIO(seal_bytes(data, [IDENTITY.recipient])), [IDENTITY]).stream() as file:
        assert file.read(7) == data[:7]
        assert file.seek(-5, io.SEEK_END) == 3 * CHUNK
        assert file.read() == data[-5:]
        assert file.seek(CHUNK - 3) == CHUNK - 3
        assert file.read(6) == data[CHUNK - 3 : CHUNK + 3]
        assert file.seek(1, io.SEEK_CUR) == file.tell() == CHUNK + 4
        assert file.read() == data[CHUNK + 4 :]
        assert file.read() == b""
