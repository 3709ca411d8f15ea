"""How a recording ends: after a BYE, after a crash, after a power cut, the same steps.

A part whose tail file is there is unfinished. If its last chunk was sealed, the file is synced and the tail goes; if
not, the tail takes the journal's frames of that part. Then the parts are hashed, and `closed.json` says that this is
all. Every step may be repeated.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from parley.recordings.types import CLOSED_FILE, ClosedFile, ClosedPart, ClosedStream, Gap, PartKind
from parley.sealing.api import Frame, HeaderError, encode_tail, parse_tail

from .disk import Disk
from .parts import age_name, tail_name

_BLOCK = 1 << 20


def part_numbers(folder: Path) -> list[int]:
    """The parts in `folder`, ascending; of one that was just begun there may be a tail alone."""
    return sorted({int(path.stem) for path in _part_files(folder)})


def unfinished_parts(folder: Path) -> list[int]:
    """Those of them whose last chunk may be missing."""
    return [number for number in part_numbers(folder) if (folder / tail_name(number)).exists()]


def finish_part(disk: Disk, folder: Path, number: int) -> None:
    """Drop the tail of a part that has its last chunk, synced."""
    disk.remove(folder / tail_name(number))


def discard_part(disk: Disk, folder: Path, number: int) -> None:
    """Remove a part that holds no packet."""
    disk.remove(folder / age_name(number))
    disk.remove(folder / tail_name(number))


def keep_tail(disk: Disk, folder: Path, number: int, frames: Sequence[Frame]) -> None:
    """Add `frames` to the tail of an unfinished part, durably; those it already holds are not doubled."""
    path = folder / tail_name(number)
    try:
        tail = parse_tail(path.read_bytes())
    except (HeaderError, FileNotFoundError):
        return  # the power went before the frame key was stored: these frames can never be opened
    known = {frame.number for frame in tail.frames}
    added = [frame for frame in frames if frame.number not in known]
    if added:
        content = encode_tail(wrapped_key=tail.wrapped_key, header_hash=tail.header_hash, frames=[*tail.frames, *added])
        disk.replace(path, content)


def write_closed(
    disk: Disk,
    folder: Path,
    *,
    recording_id: UUID,
    reason: str,
    streams: Sequence[ClosedStream],
    gaps: Sequence[Gap],
) -> ClosedFile:
    """Hash the parts and say in `closed.json` that the recording is complete. Raises OSError."""
    closed = ClosedFile(
        recording_id=recording_id,
        reason=reason,
        ended_at=datetime.now(UTC),
        parts=tuple(_closed_part(path) for path in _part_files(folder)),
        streams=tuple(streams),
        gaps=tuple(gaps),
    )
    disk.sync_folder(folder)
    disk.replace(folder / CLOSED_FILE, closed.to_json())
    return closed


def _part_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in {".age", ".tail"} and path.stem.isdigit())


def _closed_part(path: Path) -> ClosedPart:
    kind: PartKind = "age" if path.suffix == ".age" else "tail"
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return ClosedPart(name=path.name, kind=kind, size=path.stat().st_size, sha256=digest.hexdigest())
