"""People: who there is, invited, changed, closed; their numbers and sessions. Overseers read, administrators change.

Nothing here answers with a password, a second factor or the link of an invitation: that goes by mail alone.
"""

from collections.abc import Container, Iterable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from parley.people import api as people
from parley.web.place import ConsoleRequest
from parley.web.rest.description import answers
from parley.web.rest.schemas import MOST_ROWS, Line
from parley.web.rest.scopes import Scope, administering, overseeing

router = Router(tags=["people"])
Role = Literal["administrator", "compliance", "supervisor", "user"]
Level = Literal["own", "group", "complete"]
_Groups = Annotated[list[UUID], Field(max_length=50)]
_STATES = {"open": True, "closed": False, "all": None}


class WantedPeople(Schema):
    """Which people: `q` is part of a name or an address, or a whole number."""

    q: Line = Field("", max_length=200)
    role: Role | None = None
    group: UUID | None = None
    state: Literal["open", "closed", "all"] = "open"
    after: UUID | None = Field(None, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


class PersonLineOut(Schema):
    """A person in a list; `second_factor` is whether there is one."""

    id: UUID
    name: str
    email: str
    role: str
    level: str
    active: bool
    second_factor: bool
    last_sign_in: datetime | None
    created_at: datetime


class PeopleOut(Schema):
    """One page of people by name; hand `next` back as `after`. `total` counts all that match."""

    items: list[PersonLineOut]
    next: UUID | None
    total: int


class NewNumber(Schema):
    """What tells that a party of a call is this person: a public number, an extension, a name at the PBX."""

    kind: Literal["did", "extension", "pbx-name"] = "did"
    value: Line = Field(min_length=1, max_length=100)


class UserNumberOut(Schema):
    """A number of a person; `value` is empty where only the customer can open it."""

    id: UUID
    kind: str
    value: str


class NewPerson(Schema):
    """Whom to invite; the first of `groups` is the main one. Without `invite` nobody is written to yet."""

    email: Line = Field(min_length=3, max_length=254)
    name: Line = Field(min_length=1, max_length=200)
    role: Role = "user"
    groups: _Groups = Field(default_factory=list)
    numbers: list[NewNumber] = Field(default_factory=list, max_length=20)
    invite: bool = True


class PersonFields(Schema):
    """A person, all of it. `level`: whose calls it sees (its own, those of its groups, all; administrators and
    compliance officers see all), besides those of `sees_groups` and `sees_people`. `may_download` and `may_delete`:
    what it may beyond its level and role. `groups` include the main one."""

    name: Line = Field(min_length=1, max_length=200)
    role: Role
    level: Level
    may_download: bool
    may_delete: bool
    active: bool
    main_group: UUID | None
    groups: _Groups
    sees_groups: _Groups
    sees_people: _Groups


class PersonOut(PersonFields):
    """A person as it stands."""

    id: UUID
    email: str
    second_factor: bool
    last_sign_in: datetime | None
    created_at: datetime
    numbers: list[UserNumberOut]


class InvitedOut(Schema):
    """Who was written to; the link is in the mail, and nowhere else."""

    id: UUID
    invited_at: datetime


class SessionOut(Schema):
    """Where somebody is signed in: `place` is a network, `means` what proved it."""

    id: UUID
    started_at: datetime
    seen_at: datetime
    place: str
    browser: str
    means: str


class EndedOut(Schema):
    """How many sessions ended."""

    ended: int


@router.get(
    "/people",
    response=answers(PeopleOut, 422),
    url_name="people",
    summary="The people",
    auth=Scope("people:read"),
)
def list_people(request: HttpRequest, wanted: Query[WantedPeople]) -> PeopleOut:
    """By name; open accounts, unless `state` says otherwise."""
    overseeing(request)
    page = people.find(
        wanted.q, role=wanted.role, group=wanted.group, active=_STATES[wanted.state], after=wanted.after,
        limit=wanted.limit,
    )  # fmt: skip
    return PeopleOut(items=[_line(one) for one in page.lines], next=page.after, total=page.total)


@router.post(
    "/people",
    response=answers(PersonOut, 409, 422, success=201),
    summary="Invite a person",
    auth=Scope("people:write"),
)
def invite_person(request: HttpRequest, new: NewPerson) -> Status[PersonOut]:
    """The person sets its password by the link that it is mailed. An address belongs to one account: asked for again,
    nothing is made, 400."""
    here, now = administering(request), timezone.now()
    named = {one.id: one.name for one in people.groups()}
    _require("groups", new.groups, named)
    with transaction.atomic():
        made = people.create_user(
            email=new.email, name=new.name, password=None, role=new.role, by=here.person.id,
            groups=[named[one] for one in dict.fromkeys(new.groups)], region=people.home_region(),
            keys=[(one.kind, one.value) for one in new.numbers],
        )  # fmt: skip
        if new.invite:
            people.invite(made.id, by=here.person.id, at=now)
    return Status(201, _out(_person(made.id)))


@router.get(
    "/people/{uuid:person_id}",
    response=answers(PersonOut, 404, 422),
    url_name="person",
    summary="One person",
    auth=Scope("people:read"),
)
def get_person(request: HttpRequest, person_id: UUID) -> PersonOut:
    """With what it may see, and its numbers."""
    overseeing(request)
    return _out(_person(person_id))


@router.put(
    "/people/{uuid:person_id}",
    response=answers(PersonOut, 404, 409, 422),
    summary="Change a person",
    auth=Scope("people:write"),
)
def change_person(request: HttpRequest, person_id: UUID, changed: PersonFields) -> PersonOut:
    """All of it anew, or nothing. A closed account (`active` false) is signed out, and keeps its numbers and groups."""
    here = administering(request)
    found = _person(person_id)
    known = {one.id for one in people.groups()}
    _require("groups", changed.groups, known)
    _require("sees_groups", changed.sees_groups, known)
    _require("sees_people", changed.sees_people, people.names(changed.sees_people))
    if changed.main_group not in {None, *changed.groups}:
        raise HttpError(422, "`main_group` is none of `groups`.")
    with transaction.atomic():
        _change(here, found.id, changed)
    return _out(_person(person_id))


@router.post(
    "/people/{uuid:person_id}/invite",
    response=answers(InvitedOut, 404, 409, 422, success=202),
    summary="Send an invitation again",
    auth=Scope("people:write"),
)
def invite_again(request: HttpRequest, person_id: UUID) -> Status[InvitedOut]:
    """A link to set a password, by mail; 409 for a closed account."""
    here, now = administering(request), timezone.now()
    people.invite(_person(person_id).id, by=here.person.id, at=now)
    return Status(202, InvitedOut(id=person_id, invited_at=now))


@router.post(
    "/people/{uuid:person_id}/numbers",
    response=answers(UserNumberOut, 404, 409, 422, success=201),
    summary="Give a person a number",
    auth=Scope("people:write"),
)
def give_number(request: HttpRequest, person_id: UUID, new: NewNumber) -> Status[UserNumberOut]:
    """From now on calls with this party are its own; a number belongs to one person."""
    here, found = administering(request), _person(person_id)
    given = people.give_number(
        found.id, new.value, kind=new.kind, region=people.home_region(), by=here.person.id, at=timezone.now()
    )
    made = next(one for one in people.match_keys(found) if one.id == given.id)
    return Status(201, _number(made))


@router.delete(
    "/people/{uuid:person_id}/numbers/{uuid:number_id}",
    response=answers(None, 404, 422, success=204),
    summary="Take a number away",
    auth=Scope("people:write"),
)
def take_number(request: HttpRequest, person_id: UUID, number_id: UUID) -> Status[None]:
    """Calls with it are no longer the person's own."""
    here, found = administering(request), _person(person_id)
    if not found.numbers.filter(pk=number_id).exists():
        raise Http404("there is no such number")
    people.take_number(found.id, number_id, by=here.person.id, at=timezone.now())
    return Status(204, None)


@router.get(
    "/people/{uuid:person_id}/sessions",
    response=answers(list[SessionOut], 404, 422),
    url_name="person_sessions",
    summary="Where a person is signed in",
    auth=Scope("people:read"),
)
def list_sessions(request: HttpRequest, person_id: UUID) -> list[SessionOut]:
    """Last seen first, 200 at most."""
    overseeing(request)
    found = people.sign_ins(_person(person_id).id, at=timezone.now())
    return [
        SessionOut(
            id=one.id, started_at=one.started_at, seen_at=one.seen_at, place=one.place, browser=one.browser,
            means=one.means,
        )
        for one in found
    ]  # fmt: skip


@router.delete(
    "/people/{uuid:person_id}/sessions",
    response=answers(EndedOut, 404, 422),
    summary="Sign a person out everywhere",
    auth=Scope("people:write"),
)
def end_sessions(request: HttpRequest, person_id: UUID) -> EndedOut:
    """All its sessions end; its tokens do not."""
    here, found = administering(request), _person(person_id)
    return EndedOut(ended=people.end_of(found.id, by=here.person.id, at=timezone.now()))


@router.delete(
    "/people/{uuid:person_id}/sessions/{uuid:session_id}",
    response=answers(None, 404, 422, success=204),
    summary="End one session",
    auth=Scope("people:write"),
)
def end_session(request: HttpRequest, person_id: UUID, session_id: UUID) -> Status[None]:
    """Whoever uses it must sign in again."""
    here, found = administering(request), _person(person_id)
    if not people.end(session_id, user_id=found.id, by=here.person.id, at=timezone.now()):
        raise Http404("there is no such session")
    return Status(204, None)


def _change(here: ConsoleRequest, person: UUID, to: PersonFields) -> None:
    """Each deed of the console's page, in the caller's transaction; what stays as it is leaves no evidence."""
    by, at = here.person.id, timezone.now()
    people.rename(person, name=to.name, by=by, at=at)
    people.change_role(person, role=to.role, by=by, at=at)
    people.set_level(
        person, level=to.level, may_download=to.may_download, may_delete=to.may_delete, by=by, at=at
    )  # fmt: skip
    people.set_groups(person, main=to.main_group, additional=to.groups, by=by, at=at)
    people.set_given(person, groups=to.sees_groups, people=to.sees_people, by=by, at=at)
    people.set_active(person, active=to.active, by=by, at=at)
    if not to.active:
        people.end_of(person, by=by, at=at)


def _person(person_id: UUID) -> people.User:
    found = people.User.objects.filter(pk=person_id).first()
    if found is None:
        raise Http404("there is no such person")
    return found


def _require(field: str, wanted: Iterable[UUID], known: Container[UUID]) -> None:
    if missing := {one for one in wanted if one not in known}:
        raise HttpError(422, f"`{field}`: there is no {', '.join(sorted(map(str, missing)))[:200]}.")


def _out(one: people.User) -> PersonOut:
    given = people.given(one)
    fields: dict[str, Any] = {
        "active": one.is_active, "main_group": one.main_group_id, "last_sign_in": one.last_login,
        "groups": sorted(one.groups.values_list("id", flat=True)), "second_factor": people.factors.factors(one).any,
        "sees_groups": [group for group, _name in given.groups],
        "sees_people": [person for person, _name in given.people],
        "numbers": [_number(each) for each in people.match_keys(one)],
        **{
            name: getattr(one, name)
            for name in ("id", "email", "name", "role", "level", "may_download", "may_delete", "created_at")
        },
    }  # fmt: skip
    return PersonOut(**fields)


def _line(one: people.PersonLine) -> PersonLineOut:
    return PersonLineOut(
        id=one.id, name=one.name, email=one.email, role=one.role, level=one.level, active=one.active,
        second_factor=one.factor, last_sign_in=one.last_sign_in, created_at=one.created_at,
    )  # fmt: skip


def _number(one: people.MatchKey) -> UserNumberOut:
    return UserNumberOut(id=one.id, kind=one.kind, value=one.value)
