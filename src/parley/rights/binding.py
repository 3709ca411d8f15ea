"""What binds whoever is in scope towards the persons: the agreements' terms, or the law alone for the provider itself.

In the provider's own scope (its employees, visitors, users: imagino-policy IG-1.people, IG-5.employees) nobody is
between the person and the controller: nothing is passed on, and the provider answers.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from parley.agreement.api import Agreement, Decision, RightsTerm, load
from parley.governance.contract import api as contract
from parley.inventory.api import stores
from parley.rights.errors import GateRefused
from parley.rights.rules import ANSWER, EXTENSION
from parley.tenancy import api as tenancy

OWN_POLICY = "imagino-policy"
"""Whose clauses speak of the provider's own people."""
OWN_CLAUSES = {"": "IG-1.people", "employee": "IG-5.employees", "minor": "IG-1.minors"}
_PURPOSES = ("handle-rights-requests", "export-data")
"""Texts that were signed before they covered requests (ixcloud-dpa, version 1) stay bound: there the customer finds and
hands out its own data."""


@dataclass(frozen=True)
class Bound:
    """The agreement to open duties by, its term, and the clause that evidence names."""

    agreement: Agreement
    zone: str

    @property
    def term(self) -> RightsTerm:
        return self.agreement.terms.rights

    @property
    def clause(self) -> str:
        return self.term.clause

    def clause_of(self, field: str) -> str:
        """The clause of a field of the term: "forward"."""
        return self.agreement.clause_of(f"rights.{field}")


def own() -> bool:
    """Whether the provider itself is in scope."""
    return tenancy.current().kind == "provider"


def bound(*, kinds: Collection[str] = (), employee: bool = False) -> Bound:
    """What binds now. Raises NothingSigned for a customer that signed nothing."""
    zone = tenancy.standing().zone
    if not own():
        return Bound(contract.binding().agreement, zone)
    clause = OWN_CLAUSES["minor" if "minor" in kinds else "employee" if employee else ""]
    policy = load(OWN_POLICY)
    term = RightsTerm(forward="no", answers="provider", answer=ANSWER, extension=EXTENSION, clause=clause)
    return Bound(replace(policy, terms=replace(policy.terms, rights=term)), zone)


def ask(*, at: datetime) -> Decision | None:
    """The gate's word that a person's data may be found and handed out; None in the provider's own scope.

    Asked for each offering that holds data: one that the agreement covers is enough, for the person's right is to all.
    Raises GateRefused with the first refusal's clause and reason.
    """
    if own():
        return None
    refused: Decision | None = None
    for purpose in _PURPOSES:
        for offering in dict.fromkeys(store.offering for store in stores()):
            decision = contract.ask(purpose, at=at, offering=offering)
            if decision.allowed:
                return decision
            refused = refused or decision
    if refused is None:
        return None
    raise GateRefused(f"{refused.reason} ({refused.clause})", remedy=refused.remedy or "")
