"""The gate before a recording: what the customer's agreements say, asked for each call."""

from datetime import UTC, datetime

from parley.agreement.api import OF_A_CALL, RECORD_CALLS
from parley.daemons.signalling.ports import Gate, GateVerdict
from parley.governance.contract import api as contract
from parley.recordings.types import GateRecord
from parley.tenancy.api import TrunkEntry


def agreement_gate(*, region: str) -> Gate:
    """A gate for recordings that are made in `region` ("eu-frankfurt") and sealed to the trunk's recipients.

    It asks no database: the trunk carries the signed texts and how the customer stood when the directory was read.
    """

    def ask(trunk: TrunkEntry) -> GateVerdict:
        decision = contract.ask_for(
            trunk.customer,
            RECORD_CALLS,
            at=datetime.now(UTC),
            region=region,
            categories=OF_A_CALL,
            sealed=bool(trunk.recipients),
            texts=trunk.texts,
        )
        record = GateRecord(clause=decision.clause, purpose=RECORD_CALLS, reason=decision.reason)
        return GateVerdict(allowed=decision.allowed, record=record)

    return ask
