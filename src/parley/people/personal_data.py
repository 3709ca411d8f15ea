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
        model="people.User", field=("level", "may_download", "may_delete", "main_group"), category="user.account",
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
    PersonalData(
        model="people.Addition", field=("user", "person", "group"), category="user.account", subject="employee",
        purpose="essential.service.security", retention="with-account", find_by="user-id", export="value",
        erase="with-parent",
    ),
    PersonalData(
        model="people.SavedSearch", field=("sealed", "shared", "at", "user"), category="user.behavior",
        subject="employee",
        purpose="essential.service", retention="with-account", find_by="user-id", export="unsealed",
        erase="with-parent",
    ),
    NotPersonal(
        model="people.SavedSearch", field=("id", "wrapped"),
        why="an identifier, a wrapped key that opens nothing alone",
    ),
    PersonalData(
        model="people.NoticeChoice", field=("user", "calls", "told_at"), category="user.account", subject="employee",
        purpose="essential.service", retention="with-account", find_by="user-id", export="value", erase="with-parent",
    ),
    PersonalData(
        model="people.DueNotice", field=("user", "recording", "at", "letter"), category="user.behavior",
        subject="employee", purpose="essential.service", retention="short", find_by="user-id", export="value",
        erase="with-parent",
    ),
    NotPersonal(model="people.DueNotice", field="id", why="a counter"),
    PersonalData(
        model="people.UserImport", field="sealed", category="user.contact", subject="employee",
        purpose="essential.service", retention="short", find_by="customer", export="withheld", erase="expire",
    ),
    PersonalData(
        model="people.UserImport", field="made_by", category="user.account", subject="employee",
        purpose="essential.service.security", retention="short", find_by="customer", export="withheld", erase="expire",
    ),
    PersonalData(
        model="people.SignIn", field=("user", "started_at", "seen_at", "means"), category="user.behavior",
        subject="employee", purpose="essential.service.security", retention="session", find_by="user-id",
        export="value", erase="delete-row",
    ),
    PersonalData(
        model="people.SignIn", field="place", category="user.device.ip_address", subject="employee",
        purpose="essential.service.security", retention="session", find_by="user-id", export="value",
        erase="delete-row",
    ),
    PersonalData(
        model="people.SignIn", field="browser", category="user.device", subject="employee",
        purpose="essential.service.security", retention="session", find_by="user-id", export="value",
        erase="delete-row",
    ),
    PersonalData(
        model="people.OneTimeCodes", field=("user", "sealed", "made_at", "confirmed_at", "last_step"),
        category="user.authorization.credentials", subject="employee", purpose="essential.service.authentication",
        retention="with-account", find_by="user-id", export="withheld", erase="delete-row",
    ),
    PersonalData(
        model="people.RecoveryCode", field=("user", "digest"), category="user.authorization.credentials",
        subject="employee", purpose="essential.service.authentication", retention="with-account", find_by="user-id",
        export="withheld", erase="delete-row",
    ),
    PersonalData(
        model="people.Passkey", field=("user", "name", "rp_id", "made_at", "used_at"), category="user.device",
        subject="employee", purpose="essential.service.authentication", retention="with-account", find_by="user-id",
        export="value", erase="delete-row",
    ),
    PersonalData(
        model="people.Passkey", field=("credential_id", "public_key", "sign_count"),
        category="user.authorization.credentials", subject="employee", purpose="essential.service.authentication",
        retention="with-account", find_by="user-id", export="withheld", erase="delete-row",
    ),
    PersonalData(
        model="people.ExternalIdentity", field=("user", "subject_index", "linked_at", "sign_on"),
        category="user.unique_id", subject="employee", purpose="essential.service.authentication",
        retention="with-account", find_by="user-id", export="withheld", erase="delete-row",
    ),
    NotPersonal(model="people.ExternalIdentity", field="id", why="a counter"),
    NotPersonal(
        model="people.SignOn",
        field=("id", "name", "issuer", "client_id", "secret", "claim", "domains", "create_missing", "made_at"),
        why="says where an organisation's people sign in, not who they are",
    ),
    NotPersonal(model="people.User", field="id", why="a random identifier says nothing without the row"),
    NotPersonal(
        model="people.UserNumber", field=("id", "user", "kind"), why="random identifiers, and what kind of key it is"
    ),
    NotPersonal(model="people.Addition", field="id", why="a random identifier"),
    NotPersonal(model="people.UserImport", field=("id", "made_at"), why="a random identifier and a time"),
    NotPersonal(
        model="people.SignIn", field=("id", "session"), why="random identifiers; whose session it is stands beside them"
    ),
    NotPersonal(model="people.RecoveryCode", field="id", why="a counter"),
    NotPersonal(model="people.Passkey", field="id", why="a random identifier"),
    NotPersonal(
        model="people.PeopleSettings", field=("id", "own_visible", "own_download", "factor_roles", "notice_letters"),
        why="what the customer decided for everybody",
    ),
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
    replace(_OF_USER, model="people.Addition"),
    replace(_OF_USER, model="people.SignIn"),
    replace(_OF_USER, model="people.OneTimeCodes"),
    replace(_OF_USER, model="people.RecoveryCode"),
    replace(_OF_USER, model="people.Passkey"),
    replace(_OF_USER, model="people.ExternalIdentity"),
    replace(_OF_USER, model="people.NoticeChoice"),
    replace(_OF_USER, model="people.DueNotice"),
)
