"""What an agreement says, as values: clauses, terms, a question to the gate and its answer.

A term that the source text does not say is `authored`; `ours` names single fields of a term that it does not say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from parley.agreement.clock import Span

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
    """What happens after the end of the contract; every span counts from the end.

    Within `renew` the customer may renew and nothing is touched; within `access` it still reads its data; within
    `export` it may ask for an export, whose link then lives for `link_life`; by `destroy` nothing is left. Invariant:
    renew <= access <= export <= destroy. `formats` are the forms of an export.
    """

    choices: tuple[Literal["delete", "return"], ...]
    access: Span
    export: Span
    destroy: Span
    renew: Span
    link_life: Span
    certificate: Literal["always", "on-request", "unstated"]
    clause: str
    formats: tuple[str, ...] = ()
    authored: bool = False
    ours: tuple[str, ...] = ()


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
    """What a suspension for misuse stops: always new collection; stored data stays with the customer.

    The provider may suspend when `after` has passed since its request to correct; None: at once.
    """

    clause: str
    after: Span | None = None
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportDataTerm:
    """How long personal data that was collected in support cases outlives the service."""

    keep: Span
    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionsTerm:
    """Documented instructions. One that infringes the law is suspended until confirmed or modified; what a law compels
    is told to the customer before processing, unless that law forbids it."""

    clause: str
    infringing_clause: str
    compulsion_clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesTerm:
    """When a written notice counts as received: on acknowledgement, else `assumed_after` its dispatch."""

    assumed_after: Span
    clause: str
    authored: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SubprocessorTerm:
    """How sub-processors change.

    `notice`: the change may start no earlier than this after the announcement counts as received. `objection`: the
    window of the customer, from `counted_from`. `effect` of an objection: "veto" and "blocks" stop the change for this
    customer; "resolution" opens `resolution`, after which the customer may end the affected service without penalty.
    """

    authorisation: Literal["general", "on-request"]
    notice: Span
    objection: Span
    counted_from: Literal["receipt", "update"]
    effect: Literal["veto", "blocks", "resolution"]
    clause: str
    resolution: Span | None = None
    public_register: bool = True
    authored: bool = False
    ours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachTerm:
    """By when a breach reaches the customer, counted from the moment the provider's staff first knew.

    `promised` False: the text says "without undue delay", and `within` is our own target (then `authored`).
    """

    within: Span
    promised: bool
    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTerm:
    """Audits by the customer. An authority's audit is never refused, nor one after an incident where `exceptions` say.

    `at_most` audits in `period` (None: no limit). `cause_required`: reasonable cause must be stated.
    """

    notice: Span
    cost: Literal["customer", "provider", "unstated"]
    cause_required: bool
    business_hours: bool
    clause: str
    at_most: int | None = None
    period: Span | None = None
    exceptions: tuple[Literal["authority", "incident"], ...] = ("authority",)
    authored: bool = False
    ours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsTerm:
    """Requests of persons: answered within `answer` of receipt, extendable by `extension` with notice inside `answer`.

    `forward`: passed to the controller first. `answers`: who answers the person.
    """

    forward: Literal["on-receipt", "promptly", "no"]
    answers: Literal["controller", "provider-when-authorised", "provider"]
    answer: Span
    extension: Span
    clause: str
    authored: bool = False
    ours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityTerm:
    """What is promised of running: percent of a month, time to restore (RTO), data that may be lost (RPO)."""

    deployment: Literal["public", "dedicated", "any"]
    clause: str
    percent: float | None = None
    rto: Span | None = None
    rpo: Span | None = None
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationTerm:
    """What only people can keep: proved every `every` by an upload of the `responsible` role."""

    key: str
    statement: str
    every: Span
    responsible: str
    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketingTerm:
    """Whether the provider may write to the customer's contact persons, and as what."""

    allowed: Literal["never", "as-controller", "with-consent"]
    unsubscribe_in_each: bool
    clause: str
    authored: bool = False
    ours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffTerm:
    """Access by the provider's staff: only for a purpose, for at most `longest`, and with the customer's consent where
    `consent` says so."""

    consent: bool
    longest: Span
    clause: str
    authored: bool = False
    ours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidencyTerm:
    """Data of citizens of `country` (ISO 3166 alpha-2) is hosted in `hosted_in` (an area), or carries `measure`.

    `applies_to` "recipients": whoever receives data in the area `hosted_in` carries `measure` ("dpf"); `country` is
    where the recipient is. A measure "" knows no exception.
    """

    country: str
    hosted_in: str
    measure: str
    clause: str
    applies_to: Literal["citizens", "recipients"] = "citizens"
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorsTerm:
    """Below which age persons are kept out. Processing of data of minors is refused where this is agreed."""

    minimum_age: int
    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTerm:
    """For one offering ("*" = all), whose data and of which categories (keys of `fideslang`) is processed."""

    offering: str
    subjects: tuple[str, ...]
    categories: tuple[str, ...]
    clause: str
    authored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTerm:
    """A span of a term that an order form may set anew, within limits: term "breach.within", "12 hours" to
    "48 hours"."""

    term: str
    least: Span
    most: Span
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsoTerm:
    """What the same text says elsewhere, less strictly, of a field: "end.destroy" is also said to be "180 days".

    Shown beside what holds; nothing is computed with it.
    """

    term: str
    says: str
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The typed terms, each naming its clause. None: the agreement does not speak of it."""

    purposes: tuple[PurposeTerm, ...]
    forbidden: tuple[ForbiddenTerm, ...]
    encryption: EncryptionTerm
    retention: RetentionTerm
    end: EndTerm
    regions: RegionTerm
    suspension: SuspensionTerm
    instructions: InstructionsTerm
    notices: NoticesTerm
    subprocessors: SubprocessorTerm
    breach: BreachTerm
    audit: AuditTerm
    rights: RightsTerm
    staff: StaffTerm
    marketing: MarketingTerm
    support_data: SupportDataTerm | None = None
    availability: tuple[AvailabilityTerm, ...] = ()
    attestations: tuple[AttestationTerm, ...] = ()
    residency: tuple[ResidencyTerm, ...] = ()
    data: tuple[DataTerm, ...] = ()
    limits: tuple[LimitTerm, ...] = ()
    minors: MinorsTerm | None = None
    also: tuple[AlsoTerm, ...] = ()

    @property
    def minimum_age(self) -> int:
        """The age below which persons are kept out, 0 for none."""
        return self.minors.minimum_age if self.minors else 0

    @property
    def instructions_clause(self) -> str:
        """The clause that a purpose without instruction is refused by."""
        return self.instructions.clause


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeRow:
    """The gate's precomputed line for one purpose under one agreement. `categories`: which ones each offering may
    process ("*": every other offering); None where the agreement lists none."""

    effect: Effect
    needs_key: bool
    stores_content: bool
    offerings: frozenset[str] | None
    needs_grant: bool
    categories: Mapping[str, frozenset[str]] | None
    refusal: "Decision | None"
    allowed: "Decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One version of one agreement, as loaded from its file and checked."""

    id: str
    version: str
    title: str
    source: str
    kind: Literal["dpa", "policy", "terms"]
    takes_effect: Literal["by-agreement", "when-published"]
    parties: tuple[Party, ...]
    clauses: Mapping[str, Clause]
    terms: Terms
    digest: str = ""
    """SHA-256 of the file's text, in hex: what a signature binds to."""
    gate_table: Mapping[str, PurposeRow] = field(
        repr=False, compare=False, default_factory=lambda: MappingProxyType({})
    )

    field_clauses: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """In a composition, or after an order form: the clause of each field that is not its term's ("end.renew")."""

    @property
    def instructed_purposes(self) -> frozenset[str]:
        """The purposes that the customer instructs by signing, and that hold until it instructs otherwise."""
        return frozenset(
            purpose for term in self.terms.purposes if term.instructed_by_signing for purpose in term.covers
        )

    def clause_of(self, path: str) -> str:
        """The clause that a field of a term rests on: "end.renew"."""
        clause: str = getattr(self.terms, path.partition(".")[0]).clause
        return self.field_clauses.get(path, clause)

    def is_ours(self, path: str) -> bool:
        """Whether we wrote a field ("end.renew"): its whole term is `authored`, or the field stands in `ours`."""
        name, _, held = path.partition(".")
        term = getattr(self.terms, name)
        return bool(getattr(term, "authored", False) or held in getattr(term, "ours", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A time-limited permission for one of the provider's staff to look, and whether the customer consented."""

    id: str
    person: str
    purpose: str
    offering: str
    starts: datetime
    ends: datetime
    consented: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRequest:
    """The question "may this happen?".

    `purpose` is a key of `vocabulary.PURPOSES` ("record-calls"), `offering` of `vocabulary.OFFERINGS`
    ("call-recording"), `region` where it would happen ("eu", "eu-frankfurt": the part before the dash is an area of
    `vocabulary.AREAS`). `sealed_to_customer` says that what would be stored is sealed to this customer's keys and no
    other. `at` carries a time zone; `contract_ended_at` is needed when the subscription has ended.

    `recipient` is the sub-processor that data would go to, "" for none; `recipients` those that the customer's windows
    have opened, each with the instant from which it may receive. `person` is the member of the provider's staff who
    would look, "" for none; `grants` what staff may use. `categories` are the categories of data concerned, keys of
    `fideslang`; `minors` says that data of children is concerned, `citizens` of which countries (ISO 3166 alpha-2) the
    persons are citizens where that is known. `zone` is the time zone in which the customer's deadlines fall.
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
    suspended_purposes: frozenset[str] = frozenset()
    recipient: str = ""
    recipients: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    person: str = ""
    grants: tuple[Grant, ...] = ()
    categories: frozenset[str] = frozenset()
    minors: bool = False
    citizens: frozenset[str] = frozenset()
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The gate's answer: the clause that decided, why, what would help when refused, and the facts worth keeping."""

    allowed: bool
    clause: str
    reason: str
    remedy: str | None = None
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
