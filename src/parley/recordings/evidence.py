"""What the ledger is told of a recording, and how what is stored is held against it.

Ids of entries follow from the recording's id: an entry is recorded once however often finalising is tried, and nobody
who can change a row can point it at another entry.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, models

from parley.ledger import api as ledger
from parley.obligations import api as obligations
from parley.recordings.errors import SubstitutedObject
from parley.recordings.models import Part, Rendition
from parley.recordings.resealing.models import Resealed
from parley.recordings.types import ClosedFile, Manifest
from parley.tenancy import api as tenancy

_NAMESPACE = UUID("6f1f3c1e-6a83-5a6b-9c1b-5e2f3a7d9b10")
_LISTED = 300


def sealed_entry(recording_id: UUID) -> UUID:
    """The id of the entry `recording.sealed`."""
    return uuid5(_NAMESPACE, f"sealed {recording_id}")


def rendered_entry(recording_id: UUID) -> UUID:
    """The id of the entry `recording.rendered`."""
    return uuid5(_NAMESPACE, f"rendered {recording_id}")


def resealed_entry(recording_id: UUID, times: int) -> UUID:
    """The id of the entry `recording.resealed` of the `times`th time, from 1."""
    return uuid5(_NAMESPACE, f"resealed {times} {recording_id}")


def original_entries(ids: Iterable[UUID]) -> Mapping[UUID, UUID]:
    """The entry that names the original as it is now, of each of these recordings."""
    wanted = list(ids)
    anew = dict(Resealed.objects.filter(recording__in=wanted).values_list("recording", "times"))
    return {one: resealed_entry(one, anew[one]) if one in anew else sealed_entry(one) for one in wanted}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnewFile:
    """A sealed file whose header was written anew: `size` as its row says it, hashes in hexadecimal; `payload` is that
    of all that follows the header, the same before and after. A file that was never sealed has none, and stays."""

    name: str
    size: int
    sha256: str
    size_before: int
    before: str
    payload: str


def files_digest(files: Iterable[tuple[str, int, str]]) -> str:
    """One hash for a list of files: SHA-256, in hexadecimal, over a line "name size sha256" LF for each, in order."""
    return hashlib.sha256("".join(f"{name} {size} {sha256}\n" for name, size, sha256 in files).encode()).hexdigest()


def record_sealed(*, manifest: Manifest, closed: ClosedFile, at: datetime) -> UUID:
    """Evidence that a recording was sealed as these files, on that decision. In the caller's transaction."""
    files = [(part.name, part.size, part.sha256) for part in closed.parts]
    return obligations.evidence(
        kind="recording.sealed",
        clause=manifest.decision.clause,
        details={
            "recording": str(manifest.recording_id),
            "trunk": str(manifest.trunk_id),
            "agreement": manifest.agreement,
            "agreement_version": manifest.agreement_version,
            "purpose": manifest.decision.purpose,
            "decision": manifest.decision.reason,
            "started_at": manifest.started_at.isoformat(),
            "ended_at": closed.ended_at.isoformat(),
            "reason": closed.reason,
            "packets": sum(stream.packets for stream in closed.streams),
            "lost": sum(stream.lost for stream in closed.streams),
            "gaps": len(closed.gaps),
            "pauses": len(manifest.steering.pauses),
            "policy": str(manifest.steering.policy) if manifest.steering.policy else "",
            "mode": manifest.steering.mode,
            "files": _listed(files),
            "files_sha256": files_digest(files),
        },
        at=at,
        entry_id=sealed_entry(manifest.recording_id),
    )


def record_left_out(*, manifest: Manifest, closed: ClosedFile, at: datetime, why: str = "") -> UUID:
    """Evidence that a call was not recorded, or discarded at its end, by which policy, and `why` if for another reason
    than that. In the caller's transaction."""
    steering = manifest.steering
    return obligations.evidence(
        kind="recording.left-out",
        clause=manifest.decision.clause,
        details={
            "recording": str(manifest.recording_id),
            "trunk": str(manifest.trunk_id),
            "policy": str(steering.policy) if steering.policy else "",
            "mode": steering.mode,
            "why": why or steering.why,
            "started_at": manifest.started_at.isoformat(),
            "ended_at": closed.ended_at.isoformat(),
        },
        at=at,
        entry_id=uuid5(_NAMESPACE, f"left out {manifest.recording_id}"),
    )


def record_rendered(*, recording_id: UUID, clause: str, files: list[tuple[str, int, str]], at: datetime) -> UUID:
    """Evidence that these renditions (kind, sealed size, sha256) were made. In the caller's transaction."""
    return obligations.evidence(
        kind="recording.rendered",
        clause=clause,
        details={"recording": str(recording_id), "files": _listed(files), "files_sha256": files_digest(files)},
        at=at,
        entry_id=rendered_entry(recording_id),
    )


def record_resealed(
    *, recording_id: UUID, times: int, under: UUID, clause: str, by: UUID, at: datetime,
    parts: Sequence[AnewFile], renditions: Sequence[AnewFile],
) -> UUID:  # fmt: skip
    """Evidence that these files took the place of those, sealed to the keys of the key event `under`.

    What the log said of the recording before goes on to hold: `before_sha256` is the hash of the files in the entry
    before this one, and the payload of each file is the same. In the caller's transaction.
    """
    details: dict[str, ledger.JSON] = {
        "recording": str(recording_id), "times": times, "key_event": str(under), "user": str(by),
        "files": _anew(parts), **_digests("", parts),
    }  # fmt: skip
    if renditions:
        details |= {"renditions": _anew(renditions), **_digests("renditions_", renditions)}
    return obligations.evidence(
        kind="recording.resealed", clause=clause, details=details, at=at, entry_id=resealed_entry(recording_id, times)
    )


def stored_parts(recording_id: UUID) -> tuple[Sequence[Part], int]:
    """The files of the original in order, and how often they were sealed anew: of one moment."""
    rows = Part.objects.filter(recording=recording_id).annotate(anew=models.F("recording__resealed__times"))
    found = list(rows.order_by("number"))
    return found, _anew_of(found)


def stored_renditions(recording_id: UUID) -> tuple[Sequence[Rendition], int]:
    """The renditions by kind, and of which sealing anew they are, 0 as they were made: of one moment."""
    rows = Rendition.objects.filter(recording=recording_id).annotate(anew=models.F("recording__resealed__renditions"))
    found = list(rows.order_by("kind"))
    return found, _anew_of(found)


def require_original(recording_id: UUID, parts: Sequence[Part], anew: int) -> None:
    """That the ledger knows exactly these files as the original that was sealed `anew` so often; raises
    SubstitutedObject."""
    entry = resealed_entry(recording_id, anew) if anew else sealed_entry(recording_id)
    require_ledgered(entry, [(row.name, row.size, row.sha256) for row in parts])


def require_renditions(recording_id: UUID, renditions: Sequence[Rendition], anew: int) -> None:
    """That the ledger knows exactly these renditions, of that sealing anew; raises SubstitutedObject."""
    files = [(row.kind, row.size, row.sha256) for row in renditions]
    if anew:
        require_ledgered(resealed_entry(recording_id, anew), files, named="renditions_files_sha256")
    else:
        require_ledgered(rendered_entry(recording_id), files)


def require_ledgered(entry_id: UUID, files: Iterable[tuple[str, int, str]], *, named: str = "files_sha256") -> None:
    """That the ledger knows exactly these files under that entry; raises SubstitutedObject.

    An integrated entry is proven up to a signed head of the customer's log; a pending one is taken as it stands.
    """
    details = _proven_details(entry_id)
    if details is None or details.get(named) != files_digest(files):
        raise _substituted()


def require_hash(found: str, expected: str) -> None:
    """That stored bytes have the expected hash; raises SubstitutedObject."""
    if found != expected:
        raise _substituted()


def _substituted() -> SubstitutedObject:
    return SubstitutedObject(
        "what is stored is not what the ledger says", remedy="Nothing was played. Restore the object from a backup."
    )


def _proven_details(entry_id: UUID) -> Mapping[str, Any] | None:
    customer = tenancy.current()
    signer = tenancy.keyring().ledger_signer(customer)
    with connection.cursor() as cursor:
        try:
            bundle = ledger.bundle(cursor, entry_id=entry_id)
        except ledger.NotYetIntegrated:
            return ledger.entry(cursor, entry_id=entry_id).details
        except ledger.NoSuchEntry as error:
            raise _substituted() from error
    return ledger.verify_bundle(bundle, log_key=str(signer.log_key)).details


def _anew(files: Sequence[AnewFile]) -> list[ledger.JSON]:
    """As `_listed`, each with what it was before and what did not change."""
    return [
        {"name": one.name, "size": one.size, "sha256": one.sha256, "before": one.before, "payload": one.payload}
        for one in files[:_LISTED]
    ]


def _anew_of(rows: Sequence[Part] | Sequence[Rendition]) -> int:
    return int(getattr(rows[0], "anew", None) or 0) if rows else 0


def _digests(prefix: str, files: Sequence[AnewFile]) -> dict[str, ledger.JSON]:
    return {
        f"{prefix}files_sha256": files_digest((one.name, one.size, one.sha256) for one in files),
        f"{prefix}before_sha256": files_digest((one.name, one.size_before, one.before) for one in files),
    }


def _listed(files: list[tuple[str, int, str]]) -> list[ledger.JSON]:
    """The files by name, as far as an entry can hold them; the digest covers all."""
    return [{"name": name, "size": size, "sha256": sha256} for name, size, sha256 in files[:_LISTED]]
