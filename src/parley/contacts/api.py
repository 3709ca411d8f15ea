"""What other packages may use of contacts. All works for the customer in scope, or for the provider in its own scope.

`viewer` is whose eyes are meant (None: the system's own work, which sees all); `by` names in evidence who did it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

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
from parley.obligations.api import Handler
from parley.people.api import Viewer


def directories(*, viewer: Viewer | None = None, count: bool = False) -> tuple[Directory, ...]:
    """Those that the viewer sees, personal first, then by name; `count` counts their contacts."""
    raise NotImplementedError


def directory(directory_id: UUID, *, viewer: Viewer | None = None) -> Directory:
    """One directory. Raises NoSuchDirectory."""
    raise NotImplementedError


def personal_directory(user_id: UUID, *, at: datetime) -> Directory:
    """The directory of one user, made when it is first asked for."""
    raise NotImplementedError


def add_directory(
    *, kind: DirectoryKind, name: str, group_id: UUID | None = None, members_change: bool = False, by: str, at: datetime
) -> Directory:
    """A new department or public directory. Raises ContactRefused."""
    raise NotImplementedError


def change_directory(directory_id: UUID, *, name: str, members_change: bool, by: str, at: datetime) -> Directory:
    """Another name, or others who change it. Raises NoSuchDirectory, ContactRefused."""
    raise NotImplementedError


def remove_directory(directory_id: UUID, *, by: str, at: datetime) -> None:
    """Remove an empty directory. Raises NoSuchDirectory, ContactRefused when it is not empty."""
    raise NotImplementedError


def custom_fields() -> tuple[CustomField, ...]:
    """The customer's own fields, in its order."""
    raise NotImplementedError


def set_custom_fields(fields: Sequence[CustomField], *, by: str, at: datetime) -> None:
    """Set them anew; values of a key that is gone stay until their contact is changed. Raises ContactRefused."""
    raise NotImplementedError


def add(new: NewContact, *, directory: UUID, by: str, at: datetime, viewer: Viewer | None = None) -> UUID:
    """The id of a new contact. Raises ContactRefused, GateRefused, NoSuchDirectory, MayNotChange."""
    raise NotImplementedError


def update(
    contact: UUID, fields: NewContact, *, by: str, at: datetime, viewer: Viewer | None = None
) -> tuple[str, ...]:
    """Set all fields anew; names of those that changed. Raises NoSuchContact, MayNotChange, ContactRefused,
    GateRefused, SealedToCustomer."""
    raise NotImplementedError


def move(contacts: Sequence[UUID], *, directory: UUID, by: str, at: datetime, viewer: Viewer | None = None) -> int:
    """Put contacts into another directory. Raises NoSuchContact, NoSuchDirectory, MayNotChange."""
    raise NotImplementedError


def remove(contacts: Sequence[UUID], *, by: str, at: datetime, viewer: Viewer | None = None) -> int:
    """Erase contacts, as the customer's own deletion (`retention.dispose`); how many were erased: one that is held or
    restricted stays. Raises NoSuchContact, MayNotChange."""
    raise NotImplementedError


def get(contact: UUID, *, viewer: Viewer | None = None) -> Contact:
    """One contact. Raises NoSuchContact."""
    raise NotImplementedError


def listing(
    *, directory: UUID | None = None, limit: int = 50, cursor: str | None = None, viewer: Viewer | None = None
) -> Page:
    """All contacts that the viewer sees, newest first."""
    raise NotImplementedError


def search(
    text: str,
    *,
    directory: UUID | None = None,
    limit: int = 20,
    cursor: str | None = None,
    viewer: Viewer | None = None,
) -> Page:
    """What matches as somebody types: the beginning of any word of any field, words that sound alike, digits as a key
    pad has them ("446" finds Giovanni), the beginning or end of a number. Best first. Raises BadCursor."""
    raise NotImplementedError


def lookup(number: str, *, viewer: Viewer | None = None) -> ContactLine | None:
    """Who is calling? The newest contact with that number (E.164, or an extension), None for nobody. Under 2 ms."""
    raise NotImplementedError


def lookup_many(numbers: Sequence[str], *, viewer: Viewer | None = None) -> Mapping[str, ContactLine]:
    """The contacts of several numbers, by number as it was asked for."""
    raise NotImplementedError


def add_many(
    rows: Iterable[NewContact],
    *,
    directory: UUID,
    source: str,
    by: str,
    at: datetime,
    key: str,
    progress: Callable[[int], None] | None = None,
    batch: int = 10_000,
) -> Added:
    """Add many contacts in batches, each committed by itself (not inside a transaction of the caller): at least 10,000
    a second. `key` names this import: the same rows in the same order again are skipped batch by batch, so that a
    killed import is simply done again. `progress` hears how many rows are done. `source` is that of rows without one.
    Raises ContactRefused with the number of the row in its message (check rows before with `check`), GateRefused."""
    raise NotImplementedError


def check(new: NewContact, *, region: str | None = None) -> NewContact:
    """The contact as it would be kept: numbers in E.164, e-mail in lower case. Raises ContactRefused with its field."""
    raise NotImplementedError


def duplicates(
    *, directory: UUID | None = None, limit: int = 50, viewer: Viewer | None = None
) -> tuple[Duplicate, ...]:
    """Contacts with the same number, the same e-mail address, or the same name at the same company."""
    raise NotImplementedError


def merge(
    keep: UUID,
    others: Sequence[UUID],
    *,
    fields: Mapping[str, UUID],
    by: str,
    at: datetime,
    viewer: Viewer | None = None,
) -> Contact:
    """Make one contact of several: each field from the contact that `fields` names ("title": id), else what `keep` has,
    else the first of `others` that has any; numbers and addresses of all. Consents of all go to it."""
    raise NotImplementedError


def partners() -> tuple[str, ...]:
    """Who may receive contacts that agreed to that very partner."""
    raise NotImplementedError


def list_partner(name: str, *, at: datetime, by: str) -> None:
    """Add a partner to the list."""
    raise NotImplementedError


def consent(
    contact: UUID, purpose: str, channel: Channel, *, given_at: datetime, proof: Proof, partner: str = ""
) -> UUID:
    """Write down a consent. Raises NoSuchContact, ContactRefused."""
    raise NotImplementedError


def withdraw_consent(consent_id: UUID, *, by: str, at: datetime) -> None:
    """It no longer holds from `at` on (GDPR Art. 7(3)). Idempotent. Raises NoSuchContact."""
    raise NotImplementedError


def consents(contact: UUID) -> tuple[ConsentView, ...]:
    """All that were written down for a contact, newest first, withdrawn ones too."""
    raise NotImplementedError


def object_(
    *,
    numbers: Sequence[str] = (),
    emails: Sequence[str] = (),
    purpose: str = "marketing",
    channel: Channel = "*",
    ground: str = "objection",
    by: str,
    at: datetime,
) -> int:
    """The person objects (GDPR Art. 21(2)): from now on it must not be contacted for `purpose` ("*": for anything) by
    that channel, whether there is a contact or not, and after it was erased. Withdraws matching consents. How many
    entries are new. `ground`: "objection", "unsubscribed", "bounced", a word."""
    raise NotImplementedError


def lift_objection(*, number: str = "", email: str = "", purpose: str = "marketing", by: str, at: datetime) -> int:
    """The person asks to be contacted again: its entries for `purpose` go; how many there were."""
    raise NotImplementedError


def objections(*, number: str = "", email: str = "") -> tuple[ObjectionView, ...]:
    """What a person objected to, newest first."""
    raise NotImplementedError


def may_contact(
    address_or_number: str, *, purpose: str, channel: Channel, at: datetime, partner: str = ""
) -> ContactDecision:
    """May this person be written to or called for `purpose` ("marketing", or a purpose of consent) by that channel?
    Objections, minors, the agreement, consent, in this order. With `partner`: may data go to it?"""
    raise NotImplementedError


def share(contacts: Sequence[UUID], *, partner: str, purpose: str, by: str, at: datetime) -> int:
    """Note that contacts were handed to a listed partner; refuses them all when one did not agree to that partner."""
    raise NotImplementedError


def marketing_letter(
    contact: UUID,
    *,
    subject: str,
    text: str,
    unsubscribe: str,
    key: str,
    at: datetime,
    customer: UUID | None = None,
) -> UUID:
    """Write a marketing letter by e-mail; the id of the message. `unsubscribe` is the address of the page that ends it:
    it stands at the bottom and in the header List-Unsubscribe (RFC 8058). In the provider's own scope `customer` is
    whose contact person this is: that agreement's term "marketing" decides. Raises MayNotContact, NoSuchContact."""
    raise NotImplementedError


def handlers() -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline."""
    return {}


def long_handlers() -> Mapping[str, Handler]:
    """The long work of this package, by the kind of its deadline."""
    return {}


__all__ = [
    "CHANNELS",
    "METADATA_FIELDS",
    "NUMBER_KINDS",
    "OFFERING",
    "STANDARD_FIELDS",
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
    "ObjectionView",
    "Page",
    "Proof",
    "SealedToCustomer",
    "add",
    "add_directory",
    "add_many",
    "change_directory",
    "check",
    "consent",
    "consents",
    "custom_fields",
    "directories",
    "directory",
    "duplicates",
    "get",
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
    "objections",
    "partners",
    "personal_directory",
    "remove",
    "remove_directory",
    "search",
    "set_custom_fields",
    "share",
    "update",
    "withdraw_consent",
]
