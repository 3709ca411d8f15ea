"""What a person wants to delete waits for a second one, where the customer's rule asks for it.

`dispose` itself asks: no deletion by hand passes it without an approved request that names every record. Who may
approve, the caller says; that nobody approves what it asked for, this module and the table say.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.inventory.api import Held
from parley.obligations import api as obligations
from parley.retention.errors import ApprovalRefused, ApprovalRequired, NoSuchDeletion, RuleRefused
from parley.retention.models import DeletionRequest, DeletionRule, SealingEpoch
from parley.retention.rules import ids_digest
from parley.retention.types import DeletionRuleView, DeletionState, DeletionView
from parley.sealing.api import FieldOpener, FieldSealer
from parley.tenancy import api as tenancy

EXPIRE: Final = "retention.deletion-expires"
LONGEST_WHY: Final = 2000
_DAYS: Final = range(1, 91)


def deletion_rule(store: str) -> DeletionRuleView:
    """The rule of the customer in scope for `store`; off where nobody set one."""
    row = DeletionRule.objects.filter(store=store).order_by("-id").first()
    return DeletionRuleView(second=row.second, days=row.days, by=row.by, at=row.at) if row else DeletionRuleView()


def set_deletion_rule(store: str, *, second: bool, days: int, by: UUID, at: datetime) -> None:
    """Ask for a second person from now on, who decides within 1 to 90 days; or not. Raises RuleRefused."""
    if days not in _DAYS:
        raise RuleRefused("a request waits 1 to 90 days", remedy="Choose a number of days between these.")
    with transaction.atomic():
        evidence = obligations.evidence(
            kind="deletion.ruled", clause=_clause(), at=at,
            details={"store": store, "second": second, "days": days, "user": str(by)},
        )  # fmt: skip
        DeletionRule.objects.create(
            id=new_id(at=at), store=store, second=second, days=days, by=by, at=at, evidence_id=evidence
        )


def require_approval(records: Sequence[Held], approval: UUID | None) -> DeletionView | None:
    """The approved request that names all `records`, None where none is asked for. Raises ApprovalRequired."""
    if approval is None:
        if any(deletion_rule(store).second for store in {one.store for one in records}):
            raise ApprovalRequired(
                "a second person has to approve this deletion", remedy="Ask for it; somebody else decides."
            )
        return None
    row = DeletionRequest.objects.select_related("epoch").filter(id=approval, state="approved").first()
    if row is None or any(one.store != row.store or one.id not in row.records for one in records):
        raise ApprovalRequired("nobody has approved the deletion of these records", remedy="Ask for their deletion.")
    return _view(row)


def ask_deletion(store: str, records: Sequence[UUID], *, why: str, key: str, by: UUID, at: datetime) -> DeletionView:
    """Ask that these records are deleted; the same `key`, or the same records while a request of theirs waits, ask
    once. Somebody else decides before it expires.

    Raises ApprovalRefused without records, or without a reason of at most 2,000 characters.
    """
    why = why.strip()
    if not 0 < len(why) <= LONGEST_WHY:
        raise ApprovalRefused("whoever asks says why, in 1 to 2,000 characters", remedy="Write why they are to go.")
    if not records:
        raise ApprovalRefused("there is nothing to delete", remedy="Choose at least one record.")
    wanted = list(dict.fromkeys(records))
    with transaction.atomic():
        same = _waiting(store, at).filter(records=wanted) | DeletionRequest.objects.filter(key=key)
        known = same.select_related("epoch").filter(by=by).first()
        if known is not None:
            return _view(known)
        request_id, expires_at = new_id(at=at), at + timedelta(days=deletion_rule(store).days)
        epoch, sealed = _sealed(why, request_id, at=at)
        row = DeletionRequest.objects.create(
            id=request_id, key=key, store=store, records=wanted, epoch=epoch, why=sealed, by=by,
            at=at, expires_at=expires_at, state="waiting",
        )  # fmt: skip
        _prove("deletion.requested", row, at=at, expires_at=expires_at.isoformat())
        obligations.enqueue(
            kind=EXPIRE, key=f"{EXPIRE}:{request_id}", due=expires_at, payload={"deletion": str(request_id)}
        )
    return _view(row)


def approve_deletion(deletion_id: UUID, *, by: UUID, at: datetime) -> DeletionView:
    """A second person agrees: from now on `dispose` takes the id as `approval`. Raises NoSuchDeletion,
    ApprovalRefused: for who asked, and for what does not wait any more."""
    return _decide(deletion_id, "approved", by=by, at=at)


def refuse_deletion(deletion_id: UUID, *, by: UUID, at: datetime) -> DeletionView:
    """Somebody else says no, or who asked takes it back ("withdrawn"). Raises NoSuchDeletion, ApprovalRefused."""
    return _decide(deletion_id, "refused", by=by, at=at)


def deletion(deletion_id: UUID) -> DeletionView:
    """One request. Raises NoSuchDeletion."""
    row = DeletionRequest.objects.select_related("epoch").filter(id=deletion_id).first()
    if row is None:
        raise NoSuchDeletion("there is no such request")
    return _view(row)


def deletion_begun(store: str, key: str, *, by: UUID) -> DeletionView | None:
    """The request for `store` that `by` made with this key before, if any."""
    row = DeletionRequest.objects.select_related("epoch").filter(store=store, key=key, by=by).first()
    return _view(row) if row else None


def deletions(
    store: str, *, waiting: bool, at: datetime, after: UUID | None = None, limit: int = 50
) -> tuple[DeletionView, ...]:
    """Requests for `store`: those that wait, oldest first, or the others, newest first; those behind `after`.

    Raises NoSuchDeletion for an `after` that there is not.
    """
    rows = _waiting(store, at) if waiting else DeletionRequest.objects.filter(store=store).exclude(state="waiting")
    if after is not None:
        place = deletion(after).at
        later = Q(at__gt=place) | Q(at=place, id__gt=after)
        rows = rows.filter(later if waiting else ~later & ~Q(id=after))
    found = rows.select_related("epoch").order_by("at" if waiting else "-at", "id" if waiting else "-id")
    return tuple(_view(row) for row in found[:limit])


def count_waiting(store: str, *, at: datetime) -> int:
    """How many requests for `store` wait."""
    return _waiting(store, at).count()


def handlers() -> Mapping[str, obligations.Handler]:
    """The end of requests that nobody decided."""
    return {EXPIRE: _expire}


def _expire(work: obligations.Work) -> None:
    """A request that nobody decided in time is over."""
    row = DeletionRequest.objects.select_for_update().filter(id=UUID(str(work.payload["deletion"]))).first()
    if row is not None and row.state == "waiting":
        _end(row, "expired", by=None, at=work.now)


def _decide(deletion_id: UUID, state: DeletionState, *, by: UUID, at: datetime) -> DeletionView:
    with transaction.atomic():
        row = (
            DeletionRequest.objects.select_for_update(of=("self",)).select_related("epoch").filter(id=deletion_id)
        ).first()
        if row is None:
            raise NoSuchDeletion("there is no such request")
        if row.state != "waiting" or at >= row.expires_at:
            raise ApprovalRefused("this request is decided, or its time is over", remedy="Ask again if it is needed.")
        if row.by == by:
            if state == "approved":
                raise ApprovalRefused(
                    "nobody approves a deletion that they asked for", remedy="Ask a colleague who may delete."
                )
            state = "withdrawn"
        _end(row, state, by=by, at=at)
    return _view(row)


def _end(row: DeletionRequest, state: DeletionState, *, by: UUID | None, at: datetime) -> None:
    row.state, row.decided_by, row.decided_at = state, by, at
    row.save(update_fields=["state", "decided_by", "decided_at"])
    _prove(f"deletion.{state}", row, at=at, **({"decided_by": str(by)} if by else {}))


def _prove(kind: str, row: DeletionRequest, *, at: datetime, **more: str) -> None:
    obligations.evidence(
        kind=kind, clause=_clause(), at=at,
        details={
            "request": str(row.id), "asked_by": str(row.by), "store": row.store, "records": len(row.records),
            "ids_sha256": ids_digest((row.store, one) for one in row.records), **more,
        },
    )  # fmt: skip


def _waiting(store: str, at: datetime) -> QuerySet[DeletionRequest]:
    return DeletionRequest.objects.filter(store=store, state="waiting", expires_at__gt=at)


def _clause() -> str:
    return contract.binding().agreement.terms.retention.clause


def _sealed(why: str, request_id: UUID, *, at: datetime) -> tuple[SealingEpoch, bytes]:
    sealer = FieldSealer(tenancy.current().recipients)
    sealed = sealer.seal(json.dumps({"why": why}).encode(), aad=request_id.bytes, now=at.timestamp())
    return SealingEpoch.objects.create(id=sealed.epoch_id, wrapped=sealed.wrapped), sealed.data


def _opened(row: DeletionRequest) -> str | None:
    identities = tenancy.keyring().identities(tenancy.current())
    if not identities:
        return None
    content: dict[str, Any] = json.loads(
        FieldOpener(identities).open_column(bytes(row.why), wrapped=bytes(row.epoch.wrapped), aad=row.id.bytes)
    )
    return str(content["why"])


def _view(row: DeletionRequest) -> DeletionView:
    return DeletionView(
        id=row.id, store=row.store, records=tuple(row.records), why=_opened(row), by=row.by, at=row.at,
        expires_at=row.expires_at, state=cast(DeletionState, row.state), decided_by=row.decided_by,
        decided_at=row.decided_at,
    )  # fmt: skip
