"""The gate: may this happen, under what the customer signed and as it stands? Every package asks here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from parley.agreement.api import CALL_RECORDING, Composition, Decision, GateRequest, evaluate
from parley.governance.contract.errors import NothingSigned
from parley.governance.contract.texts import composed
from parley.monitoring import api as monitoring
from parley.tenancy import api as tenancy


def binding() -> Composition:
    """What binds the customer in scope: the texts that it signed, with its order's overrides. Raises NothingSigned."""
    return composed(tenancy.standing())


def binding_of(customer: tenancy.Customer, *, texts: Mapping[str, str] | None = None) -> Composition:
    """What binds `customer` as it was read; `texts` by digest spare the database. Raises NothingSigned."""
    return composed(customer.standing, texts)


def ask(
    purpose: str,
    *,
    at: datetime,
    offering: str = CALL_RECORDING,
    region: str | None = None,
    recipient: str = "",
    person: str = "",
    categories: frozenset[str] = frozenset(),
    minors: bool = False,
    citizens: frozenset[str] = frozenset(),
    sealed: bool = True,
) -> Decision:
    """The decision for the customer in scope, by its standing at this instant.

    `region` is where it would happen (the customer's own by default), `recipient` the sub-processor that would
    receive data, `person` the id of the provider's staff who would look, `citizens` the countries whose citizens the
    persons concerned are, where that is known.
    """
    return ask_for(
        replace(tenancy.current(), standing=tenancy.standing()),
        purpose,
        at=at,
        offering=offering,
        region=region,
        recipient=recipient,
        person=person,
        categories=categories,
        minors=minors,
        citizens=citizens,
        sealed=sealed,
    )


def ask_for(
    customer: tenancy.Customer,
    purpose: str,
    *,
    at: datetime,
    offering: str = CALL_RECORDING,
    region: str | None = None,
    recipient: str = "",
    person: str = "",
    categories: frozenset[str] = frozenset(),
    minors: bool = False,
    citizens: frozenset[str] = frozenset(),
    sealed: bool = True,
    texts: Mapping[str, str] | None = None,
) -> Decision:
    """The decision for `customer` as it was read: nothing is asked of a database when `texts` are given."""
    try:
        agreement = binding_of(customer, texts=texts).agreement
    except NothingSigned as nothing:
        monitoring.count_gate(purpose=purpose, allowed=False, clause="")
        return Decision(allowed=False, clause="", reason=str(nothing.args[0]), remedy=nothing.remedy)
    request = GateRequest(
        purpose=purpose,
        offering=offering,
        region=region or customer.region,
        subscription_state="active",
        instructed_purposes=agreement.instructed_purposes,
        acceptable_use_suspended=False,
        sealed_to_customer=sealed,
        custody=customer.custody,
        at=at,
        chosen_region=customer.region,
        recipient=recipient,
        person=person,
        categories=categories,
        minors=minors,
        citizens=citizens,
    )
    decision = evaluate(agreement, customer.standing.on(request, signed_purposes=agreement.instructed_purposes))
    monitoring.count_gate(purpose=purpose, allowed=decision.allowed, clause=decision.clause)
    return decision
