"""The gate: may this happen, under this agreement, now? Pure and driven by a table made once for each agreement.

The order of the questions is fixed, so that the same refusal always names the same clause: purpose, instruction,
offering, subscription, suspension, region, keys.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from parley.agreement.types import (
    Agreement,
    Decision,
    GateRequest,
    PurposeRow,
    PurposeTerm,
)
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
        return _refuse(
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
        or _keys(agreement, row, request)
        or row.allowed
    )


def compile_gate(agreement: Agreement) -> Agreement:
    """The same agreement with its gate table: one row for each purpose that Parley knows."""
    table = {purpose.key: _row(agreement, purpose) for purpose in PURPOSES.values()}
    return replace(agreement, gate_table=MappingProxyType(table))


def _row(agreement: Agreement, purpose: Purpose) -> PurposeRow:
    covering = [term for term in agreement.terms.purposes if purpose.key in term.covers]
    forbidden = next((term for term in agreement.terms.forbidden if purpose.key in term.purposes), None)
    refusal = None
    if forbidden is not None:
        refusal = _refuse(
            agreement,
            forbidden.clause,
            f"nobody may {purpose.meaning}",
            remedy=None,
        )
    elif not covering:
        refusal = _refuse(
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
    if request.purpose not in request.instructed_purposes:
        return _refuse(
            agreement,
            agreement.terms.instructions_clause,
            f'the customer has not instructed "{request.purpose}"',
            remedy="the customer records the instruction, or confirms one that is suspended",
        )
    if row.offerings is not None and request.offering not in row.offerings:
        return _refuse(
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
        return _refuse(
            agreement,
            end.clause,
            f'the subscription is "{request.subscription_state}", and only an active one carries the service',
            remedy="activate the subscription, or record the date on which the contract ended",
        )
    days = {"use": end.access_days, "export": end.export_days, "look": end.access_days}.get(row.effect, 0)
    # Absolute time: across a change of summer time two instants of one zone subtract as wall clocks would.
    ended: datetime = request.contract_ended_at.astimezone(UTC)
    if days and ended <= request.at.astimezone(UTC) < ended + timedelta(days=days):
        return None
    return _refuse(
        agreement,
        end.clause,
        f"the contract has ended, and this was possible for {days} days after it"
        if days
        else "the contract has ended, and this ends with it",
        remedy="renew the contract" if row.effect == "collect" else _after_end(end.export_days),
    )


def _after_end(export_days: int) -> str:
    if export_days:
        return f"ask for an export within {export_days} days of the end"
    return "fetch the data before the contract ends; this agreement offers no time after it"


def _suspension(agreement: Agreement, row: PurposeRow, request: GateRequest) -> Decision | None:
    if request.acceptable_use_suspended and row.effect == "collect":
        return _refuse(
            agreement,
            agreement.terms.suspension.clause,
            "the service is suspended for misuse; what is stored stays readable",
            remedy="correct the use that was reported; the provider then lifts the suspension",
        )
    return None


def _region(agreement: Agreement, request: GateRequest) -> Decision | None:
    regions = agreement.terms.regions
    if regions.chosen_by == "customer" and request.chosen_region not in (None, request.region):
        return _refuse(
            agreement,
            regions.clause,
            f'the customer chose the region "{request.chosen_region}", this would happen in "{request.region}"',
            remedy="send it to the customer's region",
        )
    area = area_of(request.region)
    if area in regions.areas:
        return None
    if area not in AREAS:
        return _refuse(
            agreement,
            regions.clause,
            f'"{request.region}" is in no area that Parley knows',
            remedy="begin the region with one of: " + ", ".join(AREAS),
        )
    if regions.elsewhere == _CONFIRMED and area in request.confirmed_transfers:
        return None
    return _refuse(
        agreement,
        regions.clause,
        f"processing in {AREAS[area]} would be a transfer"
        + (" that the customer has not confirmed a measure for" if regions.elsewhere == _CONFIRMED else ""),
        remedy="the customer confirms the measure (adequacy, binding corporate rules, standard clauses)"
        if regions.elsewhere == _CONFIRMED
        else "process it in: " + ", ".join(regions.areas),
    )


def _keys(agreement: Agreement, row: PurposeRow, request: GateRequest) -> Decision | None:
    encryption = agreement.terms.encryption
    if request.custody not in encryption.custody:
        return _refuse(
            agreement,
            encryption.clause,
            f'keys in the custody "{request.custody}" do not fit this agreement',
            remedy="choose one of: " + ", ".join(encryption.custody),
        )
    if row.needs_key and request.custody == "customer-held":
        return _refuse(
            agreement,
            encryption.clause,
            "the customer alone holds the key; no machine of the provider can read content",
            remedy="fetch the sealed original and open it with the customer's own identity",
        )
    if encryption.required and row.stores_content and not request.sealed_to_customer:
        return _refuse(
            agreement,
            encryption.clause,
            "what would be stored is not sealed to the customer's own keys",
            remedy="give the customer a key of its own first",
        )
    return None


def _purposes_clause(agreement: Agreement) -> str:
    purposes = agreement.terms.purposes
    return purposes[0].clause if purposes else agreement.terms.instructions_clause


def _refuse(agreement: Agreement, clause: str, reason: str, *, remedy: str | None) -> Decision:
    facts = MappingProxyType({"agreement": agreement.id, "version": agreement.version})
    return Decision(allowed=False, clause=clause, reason=reason, remedy=remedy, facts=facts)
