"""The end of a contract, and its renewal. What is destroyed when follows from the duties that the end opens."""

from datetime import UTC, datetime
from typing import Literal, cast
from uuid import UUID, uuid5

from django.db import transaction

from parley.agreement.api import Event, end_instants
from parley.foundation.ids import new_id
from parley.governance.contract.errors import ContractRefused
from parley.governance.contract.gate import binding
from parley.governance.contract.models import EndingRecord
from parley.governance.contract.order import locked_order
from parley.governance.contract.settling import settle_on_commit
from parley.governance.contract.types import Ending
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy


def end_contract(
    *,
    at: datetime,
    by: str,
    ends_at: datetime | None = None,
    choice: Literal["delete", "return"] = "delete",
    reason: str = "",
) -> Ending:
    """The contract of the customer in scope ends at `ends_at`, now by default; `by` is the id of whoever says so.

    From then on the gate refuses collection at once, and the rest as the agreement's timeline says. Raises
    ContractRefused when it has ended already, or when the agreement does not offer the choice.
    """
    agreement = binding().agreement
    term = agreement.terms.end
    if choice not in term.choices:
        raise ContractRefused(
            f"clause {term.clause} does not offer to {choice} the data", remedy="choose: " + ", ".join(term.choices)
        )
    with transaction.atomic():
        order = locked_order()
        if EndingRecord.objects.filter(renewed_at__isnull=True).exists():
            raise ContractRefused("the contract has an end already", remedy="renew it first: parley customer renew")
        row = EndingRecord(
            id=new_id(at=at),
            ends_at=ends_at or at,
            choice=choice,
            ended_by=by,
            reason=reason,
            recorded_at=at,
        )
        row.save(force_insert=True)
        obligations.evidence(
            kind="contract.ended",
            clause=term.clause,
            details={
                "user": by,
                "ending": str(row.id),
                "ends_at": row.ends_at.astimezone(UTC).isoformat(),
                "choice": choice,
            },
            at=at,
        )
        event = Event(kind="contract-ends", id=str(row.id), at=row.ends_at)
        obligations.open_duties(agreement, event, zone=order.zone)
        settle_on_commit(row.id)
    return _view(row)


def renew(*, at: datetime, by: str) -> Ending:
    """The contract goes on as if it had not ended: nothing was touched. Raises ContractRefused when it is too late."""
    agreement = binding().agreement
    term = agreement.terms.end
    with transaction.atomic():
        order = locked_order()
        row = EndingRecord.objects.filter(renewed_at__isnull=True).first()
        if row is None:
            raise ContractRefused("the contract has not ended", remedy="there is nothing to renew")
        if tenancy.by_id(tenancy.current().id) is None:
            raise ContractRefused(
                "the service is closed: its data is being destroyed", remedy="sign a new contract as a new customer"
            )
        if at > row.ends_at and at >= end_instants(term, row.ends_at, zone=order.zone).renewal:
            over = (
                f"the {term.renew} in which it could be renewed are over"
                if term.renew.amount
                else "it cannot be renewed"
            )
            raise ContractRefused(
                f"the contract has ended and {over} (clause {agreement.clause_of('end.renew')})",
                remedy="sign a new contract as a new customer",
            )
        row.renewed_at = at
        row.save(update_fields=["renewed_at"])
        obligations.evidence(
            kind="contract.renewed", clause=term.clause, details={"user": by, "ending": str(row.id)}, at=at
        )
        obligations.cancel("contract-ends", str(row.id), at=at, reason="renewed")
        settle_on_commit(new_id(at=at))
    return _view(row)


def close(ending_id: UUID, *, at: datetime) -> bool:
    """Close the service of the customer in scope for good, whose contract ended by `ending_id`: from now on nobody can
    renew, sign in or send calls. False, and nothing is changed, when that end was renewed. Safe to do again."""
    with transaction.atomic():
        locked_order()
        row = EndingRecord.objects.filter(id=ending_id, renewed_at__isnull=True).first()
        if row is None or at < row.ends_at:
            return False
        clause = binding().agreement.clause_of("end.access")
        obligations.evidence(
            kind="contract.closed",
            clause=clause,
            details={"ending": str(row.id)},
            at=at,
            entry_id=uuid5(row.id, "contract.closed"),
        )
        # Before the commit: should that fail, closing again finds the customer departed, and the same entry.
        tenancy.depart(tenancy.current().id)
    return True


def ending() -> Ending | None:
    """The end of the contract of the customer in scope, when there is one that was not renewed."""
    row = EndingRecord.objects.filter(renewed_at__isnull=True).first()
    return _view(row) if row is not None else None


def _view(row: EndingRecord) -> Ending:
    return Ending(
        id=row.id,
        ends_at=row.ends_at,
        choice=cast(Literal["delete", "return"], row.choice),
        by=row.ended_by,
        reason=row.reason,
        recorded_at=row.recorded_at,
        renewed_at=row.renewed_at,
    )
