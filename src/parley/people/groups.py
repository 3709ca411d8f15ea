"""Groups: who belongs together, and whose calls a supervisor therefore sees."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils import timezone

from parley.foundation.ids import new_id
from parley.people.errors import AccountRefused
from parley.people.evidence import leave
from parley.people.models import Addition, Group, User

MOST_NAME = 100


@dataclass(frozen=True, kw_only=True)
class GroupLine:
    """A group and how many belong to it: people whose account is open, closed accounts, supervisors among the open."""

    id: UUID
    name: str
    people: int
    closed: int
    supervisors: int


def groups() -> list[GroupLine]:
    """All groups of the customer in scope, by name."""
    rows = Group.objects.annotate(
        open=Count("members", filter=Q(members__is_active=True)),
        closed=Count("members", filter=Q(members__is_active=False)),
        supervisors=Count("members", filter=Q(members__is_active=True, members__level="group")),
    ).order_by("name")
    return [
        GroupLine(id=row.id, name=row.name, people=row.open, closed=row.closed, supervisors=row.supervisors)
        for row in rows
    ]


def group_named(name: str) -> Group:
    """The group of that name, made when there is none. Raises AccountRefused."""
    name = _checked(name)
    return Group.objects.get_or_create(name=name, defaults={"id": new_id(at=timezone.now())})[0]


def add_group(name: str, *, by: UUID, at: datetime) -> Group:
    """A new group. Raises AccountRefused."""
    name = _checked(name)
    try:
        with transaction.atomic():
            made = Group.objects.create(id=new_id(at=at), name=name)
            leave("group.added", at=at, group=str(made.id), user=str(by))
    except IntegrityError as error:
        raise _taken() from error
    return made


def rename_group(group_id: UUID, name: str, *, by: UUID, at: datetime) -> None:
    """The group has another name. Raises AccountRefused."""
    name = _checked(name)
    try:
        with transaction.atomic():
            if Group.objects.filter(pk=group_id).exclude(name=name).update(name=name):
                leave("group.renamed", at=at, group=str(group_id), user=str(by))
    except IntegrityError as error:
        raise _taken() from error


def remove_group(group_id: UUID, *, by: UUID, at: datetime) -> None:
    """An empty group goes. Raises AccountRefused while somebody belongs to it, also with a closed account."""
    with transaction.atomic():
        group = Group.objects.select_for_update().filter(pk=group_id).first()
        if group is None:
            return
        if group.members.exists() or Addition.objects.filter(group=group).exists():
            raise AccountRefused(
                "somebody belongs to this group, or was given the right to see it",
                remedy="Put its people, closed accounts too, into another group first.",
            )
        group.delete()
        leave("group.removed", at=at, group=str(group_id), user=str(by))


def set_groups(user_id: UUID, *, main: UUID | None, additional: Iterable[UUID], by: UUID, at: datetime) -> None:
    """The main group and the additional ones of an account; leaves evidence. Raises AccountRefused."""
    wanted = {main, *additional} - {None} if main else set(additional)
    if main is None and wanted:
        raise AccountRefused("additional groups need a main group", remedy="Choose the main group.")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        before = set(user.groups.values_list("id", flat=True))
        found = list(Group.objects.filter(id__in=wanted))
        if len(found) != len(wanted):
            raise AccountRefused("there is no such group", remedy="Load the page again.")
        if before == wanted and user.main_group_id == main:
            return
        user.main_group_id = main
        user.save(update_fields=["main_group"])
        user.groups.set(found)
        leave(
            "person.groups-changed", at=at, person=str(user_id), user=str(by),
            before=sorted(map(str, before)), groups=sorted(str(one.id) for one in found),
        )  # fmt: skip


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME:
        raise AccountRefused("a group needs a name", remedy=f"Give one of at most {MOST_NAME} characters.")
    return name


def _taken() -> AccountRefused:
    return AccountRefused("there is a group of this name already", remedy="Choose another name.")
