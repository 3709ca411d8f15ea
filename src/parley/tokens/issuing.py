"""Tokens: made and shown once, recognised by their hash, revoked."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, cast
from uuid import UUID

from django.db import transaction

from parley.foundation.ids import new_id
from parley.people import api as people
from parley.tokens.errors import NoSuchToken, TokenRefused
from parley.tokens.evidence import leave
from parley.tokens.models import Token
from parley.tokens.types import SCOPES, Bearer, MadeToken, Scope, TokenView

PREFIX: Final = "parley_"
LONGEST: Final = timedelta(days=366)
_MOST_OPEN: Final = 100
_LONGEST_NAME: Final = 100
_TEXT: Final = len(PREFIX) + 43


def make(
    *,
    name: str,
    scopes: Sequence[str],
    groups: Sequence[UUID] | None = None,
    expires_at: datetime,
    by: UUID,
    at: datetime,
) -> MadeToken:
    """A new token of the account `by` in the customer's scope; leaves evidence. Raises TokenRefused.

    It sees what that account sees, and of that only the calls of `groups` where they are given; it ends with the
    account, when it is revoked, and at `expires_at`, a year from now at the latest.
    """
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise TokenRefused("a token needs a name", remedy=f"Give one of at most {_LONGEST_NAME} characters.")
    chosen = [scope for scope in SCOPES if scope in scopes]
    if not chosen or set(scopes) - SCOPES.keys():
        raise TokenRefused("a token includes one scope at least", remedy=f"Known: {', '.join(SCOPES)}.")
    if not at < expires_at <= at + LONGEST:
        raise TokenRefused("a token ends within a year", remedy="Give an earlier day, later than today.")
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        if Token.objects.filter(revoked_at__isnull=True, expires_at__gt=at).count() >= _MOST_OPEN:
            raise TokenRefused(f"there are {_MOST_OPEN} tokens", remedy="Revoke those that nobody needs.")
        row = Token.objects.create(
            id=new_id(at=datetime.now(UTC)), digest=_digest(text), hint=text[-4:], name=name, scopes=chosen,
            groups=None if groups is None else list(groups), made_by=by, made_at=at, expires_at=expires_at,
        )  # fmt: skip
        leave("token.made", at=at, token=str(row.id), user=str(by), scopes=[*chosen], until=expires_at.isoformat())
    return MadeToken(id=row.id, text=text)


def revoke(token_id: UUID, *, by: UUID, at: datetime) -> None:
    """The token opens nothing from now on; leaves evidence. Raises NoSuchToken."""
    with transaction.atomic():
        row = Token.objects.select_for_update().filter(id=token_id).first()
        if row is None:
            raise NoSuchToken("there is no such token", remedy="Look into the list of tokens.")
        if row.revoked_at is None:
            row.revoked_at, row.revoked_by = at, by
            row.save(update_fields=["revoked_at", "revoked_by"])
            leave("token.revoked", at=at, token=str(row.id), user=str(by))


def tokens() -> list[TokenView]:
    """All tokens of the customer in scope, the newest first; those that are over too."""
    return [_view(row) for row in Token.objects.order_by("-made_at", "-id")]


def bearer(text: str, *, at: datetime) -> Bearer | None:
    """Who comes with `text`: None when it is no token, or one that is over, or its maker's account is."""
    if not text.startswith(PREFIX) or len(text) != _TEXT:
        return None
    row = Token.objects.filter(digest=_digest(text), revoked_at__isnull=True, expires_at__gt=at).first()
    person = people.by_id(row.made_by) if row else None
    if row is None or person is None:
        return None
    if row.last_used != at.date():
        Token.objects.filter(id=row.id).update(last_used=at.date())
    viewer = people.viewer(person)
    return Bearer(
        token_id=row.id,
        person=person,
        viewer=viewer if row.groups is None else _narrowed(viewer, row.groups),
        scopes=frozenset(scope for scope in SCOPES if scope in row.scopes),
    )


def _narrowed(viewer: people.Viewer, groups: Sequence[UUID]) -> people.Viewer:
    """The calls of some groups alone, as far as `viewer` sees them; nothing of duties, settings and the log."""
    indexes = people.number_indexes(groups=groups)
    if viewer.number_indexes is not None:
        indexes &= viewer.number_indexes
    return replace(viewer, role="supervisor", level="group", number_indexes=indexes)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _view(row: Token) -> TokenView:
    return TokenView(
        id=row.id,
        name=row.name,
        hint=row.hint,
        scopes=tuple(cast(list[Scope], row.scopes)),
        groups=None if row.groups is None else tuple(row.groups),
        made_by=row.made_by,
        made_at=row.made_at,
        expires_at=row.expires_at,
        last_used=row.last_used,
        revoked_at=row.revoked_at,
    )
