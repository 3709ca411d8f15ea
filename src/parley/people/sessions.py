"""Who a session belongs to, as Django asks for it, and the clearing of expired ones.

Signing in itself is `accounts.authenticate`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from parley.obligations.api import Handler, Work, enqueue
from parley.people.models import User

CLEAR: Final = "people.clear-sessions"


def expect_clearing(*, at: datetime) -> None:
    """A session of the customer in scope was saved at `at`: a job of the midnight after its end clears it.

    One job a day, however many sessions: called for each.
    """
    ends = at.astimezone(UTC) + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    due = datetime.combine(ends.date() + timedelta(days=1), time(), UTC)
    enqueue(kind=CLEAR, key=f"{CLEAR}:{due:%Y-%m-%d}", due=due, payload={})


def clear_expired(*, at: datetime) -> int:
    """Delete the sessions of the customer in scope that ended before `at`; how many."""
    return Session.objects.filter(expire_date__lt=at).delete()[0]


def handlers() -> Mapping[str, Handler]:
    """What the worker does for people, by the kind of its deadline."""
    return {CLEAR: _clear}


def _clear(work: Work) -> None:
    clear_expired(at=max(work.due, datetime.now(UTC)))


class AccountBackend:
    """Loads the account of a session from the database of the customer in scope, and only from there."""

    def authenticate(self, _request: HttpRequest | None, **_credentials: Any) -> None:
        """Never signs anybody in: a caller of Django's `authenticate` would pass by the lock-out."""

    def get_user(self, user_id: UUID | str) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
