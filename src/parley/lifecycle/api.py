"""What other packages may use of lifecycle: the timeline of a contract's end, and what is done along it.

`follow` keeps a departure in step with the contract of the customer in scope; everything after that happens by
deadlines in the provider's scope. Functions that take a `departure` id may be called in any scope, or in none, outside
a transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO, Literal
from uuid import UUID

from parley.lifecycle.errors import DepartureRefused, LifecycleError, StillThere, UnknownDeparture
from parley.lifecycle.types import (
    STATES,
    STEPS,
    CertificateView,
    DepartureView,
    IsolatedView,
    Phase,
    ReturnView,
    StatementView,
    StepView,
    Timeline,
)
from parley.obligations.api import Handler, Work


def follow(*, at: datetime) -> None:
    """Open a departure for the end of the contract of the customer in scope, or cancel the one that was renewed.

    Idempotent; may be called inside the customer's transaction (after each settling of its contract).
    """
    raise NotImplementedError


def end(*, at: datetime, by: str, ends_at: datetime | None, choice: Literal["delete", "return"], reason: str) -> None:
    """The customer in scope ends its contract, and its departure is opened. Raises ContractRefused."""
    raise NotImplementedError


def renew(*, at: datetime, by: str) -> None:
    """The contract of the customer in scope goes on; nothing was touched. Raises ContractRefused."""
    raise NotImplementedError


def timeline_now(*, at: datetime) -> Timeline | None:
    """The phases of the customer in scope; None while its contract has no end."""
    raise NotImplementedError


def supposed(*, ends_at: datetime) -> Timeline:
    """The phases of the customer in scope, did its contract end then."""
    raise NotImplementedError


def departure_of(customer_id: UUID, *, at: datetime) -> DepartureView | None:
    """The departure of that customer that was not cancelled."""
    raise NotImplementedError


def departure(departure_id: UUID, *, at: datetime) -> DepartureView:
    """One departure. Raises UnknownDeparture."""
    raise NotImplementedError


def departures(
    *, at: datetime, open_only: bool = False, before: datetime | None = None, limit: int = 50
) -> list[DepartureView]:
    """Departures of all customers, newest first."""
    raise NotImplementedError


def by_token(token: str, *, at: datetime) -> DepartureView:
    """The departure that a public link leads to. Raises UnknownDeparture."""
    raise NotImplementedError


def new_link(departure_id: UUID, *, by: str, at: datetime) -> str:
    """A fresh public link (`/end/<token>`), mailed to the addresses too; the former one opens nothing any more."""
    raise NotImplementedError


def confirm_end(departure_id: UUID, *, by: str, at: datetime) -> None:
    """The customer confirms that nothing more is wanted: destroy now. Raises DepartureRefused."""
    raise NotImplementedError


def ask_export(departure_id: UUID, *, channel: str, by: str, at: datetime, formats: Sequence[str] = ()) -> UUID:
    """An export from the backup is wanted. Raises DepartureRefused: too early (the console exports), too late."""
    raise NotImplementedError


def open_return(departure_id: UUID, return_id: UUID, *, at: datetime) -> tuple[ReturnView, BinaryIO]:
    """The package, in clear where the provider holds the key, else sealed. Raises UnknownDeparture when it is gone."""
    raise NotImplementedError


def statements(departure_id: UUID) -> tuple[StatementView, ...]:
    """The statements of progress so far, oldest first."""
    raise NotImplementedError


def certificate(departure_id: UUID) -> CertificateView | None:
    """The certificate of deletion, once there is one."""
    raise NotImplementedError


def progress(departure_id: UUID, key: str) -> Any:
    """How far the long work of a departure has come (obligations.Progress), None when it has not begun."""
    raise NotImplementedError


def handlers() -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline."""
    return {}


def long_handlers() -> Mapping[str, Handler]:
    """The long work of this package, by the kind of its deadline."""
    return {}


def settled(work: Work) -> None:
    """After each settling of a contract (project.wiring): departures follow."""
    follow(at=work.now)


__all__ = [
    "STATES",
    "STEPS",
    "CertificateView",
    "DepartureRefused",
    "DepartureView",
    "IsolatedView",
    "LifecycleError",
    "Phase",
    "ReturnView",
    "StatementView",
    "StepView",
    "StillThere",
    "Timeline",
    "UnknownDeparture",
    "ask_export",
    "by_token",
    "certificate",
    "confirm_end",
    "departure",
    "departure_of",
    "departures",
    "end",
    "follow",
    "handlers",
    "long_handlers",
    "new_link",
    "open_return",
    "progress",
    "renew",
    "settled",
    "statements",
    "supposed",
    "timeline_now",
]
