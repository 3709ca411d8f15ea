"""Who signed and who is written to: contact persons of the customer."""

from parley.foundation.declarations import NotPersonal, PersonalData

_CONTRACT = "facts of a contract between organisations"

DECLARATIONS = (
    PersonalData(
        model="contract.SignatureRecord", field="signed_by", category="user.name", subject="employee",
        purpose="essential.legal_obligation", retention="with-customer", find_by="customer", export="value",
        erase="blank",
    ),
    PersonalData(
        model="contract.OrderRecord", field=("notice_addresses", "privacy_contact", "export_intake"),
        category="user.contact.email", subject="employee", purpose="essential.legal_obligation",
        retention="with-customer", find_by="customer", export="value", erase="delete-row",
    ),
    PersonalData(
        model="contract.EndingRecord", field=("ended_by", "reason"), category="user.name", subject="employee",
        purpose="essential.legal_obligation", retention="with-customer", find_by="customer", export="value",
        erase="blank",
    ),
    NotPersonal(
        model="contract.SignatureRecord",
        field=("id", "agreement", "version", "title", "kind", "digest", "how", "reference", "overrides", "signed_at",
               "replaced_at"),
        why=_CONTRACT,
    ),
    NotPersonal(
        model="contract.OrderRecord", field=("id", "reference", "zone", "processes_for_others"), why=_CONTRACT
    ),
    NotPersonal(
        model="contract.EndingRecord", field=("id", "ends_at", "choice", "recorded_at", "renewed_at"), why=_CONTRACT
    ),
)  # fmt: skip
