"""What others learn of a customer's contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Paper:
    """The text of an agreement that is not packaged, and the name of its file for messages."""

    file: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One version of one agreement that bound the customer from `at` until `replaced_at` (None: it still does).

    `how`: "signed" by the customer, or "published" by the provider where the agreement lets it. `overrides` are what
    the order form set anew, term by term.
    """

    id: UUID
    agreement: str
    version: str
    title: str
    kind: str
    digest: str
    how: Literal["signed", "published"]
    by: str
    reference: str
    at: datetime
    overrides: Mapping[str, str]
    replaced_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of an agreement whose text is kept: since `at` somebody may be bound to it."""

    agreement: str
    version: str
    digest: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the order says beside the agreements: where notices go, whom to ask, and in which time zone days end.

    `privacy_contact` answers questions of data protection; `export_intake` may ask for an export after the end;
    `processes_for_others`: the customer is itself a processor, so that the provider is its sub-processor.
    """

    reference: str = ""
    zone: str = "UTC"
    notice_addresses: tuple[str, ...] = ()
    privacy_contact: str = ""
    export_intake: str = ""
    processes_for_others: bool = False


@dataclass(frozen=True, kw_only=True)
class Ending:
    """An end of the contract: `ends_at` is the instant that every span counts from."""

    id: UUID
    ends_at: datetime
    choice: Literal["delete", "return"]
    by: str
    reason: str
    recorded_at: datetime
    renewed_at: datetime | None
