"""The log clause by clause: how much evidence each has, and which entries are the newest."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from parley.ledger.types import Cursor

_COUNTS = "SELECT clause, entries, last_at FROM ledger_clause ORDER BY clause"

_STANDING = """
SELECT clause, entries, last_at, last_entry, last_kind FROM ledger_clause
UNION ALL
(SELECT DISTINCT ON (clause) clause, count(*) OVER (PARTITION BY clause), at, entry_id, kind
 FROM ledger_pending ORDER BY clause, at DESC, entry_id DESC)
"""

_NEWEST = """
SELECT clause, entry_id FROM (
    SELECT clause, entry_id, seq, row_number() OVER (PARTITION BY clause ORDER BY seq DESC) AS place FROM ledger_entry
) e WHERE %(each)s::bigint IS NULL OR place <= %(each)s::bigint ORDER BY clause, seq
"""


@dataclass(frozen=True, slots=True)
class ClauseEvidence:
    """How many entries of the log name a clause, and when the last one was made."""

    count: int
    last: datetime


@dataclass(frozen=True, slots=True)
class ClauseNewest:
    """How many entries name a clause, those that wait for the sequencer included, and the newest of them."""

    count: int
    at: datetime
    entry_id: UUID
    kind: str


def clauses_now(cursor: Cursor) -> dict[str, ClauseNewest]:
    """Every clause that has evidence at this moment. Reads a row per clause, however long the log."""
    cursor.execute(_STANDING)
    found: dict[str, ClauseNewest] = {}
    for clause, count, at, entry_id, kind in cursor.fetchall():
        row, known = ClauseNewest(count, at, entry_id, kind), found.get(clause)
        if known is not None:
            newer = row if row.at >= known.at else known
            row = ClauseNewest(row.count + known.count, newer.at, newer.entry_id, newer.kind)
        found[clause] = row
    return found


def evidence_by_clause(cursor: Cursor) -> dict[str, ClauseEvidence]:
    """What the log holds of each clause; entries that wait for the sequencer are not counted."""
    cursor.execute(_COUNTS)
    return {clause: ClauseEvidence(count, last) for clause, count, last in cursor.fetchall()}


def newest_by_clause(cursor: Cursor, *, each: int | None) -> list[tuple[str, UUID]]:
    """The clause and id of the newest `each` entries of every clause (None: of all), in the order of the log."""
    cursor.execute(_NEWEST, {"each": each})
    return [(clause, entry_id) for clause, entry_id in cursor.fetchall()]
