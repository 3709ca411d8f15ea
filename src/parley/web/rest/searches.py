"""Searches of recordings that people keep, for themselves or for their colleagues."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from parley.people import api as people
from parley.web import rules
from parley.web.place import inside
from parley.web.recording_filters import parse_filters
from parley.web.rest.description import answers
from parley.web.rest.schemas import Line
from parley.web.rest.scopes import Scope

router = Router(tags=["recordings"])


class NewSearch(Schema):
    """A search to keep: `query` as the address of the list in the console has it, `number=%2B39...&direction=inbound`.
    Shared ones all colleagues see."""

    name: Line = Field(min_length=1, max_length=64)
    query: Line = Field(min_length=1, max_length=2000)
    shared: bool = False


class SearchOut(Schema):
    """A search that is kept. `name` and `query` are null where only the customer can open them: from `sealed` and
    `wrapped`, both base64."""

    id: UUID
    by: UUID
    mine: bool
    at: datetime
    shared: bool
    name: str | None
    query: str | None
    sealed: str
    wrapped: str


class KeptSearchOut(Schema):
    """The id of a search that was kept."""

    id: UUID


@router.get(
    "/searches",
    response=answers(list[SearchOut]),
    url_name="searches",
    summary="The saved searches",
    auth=Scope("recordings:read"),
)
def list_searches(request: HttpRequest) -> list[SearchOut]:
    """One's own, 100 at most, then the newest 100 that colleagues share."""
    person = inside(request).person.id
    return [
        SearchOut(
            id=one.id, by=one.by, mine=one.by == person, at=one.at, shared=one.shared, name=one.name, query=one.query,
            sealed=one.sealed, wrapped=one.wrapped,
        )
        for one in people.saved_searches(person)
    ]  # fmt: skip


@router.post(
    "/searches",
    response=answers(KeptSearchOut, 409, 422, success=201),
    summary="Keep a search",
    auth=Scope("recordings:write"),
)
def save_search(request: HttpRequest, new: NewSearch) -> Status[KeptSearchOut]:
    """Sealed to the customer; of one person 100 at most (409)."""
    try:
        query = parse_filters(QueryDict(new.query).dict()).query()
    except rules.BadFilter as error:
        raise HttpError(422, f"`query`, {error.field}: {error}") from error
    kept = people.save_search(
        name=new.name, query=query, shared=new.shared, by=inside(request).person.id, at=timezone.now()
    )
    return Status(201, KeptSearchOut(id=kept))


@router.delete(
    "/searches/{uuid:search_id}",
    response=answers(None, 404, 409, 422, success=204),
    url_name="search",
    summary="Remove a saved search",
    auth=Scope("recordings:write"),
)
def remove_search(request: HttpRequest, search_id: UUID) -> Status[None]:
    """One's own; an administrator removes any that is shared. One that is gone, or somebody else's: 409."""
    people.remove_search(search_id, by=inside(request).person.id, at=timezone.now())
    return Status(204, None)
