"""Restriction of use (GDPR Art. 18), and the one question before any use of a record."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.inventory.api import Held
from parley.obligations import api as obligations
from parley.retention import bearing, remembering
from parley.retention.errors import UseRestricted
from parley.retention.models import HeldLook, Restriction
from parley.retention.types import RestrictionView
from parley.tenancy import api as tenancy


def restrict(
    records: Sequence[Held], *, reference: str, ground: str, at: datetime, by: UUID | str, clause: str = ""
) -> int:
    """From now on these records are stored and not used, for `reference`. Leaves evidence; returns how many are new."""
    with transaction.atomic():
        known = set(
            Restriction.objects.filter(reference=reference, record__in=[one.id for one in records]).values_list(
                "store", "record"
            )
        )
        new = [one for one in dict.fromkeys(records) if (one.store, one.id) not in known]
        rows = [
            Restriction(
                id=new_id(at=at), store=one.store, kind=one.kind, record=one.id, record_at=one.at,
                reference=reference, ground=ground, at=at, by=str(by),
            )
            for one in new
        ]  # fmt: skip
        Restriction.objects.bulk_create(rows, ignore_conflicts=True)
        if new:
            remembering.note_restrictions(rows, at=at)
            _evidence("retention.restricted", reference, len(new), at=at, by=by, clause=clause)
    return len(new)


def unrestrict(
    *, reference: str, at: datetime, by: UUID | str, records: Sequence[Held] | None = None, clause: str = ""
) -> int:
    """The restriction of `reference` is lifted, of all its records or of these. Tell the person before it is
    (GDPR Art. 18(3)). Leaves evidence; returns how many records it was lifted from."""
    with transaction.atomic():
        rows = Restriction.objects.filter(reference=reference)
        if records is not None:
            rows = rows.filter(record__in=[one.id for one in records])
        ids = list(rows.values_list("id", flat=True))
        lifted = rows.delete()[0]
        if lifted:
            remembering.note_unrestricted(ids, at=at)
            _evidence("retention.unrestricted", reference, lifted, at=at, by=by, clause=clause)
    return lifted


def asking_whether_any_rests(store: str) -> tenancy.Asked:
    """The statement that answers true where the use of any record of the store is restricted, in its one row: it goes
    together with the one that reads records, and spares asking for each of them."""
    return "SELECT EXISTS (SELECT FROM retention_restriction WHERE store = %s)", [store]


def restricted(store: str, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of the records whose use is restricted. One query."""
    return frozenset(bearing.restrictions(store, ids))


def restrictions(reference: str) -> tuple[RestrictionView, ...]:
    """What is restricted under a reference, oldest first."""
    return tuple(
        RestrictionView(
            store=row.store, kind=row.kind, record=row.record, reference=row.reference, ground=row.ground, at=row.at
        )
        for row in Restriction.objects.filter(reference=reference).order_by("at", "id")
    )


def require_usable(store: str, record: Held | UUID, *, by: UUID | None = None, at: datetime | None = None) -> None:
    """Raises UseRestricted when the record rests under a hold or a restriction. Two queries.

    With `by` and `at`: the owner of a hold may use it after `look`. Give a Held where you have one: a hold on a kind in
    a span of time then reaches exactly what it says, of a bare id rather too much.
    """
    record_id = record.id if isinstance(record, Held) else record
    reasons = bearing.restrictions(store, [record_id]).get(record_id, ())
    if reasons:
        raise UseRestricted(
            "a person asked that this record be stored and not used",
            remedy="The request in Rights says why; the restriction is lifted there, after the person was told.",
        )
    if bearing.reaching(store, [record]).get(record_id) and not _may_look(record_id, by, at):
        raise UseRestricted(
            "a hold keeps this record as it is, and lets nobody use it",
            remedy="Its owner may look, with a reason that stays with the hold: see Retention & holds, or ask your "
            "compliance officer.",
        )


def _may_look(record: UUID, by: UUID | None, at: datetime | None) -> bool:
    if by is None or at is None:
        return False
    return HeldLook.objects.filter(record=record, person=by, at__lte=at, until__gt=at).exists()


def _evidence(kind: str, reference: str, count: int, *, at: datetime, by: UUID | str, clause: str) -> None:
    terms = contract.binding().agreement.terms
    obligations.evidence(
        kind=kind, clause=clause or terms.rights.clause,
        details={"reference": reference, "records": count, "by": str(by)}, at=at,
    )  # fmt: skip
