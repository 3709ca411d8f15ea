"""What somebody with a key does to seal recordings anew, away from the server; and a recording that a crash cut."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from tests.support.captures import pcap
from tests.support.spooled import Spooler, call

from parley.recordings.api import ClosedPart, read_closed, write_closed
from parley.recordings.resealing.api import HeldHeaders
from parley.sealing.api import AgeWriter, FrameSealer, NewHeader, encode_tail, rewritten_header


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
