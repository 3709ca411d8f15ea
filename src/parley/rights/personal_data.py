"""What requests of persons hold about people. Who asks and what was written is sealed to the customer."""

from parley.inventory.api import Declaration, NotPersonal, PersonalData

_PURPOSE = "essential.legal_obligation"

DECLARATIONS: tuple[Declaration, ...] = (
    PersonalData(
        model="rights.Request", field="sealed", category="user.contact", subject="customer", purpose=_PURPOSE,
        retention="rule", find_by="email", export="unsealed", erase="blank",
    ),
    PersonalData(
        model="rights.Request", field="email_index", category="user.contact.email", subject="customer",
        purpose=_PURPOSE, retention="rule", find_by="email", export="withheld", erase="blank",
    ),
    PersonalData(
        model="rights.Request", field="number_index", category="user.contact.phone_number", subject="customer",
        purpose=_PURPOSE, retention="rule", find_by="number-index", export="withheld", erase="blank",
    ),
    PersonalData(
        model="rights.Request",
        field=("kinds", "channel", "received_at", "means", "covers", "verified_at", "ground"),
        category="user.privacy_preferences", subject="customer", purpose=_PURPOSE, retention="rule", find_by="email",
        export="value", erase="blank",
    ),
    PersonalData(
        model="rights.Event", field="sealed", category="user.content", subject="customer", purpose=_PURPOSE,
        retention="rule", find_by="record", export="unsealed", erase="blank",
    ),
    PersonalData(
        model="rights.Finding", field=("store", "kind", "record_id", "at", "left_out", "outcome", "law"),
        category="user.privacy_preferences", subject="customer", purpose=_PURPOSE, retention="rule",
        find_by="record", export="withheld", erase="delete-row",
    ),
    PersonalData(
        model="rights.Code", field="digest", category="user.authorization", subject="customer",
        purpose=_PURPOSE, retention="short", find_by="record", export="withheld", erase="delete-row",
    ),
    NotPersonal(model="rights.Epoch", field=("id", "wrapped"), why="a wrapped key; it opens nothing by itself"),
    NotPersonal(
        model="rights.Request",
        field=("id", "tag", "external_id", "callback", "follow"),
        why="random identifiers, and where the asking platform hears of progress",
    ),
    NotPersonal(
        model="rights.Request",
        field=(
            "regulation", "state", "recorded_at", "epoch", "forward", "answers", "clause", "forwarded_at",
            "forwarded_how", "acknowledged_at", "strict_due", "due", "longest", "extended_at", "revision", "identity",
            "verified_by", "authorised_by", "authorised_at", "looked_at", "done", "blocked", "export_id", "ended_at",
            "removed_at",
        ),
        why="how the request was handled: terms, dates, ids of whoever handled it; nobody is told apart by it",
    ),
    NotPersonal(
        model="rights.Event", field=("id", "request", "number", "at", "who", "what", "facts", "epoch"),
        why="what was done when, by an id; counts",
    ),
    NotPersonal(
        model="rights.Pause", field=("id", "request", "began_at", "ended_at", "ground"),
        why="when the clock stood still, for which ground of law",
    ),
    NotPersonal(model="rights.Finding", field=("id", "request"), why="serial numbers and identifiers"),
    NotPersonal(
        model="rights.Code",
        field=("id", "request", "to", "made_at", "expires_at", "tries", "used_at", "read_out_by"),
        why="identifiers, times and counts of a code",
    ),
    NotPersonal(
        model="rights.Callback",
        field=("id", "request", "payload", "state", "attempts", "answer", "created_at", "sent_at"),
        why="status and dates of a request, and how telling it went",
    ),
)  # fmt: skip
