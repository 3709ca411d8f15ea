"""The manifest of a recording: parties sealed to the customer, numbers and conversation as blind indexes."""

from collections.abc import Sequence
from datetime import datetime

from parley.foundation.words import words_of
from parley.recordings import on_hold
from parley.recordings.offers import Offer
from parley.recordings.parties import Cast, read_cast
from parley.recordings.policies import Call
from parley.recordings.session import Session
from parley.recordings.types import (
    CONVERSATION_INDEX,
    NAME_INDEX,
    NUMBER_INDEX,
    UNSTEERED,
    EpochKey,
    GateRecord,
    Manifest,
    ManifestStream,
    OnHold,
    PartySheet,
    PayloadType,
    Steering,
    party_aad,
)
from parley.sealing.api import FieldSealer, blind_index
from parley.tenancy.api import TrunkEntry
from parley.wire.sip.api import Request
from parley.wire.siprec.api import Metadata

_MOST_WORDS = 64
"""Words of names that one call is found by; display names come from outside."""


class Manifests:
    """Writes manifests; keeps one field sealer for each set of recipients, so that an epoch key serves many calls."""

    def __init__(self) -> None:
        self._sealers: dict[tuple[str, ...], FieldSealer] = {}

    def write(
        self,
        *,
        session: Session,
        trunk: TrunkEntry,
        decision: GateRecord,
        started_at: datetime,
        call_id: str,
        now: datetime,
        earlier: Sequence[ManifestStream] = (),
        steering: Steering = UNSTEERED,
        holds: Sequence[OnHold] = (),
    ) -> Manifest:
        """The manifest of `session` as it is now; `earlier` are streams of lines that have ended since, `holds` what
        the manifest before knew."""
        metadata = session.metadata or Metadata(complete=True)
        labels = [line.label for line in session.lines if line.port]
        cast = read_cast(metadata, labels, region=trunk.region, own_numbers=trunk.own_numbers, stopped=session.stopped)
        sheet = PartySheet(parties=cast.parties, call_id=call_id)
        sealer = self._sealers.setdefault(trunk.recipients, FieldSealer(trunk.recipients))
        sealed = sealer.seal(sheet.to_json(), aad=party_aad(session.recording_id), now=now.timestamp())
        streams = _streams(session, cast)
        ports = {stream.port for stream in streams}
        streams += tuple(stream for stream in earlier if stream.port not in ports)
        sides = {stream.label: stream.side for stream in reversed(streams)}
        return Manifest(
            recording_id=session.recording_id,
            customer_id=trunk.customer.id,
            trunk_id=trunk.trunk_id,
            trunk_name=trunk.name,
            agreement=trunk.customer.agreement,
            agreement_version=trunk.customer.agreement_version,
            decision=decision,
            started_at=started_at,
            direction=cast.direction,
            conversation_index=self._index(trunk, CONVERSATION_INDEX, metadata.conversation or call_id),
            epoch=EpochKey(id=sealed.epoch_id, wrapped=sealed.wrapped),
            sealed=sealed.data,
            number_indexes=self._numbers(trunk, cast),
            name_indexes=self._names(trunk, cast),
            streams=streams,
            steering=steering,
            on_hold=on_hold.follow(holds, session.lines, sides, at=now),
        )

    def facts(self, *, offer: Offer | None, trunk: TrunkEntry, request: Request, at: datetime) -> Call:
        """What policies are asked with, of a call that is being offered; of one that could not be read, what is
        known."""
        metadata = (offer and offer.metadata) or Metadata(complete=True)
        media = offer.sdp.media if offer is not None and offer.sdp is not None else ()
        labels = [one.label for one in media if one.label and one.port]
        cast = read_cast(metadata, labels, region=trunk.region, own_numbers=trunk.own_numbers)
        return Call(
            key=metadata.conversation or request.call_id,
            at=at,
            trunk_id=trunk.trunk_id,
            direction=cast.direction,
            numbers=frozenset(self._numbers(trunk, cast)),
            e164=tuple(party.number for party in cast.parties if party.number),
            headers={name.lower(): value for name, value in request.headers.fields},
            extensions=dict(metadata.extensions),
        )

    def forget(self, *, now: datetime) -> None:
        """Drops epoch keys whose hour is over."""
        for sealer in self._sealers.values():
            sealer.forget(now=now.timestamp())

    def _numbers(self, trunk: TrunkEntry, cast: Cast) -> tuple[bytes, ...]:
        numbers = sorted({party.number for party in cast.parties if party.number})
        return tuple(self._index(trunk, NUMBER_INDEX, number) for number in numbers)

    def _names(self, trunk: TrunkEntry, cast: Cast) -> tuple[bytes, ...]:
        if NAME_INDEX not in trunk.index_keys:  # a directory that was saved before names could be searched
            return ()
        words = sorted({word for party in cast.parties for word in words_of(party.name)})
        return tuple(self._index(trunk, NAME_INDEX, word) for word in words[:_MOST_WORDS])

    @staticmethod
    def _index(trunk: TrunkEntry, field: str, value: str) -> bytes:
        return blind_index(trunk.index_keys[field], field=field, value=value)


def _streams(session: Session, cast: Cast) -> tuple[ManifestStream, ...]:
    return tuple(
        ManifestStream(
            label=line.label,
            side=cast.sides[line.label],
            port=line.port,
            codec=line.codec,
            payload_types=tuple(
                PayloadType(number=codec.payload_type, name=codec.name, clock_rate=codec.clock_rate)
                for codec in line.codecs
            ),
            party=cast.speakers.get(line.label),
        )
        for line in session.lines
        if line.port
    )
