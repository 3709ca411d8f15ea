"""One batch from the sockets to the disk: received, framed, journalled, sealed; then the hold is empty again.

The order is what makes a SIGKILL harmless. Frames go to the journal before the same bytes go to the parts, so a part
is never ahead of the journal; the batch leaves the hold when both have it.
"""

import ctypes
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

import numpy as np

from parley.sealing.api import Frame

from .framing import Framer
from .hold import EMPTY, FRAMED, RECEIVING, Hold, part_and_offset, place
from .journal import Journal
from .parts import Part, durable_offset
from .receive import Lines, Receiver
from .recording import OpenRecording

_MOST_ROUNDS = 16  # of one drain: a flood must not keep it from its other sockets

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_KEPT = 32 << 20

Piece = tuple[Part, bytes | memoryview]
"""A part being written, and the records that it gets next."""


class BatchStore:
    """Owns the hold's batch, the journal's writing end and the writing of parts. The drain thread only.

    `failed` is told of an OSError of the journal; it returns whether to try again.
    """

    def __init__(self, hold: Hold, journal: Journal, *, failed: Callable[[OSError], bool]) -> None:
        self._hold = hold
        self._journal = journal
        self._failed = failed
        self._receiver = Receiver(hold)
        self._framer = Framer(hold)
        self._out = hold.out.data
        self._owners: list[OpenRecording | None] = []
        self._free: list[int] = []
        self._ids = np.zeros((len(hold.lease), 16), np.uint8)
        self._descriptors: dict[int, int] = {}
        self._lines: Lines | None = None

    def attach(self, recording: OpenRecording, index: int, descriptor: int) -> None:
        """From now on, what arrives at the port with this index belongs to `recording`."""
        if recording.owner < 0:
            recording.owner = self._free.pop() if self._free else len(self._owners)
            self._owners[recording.owner : recording.owner + 1] = [recording]
            self._ids[recording.owner] = list(recording.recording_id.bytes)
        self._descriptors[index] = descriptor
        self._framer.owners[index] = recording.owner
        self._framer.refresh()
        self._lines = None

    def refresh(self) -> None:
        """Take note of pauses that have begun or ended."""
        self._framer.refresh()

    def detach(self, recording: OpenRecording, index: int) -> None:
        """The port with this index belongs to nobody; a recording's last one frees its place."""
        self._framer.owners[index] = -1
        self._lines = None
        if not recording.streams:
            self._owners[recording.owner] = None
            self._free.append(recording.owner)
            recording.owner = -1

    def drain(self, recording: OpenRecording | None = None) -> int:
        """Store everything that the sockets hold (of one recording, or of all); the number of datagrams."""
        if recording is not None:
            lines = self._lines_of([recording])
        else:
            lines = self._lines = self._lines or self._lines_of(filter(None, self._owners))
        total = 0
        for _ in range(_MOST_ROUNDS):
            again: list[int] = []
            position = 0
            while position < len(lines):
                before = position
                position, more, used = self._receiver.receive(lines, position)
                again += more
                total += used
                self._finish(position - before, used)
            if not again:
                break
            lines = lines.select(again)
        return total

    def append(self, recording: OpenRecording, data: bytes) -> None:
        """Add records that did not come from a socket (file header, SIP messages)."""
        self._write([(recording.part, data)])

    def replay(
        self, recordings: Mapping[UUID, OpenRecording], frames: Mapping[tuple[UUID, int], Sequence[Frame]]
    ) -> int:
        """Store what a killed predecessor had in its hands; the number of its datagrams or entries that were not
        stored.

        `recordings` already write their next part. `frames` is the journal as it was found.
        """
        if self._hold.state == RECEIVING:
            calls, used = self._receiver.found()
            self._finish(calls, used)
            return used
        if self._hold.state == EMPTY:
            self._reset()
            return 0
        pieces: list[Piece] = []
        for number in range(int(self._hold.header["entries"])):
            entry = self._hold.entries[number]
            recording = recordings.get(UUID(bytes=entry["recording"].tobytes()))
            if recording is None:
                continue
            part, offset = part_and_offset(int(entry["place"]))
            length = int(entry["length"])
            known = frames.get((recording.recording_id, part), ())
            if durable_offset(recording.folder, part, known) >= offset + length:
                continue
            self._hold.entries[number]["place"] = place(recording.part.number, recording.part.offset)
            start = int(entry["start"])
            pieces.append((recording.part, self._out[start : start + length]))
        self._write(pieces)
        self._framer.apply()
        self._reset()
        return len(pieces)

    def prepare(self) -> None:
        """Make the hold ready for this process. Only while it is EMPTY."""
        self._hold.aim()

    def keep(self, recordings: Iterable[OpenRecording]) -> None:
        """Write again, into the newest segment, what only the segment before the last holds; then that one may go."""
        frames = []
        for recording in recordings:
            part = recording.part
            if part.sealed < part.mark and not part.writer.closed:
                frames.append(part.sealer.seal(part.sealed, bytes(part.writer.pending)))
            part.mark = part.offset
        self._append(frames)

    def _finish(self, calls: int, used: int) -> None:
        """Frame and store what the slots hold."""
        if used:
            entries = self._framer.frame(self._hold.order[:calls], self._receiver.counts(calls, used))
            self._publish(entries)
            out, part_of = self._out, self._part_of
            self._write([(part_of(owner), out[start : start + length]) for owner, start, length in entries])
            self._framer.apply()
        self._hold.state = EMPTY
        self._receiver.clear(used, calls)

    def _publish(self, pieces: Sequence[tuple[int, int, int]]) -> None:
        """Say in the hold whose records `out` has and where they go; from here on a successor stores exactly these."""
        hold, count = self._hold, len(pieces)
        if count:
            owners, starts, lengths = zip(*pieces, strict=True)
            entries = hold.entries[:count]
            entries["recording"] = self._ids[list(owners)]
            entries["place"] = [place(part.number, part.offset) for part in map(self._part_of, owners)]
            entries["start"] = starts
            entries["length"] = lengths
        hold.header["entries"] = count
        hold.state = FRAMED

    def _part_of(self, owner: int) -> Part:
        recording = self._owners[owner]
        if recording is None:
            raise RuntimeError("a packet was framed for nobody")
        return recording.part

    def _lines_of(self, recordings: Iterable[OpenRecording]) -> Lines:
        """Their sockets, those of one recording beside one another."""
        return Lines([(self._descriptors[index], index) for each in recordings for index in each.streams])

    def _write(self, pieces: Sequence[Piece]) -> None:
        frames: list[bytes] = []
        for part, data in pieces:
            frames += part.sealer.seal_apart(part.offset, data)
        self._append(frames)
        for part, data in pieces:
            part.write(data)

    def _append(self, frames: Sequence[bytes]) -> None:
        if not frames:
            return
        try:
            self._journal.append(frames)
        except OSError as error:
            if self._failed(error):
                try:
                    self._journal.append(frames)
                except OSError as again:
                    self._failed(again)

    def _reset(self) -> None:
        self._hold.state = EMPTY
        self._receiver.clear(len(self._hold.slots), len(self._hold.first))


def keep_freed_memory() -> None:
    """Have the C library keep what is freed, up to 32 MiB, for what is sealed next.

    It would give the memory of each sealed chunk back to the kernel, and fetch it page by page for the one after it.
    """
    allocator = ctypes.CDLL(None)
    if hasattr(allocator, "mallopt"):  # glibc alone has it, and the habit
        allocator.mallopt(_TRIM_THRESHOLD, _KEPT)
        allocator.mallopt(_MMAP_THRESHOLD, _KEPT)
