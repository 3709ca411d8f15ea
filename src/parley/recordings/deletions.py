"""Deletion of recordings by a person: at once, or when somebody else has approved it, as the customer's rule says.

Who may delete what it sees may ask, and may approve what others asked for, if it sees all of it. What is approved is
done in the background, as the deed of who asked; evidence of the erasure names both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from parley.inventory.api import Held
from parley.mail import api as mail
from parley.people import api as people
from parley.recordings import bulk
from parley.recordings.annotations import require_allowed
from parley.recordings.errors import DeletionRefused, NoSuchRecording
from parley.recordings.holding import NAME
from parley.recordings.models import Recording
from parley.recordings.search import visible
from parley.retention import api as retention

MOST_LETTERS: Final = 50
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What became of a wish to delete: a deed that runs (`bulk`), or a request that waits for somebody else."""

    bulk: UUID | None = None
    request: UUID | None = None


def rule() -> retention.DeletionRuleView:
    """Whether a second person approves deletions of recordings of the customer in scope."""
    return retention.deletion_rule(NAME)


def set_rule(viewer: people.Viewer, *, second: bool, days: int, at: datetime) -> None:
    """Ask for a second person from now on, or not: an administrator's to say. Raises DeletionRefused, RuleRefused."""
    if viewer.role != "administrator":
        raise DeletionRefused("this account may not set the rule", remedy="Ask an administrator.")
    retention.set_deletion_rule(NAME, second=second, days=days, by=viewer.user_id, at=at)


def begin(
    viewer: people.Viewer, records: Sequence[Held], *, why: str = "", key: str, address: str, at: datetime
) -> Begun:
    """Delete these recordings in the background, or ask a second person where the rule says so; `why` is needed then.

    `address` is the page of requests, for the letters. Raises DeletionRefused, NoSuchRecording, AnnotationRefused for
    too many, ApprovalRefused without a reason.
    """
    require_may_delete(viewer)
    if not rule().second:
        return Begun(bulk=bulk.start(viewer, "delete", records, key=key, by=viewer.user_id, at=at))
    return Begun(request=ask(viewer, records, why=why, key=key, address=address, at=at).id)


def begun(viewer: people.Viewer, key: str) -> Begun | None:
    """What became of the wish that the viewer had with this key before, if any."""
    if (bulk_id := bulk.begun(key, by=viewer.user_id)) is not None:
        return Begun(bulk=bulk_id)
    asked = retention.deletion_begun(NAME, key, by=viewer.user_id)
    return Begun(request=asked.id) if asked else None


def ask(
    viewer: people.Viewer, records: Sequence[Held], *, why: str, key: str, address: str, at: datetime
) -> retention.DeletionView:
    """Ask somebody else to approve; those who may are written to. What a hold or a law keeps is refused at once when
    nothing else is asked for: raises RuleRefused."""
    require_may_delete(viewer)
    wanted = bulk.require_seen(viewer, records)
    verdicts = [verdict for _record, verdict in retention.verdicts(records, cause="customer", at=at)]
    if all(verdict.outcome != "erase" for verdict in verdicts):
        raise retention.RuleRefused(
            f"nothing of this may be deleted now: {verdicts[0].why}, {verdicts[0].clause_or_law}",
            remedy="It can be deleted when that ends.",
        )
    with transaction.atomic():
        asked = retention.ask_deletion(NAME, wanted, why=why, key=key, by=viewer.user_id, at=at)
        _write(asked, address=address, clause=require_allowed(at))
    return asked


def approve(viewer: people.Viewer, request_id: UUID, *, at: datetime) -> UUID:
    """Agree, as somebody else than who asked: the deletion begins; its id, for `bulk.progress`.

    Raises DeletionRefused, NoSuchRecording for what the viewer does not see, ApprovalRefused.
    """
    _require_decides(viewer, request_id)
    with transaction.atomic():
        approved = retention.approve_deletion(request_id, by=viewer.user_id, at=at)
        return bulk.start_approved(approved, at=at)


def refuse(viewer: people.Viewer, request_id: UUID, *, at: datetime) -> retention.DeletionView:
    """Say no, or take back what one asked for. Raises as `approve`."""
    _require_decides(viewer, request_id)
    return retention.refuse_deletion(request_id, by=viewer.user_id, at=at)


def get(viewer: people.Viewer, request_id: UUID) -> retention.DeletionView:
    """A request, for whoever asked or may decide. Raises NoSuchRecording: of others there is none."""
    found = retention.deletion_request(request_id)
    if found.store != NAME or not _concerned(viewer, found):
        raise NoSuchRecording("there is no such request")
    return found


def requests(
    viewer: people.Viewer, *, waiting: bool, at: datetime, after: UUID | None = None, limit: int = 50
) -> tuple[retention.DeletionView, ...]:
    """The requests that the viewer asked for or may decide: those that wait, oldest first, or those that do not any
    more, newest first; those behind `after`. Raises NoSuchDeletion for an `after` that there is not."""
    found: list[retention.DeletionView] = []
    while True:
        page = retention.deletions(NAME, waiting=waiting, at=at, after=after, limit=limit)
        found += [one for one in page if _concerned(viewer, one)]
        if len(found) >= limit or len(page) < limit:
            return tuple(found[:limit])
        after = page[-1].id


def require_may_delete(viewer: people.Viewer) -> None:
    """Raises DeletionRefused for an account that may not delete recordings."""
    if not viewer.may_delete:
        raise DeletionRefused("this account may not delete recordings", remedy="Ask an administrator.")


def _require_decides(viewer: people.Viewer, request_id: UUID) -> None:
    require_may_delete(viewer)
    get(viewer, request_id)


def _concerned(viewer: people.Viewer, asked: retention.DeletionView) -> bool:
    """Whether the viewer asked for it, or may decide."""
    return asked.by == viewer.user_id or (viewer.may_delete and _sees(viewer, asked))


def _sees(viewer: people.Viewer, asked: retention.DeletionView) -> bool:
    """Whether the viewer sees all of it that is still there."""
    if viewer.number_indexes is None:
        return True
    left = Recording.objects.filter(id__in=asked.records).count()
    return visible(viewer).filter(id__in=asked.records).count() == left > 0


def _write(asked: retention.DeletionView, *, address: str, clause: str) -> None:
    """To everybody who may approve; no word about who speaks."""
    able = Q(role__in=people.SEES_ALL) | Q(may_delete=True)
    others = people.User.objects.filter(able, is_active=True).exclude(id=asked.by).order_by("email")
    to = list(others.values_list("email", flat=True)[:MOST_LETTERS])
    if not to:
        _log.warning("deletion.nobody_to_tell", request=str(asked.id))
        return
    mail.send(
        key=f"deletion-request:{asked.id}",
        to=to,
        subject=_("Recordings are to be deleted: somebody has to approve"),
        text=_(
            "A colleague asks to delete %(count)d recordings. Somebody else decides, until %(until)s UTC: "
            "afterwards the request is over, and nothing was deleted.\n\n%(address)s\n"
        )
        % {"count": len(asked.records), "until": f"{asked.expires_at:%Y-%m-%d %H:%M}", "address": address},
        purpose="deletion-request",
        clause=clause,
    )
