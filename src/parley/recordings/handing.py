"""Recordings written into an export: a line of a table, and the files that were asked for."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final
from uuid import UUID

from parley.foundation.errors import ParleyError
from parley.inventory.api import ExportOptions, Sink
from parley.recordings.annotations import annotation_lines
from parley.recordings.consents import of_recording
from parley.recordings.errors import NoSuchRendition, SubstitutedObject
from parley.recordings.models import Recording
from parley.recordings.original import OriginalError, opened_original, whole_capture
from parley.recordings.reading import clear_rendition, original
from parley.recordings.redaction import Person, Playable, ports_of, redacted, sound, streams_of
from parley.recordings.rendition.conversion import as_opus
from parley.recordings.rendition.packets import NotACapture
from parley.recordings.rendition.render import channels
from parley.recordings.types import Party, PartySheet
from parley.recordings.unsealing import PartyReader
from parley.recordings.vcon import MEDIA_TYPE as VCON
from parley.recordings.vcon import Facts, vcon
from parley.sealing.api import SealingError
from parley.storage.api import ObjectStore
from parley.tenancy import api as tenancy

TABLE: Final = "recordings"
ANNOTATIONS: Final = "recording_notes"
SEALED: Final = "sealed to your key"
_PLAYABLE: Final[tuple[tuple[Playable, str], ...]] = (
    ("mp3", "audio/mpeg"),
    ("opus", "audio/ogg"),
    ("wav", "audio/wav"),
)
_PIECE: Final = 1 << 18
_BATCH: Final = 200
_WHY: Final[Mapping[type[ParleyError], str]] = {
    NotACapture: "the original holds no sound that can be read",
    NoSuchRendition: "there is no playable copy of it",
    OriginalError: "the original cannot be opened",
    SubstitutedObject: "what is stored is not what was recorded",
    SealingError: "it does not open with the key that it was sealed to",
}
"""Why a file is left out, for whoever reads the package; the error's id stands beside it."""
_BROKEN: Final = tuple(_WHY)
_NOTE: Final = "recordings/HOW-TO-OPEN.txt"
_HOW: Final = """\
These recordings are sealed to keys that you alone hold: the provider cannot open them, and nothing in them could be
left out or turned into MP3 or Opus.

NNN.age       parts of the call as it was captured. All of one recording, in order, make one capture file:
                  parley recording open --identity your-key.txt --output call.pcap NNN.age ...
              or each by itself, with any age program: age --decrypt -i your-key.txt 000.age > 000.pcap
NNN.tail      what a crash left of a part; give it together with the .age file of the same number.
parties.json  who took part, sealed. "epoch" is an age file (base64) that holds 16 bytes of id and a 32-byte key.
              "sealed" (base64) is id 16 | nonce 12 | ciphertext and tag, AES-256-GCM under that key; the associated
              data is id | "recording:" | the 16 bytes of the recording's UUID.

Before you hand one to a person, leave out what concerns the others who took part.
"""


@dataclass(slots=True)
class Handing:
    """Writes recordings of the customer in scope. One for a batch: keys are read once."""

    sink: Sink
    options: ExportOptions
    store: ObjectStore
    parties: PartyReader = field(default_factory=PartyReader.for_current_customer)
    person: Person | None = None

    def write(self, ids: Sequence[UUID]) -> Iterator[UUID]:
        """Each of those that are there, in the order given."""
        if self.options.subject is not None and self.options.redact_others:
            self.person = Person.of(self.options.subject)
        if not self.parties.can_open:
            with self.sink.file(_NOTE, "text/plain") as file:
                file.write(_HOW.encode())
        for first in range(0, len(ids), _BATCH):
            wanted = ids[first : first + _BATCH]
            rows = Recording.objects.filter(id__in=wanted).select_related("epoch")
            found = {row.id: row for row in rows.prefetch_related("parts", "renditions")}
            for recording in (found[one] for one in wanted if one in found):
                self._one(recording)
                yield recording.id

    def _one(self, recording: Recording) -> None:
        sheet = self.parties.read(recording_id=recording.id, sealed=recording.sealed, wrapped=recording.epoch.wrapped)
        keep: frozenset[int] | None = None
        if self.person is not None:
            keep = self.person.among(sheet.parties)
            shown = redacted(sheet, keep)
        else:
            shown = sheet
        base = f"{TABLE}/{recording.started_at:%Y-%m-%dT%H%M%SZ}-{recording.id}"
        files, note = self._files(recording, sheet, shown, keep, base)
        self.sink.row(TABLE, _line(recording, shown, files, note, sealed=not self.parties.can_open))
        for line in annotation_lines(recording.id):
            self.sink.row(ANNOTATIONS, line)

    def _files(
        self, recording: Recording, sheet: PartySheet, shown: PartySheet, keep: frozenset[int] | None, base: str
    ) -> tuple[list[str], str]:
        """Names of the files that were written, and why others were not."""
        formats = self.options.formats
        files: list[str] = []
        notes: list[str] = []
        if not self.parties.can_open:
            self._sealed(recording, base, files, notes)
            return files, "; ".join(["only your key opens it", *notes])
        audible = None if keep is None else ports_of(streams_of(recording), sheet.parties, keep)
        whole = audible is None or audible == {stream.port for stream in streams_of(recording)}
        unknown = audible is not None and not audible
        if unknown and set(formats) & {"mp3", "wav", "opus", "vcon"}:
            notes.append("the sound is left out: it is not known which voice is the person's")
        for playable, media_type in _PLAYABLE:
            if playable in formats and not unknown:
                pieces = self._sound(recording, playable, audible, whole=whole)
                self._copy(f"{base}.{playable}", media_type, pieces, files, notes)
        if "vcon" in formats:
            voice = None if unknown else self._sound(recording, "mp3", audible, whole=whole)
            self._copy(f"{base}.vcon.json", VCON, _vcon(recording, shown, voice, base), files, notes)
        for kind in ("pcap", "age"):
            if kind in formats and not whole:
                notes.append(f"{kind} is left out: others are in it")
        if "pcap" in formats and whole:
            self._copy(f"{base}.pcap", "application/vnd.tcpdump.pcap", self._capture(recording), files, notes)
        if "age" in formats and whole:
            self._sealed(recording, base, files, notes)
        return files, "; ".join(notes)

    def _copy(self, name: str, media_type: str, pieces: Iterable[bytes], files: list[str], notes: list[str]) -> None:
        """Write a file; when its very beginning cannot be had, say why instead."""
        running = iter(pieces)
        try:
            first = next(running, b"")
        except _BROKEN as error:
            notes.append(_left_out(name, error))
            return
        with self.sink.file(name, media_type) as file:
            for piece in chain([first], running):
                file.write(piece)
        files.append(name)

    def _sound(
        self, recording: Recording, kind: Playable, audible: frozenset[int] | None, *, whole: bool
    ) -> Iterator[bytes]:
        """The rendition that was made (Opus out of the WAV), or one made now: where others are silent, or where it
        still waits."""
        if recording.rendition == "refused":
            raise NoSuchRendition("your instructions did not allow this recording to be made audible")
        if not whole or recording.rendition != "ready":
            yield from sound(recording, kind, store=self.store, audible=None if whole else audible)
        elif kind == "opus":
            yield from as_opus(clear_rendition(recording, "wav", store=self.store))
        else:
            yield from self._rendition(recording, kind)

    def _rendition(self, recording: Recording, kind: Any) -> Iterator[bytes]:
        with clear_rendition(recording, kind, store=self.store) as content:
            while piece := content.read(_PIECE):
                yield piece

    def _capture(self, recording: Recording) -> Iterator[bytes]:
        files = original(recording, store=self.store)
        identities = tenancy.keyring().identities(tenancy.current())
        with opened_original(
            files, open_file=files.__getitem__, identities=identities, recording_id=recording.id
        ) as parts:
            yield from whole_capture(parts)

    def _sealed(self, recording: Recording, base: str, files: list[str], notes: list[str]) -> None:
        """The parts as they are stored, and, where only the customer can open it, the sealed sheet of parties. When
        the parts are not what was recorded, say so instead: none of them is written."""
        try:
            parts = original(recording, store=self.store)
        except _BROKEN as error:
            notes.append(_left_out(f"{base}/*.age", error))
            parts = {}
        for name, part in parts.items():
            with part, self.sink.file(f"{base}/{name}", "application/age-encryption") as file:
                while piece := part.read(_PIECE):
                    file.write(piece)
            files.append(f"{base}/{name}")
        if not self.parties.can_open:
            sheet = {
                "recording": str(recording.id),
                "epoch": b64encode(bytes(recording.epoch.wrapped)).decode(),
                "sealed": b64encode(bytes(recording.sealed)).decode(),
            }
            with self.sink.file(f"{base}/parties.json", "application/json") as file:
                file.write(json.dumps(sheet).encode())
            files.append(f"{base}/parties.json")


def _left_out(name: str, error: ParleyError) -> str:
    why = next(words for kind, words in _WHY.items() if isinstance(error, kind))
    return f"{name.partition('/')[2]} is left out: {why} ({error.error_id})"


def _vcon(recording: Recording, shown: PartySheet, voice: Iterable[bytes] | None, base: str) -> Iterator[bytes]:
    streams = streams_of(recording)
    side = channels(streams)
    heard: tuple[list[int], list[int]] = ([], [])
    for stream in streams:
        if stream.party is not None and stream.party not in heard[side[stream.port]]:
            heard[side[stream.port]].append(stream.party)
    facts = Facts(
        id=recording.id,
        created_at=recording.started_at,
        started_at=recording.started_at,
        seconds=(recording.ended_at - recording.started_at).total_seconds(),
        parties=shown.parties,
        channels=(tuple(heard[0]), tuple(heard[1])),
        organisation=tenancy.current().name,
        awareness=of_recording(recording),
    )
    return vcon(facts, voice, filename=f"{base.rpartition('/')[2]}.mp3")


def _line(recording: Recording, sheet: PartySheet, files: Sequence[str], note: str, *, sealed: bool) -> dict[str, Any]:
    """The line of the table; all have the same columns."""

    def of(role: str) -> Party:
        nobody = Party(label="", role="other", name=SEALED if sealed else "", number=SEALED if sealed else "")
        return next((party for party in sheet.parties if party.role == role), nobody)

    others = [party for party in sheet.parties if party.role == "other"]
    return {
        "recording": str(recording.id),
        "conversation": str(recording.conversation_id),
        "started_at": recording.started_at.isoformat(),
        "ended_at": recording.ended_at.isoformat(),
        "seconds": round((recording.ended_at - recording.started_at).total_seconds(), 3),
        "direction": recording.direction,
        "trunk": recording.trunk_name,
        "caller_number": of("caller").number,
        "caller_name": of("caller").name,
        "callee_number": of("callee").number,
        "callee_name": of("callee").name,
        "others": "; ".join(" ".join(filter(None, (party.number, party.name))) for party in others),
        "call_id": SEALED if sealed else sheet.call_id,
        "ended_because": recording.reason,
        "gaps": len(recording.gaps),
        "agreement": f"{recording.agreement} {recording.agreement_version}",
        "clause": recording.clause,
        "purpose": recording.purpose,
        "consent": recording.consent,
        "notice": recording.notice,
        "files": "; ".join(files),
        "note": note,
    }
