"""The journal: one append-only file for all recordings, holding what no sealed chunk holds yet.

After each batch come the frames of its recordings, then one sync for all of them. A segment is full after
`segment_bytes`; the one before it is deleted when everything it holds is in sealed and synced chunks, or was written
again into the newest: so the journal never holds much more than two segments, however long the calls.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from parley.sealing.api import Frame, parse_frames

from .disk import Disk

_SEGMENT = re.compile(r"([0-9]{10})\.log")

Frames = dict[tuple[UUID, int], list[Frame]]
"""Frames by recording and part number, in the order they were written."""


class Journal:
    """Appends frames to the newest segment. Appending and rotating: one thread; syncing and retiring: another."""

    def __init__(self, disk: Disk, folder: Path, *, segment_bytes: int) -> None:
        self._disk = disk
        self._folder = folder
        self._segment_bytes = segment_bytes
        folder.mkdir(mode=0o700, exist_ok=True)
        self._old = [(number, -1) for number in sorted(_segments(folder))]
        self._number = self._old[-1][0] + 1 if self._old else 1
        self._descriptor = disk.create(self._path(self._number))
        self._size = 0

    @property
    def number(self) -> int:
        """The newest segment."""
        return self._number

    @property
    def full(self) -> bool:
        """Whether it is time to rotate."""
        return self._size >= self._segment_bytes

    def append(self, frames: Sequence[bytes]) -> None:
        """Append all of `frames` or none. Raises OSError."""
        self._size += self._disk.append(self._descriptor, frames)

    def rotate(self) -> int:
        """Begin the next segment; its number. Raises OSError and goes on with the old one."""
        fresh = self._disk.create(self._path(self._number + 1))
        self._old.append((self._number, self._descriptor))
        self._number, self._descriptor, self._size = self._number + 1, fresh, 0
        return self._number

    def sync(self) -> None:
        """Return when everything appended before survives a power cut."""
        for _, descriptor in list(self._old):
            if descriptor >= 0:
                self._disk.sync(descriptor)
        self._disk.sync(self._descriptor)

    def retire(self, before: int) -> None:
        """Delete the segments before number `before`."""
        for item in [item for item in list(self._old) if item[0] < before]:
            self._disk.remove(self._path(item[0]))
            if item[1] >= 0:
                self._disk.close(item[1])
            self._old.remove(item)

    def close(self) -> None:
        """Give the descriptors back; the segments stay."""
        for descriptor in (*(old for _, old in self._old), self._descriptor):
            if descriptor >= 0:
                self._disk.close(descriptor)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:010}.log"


def read_journal(folder: Path) -> tuple[Frames, int]:
    """What the segments in `folder` hold, and when the last of them was written (Unix nanoseconds; 0: there is none).

    A segment is read up to its first torn frame.
    """
    frames: Frames = {}
    written = 0
    for _, path in sorted(_segments(folder).items()):
        written = max(written, path.stat().st_mtime_ns)
        for frame in parse_frames(path.read_bytes()):
            frames.setdefault((UUID(bytes=frame.recording_id), frame.part), []).append(frame)
    return frames, written


def _segments(folder: Path) -> dict[int, Path]:
    if not folder.is_dir():
        return {}
    matches = ((path, _SEGMENT.fullmatch(path.name)) for path in folder.iterdir())
    return {int(match[1]): path for path, match in matches if match}
