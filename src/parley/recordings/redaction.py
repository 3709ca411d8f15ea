"""Whose voice is whose: what of a recording concerns one person, and the sound of that person alone.

Others on the call have rights of their own (GDPR Art. 15(4)): where they are left out, their side is silent, and their
names and numbers are blank. Where nobody knows which voice is the person's, no voice is handed out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from parley.inventory.api import Subject
from parley.recordings import strictjson
from parley.recordings.models import Recording
from parley.recordings.original import opened_original
from parley.recordings.reading import original
from parley.recordings.rendition.encoders import Encoder, Mp3Encoder, OpusEncoder, WavEncoder
from parley.recordings.rendition.render import render
from parley.recordings.search import number_indexes
from parley.recordings.types import NUMBER_INDEX, ManifestStream, Party, PartySheet
from parley.sealing.api import blind_index
from parley.storage.api import ObjectStore
from parley.tenancy import api as tenancy

LEFT_OUT: Final = "(left out)"
Playable = Literal["mp3", "opus", "wav"]
_ENCODERS: Final[Mapping[Playable, Callable[[int], Encoder]]] = {
    "mp3": lambda samples: Mp3Encoder(samples=samples),
    "opus": lambda _samples: OpusEncoder(),
    "wav": lambda samples: WavEncoder(samples=samples),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A person as recordings know it: blind indexes of its numbers. Made once for many recordings."""

    indexes: frozenset[bytes]
    key: bytes

    @classmethod
    def of(cls, subject: Subject) -> "Person":
        """By the numbers of the subject, and those of its accounts; for the customer in scope."""
        found = {index for number in subject.numbers for index in number_indexes(number)}
        if subject.user_ids:
            from parley.people import api as people  # a recorder, which finds nobody, does not load accounts

            accounts = people.User.objects.filter(id__in=subject.user_ids, numbers__isnull=False)
            found |= {bytes(one) for one in accounts.values_list("numbers__number_index", flat=True)}
        return cls(frozenset(found), tenancy.keyring().index_key(tenancy.current(), NUMBER_INDEX))

    def among(self, parties: Sequence[Party]) -> frozenset[int]:
        """Which of the parties are this person, by their place in the sheet."""
        return frozenset(
            place
            for place, party in enumerate(parties)
            if party.number and blind_index(self.key, field=NUMBER_INDEX, value=party.number) in self.indexes
        )


def redacted(sheet: PartySheet, keep: frozenset[int]) -> PartySheet:
    """The sheet without what identifies anybody but the parties in `keep`. The call's id names machines of others."""
    return PartySheet(
        parties=tuple(
            party if place in keep else replace(party, name=LEFT_OUT, aor="", number="")
            for place, party in enumerate(sheet.parties)
        )
    )


def ports_of(streams: Sequence[ManifestStream], parties: Sequence[Party], keep: frozenset[int]) -> frozenset[int]:
    """The streams that carry the voices of the parties in `keep`, and of nobody else."""
    return frozenset(stream.port for stream in streams if _speaker(stream, parties) in keep)


def sound(
    recording: Recording, kind: Playable, *, store: ObjectStore, audible: frozenset[int] | None = None
) -> Iterator[bytes]:
    """The recording as MP3, Opus or WAV, made anew from its original, with only the streams in `audible` (None: all) to
    be heard.

    Raises NotACapture, OriginalError, SubstitutedObject, SealingError, StorageError.
    """
    files = original(recording, store=store)
    identities = tenancy.keyring().identities(tenancy.current())
    streams = streams_of(recording)
    with opened_original(files, open_file=files.__getitem__, identities=identities, recording_id=recording.id) as parts:
        make = _ENCODERS[kind]
        made = render(lambda: parts, streams=streams, make=lambda samples: {kind: make(samples)}, audible=audible)
        for _kind, piece in made:
            yield piece


def streams_of(recording: Recording) -> list[ManifestStream]:
    """The streams of a recording."""
    return [strictjson.decode(ManifestStream, stream) for stream in recording.streams]


def _speaker(stream: ManifestStream, parties: Sequence[Party]) -> int | None:
    """Whose voice it is: the party that signalling named, else the one of the same label, else None."""
    if stream.party is not None:
        return stream.party
    return next((place for place, party in enumerate(parties) if party.label and party.label == stream.label), None)
