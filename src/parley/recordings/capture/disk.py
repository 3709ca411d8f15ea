"""The only door to the disk: everything that the recorder stores passes here, so that a test can make it fail."""

import contextlib
import ctypes
import errno
import os
from collections.abc import Sequence
from pathlib import Path

Buffer = bytes | bytearray | memoryview

_IOV_MAX = 1024
_libc = ctypes.CDLL(None, use_errno=True)


class Disk:
    """Append-only files, small files replaced atomically, syncs. Raises OSError; what failed half-way is taken back."""

    def create(self, path: Path) -> int:
        """A descriptor that appends to the new file `path`, readable by this account alone."""
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def close(self, descriptor: int) -> None:
        """Forget `descriptor`."""
        os.close(descriptor)

    def append(self, descriptor: int, pieces: Sequence[Buffer]) -> int:
        """Append all of `pieces`, or nothing and raise; the number of bytes."""
        written = 0
        try:
            for start in range(0, len(pieces), _IOV_MAX):
                batch = list(pieces[start : start + _IOV_MAX])
                while batch:
                    count = os.writev(descriptor, batch)
                    written += count
                    batch = _after(batch, count)
        except OSError:
            if written:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
            raise
        return written

    def sync(self, descriptor: int) -> None:
        """Return when what was appended to `descriptor` survives a power cut."""
        os.fdatasync(descriptor)

    def sync_all(self, folder: Path) -> None:
        """Return when everything stored so far on the file system of `folder`, names included, survives a power cut."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if _libc.syncfs(descriptor) != 0:
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code), str(folder))
        finally:
            os.close(descriptor)

    def replace(self, path: Path, data: Buffer) -> None:
        """Make `data` the content of `path`: afterwards, and after a power cut, it has the old content or the new."""
        fresh = path.with_name(path.name + ".new")
        self.remove(fresh)
        descriptor = self.create(fresh)
        try:
            self.append(descriptor, [data])
            os.fsync(descriptor)
        except OSError:
            self.remove(fresh)
            raise
        finally:
            self.close(descriptor)
        fresh.replace(path)
        self.sync_folder(path.parent)

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in `folder` survive a power cut."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove(self, path: Path) -> None:
        """Delete `path` if it exists."""
        path.unlink(missing_ok=True)

    def free(self, folder: Path) -> int:
        """Bytes that this account may still store on the file system of `folder`."""
        status = os.statvfs(folder)
        return status.f_bavail * status.f_frsize

    def set_aside(self, path: Path, size: int) -> None:
        """Reserve `size` bytes of disk in the file `path`, to be given back by removing it when space runs out."""
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError:
            self.remove(path)
            raise
        finally:
            os.close(descriptor)


def is_full(error: OSError) -> bool:
    """Whether `error` says that there is no room: retryable, unlike a broken disk."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def _after(pieces: list[Buffer], count: int) -> list[Buffer]:
    """What is left of `pieces` after their first `count` bytes."""
    for index, piece in enumerate(pieces):
        if count < len(piece):
            return [memoryview(piece)[count:], *pieces[index + 1 :]]
        count -= len(piece)
    return []
