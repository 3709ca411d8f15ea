"""What others learn of instructions, transfers, misuse and compulsions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from parley.governance.instructions.rules import Details, Infringement

State = Literal["in-force", "suspended", "withdrawn", "replaced"]
Measure = Literal["adequacy", "bcr", "scc", "dedicated-site"]
MisuseState = Literal["requested", "corrected", "suspended", "lifted"]

MISUSES: Final[Mapping[str, str]] = {
    "security": "breaking or bypassing a security mechanism",
    "probing": "testing or reverse-engineering the service for its limits or weaknesses",
    "denial": "denial of service, or harm to availability and stability",
    "malware": "sending viruses or other harmful programs",
    "spam": "unsolicited advertising or marketing",
    "fraud": "fraud against third parties",
    "unlawful": "breaking a law, or helping to",
    "rights": "infringing the rights of third parties",
    "harmful": "defamatory, discriminatory or otherwise malicious material",
}
"""The kinds of use that the agreement prohibits, by key."""


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One version of the customer's instruction for a purpose; `findings` are the rules that it infringes.

    `given_by` and the others are ids of users. A version that was `replaced` stays as history.
    """

    id: UUID
    purpose: str
    version: int
    state: State
    text: str
    details: Details
    findings: tuple[Infringement, ...]
    clause: str
    given_by: str
    given_at: datetime
    suspended_at: datetime | None
    confirmed_by: str
    confirmed_at: datetime | None
    confirmation: str
    replaced_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """A measure under which the customer lets its data go to an area. `ends_on`: the last day of an adequacy decision.
    A "dedicated-site" opens no area: it answers a country's rule of residency elsewhere.

    `module` is that of the standard clauses ("2": controller to processor, "3": processor to processor).
    """

    id: UUID
    area: str
    measure: Measure
    module: str
    reference: str
    importer: str
    confirmed_by: str
    confirmed_at: datetime
    ends_on: date | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Misuse:
    """A use that the agreement prohibits: the provider's request to correct it, and what followed.

    `may_suspend_at`: from then on the provider may suspend, unless it was corrected.
    """

    id: UUID
    kind: str
    text: str
    state: MisuseState
    clause: str
    requested_at: datetime
    may_suspend_at: datetime
    correction: str
    corrected_at: datetime | None
    suspended_at: datetime | None
    lifted_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Compulsion:
    """A processing that a law compels, told to the customer before it starts."""

    id: UUID
    law: str
    text: str
    clause: str
    received_at: datetime
    processing_at: datetime
    told_at: datetime | None
