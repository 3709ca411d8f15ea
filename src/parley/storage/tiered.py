"""Two stores as one: what is written lies in the warm one, what was moved lies in the cold one, under the same key.

Nothing is noted of where an object is: it is looked for in the warm store first, then in the cold one, so that there is
no note that could be wrong. An object is in both for the time between its copy and the end of its move, and after a
repair; the warm one then counts.
"""

import heapq
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar, cast

from .errors import ObjectLockedError, ObjectNotFoundError, StoreUnavailableError
from .s3 import S3Store
from .types import ObjectHead, ObjectStore, StoredObject

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_T = TypeVar("_T")
_BLOCK = 1 << 20


class TieredStore:
    """An ObjectStore of a `warm` and a `cold` one. Writing needs only the warm one; deleting and listing need both."""

    def __init__(self, warm: ObjectStore, cold: ObjectStore) -> None:
        self.warm = warm
        self.cold = cold

    def put(self, key: str, content: Path | bytes) -> StoredObject:
        """See ObjectStore. It is written warm; what the cold store has under the key does not count any more."""
        return self.warm.put(key, content)

    def get_range(self, key: str, start: int, stop: int) -> bytes:
        """See ObjectStore."""
        return self._found(lambda store: store.get_range(key, start, stop))

    def open(self, key: str) -> BinaryIO:
        """See ObjectStore. Who reads while the object is moved goes on reading."""
        opened = self._found(lambda store: store.open(key))
        if isinstance(opened, FileIO):
            return opened  # an open file stays readable after it was deleted
        return cast(
            BinaryIO, io.BufferedReader(_MovingFile(opened, lambda: self.cold.open(key)), buffer_size=64 * 1024)
        )

    def head(self, key: str) -> ObjectHead:
        """See ObjectStore."""
        return self._found(lambda store: store.head(key))

    def sha256(self, key: str) -> str:
        """See ObjectStore."""
        return self._found(lambda store: store.sha256(key))

    def delete(self, key: str) -> bool:
        """See ObjectStore."""
        return self.delete_many([key]) > 0

    def delete_many(self, keys: Iterable[str]) -> int:
        """See ObjectStore. Both stores are asked for write-once before either loses anything; the cold one goes first:
        when it does not answer, nothing is gone."""
        wanted = list(dict.fromkeys(keys))
        for store in (self.cold, self.warm):
            if isinstance(store, S3Store):
                store.require_free(wanted)
        # A store may count what it was asked for instead of what it had: no object is counted twice.
        return min(len(wanted), self.cold.delete_many(wanted) + self.warm.delete_many(wanted))

    def list(self, prefix: str = "") -> Iterator[ObjectHead]:
        """See ObjectStore."""
        last = None
        for head in heapq.merge(self.warm.list(prefix), self.cold.list(prefix), key=lambda head: head.key):
            if head.key != last:  # of two, the warm one comes first
                yield head
            last = head.key

    def copy_cold(self, key: str, *, sha256: str, scratch: Path) -> int:
        """The first half of a move: copy an object into the cold store; its size in bytes, 0 when nothing is to move.

        `sha256` is what its bytes must be: others are not copied. The copy is read back and compared before this ends.
        A lock that Parley may lift goes with the object: the copy is locked as long. `scratch` is a directory for a
        file of the object's size. Raises StorageError; ObjectLockedError when anything else keeps the object in the
        warm store, or the cold one cannot lock it.
        """
        try:
            size = self.warm.head(key).size
        except ObjectNotFoundError:
            return 0
        until = self.warm.kept_until(key) if isinstance(self.warm, S3Store) else None
        if until is not None and not (isinstance(self.cold, S3Store) and self.cold.lockable):
            raise ObjectLockedError(until)
        if self.warm.sha256(key) != sha256:
            return 0
        if _hash_in(self.cold, key) == sha256:
            _lock(self.cold, key, until)
        else:
            self._copy(key, scratch, until)
            if _hash_in(self.cold, key) != sha256:
                raise StoreUnavailableError("the cold store has something else than was sent", remedy="send it again")
        return size

    def drop_warm(self, key: str) -> bool:
        """The second half: delete the object from the warm store, unless the cold one lacks it; whether that was.

        Raises ObjectLockedError when the warm store began to keep it since in a way that Parley may not lift.
        """
        try:
            whole = self.cold.head(key).size == self.warm.head(key).size
        except ObjectNotFoundError:
            return False
        if not whole:
            return False
        if not isinstance(self.warm, S3Store):
            return self.warm.delete(key)
        _lock(self.cold, key, self.warm.kept_until(key))
        return self.warm.delete_free([key], lift=True).removed > 0

    def _copy(self, key: str, scratch: Path, until: datetime | None) -> None:
        with tempfile.TemporaryFile(dir=scratch) as file, self.warm.open(key) as source:
            while piece := source.read(_BLOCK):
                file.write(piece)
            file.flush()
            # The file has no name, so that nobody who is killed leaves it; this is how the process names it itself.
            path = Path(f"/proc/self/fd/{file.fileno()}")
            if until is not None and isinstance(self.cold, S3Store):
                self.cold.put_locked(key, path, until=until)
            else:
                self.cold.put(key, path)

    def _found(self, ask: Callable[[ObjectStore], _T]) -> _T:
        """The answer of the warm store, else that of the cold one: a move ends warm after it began cold."""
        try:
            return ask(self.warm)
        except ObjectNotFoundError:
            return ask(self.cold)


class _MovingFile(io.RawIOBase):
    """An object that goes on in the cold store, at the same position, when the warm one has it no more."""

    def __init__(self, file: BinaryIO, cold: Callable[[], BinaryIO]) -> None:
        self._file = file
        self._cold = cold

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        position = self._file.tell()
        try:
            piece = self._file.read(len(view))
        except ObjectNotFoundError:
            self._file = self._cold()
            self._file.seek(position)
            piece = self._file.read(len(view))
        view[: len(piece)] = piece
        return len(piece)


def tiers(store: ObjectStore) -> Mapping[str, ObjectStore]:
    """The stores that `store` is made of, "warm" and "cold"; of a store that is one only "warm"."""
    return {"warm": store.warm, "cold": store.cold} if isinstance(store, TieredStore) else {"warm": store}


def _lock(store: ObjectStore, key: str, until: datetime | None) -> None:
    """Lock an object that is there until then. Raises ObjectLockedError where that cannot be."""
    if until is None:
        return
    if not (isinstance(store, S3Store) and store.lockable):
        raise ObjectLockedError(until)
    store.lengthen(key, until=until)


def _hash_in(store: ObjectStore, key: str) -> str:
    """The hash of an object there, in hexadecimal; "" when there is none."""
    try:
        return store.sha256(key)
    except ObjectNotFoundError:
        return ""
