"""Groups of people, who belongs to them, and who may therefore see what. Overseers read, administrators change."""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from parley.people import api as people
from parley.web.rest.description import answers
from parley.web.rest.schemas import MOST_ROWS, Line
from parley.web.rest.scopes import Scope, administering, overseeing

router = Router(tags=["people"])


class GroupFields(Schema):
    """A group, by its name: there is one of each."""

    name: Line = Field(min_length=1, max_length=100)


class GroupOut(GroupFields):
    """A group: how many of its people have an open account, a closed one, and how many of the open ones see the calls
    of all. Who they are: `/people?group=`."""

    id: UUID
    people: int
    closed: int
    supervisors: int


class Membership(Schema):
    """`main`: this is the person's main group from now on; without it, it keeps the one that it has."""

    main: bool = False


class MemberOut(Schema):
    """The groups of a person, the main one included."""

    id: UUID
    main_group: UUID | None
    groups: list[UUID]


class WantedAccess(Schema):
    """Whose access: everybody's, or that of a group's people."""

    group: UUID | None = None
    after: UUID | None = Field(None, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


class AccessLineOut(Schema):
    """What somebody sees, and why: `own` the calls that it took part in, `groups` by its level, `given_groups` and
    `given_people` besides; all calls where `level` is complete. `unused`: not signed in for 90 days."""

    id: UUID
    name: str
    email: str
    role: str
    level: str
    own: bool
    groups: list[str]
    given_groups: list[str]
    given_people: list[str]
    may_download: bool
    may_delete: bool
    last_sign_in: datetime | None
    unused: bool
    second_factor: bool


class AccessOut(Schema):
    """One page of open accounts by name; hand `next` back as `after`."""

    items: list[AccessLineOut]
    next: UUID | None


@router.get(
    "/groups",
    response=answers(list[GroupOut]),
    url_name="groups",
    summary="The groups of people",
    auth=Scope("people:read"),
)
def list_groups(request: HttpRequest) -> list[GroupOut]:
    """By name."""
    overseeing(request)
    return [_out(one) for one in people.groups()]


@router.post(
    "/groups",
    response=answers(GroupOut, 422, success=201),
    summary="Add a group",
    auth=Scope("people:write"),
)
def add_group(request: HttpRequest, new: GroupFields) -> Status[GroupOut]:
    """With nobody in it; 400 where there is one of this name."""
    made = people.add_group(new.name, by=administering(request).person.id, at=timezone.now())
    return Status(201, _one(made.id))


@router.get(
    "/groups/{uuid:group_id}",
    response=answers(GroupOut, 404, 422),
    url_name="group",
    summary="One group",
    auth=Scope("people:read"),
)
def get_group(request: HttpRequest, group_id: UUID) -> GroupOut:
    """With the number of its people."""
    overseeing(request)
    return _one(group_id)


@router.put(
    "/groups/{uuid:group_id}",
    response=answers(GroupOut, 404, 422),
    summary="Rename a group",
    auth=Scope("people:write"),
)
def rename_group(request: HttpRequest, group_id: UUID, changed: GroupFields) -> GroupOut:
    """Its people and what they see stay."""
    here = administering(request)
    _one(group_id)
    people.rename_group(group_id, changed.name, by=here.person.id, at=timezone.now())
    return _one(group_id)


@router.delete(
    "/groups/{uuid:group_id}",
    response=answers(None, 404, 422, success=204),
    summary="Remove a group",
    auth=Scope("people:write"),
)
def remove_group(request: HttpRequest, group_id: UUID) -> Status[None]:
    """400 while somebody belongs to it, also with a closed account, or was given the right to see it."""
    here = administering(request)
    _one(group_id)
    people.remove_group(group_id, by=here.person.id, at=timezone.now())
    return Status(204, None)


@router.put(
    "/groups/{uuid:group_id}/members/{uuid:person_id}",
    response=answers(MemberOut, 404, 422),
    summary="Put a person into a group",
    auth=Scope("people:write"),
)
def add_member(request: HttpRequest, group_id: UUID, person_id: UUID, wanted: Membership) -> MemberOut:
    """The first group of a person is its main one."""
    here = administering(request)
    _one(group_id)
    person = _member(person_id)
    main = group_id if wanted.main or person.main_group is None else person.main_group
    return _set(person, main=main, groups=[*person.groups, group_id], by=here.person.id)


@router.delete(
    "/groups/{uuid:group_id}/members/{uuid:person_id}",
    response=answers(MemberOut, 404, 422),
    summary="Take a person out of a group",
    auth=Scope("people:write"),
)
def remove_member(request: HttpRequest, group_id: UUID, person_id: UUID) -> MemberOut:
    """400 for the main group of somebody who has others: put it into the next main one first."""
    here = administering(request)
    _one(group_id)
    person = _member(person_id)
    if group_id not in person.groups:
        raise Http404("nobody of that id belongs to it")
    main = None if person.main_group == group_id else person.main_group
    left = [one for one in person.groups if one != group_id]
    return _set(person, main=main, groups=left, by=here.person.id)


@router.get(
    "/access",
    response=answers(AccessOut, 422),
    url_name="access",
    summary="Who may see what, and why",
    auth=Scope("people:read"),
)
def list_access(request: HttpRequest, wanted: Query[WantedAccess]) -> AccessOut:
    """What a review of access looks at."""
    overseeing(request)
    found = people.overview.access(
        at=timezone.now(), group=wanted.group, after=wanted.after, limit=wanted.limit + 1
    )  # fmt: skip
    shown = found[: wanted.limit]
    return AccessOut(
        items=[
            AccessLineOut(
                id=one.id, name=one.name, email=one.email, role=one.role, level=one.level, own=one.own,
                groups=list(one.groups), given_groups=list(one.given_groups), given_people=list(one.given_people),
                may_download=one.may_download, may_delete=one.may_delete, last_sign_in=one.last_sign_in,
                unused=one.unused, second_factor=one.factor,
            )
            for one in shown
        ],
        next=shown[-1].id if len(found) > wanted.limit else None,
    )  # fmt: skip


def _one(group_id: UUID) -> GroupOut:
    found = next((one for one in people.groups() if one.id == group_id), None)
    if found is None:
        raise Http404("there is no such group")
    return _out(found)


def _out(one: people.GroupLine) -> GroupOut:
    return GroupOut(id=one.id, name=one.name, people=one.people, closed=one.closed, supervisors=one.supervisors)


def _member(person_id: UUID) -> MemberOut:
    found = people.User.objects.filter(pk=person_id).first()
    if found is None:
        raise Http404("there is no such person")
    groups = sorted(found.groups.values_list("id", flat=True))
    return MemberOut(id=found.id, main_group=found.main_group_id, groups=groups)


def _set(person: MemberOut, *, main: UUID | None, groups: list[UUID], by: UUID) -> MemberOut:
    people.set_groups(person.id, main=main, additional=groups, by=by, at=timezone.now())
    return _member(person.id)
