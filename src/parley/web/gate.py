"""The agreement's gate, asked on behalf of the customer whose console this is."""

from datetime import datetime

from parley.agreement import api as agreements
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy
from parley.web.place import ConsoleRequest
from parley.web.problems import Refused


def ask(purpose: str, *, now: datetime) -> agreements.Decision:
    """The gate's decision on `purpose` in call recording for the customer in scope; raises Refused when it says no."""
    customer = tenancy.current()
    agreement = agreements.load(customer.agreement)
    decision = agreements.evaluate(
        agreement,
        agreements.GateRequest(
            purpose=purpose,
            offering=agreements.CALL_RECORDING,
            region=customer.region,
            subscription_state=customer.state,
            instructed_purposes=agreement.instructed_purposes,
            acceptable_use_suspended=False,
            sealed_to_customer=True,
            custody=customer.custody,
            at=now,
        ),
    )
    if not decision.allowed:
        raise Refused(f"{decision.reason} (clause {decision.clause})", remedy=decision.remedy or "")
    return decision


def leave_evidence(
    request: ConsoleRequest, *, kind: str, decision: agreements.Decision, now: datetime, **details: str
) -> None:
    """Records that this person did `kind` under `decision`: ids only, never a name or a number."""
    obligations.evidence(kind=kind, clause=decision.clause, details={"user": str(request.person.id), **details}, at=now)
