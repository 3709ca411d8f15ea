"""What other packages may use of people: accounts, signing in, what somebody may see. All in the customer's scope."""

from parley.people.accounts import authenticate, by_id, create_administrator, create_user, viewer
from parley.people.errors import AccountRefused, PeopleError, SignInLocked, SignInRefused
from parley.people.models import Group, User
from parley.people.types import ROLES, Role, Viewer

__all__ = [
    "ROLES",
    "AccountRefused",
    "Group",
    "PeopleError",
    "Role",
    "SignInLocked",
    "SignInRefused",
    "User",
    "Viewer",
    "authenticate",
    "by_id",
    "create_administrator",
    "create_user",
    "viewer",
]
