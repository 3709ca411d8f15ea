"""What can go wrong between a customer and what it signs."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class ContractError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "contract.error"


class NothingSigned(ContractError):
    """The customer in scope is bound by no agreement."""

    error_id: ClassVar[str] = "contract.nothing-signed"

    def __init__(self) -> None:
        super().__init__("no agreement is signed", remedy="sign one: parley customer sign HANDLE AGREEMENT")


class AgreementChanged(ContractError):
    """A text differs from the one that was signed under the same version: nobody is bound to it."""

    error_id: ClassVar[str] = "contract.agreement-changed"


class ContractRefused(ContractError):
    """What was asked does not fit how the contract stands; the remedy says what would."""

    error_id: ClassVar[str] = "contract.refused"
