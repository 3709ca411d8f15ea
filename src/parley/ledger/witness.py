"""The provider countersigns each customer's heads, and remembers them in its own log.

A customer's log and its key could be rewritten together. The provider's memory of the last head, the proof that the
next one only adds to it, and an entry `log.head` in the provider's log make that visible. Killed between any two
commits, the step is done again: the provider's entry has an id that follows from the head, the line is stored once.
"""

import hashlib
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from parley.ledger import store, tree
from parley.ledger.integration import Connection
from parley.ledger.notes import LogSigner, cosign
from parley.ledger.types import LedgerForked
from parley.ledger.verifier import EMPTY_ROOT, Head, VerifierKey, verify_checkpoint, verify_consistency

CLAUSE: Final = "ledger.countersigned"


def countersign(
    customer: Connection, provider: Connection, *, log_key: VerifierKey, signer: LogSigner, at: datetime
) -> bool:
    """Whether a head of the customer's log waited for the provider's countersignature and got it.

    Both connections have the sequencer's role and are outside a transaction; `log_key` is the key that the provider
    knows for this log, `signer` the provider's. Raises LedgerForked, and signs nothing, when the head is not signed by
    that key, or does not only add to the head countersigned before: of this, the provider's log keeps an entry.
    """
    with customer.transaction(), customer.cursor() as cursor:
        waiting = _newest_unsigned(cursor)
        if waiting is None:
            return False
        try:
            head, _ = verify_checkpoint(waiting, log_key=log_key)
        except ValueError as error:
            raise LedgerForked(f"the newest checkpoint of {log_key.name} is not its own: {error}") from error
        with provider.transaction(), provider.cursor() as ours:
            known = _remembered(ours, head.origin)
            grown = _only_adds(cursor, known, head)
            _remember(ours, known=known, head=head, grown=grown, at=at)
        if not grown:
            raise LedgerForked(
                f"{head.origin} shows {head.size} entries that do not add to the {known.size} countersigned before",
                remedy="Compare the customer's kept checkpoints with the provider's log before anything else.",
            )
        line = cosign(checkpoint=waiting, signer=signer, time=int(at.timestamp()))
        cursor.execute(
            "INSERT INTO ledger_cosignature (size, line, cosigner_key) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (head.size, line, str(signer.cosigner_key)),
        )
    return True


def _newest_unsigned(cursor: psycopg.Cursor[tuple[Any, ...]]) -> str | None:
    cursor.execute(
        "SELECT c.note FROM ledger_checkpoint c WHERE c.size = (SELECT max(size) FROM ledger_checkpoint)"
        " AND NOT EXISTS (SELECT FROM ledger_cosignature s WHERE s.size = c.size)"
    )
    row = cursor.fetchone()
    return None if row is None else str(row[0])


def _remembered(cursor: psycopg.Cursor[tuple[Any, ...]], origin: str) -> Head:
    """The last head countersigned for `origin`, locked until the transaction ends."""
    cursor.execute(
        "INSERT INTO ledger_witness (origin, size, root) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING",
        (origin, EMPTY_ROOT),
    )
    cursor.execute("SELECT size, root FROM ledger_witness WHERE origin = %s FOR UPDATE", (origin,))
    size, root = cursor.fetchall()[0]
    return Head(origin=origin, size=size, root=bytes(root))


def _only_adds(cursor: psycopg.Cursor[tuple[Any, ...]], known: Head, head: Head) -> bool:
    if known.size > head.size:
        return False
    path = store.hashes(cursor, tree.consistency_spans(old=known.size, new=head.size))
    return verify_consistency(
        old_size=known.size, old_root=known.root, new_size=head.size, new_root=head.root, path=path
    )


def _remember(cursor: psycopg.Cursor[tuple[Any, ...]], *, known: Head, head: Head, grown: bool, at: datetime) -> None:
    """Moves the memory forward, with evidence of it in the provider's log; of a fork, the evidence alone."""
    kind = "log.head" if grown else "log.forked"
    if grown and head.size > known.size:
        cursor.execute(
            "UPDATE ledger_witness SET size = %s, root = %s WHERE origin = %s", (head.size, head.root, head.origin)
        )
    store.record(
        cursor,
        kind=kind,
        clause=CLAUSE,
        details={"log": head.origin, "size": head.size, "root": head.root.hex()},
        at=at,
        entry_id=_entry_id(kind, head),
    )


def _entry_id(kind: str, head: Head) -> UUID:
    """An id that follows from the head (UUIDv8, RFC 9562 section 5.8), so that repeating the step records it once."""
    digest = hashlib.sha256(f"{kind}\n{head}".encode()).digest()[:16]
    value = int.from_bytes(digest, "big") & ~(0xF << 76) & ~(0x3 << 62)
    return UUID(int=value | 0x8 << 76 | 0x2 << 62)
