"""What tenancy tells others: customers, trunks, who asks for a new customer."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from parley.agreement.api import Standing

Custody = Literal["local", "customer-held", "pkcs11"]
Kind = Literal["customer", "provider"]
Role = Literal["app", "sequencer"]
INDEX_FIELDS = ("number", "conversation", "party name")  # each has a blind index key of its own
Work = Literal["jobs", "long", "ledger", "webhooks", "control"]
"""What to wake somebody for: deadlines, long jobs (exports, backups, imports, destruction), the sequencer, webhooks,
the recorder for what somebody wants of a running call."""


CustomerState = Literal["creating", "active", "restoring", "departed", "destroyed"]
"""`restoring`: its lost database is being replaced by a backup; nobody is served. `departed`:
its contract is over, live data is gone, backups may remain. `destroyed`: nothing remains."""


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A tenant: whose data, under which agreements, sealed to whom, in which database. The provider is one too.

    `agreement` and `agreement_version` join several with "+" ("imagicle-dpa+ucx-terms", "1+1"); what binds is in
    `standing`, as it was when this was read.
    """

    id: UUID
    handle: str
    name: str
    kind: Kind
    region: str
    custody: Custody
    state: str
    agreement: str
    agreement_version: str
    recipients: tuple[str, ...]
    log_id: str
    database: str
    standing: Standing = field(default_factory=Standing, hash=False)


@dataclass(frozen=True, kw_only=True)
class NewUser:
    """The first administrator of a customer, named by whoever creates the customer. The password is never shown."""

    email: str
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """Where a customer's calls come from: session border controllers by source address.

    `sources` are "192.0.2.7", "192.0.2.7:5080" or "192.0.2.0/24"; `own_numbers` are E.164 prefixes ("+390584") of the
    customer's side, which tell inbound from outbound.
    """

    id: UUID
    customer_id: UUID
    name: str
    sources: tuple[str, ...]
    own_numbers: tuple[str, ...]
    region: str


@dataclass(frozen=True, kw_only=True)
class TrunkEntry:
    """All that a recorder must know to record for one trunk: it asks no database while a call comes in.

    `texts` are the agreements that the customer signed, by digest; `policies` say which calls are recorded, compiled
    (`recordings.policies`), "" when there are none.
    """

    trunk_id: UUID
    name: str
    customer: Customer
    own_numbers: tuple[str, ...]
    region: str
    recipients: tuple[str, ...]
    index_keys: Mapping[str, bytes] = field(repr=False)  # by INDEX_FIELDS
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    policies: str = field(default="", repr=False)

    def bare(self) -> "TrunkEntry":
        """What a call that was let in still needs: everything but what decided about it."""
        return replace(self, customer=replace(self.customer, standing=Standing()), texts={}, policies="")
