"""What incidents hold about people: whom letters go to, contact points, and words that may name somebody."""

from parley.foundation.declarations import NotPersonal, PersonalData

_WORDS = {
    "category": "user.content.private", "purpose": "essential.legal_obligation", "retention": "with-customer",
    "find_by": "customer", "export": "value", "erase": "blank",
}  # fmt: skip
_CONTACT = {**_WORDS, "category": "user.contact.email", "subject": "employee"}

DECLARATIONS = (
    PersonalData(
        model="incidents.Letter", field=("address", "name"), category="user.contact.email", subject="customer",
        purpose="essential.legal_obligation", retention="with-customer", find_by="email", export="value",
        erase="delete-row",
    ),
    PersonalData(model="incidents.Letter", field=("subject", "text"), subject="customer", **_WORDS),
    PersonalData(
        model="incidents.Notice", field=("facts", "subject", "text", "html", "told_how"), subject="employee", **_WORDS,
    ),
    PersonalData(
        model="incidents.Notice", field=("acknowledged_by", "acknowledged_at"), category="user.account",
        subject="employee", purpose="essential.legal_obligation", retention="evidence", find_by="user-id",
        export="value", erase="blank",
    ),
    PersonalData(model="incidents.Affected", field="title", subject="employee", **_WORDS),
    PersonalData(
        model="incidents.Affected", field=("contact_name", "contact_email", "contact_phone"), **_CONTACT,
    ),
    PersonalData(
        model="incidents.Declaration", field=("contact_name", "contact_email", "contact_phone"), **_CONTACT,
    ),
    PersonalData(model="incidents.Declaration", field=("title", "reason", "criteria"), subject="employee", **_WORDS),
    PersonalData(
        model="incidents.Declaration", field="declared_by", category="user.account", subject="employee",
        purpose="essential.legal_obligation", retention="evidence", find_by="user-id", export="value", erase="blank",
    ),
    PersonalData(
        model="incidents.Phase", field=("nature", "consequences", "measures", "unknown", "news"), subject="employee",
        **_WORDS,
    ),
    PersonalData(
        model="incidents.Phase", field="by", category="user.account", subject="employee",
        purpose="essential.legal_obligation", retention="evidence", find_by="user-id", export="value", erase="blank",
    ),
    PersonalData(
        model="incidents.Letter", field=("drafted_by", "ordered_by"), category="user.account", subject="employee",
        purpose="essential.legal_obligation", retention="evidence", find_by="user-id", export="value", erase="blank",
    ),
    NotPersonal(
        model="incidents.Letter", field=("id", "affected", "drafted_at", "ordered_at", "message"),
        why="identifiers and times",
    ),
    NotPersonal(
        model="incidents.Notice",
        field=("id", "affected", "number", "kind", "written_at", "message", "problem", "dispatched_at", "assumed_at"),
        why="identifiers, times, and a word of ours for what kept it from being sent",
    ),
    NotPersonal(
        model="incidents.Affected",
        field=(
            "id", "kind", "known_at", "declared_at", "clause", "agreement", "within", "promised", "due", "persons",
            "records", "counts", "since", "until", "closed_at",
        ),
        why="counts, times and the clause: they tell how many are concerned, never who",
    ),
    NotPersonal(
        model="incidents.Declaration", field=("id", "kind", "known_at", "declared_at", "notified", "closed_at"),
        why="an identifier, times, a kind of breach",
    ),
    NotPersonal(
        model="incidents.Phase", field=("id", "declaration", "number", "kind", "at", "finished_at"),
        why="identifiers and times",
    ),
    NotPersonal(
        model="incidents.Considered",
        field=(
            "id", "declaration", "customer_id", "handle", "name", "affected", "why", "agreement", "clause", "promised",
            "persons", "records", "due", "first_sent_at", "last_sent_at", "told_phase", "written_phase",
            "acknowledged_at", "assumed_at", "problem", "next_due", "next_title", "letters",
        ),
        why="a customer, which is an organisation, with counts and times",
    ),
)  # fmt: skip
