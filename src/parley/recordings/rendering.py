"""The job that makes a recording audible: original to MP3, WAV and waveform, sealed again to the customer.

Clear sound exists in this process's memory only, a window at a time; what is written while it grows is sealed already.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.db import transaction

from parley.agreement.api import MAKE_RENDITION
from parley.foundation.errors import ParleyError
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.obligations.api import Work
from parley.recordings import notices, strictjson
from parley.recordings.errors import SubstitutedObject
from parley.recordings.evidence import record_rendered
from parley.recordings.finalize import RENDER
from parley.recordings.models import Recording, Rendition
from parley.recordings.news import tell_unplayable
from parley.recordings.original import OpenedPart, OriginalError, opened_original
from parley.recordings.reading import original
from parley.recordings.rendition.encoders import Encoder, Mp3Encoder, PeakCollector, WavEncoder
from parley.recordings.rendition.packets import NotACapture
from parley.recordings.rendition.render import Survey, render
from parley.recordings.types import ManifestStream
from parley.sealing.api import AgeWriter, SealingError
from parley.storage.api import ObjectStore
from parley.tenancy import api as tenancy

MEDIA_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "peaks": "application/json"}

_SCRATCH = "render-"


def sweep_scratch(scratch: Path) -> None:
    """Removes what a killed worker left half made. Call it before any rendering begins."""
    for entry in scratch.glob(f"{_SCRATCH}*"):
        shutil.rmtree(entry, ignore_errors=True)


def render_recording(work: Work, *, store: ObjectStore, scratch: Path) -> None:
    """Handler of `recordings.render`. `scratch` takes sealed files while they grow, and is left empty.

    A recording that can never be rendered (not a capture, altered, sealed to others) is marked so and the work is done.
    """
    recording = Recording.objects.select_for_update().filter(id=UUID(str(work.payload["recording"]))).first()
    if recording is None or recording.rendition != "pending":
        return
    customer = tenancy.current()
    identities = tenancy.keyring().identities(customer)
    if not identities:
        recording.rendition = "customer-held"
        recording.save(update_fields=["rendition"])
        notices.expect(recording.id, at=datetime.now(UTC))
        return
    decision = contract.ask(MAKE_RENDITION, at=datetime.now(UTC))
    if not decision.allowed:
        _refuse(recording, decision.clause)
        return
    try:
        files = original(recording, store=store)
        with (
            tempfile.TemporaryDirectory(dir=scratch, prefix=_SCRATCH) as directory,
            opened_original(
                files, open_file=files.__getitem__, identities=identities, recording_id=recording.id
            ) as parts,
        ):
            made = _make(recording, parts, customer.recipients, Path(directory))
            _keep(recording, made, store=store)
    except (NotACapture, OriginalError, SubstitutedObject, SealingError) as error:
        _give_up(recording, error)


def _make(
    recording: Recording,
    parts: Sequence[OpenedPart],
    recipients: Sequence[str],
    directory: Path,
) -> Mapping[str, tuple[Path, int]]:
    """Each rendition by kind: its sealed file, and the size of its clear content."""
    streams = [strictjson.decode(ManifestStream, stream) for stream in recording.streams]
    with ExitStack() as stack:
        sinks: dict[str, tuple[BinaryIO, AgeWriter]] = {}
        for kind in MEDIA_TYPES:
            sink = stack.enter_context((directory / kind).open("wb"))
            sinks[kind] = sink, AgeWriter(sink, recipients)
        for kind, piece in render(lambda: parts, streams=streams, make=_encoders, surveyed=partial(_place, recording)):
            sinks[kind][1].write(piece)
        for _, writer in sinks.values():
            writer.close()
        return {kind: (directory / kind, writer.offset) for kind, (_, writer) in sinks.items()}


def _place(recording: Recording, measured: Survey) -> None:
    recording.sound_starts_at = measured.starts_at


def _encoders(samples: int) -> Mapping[str, Encoder]:
    return {
        "mp3": Mp3Encoder(samples=samples),
        "wav": WavEncoder(samples=samples),
        "peaks": PeakCollector(samples=samples),
    }


def _keep(recording: Recording, files: Mapping[str, tuple[Path, int]], *, store: ObjectStore) -> None:
    """Objects, rows and evidence. Keys are fresh each time: an earlier attempt that still runs spoils nothing."""
    now = datetime.now(UTC)
    base = f"{tenancy.current().id}/recordings/{recording.id}/{new_id(at=now)}"
    rows = []
    for kind, (path, size) in sorted(files.items()):
        stored = store.put(f"{base}.{kind}.age", path)
        rows.append(
            Rendition(
                recording=recording,
                kind=kind,
                media_type=MEDIA_TYPES[kind],
                object_key=stored.key,
                size=size,
                sha256=stored.sha256,
            )
        )
    listed = [(row.kind, row.size, row.sha256) for row in rows]
    entry = record_rendered(recording_id=recording.id, clause=recording.clause, files=listed, at=now)
    for row in rows:
        row.evidence_id = entry
    Rendition.objects.bulk_create(rows)
    recording.rendition = "ready"
    recording.save(update_fields=["rendition", "sound_starts_at"])
    notices.expect(recording.id, at=now)


def render_refused() -> int:
    """Renders what the gate refused to render before, once it allows it again; says how many recordings wait now."""
    if not contract.ask(MAKE_RENDITION, at=datetime.now(UTC)).allowed:
        return 0
    with transaction.atomic():
        rows = list(Recording.objects.select_for_update().filter(rendition="refused"))
        for row in rows:
            row.rendition, row.rendition_error = "pending", ""
            row.save(update_fields=["rendition", "rendition_error"])
            now = datetime.now(UTC)
            obligations.enqueue(
                kind=RENDER, key=f"{RENDER}:{row.id}:{new_id(at=now)}", due=now, payload={"recording": str(row.id)}
            )
    return len(rows)


def _refuse(recording: Recording, clause: str) -> None:
    """The gate says no: kept as such with its evidence, and tried again when the customer's instructions change."""
    recording.rendition, recording.rendition_error = "refused", clause
    recording.save(update_fields=["rendition", "rendition_error"])
    obligations.evidence(
        kind="recording.rendition-refused",
        clause=clause,
        details={"recording": str(recording.id)},
        at=datetime.now(UTC),
    )


def _give_up(recording: Recording, error: ParleyError) -> None:
    recording.rendition, recording.rendition_error = "failed", error.error_id
    recording.save(update_fields=["rendition", "rendition_error"])
    tell_unplayable(recording, at=datetime.now(UTC))
