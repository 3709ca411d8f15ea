"""What a law compels the provider to do with the customer's data: told to the customer before it starts.

Unless that law forbids to tell, on important grounds of public interest: then the provider keeps it to itself, with
the ground, in its own database and its own log.
"""

from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from parley.agreement.api import Event
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.governance.instructions.errors import InstructionRefused
from parley.governance.instructions.models import CompulsionRecord, SilentCompulsionRecord
from parley.governance.instructions.telling import tell
from parley.governance.instructions.types import Compulsion
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy


def compelled(*, law: str, text: str, processing_at: datetime, by: UUID, at: datetime) -> Compulsion:
    """A law compels a processing of the data of the customer in scope: it is told, and the duty to tell is due before.

    Raises InstructionRefused when the processing would start before anybody could be told.
    """
    _checked(law, text)
    if processing_at <= at:
        raise InstructionRefused(
            _("the customer is told before the processing starts"),
            remedy=_("Name a later start, or the public interest on which the law forbids to tell."),
            field="processing_at",
        )
    agreement, zone = contract.binding().agreement, contract.order().zone
    clause = agreement.terms.instructions.compulsion_clause
    with transaction.atomic():
        row = CompulsionRecord(
            id=new_id(at=at),
            law=law.strip(),
            text=text.strip(),
            clause=clause,
            received_by=str(by),
            received_at=at,
            processing_at=processing_at,
        )
        row.save(force_insert=True)
        starts = processing_at.astimezone(UTC).isoformat()
        obligations.evidence(
            kind="compulsion.received",
            clause=clause,
            details={"user": str(by), "compulsion": str(row.id), "processing_at": starts},
            at=at,
        )
        event = Event(kind="compulsion-received", id=str(row.id), at=at, facts={"processing_at": starts})
        obligations.open_duties(agreement, event, zone=zone)
        tell(
            key=f"compulsion-received:{row.id}",
            subject=_("A law compels a processing of your data"),
            text=_("Under %(law)s, from %(start)s:\n\n%(text)s\n\nYou are told before it starts (clause %(clause)s).")
            % {"law": row.law, "start": starts, "text": row.text, "clause": clause},
            clause=clause,
            duty=True,
        )
    return _view(row)


def compelled_silently(
    customer: tenancy.Customer,
    *,
    law: str,
    public_interest: str,
    text: str,
    processing_at: datetime,
    by: UUID,
    at: datetime,
) -> UUID:
    """A law compels a processing and forbids to tell the customer: kept with its ground in the provider's log alone.

    Outside of any customer's scope. Raises InstructionRefused without the public interest that the law rests on.
    """
    _checked(law, text)
    if not public_interest.strip():
        raise InstructionRefused(
            _("only an important ground of public interest lets the customer go untold"),
            remedy=_("Name the ground that the law gives, or tell the customer."),
            field="public_interest",
        )
    clause = contract.binding_of(customer).agreement.terms.instructions.compulsion_clause
    with tenancy.scope(tenancy.provider()), transaction.atomic():
        row = SilentCompulsionRecord(
            id=new_id(at=at),
            customer_id=customer.id,
            law=law.strip(),
            public_interest=public_interest.strip(),
            text=text.strip(),
            received_by=str(by),
            received_at=at,
            processing_at=processing_at,
        )
        row.save(force_insert=True)
        obligations.evidence(
            kind="compulsion.silent",
            clause=clause,
            details={"user": str(by), "compulsion": str(row.id), "customer": str(customer.id)},
            at=at,
        )
    return row.id


def compulsions(*, limit: int = 100) -> tuple[Compulsion, ...]:
    """What laws compelled, as far as the customer in scope may know, the newest first."""
    return tuple(_view(row) for row in CompulsionRecord.objects.order_by("-received_at", "-id")[:limit])


def _checked(law: str, text: str) -> None:
    for field, value in (("law", law), ("text", text)):
        if not value.strip():
            raise InstructionRefused(
                _("a legal compulsion needs the law and what it compels"), remedy=_("Fill in both."), field=field
            )


def _view(row: CompulsionRecord) -> Compulsion:
    duty = obligations.duty(f"compulsion-received:{row.id}:tell-customer")
    return Compulsion(
        id=row.id,
        law=row.law,
        text=row.text,
        clause=row.clause,
        received_at=row.received_at,
        processing_at=row.processing_at,
        told_at=duty.met_at if duty is not None else None,
    )
