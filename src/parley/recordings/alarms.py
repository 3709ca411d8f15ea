"""Alarms: a call that policy says to record is not recorded, or is not heard. In the scope of its customer.

One open alarm for each thing that is the matter (one cause at one trunk; one silent call): further calls are counted on
it. It is told once, by e-mail and webhook; one that comes again within minutes of being over is the same alarm, and is
not told again. It ends by itself when the trouble is over, or when somebody has seen it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from parley.agreement.api import RECORD_CALLS
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.people import api as people
from parley.recordings.live import LIVE_CHANNEL
from parley.recordings.models import Alarm
from parley.recordings.types import Cause, Mishap
from parley.webhooks import api as webhooks

SAME_WITHIN: Final = timedelta(minutes=10)
"""An alarm that comes again within this time of being over is opened again, not told again."""


@dataclass(frozen=True, kw_only=True)
class AlarmView:
    """An alarm as a page shows it; `calls` is how many calls it counts."""

    id: UUID
    cause: Cause
    recording_id: UUID | None
    trunk_name: str
    clause: str
    raised_at: datetime
    last_at: datetime
    calls: int
    evidence_id: UUID
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None


def raise_alarm(trouble: Mishap, *, calls: int = 1) -> UUID:
    """The open alarm of this trouble, counted or made; a new one is told by page, e-mail and webhook. Its id.

    `calls` is how many calls it counts since it was told last.
    """
    with transaction.atomic():
        _one_at_a_time(trouble.key)
        row = Alarm.objects.filter(key=trouble.key).order_by("-raised_at").first()
        if row is not None and (row.cleared_at is None or trouble.at - row.cleared_at < SAME_WITHIN):
            row.cleared_at, row.last_at, row.calls = None, max(trouble.at, row.last_at), row.calls + calls
            row.save(update_fields=["cleared_at", "last_at", "calls"])
        else:
            row = _make(trouble, calls=calls)
        _tell_pages(row.id)
    return row.id


def clear(key: str, *, at: datetime) -> int:
    """What `key` names is over: an alarm's key, or the id of a trunk that records again (its refusals are over)."""
    with transaction.atomic():
        rows = Alarm.objects.filter(cleared_at=None)
        found = rows.filter(key=key) | rows.filter(key__endswith=f":{key}", recording_id=None)
        gone = list(found.select_for_update())
        for row in gone:
            row.cleared_at = at
            row.save(update_fields=["cleared_at"])
            _tell_pages(row.id)
    return len(gone)


def acknowledge(alarm_id: UUID, *, by: UUID, at: datetime) -> bool:
    """Somebody has seen an alarm; it leaves the banner. Whether it was there and nobody had."""
    with transaction.atomic():
        row = Alarm.objects.select_for_update().filter(id=alarm_id, acknowledged_at=None).first()
        if row is None:
            return False
        row.acknowledged_at, row.acknowledged_by = at, by
        if row.recording_id is not None and row.cleared_at is None and row.cause != "silent":
            row.cleared_at = at  # nothing can end these but somebody who knows
        row.save(update_fields=["acknowledged_at", "acknowledged_by", "cleared_at"])
        obligations.evidence(
            kind="alarm.acknowledged", clause=_clause(row.clause, at), at=at,
            details={"alarm": str(row.id), "user": str(by)},
        )  # fmt: skip
        _tell_pages(row.id)
    return True


def alarms(
    *, open_only: bool = False, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> tuple[AlarmView, ...]:
    """The alarms of the customer in scope, newest first; `open_only`: not over, and seen by nobody."""
    rows = Alarm.objects.order_by("-raised_at", "-id")
    if open_only:
        rows = rows.filter(cleared_at=None, acknowledged_at=None)
    if before is not None:
        rows = rows.extra(where=["(raised_at, id) < (%s, %s)"], params=list(before))
    return tuple(_view(row) for row in rows[:limit])


def alarm(alarm_id: UUID) -> AlarmView | None:
    """One alarm of the customer in scope, None when there is none of that id."""
    row = Alarm.objects.filter(id=alarm_id).first()
    return None if row is None else _view(row)


def _make(trouble: Mishap, *, calls: int) -> Alarm:
    clause = _clause(trouble.clause, trouble.at)
    alarm_id = new_id(at=trouble.at)
    told = {
        "alarm": str(alarm_id),
        "cause": trouble.cause,
        "trunk": str(trouble.trunk_id),
        "recording": str(trouble.recording_id) if trouble.recording_id else "",
        "raised_at": trouble.at.isoformat(),
    }
    row = Alarm.objects.create(
        id=alarm_id,
        key=trouble.key,
        cause=trouble.cause,
        recording_id=trouble.recording_id,
        trunk_id=trouble.trunk_id,
        trunk_name=trouble.trunk_name,
        clause=trouble.clause,
        raised_at=trouble.at,
        last_at=trouble.at,
        calls=calls,
        evidence_id=obligations.evidence(kind="alarm.raised", clause=clause, details=dict(told), at=trouble.at),
    )
    webhooks.announce("alarm.raised", told, key=f"alarm.raised:{alarm_id}", at=trouble.at)
    _write(row, clause=clause)
    return row


def _write(row: Alarm, *, clause: str) -> None:
    """To the addresses for notices, else to administrators and compliance officers; no word about who speaks."""
    to = contract.notice_addresses() or tuple(
        people.User.objects.filter(role__in=people.SEES_ALL, is_active=True).values_list("email", flat=True)[:20]
    )
    if not to:
        return
    mail.send(
        key=f"alarm:{row.id}",
        to=to,
        subject=_("Alarm: %(what)s, trunk %(trunk)s") % {"what": in_words(row.cause), "trunk": row.trunk_name},
        text=_(
            "%(what)s.\n\nTrunk: %(trunk)s\nSince: %(at)s UTC\nAlarm: %(id)s\n\n"
            "Further calls are counted on this alarm; you are not written to again while it lasts. See Live, Alarms."
        )
        % {
            "what": in_words(row.cause).capitalize(), "trunk": row.trunk_name, "id": row.id,
            "at": row.raised_at.strftime("%Y-%m-%d %H:%M:%S"),
        },
        purpose="alarm",
        clause=clause,
    )  # fmt: skip


def in_words(cause: str) -> str:
    """What is the matter, for people."""
    return {
        "no-ports": _("a call was refused: no media port was free"),
        "no-space": _("a call was refused: too little disk space is left"),
        "gate": _("a call was refused: the agreement does not allow to record it"),
        "no-usable-media": _("a call was refused: it offered no sound that can be recorded"),
        "not-readable": _("a call was refused: its request could not be read"),
        "too-many": _("a call was refused: too many calls at once"),
        "fault": _("a call was refused: a fault of ours"),
        "capture-failed": _("a recording ended before its call: the disk refused"),
        "gap": _("a recording has a gap: the recorder was replaced while its call ran"),
        "silent": _("a call is silent: a side sends no sound though it is not on hold"),
    }[cause]


def _clause(clause: str, at: datetime) -> str:
    return clause or contract.ask(RECORD_CALLS, at=at).clause


def _one_at_a_time(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _tell_pages(alarm_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [LIVE_CHANNEL, str(alarm_id)])


def _view(row: Alarm) -> AlarmView:
    return AlarmView(
        id=row.id,
        cause=cast(Cause, row.cause),
        recording_id=row.recording_id,
        trunk_name=row.trunk_name,
        clause=row.clause,
        raised_at=row.raised_at,
        last_at=row.last_at,
        calls=row.calls,
        evidence_id=row.evidence_id,
        cleared_at=row.cleared_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
    )
