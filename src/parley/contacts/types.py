"""What a contact is, to those who write it and to those who read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

OFFERING: Final = "contacts"
"""Key of `agreement.OFFERINGS`."""
STORE_NAME: Final = "contacts"
NUMBER_INDEX: Final = "number"
"""Blind-index field of a number: value is `foundation.numbers.canonical_number`, as recordings have it."""
EMAIL_INDEX: Final = "email"
"""Blind-index field of an e-mail address: value in lower case."""

AAD: Final = b"contact:"
"""Before the id of the row to which sealed fields are bound."""

DirectoryKind = Literal["personal", "department", "public"]
NumberKind = Literal["work", "mobile", "home", "fax", "extension", "other"]
Channel = Literal["email", "phone", "sms", "post", "*"]
"""How somebody is reached; "*" (objections alone) is every way."""

NUMBER_KINDS: Final[tuple[NumberKind, ...]] = ("work", "mobile", "home", "fax", "extension", "other")
CHANNELS: Final[tuple[Channel, ...]] = ("email", "phone", "sms", "post", "*")
LONGEST: Final = 1_000
"""Characters of one field; `NOTES_LONGEST` of the notes."""
NOTES_LONGEST: Final = 20_000
MOST_OF_A_KIND: Final = 20
"""Numbers, e-mail addresses, postal addresses, custom fields of one contact."""

STANDARD_FIELDS: Final = (
    "given", "family", "company", "title", "department", "numbers", "emails", "addresses", "birthday", "notes",
    "speed_dial",
)  # fmt: skip
METADATA_FIELDS: Final = ("purposes", "source", "shared_with", "keep_until", "minor", "citizenship")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A telephone number: as typed when it is given, in E.164 (or bare, an extension) when it is read."""

    value: str
    kind: NumberKind = "work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address; `country` is free text, as people write it."""

    street: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """What is known of a person. `custom` has the keys of `custom_fields()`.

    Metadata: `purposes` it is kept for, `source` it came from, `shared_with` whom it was handed to, `keep_until` (None:
    as the customer's retention rule says), `minor` (the gate is asked), `citizenship` ISO 3166 alpha-2 where known.
    """

    given: str = ""
    family: str = ""
    company: str = ""
    title: str = ""
    department: str = ""
    numbers: tuple[Number, ...] = ()
    emails: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    birthday: date | None = None
    notes: str = ""
    speed_dial: str = ""
    custom: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    purposes: tuple[str, ...] = ()
    source: str = ""
    shared_with: tuple[str, ...] = ()
    keep_until: datetime | None = None
    minor: bool = False
    citizenship: str = ""

    @property
    def name(self) -> str:
        """Given and family name, else the company, else the first number or address."""
        full = f"{self.given} {self.family}".strip()
        return full or self.company or next((one.value for one in self.numbers), "") or next(iter(self.emails), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A stored contact. `sealed`: only the customer can open it, and `fields` is empty but for the clear metadata."""

    id: UUID
    directory_id: UUID
    created_at: datetime
    changed_at: datetime
    sealed: bool
    fields: NewContact = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLine:
    """One line of a list, or the answer to "who is calling?"."""

    id: UUID
    directory_id: UUID
    sealed: bool
    name: str = field(default="", repr=False)
    company: str = field(default="", repr=False)
    title: str = field(default="", repr=False)
    numbers: tuple[Number, ...] = field(default=(), repr=False)
    emails: tuple[str, ...] = field(default=(), repr=False)
    minor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Lines, best first; `cursor` asks for the next ones, None when there are no more. `more_than`: how many were
    looked at when there are too many to rank them all (then typing on finds better), else None."""

    lines: tuple[ContactLine, ...]
    cursor: str | None
    more_than: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A list of contacts. Personal: `owner_id` alone sees and changes it. Department: the people of group `group_id`
    see it. Public: everybody sees it. `members_change`: whoever sees it changes it; else administrators alone.

    `may_change` is about the viewer who asked (True when nobody in particular did).
    """

    id: UUID
    kind: DirectoryKind
    name: str
    owner_id: UUID | None
    group_id: UUID | None
    members_change: bool
    may_change: bool = True
    contacts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """A field of the customer's own; `key` stands in files and in `NewContact.custom`, `label` on pages."""

    key: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What an import has done: `contacts` new, in `batches`; `again` were in batches that had been committed before."""

    contacts: int
    batches: int
    again: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Contacts that are probably one person, and why: the same "number", "email" or "name"."""

    why: Literal["number", "email", "name"]
    lines: tuple[ContactLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Who says that consent was given, and how: `text_version` names the words that were agreed to ("newsletter 3"),
    `how` the way ("web form", "on the telephone", "signed paper"), `by` who wrote it down; `detail` is sealed."""

    how: str
    text_version: str
    by: str = ""
    detail: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentView:
    """Consent to one purpose by one channel; `partner` is the listed one that may receive data, "" for none."""

    id: UUID
    contact_id: UUID
    purpose: str
    channel: Channel
    partner: str
    given_at: datetime
    withdrawn_at: datetime | None
    proof: Proof
    sealed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionView:
    """An objection, without the person: `field` says whether a number or an e-mail address is on the list."""

    id: UUID
    field: Literal["number", "email"]
    purpose: str
    channel: Channel
    at: datetime
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDecision:
    """May this person be written to or called? `clause` and `reason` say why, `remedy` what would help."""

    allowed: bool
    clause: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What is to be known of contacts without reading them: sets None where it is not asked or changed."""

    purposes: tuple[str, ...] | None = None
    source: str | None = None
    shared_with: tuple[str, ...] | None = None
    keep_until: datetime | None = None
