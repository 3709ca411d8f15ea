"""What contacts hold about people: who they are, what they agreed to, what they objected to."""

from parley.contacts.import_data import DECLARATIONS as _OF_IMPORTS
from parley.inventory.api import NotPersonal, PersonalData

_PURPOSE = "essential.service"

DECLARATIONS = (
    PersonalData(
        model="contacts.Contact", field="sealed", category="user.contact", subject="customer", purpose=_PURPOSE,
        retention="rule", find_by="number-index", export="unsealed", erase="delete-row",
    ),
    PersonalData(
        model="contacts.Contact", field=("tokens", "addresses"), category="user.contact", subject="customer",
        purpose=_PURPOSE, retention="rule", find_by="number-index", export="withheld", erase="delete-row",
    ),
    PersonalData(
        model="contacts.Contact", field="minor", category="user.childrens", subject="customer", purpose=_PURPOSE,
        retention="rule", find_by="number-index", export="value", erase="delete-row",
    ),
    PersonalData(
        model="contacts.Consent", field="sealed", category="user.privacy_preferences", subject="customer",
        purpose="essential.legal_obligation", retention="rule", find_by="record", export="unsealed",
        erase="with-parent",
    ),
    PersonalData(
        model="contacts.Consent", field=("contact", "purpose", "channel", "partner", "given_at", "withdrawn_at"),
        category="user.privacy_preferences", subject="customer", purpose="essential.legal_obligation", retention="rule",
        find_by="record", export="value", erase="with-parent",
    ),
    PersonalData(
        model="contacts.Objection", field=("field", "value", "purpose", "channel", "at", "ground"),
        category="user.privacy_preferences", subject="customer", purpose="essential.legal_obligation",
        retention="with-customer", find_by="number-index", export="value", erase="with-parent",
    ),
    PersonalData(
        model="contacts.Directory", field=("name", "owner_id"), category="user.unique_id", subject="employee",
        purpose=_PURPOSE, retention="with-customer", find_by="user-id", export="value", erase="delete-row",
    ),
    NotPersonal(model="contacts.Epoch", field=("id", "wrapped"), why="a wrapped key; it opens nothing by itself"),
    NotPersonal(
        model="contacts.Directory", field=("id", "kind", "group_id", "members_change", "created_at"),
        why="identifiers and who may change it: they say nothing about a person",
    ),
    NotPersonal(
        model="contacts.CustomField", field=("key", "label", "position"), why="names of fields, without a value",
    ),
    NotPersonal(
        model="contacts.Contact", field=("id", "directory", "changed_at", "keep_until"),
        why="identifiers, and how long it is kept",
    ),
    NotPersonal(model="contacts.Batch", field=("key", "contacts", "at"), why="which batch of an import was committed"),
    NotPersonal(model="contacts.Consent", field=("id", "epoch"), why="identifiers"),
    NotPersonal(model="contacts.Objection", field="id", why="a random identifier"),
    NotPersonal(model="contacts.Partner", field=("name", "listed_at"), why="the name of a company on a list"),
    *_OF_IMPORTS,
)  # fmt: skip
