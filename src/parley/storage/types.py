"""What an object store promises."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, get_args

LockMode = Literal["governance", "compliance"]
"""S3 object lock: `governance` yields to whoever has the right and asks for it, `compliance` to nobody."""

LOCK_MODES: tuple[LockMode, ...] = get_args(LockMode)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that is durably stored; `sha256`, in hexadecimal, is that of the bytes that were handed in."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What a store says of an object without reading it."""

    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Freed:
    """How many objects were deleted; by key those that write-once keeps, until when: None for a legal hold."""

    removed: int
    kept: Mapping[str, datetime | None] = field(default_factory=dict)

    def __add__(self, other: "Freed") -> "Freed":
        return Freed(self.removed + other.removed, {**self.kept, **other.kept})

    @property
    def until(self) -> datetime | None:
        """When the last of `kept` is free; None when nobody knows, or nothing is kept."""
        ends = [one for one in self.kept.values() if one is not None]
        return max(ends) if ends and len(ends) == len(self.kept) else None


class ObjectStore(Protocol):
    """Objects by key. Every method raises StorageError, and ObjectNotFoundError where an object must exist."""

    def put(self, key: str, content: Path | bytes) -> StoredObject:
        """Store `content` under `key`; it replaces what was there, wholly or not at all, and is durable on return."""
        ...

    def get_range(self, key: str, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop` of the object, as far as they exist."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The object as a file to read at any position. It costs no memory for its size."""
        ...

    def head(self, key: str) -> ObjectHead:
        """Its size, without reading it."""
        ...

    def sha256(self, key: str) -> str:
        """The hash of what is stored now, in hexadecimal: reads all of it."""
        ...

    def delete(self, key: str) -> bool:
        """Remove the object durably, all of its versions; False when there was none. Raises ObjectLockedError."""
        ...

    def delete_many(self, keys: Iterable[str]) -> int:
        """Remove these objects durably, all of their versions; how many there were. Far quicker than one by one.

        Raises ObjectLockedError when the store keeps any of them by write-once: then none is removed.
        """
        ...

    def list(self, prefix: str = "") -> Iterator[ObjectHead]:
        """All objects whose key begins with `prefix` (whole path segments), in order of key."""
        ...
