"""Who may see what, and why: each account with its level, its groups, what it was given, and how it signs in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from parley.people.models import Addition, Group, OneTimeCodes, Passkey, User
from parley.people.types import LEVELS, ROLES, SEES_ALL, Level, Role
from parley.people.visibility import settings

UNUSED_AFTER: Final = timedelta(days=90)
_BATCH: Final = 500


@dataclass(frozen=True, kw_only=True)
class AccessLine:
    """One account. `groups` are those whose calls it sees by its level, `given_groups` and `given_people` those it was
    given besides; `own` whether it sees the calls that it took part in."""

    id: UUID
    name: str
    email: str
    role: Role
    level: Level
    active: bool
    own: bool
    groups: tuple[str, ...]
    given_groups: tuple[str, ...]
    given_people: tuple[str, ...]
    may_download: bool
    may_delete: bool
    last_sign_in: datetime | None
    unused: bool
    factor: bool


def access(*, at: datetime, group: UUID | None = None, after: UUID | None = None, limit: int = 50) -> list[AccessLine]:
    """Open accounts by name, those of `group` where one is given, after the account `after`; at most `limit`."""
    rows = _rows().filter(groups=group) if group else _rows()
    last = User.objects.filter(pk=after).values_list("name", "id").first() if after else None
    if last is not None:
        rows = rows.filter(Q(name__gt=last[0]) | Q(name=last[0], id__gt=last[1]))
    return _lines(rows[:limit], at=at)


def everybody(*, at: datetime) -> Iterator[AccessLine]:
    """All open accounts, a batch at a time."""
    last: UUID | None = None
    while batch := access(at=at, after=last, limit=_BATCH):
        yield from batch
        last = batch[-1].id


def who_sees(group: UUID, *, at: datetime) -> Sequence[AccessLine]:
    """Who sees the calls of a group's people: by its level as one of them, because it was given the group, or because
    it sees all."""
    wanted = Q(level="complete") | Q(level="group", groups=group) | Q(sees__group=group)
    return _lines(_rows().filter(id__in=User.objects.filter(wanted).values("id"))[:_BATCH], at=at)


def _rows() -> QuerySet[User]:
    codes = OneTimeCodes.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)
    keys = Passkey.objects.filter(user=OuterRef("pk"))
    return (
        User.objects.filter(is_active=True)
        .annotate(has_factor=Exists(codes) | Exists(keys))
        .prefetch_related(
            Prefetch("groups", Group.objects.order_by("name")),
            Prefetch("sees", Addition.objects.select_related("group", "person").order_by("id")),
        )
        .order_by("name", "id")
    )


def _lines(rows: QuerySet[User], *, at: datetime) -> list[AccessLine]:
    decided = settings()
    return [
        AccessLine(
            id=user.id, name=user.name, email=user.email, role=next(role for role in ROLES if role == user.role),
            level=next(level for level in LEVELS if level == user.level), active=user.is_active,
            own=user.level != "own" or decided.own_visible,
            groups=tuple(group.name for group in user.groups.all()) if user.level == "group" else (),
            given_groups=tuple(one.group.name for one in user.sees.all() if one.group),
            given_people=tuple(one.person.name for one in user.sees.all() if one.person),
            may_download=user.may_download or user.level != "own" or decided.own_download,
            may_delete=user.may_delete or user.role in SEES_ALL, last_sign_in=user.last_login,
            unused=at - (user.last_login or user.created_at) > UNUSED_AFTER,
            factor=bool(getattr(user, "has_factor", False)),
        )
        for user in rows
    ]  # fmt: skip
