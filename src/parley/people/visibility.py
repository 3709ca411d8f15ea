"""Whose calls somebody may see: levels, groups, and what a person was given beyond them."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from parley.people.models import Addition, PeopleSettings, User, UserNumber
from parley.people.types import LEVELS, ROLES, SEES_ALL, Level, Role, Settings, Viewer


def viewer(user: User) -> Viewer:
    """What `user` may see and do: all, the numbers of its groups, or its own; and those it was given besides.

    People of a group keep their numbers when their account is closed: their calls stay visible to whoever saw them.
    Who belongs to no group is seen by itself and by those who see all.
    """
    role: Role = next(known for known in ROLES if known == user.role)
    level: Level = next(known for known in LEVELS if known == user.level)
    decided = settings()
    return Viewer(
        user_id=user.id,
        role=role,
        number_indexes=None if level == "complete" else _seen(user, level, decided),
        level=level,
        may_download=user.may_download or level != "own" or decided.own_download,
        may_delete=user.may_delete or role in SEES_ALL,
    )


def number_indexes(*, users: Iterable[UUID] = (), groups: Iterable[UUID] = ()) -> frozenset[bytes]:
    """The blind indexes of the numbers of `users` and of everybody in `groups`, closed accounts included."""
    return _indexes(_numbers(users, groups))


def settings() -> Settings:
    """What the customer in scope decided for all its people."""
    row = PeopleSettings.objects.first()
    if row is None:
        return Settings()
    return Settings(
        own_visible=row.own_visible,
        own_download=row.own_download,
        factor_roles=frozenset(role for role in ROLES if role in row.factor_roles),
    )


def _seen(user: User, level: Level, decided: Settings) -> frozenset[bytes]:
    given = Addition.objects.filter(user=user)
    numbers = UserNumber.objects.filter(
        Q(user__groups__in=given.filter(group__isnull=False).values("group"))
        | Q(user__in=given.filter(person__isnull=False).values("person"))
    )
    if level != "own" or decided.own_visible:
        numbers = numbers | UserNumber.objects.filter(user=user)
    if level == "group":
        numbers = numbers | UserNumber.objects.filter(user__groups__members=user)
    return _indexes(numbers)


def _numbers(users: Iterable[UUID], groups: Iterable[UUID]) -> QuerySet[UserNumber]:
    return UserNumber.objects.filter(Q(user__in=list(users)) | Q(user__groups__in=list(groups)))


def _indexes(numbers: QuerySet[UserNumber]) -> frozenset[bytes]:
    return frozenset(bytes(index) for index in numbers.values_list("number_index", flat=True))
