"""What an entry of the ledger is: a leaf that anybody may see, and details that only its salt ties to it. Pure.

The leaf is the canonical JSON of {"at","clause","commitment","id","kind","v"}: no personal data. The commitment is
SHA-256(32 random bytes || canonical JSON of the details) in hex: without the salt nobody can guess the details. Once
salt and details are erased the leaf tells nothing of them, while every proof still holds.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from parley.ledger.types import JSON, LedgerError
from parley.ledger.verifier import canonical

VERSION: Final = 1
SALT_BYTES: Final = 32
MAX_DETAILS: Final = 65536
_KIND: Final = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+")
_CLAUSE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/-]*")


class BadEntry(LedgerError):
    """What was to be recorded is no entry: the caller's mistake, and nothing was recorded."""

    error_id = "ledger.bad_entry"


@dataclass(frozen=True)
class Entry:
    """One leaf: what happened when, the clause it is evidence for, and the 32-byte commitment to its details."""

    id: UUID
    at: datetime
    kind: str
    clause: str
    commitment: bytes

    def facts(self) -> dict[str, JSON]:
        """The members of the leaf."""
        return {
            "at": instant(self.at),
            "clause": self.clause,
            "commitment": self.commitment.hex(),
            "id": str(self.id),
            "kind": self.kind,
            "v": VERSION,
        }

    def leaf(self) -> bytes:
        """The bytes that the tree hashes: `canonical(self.facts())`.

        Written out, because a sequencer makes millions; no member can hold a character that JSON escapes.
        """
        return (
            f'{{"at":"{instant(self.at)}","clause":"{self.clause}","commitment":"{self.commitment.hex()}",'
            f'"id":"{self.id}","kind":"{self.kind}","v":{VERSION}}}'
        ).encode()


def instant(at: datetime) -> str:
    """`at` in UTC to the microsecond: 2026-11-22T22:23:20.123456Z."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def seal(
    *, entry_id: UUID, at: datetime, kind: str, clause: str, details: Mapping[str, JSON], salt: bytes | None = None
) -> tuple[Entry, bytes, bytes]:
    """(entry, salt, canonical details). Raises BadEntry for what cannot stand in a leaf or has no canonical form.

    `kind` is two or more lower-case words joined by dots, `clause` up to 128 letters, digits, spaces and ._:/-
    """
    if at.tzinfo is None:
        raise BadEntry("the instant of an entry needs a time zone")
    if not _KIND.fullmatch(kind) or len(kind) > 64:
        raise BadEntry(f"not a kind of entry: {kind!r}", remedy="two words joined by a dot, such as recording.sealed")
    if not _CLAUSE.fullmatch(clause) or len(clause) > 128:
        raise BadEntry(f"not a clause id: {clause!r}")
    salt = os.urandom(SALT_BYTES) if salt is None else salt
    try:
        encoded = canonical(dict(details))
    except (TypeError, ValueError) as error:
        raise BadEntry(f"the details of a {kind} entry cannot be committed to: {error}") from None
    if len(encoded) > MAX_DETAILS:
        raise BadEntry(f"the details of a {kind} entry are {len(encoded)} bytes", remedy="record a hash of them")
    commitment = hashlib.sha256(salt + encoded).digest()
    return Entry(id=entry_id, at=at, kind=kind, clause=clause, commitment=commitment), salt, encoded
