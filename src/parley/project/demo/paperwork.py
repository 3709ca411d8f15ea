"""What the demo's provider and customers have agreed besides: who else touches data, and what is about to change."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from parley.governance.contract import api as contract
from parley.governance.subprocessors import api as subprocessors
from parley.tenancy.api import Customer, scope

Narrate = Callable[[str], None]

_START: Final = timedelta(days=75)
"""When the announced sub-processor is to start: after the longest window of the five agreements."""


def _entry(key: str, name: str, role: str, country: str, address: str, *purposes: str) -> subprocessors.Entry:
    """An entry of an invented company; its address in the web is one that nobody can own (RFC 2606)."""
    return subprocessors.Entry(
        key=key,
        name=name,
        role=role,
        country=country,
        address=address,
        contact=f"privacy@{key}.example",
        privacy_url=f"https://{key}.example/privacy",
        purposes=purposes,
        offerings=("call-recording",),
        flowdown=subprocessors.FlowDown(
            digest=hashlib.sha256(f"contract with {name}".encode()).hexdigest(),
            signed_on=date(2026, 9, 1),
            clauses={duty: f"section {number}" for number, duty in enumerate(subprocessors.FLOWDOWN_DUTIES, 4)},
        ),
    )


_ENGAGED: Final = (
    _entry("harbour-hosting", "Harbour Hosting", "data centre", "DE", "Am Kai 1, Frankfurt", "secure-service"),
    _entry("clear-relay", "Clear Relay", "e-mail delivery", "IE", "2 Quay Street, Dublin", "secure-service"),
)
_PLANNED: Final = _entry(
    "second-shore", "Second Shore", "data centre for copies", "FR", "3 quai du Port, Marseille", "secure-service"
)


def register(*, by: UUID, narrate: Narrate) -> None:
    """Puts two sub-processors into the register, for customers to authorise when they sign."""
    for wanted in _ENGAGED:
        if subprocessors.entry(wanted.key) is None:
            subprocessors.engage(wanted, at=datetime.now(UTC), by=by)
            narrate(f"sub-processor {wanted.name}, {wanted.role}")


def sign_further(customer: Customer, agreements: tuple[str, ...], *, by: str, narrate: Narrate) -> None:
    """Has the customer sign what holds beside its data processing agreement."""
    with scope(customer):
        missing = [name for name in agreements if name not in {one.agreement for one in contract.signatures()}]
        if missing:
            contract.sign(agreements=missing, by=by, reference="demo order 1", at=datetime.now(UTC))
            narrate(f"{customer.name} signed {', '.join(missing)} too")


def announce(*, by: UUID, narrate: Narrate) -> None:
    """Announces a third sub-processor to every customer, each with the windows of its own agreement."""
    if subprocessors.entry(_PLANNED.key) is None:
        now = datetime.now(UTC)
        subprocessors.announce(_PLANNED, planned_start=now + _START, at=now, by=by)
        narrate(f"announced: {_PLANNED.name}, {_PLANNED.role}, to start in {_START.days} days")
