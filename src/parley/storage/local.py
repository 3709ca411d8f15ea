"""Objects as files under one directory, synced to the disk before anybody is told that they are stored."""

import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO, cast

from .errors import ObjectNotFoundError, StoreFullError, StoreUnavailableError
from .rules import check_key, check_prefix
from .types import ObjectHead, StoredObject

_INCOMING = ".incoming"
_BLOCK = 1 << 20
_ABANDONED_AFTER_SECONDS = 24 * 3600


class LocalStore:
    """An ObjectStore in the directory `root`, which is made (mode 0700) when it is missing.

    `put` writes into `.incoming`, syncs the file, renames it into place, and syncs the directories: after a power cut
    an object is there whole or not at all. A source file on the same file system is linked, not copied: it must not be
    written to any more.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / _INCOMING
        with _translated(str(root)):
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_directory(root)
            self._clear_abandoned()

    def put(self, key: str, content: Path | bytes) -> StoredObject:
        """See ObjectStore. Raises StoreFullError when the disk is full; what was there before stays."""
        target = self._path(key)
        temporary = self._incoming / secrets.token_hex(16)
        with _translated(key):
            try:
                size, digest = _place(content, temporary)
                self._make_directories(target.parent)
                temporary.rename(target)
                _sync_directory(target.parent)
            finally:
                # Also after success: renaming a link onto another link of the same file leaves both.
                temporary.unlink(missing_ok=True)
        return StoredObject(key=key, size=size, sha256=digest)

    def get_range(self, key: str, start: int, stop: int) -> bytes:
        """See ObjectStore."""
        with _translated(key), self._path(key).open("rb", buffering=0) as file:
            return os.pread(file.fileno(), max(0, stop - start), start)

    def open(self, key: str) -> BinaryIO:
        """See ObjectStore. The file is not buffered: sealed objects are read by chunk."""
        with _translated(key):
            return cast(BinaryIO, self._path(key).open("rb", buffering=0))

    def head(self, key: str) -> ObjectHead:
        """See ObjectStore."""
        with _translated(key):
            return ObjectHead(key=key, size=self._path(key).stat().st_size)

    def sha256(self, key: str) -> str:
        """See ObjectStore."""
        with _translated(key), self._path(key).open("rb", buffering=0) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def delete(self, key: str) -> bool:
        """See ObjectStore. Directories that this empties go as well."""
        path = self._path(key)
        with _translated(key):
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            _sync_directory(path.parent)
            for parent in path.relative_to(self._root).parents:
                directory = self._root / parent
                if directory == self._root:
                    break
                try:
                    directory.rmdir()
                except OSError:  # not empty, or filled again just now
                    break
        return True

    def delete_many(self, keys: Iterable[str]) -> int:
        """See ObjectStore. Each directory is synced once, after all of its objects are gone; empty ones go as well, and
        for a key that is a directory all empty ones below it: somebody may have been killed before they went."""
        removed = 0
        touched: dict[Path, None] = {}
        for key in keys:
            path = self._path(key)
            with _translated(key):
                try:
                    path.unlink()
                except FileNotFoundError:
                    continue
                except IsADirectoryError:
                    touched |= {Path(folder): None for folder, _, _ in os.walk(path)}
                    continue
            removed += 1
            touched[path.parent] = None
        with _translated("directories"):
            for directory in self._without_empty(touched):
                with suppress(FileNotFoundError):  # somebody else emptied it just now
                    _sync_directory(directory)
        return removed

    def _without_empty(self, directories: Iterable[Path]) -> set[Path]:
        """Remove those that are empty, then their parents while they are, each tried once; the first that stay."""
        stay: set[Path] = set()
        level = set(directories)
        while level:
            parents: set[Path] = set()
            for directory in level:
                if directory == self._root:
                    stay.add(directory)
                    continue
                try:
                    directory.rmdir()
                except FileNotFoundError:
                    parents.add(directory.parent)
                except OSError:  # not empty, or filled again just now
                    stay.add(directory)
                else:
                    parents.add(directory.parent)
            level = parents
        return stay

    def list(self, prefix: str = "") -> Iterator[ObjectHead]:
        """See ObjectStore."""
        start = self._root / check_prefix(prefix)
        if start.is_file():
            yield ObjectHead(key=prefix, size=start.stat().st_size)
            return
        found: list[str] = []
        for folder, folders, names in os.walk(start):
            if folder == str(self._root):
                folders[:] = [name for name in folders if name != _INCOMING]
            found += [os.path.join(folder, name) for name in names]  # noqa: PTH118 - a hundred times quicker than Path
        skip = len(str(self._root)) + 1
        for path in sorted(found):
            with suppress(FileNotFoundError):  # deleted meanwhile
                yield ObjectHead(key=path[skip:], size=os.stat(path).st_size)  # noqa: PTH116

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _make_directories(self, directory: Path) -> None:
        """Make `directory` below the root, syncing each parent that gained an entry."""
        current = self._root
        for segment in directory.relative_to(self._root).parts:
            parent, current = current, current / segment
            try:
                current.mkdir(mode=0o700)
            except FileExistsError:
                continue
            _sync_directory(parent)

    def _clear_abandoned(self) -> None:
        """Remove what a killed process left in `.incoming`, once no `put` can still be at work on it."""
        for path in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                    path.unlink()


def _place(content: Path | bytes, temporary: Path) -> tuple[int, str]:
    """Put `content` durably at `temporary`; its size and hash."""
    if isinstance(content, bytes):
        with open(temporary, "xb", buffering=0, opener=_private) as file:
            _write_all(file, content)
            os.fsync(file.fileno())
        return len(content), hashlib.sha256(content).hexdigest()
    try:
        temporary.hardlink_to(content)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or links are not allowed
        with content.open("rb") as source, open(temporary, "xb", opener=_private) as file:
            shutil.copyfileobj(source, file, _BLOCK)
    with temporary.open("rb", buffering=0) as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return os.fstat(file.fileno()).st_size, digest


def _write_all(file: FileIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Errors of the file system as errors of the store."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise ObjectNotFoundError(f"there is no object {what}", remedy="it was deleted, or never stored") from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise StoreFullError("the object store is full", remedy="make room, then it goes on by itself") from error
        raise StoreUnavailableError(
            f"the object store failed: {error.strerror}", remedy="check the disk and the rights of the data directory"
        ) from error
