"""Bundles without a database: a small log in memory, signed and countersigned."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley.ledger import tree
from parley.ledger.entries import Entry, seal
from parley.ledger.notes import LogSigner, cosign, sign_head
from parley.ledger.proofs import compose
from parley.ledger.types import Checkpoint
from parley.ledger.verifier import Head, leaf_hash

LOG = LogSigner.of(log_id="5e1f0c7a", key=Ed25519PrivateKey.from_private_bytes(b"\x11" * 32))
PROVIDER = LogSigner.of(log_id="0a0b0c0d", key=Ed25519PrivateKey.from_private_bytes(b"\x22" * 32))
DETAILS = {"recording": "018f0000-0000-7000-8000-00000000abcd", "parts": ["ab" * 32, "cd" * 32], "reason": "bye è"}


@dataclass(frozen=True)
class SmallLog:
    """`size` entries of which each can be proven."""

    entries: list[tuple[Entry, bytes, bytes]]
    tiles: dict[tree.TileId, bytes]

    @classmethod
    def of(cls, size: int, *, history: str = "true") -> "SmallLog":
        start = datetime(2026, 11, 22, tzinfo=UTC)
        entries = [
            seal(
                entry_id=UUID(int=number),
                at=start + timedelta(seconds=number),
                kind="recording.sealed",
                clause="imagicle-dpa IM-3c.security",
                details=DETAILS | {"history": history},
                salt=bytes([number % 256]) * 32,
            )
            for number in range(size)
        ]
        leaves = [leaf_hash(entry.leaf()) for entry, _, _ in entries]
        return cls(entries, tree.extend(size=0, edge={}, leaves=leaves))

    def checkpoint(self, *, size: int | None = None, countersigned: bool = True) -> Checkpoint:
        size = len(self.entries) if size is None else size
        head = Head(origin=LOG.origin, size=size, root=tree.root(size=size, tiles=self.tiles))
        note = sign_head(head=head, signer=LOG)
        if countersigned:
            note += cosign(checkpoint=note, signer=PROVIDER, time=1_795_000_000)
        return Checkpoint(
            size=size,
            root=head.root,
            note=note,
            log_key=str(LOG.log_key),
            cosigner_key=str(PROVIDER.cosigner_key) if countersigned else None,
        )

    def bundle(self, seq: int, *, since: int | None = None, countersigned: bool = True, erased: bool = False) -> bytes:
        entry, salt, details = self.entries[seq]
        return compose(
            entry=entry,
            opened=None if erased else (salt, details.decode()),
            seq=seq,
            head=self.checkpoint(countersigned=countersigned),
            since=since,
            tiles=self.tiles,
        )
