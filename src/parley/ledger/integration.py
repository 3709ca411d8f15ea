"""The sequencer's one step: pending entries become leaves, the tree grows, the new head is signed: one transaction.

A process killed anywhere in it leaves nothing changed; one killed after the commit leaves everything done. The signed
head leaves the process only through the commit. Sequencers wait for each other at the row lock of `ledger_head`: the
application's role cannot take it, as it could an advisory lock.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from parley.ledger import store, tree
from parley.ledger.entries import Entry
from parley.ledger.notes import LogSigner, sign_head
from parley.ledger.types import Checkpoint, Cursor, LedgerDamaged
from parley.ledger.verifier import Head, leaf_hash, verify_checkpoint

Connection = psycopg.Connection[tuple[Any, ...]]

_TAKE = """
DELETE FROM ledger_pending WHERE number IN (SELECT number FROM ledger_pending ORDER BY number LIMIT %s)
RETURNING number, entry_id, at, kind, clause, commitment
"""


def integrate(conn: Connection, *, signer: LogSigner, limit: int = 10_000) -> Checkpoint | None:
    """The signed head after up to `limit` pending entries became part of the log; None when none was pending.

    `conn` is a connection of the sequencer's role, outside a transaction. Call again until it returns None. Raises
    LedgerDamaged, and changes nothing, when the stored tree is not the one signed before, or the signer is another.
    """
    with conn.transaction(), conn.cursor() as cursor:
        size, root = _lock_head(cursor)
        batch = _take(cursor, limit)
        fresh = _without_integrated(cursor, batch)
        if not fresh:
            return None
        edge = store.read_tiles(cursor, tree.edge_tiles(size))
        _require_signed(cursor, size=size, root=root, edge=edge, signer=signer)
        leaves = [leaf_hash(entry.leaf()) for entry in fresh]
        changed = tree.extend(size=size, edge=edge, leaves=leaves)
        _write(cursor, first=size, entries=fresh, tiles=changed)
        head = Head(
            origin=signer.origin,
            size=size + len(fresh),
            root=tree.root(size=size + len(fresh), tiles=edge | changed),
        )
        return _publish(cursor, head, signer)


def _lock_head(cursor: psycopg.Cursor[tuple[Any, ...]]) -> tuple[int, bytes]:
    cursor.execute("SELECT size, root FROM ledger_head FOR UPDATE")
    row = cursor.fetchone()
    if row is None:
        raise LedgerDamaged("the log has no head")
    return row[0], bytes(row[1])


def _take(cursor: psycopg.Cursor[tuple[Any, ...]], limit: int) -> list[Entry]:
    cursor.execute(_TAKE, (limit,))
    rows: list[tuple[int, UUID, datetime, str, str, bytes]] = sorted(cursor.fetchall())
    return [store.entry_of(row[1:]) for row in rows]


def _without_integrated(cursor: psycopg.Cursor[tuple[Any, ...]], batch: Sequence[Entry]) -> list[Entry]:
    """The entries that are not in the log: `record` may repeat one in the instant when it is integrated and erased."""
    if not batch:
        return []
    cursor.execute("SELECT entry_id FROM ledger_entry WHERE entry_id = ANY(%s)", ([entry.id for entry in batch],))
    known = {row[0] for row in cursor.fetchall()}
    return [entry for entry in batch if entry.id not in known]


def _require_signed(
    cursor: psycopg.Cursor[tuple[Any, ...]], *, size: int, root: bytes, edge: tree.Tiles, signer: LogSigner
) -> None:
    """Refuses to build on a tree other than the one this very signer signed."""
    try:
        stored = tree.root(size=size, tiles=edge)
    except (KeyError, ValueError) as error:
        raise LedgerDamaged("a tile at the log's edge is missing") from error
    if stored != root:
        raise LedgerDamaged("the log's tiles do not give its head")
    if size == 0:
        return
    cursor.execute("SELECT root, log_key FROM ledger_checkpoint WHERE size = %s", (size,))
    row = cursor.fetchone()
    if row is None or bytes(row[0]) != root:
        raise LedgerDamaged("the log's head is not the one that was signed")
    if row[1] != str(signer.log_key):
        raise LedgerDamaged("the log was signed with another key", remedy="Restore the customer's keyring.")


def _write(cursor: psycopg.Cursor[tuple[Any, ...]], *, first: int, entries: Sequence[Entry], tiles: tree.Tiles) -> None:
    columns = "seq, entry_id, at, kind, clause, commitment"
    with cursor.copy(f"COPY ledger_entry ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int8", "uuid", "timestamptz", "text", "text", "bytea"])
        for seq, entry in enumerate(entries, start=first):
            copy.write_row((seq, entry.id, entry.at, entry.kind, entry.clause, entry.commitment))
    cursor.executemany(
        "INSERT INTO ledger_tile (level, index, hashes) VALUES (%s, %s, %s)"
        " ON CONFLICT (level, index) DO UPDATE SET hashes = excluded.hashes",
        [(place.level, place.number, data) for place, data in tiles.items()],
    )


def _publish(cursor: psycopg.Cursor[tuple[Any, ...]], head: Head, signer: LogSigner) -> Checkpoint:
    note = sign_head(head=head, signer=signer)
    verify_checkpoint(note, log_key=signer.log_key)  # a faulty signing device must not publish what nobody can verify
    cursor.execute("UPDATE ledger_head SET size = %s, root = %s", (head.size, head.root))
    cursor.execute(
        "INSERT INTO ledger_checkpoint (size, root, note, log_key) VALUES (%s, %s, %s, %s)",
        (head.size, head.root, note, str(signer.log_key)),
    )
    return Checkpoint(size=head.size, root=head.root, note=note, log_key=str(signer.log_key), cosigner_key=None)


def audit(cursor: Cursor, *, page: int = 65_536) -> Head | None:
    """The head of the log after every leaf was hashed again; None for an empty log.

    Raises LedgerDamaged when any entry, tile, head or checkpoint does not follow from the entries. Costs about 6 s for
    1,000,000 entries; run it in a transaction that sees one moment (REPEATABLE READ) while the sequencer works.
    """
    cursor.execute("SELECT size, root FROM ledger_head")
    size, root = cursor.fetchone()
    done, edge = 0, dict[tree.TileId, bytes]()
    while done < size:
        leaves = [leaf_hash(leaf) for leaf in store.read_leaves(cursor, start=done, count=min(page, size - done))]
        if not leaves:
            raise LedgerDamaged(f"entry {done} is missing")
        changed = tree.extend(size=done, edge=edge, leaves=leaves)
        done += len(leaves)
        _require_same(store.read_tiles(cursor, changed), changed)
        edge |= changed
        edge = {place: edge[place] for place in tree.edge_tiles(done)}
    if tree.root(size=size, tiles=edge) != bytes(root):
        raise LedgerDamaged("the log's head does not follow from its entries")
    return _audit_checkpoint(cursor, size=size, root=bytes(root)) if size else None


def _require_same(stored: tree.Tiles, computed: tree.Tiles) -> None:
    for place, data in computed.items():
        # While a page ends inside a tile, the stored tile may already be longer.
        if not stored.get(place, b"").startswith(data):
            raise LedgerDamaged(f"tile {place.level}/{place.number} does not follow from the entries")


def _audit_checkpoint(cursor: Cursor, *, size: int, root: bytes) -> Head:
    cursor.execute("SELECT note FROM ledger_checkpoint WHERE size = %(size)s", {"size": size})
    row = cursor.fetchone()
    origin = "" if row is None else str(row[0]).partition("\n")[0]
    head = Head(origin=origin, size=size, root=root)
    if row is None or not str(row[0]).startswith(f"{head}\n"):
        raise LedgerDamaged("the newest checkpoint does not state the log's head")
    return head
