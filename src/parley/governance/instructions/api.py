"""What other packages may use of instructions: the customer's documented word, transfers, acceptable use, compulsions.

All but `compelled_silently` is of the customer in scope. The gate itself is `contract.ask`.
"""

from collections.abc import Mapping

from parley.governance.instructions.annexes import Annexes, Section, SubProcessor, annexes_of
from parley.governance.instructions.compulsion import compelled, compelled_silently, compulsions
from parley.governance.instructions.errors import InstructionError, InstructionRefused, UnknownInstruction
from parley.governance.instructions.giving import (
    confirm,
    give,
    instruction,
    instruction_for,
    instructions,
    withdraw,
)
from parley.governance.instructions.law import Adequacy, AdequacyList, adequacy, law
from parley.governance.instructions.misuse import correct_misuse, lift, misuses, report_misuse, suspend
from parley.governance.instructions.rules import Details, Infringement, Setting, infringements
from parley.governance.instructions.settling import SETTLE, settle_again
from parley.governance.instructions.telling import TOLD, told
from parley.governance.instructions.transfers import confirm_transfer, transfers, withdraw_transfer
from parley.governance.instructions.types import MISUSES, Compulsion, Instruction, Measure, Misuse, State, Transfer
from parley.obligations.api import Handler


def handlers() -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline."""
    return {SETTLE: settle_again, TOLD: told}


__all__ = [
    "MISUSES",
    "SETTLE",
    "Adequacy",
    "AdequacyList",
    "Annexes",
    "Compulsion",
    "Details",
    "Infringement",
    "Instruction",
    "InstructionError",
    "InstructionRefused",
    "Measure",
    "Misuse",
    "Section",
    "Setting",
    "State",
    "SubProcessor",
    "Transfer",
    "UnknownInstruction",
    "adequacy",
    "annexes_of",
    "compelled",
    "compelled_silently",
    "compulsions",
    "confirm",
    "confirm_transfer",
    "correct_misuse",
    "give",
    "handlers",
    "infringements",
    "instruction",
    "instruction_for",
    "instructions",
    "law",
    "lift",
    "misuses",
    "report_misuse",
    "settle_again",
    "suspend",
    "transfers",
    "withdraw",
    "withdraw_transfer",
]
