"""What other packages may use of people: accounts, signing in, what somebody may see. All in the customer's scope."""

from collections.abc import Mapping

from parley.obligations.api import Handler
from parley.people import factors, importing, notices, overview, passkeys, sessions, sign_ons
from parley.people.accounts import (
    accounts,
    by_id,
    change_role,
    create_administrator,
    create_user,
    rename,
    set_active,
)
from parley.people.directory import PeoplePage, PersonLine, find, names
from parley.people.errors import (
    AccountRefused,
    FactorRefused,
    InvitationRefused,
    ListRefused,
    PeopleError,
    SearchRefused,
    SecretUnreadable,
    SignInLocked,
    SignInRefused,
    SignOnRefused,
)
from parley.people.evidence import OWN_CLAUSE
from parley.people.groups import GroupLine, add_group, groups, remove_group, rename_group, set_groups
from parley.people.holding import STORE, AccountActive
from parley.people.invitations import accept, invite, invited
from parley.people.levels import Given, decide, given, set_given, set_level
from parley.people.models import Group, User
from parley.people.numbers import give_number, home_region, match_keys, take_number
from parley.people.searches import SavedView, remove_search, save_search, saved_searches
from parley.people.sessions import clear_expired, expect_clearing
from parley.people.sign_ins import SEEN_EVERY, begin, end, end_of, seen, sign_ins
from parley.people.signing import authenticate
from parley.people.types import (
    LEVELS,
    NUMBER_KINDS,
    ROLES,
    SEES_ALL,
    STRONG,
    Level,
    MatchKey,
    Means,
    NumberKind,
    Role,
    Settings,
    SignInView,
    Viewer,
)
from parley.people.visibility import number_indexes, settings, viewer


def handlers() -> Mapping[str, Handler]:
    """What the worker does for people, by the kind of its deadline."""
    return {**sessions.handlers(), importing.INVITE: importing.invite_later}


__all__ = [
    "LEVELS",
    "NUMBER_KINDS",
    "OWN_CLAUSE",
    "ROLES",
    "SEEN_EVERY",
    "SEES_ALL",
    "STORE",
    "STRONG",
    "AccountActive",
    "AccountRefused",
    "FactorRefused",
    "Given",
    "Group",
    "GroupLine",
    "InvitationRefused",
    "Level",
    "ListRefused",
    "MatchKey",
    "Means",
    "NumberKind",
    "PeopleError",
    "PeoplePage",
    "PersonLine",
    "Role",
    "SavedView",
    "SearchRefused",
    "SecretUnreadable",
    "Settings",
    "SignInLocked",
    "SignInRefused",
    "SignInView",
    "SignOnRefused",
    "User",
    "Viewer",
    "accept",
    "accounts",
    "add_group",
    "authenticate",
    "begin",
    "by_id",
    "change_role",
    "clear_expired",
    "create_administrator",
    "create_user",
    "decide",
    "end",
    "end_of",
    "expect_clearing",
    "factors",
    "find",
    "give_number",
    "given",
    "groups",
    "handlers",
    "home_region",
    "importing",
    "invite",
    "invited",
    "match_keys",
    "names",
    "notices",
    "number_indexes",
    "overview",
    "passkeys",
    "remove_group",
    "remove_search",
    "rename",
    "rename_group",
    "save_search",
    "saved_searches",
    "seen",
    "set_active",
    "set_given",
    "set_groups",
    "set_level",
    "settings",
    "sign_ins",
    "sign_ons",
    "take_number",
    "viewer",
]
