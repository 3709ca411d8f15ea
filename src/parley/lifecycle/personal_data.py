"""What lifecycle holds about people: whom letters about the end go to, and who said what."""

from parley.foundation.declarations import NotPersonal, PersonalData

_LEGAL = {"purpose": "essential.legal_obligation", "find_by": "customer", "export": "value", "erase": "blank"}
_FACTS = "identifiers, times, counts and hashes"

DECLARATIONS = (
    PersonalData(
        model="lifecycle.Departure",
        field=("addresses", "intake"),
        category="user.contact.email",
        subject="employee",
        retention="work",
        **_LEGAL,
    ),
    PersonalData(
        model="lifecycle.Departure",
        field="confirmed_by",
        category="user.account",
        subject="employee",
        retention="evidence",
        **_LEGAL,
    ),
    PersonalData(
        model="lifecycle.Return",
        field="asked_by",
        category="user.account",
        subject="employee",
        retention="evidence",
        **_LEGAL,
    ),
    NotPersonal(model="lifecycle.Departure", field=("handle", "name"), why="describes an organisation under contract"),
    NotPersonal(
        model="lifecycle.Departure",
        field=(
            "id",
            "customer_id",
            "ending_id",
            "custody",
            "agreement",
            "zone",
            "ends_at",
            "choice",
            "terms",
            "state",
            "opened_at",
            "confirmed_at",
            "cancelled_at",
            "token_hash",
            "head",
            "counts",
        ),
        why="the terms of an end, identifiers, times, counts and hashes",
    ),
    NotPersonal(
        model="lifecycle.Code",
        field=("id", "departure", "digest", "made_at", "expires_at", "tries", "used_at"),
        why="a keyed hash, identifiers, times and counts",
    ),
    NotPersonal(
        model="lifecycle.Step",
        field=("id", "departure", "step", "began_at", "done_at", "facts", "evidence_id"),
        why=_FACTS,
    ),
    NotPersonal(
        model="lifecycle.Statement",
        field=("id", "departure", "number", "made_at", "document", "sha256", "evidence_id"),
        why=_FACTS,
    ),
    NotPersonal(
        model="lifecycle.Return",
        field=(
            "id",
            "departure",
            "state",
            "channel",
            "asked_at",
            "formats",
            "made_at",
            "expires_at",
            "ended_at",
            "records",
            "files",
            "size",
            "sha256",
            "fetched",
            "error",
        ),
        why=_FACTS,
    ),
    NotPersonal(
        model="lifecycle.Isolated",
        field=("id", "departure", "law", "records", "size", "sha256", "until", "made_at", "destroyed_at"),
        why="how much is kept under which law; the records are in a sealed package",
    ),
    NotPersonal(
        model="lifecycle.Certificate",
        field=(
            "departure",
            "made_at",
            "document",
            "sha256",
            "pdf",
            "pdf_sha256",
            "evidence_id",
            "proof",
            "handed_over_at",
        ),
        why="names an organisation, what was destroyed and when: nobody",
    ),
)
