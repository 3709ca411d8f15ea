"""What audits hold about people: who asked, who audits, what was written about persons in reasons and findings."""

from parley.foundation.declarations import NotPersonal, PersonalData

DECLARATIONS = (
    PersonalData(
        model="audits.AuditRequest", field=("reason", "scope", "answer", "report"), category="user.content.private",
        subject="employee", purpose="essential.legal_obligation", retention="with-customer", find_by="customer",
        export="value", erase="blank",
    ),
    PersonalData(
        model="audits.AuditRequest", field="auditor", category="user.name", subject="employee",
        purpose="essential.legal_obligation", retention="with-customer", find_by="customer", export="value",
        erase="blank",
    ),
    PersonalData(
        model="audits.AuditRequest", field="asked_by", category="user.account", subject="employee",
        purpose="essential.legal_obligation", retention="with-customer", find_by="user-id", export="value",
        erase="blank",
    ),
    PersonalData(
        model="audits.AuditFinding", field=("statement", "remedy"), category="user.content.private",
        subject="employee", purpose="essential.legal_obligation", retention="with-customer", find_by="customer",
        export="value", erase="blank",
    ),
    PersonalData(
        model="audits.AuditPack", field="asked_by", category="user.account", subject="employee",
        purpose="essential.legal_obligation", retention="with-customer", find_by="user-id", export="value",
        erase="blank",
    ),
    PersonalData(
        model="audits.AuditPack", field="object_key", category="user.content", subject="employee",
        purpose="essential.legal_obligation", retention="with-customer", find_by="customer", export="file",
        erase="delete-object",
    ),
    PersonalData(
        model="audits.Attestation", field=("recorded_by", "responsible"), category="user.account",
        subject="employee", purpose="essential.legal_obligation", retention="with-account", find_by="user-id",
        export="value", erase="blank",
    ),
    PersonalData(
        model="audits.Attestation", field="object_key", category="user.content", subject="employee",
        purpose="essential.legal_obligation", retention="with-account", find_by="user-id", export="file",
        erase="delete-object",
    ),
    PersonalData(
        model="audits.Responsible", field=("person", "assigned_by"), category="user.account", subject="employee",
        purpose="essential.legal_obligation", retention="with-account", find_by="user-id", export="value",
        erase="delete-row",
    ),
    NotPersonal(
        model="audits.AuditRequest",
        field=(
            "id", "cause", "wanted_at", "asked_at", "granted", "rule", "clause", "why", "remedy", "earliest",
            "lifted", "cost", "conditions", "state", "agreed_for", "answered_at", "certificates", "held_at",
            "reported_at", "evidence_id",
        ),
        why="dates, states and sentences that a rule made; who is concerned stands in the other fields",
    ),
    NotPersonal(
        model="audits.AuditFinding", field=("id", "audit", "severity", "found_at", "remedied_at"),
        why="ids, dates and a degree",
    ),
    NotPersonal(
        model="audits.AuditPack",
        field=(
            "id", "audit", "scope", "state", "asked_at", "done", "total", "made_at", "size", "sha256", "sealed_size",
            "sealed_sha256", "manifest_sha256", "head_size", "checkpoint", "entries", "error", "evidence_id",
        ),
        why="hashes, counts and dates of a file",
    ),
    NotPersonal(
        model="audits.AttestationHere",
        field=("id", "attestation", "key", "clause", "attested_at", "sha256", "next_due", "evidence_id"),
        why="that something was attested, when, and the hash of its proof",
    ),
    NotPersonal(
        model="audits.Attestation",
        field=(
            "id", "key", "statement", "attested_at", "recorded_at", "media_type", "size", "sha256", "sealed_sha256",
            "told", "of", "told_at", "evidence_id",
        ),
        why="hashes, counts and dates of a proof",
    ),
    NotPersonal(model="audits.Responsible", field=("key", "assigned_at"), why="a duty and a date"),
    NotPersonal(
        model="audits.AuditOfCustomer",
        field=("audit", "customer", "cause", "state", "asked_at", "wanted_at", "held_for"),
        why="which organisation asked for an audit, and when",
    ),
)  # fmt: skip
