"""Closed recordings in a spool, made the way the recorder makes them, for tests that need no calls."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from tests.support.captures import Packet, Sender, pcap, speech

from parley.foundation.ids import new_id
from parley.foundation.numbers import canonical_number
from parley.foundation.words import words_of
from parley.recordings.api import (
    CONVERSATION_INDEX,
    NAME_INDEX,
    NUMBER_INDEX,
    ClosedFile,
    ClosedPart,
    ClosedStream,
    EpochKey,
    GateRecord,
    Manifest,
    ManifestStream,
    Party,
    PartySheet,
    party_aad,
    write_closed,
    write_manifest,
)
from parley.sealing.api import AgeWriter, FieldSealer, blind_index
from parley.tenancy import api as tenancy

LEFT, RIGHT = 30000, 30002
CALLER = Party(label="1", role="caller", name="Ada Quillfeather", aor="sip:ada@pbx", number="+390584943232")
CALLEE = Party(label="2", role="callee", name="Bruno Zebedee", aor="sip:bruno@carrier", number="+390501112233")
TRUNK = UUID(int=77)


def call(seconds: float = 1.0) -> list[Packet]:
    """Two different voices, caller mu-law, callee A-law."""
    left = Sender(LEFT, ssrc=1).send(speech(seconds, seed=1), at=0)
    right = Sender(RIGHT, ssrc=2, payload_type=8).send(speech(seconds, seed=2), at=0.003)
    return left + right


@dataclass
class Spooler:
    """Writes closed recordings of one customer into `spool`."""

    spool: Path
    customer: tenancy.Customer
    _sealers: dict[tuple[str, ...], FieldSealer] = field(default_factory=dict)

    def index(self, name: str, value: str) -> bytes:
        return blind_index(tenancy.keyring().index_key(self.customer, name), field=name, value=value)

    def manifest(
        self,
        *,
        at: datetime,
        parties: Sequence[Party] = (CALLER, CALLEE),
        conversation: str = "",
        direction: str = "inbound",
        trunk: UUID = TRUNK,
    ) -> Manifest:
        recording_id = new_id(at=at)
        sealer = self._sealers.setdefault(self.customer.recipients, FieldSealer(self.customer.recipients))
        sheet = PartySheet(parties=tuple(parties), call_id="call@pbx")
        sealed = sealer.seal(sheet.to_json(), aad=party_aad(recording_id), now=at.timestamp())
        numbers = sorted({canonical_number(party.number) for party in parties})
        return Manifest(
            recording_id=recording_id,
            customer_id=self.customer.id,
            trunk_id=trunk,
            trunk_name="main",
            agreement=self.customer.agreement,
            agreement_version=self.customer.agreement_version,
            decision=GateRecord(clause="IM-1.purposes", purpose="call-recording", reason="instructed"),
            started_at=at,
            direction=direction,  # type: ignore[arg-type]
            conversation_index=self.index(CONVERSATION_INDEX, conversation or str(uuid4())),
            epoch=EpochKey(id=sealed.epoch_id, wrapped=sealed.wrapped),
            sealed=sealed.data,
            number_indexes=tuple(self.index(NUMBER_INDEX, number) for number in numbers),
            name_indexes=tuple(self.index(NAME_INDEX, word) for party in parties for word in words_of(party.name)),
            streams=(
                ManifestStream(label="1", side="caller", port=LEFT, codec="PCMU", party=0),
                ManifestStream(label="2", side="callee", port=RIGHT, codec="PCMA", party=1),
            ),
        )

    def close(
        self,
        *,
        at: datetime | None = None,
        parts: Sequence[Sequence[Packet]] | None = None,
        reason: str = "bye",
        **manifest: object,
    ) -> Path:
        """A closed recording; returns its directory. `parts` are the packets of each part."""
        given = self.manifest(at=at or datetime.now(UTC), **manifest)  # type: ignore[arg-type]
        directory = self.spool / str(given.recording_id)
        directory.mkdir(parents=True)
        write_manifest(directory, given)
        written = [
            self._part(directory, number, packets)
            for number, packets in enumerate(parts if parts is not None else [call()])
        ]
        ended = given.started_at + timedelta(seconds=1)
        streams = (ClosedStream(label="1", port=LEFT, packets=50, bytes=8000),)
        closed = ClosedFile(
            recording_id=given.recording_id, reason=reason, ended_at=ended, parts=tuple(written), streams=streams
        )
        write_closed(directory, closed)
        return directory

    def _part(self, directory: Path, number: int, packets: Sequence[Packet]) -> ClosedPart:
        path = directory / f"{number:03}.age"
        with path.open("wb") as sink:
            writer = AgeWriter(sink, self.customer.recipients)
            writer.write(pcap(packets))
            writer.close()
        content = path.read_bytes()
        return ClosedPart(name=path.name, kind="age", size=len(content), sha256=hashlib.sha256(content).hexdigest())
