"""What an e-discovery package has beside its recordings: their chain of custody out of the log, a bundle for each deed,
the two files that check it all with bare Python, and the log's signature of the manifest."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from typing import Any, Final
from uuid import UUID

from django.db import connection

from parley.exports.errors import NotYetProven
from parley.exports.models import Export, ExportedRecord
from parley.exports.package import PackageSink
from parley.exports.verify_package import EVIDENCE, SIGNATURE, manifest_text
from parley.inventory.api import Subject
from parley.ledger import api as ledger
from parley.recordings.api import STORE as RECORDINGS
from parley.recordings.api import original_entries
from parley.tenancy import api as tenancy

TABLE: Final = "custody"
COLUMNS: Final = ("recording", "at", "deed", "by", "export", "clause", "entry", "number", "bundle")
_NO_DEED: Final = "duty."  # when an export's link must end is no deed with a recording
_README: Final = """\
E-discovery package {export}
Asked for {asked} UTC by account {by}. Log: {origin}, {size} entries.

What is here
  recordings/             each recording: the formats that were asked for, and a folder with its sealed original
  tables/recordings.*     who spoke with whom, when, on which decision, what is known of consent and announcement, which
                          files, what is left out and why
  tables/custody.*        what was done with each recording since it ended: sealed, made playable, played, downloaded,
                          noted, exported; when, by which account (an id), and the bundle that proves it
  evidence/               those bundles: number in the log, kind of deed
  checkpoint.txt          the signed head of the log that they stand under
  manifest.json           size and SHA-256 of every file; manifest.note: the log's signature of it
  verify_package.py, verifier.py

How to check it, offline, with Python 3.9 or later and nothing else
  1. Take the log's key from the annex of the agreement, or from a checkpoint that was kept: never from this package.
  2. python3 -I verify_package.py . --log-key 'KEY'
     Add --custody for the chain of custody, --provider-key 'KEY' to require the provider's countersignature of every
     head, --checkpoint FILE to require that the log only added to a checkpoint that you kept.

How to play it
  Every player takes the .mp3, .opus and .wav files. A sealed original (000.age, 001.age, ...) opens with whichever key
  it was sealed to:  age --decrypt --identity KEY.txt 000.age > 000.pcap
  and Wireshark plays the capture. It is what the recorder wrote, byte by byte, since the call; the log has its hash
  since the call ended. Where a recording was sealed anew to other keys since (recording.resealed), the header of each
  file was replaced and the rest copied: that entry has the hash before, the hash after, and that of the rest.

What it shows, and what not
  Every file is the one that was packed. The sealed originals are those whose hashes were entered when the call ended,
  or follow from them by entries without a gap, each of which names the hash that it found and the one that it left.
  MP3, WAV, Opus and vCon were made from them by Parley; the log's key signs that with the manifest, and who wants to
  see for himself opens the original and compares.
  The chain has what was entered in the log up to entry {size}. The entry of this package itself came after it was
  made, and names its SHA-256: ask for that bundle (export {export}). Earlier exports are listed while they are stored;
  of those that expired or were withdrawn, Parley no longer knows which recordings they held.
  Accounts are ids: who they are says the customer's list of accounts.
"""


@dataclass
class Proofs:
    """Writes the proofs of one export into its package, once the records are in it."""

    row: Export
    _signer: ledger.LogSigner = field(init=False)

    def __post_init__(self) -> None:
        self._signer = tenancy.keyring().ledger_signer(tenancy.current())

    def write(self, sink: PackageSink) -> None:
        """Custody, bundles, README and verifiers. Raises NotYetProven while the log lags behind."""
        began = self._began()
        with connection.cursor() as cursor:
            head = ledger.published(cursor)
            if head is None:
                raise NotYetProven("the log is empty", remedy="It is tried again when the sequencer has caught up.")
            named = self._named(cursor, head, began)
            self._custody(cursor, head, named, sink, recordings=set(began))
        _put(sink, "checkpoint.txt", head.note.encode())
        readme = _README.format(
            export=self.row.id, asked=f"{self.row.asked_at:%Y-%m-%d %H:%M}", by=self.row.asked_by or "-",
            origin=self._signer.origin, size=head.size,
        )  # fmt: skip
        _put(sink, "README.txt", readme.encode())
        for name, package in (("verifier.py", "parley.ledger"), ("verify_package.py", "parley.exports")):
            _put(sink, name, resources.files(package).joinpath(name).read_bytes())

    def sign(self, digest: str) -> tuple[str, bytes]:
        """Name and content of the log's signature of a manifest with that SHA-256."""
        text = manifest_text(origin=self._signer.origin, digest=digest)
        return SIGNATURE, ledger.sign_text(text=text, signer=self._signer).encode()

    def _began(self) -> dict[UUID, datetime]:
        """The recordings of the package, with the earliest instant at which the log can speak of them."""
        written = self.row.contents.filter(written=True, store=RECORDINGS.name).values_list("record", flat=True)
        ids = list(written.order_by("id"))
        held = RECORDINGS.find(Subject(records=tuple((RECORDINGS.name, one) for one in ids)))
        return {one.id: one.at for one in held}

    def _named(
        self, cursor: Any, head: ledger.Checkpoint, began: Mapping[UUID, datetime]
    ) -> dict[UUID, frozenset[UUID]]:
        """Entry -> the recordings that it speaks of, directly or as contents of an earlier export."""
        if not began:
            return {}
        earlier: dict[UUID, set[UUID]] = {}
        rows = ExportedRecord.objects.filter(store=RECORDINGS.name, written=True, record__in=list(began))
        for export, record in rows.exclude(export=self.row).values_list("export", "record"):
            earlier.setdefault(export, set()).add(record)
        ids = {*began, *earlier}
        return {
            entry: frozenset(one for name in names for one in earlier.get(name, {name}))
            for entry, names in ledger.naming(cursor, ids=ids, since=min(began.values()), head=head)
        }

    def _custody(
        self,
        cursor: Any,
        head: ledger.Checkpoint,
        named: Mapping[UUID, frozenset[UUID]],
        sink: PackageSink,
        *,
        recordings: set[UUID],
    ) -> None:
        sink.table(TABLE, COLUMNS)
        unproven = {entry: one for one, entry in original_entries(recordings).items()}
        for entry, number, bundle in ledger.bundles(cursor, entry_ids=list(named), head=head):
            if entry.kind.startswith(_NO_DEED):
                continue
            name = f"{EVIDENCE}{number:08d}-{entry.kind}.json"
            _put(sink, name, bundle)
            details = (json.loads(bundle)["details"] or {"value": {}})["value"]
            about = sorted(named[entry.id], key=str)
            unproven.pop(entry.id, None)
            for recording in about:
                values = (
                    str(recording), entry.at.isoformat(), entry.kind, _by(details), str(details.get("export", "")),
                    entry.clause, str(entry.id), number, name,
                )  # fmt: skip
                sink.row(TABLE, dict(zip(COLUMNS, values, strict=True)))
        if unproven:
            raise NotYetProven(
                f"{len(unproven)} recordings are not in the log's signed head yet",
                remedy="It is tried again when the sequencer has caught up.",
            )


def _by(details: Mapping[str, Any]) -> str:
    """Who did it, as the evidence has it: an account's id; a token's, where a program did."""
    return next((str(details[name]) for name in ("user", "by", "token") if details.get(name)), "")


def _put(sink: PackageSink, name: str, content: bytes) -> None:
    with sink.file(name, "application/octet-stream") as file:
        file.write(content)


def wanted_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """Formats of such a package: those asked for, always with tables and the sealed originals that the log knows."""
    return tuple(dict.fromkeys((*formats, "csv", "age")))
