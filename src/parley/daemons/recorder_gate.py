"""The gate before a recording: what the customer's agreement says, asked for each call."""

from datetime import UTC, datetime
from functools import cache

from parley.agreement.api import CALL_RECORDING, RECORD_CALLS, Agreement, GateRequest, evaluate, load
from parley.daemons.signalling_ports import Gate, GateVerdict
from parley.recordings.types import GateRecord
from parley.tenancy.api import TrunkEntry


def agreement_gate(*, region: str) -> Gate:
    """A gate for recordings that are made in `region` ("eu-frankfurt") and sealed to the trunk's recipients."""

    def ask(trunk: TrunkEntry) -> GateVerdict:
        customer = trunk.customer
        agreement = _agreement(customer.agreement)
        decision = evaluate(
            agreement,
            GateRequest(
                purpose=RECORD_CALLS,
                offering=CALL_RECORDING,
                region=region,
                subscription_state=customer.state,
                instructed_purposes=agreement.instructed_purposes,
                acceptable_use_suspended=False,
                sealed_to_customer=bool(trunk.recipients),
                custody=customer.custody,
                at=datetime.now(UTC),
                chosen_region=customer.region,
            ),
        )
        record = GateRecord(clause=decision.clause, purpose=RECORD_CALLS, reason=decision.reason)
        return GateVerdict(allowed=decision.allowed, record=record)

    return ask


@cache
def _agreement(name: str) -> Agreement:
    return load(name)
