"""The one way in which records go: judged one by one, remembered, erased, looked for again, and put in evidence."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.db import transaction

from parley.governance.contract import api as contract
from parley.inventory.api import Erased, Held, Store, Stores, installed, personal, stores, uncovered, wipe
from parley.obligations import api as obligations
from parley.retention import bearing, holding, restricting, tombstones
from parley.retention.approving import require_approval
from parley.retention.errors import ErasureIncomplete
from parley.retention.rules import decide, ids_digest
from parley.retention.types import Cause, DeletionView, Disposal, Kept, Verdict
from parley.storage.api import ObjectLockedError
from parley.tenancy import api as tenancy

_FORGET: Final = """
WITH records AS (DELETE FROM retention_heldrecord WHERE store = %(store)s AND record = ANY(%(ids)s::uuid[])),
    looks AS (DELETE FROM retention_heldlook WHERE store = %(store)s AND record = ANY(%(ids)s::uuid[]))
DELETE FROM retention_restriction WHERE store = %(store)s AND record = ANY(%(ids)s::uuid[])
"""


def verdicts(
    records: Sequence[Held], *, cause: Cause, reference: str = "", at: datetime, clause: str = ""
) -> tuple[tuple[Held, Verdict], ...]:
    """What `dispose` would do with each record, without doing it."""
    return _judged(records, (), cause=cause, reference=reference, at=at, clause=clause)


def _judged(
    records: Sequence[Held],
    answers: Sequence[tenancy.Answer],
    *,
    cause: Cause,
    reference: str,
    at: datetime,
    clause: str,
) -> tuple[tuple[Held, Verdict], ...]:
    facts = bearing.facts(records, cause=cause, reference=reference, at=at, clause=clause, answers=answers)
    return tuple((record, decide(each)) for record, each in facts)


def dispose(
    wanted: Sequence[Held] | bearing.Unread,
    *,
    cause: Cause,
    reference: str,
    at: datetime,
    by: UUID | str,
    clause: str = "",
    approval: UUID | None = None,
) -> Disposal:
    """Erase those records that nothing keeps, restrict or keep the others, in the caller's transaction.

    `reference` names the rule's night, the request, the deed (no personal data); `clause` is the deed's own clause.
    `approval` is the approved request of a deletion by hand; without it raises ApprovalRequired where the customer's
    rule asks for one.
    Evidence `retention.erased` counts what went and commits to the ids. Raises ErasureIncomplete, and then the caller's
    transaction is undone: when some model holds data of persons that no store answers for, when a store erased less
    than it had, or finds anything afterwards.
    """
    require_answered()
    approved = None
    if cause == "customer" and not isinstance(wanted, bearing.Unread):
        approved = require_approval(wanted, approval)
    with transaction.atomic(savepoint=False):
        asked = bearing.ask_before_disposal(wanted)
        answers = asked.answers
        if asked.person_held:
            holding.gather()
            answers = ()
        judged = _judged(asked.records, answers, cause=cause, reference=reference, at=at, clause=clause)
        doomed = tuple(record for record, verdict in judged if verdict.outcome == "erase")
        kept = tuple(Kept(record=record, verdict=verdict) for record, verdict in judged if verdict.outcome != "erase")
        _restrict(kept, reference=reference, at=at, by=by)
        if not doomed:
            return Disposal(erased=Erased(), kept=kept)
        going = _ids(doomed)
        with tombstones.laid(going, cause=cause, at=at):
            erased = sum((_erase(stores()[name], ids) for name, ids in going.items()), start=Erased())
        if asked.person_held or asked.anything_rests:
            for name, ids in going.items():
                tenancy.run_later(_FORGET, {"store": name, "ids": ids})
        evidence = _prove(doomed, kept, erased, cause=cause, reference=reference, at=at, by=by, clause=clause,
                          approved=approved)  # fmt: skip
        return Disposal(erased=erased, kept=kept, evidence_id=evidence)


def dispose_free(
    records: Sequence[Held],
    *,
    cause: Cause,
    reference: str,
    at: datetime,
    by: UUID | str,
    approval: UUID | None = None,
) -> Disposal:
    """As `dispose`, of records of one store, but what its object store keeps by write-once stays alone, as `kept`.

    For deeds with many: one locked object does not hold up the others. The records are halved until the locked ones are
    by themselves, each piece with its evidence; a refused piece is undone before the next is tried.
    """
    try:
        with transaction.atomic():
            return dispose(records, cause=cause, reference=reference, at=at, by=by, approval=approval)
    except ObjectLockedError as locked:
        if len(records) == 1:
            verdict = Verdict(
                outcome="keep", clause_or_law=locked.by, reason=f"the object store keeps it: {locked.by}",
                why="write-once", until=locked.until,
            )  # fmt: skip
            return Disposal(erased=Erased(), kept=(Kept(record=records[0], verdict=verdict),))
    middle = len(records) // 2
    first, second = (
        dispose_free(some, cause=cause, reference=reference, at=at, by=by, approval=approval)
        for some in (records[:middle], records[middle:])
    )
    return Disposal(
        erased=first.erased + second.erased,
        kept=(*first.kept, *second.kept),
        evidence_id=first.evidence_id or second.evidence_id,
    )


def require_answered() -> None:
    """Raises ErasureIncomplete while data that is found by person has no store: nothing could be erased whole."""
    known = stores()
    missing = _unanswered(known, tuple(store.models for store in known))
    if missing:
        raise ErasureIncomplete(
            f"nobody answers for {', '.join(missing)}", missing=missing,
            remedy="Add these models to a store, and the store to the wiring; the erasure stays open.",
        )  # fmt: skip


@lru_cache(maxsize=4)
def _unanswered(known: Stores, _models: tuple[frozenset[str], ...]) -> tuple[str, ...]:
    """What the installed packages declare stays as it is while the process lives; told anew where a store answers for
    other models."""
    return uncovered(personal(installed("DECLARATIONS")), known)


def ids_hash(records: Sequence[Held]) -> str:
    """SHA-256, in hex, over the lines "store/id" in their order: what evidence of an erasure commits to."""
    return ids_digest((one.store, one.id) for one in records)


def _ids(records: Sequence[Held]) -> Mapping[str, Sequence[UUID]]:
    """By store, in the order of their names: two disposals lock records in one order."""
    found: dict[str, list[UUID]] = defaultdict(list)
    for one in sorted(records, key=lambda one: one.store):
        found[one.store].append(one.id)
    return found


def _erase(store: Store, ids: Sequence[UUID]) -> Erased:
    erased = Erased()
    for some in tombstones.batches(ids):
        before, gone, left = wipe(store, some)
        if left or gone.records < len(before):
            raise ErasureIncomplete(
                f"the store {store.name!r} did not erase what it held",
                missing=[f"{store.name}: {len(left)} of {len(before)} records left, {gone.records} reported erased"],
                remedy="Nothing was changed. Look at the store; the erasure is tried again.",
            )
        erased += gone
    return erased


def _restrict(kept: Sequence[Kept], *, reference: str, at: datetime, by: UUID | str) -> None:
    resting = [one for one in kept if one.verdict.outcome == "restrict"]
    for ground in sorted({one.verdict.reason for one in resting}):
        records = [one.record for one in resting if one.verdict.reason == ground]
        restricting.restrict(records, reference=reference, ground=ground, at=at, by=by)


def _prove(
    doomed: Sequence[Held],
    kept: Sequence[Kept],
    erased: Erased,
    *,
    cause: Cause,
    reference: str,
    at: datetime,
    by: UUID | str,
    clause: str,
    approved: DeletionView | None,
) -> UUID:
    second = {"approval": str(approved.id), "approved_by": str(approved.decided_by)} if approved else {}
    counts = Counter(f"{one.store}/{one.kind}" for one in doomed)
    return obligations.evidence(
        kind="retention.erased",
        clause=clause or contract.binding().agreement.terms.retention.clause,
        details={
            "cause": cause,
            "reference": reference,
            "by": str(by),
            "records": dict(sorted(counts.items())),
            "objects": erased.objects,
            "ids_sha256": ids_hash(doomed),
            "kept": dict(sorted(Counter(one.verdict.why for one in kept).items())),
            **second,
        },
        at=at,
        often=True,
    )
