"""Legal holds: what stays as it is, whatever rule or request says."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from parley.foundation.numbers import parse_e164
from parley.inventory.api import Held, Subject, stores
from parley.people import api as people
from parley.retention import api as retention
from parley.web.rest.description import answers
from parley.web.rest.schemas import Instant, Line, Text
from parley.web.rest.scopes import Scope, overseeing

router = Router(tags=["holds"])


class NewHold(Schema):
    """A hold on all records of one person (`person`), or on recordings (`recordings`)."""

    title: Line = Field(min_length=1, max_length=200)
    ground: Text = Field(min_length=1, max_length=2000, description="What orders it, with its reference")
    law: Line = Field("", max_length=500)
    owner: UUID = Field(description="The account that answers for it")
    review_at: Instant
    person: Line = Field("", max_length=300, description="An e-mail address or a number in E.164")
    recordings: list[UUID] = Field(default_factory=list, max_length=1000)


class Lifted(Schema):
    """Why a hold is lifted."""

    reason: Text = Field(min_length=1, max_length=2000)


class WantedHolds(Schema):
    """Which holds: those that stand, or those that were lifted."""

    state: Literal["standing", "lifted"] = "standing"


class HoldOut(Schema):
    """A hold. `records` are those it reaches by name."""

    id: UUID
    title: str
    ground: str
    law: str
    scope: str
    owner: UUID
    review_at: datetime
    placed_at: datetime
    records: int
    clause: str
    lifted_at: datetime | None
    lifted_because: str
    evidence_id: UUID


@router.get(
    "/holds",
    response=answers(list[HoldOut], 422),
    url_name="holds",
    summary="The legal holds",
    auth=Scope("holds:read"),
)
def list_holds(request: HttpRequest, wanted: Query[WantedHolds]) -> list[HoldOut]:
    """The next review first."""
    overseeing(request)
    return [_out(one) for one in retention.holds(lifted=wanted.state == "lifted")]


@router.post(
    "/holds",
    response=answers(HoldOut, 404, 409, 422, success=201),
    summary="Place a hold",
    auth=Scope("holds:write"),
)
def place_hold(request: HttpRequest, new: NewHold) -> Status[HoldOut]:
    """From now on what it reaches is neither deleted nor used."""
    here = overseeing(request)
    if bool(new.person) == bool(new.recordings):
        raise HttpError(422, "A hold names either a `person` or `recordings`.")
    owner = people.by_id(new.owner)
    if owner is None or owner.role not in people.SEES_ALL:
        raise HttpError(422, "`owner` is no account of an administrator or compliance officer.")
    placed = retention.place_hold(
        title=new.title, ground=new.ground, law=new.law, owner=new.owner, review_at=new.review_at, by=here.person.id,
        at=timezone.now(), subject=_subject(new.person) if new.person else None, records=_records(new.recordings),
    )  # fmt: skip
    return Status(201, _out(placed))


@router.get(
    "/holds/{uuid:hold_id}",
    response=answers(HoldOut, 404, 422),
    url_name="hold",
    summary="One hold",
    auth=Scope("holds:read"),
)
def get_hold(request: HttpRequest, hold_id: UUID) -> HoldOut:
    """Standing or lifted."""
    overseeing(request)
    return _out(retention.hold(hold_id))


@router.post(
    "/holds/{uuid:hold_id}/lift",
    response=answers(HoldOut, 404, 409, 422),
    summary="Lift a hold",
    auth=Scope("holds:write"),
)
def lift_hold(request: HttpRequest, hold_id: UUID, lifted: Lifted) -> HoldOut:
    """Rules and requests reach its records again."""
    here = overseeing(request)
    return _out(retention.lift_hold(hold_id, reason=lifted.reason, by=here.person.id, at=timezone.now()))


def _subject(person: str) -> Subject:
    person = person.strip()
    if "@" in person:
        return Subject(emails=(person.lower(),))
    number = parse_e164(person)
    if number is None:
        raise HttpError(422, "`person` is an e-mail address, or a number with its country, +390584943232.")
    return Subject(numbers=(number,))


def _records(wanted: list[UUID]) -> list[Held]:
    if not wanted:
        return []
    found = stores()["recordings"].find(Subject(records=tuple(("recordings", one) for one in wanted)))
    if missing := set(wanted) - {one.id for one in found}:
        raise HttpError(422, f"There are no recordings {', '.join(sorted(map(str, missing)))[:200]}.")
    return list(found)


def _out(one: retention.HoldView) -> HoldOut:
    return HoldOut(
        id=one.id, title=one.title, ground=one.ground, law=one.law, scope=one.scope, owner=one.owner,
        review_at=one.review_at, placed_at=one.placed_at, records=one.records, clause=one.clause,
        lifted_at=one.lifted_at, lifted_because=one.lifted_because, evidence_id=one.evidence_id,
    )  # fmt: skip
