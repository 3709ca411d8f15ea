"""What people holds about people."""

from dataclasses import replace

from parley.foundation.declarations import NotPersonal, PersonalData
from parley.inventory.api import Counted

DECLARATIONS = (
    PersonalData(
        model="people.User", field="email", category="user.contact.email", subject="employee",
        purpose="essential.service.authentication", retention="with-account", find_by="email",
        export="value", erase="delete-row",
    ),
    PersonalData(
        model="people.User", field="name", category="user.name", subject="employee",
        purpose="essential.service", retention="with-account", find_by="user-id", export="value", erase="delete-row",
    ),
    PersonalData(
        model="people.User", field="role", category="user.job_title", subject="employee",
        purpose="essential.service.security", retention="with-account", find_by="user-id",
        export="value", erase="delete-row",
    ),
    PersonalData(
        model="people.User", field="password", category="user.authorization.password", subject="employee",
        purpose="essential.service.authentication", retention="with-account", find_by="user-id",
        export="withheld", erase="delete-row",
    ),
    PersonalData(
        model="people.User", field=("last_login", "created_at", "is_active"), category="user.account",
        subject="employee", purpose="essential.service.security", retention="with-account", find_by="user-id",
        export="value", erase="delete-row",
    ),
    PersonalData(
        model="people.UserNumber", field=("number_index", "sealed"), category="user.contact.phone_number",
        subject="employee", purpose="essential.service", retention="with-account", find_by="number-index",
        export="unsealed", erase="with-parent",
    ),
    PersonalData(
        model="people.SignInAttempts", field="subject", category="user.device.ip_address", subject="employee",
        purpose="essential.service.security", retention="short", find_by="address", export="withheld", erase="expire",
    ),
    PersonalData(
        model="people.User_groups", field=("user", "group"), category="user.account", subject="employee",
        purpose="essential.service", retention="with-account", find_by="user-id", export="value", erase="with-parent",
    ),
    NotPersonal(model="people.User", field="id", why="a random identifier says nothing without the row"),
    NotPersonal(model="people.UserNumber", field=("id", "user"), why="random identifiers"),
    NotPersonal(model="people.User_groups", field="id", why="a counter"),
    NotPersonal(model="people.Group", field=("id", "name"), why="names a team, not a person"),
    NotPersonal(
        model="people.SignInAttempts", field=("failures", "last", "locked_until"),
        why="counts for a keyed index; nobody is told apart without the key",
    ),
)  # fmt: skip

_ACCOUNT = Counted(
    model="people.User", offering="shared-services", unit="account", who="account", person="pk", starts="created_at",
    standing=True,
)  # fmt: skip
_OF_USER = replace(_ACCOUNT, record="user_id", person="user_id", starts="user__created_at")

CENSUS = (
    _ACCOUNT,
    replace(_OF_USER, model="people.UserNumber"),
    replace(_OF_USER, model="people.User_groups"),
)
