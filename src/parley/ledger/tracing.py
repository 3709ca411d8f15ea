"""Which entries of a log speak of given things: the chain of custody of a recording, by ids."""

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from parley.ledger.types import Checkpoint, Cursor

_PAGE: Final = 5000
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AFTER: Final = """
SELECT e.seq, e.entry_id, d.details FROM ledger_entry e JOIN ledger_detail d USING (entry_id)
WHERE e.seq > %(after)s AND e.seq < %(size)s AND e.at >= %(since)s ORDER BY e.seq LIMIT %(limit)s
"""


def naming(
    cursor: Cursor, *, ids: Collection[UUID], since: datetime, head: Checkpoint
) -> Iterator[tuple[UUID, frozenset[UUID]]]:
    """(entry, those of `ids` that its details name) in the log's order: entries under `head`, not older than `since`.

    Reads the details of the whole stretch, a page at a time: but for persons no index knows what they name. Erased ones
    name nothing.
    """
    wanted = {str(one): one for one in ids}
    after = -1
    while True:
        cursor.execute(_AFTER, {"after": after, "size": head.size, "since": since, "limit": _PAGE})
        rows = cursor.fetchall()
        for seq, entry_id, details in rows:
            after = seq
            named = frozenset(wanted[text] for text in _ID.findall(details) if text in wanted)
            if named:
                yield entry_id, named
        if len(rows) < _PAGE:
            return
