"""What access holds about people: who of the staff asked to look, why, and who has which role."""

from parley.foundation.declarations import NotPersonal, PersonalData

_SECURITY = "essential.service.security"

DECLARATIONS = (
    PersonalData(
        model="access.StaffAccess", field="staff_name", category="user.name", subject="employee", purpose=_SECURITY,
        retention="with-customer", find_by="user-id", export="value", erase="blank",
    ),
    PersonalData(
        model="access.StaffAccess", field="reason", category="user.content", subject="customer", purpose=_SECURITY,
        retention="with-customer", find_by="customer", export="value", erase="blank",
    ),
    PersonalData(
        model="access.StaffAccess", field=("staff_id", "decided_by"), category="user.account", subject="employee",
        purpose=_SECURITY, retention="with-customer", find_by="user-id", export="value", erase="blank",
    ),
    PersonalData(
        model="access.AccessDocket", field="staff_id", category="user.account", subject="employee", purpose=_SECURITY,
        retention="with-account", find_by="user-id", export="value", erase="delete-row",
    ),
    PersonalData(
        model="access.Review", field="held_by", category="user.account", subject="employee", purpose=_SECURITY,
        retention="with-customer", find_by="user-id", export="value", erase="blank",
    ),
    PersonalData(
        model="access.ReviewLine", field=("user_id", "role", "new_role"), category="user.job_title",
        subject="employee", purpose=_SECURITY, retention="with-customer", find_by="user-id", export="value",
        erase="delete-row",
    ),
    PersonalData(
        model="access.ReviewLine", field=("active", "last_sign_in", "decision"), category="user.account",
        subject="employee", purpose=_SECURITY, retention="with-customer", find_by="user-id", export="value",
        erase="delete-row",
    ),
    PersonalData(
        model="access.KeyEvent", field="by", category="user.account", subject="employee", purpose=_SECURITY,
        retention="with-customer", find_by="user-id", export="value", erase="blank",
    ),
    PersonalData(
        model="access.KeyEvent", field="note", category="user.content", subject="employee", purpose=_SECURITY,
        retention="with-customer", find_by="customer", export="value", erase="blank",
    ),
    PersonalData(
        model="access.Handler", field="recorded_by", category="user.account", subject="employee", purpose=_SECURITY,
        retention="with-account", find_by="user-id", export="value", erase="blank",
    ),
    NotPersonal(
        model="access.StaffAccess", field=("id", "offering", "case", "minutes", "consent_needed", "clause", "state"),
        why="what was asked for and how it stands; the case's number names no person",
    ),
    NotPersonal(
        model="access.StaffAccess",
        field=("asked_at", "decided_at", "starts", "ends", "ended_at", "ended_by", "looks", "last_look"),
        why="when it ran; who it was stands in other fields",
    ),
    NotPersonal(
        model="access.AccessDocket",
        field=("id", "customer_id", "offering", "case", "state", "asked_at", "ends"),
        why="which organisation was asked for which offering, and how it stands",
    ),
    NotPersonal(model="access.Review", field=("id", "whose", "held_at", "next_due"), why="when a review was held"),
    NotPersonal(model="access.ReviewLine", field=("id", "review"), why="a counter and the review it belongs to"),
    NotPersonal(
        model="access.KeyEvent",
        field=("id", "what", "at", "party", "before", "after", "concerned", "consequence"),
        why="public keys of an organisation and what happened to them",
    ),
    NotPersonal(
        model="access.Challenge", field=("id", "recipient", "sealed", "digest", "made_at", "answered_at"),
        why="a random word for a drill, and its hash",
    ),
    NotPersonal(
        model="access.Handler", field=("id", "kind", "name", "country", "does", "bound_by", "since", "until"),
        why="roles, companies and media; a person is never entered by name",
    ),
    NotPersonal(model="access.Handler", field="recorded_at", why="when an entry was made"),
)  # fmt: skip
