"""The files of a pack besides the evidence: JSON for programs, CSV for tables, the texts, how to verify."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from importlib import resources
from typing import Any
from uuid import UUID

from parley.governance.audits.pack.gathered import Gathered
from parley.ledger.api import Checkpoint

README = """Audit pack of {name}
{line}
Made {made} by Parley. Log: {origin}, {size} entries.

What is here
  report.pdf              the same for people: clauses, duties, inventory, attestations
  agreement/              the texts that were signed, the record of each signature, and which text prevails where
  clauses.json            every clause: what keeps it, how it stands, how much evidence there is
  evidence/               {evidence}
  checkpoints/            the newest signed head of the log, and that of the pack before this one
  obligations.*           every dated duty, with how it ended
  subprocessors.json      the register, the whole chain
  inventory.*             which personal data is stored where and why, and how much of it there is
  attestations.json       what people attested, when, with the SHA-256 of each proof
  incidents.json          incidents that touched you: when they were known, when you were told
  audits.json             audits asked for, decisions, findings
  manifest.json           size and SHA-256 of every file; manifest.note: the log's signature of it
  keys.txt                the keys, for comparison only
  verifier.py, verify_pack.py

How to verify, offline
  1. Take the log's key from the annex of your agreement, or from a checkpoint that you kept: never from this pack.
  2. python -m pip install cryptography
  3. python verify_pack.py . --log-key 'KEY'
     Add --provider-key 'KEY' to require the provider's countersignature of every head, and
     --checkpoint FILE to require that the log only added to a checkpoint that you kept (checkpoints/latest.txt of an
     earlier pack).
  One piece of evidence alone: python verifier.py evidence/CLAUSE/FILE.json --log-key 'KEY'

What it shows
  That every file is the one that was packed, that each piece of evidence stands in the log, at its place, since the
  head was signed, and that its details are those committed to. Not that the software wrote the truth when it wrote it:
  for that, read the code, and compare with what you know.
"""


def documents(found: Gathered, *, head: Checkpoint, earlier: str, evidence: str) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file but evidence, report and manifest. `earlier`: the last pack's checkpoint or ""."""
    line = "=" * (len(found.name) + 14)
    yield "README.txt", README.format(
        name=found.name, line=line, made=f"{found.made_at:%Y-%m-%d %H:%M UTC}", origin=found.origin, size=head.size,
        evidence=evidence,
    ).encode()  # fmt: skip
    yield "checkpoints/latest.txt", head.note.encode()
    if earlier:
        yield "checkpoints/earlier-pack.txt", earlier.encode()
    yield "keys.txt", f"log      {found.log_key}\nprovider {found.provider_key}\n".encode()
    yield from _texts(found)
    yield "clauses.json", written([asdict(line) for line in found.clauses])
    duties = [asdict(duty) for duty in found.duties]
    yield "obligations.json", written(duties)
    yield "obligations.csv", table(duties)
    links = [{"depth": depth, **entry} for depth, entry in found.links]
    yield "subprocessors.json", written({"version": found.register_version, "chain": links})
    fields = [asdict(field) for field in found.fields]
    counts = [
        {"category": category, "subject": subject, "records": records, "persons": persons}
        for category, subject, records, persons in found.counts
    ]
    yield "inventory.json", written({"fields": fields, "counts": counts})
    yield "inventory.csv", table(fields)
    yield "attestations.json", written([asdict(one) for one in found.attestations])
    yield "incidents.json", written([asdict(one) for one in found.incidents])
    yield "audits.json", written([asdict(one) for one in found.audits])
    for name in ("verifier.py", "verify_pack.py"):
        package = "parley.ledger" if name == "verifier.py" else "parley.governance.audits.pack"
        yield name, resources.files(package).joinpath(name).read_bytes()


def written(value: Any) -> bytes:
    """`value` as readable JSON; times in ISO 8601."""
    return (json.dumps(value, indent=1, ensure_ascii=False, default=plain, sort_keys=True) + "\n").encode()


def table(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """`rows` as CSV with a heading; nothing when there are none."""
    if not rows:
        return b""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return out.getvalue().encode()


def plain(value: object) -> Any:
    """What JSON does not know, as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _texts(found: Gathered) -> Iterator[tuple[str, bytes]]:
    for one in found.texts:
        if one.text:
            yield f"agreement/{one.agreement}-{one.version}.toml", one.text.encode()
    signatures = [{name: value for name, value in asdict(one).items() if name != "text"} for one in found.texts]
    yield "agreement/signatures.json", written(signatures)
    yield "agreement/precedence.json", written([asdict(one) for one in found.wins])


def _cell(value: object) -> str:
    """One cell; a text that a spreadsheet would take for a formula is made a text."""
    text = "" if value is None else ", ".join(map(str, value)) if isinstance(value, tuple) else str(plain(value))
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text
