"""Levels and what a person is given beyond them; what the customer decides for all its people. All with evidence."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from parley.foundation.ids import new_id
from parley.people.accounts import account
from parley.people.errors import AccountRefused
from parley.people.evidence import leave
from parley.people.models import Addition, Group, PeopleSettings, SignIn, User
from parley.people.sign_ins import end_all
from parley.people.types import LEVELS, ROLES, SEES_ALL, STRONG, Level, Role, Settings
from parley.people.visibility import settings

MOST_ADDITIONS = 50


@dataclass(frozen=True, kw_only=True)
class Given:
    """Whom a person sees beyond its level: (id, name) of groups and of people, closed accounts included."""

    groups: tuple[tuple[UUID, str], ...]
    people: tuple[tuple[UUID, str], ...]


def set_level(
    user_id: UUID, *, level: Level, may_download: bool, may_delete: bool, by: UUID, at: datetime
) -> User:  # fmt: skip
    """Whose calls the account sees, and what it may do with them beyond. Raises AccountRefused.

    The level of administrators and compliance officers is complete, by their role.
    """
    with transaction.atomic():
        user = account(user_id)
        if level not in LEVELS or (user.role in SEES_ALL and level != "complete"):
            raise AccountRefused(
                "administrators and compliance officers see all recordings", remedy="Give another role first."
            )
        before = (user.level, user.may_download, user.may_delete)
        if before != (level, may_download, may_delete):
            user.level, user.may_download, user.may_delete = level, may_download, may_delete
            user.save(update_fields=["level", "may_download", "may_delete"])
            leave(
                "person.level-changed", at=at, person=str(user.id), user=str(by), before=before[0], level=level,
                download=may_download, delete=may_delete,
            )  # fmt: skip
    return user


def given(user: User) -> Given:
    """Whom `user` sees beyond its level."""
    rows = user.sees.select_related("group", "person")
    return Given(
        groups=tuple(sorted(((row.group.id, row.group.name) for row in rows if row.group), key=lambda one: one[1])),
        people=tuple(sorted(((row.person.id, row.person.name) for row in rows if row.person), key=lambda one: one[1])),
    )


def set_given(
    user_id: UUID, *, groups: Collection[UUID], people: Collection[UUID], by: UUID, at: datetime
) -> None:  # fmt: skip
    """The account also sees everybody of `groups`, and each of `people`. Raises AccountRefused."""
    with transaction.atomic():
        user = account(user_id)
        wanted = {*(("group", one) for one in groups), *(("person", one) for one in people)}
        if len(wanted) > MOST_ADDITIONS or ("person", user_id) in wanted:
            raise AccountRefused(
                f"a person is given at most {MOST_ADDITIONS} others to see, and never itself",
                remedy="Give it a group instead.",
            )
        known = {("group", one) for one in Group.objects.filter(id__in=groups).values_list("id", flat=True)}
        known |= {("person", one) for one in User.objects.filter(id__in=people).values_list("id", flat=True)}
        if wanted - known:
            raise AccountRefused("there is no such person or group", remedy="Load the page again.")
        rows = {("group" if row.group_id else "person", row.group_id or row.person_id): row for row in user.sees.all()}
        if rows.keys() == wanted:
            return
        Addition.objects.filter(id__in=[row.id for key, row in rows.items() if key not in wanted]).delete()
        Addition.objects.bulk_create(
            Addition(id=new_id(at=at), user=user, **{f"{kind}_id": one})
            for kind, one in wanted
            if (kind, one) not in rows
        )
        leave(
            "person.sight-changed", at=at, person=str(user_id), user=str(by),
            groups=sorted(str(one) for kind, one in wanted if kind == "group"),
            people=sorted(str(one) for kind, one in wanted if kind == "person"),
        )  # fmt: skip


def decide(
    *, own_visible: bool, own_download: bool, factor_roles: Collection[Role], by: UUID, at: datetime
) -> Settings:  # fmt: skip
    """What holds for all people of the customer in scope; leaves evidence.

    Whoever needs a second factor from now on and signed in without one is signed out.
    """
    wanted = Settings(
        own_visible=own_visible,
        own_download=own_download,
        factor_roles=frozenset(role for role in factor_roles if role in ROLES),
    )
    with transaction.atomic():
        before = settings()
        if wanted == before:
            return before
        roles: list[str] = sorted(wanted.factor_roles)
        PeopleSettings.objects.update_or_create(
            id=1, defaults={"own_visible": own_visible, "own_download": own_download, "factor_roles": roles}
        )
        leave(
            "people.settings-changed", at=at, user=str(by), own_visible=own_visible, own_download=own_download,
            factor_roles=list(roles),
        )  # fmt: skip
        weak = SignIn.objects.filter(user__role__in=roles).exclude(means__in=STRONG)
        end_all(weak.exclude(user_id=by), by=by, at=at)
    return wanted
