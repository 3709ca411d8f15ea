"""Alarms: calls that should have been recorded and were not, or were not heard."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from parley.recordings import api as recordings
from parley.web.rest.description import answers
from parley.web.rest.schemas import MOST_ROWS
from parley.web.rest.scopes import Scope, overseeing

router = Router(tags=["alarms"])
_Alarm = recordings.alarms.AlarmView


class WantedAlarms(Schema):
    """Which alarms: all, or those that are not over and that nobody has seen."""

    state: Literal["all", "open"] = "all"
    before: UUID | None = Field(None, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


class AlarmOut(Schema):
    """An alarm, `what` it is about in words; `calls` is how many it counts. It is over at `cleared_at`."""

    id: UUID
    cause: str
    what: str
    recording_id: UUID | None
    trunk_name: str
    clause: str
    raised_at: datetime
    last_at: datetime
    calls: int
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    evidence_id: UUID


class AlarmsOut(Schema):
    """One page of alarms, newest first; hand `next` back as `before`."""

    items: list[AlarmOut]
    next: UUID | None


@router.get(
    "/alarms",
    response=answers(AlarmsOut, 404, 422),
    url_name="alarms",
    summary="The alarms",
    auth=Scope("alarms:read"),
)
def list_alarms(request: HttpRequest, wanted: Query[WantedAlarms]) -> AlarmsOut:
    """Newest first."""
    overseeing(request)
    last = _found(wanted.before) if wanted.before else None
    found = recordings.alarms.alarms(
        open_only=wanted.state == "open", before=(last.raised_at, last.id) if last else None, limit=wanted.limit + 1
    )
    shown = found[: wanted.limit]
    return AlarmsOut(items=[_out(one) for one in shown], next=shown[-1].id if len(found) > wanted.limit else None)


@router.get(
    "/alarms/{uuid:alarm_id}",
    response=answers(AlarmOut, 404, 422),
    url_name="alarm",
    summary="One alarm",
    auth=Scope("alarms:read"),
)
def get_alarm(request: HttpRequest, alarm_id: UUID) -> AlarmOut:
    """Open, over or seen."""
    overseeing(request)
    return _out(_found(alarm_id))


@router.post(
    "/alarms/{uuid:alarm_id}/acknowledge",
    response=answers(AlarmOut, 404, 422),
    summary="Say that an alarm was seen",
    auth=Scope("alarms:write"),
)
def acknowledge_alarm(request: HttpRequest, alarm_id: UUID) -> AlarmOut:
    """It is open no longer. Whoever was first stays named; a second time changes nothing."""
    here = overseeing(request)
    _found(alarm_id)
    recordings.alarms.acknowledge(alarm_id, by=here.person.id, at=timezone.now())
    return _out(_found(alarm_id))


def _found(alarm_id: UUID) -> _Alarm:
    found = recordings.alarms.alarm(alarm_id)
    if found is None:
        raise Http404("there is no such alarm")
    return found


def _out(one: _Alarm) -> AlarmOut:
    return AlarmOut(
        id=one.id, cause=one.cause, what=recordings.alarms.in_words(one.cause), recording_id=one.recording_id,
        trunk_name=one.trunk_name, clause=one.clause, raised_at=one.raised_at, last_at=one.last_at, calls=one.calls,
        cleared_at=one.cleared_at, acknowledged_at=one.acknowledged_at, acknowledged_by=one.acknowledged_by,
        evidence_id=one.evidence_id,
    )  # fmt: skip
