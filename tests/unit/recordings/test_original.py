"""The original opens wholly whatever happened to its files: cut, torn, zeroed, continued."""

import io
import random
import shutil
import struct
import subprocess
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.recordings.original import (
    OriginalError,
    StoredPart,
    open_part,
    opened_original,
    pair_files,
    whole_capture,
)
from parley.sealing.api import (
    CHUNK,
    SEALED_CHUNK,
    AgeWriter,
    FrameSealer,
    HeaderError,
    HeaderMacError,
    NoIdentityMatchesError,
    PayloadError,
    encode_tail,
    generate_identity,
)

IDENTITY = generate_identity()
RECORDING = uuid4()
PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 101)


def records(count: int, *, seed: int) -> bytes:
    """A capture of `count` records of different lengths."""
    source = random.Random(seed)
    frames = [source.randbytes(source.choice([200, 200, 200, 60, 1400])) for _ in range(count)]
    return PCAP_HEADER + b"".join(struct.pack("<IIII", n, 0, len(f), len(f)) + f for n, f in enumerate(frames))


CAPTURE = records(700, seed=1)
assert 4 * CHUNK + 9_000 < len(CAPTURE) < 5 * CHUNK


class Recorder:
    """Writes a part as the recorder does: packets into the age stream, deltas into the journal."""

    def __init__(self, *, recording_id: UUID = RECORDING, number: int = 0) -> None:
        self.age = io.BytesIO()
        self.writer = AgeWriter(self.age, [IDENTITY.recipient])
        self.sealer = FrameSealer(
            recording_id=recording_id, part=number, recipients=[IDENTITY.recipient], header_hash=self.writer.header_hash
        )
        self.frames: list[bytes] = []

    def drain(self, data: bytes) -> None:
        self.frames.append(self.sealer.seal(self.writer.offset, data))
        self.writer.write(data)

    def tail(self, frames: Sequence[bytes] | None = None) -> io.BytesIO:
        kept = self.frames if frames is None else frames
        return io.BytesIO(
            encode_tail(wrapped_key=self.sealer.wrapped_key, header_hash=self.writer.header_hash, frames=kept)
        )

    def part(self) -> StoredPart:
        return StoredPart(age=self.age, tail=self.tail())


def crashed(data: bytes, cuts: Sequence[int] = (9_000, 70_000, 70_001, 150_000, 230_000)) -> Recorder:
    recorder = Recorder()
    for start, stop in pairwise(sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})):
        recorder.drain(data[start:stop])
    return recorder


def header_length(sealed: bytes) -> int:
    return sealed.index(b"\n", sealed.index(b"\n--- ") + 1) + 1 + 16


def opened(part: StoredPart) -> bytes:
    found = open_part(part, identities=[IDENTITY.secret], recording_id=RECORDING)
    content = b"".join(found)
    assert content == b"".join(found), "it is read again and again"
    assert len(content) == found.size
    assert found.read_range(0, found.size) == content
    return content


def test_a_finished_part_needs_no_tail() -> None:
    recorder = crashed(CAPTURE)
    recorder.writer.close()
    assert opened(StoredPart(age=recorder.age)) == CAPTURE
    found = open_part(recorder.part(), identities=[IDENTITY])
    assert (found.finished, found.recovered, found.refused, found.unreachable) == (True, 0, 0, 0)


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(0, len(CAPTURE)),
    cuts=st.lists(st.integers(1, len(CAPTURE)), max_size=8),
    keep=st.integers(0, 5 * SEALED_CHUNK),
    zero=st.booleans(),
)
def test_a_crash_loses_nothing_that_was_journalled(size: int, cuts: Sequence[int], keep: int, zero: bool) -> None:
    data = CAPTURE[:size]
    recorder = crashed(data, cuts)
    sealed = recorder.age.getvalue()
    lost = sealed[keep:]
    recorder.age = io.BytesIO(sealed[:keep] + bytes(len(lost) if zero and keep > header_length(sealed) else 0))
    assert opened(recorder.part()) == data


@settings(max_examples=40, deadline=None)
@given(hole=st.integers(0, 3), size=st.integers(4 * CHUNK + 1, 4 * CHUNK + 9_000))
def test_a_chunk_that_never_reached_the_disk_comes_from_its_frames(hole: int, size: int) -> None:
    recorder = crashed(CAPTURE[:size], range(1, size, 9_973))
    sealed = bytearray(recorder.age.getvalue())
    start = header_length(sealed) + hole * SEALED_CHUNK
    sealed[start : start + SEALED_CHUNK] = bytes(SEALED_CHUNK)
    recorder.age = io.BytesIO(sealed)
    assert opened(recorder.part()) == CAPTURE[:size]
    found = open_part(StoredPart(age=recorder.age), identities=[IDENTITY])
    assert (found.size, found.unreachable) == (hole * CHUNK, (4 - hole) * CHUNK if hole < 3 else 0)


def test_frames_older_than_the_sealed_chunks_are_not_opened() -> None:
    recorder = crashed(CAPTURE)
    broken = [frame[:-1] + bytes([frame[-1] ^ 1]) for frame in recorder.frames[:1]]
    part = StoredPart(age=recorder.age, tail=recorder.tail([*broken, *recorder.frames[1:]]))
    found = open_part(part, identities=[IDENTITY], recording_id=RECORDING)
    assert b"".join(found) == CAPTURE
    assert found.refused == 0
    assert 0 < found.recovered == len(CAPTURE) % CHUNK


def test_a_refused_frame_is_counted_and_what_lies_behind_it_named() -> None:
    recorder = crashed(CAPTURE[:30_000], [10_000, 20_000])
    frames = [frame[:-1] + bytes([frame[-1] ^ (place == 1)]) for place, frame in enumerate(recorder.frames)]
    found = open_part(StoredPart(tail=recorder.tail(frames)), identities=[IDENTITY])
    assert b"".join(found) == CAPTURE[:10_000]
    assert (found.refused, found.unreachable, found.recovered) == (1, 20_000, 10_000)


@pytest.mark.parametrize("age", [b"", b"age-encry", bytes(9_000)], ids=["empty", "cut", "zeroed"])
def test_a_file_that_was_never_written_leaves_the_tail(age: bytes) -> None:
    recorder = crashed(CAPTURE[:20_000])
    recorder.age = io.BytesIO(age)
    assert opened(recorder.part()) == CAPTURE[:20_000]
    assert opened(StoredPart(age=io.BytesIO(age))) == b""


def test_a_tail_that_was_never_written_leaves_the_sealed_prefix() -> None:
    recorder = crashed(CAPTURE)
    tail = recorder.tail().getvalue()
    assert opened(StoredPart(age=recorder.age, tail=io.BytesIO(tail[:20]))) == CAPTURE[: len(CAPTURE) // CHUNK * CHUNK]


def test_tail_and_part_must_belong_together() -> None:
    recorder, other = crashed(CAPTURE), crashed(CAPTURE)
    with pytest.raises(OriginalError, match="another part"):
        opened(StoredPart(age=recorder.age, tail=other.tail()))
    with pytest.raises(OriginalError, match="another recording"):
        open_part(recorder.part(), identities=[IDENTITY], recording_id=uuid4())
    with pytest.raises(OriginalError, match="neither"):
        opened(StoredPart())


def test_what_was_altered_or_is_not_ours_is_refused() -> None:
    recorder = crashed(CAPTURE)
    with pytest.raises(NoIdentityMatchesError):
        open_part(recorder.part(), identities=[generate_identity()])
    with pytest.raises(HeaderError):
        opened(StoredPart(age=io.BytesIO(b"PK\x03\x04" + bytes(9_000))))
    forged = recorder.age.getvalue().replace(b"\n--- ", b"\n-> x\n\n--- ", 1)
    with pytest.raises(HeaderMacError):
        opened(StoredPart(age=io.BytesIO(forged), tail=recorder.tail()))
    recorder = crashed(CAPTURE)
    recorder.writer.close()
    altered = bytearray(recorder.age.getvalue())
    altered[header_length(altered) + 5] ^= 1
    with pytest.raises(PayloadError):
        opened(StoredPart(age=io.BytesIO(altered)))


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Three parts: one that a crash cut, with its tail; one that a second crash cut, without; one that ended well."""
    first, second, third = crashed(records(400, seed=2)), crashed(records(400, seed=3)), crashed(records(400, seed=4))
    third.writer.close()
    (tmp_path / "000.age").write_bytes(first.age.getvalue())
    (tmp_path / "000.tail").write_bytes(first.tail().getvalue())
    (tmp_path / "001.age").write_bytes(second.age.getvalue())
    (tmp_path / "002.age").write_bytes(third.age.getvalue())
    return tmp_path


def test_all_parts_become_one_capture(spool: Path) -> None:
    names = [str(path) for path in spool.iterdir()]
    with opened_original(names, open_file=lambda name: Path(name).open("rb"), identities=[IDENTITY]) as parts:
        assert [part.finished for part in parts] == [False, False, True]
        merged = b"".join(whole_capture(parts))
    first, second, third = (records(400, seed=seed) for seed in (2, 3, 4))
    assert merged.startswith(first)
    assert merged.endswith(third[len(PCAP_HEADER) :])
    middle = merged[len(first) : len(merged) - len(third) + len(PCAP_HEADER)]
    assert second[len(PCAP_HEADER) :].startswith(middle)
    assert len(second) // CHUNK * CHUNK - 1500 < len(PCAP_HEADER) + len(middle) <= len(second) // CHUNK * CHUNK


@pytest.mark.skipif(shutil.which("capinfos") is None, reason="the Debian package `tshark` is not installed")
def test_stock_tools_read_the_whole_capture(spool: Path) -> None:
    with opened_original(
        (path.name for path in spool.iterdir()),
        open_file=lambda name: (spool / name).open("rb"),
        identities=[IDENTITY.secret],
        recording_id=RECORDING,
    ) as parts:
        (spool / "whole.pcap").write_bytes(b"".join(whole_capture(parts)))
    shown = subprocess.run(
        ["capinfos", "-c", "-M", str(spool / "whole.pcap")], capture_output=True, text=True, check=True
    )
    count = int(shown.stdout.rsplit(maxsplit=1)[-1])
    assert 800 < count < 1200
    assert "cut short" not in shown.stdout + shown.stderr


def test_captures_of_different_kinds_do_not_mix() -> None:
    parts = []
    for header in (PCAP_HEADER, PCAP_HEADER[:-4] + b"\x01\x00\x00\x00", b"torn"):
        recorder = Recorder()
        recorder.drain(header)
        recorder.writer.close()
        parts.append(open_part(recorder.part(), identities=[IDENTITY]))
    assert b"".join(whole_capture([parts[2], parts[0], parts[0]])) == PCAP_HEADER
    with pytest.raises(OriginalError, match="kinds"):
        b"".join(whole_capture(parts))


def test_files_are_paired_by_name() -> None:
    names = ["x/001.tail", "x/000.age", "x/001.age", "x/002.tail"]
    assert pair_files(names) == (("x/000.age", None), ("x/001.age", "x/001.tail"), (None, "x/002.tail"))
    with pytest.raises(OriginalError, match=r"\.age or a \.tail"):
        pair_files(["manifest.json"])
