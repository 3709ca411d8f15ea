"""Opens the original of a recording: its ordered parts, finished or cut short, as the capture that was received.

A part is an age file, and, after a crash, the tail that recovery saved from the journal beside it (DESIGN section 6).
The content of a part is every chunk that authenticates; where one does not, or is missing, the frames of the tail that
cover its bytes. Each part is a pcap of its own; `whole_capture` makes one of them all. For whoever holds an identity:
the worker (`local`, `pkcs11`) and the customer's command line (`customer-held`). Files come as file objects.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO
from uuid import UUID

from parley.foundation.errors import ParleyError
from parley.sealing.api import (
    CHUNK,
    AgeReader,
    HeaderError,
    HeaderMacError,
    HeaderTruncatedError,
    Identity,
    PayloadError,
    SeekableSource,
    open_frame,
    parse_tail,
    unwrap_frame_key,
)

_PCAP_HEADER = 24
_RECORD_HEADER = 16
_NEVER_WRITTEN = 4096  # bytes of zeros at the start of a file whose first block a power cut took


class OriginalError(ParleyError):
    """The files given are not the parts of one recording. Permanent: other files are needed."""

    error_id = "recordings.original"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPart:
    """One part as it is stored: its age file, its journal tail, or both."""

    age: SeekableSource | None = None
    tail: SeekableSource | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    """Bytes `start` to `stop` of a part: from the age file, or from `frame`, which begins at `frame_offset`."""

    start: int
    stop: int
    frame: bytes | None = None
    frame_offset: int = 0


class OpenedPart:
    """The content of one part, to read in order (again and again) or by range; `open_part` makes it.

    `size` counts its bytes, `finished` says whether its writer ended it. After a crash: `recovered` bytes come from the
    tail; `refused` frames of the tail were wanted and did not authenticate; `unreachable` bytes could be opened but lie
    behind a hole, and are left out.
    """

    def __init__(
        self, reader: AgeReader | None, pieces: Sequence[_Piece], *, refused: int = 0, unreachable: int = 0
    ) -> None:
        self._reader = reader
        self._pieces = pieces
        self.finished = reader is not None and reader.finished
        self.size = pieces[-1].stop if pieces else 0
        self.recovered = sum(piece.stop - piece.start for piece in pieces if piece.frame is not None)
        self.refused = refused
        self.unreachable = unreachable

    def __iter__(self) -> Iterator[bytes]:
        """The content in order, piece by piece (64 KiB at most). Raises PayloadError when it was altered since."""
        for piece in self._pieces:
            if piece.frame is not None:
                yield self._read(piece, piece.start, piece.stop)
                continue
            position = piece.start
            while position < piece.stop:
                stop = min(piece.stop, (position // CHUNK + 1) * CHUNK)
                yield self._read(piece, position, stop)
                position = stop

    def read_range(self, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop` of the content, as far as they exist."""
        return b"".join(
            self._read(piece, max(start, piece.start), min(stop, piece.stop))
            for piece in self._pieces
            if piece.start < stop and start < piece.stop
        )

    def _read(self, piece: _Piece, start: int, stop: int) -> bytes:
        if piece.frame is not None:
            return piece.frame[start - piece.frame_offset : stop - piece.frame_offset]
        if self._reader is None:
            raise AssertionError("a piece without a frame comes from the age file")
        return self._reader.read_range(start, stop)


def open_part(
    part: StoredPart, *, identities: Sequence[str | Identity], recording_id: UUID | None = None
) -> OpenedPart:
    """The content of `part`.

    An unfinished age file is read once, to find what authenticates. Raises OriginalError when tail and age file, or the
    tail and `recording_id`, do not belong together; SealingError when no identity fits or something was altered.
    """
    reader = _open_age(part, identities)
    if reader is not None and reader.finished:
        return OpenedPart(reader, [_Piece(0, reader.size)])
    sealed = _whole_chunks(reader) if reader is not None else set()
    frames, refused = _open_tail(part, reader, sealed, identities=identities, recording_id=recording_id)
    pieces = _join(sealed, frames)
    ends = [offset + len(frame) for offset, frame in frames] + [(index + 1) * CHUNK for index in sealed]
    unreachable = max([*ends, 0]) - (pieces[-1].stop if pieces else 0)
    return OpenedPart(reader, pieces, refused=refused, unreachable=unreachable)


@contextmanager
def opened_original(
    names: Iterable[str],
    *,
    open_file: Callable[[str], BinaryIO],
    identities: Sequence[str | Identity],
    recording_id: UUID | None = None,
) -> Iterator[tuple[OpenedPart, ...]]:
    """The parts of a recording in order, from files that `open_file` opens by name and that are closed at the end.

    `names` are those of all its files ("000.age", "000.tail", "001.age", with or without a path). Raises as
    `open_part`, and OriginalError for a name that ends otherwise.
    """
    with ExitStack() as files:
        parts = [
            StoredPart(
                age=files.enter_context(open_file(age)) if age is not None else None,
                tail=files.enter_context(open_file(tail)) if tail is not None else None,
            )
            for age, tail in pair_files(names)
        ]
        yield tuple(open_part(part, identities=identities, recording_id=recording_id) for part in parts)


def pair_files(names: Iterable[str]) -> tuple[tuple[str | None, str | None], ...]:
    """The (age file, tail file) of each part, in the order of their names. Raises OriginalError for another ending."""
    pairs: dict[str, dict[str, str]] = {}
    for name in names:
        path = PurePath(name)
        if path.suffix not in {".age", ".tail"}:
            raise OriginalError("a part is a .age or a .tail file", remedy="give only the files of the original")
        pairs.setdefault(str(path.with_suffix("")), {})[path.suffix] = name
    return tuple((pair.get(".age"), pair.get(".tail")) for _, pair in sorted(pairs.items()))


def whole_capture(parts: Iterable[OpenedPart]) -> Iterator[bytes]:
    """All parts as one capture file: the file header once, then every whole record of every part in order.

    A record that a crash cut off at the end of a part is left out. Raises OriginalError when the parts are not captures
    of one kind.
    """
    header: bytes | None = None
    for part in parts:
        if part.size < _PCAP_HEADER:
            continue
        own = part.read_range(0, _PCAP_HEADER)
        if header is None:
            header = own
            yield header
        elif own != header:
            raise OriginalError("the parts are captures of different kinds", remedy="give the files of one recording")
        yield from _after_header(part if part.finished else _whole_records(part))


def _open_age(part: StoredPart, identities: Sequence[str | Identity]) -> AgeReader | None:
    """A tolerant reader of the age file, or None when nothing of it was ever sealed."""
    if part.age is None:
        if part.tail is None:
            raise OriginalError("a part has neither a sealed file nor a tail", remedy="give the files of the original")
        return None
    try:
        return AgeReader(part.age, identities, tolerant=True)
    except HeaderMacError:
        raise
    except HeaderTruncatedError:
        return None
    except HeaderError:
        part.age.seek(0)
        if any(part.age.read(_NEVER_WRITTEN)):
            raise
        return None


def _open_tail(
    part: StoredPart,
    reader: AgeReader | None,
    sealed: set[int],
    *,
    identities: Sequence[str | Identity],
    recording_id: UUID | None,
) -> tuple[list[tuple[int, bytes]], int]:
    """The frames that no sealed chunk makes superfluous, as (offset, content), and how many of them were refused."""
    if part.tail is None:
        return [], 0
    part.tail.seek(0)
    try:
        tail = parse_tail(part.tail.read())
    except HeaderTruncatedError:
        return [], 0
    if reader is not None and reader.header_hash != tail.header_hash:
        raise OriginalError("a journal tail belongs to another part", remedy="give each .age file its own .tail file")
    if recording_id is not None and any(frame.recording_id != recording_id.bytes for frame in tail.frames):
        raise OriginalError("a journal tail belongs to another recording", remedy="give the files of one recording")
    key = unwrap_frame_key(tail.wrapped_key, identities)
    opened: list[tuple[int, bytes]] = []
    refused = 0
    for frame in tail.frames:
        if frame.size == 0 or sealed.issuperset(range(frame.offset // CHUNK, -(-frame.end // CHUNK))):
            continue
        try:
            opened.append((frame.offset, open_frame(frame, key, header_hash=tail.header_hash)))
        except PayloadError:  # torn by the power cut that the tail is there for: the others stand
            refused += 1
    return opened, refused


def _whole_chunks(reader: AgeReader) -> set[int]:
    """The numbers of all chunks that authenticate."""
    whole = set()
    for index in range(reader.size // CHUNK):
        try:
            reader.chunk(index)
        except PayloadError:
            continue
        whole.add(index)
    return whole


def _join(sealed: set[int], frames: Sequence[tuple[int, bytes]]) -> list[_Piece]:
    """The pieces from byte 0 to the first byte that neither a chunk nor a frame holds. A chunk goes before a frame."""
    waiting = sorted(frames, key=lambda each: each[0], reverse=True)
    offset, frame = 0, b""  # of all frames that begin before the position, the one that reaches furthest
    pieces: list[_Piece] = []
    position = 0
    while True:
        while waiting and waiting[-1][0] <= position:
            candidate = waiting.pop()
            if candidate[0] + len(candidate[1]) > offset + len(frame):
                offset, frame = candidate
        chunk_end = (position // CHUNK + 1) * CHUNK
        if position // CHUNK in sealed:
            if pieces and pieces[-1].frame is None:
                pieces[-1] = _Piece(pieces[-1].start, chunk_end)
            else:
                pieces.append(_Piece(position, chunk_end))
            position = chunk_end
        elif position < offset + len(frame):
            stop = min(offset + len(frame), chunk_end)
            pieces.append(_Piece(position, stop, frame, offset))
            position = stop
        else:
            return pieces


def _after_header(pieces: Iterable[bytes]) -> Iterator[bytes]:
    skip = _PCAP_HEADER
    for piece in pieces:
        if len(piece) > skip:
            yield piece[skip:]
        skip = max(0, skip - len(piece))


def _whole_records(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A capture without the record that is cut off at its end (little-endian pcap, as the recorder writes it)."""
    held = bytearray()
    header = _PCAP_HEADER
    for piece in pieces:
        held += piece
        end = header
        while end + _RECORD_HEADER <= len(held):
            after = end + _RECORD_HEADER + int.from_bytes(held[end + 8 : end + 12], "little")
            if after > len(held):
                break
            end = after
        if end <= len(held) and end:
            yield bytes(held[:end])
            del held[:end]
            header = 0
