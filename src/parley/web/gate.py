"""The agreement's gate, asked on behalf of the customer whose console this is."""

from datetime import datetime

from django.utils.translation import gettext as _

from parley.agreement import api as agreements
from parley.governance.contract import api as contract
from parley.governance.instructions import api as instructions
from parley.obligations import api as obligations
from parley.web.place import ConsoleRequest
from parley.web.problems import Refused


def ask(purpose: str, *, now: datetime) -> agreements.Decision:
    """The gate's decision on `purpose` in call recording for the customer in scope; raises Refused when it says no."""
    decision = contract.ask(purpose, at=now)
    if not decision.allowed:
        clause = _(" (clause %(clause)s)") % {"clause": decision.clause} if decision.clause else ""
        raise Refused(f"{decision.reason}{clause}", remedy=decision.remedy or "")
    return decision


def leave_evidence(
    request: ConsoleRequest, *, kind: str, decision: agreements.Decision, now: datetime, **details: str
) -> None:
    """Records that this person did `kind` under `decision`: ids only, never a name or a number.

    What people start in the service is an instruction too: the one that it rests on is named.
    """
    instruction = instructions.instruction_for(decision.facts.get("purpose", ""))
    named = {"instruction": instruction} if instruction else {}
    obligations.evidence(
        kind=kind, clause=decision.clause, details={"user": str(request.person.id), **named, **details}, at=now
    )
