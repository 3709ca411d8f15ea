"""Words go from the dictionary with the last contact that has them.

Whoever takes words from a contact notes them in its own transaction; a short one of its own looks, after that commit,
which of them nobody has any more. It alone takes the lock that keeps contacts from being added, and nothing else: it
can wait for others, and nobody who waits for it holds what it needs. In a burst that is done once a second, and once
more by the worker, which also does what a killed process left.
"""

import time
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from parley.obligations import api as obligations
from parley.obligations.api import Work
from parley.tenancy import api as tenancy

LOCK: Final = 0x636F6E74616374  # pg_advisory_xact_lock of a customer's database: the dictionary
TIDY: Final = "contacts.tidy"
_EXCLUDE: Final = f"SET LOCAL gin_fuzzy_search_limit = 1000; SELECT pg_advisory_xact_lock({LOCK})"
"""Besides: whether a word occurs at all is known after a part of a long list."""
_TAKE: Final = "DELETE FROM contacts_leavingword WHERE token IN (SELECT token FROM contacts_leavingword LIMIT 2000)"
_UNUSED: Final = """
DELETE FROM contacts_word w WHERE w.id = ANY(%s)
    AND NOT EXISTS (SELECT FROM contacts_contact c WHERE c.tokens @> ARRAY[w.id])
"""
_BURST_SECONDS: Final = 1.0
_LATER_SECONDS: Final = 5.0
_done: dict[UUID, float] = {}
_asked: dict[UUID, int] = {}


def tidy_soon() -> None:
    """After the commit: at once, or, in a burst, a little later."""
    customer_id = tenancy.current().id
    transaction.on_commit(lambda: _tidy_now_or_later(customer_id), robust=True)


def _tidy_now_or_later(customer_id: UUID) -> None:
    now = time.monotonic()
    part = int(time.time() // _LATER_SECONDS) + 1
    if _done.get(customer_id, -_BURST_SECONDS) + _BURST_SECONDS <= now:
        if len(_done) > 1000:
            _done.clear()
        _done[customer_id] = now
        tidy()
    elif _asked.get(customer_id) != part:
        if len(_asked) > 1000:
            _asked.clear()
        _asked[customer_id] = part
        # Due when these five seconds are over: after all who ask in them.
        due = datetime.fromtimestamp(part * _LATER_SECONDS, tz=UTC)
        obligations.enqueue(kind=TIDY, key=f"{TIDY}:{part}", due=due, payload={})


def tidy() -> int:
    """Forget noted words that no contact has any more, in transactions of their own; how many went."""
    gone = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_EXCLUDE)
            cursor.execute(_TAKE + " RETURNING token")
            tokens = [row[0] for row in cursor.fetchall()]
            if not tokens:
                return gone
            cursor.execute(_UNUSED, [tokens])
            gone += int(cursor.rowcount)


def tidy_later(_work: Work) -> None:
    """The worker's part: what bursts and killed processes left."""
    tidy()
