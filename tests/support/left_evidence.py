"""What is in the log of whoever is in scope."""

from collections.abc import Sequence

from django.db import connection

from parley.ledger import api as ledger

PAGE = 1000


def trail(kinds: Sequence[str] | None = None) -> list[ledger.EntryView]:
    """Each entry, the newest first: all pages, for a test before may have dated a thousand of its own in the future."""
    found: list[ledger.EntryView] = []
    with connection.cursor() as cursor:
        while True:
            before = found[-1].cursor if found else None
            page = ledger.entries(cursor, kinds=kinds, before=before, limit=PAGE)
            found += page
            if len(page) < PAGE:
                return found


def entries() -> list[tuple[str, str]]:
    """Kind and clause of each entry, the newest first."""
    return [(one.kind, one.clause.rpartition(" ")[2]) for one in trail()]


def kinds_of(clause: str) -> set[str]:
    """The kinds of evidence that were left for `clause`."""
    return {kind for kind, named in entries() if named == clause}
