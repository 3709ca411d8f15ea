"""What a predecessor left open, and how it is taken over."""

import json
import shutil
from collections.abc import Callable, Collection
from ipaddress import IPv4Address
from pathlib import Path
from time import time_ns
from uuid import UUID

import numpy as np

from parley.foundation.errors import ParleyError
from parley.recordings.types import CLOSED_FILE, MANIFEST_FILE, Gap, Manifest

from .closing import keep_tail, part_numbers, unfinished_parts, write_closed
from .disk import Disk
from .hold import Hold
from .journal import Frames
from .parts import Part, age_name, sealed_prefix
from .ports import PortPool
from .recording import OpenRecording
from .types import INTERRUPTED, RecordingSpec, StreamSpec

RECIPIENTS_FILE = "recipients.json"
"""Beside the manifest: to whom a successor must seal what it adds. Public keys only."""
RESTARTED = "recorder-restart"
_MANY_PARTS = 990


class Leftovers:
    """Recordings without `closed.json`, the journal's frames of them, and the leases that the hold remembers."""

    def __init__(
        self, *, disk: Disk, spool: Path, hold: Hold, ports: PortPool, frames: Frames, written_ns: int
    ) -> None:
        self._disk = disk
        self._spool = spool
        self._hold = hold
        self._ports = ports
        self._frames = frames
        self._written_ns = written_ns
        self._now_ns = time_ns()

    def folders(self) -> list[tuple[UUID, Path]]:
        """The recordings that were not closed, oldest first."""
        found = []
        for entry in sorted(self._spool.iterdir()):
            recording_id = _recording_id(entry.name)
            if recording_id is None or (entry / CLOSED_FILE).exists():
                continue
            if part_numbers(entry):
                found.append((recording_id, entry))
            else:
                shutil.rmtree(entry)  # opening it did not get far enough to be answered
        return found

    def gap(self, recording_id: UUID) -> Gap | None:
        """The time in which packets may have been missed. None when the sockets kept everything meanwhile."""
        leases = self._leases(recording_id)
        if self._hold.inherited and not any(self._ports.dropped(index) for index in leases):
            return None
        last = max([self._written_ns, *(int(self._hold.account[index]["last_ns"]) for index in leases)])
        return Gap(starts_ns=last or self._now_ns, ends_ns=max(last, self._now_ns), reason=RESTARTED)

    def keep_tails(self, recording_id: UUID, folder: Path) -> None:
        """Save the journal's frames of unfinished parts into their tails.

        After a crash of the process alone, frames of whole chunks are superfluous; after a power cut a file's size
        proves nothing, so all are kept.
        """
        for number in unfinished_parts(folder):
            path = folder / age_name(number)
            sealed = sealed_prefix(path) if self._hold.inherited and path.exists() else 0
            frames = self._frames.get((recording_id, number), [])
            keep_tail(self._disk, folder, number, [frame for frame in frames if frame.end > sealed])

    def reopen(
        self,
        recording_id: UUID,
        folder: Path,
        specification: RecordingSpec | None,
        new_part: Callable[[RecordingSpec, int], Part],
        gap: Gap | None,
    ) -> OpenRecording | None:
        """The recording with a further part to write. None when nothing can follow: no recipients are known any
        more."""
        number = part_numbers(folder)[-1] + 1
        if specification is None:
            specification = self._reconstructed(recording_id, folder)
        if specification is None or number > _MANY_PARTS:
            return None
        part = new_part(specification, number)
        return OpenRecording(
            recording_id,
            folder,
            specification,
            part,
            gaps=[gap] if gap is not None else [],
            paused_ns=self._paused_ns(recording_id, specification),
        )

    def streams(self, recording_id: UUID, specification: RecordingSpec | None) -> list[StreamSpec]:
        """The ports to go on with, leased again: those of the specification, and those that the hold knows besides."""
        streams = list(specification.streams) if specification is not None else []
        known = {stream.port for stream in streams}
        labels = _labels(self._spool / str(recording_id) / MANIFEST_FILE)
        for index in self._leases(recording_id):
            lease = self._hold.lease[index]
            port = int(lease["port"])
            if port not in known:
                sources = tuple(str(IPv4Address(int(source))) for source in lease["sources"] if source)
                streams.append(StreamSpec(label=labels.get(port, str(port)), port=port, sources=sources))
        for stream in streams:
            self._ports.adopt(stream.port)
        return streams

    def release_others(self, continued: Collection[UUID]) -> None:
        """Let ports of recordings that are closed already rest before they are used again."""
        for index in np.flatnonzero(self._hold.lease["attached"]).tolist():
            lease = self._hold.lease[index]
            if UUID(bytes=lease["recording"].tobytes()) not in continued:
                self._ports.adopt(int(lease["port"]))
                lease["attached"] = 0
                self._ports.detached(index)

    def close_without_part(self, recording_id: UUID, folder: Path, gap: Gap | None) -> None:
        """Close a recording to which nothing can be added: its tails are kept already."""
        gaps = [gap] if gap is not None else []
        write_closed(self._disk, folder, recording_id=recording_id, reason=INTERRUPTED, streams=(), gaps=gaps)

    def _paused_ns(self, recording_id: UUID, specification: RecordingSpec) -> int:
        """From when on nothing is written: who died over a change of it leaves the pause standing."""
        known = [
            specification.paused_ns,
            *(int(self._hold.lease[one]["paused_ns"]) for one in self._leases(recording_id)),
        ]
        return min((one for one in known if one), default=0)

    def _leases(self, recording_id: UUID) -> list[int]:
        """Indexes of the ports that were attached to the recording."""
        lease = self._hold.lease
        mine = (lease["recording"] == np.frombuffer(recording_id.bytes, np.uint8)).all(axis=1)
        return [int(index) for index in np.flatnonzero(mine & (lease["attached"] == 1))]

    def _reconstructed(self, recording_id: UUID, folder: Path) -> RecordingSpec | None:
        """Enough of a specification to take in what the sockets of a lost call still hold."""
        if not self._leases(recording_id):
            return None
        try:
            recipients = json.loads((folder / RECIPIENTS_FILE).read_bytes())
        except (OSError, ValueError):
            return None
        return RecordingSpec(recording_id=recording_id, recipients=tuple(recipients), manifest={}, streams=())


def _recording_id(name: str) -> UUID | None:
    try:
        recording_id = UUID(name)
    except ValueError:
        return None
    return recording_id if str(recording_id) == name else None


def _labels(manifest: Path) -> dict[int, str]:
    """Labels of streams by port, as far as the manifest is readable."""
    try:
        return {stream.port: stream.label for stream in Manifest.from_json(manifest.read_bytes()).streams}
    except (OSError, ParleyError):
        return {}
