"""What can be refused about sub-processors, each with its clause or rule and what would help."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class SubprocessorError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "subprocessors.error"


class EntryRefused(SubprocessorError):
    """An entry of the register is not complete or not true: `field` names what."""

    error_id: ClassVar[str] = "subprocessors.entry-refused"

    def __init__(self, field: str, message: str, *, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.field = field


class FlowDownMissing(EntryRefused):
    """Nobody is appointed without the contract that binds it to the same duties (GDPR Art. 28(4))."""

    error_id: ClassVar[str] = "subprocessors.flow-down-missing"


class ChangeRefused(SubprocessorError):
    """A change cannot be announced or withdrawn like this."""

    error_id: ClassVar[str] = "subprocessors.change-refused"


class ObjectionRefused(SubprocessorError):
    """The objection is too late, was made already, or lacks its grounds."""

    error_id: ClassVar[str] = "subprocessors.objection-refused"


class ResolutionRefused(SubprocessorError):
    """There is no objection to resolve, or it cannot be resolved in this way."""

    error_id: ClassVar[str] = "subprocessors.resolution-refused"


class TerminationRefused(SubprocessorError):
    """The service cannot be terminated on this ground, or not yet."""

    error_id: ClassVar[str] = "subprocessors.termination-refused"


class NoSuchChange(SubprocessorError):
    """No planned change has that id here."""

    error_id: ClassVar[str] = "subprocessors.no-such-change"
