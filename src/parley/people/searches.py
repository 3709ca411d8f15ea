"""Searches that people keep: their names and what they look for are sealed, for they hold numbers and names."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from parley.foundation.ids import new_id
from parley.people import evidence
from parley.people.errors import SearchRefused
from parley.people.models import SavedSearch, User
from parley.sealing.api import FieldOpener, FieldSealer
from parley.tenancy import api as tenancy

MOST: Final = 100
"""Searches of one person; and of others' shared ones, as many are shown."""
LONGEST_NAME: Final = 64
LONGEST_QUERY: Final = 2000


@dataclass(frozen=True, kw_only=True)
class SavedView:
    """A search as `by` kept it; `name` and `query` are None where only the customer can open them, from `sealed` and
    `wrapped` (both base64)."""

    id: UUID
    by: UUID
    at: datetime
    shared: bool
    name: str | None = field(repr=False)
    query: str | None = field(repr=False)
    sealed: str = field(repr=False)
    wrapped: str = field(repr=False)


def save_search(*, name: str, query: str, shared: bool, by: UUID, at: datetime) -> UUID:
    """Keep the query of an address under a name of 1 to 64 characters. Leaves evidence without either. Raises
    SearchRefused, also for the 101st."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not 0 < len(query) <= LONGEST_QUERY:
        raise SearchRefused(
            "a saved search has a name of 1 to 64 characters and looks for something",
            remedy="Set a filter, and write a short name.",
        )
    search_id = new_id(at=at)
    content = json.dumps({"name": name, "query": query}).encode()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(id=by)
        if SavedSearch.objects.filter(user=by).count() >= MOST:
            raise SearchRefused("you keep 100 searches", remedy="Remove one that you do not need any more.")
        sealed = FieldSealer(tenancy.current().recipients).seal(content, aad=_place(search_id), now=at.timestamp())
        SavedSearch.objects.create(
            id=search_id, user_id=by, at=at, shared=shared, sealed=sealed.data, wrapped=sealed.wrapped
        )
        evidence.leave("search.saved", at=at, search=str(search_id), shared=shared, user=str(by))
    return search_id


def saved_searches(user: UUID) -> tuple[SavedView, ...]:
    """Those of `user`, then those that others share, the newest first."""
    rows = SavedSearch.objects.order_by("-at", "-id")
    shared = rows.filter(shared=True).exclude(user=user)[:MOST]
    return _views([*rows.filter(user=user), *shared])


def remove_search(search_id: UUID, *, by: UUID, at: datetime) -> None:
    """One's own; an administrator removes any that is shared. Raises SearchRefused."""
    any_shared = Q(shared=True) if User.objects.filter(id=by, role="administrator").exists() else Q(pk__in=[])
    with transaction.atomic():
        gone, _each = SavedSearch.objects.filter(Q(user=by) | any_shared, id=search_id).delete()
        if not gone:
            raise SearchRefused("this search is gone, or somebody else's", remedy="Ask whoever saved it.")
        evidence.leave("search.removed", at=at, search=str(search_id), user=str(by))


def searches_of(user: UUID) -> tuple[SavedView, ...]:
    """All that belong to a person: what an export of the account holds."""
    return _views(list(SavedSearch.objects.filter(user=user).order_by("at", "id")))


def _views(rows: list[SavedSearch]) -> tuple[SavedView, ...]:
    identities = tenancy.keyring().identities(tenancy.current()) if rows else []
    opener = FieldOpener(identities) if identities else None
    return tuple(_view(row, opener) for row in rows)


def _view(row: SavedSearch, opener: FieldOpener | None) -> SavedView:
    sealed, wrapped = bytes(row.sealed), bytes(row.wrapped)
    content: dict[str, str] = {}
    if opener is not None:
        content = json.loads(opener.open_column(sealed, wrapped=wrapped, aad=_place(row.id)))
    return SavedView(
        id=row.id, by=row.user_id, at=row.at, shared=row.shared, name=content.get("name"), query=content.get("query"),
        sealed=b64encode(sealed).decode(), wrapped=b64encode(wrapped).decode(),
    )  # fmt: skip


def _place(search_id: UUID) -> bytes:
    """What binds a sealed search to its row."""
    return b"search:" + search_id.bytes
