"""The story of a request: what happened, in order, with evidence in the log, and the asking platform told."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from parley.ledger.api import JSON
from parley.obligations import api as obligations
from parley.rights import callbacks
from parley.rights.errors import NoSuchRequest
from parley.rights.models import Event, Request
from parley.rights.sealed import seal

PERSON, MACHINE = "person", "parley"


def locked(request_id: UUID) -> Request:
    """The row, locked until the transaction ends. Raises NoSuchRequest."""
    row = Request.objects.select_for_update().filter(id=request_id).first()
    if row is None:
        raise NoSuchRequest("there is no such request", remedy="Look into the list of requests.")
    return row


def tell(
    row: Request,
    what: str,
    *,
    who: str,
    at: datetime,
    said: str = "",
    clause: str = "",
    leave: bool = True,
    facts: Mapping[str, str | int | bool] | None = None,
) -> None:
    """Add a line to the story of the locked row, with evidence (`leave`), and a callback where one was asked for.

    `said` is sealed; `facts` are ids and counts and go to the evidence as they are.
    """
    given = dict(facts or {})
    last = Event.objects.filter(request=row).aggregate(Max("number"))["number__max"] or 0
    line = Event(request=row, number=last + 1, at=at, who=who, what=what, facts=given)
    if said:
        line.epoch, line.sealed = seal({"said": said}, place=place_of(row.id, line.number), at=at)
    line.save(force_insert=True)
    if leave:
        details: dict[str, JSON] = {"request": str(row.id), "tag": row.tag, "state": row.state, "by": who, **given}
        obligations.evidence(kind=f"rights.{what}", clause=clause or row.clause, details=details, at=at)
    if row.callback:
        callbacks.expect(row, at=at)


def place_of(request_id: UUID, number: int) -> str:
    """Where a line's words are sealed for."""
    return f"rights-event:{request_id}:{number}"


def sheet_place(request_id: UUID) -> str:
    """Where a request's sheet is sealed for."""
    return f"rights-request:{request_id}"
