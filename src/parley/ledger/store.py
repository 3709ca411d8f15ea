"""Entries in PostgreSQL: record them, list them, erase their details, read tiles and checkpoints.

Every function takes a cursor of the customer's own database (psycopg's or Django's) and leaves the transaction to the
caller. What only the sequencer may do is in `integration` and `witness`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from parley.foundation.ids import new_id
from parley.ledger import tree
from parley.ledger.entries import Entry, seal
from parley.ledger.tree import TileId
from parley.ledger.types import JSON, Checkpoint, Cursor, EntryView, LedgerDamaged, LedgerError, NoSuchEntry

_RECORD = """
WITH detail AS (
    INSERT INTO ledger_detail (entry_id, salt, details)
    SELECT %(id)s::uuid, %(salt)s::bytea, %(details)s::text
    WHERE NOT EXISTS (SELECT FROM ledger_entry WHERE entry_id = %(id)s::uuid)
        AND NOT EXISTS (SELECT FROM ledger_pending WHERE entry_id = %(id)s::uuid)
    ON CONFLICT (entry_id) DO NOTHING RETURNING entry_id
)
INSERT INTO ledger_pending (entry_id, at, kind, clause, commitment)
SELECT entry_id, %(at)s::timestamptz, %(kind)s::text, %(clause)s::text, %(commitment)s::bytea FROM detail
"""

_RECORD_NEW = """
WITH detail AS (
    INSERT INTO ledger_detail (entry_id, salt, details) VALUES (%(id)s::uuid, %(salt)s::bytea, %(details)s::text)
)
INSERT INTO ledger_pending (entry_id, at, kind, clause, commitment)
VALUES (%(id)s::uuid, %(at)s::timestamptz, %(kind)s::text, %(clause)s::text, %(commitment)s::bytea)
"""
"""An id that was just made cannot have been recorded before."""

_TRAIL = """
SELECT e.entry_id, e.seq, e.at, e.kind, e.clause, d.details FROM (
    (SELECT t.entry_id, seq, t.at, t.kind, clause FROM {log} {where}
     ORDER BY t.at DESC, t.entry_id DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT t.entry_id, NULL, t.at, t.kind, clause FROM {waiting} {where}
     ORDER BY t.at DESC, t.entry_id DESC LIMIT %(limit)s)
) e LEFT JOIN ledger_detail d USING (entry_id) ORDER BY e.at DESC, e.entry_id DESC LIMIT %(limit)s
"""

_LOG: Final = "ledger_entry t"
_WAITING: Final = "ledger_pending t"
_LOG_OF_ONE: Final = "ledger_person t JOIN ledger_entry e ON e.entry_id = t.entry_id"
_WAITING_OF_ONE: Final = """
(SELECT p.*, ledger_whose(d.details) AS person FROM ledger_pending p JOIN ledger_detail d USING (entry_id)) t
"""

_NARROWED: Final = {
    "kinds": "t.kind = ANY(%(kinds)s)",
    "clause": "clause = %(clause)s",
    "person": "t.person = %(person)s",
    "since": "t.at >= %(since)s",
    "until": "t.at < %(until)s",
}

_ONE = """
SELECT e.entry_id, e.seq, e.at, e.kind, e.clause, d.details FROM (
    SELECT entry_id, seq, at, kind, clause FROM ledger_entry WHERE entry_id = %(id)s
    UNION ALL
    SELECT entry_id, NULL, at, kind, clause FROM ledger_pending WHERE entry_id = %(id)s
) e LEFT JOIN ledger_detail d USING (entry_id)
"""

_PUBLISHED = """
SELECT c.size, c.root, c.note || coalesce(s.line, ''), c.log_key, s.cosigner_key
FROM ledger_checkpoint c LEFT JOIN ledger_cosignature s USING (size)
WHERE c.size = coalesce((SELECT max(size) FROM ledger_cosignature WHERE size >= %(least)s),
                        (SELECT max(size) FROM ledger_checkpoint WHERE size >= %(least)s))
"""

_TILES = """
SELECT level, index, hashes FROM ledger_tile
WHERE (level, index) IN (SELECT * FROM unnest(%(levels)s::smallint[], %(indexes)s::bigint[]))
"""


def waiting(cursor: Cursor) -> tuple[int, datetime | None]:
    """How many entries no sequencer has put into the log yet, and the instant of the oldest."""
    cursor.execute("SELECT count(*), min(at) FROM ledger_pending")
    found: tuple[int, datetime | None] = cursor.fetchone()
    return found


def record(
    cursor: Cursor,
    *,
    kind: str,
    clause: str,
    details: Mapping[str, JSON],
    at: datetime,
    entry_id: UUID | None = None,
) -> UUID:
    """The id of evidence that becomes part of the log if, and only if, the caller's transaction commits.

    Call it in the transaction of the business change. Recording an `entry_id` again changes nothing, even after the
    entry was integrated or its details erased. `details` holds ids and facts, never a name, number or address: they are
    stored in clear until erased. Raises BadEntry; wake the sequencer after the commit.
    """
    entry, salt, encoded = seal(entry_id=entry_id or new_id(at=at), at=at, kind=kind, clause=clause, details=details)
    cursor.execute(
        _RECORD if entry_id is not None else _RECORD_NEW,
        {
            "id": entry.id,
            "salt": salt,
            "details": encoded.decode(),
            "at": at,
            "kind": kind,
            "clause": clause,
            "commitment": entry.commitment,
        },
    )
    return entry.id


def erase(cursor: Cursor, *, entry_ids: Sequence[UUID]) -> int:
    """Erases details and salts for good and says of how many entries; the entries and every proof of them remain."""
    cursor.execute("DELETE FROM ledger_detail WHERE entry_id = ANY(%(ids)s) RETURNING entry_id", {"ids": [*entry_ids]})
    return len(cursor.fetchall())


def entries(
    cursor: Cursor,
    *,
    kinds: Sequence[str] | None = None,
    clause: str | None = None,
    person: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[EntryView]:
    """The audit trail, newest first, with what still waits for the sequencer (`seq` None).

    What is given narrows it: `person` who did it, or whom it is about where nobody did (of what was erased nobody knows
    either), `since` inclusive, `until` exclusive. `before` is the `cursor` of the last line of the page before. Raises
    LedgerError for a `before` that is no such cursor.
    """
    given = {"kinds": kinds, "clause": clause, "person": person and str(person), "since": since, "until": until}
    parameters: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if kinds is not None:
        parameters["kinds"] = [*kinds]
    conditions = [_NARROWED[name] for name in parameters]
    parameters["limit"] = max(1, min(limit, 1000))
    if before is not None:
        conditions.append("(t.at, t.entry_id) < (%(at)s, %(id)s)")
        parameters["at"], parameters["id"] = _read_cursor(before)
    where = "WHERE " + " AND ".join(conditions) if conditions else ""
    log, pending = (_LOG, _WAITING) if person is None else (_LOG_OF_ONE, _WAITING_OF_ONE)
    cursor.execute(_TRAIL.format(log=log, waiting=pending, where=where), parameters)
    return [_view(row) for row in cursor.fetchall()]


def entry(cursor: Cursor, *, entry_id: UUID) -> EntryView:
    """One line of the audit trail; raises NoSuchEntry."""
    cursor.execute(_ONE, {"id": entry_id})
    row = cursor.fetchone()
    if row is None:
        raise NoSuchEntry("there is no such entry in this log")
    return _view(row)


def _view(row: tuple[UUID, int | None, datetime, str, str, str | None]) -> EntryView:
    entry_id, seq, at, kind, clause, details = row
    parsed = None if details is None else json.loads(details)
    return EntryView(id=entry_id, seq=seq, at=at, kind=kind, clause=clause, details=parsed)


def _read_cursor(text: str) -> tuple[datetime, UUID]:
    at, _, entry_id = text.partition("_")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), UUID(entry_id)
    except (ValueError, OverflowError) as error:
        raise LedgerError("this is no place in the audit trail", remedy="Start at its first page.") from error


def published(cursor: Cursor, *, at_least: int = 1) -> Checkpoint | None:
    """The newest checkpoint of at least that many entries: countersigned where there is one, None for none at all."""
    cursor.execute(_PUBLISHED, {"least": at_least})
    row = cursor.fetchone()
    if row is None:
        return None
    size, root, note, log_key, cosigner_key = row
    return Checkpoint(size=size, root=bytes(root), note=note, log_key=log_key, cosigner_key=cosigner_key)


def read_tiles(cursor: Cursor, wanted: Iterable[TileId]) -> dict[TileId, bytes]:
    """The tiles that exist among those `wanted`, as long as they are now, in one query."""
    places = list(wanted)
    if not places:
        return {}
    cursor.execute(_TILES, {"levels": [place.level for place in places], "indexes": [place.number for place in places]})
    return {TileId(level, index): bytes(hashes) for level, index, hashes in cursor.fetchall()}


def hashes(cursor: Cursor, spans: Sequence[tree.Span]) -> list[bytes]:
    """The hash of each span of leaves; raises LedgerDamaged when the stored tiles do not hold it."""
    try:
        return tree.hashes(spans=spans, tiles=read_tiles(cursor, tree.tiles_for(spans)))
    except (KeyError, ValueError) as error:
        raise LedgerDamaged("a tile of the log is missing or too short") from error


def tile(cursor: Cursor, *, level: int, index: int, width: int = tree.WIDTH) -> bytes | None:
    """The first `width` hashes of a tile, None when it does not have as many (c2sp.org/tlog-tiles)."""
    cursor.execute(
        "SELECT substring(hashes FROM 1 FOR %(length)s) FROM ledger_tile WHERE level = %(level)s AND index = %(index)s",
        {"length": width * tree.HASH, "level": level, "index": index},
    )
    row = cursor.fetchone()
    return bytes(row[0]) if row is not None and len(row[0]) == width * tree.HASH else None


def entry_bundle(cursor: Cursor, *, index: int, width: int = tree.WIDTH) -> bytes | None:
    """The leaves under level-0 tile `index`, each after its length in 2 bytes; None when there are not `width` yet."""
    leaves = read_leaves(cursor, start=index * tree.WIDTH, count=width)
    if len(leaves) != width:
        return None
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def read_leaves(cursor: Cursor, *, start: int, count: int) -> list[bytes]:
    """The bytes of up to `count` leaves from number `start`."""
    cursor.execute(
        "SELECT entry_id, at, kind, clause, commitment FROM ledger_entry"
        " WHERE seq >= %(start)s AND seq < %(stop)s ORDER BY seq",
        {"start": start, "stop": start + count},
    )
    return [entry_of(row).leaf() for row in cursor.fetchall()]


def entry_of(row: tuple[UUID, datetime, str, str, bytes]) -> Entry:
    """The entry stored as (entry_id, at, kind, clause, commitment)."""
    entry_id, at, kind, clause, commitment = row
    return Entry(id=entry_id, at=at, kind=kind, clause=clause, commitment=bytes(commitment))
