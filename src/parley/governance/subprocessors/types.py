"""What the register and the planned changes are, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, Literal
from uuid import UUID

Kind = Literal["addition", "replacement"]
Status = Literal["planned", "engaged", "ended"]
Effect = Literal["veto", "blocks", "resolution"]
Received = Literal["", "acknowledged", "assumed", "update"]
Outcome = Literal["withdrawn", "not-used", "unavoidable"]
State = Literal[
    "unsent",
    "sent",
    "window",
    "waiting",
    "open",
    "vetoed",
    "blocked",
    "resolving",
    "may-terminate",
    "not-used",
    "terminated",
    "on-request",
    "cancelled",
]

STATES: Final[tuple[State, ...]] = (
    "unsent",
    "sent",
    "window",
    "waiting",
    "open",
    "vetoed",
    "blocked",
    "resolving",
    "may-terminate",
    "not-used",
    "terminated",
    "on-request",
    "cancelled",
)

FLOWDOWN_DUTIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "instructions": "processes on documented instructions only (Art. 28(3)(a))",
        "confidentiality": "persons with access are bound to confidentiality (Art. 28(3)(b))",
        "security": "the measures of Art. 32 (Art. 28(3)(c))",
        "sub-processors": "engages others only under the same duties (Art. 28(3)(d), 28(4))",
        "rights": "helps to answer persons who exercise their rights (Art. 28(3)(e))",
        "incidents": "reports breaches and helps with Art. 32 to 36 (Art. 28(3)(f))",
        "end": "deletes or returns at the end (Art. 28(3)(g))",
        "audits": "makes information available and allows audits (Art. 28(3)(h))",
    }
)
"""The same duties, as GDPR Art. 28(4) asks them of every link: each names its clause in the link's own contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowDown:
    """The contract that binds a sub-processor to the same duties: SHA-256 of the document in hex, its date, and for
    each of FLOWDOWN_DUTIES the clause of that document."""

    digest: str
    signed_on: date
    clauses: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One link of the chain as the register shows it.

    `key` is its short name in addresses and at the gate. `country` is ISO 3166 alpha-2, of the processing. `parent` is
    the key of the sub-processor that engages it, "" for the provider itself. `purposes` and `offerings` are keys of
    the agreements' vocabulary. `affiliate`: it belongs to the provider's group.
    """

    key: str
    name: str
    role: str
    country: str
    address: str
    contact: str
    privacy_url: str
    purposes: tuple[str, ...]
    offerings: tuple[str, ...]
    flowdown: FlowDown | None
    parent: str = ""
    affiliate: bool = False
    status: Status = "engaged"
    starts_on: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, in the order in which it is shown; `entry_from_json` is the way back."""
        return {
            "key": self.key,
            "name": self.name,
            "role": self.role,
            "country": self.country,
            "address": self.address,
            "contact": self.contact,
            "privacy_url": self.privacy_url,
            "purposes": list(self.purposes),
            "offerings": list(self.offerings),
            "parent": self.parent,
            "affiliate": self.affiliate,
            "status": self.status,
            "starts_on": self.starts_on.isoformat() if self.starts_on else None,
            "flowdown": None
            if self.flowdown is None
            else {
                "digest": self.flowdown.digest,
                "signed_on": self.flowdown.signed_on.isoformat(),
                "clauses": dict(self.flowdown.clauses),
            },
        }


def entry_from_json(raw: Mapping[str, Any]) -> Entry:
    """The entry that `Entry.to_json` wrote."""
    flowdown = raw["flowdown"]
    return Entry(
        key=raw["key"],
        name=raw["name"],
        role=raw["role"],
        country=raw["country"],
        address=raw["address"],
        contact=raw["contact"],
        privacy_url=raw["privacy_url"],
        purposes=tuple(raw["purposes"]),
        offerings=tuple(raw["offerings"]),
        parent=raw["parent"],
        affiliate=raw["affiliate"],
        status=raw["status"],
        starts_on=datetime.fromisoformat(raw["starts_on"]) if raw["starts_on"] else None,
        flowdown=None
        if flowdown is None
        else FlowDown(
            digest=flowdown["digest"],
            signed_on=date.fromisoformat(flowdown["signed_on"]),
            clauses=MappingProxyType(dict(flowdown["clauses"])),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry in its place in the chain: `depth` 0 is engaged by the provider, 1 by one of those, and so on."""

    entry: Entry
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the register, as it was published; `digest` is the SHA-256 of its entries."""

    number: int
    published_at: datetime
    note: str
    digest: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one version changed of one entry: (field, before, after), both in words. `what`: added, removed, changed."""

    key: str
    name: str
    what: Literal["added", "removed", "changed"]
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """What an agreement makes of an announcement, when the notice counts as received at `counts_from`.

    `effect` is what an objection does. `clause` is the agreement's.
    """

    clause: str
    effect: Effect
    counted_from: Literal["receipt", "update"]
    counts_from: datetime
    objection_closes: datetime
    earliest_start: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that decides how a planned change stands with one customer: what happened so far, and the dates from it.

    `dates` is None while the notice does not count as received. `assumed_at` is when it would be without a word.
    """

    planned_start: datetime
    effect: Effect
    dispatched_at: datetime | None = None
    assumed_at: datetime | None = None
    dates: Dates | None = None
    objected_at: datetime | None = None
    resolution_closes: datetime | None = None
    outcome: Outcome | Literal[""] = ""
    resolved_at: datetime | None = None
    terminated_at: datetime | None = None
    cancelled_at: datetime | None = None
    on_request: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A planned change as one customer sees it. `state` is that of the instant asked about."""

    id: UUID
    kind: Kind
    key: str
    replaces: str
    entry: Entry
    register_version: int
    announced_at: datetime
    planned_start: datetime
    agreement: str
    clause: str
    effect: Effect
    counted_from: Literal["receipt", "update"]
    state: State
    dispatched_at: datetime | None
    assumed_at: datetime | None
    received_at: datetime | None
    received_how: Received
    objection_closes: datetime | None
    earliest_start: datetime | None
    opens_at: datetime | None
    objected_at: datetime | None
    grounds: str
    resolution_closes: datetime | None
    outcome: Outcome | Literal[""]
    outcome_note: str
    resolved_at: datetime | None
    terminated_at: datetime | None
    terminated_services: tuple[str, ...]
    may_object: bool
    may_terminate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationView:
    """Why a sub-processor may receive the customer's data other than by a change: its signature, or its request."""

    key: str
    basis: Literal["signature", "request"]
    clause: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementView:
    """A planned change as the provider sees it: over all customers, with the progress of telling them."""

    id: UUID
    kind: Kind
    key: str
    name: str
    replaces: str
    register_version: int
    announced_at: datetime
    planned_start: datetime
    cancelled_at: datetime | None
    customers: int
    told: int
    states: Mapping[State, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One customer's line of a change in the provider's table."""

    customer_id: UUID
    handle: str
    name: str
    agreement: str
    state: State | Literal["queued"]
    told_at: datetime | None
    dispatched_at: datetime | None
    received_at: datetime | None
    received_how: Received
    objection_closes: datetime | None
    earliest_start: datetime | None
    opens_at: datetime | None
    objected_at: datetime | None
    resolution_closes: datetime | None
    outcome: Outcome | Literal[""]
    terminated_at: datetime | None
    effect: Effect | Literal[""]
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an announcement would mean under one agreement, for how many customers. `received_at` is assumed, or the
    register's update; nothing is done."""

    agreement: str
    customers: int
    dates: Dates
    received_how: Received
    opens_at: datetime
    late: bool
    zone: str
