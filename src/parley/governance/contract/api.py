"""What other packages may use of a customer's contract: sign, what binds, the gate, the order, the end.

decision = ask(RECORD_CALLS, at=now)  # THE gate for the customer in scope: every package asks this one
"""

from collections.abc import Mapping

from parley.governance.contract.ending import close, end_contract, ending, renew
from parley.governance.contract.errors import AgreementChanged, ContractError, ContractRefused, NothingSigned
from parley.governance.contract.gate import ask, ask_for, binding, binding_of
from parley.governance.contract.order import change_order, notice_addresses, order, set_notice_addresses
from parley.governance.contract.settling import SETTLE, settle_again
from parley.governance.contract.signing import publish_policy, published, sign, sign_at_creation, signatures
from parley.governance.contract.types import Ending, Order, Paper, Signature, Version
from parley.obligations.api import Handler


def handlers() -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline."""
    return {SETTLE: settle_again}


__all__ = [
    "SETTLE",
    "AgreementChanged",
    "ContractError",
    "ContractRefused",
    "Ending",
    "NothingSigned",
    "Order",
    "Paper",
    "Signature",
    "Version",
    "ask",
    "ask_for",
    "binding",
    "binding_of",
    "change_order",
    "close",
    "end_contract",
    "ending",
    "handlers",
    "notice_addresses",
    "order",
    "publish_policy",
    "published",
    "renew",
    "set_notice_addresses",
    "settle_again",
    "sign",
    "sign_at_creation",
    "signatures",
]
