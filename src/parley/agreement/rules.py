"""The gate: may this happen, under this agreement, now? Pure and driven by a table made once for each agreement.

The order of the questions is fixed, so that the same refusal always names the same clause: purpose, instruction (given,
not suspended), offering, subscription, suspension, region, residency, recipient, person, minors, categories, keys.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from parley.agreement.clock import Span
from parley.agreement.ending import end_instants
from parley.agreement.rules_data import (
    categories_of,
    consented,
    egress,
    keys,
    minors_and_categories,
    person,
    refuse,
    residency,
)
from parley.agreement.types import Agreement, Decision, GateRequest, PurposeRow, PurposeTerm
from parley.agreement.vocabulary import AREAS, PURPOSES, Purpose, area_of

_CONFIRMED: Final = "confirmed-measure"


def evaluate(agreement: Agreement, request: GateRequest) -> Decision:
    """Allowed or refused, with the clause that decides; the same question always gets the same answer.

    Raises ValueError when `request.at` has no time zone.
    """
    if request.at.tzinfo is None:
        raise ValueError("the gate needs an instant with a time zone")
    row = agreement.gate_table.get(request.purpose)
    if row is None:
        return refuse(
            agreement,
            _purposes_clause(agreement),
            f'"{request.purpose}" is no purpose that Parley knows',
            remedy="name one of the purposes of parley.agreement.vocabulary",
        )
    return (
        row.refusal
        or _instruction(agreement, row, request)
        or _subscription(agreement, row, request)
        or _suspension(agreement, row, request)
        or _region(agreement, request)
        or residency(agreement, request)
        or egress(agreement, request)
        or person(agreement, row, request)
        or minors_and_categories(agreement, row, request)
        or keys(agreement, row, request)
        or row.allowed
    )


def compile_gate(agreement: Agreement) -> Agreement:
    """The same agreement with its gate table: one row for each purpose that Parley knows."""
    categories = categories_of(agreement.terms)
    table = {purpose.key: _row(agreement, purpose, categories) for purpose in PURPOSES.values()}
    return replace(agreement, gate_table=MappingProxyType(table))


def _row(agreement: Agreement, purpose: Purpose, categories: Mapping[str, frozenset[str]] | None) -> PurposeRow:
    covering = [term for term in agreement.terms.purposes if purpose.key in term.covers]
    forbidden = next((term for term in agreement.terms.forbidden if purpose.key in term.purposes), None)
    refusal = None
    if forbidden is not None:
        refusal = refuse(
            agreement,
            forbidden.clause,
            f"nobody may {purpose.meaning}",
            remedy=None,
        )
    elif not covering:
        refusal = refuse(
            agreement,
            _purposes_clause(agreement),
            f"the agreement has no purpose under which Parley could {purpose.meaning}",
            remedy="the customer gives a further documented instruction, or another agreement is signed",
        )
    return PurposeRow(
        effect=purpose.effect,
        needs_key=purpose.needs_key,
        stores_content=purpose.stores_content,
        offerings=_offerings(covering),
        needs_grant=purpose.by_staff,
        categories=categories,
        refusal=refusal,
        allowed=_allowance(agreement, purpose, covering),
    )


def _allowance(agreement: Agreement, purpose: Purpose, covering: list[PurposeTerm]) -> Decision:
    term = covering[0] if covering else None
    facts = {"agreement": agreement.id, "version": agreement.version, "purpose": purpose.key, "use": purpose.data_use}
    if term is not None:
        facts["covered_by"] = term.key
    return Decision(
        allowed=True,
        clause=term.clause if term else _purposes_clause(agreement),
        reason=f"instructed purpose: {term.statement}" if term else purpose.meaning,
        facts=MappingProxyType(facts),
    )


def _offerings(covering: list[PurposeTerm]) -> frozenset[str] | None:
    named = frozenset(offering for term in covering for offering in term.offerings)
    return None if "*" in named else named


def _instruction(agreement: Agreement, row: PurposeRow, request: GateRequest) -> Decision | None:
    if request.purpose not in request.instructed_purposes and not consented(agreement, row, request):
        return refuse(
            agreement,
            agreement.terms.instructions_clause,
            f'the customer has not instructed "{request.purpose}"',
            remedy="the customer records the instruction",
        )
    if request.purpose in request.suspended_purposes:
        return refuse(
            agreement,
            agreement.terms.instructions.infringing_clause,
            f'the instruction for "{request.purpose}" is suspended, because it would infringe the law',
            remedy="the customer confirms the instruction, or modifies it",
        )
    if row.offerings is not None and request.offering not in row.offerings:
        return refuse(
            agreement,
            row.allowed.clause,
            f'the purpose does not reach the offering "{request.offering}"',
            remedy="it reaches: " + ", ".join(sorted(row.offerings)),
        )
    return None


def _subscription(agreement: Agreement, row: PurposeRow, request: GateRequest) -> Decision | None:
    if request.subscription_state == "active":
        return None
    end = agreement.terms.end
    if request.subscription_state != "ended" or request.contract_ended_at is None:
        return refuse(
            agreement,
            end.clause,
            f'the subscription is "{request.subscription_state}", and only an active one carries the service',
            remedy="activate the subscription, or record the date on which the contract ended",
        )
    span = {"use": end.access, "export": end.export, "look": end.access}.get(row.effect)
    if span and span.amount and request.contract_ended_at <= request.at:
        instants = end_instants(end, request.contract_ended_at, zone=request.zone)
        if request.at < (instants.export if row.effect == "export" else instants.access):
            return None
    return refuse(
        agreement,
        end.clause,
        f"the contract has ended, and this was possible for {span} after it"
        if span and span.amount
        else "the contract has ended, and this ends with it",
        remedy="renew the contract" if row.effect == "collect" else _after_end(end.export),
    )


def _after_end(export: Span) -> str:
    if export.amount:
        return f"ask for an export within {export} of the end"
    return "fetch the data before the contract ends; this agreement offers no time after it"


def _suspension(agreement: Agreement, row: PurposeRow, request: GateRequest) -> Decision | None:
    if request.acceptable_use_suspended and row.effect == "collect":
        return refuse(
            agreement,
            agreement.terms.suspension.clause,
            "the service is suspended for misuse; what is stored stays readable",
            remedy="correct the use that was reported; the provider then lifts the suspension",
        )
    return None


def _region(agreement: Agreement, request: GateRequest) -> Decision | None:
    regions = agreement.terms.regions
    if regions.chosen_by == "customer" and request.chosen_region not in (None, request.region):
        return refuse(
            agreement,
            regions.clause,
            f'the customer chose the region "{request.chosen_region}", this would happen in "{request.region}"',
            remedy="send it to the customer's region",
        )
    area = area_of(request.region)
    if area in regions.areas:
        return None
    if area not in AREAS:
        return refuse(
            agreement,
            regions.clause,
            f'"{request.region}" is in no area that Parley knows',
            remedy="begin the region with one of: " + ", ".join(AREAS),
        )
    if regions.elsewhere == _CONFIRMED and area in request.confirmed_transfers:
        return None
    return refuse(
        agreement,
        regions.clause,
        f"processing in {AREAS[area]} would be a transfer"
        + (" that the customer has not confirmed a measure for" if regions.elsewhere == _CONFIRMED else ""),
        remedy="the customer confirms the measure (adequacy, binding corporate rules, standard clauses)"
        if regions.elsewhere == _CONFIRMED
        else "process it in: " + ", ".join(regions.areas),
    )


def _purposes_clause(agreement: Agreement) -> str:
    purposes = agreement.terms.purposes
    return purposes[0].clause if purposes else agreement.terms.instructions_clause
