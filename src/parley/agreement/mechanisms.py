"""What can keep a clause: the mechanisms that exist in this version, and the work that some clauses still wait for.

An agreement file may only name what stands here, so that no clause claims a protection that nobody built.
"""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One thing that keeps clauses: what it does, and where to read it."""

    name: str
    kind: Literal["gate", "control"]
    does: str
    where: str


_MECHANISMS: Final = (
    Mechanism(name="gate.purpose", kind="gate", where="parley.agreement.rules",
              does="refuses every purpose that the agreement does not cover or the customer did not instruct"),
    Mechanism(name="gate.forbidden", kind="gate", where="parley.agreement.rules",
              does="refuses the purposes that nobody can instruct: sale, the provider's own use"),
    Mechanism(name="gate.region", kind="gate", where="parley.agreement.rules",
              does="refuses processing outside the chosen region and outside the areas of the agreement"),
    Mechanism(name="gate.sealing", kind="gate", where="parley.agreement.rules",
              does="refuses to store content that is not sealed to the customer's own keys"),
    Mechanism(name="gate.subscription", kind="gate", where="parley.agreement.rules",
              does="refuses collection after the contract, and access when its last day has passed"),
    Mechanism(name="gate.suspension", kind="gate", where="parley.agreement.rules",
              does="refuses new collection while the service is suspended for misuse"),
    Mechanism(name="control.sealed-on-receipt", kind="control", where="parley.recordings.capture",
              does="the recorder holds public keys only; content reaches the disk as an age file of the customer"),
    Mechanism(name="control.own-database", kind="control", where="parley.tenancy",
              does="a database and a LOGIN role for each customer; no role can connect to another's database"),
    Mechanism(name="control.roles", kind="control", where="parley.people",
              does="people see what their role and groups allow: own calls, calls of own groups, or all"),
    Mechanism(name="control.evidence", kind="control", where="parley.ledger",
              does="each decision and deed leaves an entry in the customer's log, provable offline"),
    Mechanism(name="control.checked-before-play", kind="control", where="parley.recordings",
              does="an object whose hash differs from the ledger's is refused before it plays"),
    Mechanism(name="control.recovery", kind="control", where="parley.recordings.capture",
              does="journal and parts bring a recording back after a crash, a power cut or a full disk"),
    Mechanism(name="control.inventory", kind="control", where="parley.inventory",
              does="every stored field is declared as personal data or not; an undeclared one fails the build"),
)  # fmt: skip

MECHANISMS: Final = {mechanism.name: mechanism for mechanism in _MECHANISMS}
"""What exists in this version, by name."""

AWAITED: Final = {
    "governance": "instructions, sub-processors, incidents, staff access, audits, attestations, with their duties",
    "rights": "requests of persons: access, rectification, erasure, restriction, portability, objection",
    "retention": "retention policies, holds and deletion on the customer's word",
    "lifecycle": "the end of a contract: renewal window, block, backup, destruction, certificate",
    "transfers": "measures for transfers, standard contractual clauses with their annexes",
    "offerings": "offerings of the agreement that are not built yet",
    "partners": "resellers, partners and their end tenants",
}
"""What is not built yet; a clause that waits says so on every page."""
