"""What sub-processors hold about people: a contact of each link, and what a customer wrote as grounds."""

from parley.foundation.declarations import NotPersonal, PersonalData

_PURPOSE = "essential.legal_obligation"
_COMPANY = "describes a company and its contract, not a person"
_WHEN = "dates and states of a change between organisations"

DECLARATIONS = (
    PersonalData(
        model="subprocessors.Subprocessor", field="contact", category="user.contact.email", subject="supplier_vendor",
        purpose=_PURPOSE, retention="evidence", find_by="customer", export="value", erase="blank",
    ),
    PersonalData(
        model="subprocessors.RegisterVersion", field="entries", category="user.contact.email",
        subject="supplier_vendor", purpose=_PURPOSE, retention="evidence", find_by="customer", export="value",
        erase="blank",
    ),
    PersonalData(
        model="subprocessors.Change", field="entry", category="user.contact.email", subject="supplier_vendor",
        purpose=_PURPOSE, retention="evidence", find_by="customer", export="value", erase="blank",
    ),
    PersonalData(
        model="subprocessors.PlannedChange", field="entry", category="user.contact.email", subject="supplier_vendor",
        purpose=_PURPOSE, retention="with-customer", find_by="customer", export="value", erase="delete-row",
    ),
    PersonalData(
        model="subprocessors.PlannedChange", field=("grounds", "outcome_note"), category="user.content.private",
        subject="employee", purpose=_PURPOSE, retention="with-customer", find_by="user-id", export="value",
        erase="blank",
    ),
    PersonalData(
        model="subprocessors.PlannedChange",
        field=("received_by", "objected_by", "resolved_by", "terminated_by"), category="user.account",
        subject="employee", purpose=_PURPOSE, retention="with-customer", find_by="user-id", export="value",
        erase="blank",
    ),
    PersonalData(
        model="subprocessors.Authorisation", field="by", category="user.account", subject="employee",
        purpose=_PURPOSE, retention="with-customer", find_by="user-id", export="value", erase="blank",
    ),
    NotPersonal(
        model="subprocessors.Subprocessor",
        field=(
            "key", "name", "role", "country", "address", "privacy_url", "purposes", "offerings", "parent", "affiliate",
            "status", "starts_on", "flowdown_digest", "flowdown_signed_on", "flowdown_clauses",
        ),
        why=_COMPANY,
    ),
    NotPersonal(
        model="subprocessors.RegisterVersion", field=("number", "published_at", "note", "digest"), why=_COMPANY
    ),
    NotPersonal(
        model="subprocessors.Change",
        field=(
            "id", "kind", "key", "replaces", "register_version", "announced_at", "planned_start", "cancelled_at",
        ),
        why=_COMPANY,
    ),
    NotPersonal(
        model="subprocessors.Delivery",
        field=(
            "id", "change", "customer_id", "told_at", "agreement", "clause", "effect", "dispatched_at", "assumed_at",
            "received_at", "received_how", "objection_closes", "earliest_start", "opens_at", "objected_at",
            "resolution_closes", "outcome", "resolved_at", "terminated_at", "cancelled_at", "on_request",
        ),
        why=_WHEN,
    ),
    NotPersonal(
        model="subprocessors.PlannedChange",
        field=(
            "id", "kind", "key", "replaces", "register_version", "announced_at", "planned_start", "agreement",
            "clause", "effect", "counted_from", "on_request", "dispatched_at", "assumed_at", "received_at",
            "received_how", "objection_closes", "earliest_start", "opens_at", "objected_at", "resolution_closes",
            "outcome", "resolved_at", "terminated_at", "terminated_services", "cancelled_at",
        ),
        why=_WHEN,
    ),
    NotPersonal(
        model="subprocessors.Authorisation",
        field=("key", "basis", "clause", "since", "register_version", "ended_at"),
        why=_WHEN,
    ),
)  # fmt: skip
