"""Who a session belongs to, as Django asks for it. Signing in itself is `accounts.authenticate`."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from parley.people.models import User


class AccountBackend:
    """Loads the account of a session from the database of the customer in scope, and only from there."""

    def authenticate(self, _request: HttpRequest | None, **_credentials: Any) -> None:
        """Never signs anybody in: a caller of Django's `authenticate` would pass by the lock-out."""

    def get_user(self, user_id: UUID | str) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
