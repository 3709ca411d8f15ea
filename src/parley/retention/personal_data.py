"""What retention holds about people: whom a hold concerns, who placed it and why; ids of records say nothing alone."""

from parley.foundation.declarations import Declaration, NotPersonal, PersonalData

_PURPOSE = "essential.legal_obligation"

DECLARATIONS: tuple[Declaration, ...] = (
    PersonalData(
        model="retention.Hold", field=("title", "ground", "law", "lifted_because"), category="user.content.private",
        subject="customer", purpose=_PURPOSE, retention="with-customer", find_by="customer", export="value",
        erase="blank",
    ),
    PersonalData(
        model="retention.Hold", field="subject", category="user.contact", subject="call_party", purpose=_PURPOSE,
        retention="with-customer", find_by="customer", export="unsealed", erase="blank",
    ),
    PersonalData(
        model="retention.Hold", field=("owner", "placed_by", "lifted_by"), category="user.account",
        subject="employee", purpose=_PURPOSE, retention="evidence", find_by="customer", export="value", erase="blank",
    ),
    PersonalData(
        model="retention.HeldLook", field="person", category="user.account", subject="employee", purpose=_PURPOSE,
        retention="evidence", find_by="customer", export="value", erase="delete-row",
    ),
    PersonalData(
        model="retention.HeldLook", field="reason", category="user.content.private", subject="customer",
        purpose=_PURPOSE, retention="with-customer", find_by="customer", export="unsealed", erase="delete-row",
    ),
    PersonalData(
        model="retention.KindRule", field="set_by", category="user.account", subject="employee", purpose=_PURPOSE,
        retention="evidence", find_by="customer", export="value", erase="blank",
    ),
    PersonalData(
        model="retention.LawInForce", field=("declared_by", "withdrawn_by"), category="user.account",
        subject="employee", purpose=_PURPOSE, retention="evidence", find_by="customer", export="value", erase="blank",
    ),
    PersonalData(
        model="retention.Restriction", field=("ground", "by"), category="user.content.private", subject="customer",
        purpose=_PURPOSE, retention="with-customer", find_by="customer", export="value", erase="delete-row",
    ),
    PersonalData(
        model="retention.DeletionRequest", field="why", category="user.content.private", subject="customer",
        purpose=_PURPOSE, retention="with-customer", find_by="customer", export="unsealed", erase="blank",
    ),
    PersonalData(
        model="retention.DeletionRequest", field=("by", "decided_by"), category="user.account", subject="employee",
        purpose=_PURPOSE, retention="evidence", find_by="customer", export="value", erase="blank",
    ),
    PersonalData(
        model="retention.DeletionRule", field="by", category="user.account", subject="employee", purpose=_PURPOSE,
        retention="evidence", find_by="customer", export="value", erase="blank",
    ),
    NotPersonal(
        model="retention.DeletionRequest",
        field=("id", "key", "store", "records", "epoch", "at", "expires_at", "state", "decided_at"),
        why="random ids of records, and what became of the request",
    ),
    NotPersonal(
        model="retention.DeletionRule", field=("id", "store", "second", "days", "at", "evidence_id"),
        why="a rule of the organisation",
    ),
    NotPersonal(
        model="retention.Hold",
        field=(
            "id", "binds", "scope", "store", "kind", "since", "until", "epoch", "review_at", "placed_at", "clause",
            "lifted_at", "evidence_id",
        ),
        why="which kind of records rests since when; whom it concerns stands in the other fields",
    ),
    NotPersonal(
        model="retention.SealingEpoch", field=("id", "wrapped"), why="a wrapped key; it opens nothing by itself",
    ),
    NotPersonal(
        model="retention.HeldRecord", field=("id", "hold", "store", "kind", "record", "at"),
        why="ids of records that rest; the records themselves say about whom they are",
    ),
    NotPersonal(
        model="retention.HeldLook", field=("id", "store", "record", "at", "until", "hold", "epoch", "evidence_id"),
        why="that a held record was used, and when",
    ),
    NotPersonal(
        model="retention.KindRule", field=("id", "store", "kind", "keep", "set_at", "clause", "evidence_id"),
        why="how long a kind of record is kept",
    ),
    NotPersonal(
        model="retention.LawInForce",
        field=("id", "law", "extended", "declared_at", "withdrawn_at", "evidence_id"), why="which law binds",
    ),
    NotPersonal(
        model="retention.Restriction", field=("id", "store", "kind", "record", "record_at", "reference", "at"),
        why="ids and instants; the records themselves say about whom they are",
    ),
    PersonalData(
        model="retention.Noted", field="closed", category="user.content.private", subject="customer",
        purpose=_PURPOSE, retention="with-customer", find_by="customer", export="withheld", erase="expire",
    ),
    NotPersonal(
        model="retention.Noted", field=("id", "customer_id", "what", "subject", "at", "gone"),
        why="random ids of holds and restrictions, and when they changed",
    ),
    NotPersonal(
        model="retention.Tombstone", field=("id", "customer_id", "store", "record", "cause", "at", "sure"),
        why="random ids of records that are gone, and when",
    ),
)  # fmt: skip
