"""What assistance holds about people: what they write in complaints, and texts that may name somebody."""

from parley.foundation.declarations import NotPersonal, PersonalData

_LEGAL = "essential.legal_obligation"

DECLARATIONS = (
    PersonalData(
        model="assistance.Assessment", field=("title", "answers", "measures", "consultation"),
        category="user.content", subject="employee", purpose=_LEGAL, retention="with-customer", find_by="customer",
        export="value", erase="blank",
    ),
    PersonalData(
        model="assistance.Assessment", field="finished_by", category="user.account", subject="employee",
        purpose=_LEGAL, retention="with-customer", find_by="user-id", export="value", erase="blank",
    ),
    PersonalData(
        model="assistance.Disclosure", field=("asker_name", "ground", "scope", "manifest", "refused_because"),
        category="user.content", subject="customer", purpose="third_party_sharing.legal_obligation",
        retention="with-customer", find_by="customer", export="value", erase="blank",
    ),
    PersonalData(
        model="assistance.Disclosure", field="received_by", category="user.account", subject="employee",
        purpose=_LEGAL, retention="with-account", find_by="user-id", export="value", erase="blank",
    ),
    PersonalData(
        model="assistance.Complaint", field="contact", category="user.contact", subject="customer", purpose=_LEGAL,
        retention="with-customer", find_by="customer", export="value", erase="blank",
    ),
    PersonalData(
        model="assistance.Complaint", field=("about", "answer", "outcome"), category="user.content",
        subject="customer", purpose=_LEGAL, retention="with-customer", find_by="customer", export="value",
        erase="blank",
    ),
    PersonalData(
        model="assistance.Finding", field=("what", "authority"), category="user.content", subject="customer",
        purpose=_LEGAL, retention="with-customer", find_by="customer", export="value", erase="blank",
    ),
    PersonalData(
        model="assistance.Finding", field="found_by", category="user.account", subject="employee", purpose=_LEGAL,
        retention="with-customer", find_by="user-id", export="value", erase="blank",
    ),
    NotPersonal(
        model="assistance.Assessment",
        field=("id", "state", "clause", "fingerprint", "signs", "opened_at", "told_at", "residual", "finished_at"),
        why="criteria, offerings and categories; nobody is named",
    ),
    NotPersonal(
        model="assistance.Disclosure",
        field=("id", "customer_id", "asker", "clause", "received_at", "intended_at", "silence", "silent_until"),
        why="which organisation, by which law, when",
    ),
    NotPersonal(
        model="assistance.Disclosure", field=("told_at", "disclosed_at", "refused_at"), why="when each step was done"
    ),
    NotPersonal(
        model="assistance.Complaint",
        field=("id", "source", "clause", "received_at", "forward_due", "forwarded_at", "answered_at", "closed_at"),
        why="how the complaint was dealt with and when",
    ),
    NotPersonal(
        model="assistance.Finding",
        field=("id", "law", "clause", "found_at", "informed_at", "obliged_by", "authority_at", "corrected_at"),
        why="a law that an organisation was found to break, and when each step was done",
    ),
    NotPersonal(
        model="assistance.AssistanceDocket", field=("id", "customer_id", "kind", "state", "opened_at"),
        why="which organisation has which record in which state",
    ),
)  # fmt: skip
