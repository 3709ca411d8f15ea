"""The provider's copy of what affected customers' databases say: one row for each, for one page with all the clocks."""

from uuid import UUID

from django.db.models import Max, Min, Q

from parley.governance.incidents.models import Affected, Considered, Notice
from parley.governance.incidents.types import Why
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy


def mirrored(work: obligations.Work) -> None:
    """The engine's handler for `incident.mirror`: the copy of one incident of the customer in scope."""
    row = Affected.objects.filter(id=UUID(work.payload["incident"])).first()
    if row is not None:
        copy_affected(row, why=None)


def copy_affected(row: Affected, *, why: Why | None) -> None:
    """Copy the incident of the customer in scope; `why` None leaves the reason as it is."""
    customer = tenancy.current()
    notices = Notice.objects.filter(affected=row)
    dispatched = Q(dispatched_at__isnull=False)
    figures = notices.aggregate(
        first_sent_at=Min("dispatched_at"),
        last_sent_at=Max("dispatched_at"),
        told_phase=Max("number", filter=dispatched),
        written_phase=Max("number"),
    )
    latest = notices.filter(dispatched).order_by("-number").first()
    trouble = notices.exclude(problem="").order_by("-number").values_list("problem", flat=True).first()
    waiting = [duty for duty in obligations.duties(event_id=str(row.id)) if duty.waiting]
    following = min(waiting, key=lambda duty: duty.due, default=None)
    values: dict[str, object] = {
        "handle": customer.handle,
        "name": customer.name,
        "affected": True,
        "agreement": row.agreement,
        "clause": row.clause,
        "promised": row.promised,
        "persons": row.persons,
        "records": row.records,
        "due": row.due,
        "first_sent_at": figures["first_sent_at"],
        "last_sent_at": figures["last_sent_at"],
        "told_phase": figures["told_phase"] or 0,
        "written_phase": figures["written_phase"] or 0,
        "acknowledged_at": latest.acknowledged_at if latest else None,
        "assumed_at": latest.assumed_at if latest else None,
        "problem": trouble or "",
        "next_due": following.due if following else None,
        "next_title": following.title if following else "",
        "letters": row.letters.filter(ordered_at__isnull=False).count(),
        **({"why": why} if why else {}),
    }
    Considered.objects.update_or_create(
        declaration_id=row.id, customer_id=customer.id, defaults=values, create_defaults={"why": "affected", **values}
    )


def copy_untouched(declaration_id: UUID, *, why: Why) -> None:
    """Note that the customer in scope was looked at, and why it is not affected. Nothing is written at the customer."""
    customer = tenancy.current()
    Considered.objects.update_or_create(
        declaration_id=declaration_id,
        customer_id=customer.id,
        defaults={"handle": customer.handle, "name": customer.name, "affected": False, "why": why},
    )
