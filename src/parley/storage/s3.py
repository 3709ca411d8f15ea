"""Objects in an S3 bucket, through obstore."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import obstore
from botocore.exceptions import BotoCoreError, ClientError
from obstore.exceptions import BaseError

from .errors import NotLockableError, ObjectLockedError, ObjectNotFoundError, StoreUnavailableError
from .rules import check_key, check_prefix
from .s3_locks import Locks
from .s3_requests import Requests
from .types import Freed, ObjectHead, StoredObject

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from obstore.store import S3Store as Bucket

_READ_AHEAD = 1 << 20
_BATCH = 1000


class S3Store:
    """An ObjectStore in `bucket`. S3 itself makes a `put` atomic and durable; `requests` makes what obstore cannot.

    `locks` set write-once where that is asked for; None: this store never does.
    """

    def __init__(self, bucket: "Bucket", requests: Requests, locks: Locks | None = None) -> None:
        self._bucket = bucket
        self._requests = requests
        self.locks = locks

    def put(self, key: str, content: Path | bytes) -> StoredObject:
        """See ObjectStore. Large files go up in several parts; the store is asked afterwards whether it has them."""
        check_key(key)
        with _translated(key):
            size, digest = _measured(content)
            stored = obstore.put(self._bucket, key, content)
            there = obstore.head(self._bucket, key)
        if there["size"] != size or there["e_tag"] != stored["e_tag"]:
            raise StoreUnavailableError("the object store has something else than was sent", remedy="send it again")
        return StoredObject(key=key, size=size, sha256=digest)

    def put_locked(self, key: str, content: Path | bytes, *, until: datetime) -> StoredObject:
        """As `put`, and no moment passes in which the object can be deleted before `until`. Raises NotLockableError.

        The same bytes are not stored twice: the copy before would stay as a version that nobody can delete.
        """
        check_key(key)
        locks = self._locks()
        with _translated(key):
            size, digest = _measured(content)
            if not self._has(key, size, digest):
                locks.put(key, content, size=size, until=until)
            else:
                locks.lengthen(key, until=until)
        return StoredObject(key=key, size=size, sha256=digest)

    def lengthen(self, key: str, *, until: datetime) -> bool:
        """Lock an object until then, if nothing keeps it so long; whether that was so, False when it is not there.

        Raises NotLockableError.
        """
        try:
            self.head(key)
        except ObjectNotFoundError:
            return False
        with _translated(key):
            return self._locks().lengthen(key, until=until)

    def kept_until(self, key: str) -> datetime | None:
        """Until when a lock keeps an object that Parley may lift, its own in governance; None when nothing keeps it.

        Raises ObjectLockedError when anything else keeps it.
        """
        if self.locks is None:
            self.require_free([key])
            return None
        with _translated(key):
            return self.locks.until(check_key(key)) if self._requests.versioned else None

    def delete_free(self, keys: Iterable[str], *, lift: bool = False) -> Freed:
        """Delete what nothing keeps; with `lift` also what only a lock keeps that Parley may lift."""
        wanted = list(keys)
        with _translated(""):
            if not self._requests.versioned:
                return Freed(self.delete_many(wanted))
            may_lift = lift and self.locks is not None and self.locks.mode == "governance"
            removed, kept = 0, {}
            for key in wanted:
                try:
                    removed += self._requests.delete_versions([check_key(key)], lift=may_lift)
                except ObjectLockedError as locked:
                    kept[key] = locked.until
        return Freed(removed, kept)

    @property
    def lockable(self) -> bool:
        """Whether this store locks, and its bucket can."""
        with _translated(""):
            return self.locks is not None and self.locks.possible

    def require_lockable(self) -> None:
        """Raises NotLockableError when this store is to lock and its bucket cannot."""
        with _translated(""):
            if self.locks is not None:
                self.locks.require_possible()

    def _locks(self) -> Locks:
        if self.locks is None:
            raise NotLockableError(self._requests.bucket)
        return self.locks

    def _has(self, key: str, size: int, digest: str) -> bool:
        try:
            return self.head(key).size == size and self.sha256(key) == digest
        except ObjectNotFoundError:
            return False

    def abort_incomplete(self, prefix: str, *, before: datetime) -> int:
        """Abort uploads that were begun before that instant and never completed; how many."""
        with _translated(prefix):
            return self._requests.abort_incomplete(check_prefix(prefix), before=before)

    def get_range(self, key: str, start: int, stop: int) -> bytes:
        """See ObjectStore."""
        stop = min(stop, self.head(key).size)
        return self._range(key, start, stop) if start < stop else b""

    def open(self, key: str) -> BinaryIO:
        """See ObjectStore. Reads that follow one another fetch 1 MiB at a time."""
        return cast(BinaryIO, io.BufferedReader(_RemoteFile(self, self.head(key)), buffer_size=64 * 1024))

    def head(self, key: str) -> ObjectHead:
        """See ObjectStore."""
        with _translated(key):
            return ObjectHead(key=key, size=obstore.head(self._bucket, check_key(key))["size"])

    def sha256(self, key: str) -> str:
        """See ObjectStore."""
        digest = hashlib.sha256()
        with _translated(key):
            for piece in obstore.get(self._bucket, check_key(key)).stream(min_chunk_size=_READ_AHEAD):
                digest.update(piece)
        return digest.hexdigest()

    def delete(self, key: str) -> bool:
        """See ObjectStore."""
        with _translated(key):
            if self._requests.versioned:
                return self._requests.delete_versions([check_key(key)]) > 0
        try:
            self.head(key)
        except ObjectNotFoundError:
            return False
        with _translated(key):
            obstore.delete(self._bucket, key)
        return True

    def delete_many(self, keys: Iterable[str]) -> int:
        """See ObjectStore. A thousand keys to a request; counts those that were asked for, as S3 does not tell.

        In a bucket with versions a plain deletion only hides: there each version goes, one request each.
        """
        removed = 0
        with _translated(""):
            if self._requests.versioned:
                return self._requests.delete_versions([check_key(key) for key in keys])
        pending = iter(keys)
        while batch := [check_key(key) for key in islice(pending, _BATCH)]:
            with _translated(batch[0]):
                obstore.delete(self._bucket, batch)
            removed += len(batch)
        return removed

    def require_free(self, keys: Iterable[str]) -> None:
        """Raises ObjectLockedError when any of these objects is kept by write-once; nothing is deleted."""
        with _translated(""):
            if self._requests.versioned:
                self._requests.require_free([check_key(key) for key in keys])

    def list(self, prefix: str = "") -> Iterator[ObjectHead]:
        """See ObjectStore."""
        with _translated(prefix):
            for page in obstore.list(self._bucket, check_prefix(prefix) or None):
                for found in page:
                    yield ObjectHead(key=found["path"], size=found["size"])

    def _range(self, key: str, start: int, stop: int) -> bytes:
        with _translated(key):
            return bytes(obstore.get_range(self._bucket, check_key(key), start=start, end=stop))


class _RemoteFile(io.RawIOBase):
    """An object as a raw file that keeps the last block it fetched."""

    def __init__(self, store: S3Store, head: ObjectHead) -> None:
        self._store = store
        self._head = head
        self._position = 0
        self._block_start = 0
        self._block = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._head.size}[whence]
        if origin + offset < 0:
            raise ValueError("a position is 0 or later")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        start = self._position
        stop = min(start + len(view), self._head.size)
        if start >= stop:
            return 0
        if not self._block_start <= start < self._block_start + len(self._block):
            follows = start == self._block_start + len(self._block)
            ahead = max(stop, min(start + _READ_AHEAD, self._head.size)) if follows else stop
            self._block = self._store._range(self._head.key, start, ahead)
            self._block_start = start
        piece = self._block[start - self._block_start : stop - self._block_start]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


def _measured(content: Path | bytes) -> tuple[int, str]:
    """Size in bytes and SHA-256 in hexadecimal."""
    if isinstance(content, bytes):
        return len(content), hashlib.sha256(content).hexdigest()
    with content.open("rb", buffering=0) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


@contextmanager
def _translated(key: str) -> Iterator[None]:
    """Errors of obstore and botocore as errors of the store. What the server answered is not repeated: it may quote
    addresses."""
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectNotFoundError(f"there is no object {key}", remedy="it was deleted, or never stored") from error
    except (BaseError, BotoCoreError, ClientError, OSError) as error:
        raise StoreUnavailableError(
            f"the object store failed ({type(error).__name__})", remedy="check its address, credentials and health"
        ) from error
