"""What other packages may use of contacts. All works for the customer in scope, or for the provider in its own scope.

`viewer` is whose eyes are meant (None: the system's own work, which sees all); `by` names in evidence who did it.
"""

from collections.abc import Mapping

from parley.contacts.bulk import add_many
from parley.contacts.consents import (
    consent,
    consents,
    lift_objection,
    list_partner,
    may_contact,
    object_,
    objections,
    partners,
    share,
    withdraw_consent,
)
from parley.contacts.directories import (
    add_directory,
    change_directory,
    custom_fields,
    directories,
    directory,
    personal_directory,
    remove_directory,
    set_custom_fields,
)
from parley.contacts.duplicates import duplicates, merge
from parley.contacts.errors import (
    BadCursor,
    ContactRefused,
    ContactsError,
    GateRefused,
    MayNotChange,
    MayNotContact,
    NoSuchContact,
    NoSuchDirectory,
    SealedToCustomer,
)
from parley.contacts.fields import check
from parley.contacts.letters import marketing_letter, providers_right
from parley.contacts.objection_list import (
    ObjectionLine,
    ObjectionPage,
    check_objection,
    export_objections,
    objection_counts,
    objection_list,
    objection_purposes,
)
from parley.contacts.reading import consult, find, get, get_for_person, listing, lookup, lookup_many
from parley.contacts.retokenising import RETOKENISE, retokenise
from parley.contacts.search import search
from parley.contacts.store import STORE
from parley.contacts.types import (
    CHANNELS,
    METADATA_FIELDS,
    NUMBER_KINDS,
    OFFERING,
    STANDARD_FIELDS,
    Added,
    Address,
    Channel,
    ConsentView,
    Contact,
    ContactDecision,
    ContactLine,
    CustomField,
    Directory,
    DirectoryKind,
    Duplicate,
    Metadata,
    NewContact,
    Number,
    ObjectionView,
    Page,
    Proof,
)
from parley.contacts.writing import add, annotate, move, remove, update
from parley.obligations.api import Handler


def handlers() -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline."""
    return {
        RETOKENISE: retokenise,
    }


def long_handlers() -> Mapping[str, Handler]:
    """The long work of this package, by the kind of its deadline."""
    return {}


__all__ = [
    "CHANNELS",
    "METADATA_FIELDS",
    "NUMBER_KINDS",
    "OFFERING",
    "STANDARD_FIELDS",
    "STORE",
    "Added",
    "Address",
    "BadCursor",
    "Channel",
    "ConsentView",
    "Contact",
    "ContactDecision",
    "ContactLine",
    "ContactRefused",
    "ContactsError",
    "CustomField",
    "Directory",
    "DirectoryKind",
    "Duplicate",
    "GateRefused",
    "MayNotChange",
    "MayNotContact",
    "Metadata",
    "NewContact",
    "NoSuchContact",
    "NoSuchDirectory",
    "Number",
    "ObjectionLine",
    "ObjectionPage",
    "ObjectionView",
    "Page",
    "Proof",
    "SealedToCustomer",
    "add",
    "add_directory",
    "add_many",
    "annotate",
    "change_directory",
    "check",
    "check_objection",
    "consent",
    "consents",
    "consult",
    "custom_fields",
    "directories",
    "directory",
    "duplicates",
    "export_objections",
    "find",
    "get",
    "get_for_person",
    "handlers",
    "lift_objection",
    "list_partner",
    "listing",
    "long_handlers",
    "lookup",
    "lookup_many",
    "marketing_letter",
    "may_contact",
    "merge",
    "move",
    "object_",
    "objection_counts",
    "objection_list",
    "objection_purposes",
    "objections",
    "partners",
    "personal_directory",
    "providers_right",
    "remove",
    "remove_directory",
    "search",
    "set_custom_fields",
    "share",
    "update",
    "withdraw_consent",
]
