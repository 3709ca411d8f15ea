"""Finding people: by name, address or number, page by page; fast with ten thousand of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from parley.foundation.numbers import canonical_number
from parley.people.models import OneTimeCodes, Passkey, User
from parley.people.numbers import Indexer, home_region
from parley.people.types import LEVELS, ROLES, Level, Role

MOST_PER_PAGE = 200


@dataclass(frozen=True, kw_only=True)
class PersonLine:
    """One person as lists show it; `factor` is whether it has a second factor."""

    id: UUID
    name: str
    email: str
    role: Role
    level: Level
    active: bool
    main_group: str
    last_sign_in: datetime | None
    created_at: datetime
    factor: bool


@dataclass(frozen=True, kw_only=True)
class PeoplePage:
    """One page; `after` leads to the next, None on the last. `total` counts all that match."""

    lines: tuple[PersonLine, ...]
    after: UUID | None
    total: int


def find(
    text: str = "",
    *,
    role: Role | None = None,
    group: UUID | None = None,
    active: bool | None = True,
    after: UUID | None = None,
    limit: int = 50,
) -> PeoplePage:
    """People by name, then id. `text` is part of a name or an address, or a whole match key; `after` the last one of
    the page before."""
    limit = max(1, min(limit, MOST_PER_PAGE))
    wanted = _matching(text.strip())
    if role is not None:
        wanted = wanted.filter(role=role)
    if group is not None:
        wanted = wanted.filter(groups=group)
    if active is not None:
        wanted = wanted.filter(is_active=active)
    total = wanted.count()
    last = User.objects.filter(pk=after).values_list("name", "id").first() if after else None
    if last is not None:
        wanted = wanted.filter(Q(name__gt=last[0]) | Q(name=last[0], id__gt=last[1]))
    found = list(_with_state(wanted)[: limit + 1])
    return PeoplePage(
        lines=tuple(_line(user) for user in found[:limit]),
        after=found[limit - 1].id if len(found) > limit else None,
        total=total,
    )


def names(ids: Sequence[UUID]) -> dict[UUID, str]:
    """Names of people by id."""
    return dict(User.objects.filter(id__in=set(ids)).values_list("id", "name"))


def _matching(text: str) -> QuerySet[User]:
    if not text:
        return User.objects.all()
    index = Indexer()
    keys = {canonical_number(text, region) for region in (home_region(), None)}
    keys.add(canonical_number(text.partition("@")[0], None))
    numbered = User.objects.filter(numbers__number_index__in=[index(key) for key in keys if key]).values("id")
    return User.objects.filter(Q(name__icontains=text) | Q(email__icontains=text) | Q(id__in=numbered))


def _with_state(rows: QuerySet[User]) -> QuerySet[User]:
    codes = OneTimeCodes.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)
    keys = Passkey.objects.filter(user=OuterRef("pk"))
    return (
        rows.select_related("main_group")
        .annotate(has_factor=Exists(codes) | Exists(keys))
        .order_by("name", "id")
    )  # fmt: skip


def _line(user: User) -> PersonLine:
    return PersonLine(
        id=user.id, name=user.name, email=user.email, role=next(role for role in ROLES if role == user.role),
        level=next(level for level in LEVELS if level == user.level), active=user.is_active,
        main_group=user.main_group.name if user.main_group else "", last_sign_in=user.last_login,
        created_at=user.created_at, factor=bool(getattr(user, "has_factor", False)),
    )  # fmt: skip
