"""The manifest of a backup: what it holds, so that a restoration can be compared with it.

Lines of UTF-8, sealed as an age file: a JSON object first, then for each object `sha256 size key`, in order of key. It
is written and read forward: a million objects cost no memory here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from parley.backups.errors import BackupDamaged

FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An object that a backup names, with the hash of its sealed bytes."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the snapshot held: rows by table, head of the log, version of the tables, hash of the sealed dump."""

    customer: str
    backup: str
    taken_at: datetime
    version: str
    parley: str
    dump_sha256: str
    entries: int
    root: str
    tables: Mapping[str, int]


def written(contents: Contents, objects: Iterable[Named]) -> Iterator[bytes]:
    """The manifest in pieces."""
    head = {"format": FORMAT, **asdict(contents), "taken_at": contents.taken_at.isoformat()}
    yield json.dumps(head, sort_keys=True).encode() + b"\n"
    for one in objects:
        yield f"{one.sha256} {one.size} {one.key}\n".encode()


def read(pieces: Iterable[bytes]) -> tuple[Contents, dict[str, Named]]:
    """The manifest and its objects by key. Raises BackupDamaged for what is none, or of a later version."""
    lines = _lines(pieces)
    try:
        head = json.loads(next(lines))
        if head.pop("format") != FORMAT:
            raise BackupDamaged("the backup is of a later version of Parley", remedy="Update Parley, then restore.")
        contents = Contents(**{**head, "taken_at": datetime.fromisoformat(head["taken_at"])})
        objects = {}
        for line in lines:
            digest, size, key = line.decode().split(" ", 2)
            objects[key] = Named(key=key, size=int(size), sha256=digest)
    except (StopIteration, ValueError, KeyError, TypeError) as error:
        raise BackupDamaged("the manifest of a backup cannot be read", remedy="Use another backup.") from error
    return contents, objects


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        raise BackupDamaged("the manifest of a backup ends within a line", remedy="Use another backup.")
