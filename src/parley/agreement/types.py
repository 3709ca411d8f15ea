"""What an agreement says, as values: clauses, terms, a question to the gate and its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

Custody = Literal["local", "customer-held", "pkcs11"]
SubscriptionState = Literal["active", "ended"]
Effect = Literal["collect", "use", "export", "look"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One promise, in our own words, with what keeps it.

    `enforced_by` names mechanisms of `mechanisms.MECHANISMS` that exist in this version; `waits_for` names, from
    `mechanisms.AWAITED`, what is still missing. At least one of the two is never empty. `authored` marks what the
    source text does not say: it is ours and never attributed to the source.
    """

    id: str
    subject: str
    statement: str
    source: str
    enforced_by: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A party and the roles that it may hold under the agreement (GDPR Art. 4)."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeTerm:
    """One documented purpose: which of Parley's purposes it covers, and in which offerings ("*" = all)."""

    key: str
    statement: str
    covers: tuple[str, ...]
    offerings: tuple[str, ...]
    instructed_by_signing: bool
    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForbiddenTerm:
    """Purposes that nobody can instruct under this agreement."""

    purposes: tuple[str, ...]
    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionTerm:
    """Whether content must be sealed on receipt to the customer's keys, and which custody of the keys is acceptable."""

    required: bool
    custody: tuple[Custody, ...]
    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionTerm:
    """Who sets how long content is kept during the contract, and whether that party may delete at any time."""

    controlled_by: Literal["customer", "provider"]
    delete_any_time: bool
    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTerm:
    """What happens after the end of the contract; every period is in days counted from the end.

    Until `access_days` the customer still reads its data; until `export_days` it may ask for an export; by
    `destroy_days` nothing is left. Invariant: access_days <= export_days <= destroy_days.
    """

    choices: tuple[Literal["delete", "return"], ...]
    access_days: int
    export_days: int
    destroy_days: int
    certificate: Literal["always", "on-request", "unstated"]
    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionTerm:
    """Where data may be processed: the areas of `vocabulary.AREAS` that need nothing more, and the rule elsewhere."""

    chosen_by: Literal["customer", "provider"]
    areas: tuple[str, ...]
    elsewhere: Literal["never", "confirmed-measure"]
    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionTerm:
    """What a suspension for misuse stops: always new collection; stored data stays with the customer."""

    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportDataTerm:
    """How long personal data that was collected in support cases outlives the service, in years."""

    keep_years: int
    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The typed terms, each naming its clause."""

    purposes: tuple[PurposeTerm, ...]
    forbidden: tuple[ForbiddenTerm, ...]
    encryption: EncryptionTerm
    retention: RetentionTerm
    end: EndTerm
    regions: RegionTerm
    suspension: SuspensionTerm
    instructions_clause: str
    support_data: SupportDataTerm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeRow:
    """The gate's precomputed line for one purpose under one agreement."""

    effect: Effect
    needs_key: bool
    stores_content: bool
    offerings: frozenset[str] | None
    refusal: "Decision | None"
    allowed: "Decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One version of one agreement, as loaded from its file and checked."""

    id: str
    version: str
    title: str
    source: str
    takes_effect: Literal["by-agreement", "when-published"]
    parties: tuple[Party, ...]
    clauses: Mapping[str, Clause]
    terms: Terms
    gate_table: Mapping[str, PurposeRow] = field(
        repr=False, compare=False, default_factory=lambda: MappingProxyType({})
    )

    @property
    def instructed_purposes(self) -> frozenset[str]:
        """The purposes that the customer instructs by signing, and that hold until it instructs otherwise."""
        return frozenset(
            purpose for term in self.terms.purposes if term.instructed_by_signing for purpose in term.covers
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRequest:
    """The question "may this happen?".

    `purpose` is a key of `vocabulary.PURPOSES` ("record-calls"), `offering` of `vocabulary.OFFERINGS`
    ("call-recording"), `region` where it would happen ("eu", "eu-frankfurt": the part before the dash is an area of
    `vocabulary.AREAS`). `sealed_to_customer` says that what would be stored is sealed to this customer's keys and no
    other. `at` carries a time zone; `contract_ended_at` is needed when the subscription has ended.
    """

    purpose: str
    offering: str
    region: str
    subscription_state: str
    instructed_purposes: frozenset[str]
    acceptable_use_suspended: bool
    sealed_to_customer: bool
    custody: str
    at: datetime
    chosen_region: str | None = None
    confirmed_transfers: frozenset[str] = frozenset()
    contract_ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The gate's answer: the clause that decided, why, what would help when refused, and the facts worth keeping."""

    allowed: bool
    clause: str
    reason: str
    remedy: str | None = None
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
