"""Who instructed what. Free texts may name people; they are the customer's own words, or the provider's to it."""

from parley.foundation.declarations import NotPersonal, PersonalData

_FACTS = "facts of an instruction: keys, states, instants"

DECLARATIONS = (
    PersonalData(
        model="instructions.InstructionRecord", field=("given_by", "confirmed_by"), category="user.unique_id",
        subject="employee", purpose="essential.legal_obligation", retention="with-customer", find_by="user-id",
        export="value", erase="blank",
    ),
    PersonalData(
        model="instructions.InstructionRecord", field=("text", "confirmation", "details", "findings"),
        category="user.content", subject="employee", purpose="essential.legal_obligation",
        retention="with-customer", find_by="customer", export="value", erase="blank",
    ),
    PersonalData(
        model="instructions.TransferRecord", field=("confirmed_by", "withdrawn_by"), category="user.unique_id",
        subject="employee", purpose="essential.legal_obligation", retention="with-customer", find_by="user-id",
        export="value", erase="blank",
    ),
    PersonalData(
        model="instructions.MisuseRecord", field=("requested_by", "corrected_by"), category="user.unique_id",
        subject="employee", purpose="essential.legal_obligation", retention="with-customer", find_by="user-id",
        export="value", erase="blank",
    ),
    PersonalData(
        model="instructions.MisuseRecord", field=("text", "correction"), category="user.content",
        subject="employee", purpose="essential.legal_obligation", retention="with-customer", find_by="customer",
        export="value", erase="blank",
    ),
    PersonalData(
        model="instructions.CompulsionRecord", field="received_by", category="user.unique_id", subject="employee",
        purpose="essential.legal_obligation", retention="with-customer", find_by="user-id", export="value",
        erase="blank",
    ),
    PersonalData(
        model="instructions.CompulsionRecord", field="text", category="user.content", subject="customer",
        purpose="essential.legal_obligation", retention="with-customer", find_by="customer", export="value",
        erase="blank",
    ),
    PersonalData(
        model="instructions.SilentCompulsionRecord", field="received_by", category="user.unique_id",
        subject="employee", purpose="essential.legal_obligation", retention="evidence", find_by="user-id",
        export="withheld", erase="blank",
    ),
    PersonalData(
        model="instructions.SilentCompulsionRecord", field=("text", "public_interest"), category="user.content",
        subject="customer", purpose="essential.legal_obligation", retention="evidence", find_by="customer",
        export="withheld", erase="blank",
    ),
    NotPersonal(
        model="instructions.InstructionRecord",
        field=("id", "purpose", "version", "state", "clause", "given_at", "suspended_at", "confirmed_at",
               "replaced_at"),
        why=_FACTS,
    ),
    NotPersonal(
        model="instructions.TransferRecord",
        field=("id", "area", "measure", "module", "reference", "importer", "confirmed_at", "ends_on", "withdrawn_at"),
        why="facts of a transfer between organisations",
    ),
    NotPersonal(
        model="instructions.MisuseRecord",
        field=("id", "kind", "state", "clause", "requested_at", "may_suspend_at", "corrected_at", "suspended_at",
               "lifted_at"),
        why="facts of a report between organisations",
    ),
    NotPersonal(
        model="instructions.CompulsionRecord",
        field=("id", "law", "clause", "received_at", "processing_at"), why="facts of a legal duty",
    ),
    NotPersonal(
        model="instructions.SilentCompulsionRecord",
        field=("id", "customer_id", "law", "received_at", "processing_at"), why="facts of a legal duty",
    ),
)  # fmt: skip
