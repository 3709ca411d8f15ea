"""Contacts that were written before lexemes were paths get theirs: opened, cut up, written back, a few at a time.

The migration that brought the paths asks for it. Contacts that only the customer can open stay without: they are found
by whole numbers and addresses until they are written again.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import connection

from parley.contacts import rows
from parley.contacts.tools import tools
from parley.obligations import api as obligations
from parley.obligations.api import Work

RETOKENISE: Final = "contacts.retokenise"
_AT_A_TIME: Final = 1_000
_NEXT: Final = "SELECT id FROM contacts_contact WHERE id > %s ORDER BY id LIMIT %s"
_WRITE: Final = "UPDATE contacts_contact SET tokens = %s WHERE id = %s AND tokens = ''"


def retokenise(work: Work) -> None:
    """Give the next contacts their lexemes, and ask for the rest."""
    payload: Mapping[str, Any] = work.payload
    made = tools()
    if made.opener is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [UUID(str(payload["after"])), _AT_A_TIME])
        ids = [row[0] for row in cursor.fetchall()]
        for row in rows.read(made, ids, lock=True):
            cursor.execute(_WRITE, [made.tokeniser.of(row.fields).text, row.id])
    if ids:
        last = str(ids[-1])
        obligations.enqueue(kind=RETOKENISE, key=f"{RETOKENISE}:{last}", due=work.now, payload={"after": last})
