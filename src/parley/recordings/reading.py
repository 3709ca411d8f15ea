"""One recording for a viewer: page, renditions, original. Nothing is served that the ledger does not know."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast
from uuid import UUID

from parley.recordings import strictjson
from parley.recordings.consents import of_recording
from parley.recordings.errors import NoSuchRecording, NoSuchRendition
from parley.recordings.evidence import (
    original_entries,
    require_hash,
    require_original,
    require_renditions,
    stored_parts,
    stored_renditions,
)
from parley.recordings.listening import require_reason
from parley.recordings.models import Recording
from parley.recordings.objects import installed_store
from parley.recordings.search import visible
from parley.recordings.types import (
    ClosedStream,
    Direction,
    Gap,
    GateRecord,
    ManifestStream,
    OnHold,
    PartKind,
    Steering,
)
from parley.recordings.unsealing import PartyReader
from parley.recordings.views import (
    PartView,
    Peaks,
    RecordingView,
    RenditionKind,
    RenditionState,
    RenditionView,
    SegmentView,
    Viewer,
)
from parley.sealing.api import AgeReader
from parley.storage.api import ObjectNotFoundError, ObjectStore
from parley.tenancy import api as tenancy

_PIECE = 1 << 20


def get(viewer: Viewer, recording_id: UUID) -> RecordingView:
    """All that a recording's page shows. Raises NoSuchRecording, also when the viewer may not see it."""
    recording = _recording(viewer, recording_id)
    parties = PartyReader.for_current_customer()
    sheet = parties.read(recording_id=recording.id, sealed=recording.sealed, wrapped=recording.epoch.wrapped)
    return RecordingView(
        recording_id=recording.id,
        conversation_id=recording.conversation_id,
        segments=_segments(viewer, recording),
        started_at=recording.started_at,
        ended_at=recording.ended_at,
        sound_starts_at=recording.sound_starts_at,
        seconds=(recording.ended_at - recording.started_at).total_seconds(),
        direction=cast(Direction, recording.direction),
        trunk_id=recording.trunk_id,
        trunk_name=recording.trunk_name,
        sealed=not parties.can_open,
        parties=sheet.parties,
        call_id=sheet.call_id,
        streams=tuple(strictjson.decode(ManifestStream, stream) for stream in recording.streams),
        received=tuple(strictjson.decode(ClosedStream, stream) for stream in recording.received),
        gaps=tuple(strictjson.decode(Gap, gap) for gap in recording.gaps),
        on_hold=tuple(strictjson.decode(OnHold, hold) for hold in recording.on_hold),
        parts=_parts(recording),
        renditions=_renditions(recording),
        rendition=cast(RenditionState, recording.rendition),
        rendition_error=recording.rendition_error,
        agreement=recording.agreement,
        agreement_version=recording.agreement_version,
        decision=GateRecord(clause=recording.clause, purpose=recording.purpose, reason=recording.decision),
        steering=strictjson.decode(Steering, recording.steering) if recording.steering else None,
        awareness=of_recording(recording),
        reason=recording.reason,
        evidence_id=recording.evidence_id,
        original_evidence_id=original_entries([recording.id])[recording.id],
    )


def rendition(
    viewer: Viewer, recording_id: UUID, kind: RenditionKind, *, store: ObjectStore | None = None
) -> "ClearContent":
    """A rendition in clear, to be read at any position; compared with the ledger before this returns.

    Raises NoSuchRecording, NoSuchRendition, ReasonRequired, SubstitutedObject, StorageError.
    """
    require_reason(recording_id, by=viewer.user_id, at=datetime.now(UTC))
    return clear_rendition(_recording(viewer, recording_id), kind, store=store or installed_store())


def clear_rendition(recording: Recording, kind: RenditionKind, *, store: ObjectStore) -> "ClearContent":
    """As `rendition`, of a row."""
    rows, anew = stored_renditions(recording.id)
    row = next((row for row in rows if row.kind == kind), None)
    identities = tenancy.keyring().identities(tenancy.current())
    if row is None or not identities:
        raise NoSuchRendition(
            "there is nothing to play on the server",
            remedy="It is still being made, or only the customer's key opens the original.",
        )
    require_renditions(recording.id, rows, anew)
    sealed = _verified(store, row.object_key, row.sha256)
    return ClearContent(sealed, identities, media_type=row.media_type)


def peaks(viewer: Viewer, recording_id: UUID, *, store: ObjectStore | None = None) -> Peaks:
    """The waveform. Raises as `rendition` does."""
    return Peaks.from_json(rendition(viewer, recording_id, "peaks", store=store).read())


def part(viewer: Viewer, recording_id: UUID, name: str, *, store: ObjectStore | None = None) -> BinaryIO:
    """A part of the original as it is stored, sealed; compared with the ledger before this returns.

    Raises NoSuchRecording, ReasonRequired, SubstitutedObject, StorageError.
    """
    recording = _recording(viewer, recording_id)
    require_reason(recording_id, by=viewer.user_id, at=datetime.now(UTC))
    if not recording.parts.filter(name=name).exists():
        raise NoSuchRecording("the recording has no such part")
    return _open_parts(recording, [name], store=store or installed_store())[name]


def original(recording: Recording, *, store: ObjectStore) -> dict[str, BinaryIO]:
    """All parts by name, in order, each verified and open. Raises SubstitutedObject, StorageError."""
    return _open_parts(recording, [row.name for row in recording.parts.order_by("number")], store=store)


class ClearContent(io.RawIOBase):
    """The clear content of a sealed object as a read-only seekable file of `size` bytes."""

    def __init__(self, sealed: BinaryIO, identities: Sequence[str], *, media_type: str) -> None:
        super().__init__()
        self._sealed = sealed
        self._reader = AgeReader(sealed, identities)
        self._position = 0
        self.size = self._reader.size
        self.media_type = media_type

    def close(self) -> None:
        self._sealed.close()
        super().close()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = self.read_range(self._position, self._position + len(view))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def read_range(self, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop`, as far as they exist."""
        stop = min(stop, self.size)
        return bytes(self._reader.read_range(start, stop)) if start < stop else b""


def _recording(viewer: Viewer, recording_id: UUID) -> Recording:
    recording = visible(viewer).select_related("epoch").filter(id=recording_id).first()
    if recording is None:
        raise NoSuchRecording("there is no such recording")
    return recording


def _segments(viewer: Viewer, recording: Recording) -> tuple[SegmentView, ...]:
    rows = visible(viewer).filter(conversation=recording.conversation_id).order_by("started_at", "id")
    return tuple(
        SegmentView(
            recording_id=row.id, started_at=row.started_at, ended_at=row.ended_at, current=row.id == recording.id
        )
        for row in rows
    )


def _parts(recording: Recording) -> tuple[PartView, ...]:
    return tuple(
        PartView(number=row.number, name=row.name, kind=cast(PartKind, row.kind), size=row.size, sha256=row.sha256)
        for row in recording.parts.order_by("number")
    )


def _renditions(recording: Recording) -> Mapping[str, RenditionView]:
    return {
        row.kind: RenditionView(
            kind=cast(RenditionKind, row.kind),
            media_type=row.media_type,
            size=row.size,
            sha256=row.sha256,
            evidence_id=row.evidence_id,
        )
        for row in recording.renditions.order_by("kind")
    }


def _open_parts(recording: Recording, names: Sequence[str], *, store: ObjectStore) -> dict[str, BinaryIO]:
    rows, anew = stored_parts(recording.id)
    require_original(recording.id, rows, anew)
    return {row.name: _verified(store, row.object_key, row.sha256) for row in rows if row.name in names}


def _verified(store: ObjectStore, key: str, sha256: str) -> BinaryIO:
    """The object, hashed through the very handle that is then read. Raises SubstitutedObject."""
    try:
        file = store.open(key)
    except ObjectNotFoundError:
        require_hash("", sha256)
        raise
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    require_hash(digest.hexdigest(), sha256)
    file.seek(0)
    return file
