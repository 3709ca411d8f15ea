"""Recordings that were made before names could be searched get their words: opened, indexed, a few at a time.

The migration that brought the index asks for it; new recordings bring theirs from the recorder. Sheets that only the
customer can open stay without: they are found by number.
"""

from typing import Final
from uuid import UUID

from parley.obligations import api as obligations
from parley.recordings.keys import keys
from parley.recordings.models import Recording, WordIndex
from parley.recordings.unsealing import PartyReader
from parley.sealing.api import SealingError

NAMES: Final = "recordings.names"
_AT_A_TIME: Final = 500


def index_names(work: obligations.Work) -> None:
    """Give the next recordings the words of their parties' names, and ask for the rest."""
    parties = PartyReader.for_current_customer()
    if not parties.can_open:
        return
    after = UUID(str(work.payload["after"]))
    rows = list(Recording.objects.filter(id__gt=after).select_related("epoch").order_by("id")[:_AT_A_TIME])
    made = []
    for row in rows:
        try:
            sheet = parties.read(recording_id=row.id, sealed=row.sealed, wrapped=row.epoch.wrapped)
        except SealingError:  # an altered row is told when it is looked at; the others are indexed all the same
            continue
        words = {word for party in sheet.parties for word in keys().name_words(party.name)}
        made += [
            WordIndex(recording=row, value=value, listed_at=row.listed_at, listed_id=row.conversation_id)
            for value in sorted(words)
        ]
    WordIndex.objects.bulk_create(made, ignore_conflicts=True)
    if rows:
        last = str(rows[-1].id)
        obligations.enqueue(kind=NAMES, key=f"{NAMES}:{last}", due=work.now, payload={"after": last})
