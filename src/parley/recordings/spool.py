"""The spool: one directory per recording, from its first packet until its rows are committed."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from parley.recordings.errors import SpoolDamaged
from parley.recordings.types import CLOSED_FILE, MANIFEST_FILE, ClosedFile, ClosedPart, Manifest

_REMOVED = ".removed-"
_PIECE = 1 << 20


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """`manifest.json`, whole or not at all, synced before return."""
    _write(directory / MANIFEST_FILE, manifest.to_json())


def write_closed(directory: Path, closed: ClosedFile) -> None:
    """`closed.json`, whole or not at all, synced before return: from now on the recording is closed."""
    _write(directory / CLOSED_FILE, closed.to_json())


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a spool directory. Raises MalformedFile, OSError."""
    return Manifest.from_json((directory / MANIFEST_FILE).read_bytes())


def read_closed(directory: Path) -> ClosedFile:
    """The closed file of a spool directory. Raises MalformedFile, OSError (there is none while it is recorded)."""
    return ClosedFile.from_json((directory / CLOSED_FILE).read_bytes())


def closed_recordings(spool: Path) -> Iterator[Path]:
    """The directories of recordings that are closed and wait to be finalised, oldest first."""
    if not spool.is_dir():
        return
    for entry in sorted(spool.iterdir(), key=lambda entry: entry.name):
        if _is_recording(entry.name) and (entry / CLOSED_FILE).is_file():
            yield entry


def verify_part(directory: Path, part: ClosedPart) -> Path:
    """The file of a part, after its size and hash were compared with the closed file. Raises SpoolDamaged."""
    path = directory / part.name
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as opened:
            while piece := opened.read(_PIECE):
                digest.update(piece)
                size += len(piece)
    except FileNotFoundError as error:
        raise SpoolDamaged(
            f"part {part.name} is missing", remedy="Look for it before removing the directory."
        ) from error
    if (size, digest.hexdigest()) != (part.size, part.sha256):
        raise SpoolDamaged(f"part {part.name} is not what was closed", remedy="Keep the directory; see the disk's log.")
    return path


def discard(directory: Path) -> None:
    """Removes a finalised directory. It stops being a recording at once: a crash half-way brings nothing back."""
    leaving = directory.with_name(_REMOVED + directory.name)
    if directory.exists():
        directory.rename(leaving)
    _sync(directory.parent)
    shutil.rmtree(leaving, ignore_errors=True)


def sweep_discarded(spool: Path) -> None:
    """Removes what a crash left of discarded directories."""
    for entry in spool.glob(f"{_REMOVED}*"):
        shutil.rmtree(entry, ignore_errors=True)


def _is_recording(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    partial.replace(path)
    _sync(path.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
