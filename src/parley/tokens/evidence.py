"""What tokens leave in the log, under the clause that lets the service be secured. Ids and scopes only."""

from datetime import datetime
from typing import Final

from parley.governance.contract import api as contract
from parley.ledger.api import JSON
from parley.obligations import api as obligations

_SECURE_SERVICE: Final = "secure-service"


def leave(kind: str, *, at: datetime, **details: JSON) -> None:
    """Evidence for the customer in scope, in the caller's transaction."""
    obligations.evidence(kind=kind, clause=contract.ask(_SECURE_SERVICE, at=at).clause, details=details, at=at)
