"""What can go wrong between a customer and its database or keys."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class TenancyError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "tenancy.error"


class NoCustomerInScope(TenancyError):
    """A query was made that belongs to no customer. Ours to fix; nothing was sent to a database."""

    error_id: ClassVar[str] = "tenancy.no_customer_in_scope"

    def __init__(self) -> None:
        super().__init__(
            "no customer is in scope: refusing to connect", remedy="Do this work inside tenancy.api.scope(customer)."
        )


class CustomerChangedInTransaction(TenancyError):
    """A transaction of one customer was about to touch another customer. Ours to fix; the transaction is unharmed."""

    error_id: ClassVar[str] = "tenancy.customer_changed_in_transaction"

    def __init__(self) -> None:
        super().__init__(
            "the customer changed inside a transaction", remedy="End the transaction before entering another scope."
        )


class CustomerRefused(TenancyError):
    """A customer cannot be created or used as asked; the remedy says what to change."""

    error_id: ClassVar[str] = "tenancy.customer_refused"


class UnknownCustomer(TenancyError):
    """No active customer has that id."""

    error_id: ClassVar[str] = "tenancy.unknown_customer"


class AgreementTextRefused(TenancyError):
    """A version of an agreement was signed with another text before: what a customer signed never changes."""

    error_id: ClassVar[str] = "tenancy.agreement_text_refused"


class TrunkRefused(TenancyError):
    """A trunk cannot be added as asked; the remedy says what to change."""

    error_id: ClassVar[str] = "tenancy.trunk_refused"


class KeysUnavailable(TenancyError):
    """A key that the work needs is missing, unreadable or was altered. Permanent until an operator acts."""

    error_id: ClassVar[str] = "tenancy.keys_unavailable"


class DatabaseUnavailable(TenancyError):
    """PostgreSQL could not be started or prepared; the message ends with the server's own words."""

    error_id: ClassVar[str] = "tenancy.database_unavailable"
