"""The end of a request's own time: who asked is removed; what was done, when, and by which clause stays proved."""

from datetime import datetime
from uuid import UUID

from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.rights.errors import StillOpen
from parley.rights.models import Callback, Code, Event, Finding, Request
from parley.rights.rules import kept_until
from parley.rights.story import MACHINE, tell
from parley.rights.types import ENDED


def remove(row: Request, *, at: datetime) -> bool:
    """Remove from the locked row whoever it was: the sheet, the indexes, all words, what was found; False when it is
    removed already. Raises StillOpen."""
    if row.state not in ENDED:
        raise StillOpen(
            "a person's request that is open is not erased", remedy="Answer it, refuse it, or let the person withdraw."
        )
    if row.removed_at is not None:
        return False
    Event.objects.filter(request=row).update(sealed=None, epoch=None)
    Finding.objects.filter(request=row).delete()
    Code.objects.filter(request=row).delete()
    Callback.objects.filter(request=row, state="queued").update(state="failed")
    mail.blank_keyed(f"rights:{row.id}:")
    row.sealed = row.epoch = row.email_index = row.number_index = row.external_id = None
    row.callback, row.blocked, row.covers, row.removed_at = "", "", [], at
    row.save()
    tell(row, "identity-removed", who=MACHINE, at=at)
    return True


def forget(work: obligations.Work) -> None:
    """The time of a request is over (a job)."""
    row = Request.objects.select_for_update().filter(id=UUID(work.payload["request"])).first()
    if row is None or row.ended_at is None:
        return
    if kept_until(kinds=row.kinds, state=row.state, ended_at=row.ended_at) <= max(work.due, work.now):
        remove(row, at=max(work.due, work.now))
