"""The log clause by clause: how much evidence each has, and which entries are the newest."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from parley.ledger.types import Cursor

_COUNTS = "SELECT clause, count(*), max(at) FROM ledger_entry GROUP BY clause ORDER BY clause"

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


def evidence_by_clause(cursor: Cursor) -> dict[str, ClauseEvidence]:
    """What the log holds of each clause; entries that wait for the sequencer are not counted."""
    cursor.execute(_COUNTS)
    return {clause: ClauseEvidence(count, last) for clause, count, last in cursor.fetchall()}


def newest_by_clause(cursor: Cursor, *, each: int | None) -> list[tuple[str, UUID]]:
    """The clause and id of the newest `each` entries of every clause (None: of all), in the order of the log."""
    cursor.execute(_NEWEST, {"each": each})
    return [(clause, entry_id) for clause, entry_id in cursor.fetchall()]
