"""What exports hold about people: copies of records, and who is in them."""

from parley.inventory.api import Declaration, NotPersonal, PersonalData

_PURPOSE = "essential.legal_obligation"

DECLARATIONS: tuple[Declaration, ...] = (
    PersonalData(
        model="exports.Export", field="subject", category="user.contact", subject="call_party", purpose=_PURPOSE,
        retention="short", find_by="number-index", export="withheld", erase="delete-row",
    ),
    PersonalData(
        model="exports.Export", field="title", category="user.content", subject="call_party", purpose=_PURPOSE,
        retention="short", find_by="number-index", export="value", erase="delete-row",
    ),
    PersonalData(
        model="exports.Export", field="asked_by", category="user.account", subject="employee", purpose=_PURPOSE,
        retention="short", find_by="customer", export="value", erase="delete-row",
    ),
    PersonalData(
        model="exports.Export", field=("link_salt", "link_hash"), category="user.authorization",
        subject="call_party", purpose=_PURPOSE, retention="short", find_by="record", export="withheld",
        erase="delete-row",
    ),
    PersonalData(
        model="exports.ExportedPerson", field="value", category="user.contact", subject="call_party",
        purpose=_PURPOSE, retention="short", find_by="number-index", export="withheld", erase="with-parent",
    ),
    PersonalData(
        model="exports.ExportedRecord", field=("store", "record"), category="user.behavior", subject="call_party",
        purpose=_PURPOSE, retention="short", find_by="record", export="withheld", erase="with-parent",
    ),
    NotPersonal(
        model="exports.Export",
        field=(
            "id", "key", "reason", "state", "formats", "redact_others", "listed", "since", "until", "clause",
            "asked_at", "records", "files", "tables", "by_store", "size", "sha256", "sealed_size", "sealed_sha256",
            "made_at", "expires_at", "ended_at", "error", "evidence_id",
        ),
        why="what kind of package it is, dates, counts, sizes and hashes",
    ),
    NotPersonal(model="exports.ExportedPerson", field=("id", "export"), why="a serial number and an identifier"),
    NotPersonal(
        model="exports.ExportedRecord", field=("id", "export", "written"), why="a serial number, an identifier, a mark",
    ),
)  # fmt: skip
