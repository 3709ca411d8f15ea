"""Sessions that outlive the death of a recorder: a small file each, sealed with a key that only the supervisor's memory
holds. A new recorder with the same key goes on where the old one stopped; after a reboot nobody can read them.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from parley.daemons.signalling.ports import Frame
from parley.recordings.session import Session
from parley.recordings.strictjson import MalformedFile, dumps, loads
from parley.recordings.types import GateRecord, Manifest, ManifestStream
from parley.tenancy.api import TrunkEntry
from parley.wire.sip.api import Answer, Dialog

_NONCE = 12
_SUFFIX = ".session"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCall:
    """All that signalling knows of one call. `answered_by` is the transaction that `answer` (the last 2xx) belongs
    to.
    """

    session: Session
    dialog: Dialog
    trunk: TrunkEntry
    decision: GateRecord
    manifest: Manifest
    started_at: datetime
    protocol: str
    local_host: str
    local_port: int
    remote_host: str
    remote_port: int
    answer: Answer
    answered_by: str
    answered_sequence: int
    frames: tuple[Frame, ...] = ()
    past_streams: tuple[ManifestStream, ...] = ()
    closing: str = ""


class SessionFiles:
    """The files `<folder>/<recording id>.session`. Content: nonce 12 | AES-256-GCM of the JSON, bound to the
    recording.
    """

    def __init__(self, *, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._cipher = AESGCM(key)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def save(self, call: SavedCall) -> None:
        """Replaces the file of the call. Atomic, not synced: the key does not outlive a power cut either."""
        recording_id = call.session.recording_id
        nonce = os.urandom(_NONCE)
        path = self._path(recording_id)
        fresh = path.with_suffix(".fresh")
        fresh.write_bytes(nonce + self._cipher.encrypt(nonce, dumps(call), recording_id.bytes))
        fresh.replace(path)

    def remove(self, recording_id: UUID) -> None:
        self._path(recording_id).unlink(missing_ok=True)

    def load(self) -> Iterator[SavedCall]:
        """The calls of the recorder before this one; files that this key does not open, or torn ones, are removed."""
        for fresh in self._folder.glob("*.fresh"):
            fresh.unlink(missing_ok=True)
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                data = path.read_bytes()
                recording_id = UUID(path.stem)
                yield loads(SavedCall, self._cipher.decrypt(data[:_NONCE], data[_NONCE:], recording_id.bytes))
            except (InvalidTag, ValueError, MalformedFile):
                _log.warning("session.unreadable", file=path.name)
                path.unlink(missing_ok=True)

    def _path(self, recording_id: UUID) -> Path:
        return self._folder / f"{recording_id}{_SUFFIX}"
