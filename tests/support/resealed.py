"""What somebody with a key does to seal recordings anew, away from the server; and a recording that a crash cut."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from tests.integration.recordings.conftest import Place
from tests.support.captures import pcap
from tests.support.spooled import Spooler, call

from parley.obligations.api import run_due
from parley.recordings.api import ClosedPart, read_closed, write_closed
from parley.recordings.models import Recording
from parley.recordings.original import opened_original, whole_capture
from parley.recordings.reading import original
from parley.recordings.resealing import api as resealing
from parley.recordings.resealing.api import HeldHeaders
from parley.sealing.api import AgeWriter, FrameSealer, Identity, NewHeader, encode_tail, rewritten_header

AGO = timedelta(hours=2)


def now() -> datetime:
    """This instant."""
    return datetime.now(UTC)


def opened(place: Place, recording: UUID, *identities: Identity | str) -> bytes:
    """The capture, read as everybody reads it."""
    row = Recording.objects.get(id=recording)
    files = original(row, store=place.store)
    with opened_original(files, open_file=files.__getitem__, identities=identities, recording_id=recording) as parts:
        return b"".join(whole_capture(parts))


def details(entry: UUID) -> dict[str, Any]:
    """What an entry of the log says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT details FROM ledger_detail WHERE entry_id = %s", [entry])
        found: dict[str, Any] = json.loads(cursor.fetchone()[0])
        return found


def swept(place: Place) -> list[str]:
    """The objects that are left when the old ones are gone."""
    assert run_due(place.customer, handlers=resealing.long_handlers(), now=now() + AGO).failed == 0
    return [head.key for head in place.store.list(f"{place.customer.id}/recordings/")]


def rewritten(held: HeldHeaders, *, secrets: Sequence[str], recipients: Sequence[str]) -> Mapping[str, NewHeader]:
    """New headers for all files that have one, made with the keys of the customer alone."""
    return {
        file.name: rewritten_header(file.header, identities=secrets, recipients=recipients)
        for file in held.files
        if file.header is not None
    }


def cut_by_a_crash(spooler: Spooler, *, at: datetime) -> tuple[Path, bytes]:
    """A closed recording whose first part has no end and a tail, and whose second was never written to the disk; what
    its capture holds."""
    directory = spooler.close(at=at, parts=[call(9.0)])
    recording, capture = UUID(directory.name), pcap(call(9.0))
    (directory / "000.age").unlink()
    with (directory / "000.age").open("wb") as sink:
        writer = AgeWriter(sink, spooler.customer.recipients)
        sealer = FrameSealer(
            recording_id=recording, part=0, recipients=spooler.customer.recipients, header_hash=writer.header_hash
        )
        frames = []
        for start in range(0, len(capture), 8000):
            frames.append(sealer.seal(writer.offset, capture[start : start + 8000]))
            writer.write(capture[start : start + 8000])
    assert writer.chunks > 0
    tail = encode_tail(wrapped_key=sealer.wrapped_key, header_hash=writer.header_hash, frames=frames[-12:])
    (directory / "000.tail").write_bytes(tail)
    (directory / "001.age").write_bytes(bytes(512))
    parts = []
    for name in ("000.age", "000.tail", "001.age"):
        content = (directory / name).read_bytes()
        kind = "tail" if name.endswith("tail") else "age"
        parts.append(ClosedPart(name=name, kind=kind, size=len(content), sha256=hashlib.sha256(content).hexdigest()))
    closed = read_closed(directory)
    (directory / "closed.json").unlink()
    write_closed(directory, replace(closed, parts=tuple(parts)))
    return directory, capture
