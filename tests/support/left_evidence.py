"""What is in the log of whoever is in scope."""

from django.db import connection

from parley.ledger import api as ledger


def entries() -> list[tuple[str, str]]:
    """Kind and clause of each entry, the newest first."""
    with connection.cursor() as cursor:
        return [(one.kind, one.clause.rpartition(" ")[2]) for one in ledger.entries(cursor, limit=200)]


def kinds_of(clause: str) -> set[str]:
    """The kinds of evidence that were left for `clause`."""
    return {kind for kind, named in entries() if named == clause}
