"""What can go wrong with instructions, transfers and acceptable use."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class InstructionError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "instructions.error"


class InstructionRefused(InstructionError):
    """What was asked does not fit; the remedy says what would. `field` names the field of a form."""

    error_id: ClassVar[str] = "instructions.refused"

    def __init__(self, message: str, *, remedy: str = "", field: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.field = field


class UnknownInstruction(InstructionError):
    """The customer has no such instruction, transfer or report."""

    error_id: ClassVar[str] = "instructions.unknown"
