"""What other packages may use of people: accounts, signing in, what somebody may see. All in the customer's scope."""

from parley.people.accounts import (
    accounts,
    authenticate,
    by_id,
    change_role,
    create_administrator,
    create_user,
    set_active,
    viewer,
)
from parley.people.errors import AccountRefused, PeopleError, SignInLocked, SignInRefused
from parley.people.evidence import OWN_CLAUSE
from parley.people.holding import STORE, AccountActive
from parley.people.models import Group, User
from parley.people.sessions import clear_expired, expect_clearing, handlers
from parley.people.types import ROLES, Role, Viewer

__all__ = [
    "OWN_CLAUSE",
    "ROLES",
    "STORE",
    "AccountActive",
    "AccountRefused",
    "Group",
    "PeopleError",
    "Role",
    "SignInLocked",
    "SignInRefused",
    "User",
    "Viewer",
    "accounts",
    "authenticate",
    "by_id",
    "change_role",
    "clear_expired",
    "create_administrator",
    "create_user",
    "expect_clearing",
    "handlers",
    "set_active",
    "viewer",
]
