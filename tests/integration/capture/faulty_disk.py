"""Disks that fail: the power goes, or there is no room."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from parley.recordings.capture.api import Disk
from parley.recordings.capture.disk import Buffer


class PowerCutDisk(Disk):
    """Remembers what was synced, so that a test can ask for what a power cut would have left."""

    def __init__(self) -> None:
        self._paths: dict[int, Path] = {}
        self._synced: dict[Path, int] = {}
        self.off = False

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._paths[descriptor] = path
        return descriptor

    def close(self, descriptor: int) -> None:
        self._paths.pop(descriptor, None)
        super().close(descriptor)

    def sync(self, descriptor: int) -> None:
        path, size = self._paths[descriptor], os.fstat(descriptor).st_size
        super().sync(descriptor)
        if path in self._synced and not self.off:
            self._synced[path] = size

    def sync_all(self, folder: Path) -> None:
        sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
        super().sync_all(folder)
        if not self.off:
            self._synced.update(sizes)

    def cut(self, spool: Path, target: Path, *, zeros: bool) -> None:
        """What is on the disk if the power goes now, copied to `target`; `zeros`: the length of what was not synced
        made it to the disk, its content did not."""
        self.off = True
        for path, size in dict(self._synced).items():
            if not path.exists():
                continue
            content = path.read_bytes()
            kept = content[:size] + (bytes(len(content) - size) if zeros else b"")
            copy = target / path.relative_to(spool)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(kept)


class FullDisk(Disk):
    """Has `room` bytes left. What is removed or truncated comes back only when a test says so."""

    def __init__(self, room: int) -> None:
        self.room = room

    def append(self, descriptor: int, pieces: Sequence[Buffer]) -> int:
        size = sum(len(piece) for piece in pieces)
        if size > self.room:
            if self.room and pieces:  # as a real one: a part of it was stored before the disk was full
                os.write(descriptor, bytes(pieces[0])[: min(self.room, 10)])
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - min(self.room, 10, len(pieces[0])))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= size
        return super().append(descriptor, pieces)

    def free(self, folder: Path) -> int:
        return self.room

    def set_aside(self, path: Path, size: int) -> None:
        if size > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        path.touch()
        self.room -= size
