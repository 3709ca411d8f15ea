"""What accounts leave in the log: who was let in, whose role changed, who was locked out. Ids only."""

from datetime import datetime
from typing import Final

from parley.agreement.api import load
from parley.governance.contract import api as contract
from parley.ledger.api import JSON
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

OWN_CLAUSE: Final = "provider.accounts"
"""What the provider's own log names: its staff is bound by no customer's agreement."""
_SECURE_SERVICE: Final = "secure-service"


def leave(kind: str, *, at: datetime, **details: JSON) -> None:
    """Evidence for whoever is in scope, in the caller's transaction, under the clause that lets the service be secured.

    `person` among the details is the account that it is about, `user` whoever did it.
    """
    obligations.evidence(kind=kind, clause=clause(at), details=details, at=at)


def clause(at: datetime) -> str:
    """The clause that lets the service of whoever is in scope be secured."""
    customer = tenancy.current()
    if customer.kind == "provider":
        return OWN_CLAUSE
    if named := contract.ask(_SECURE_SERVICE, at=at).clause:
        return named
    # The first administrator is made just before the customer signs.
    first = load(customer.agreement.partition("+")[0])
    return first.gate_table[_SECURE_SERVICE].allowed.clause
