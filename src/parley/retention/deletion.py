"""Every night: what is past its rule goes, in batches, each a transaction with its evidence.

A night opens one chain of batches for each rule and the next night. A batch does its part, and opens the next where it
ends: whoever is killed when, the chain goes on where its last commit left it. What the object store keeps by write-once
stays, and is tried again by each night that follows, so that it goes with the first one after its lock ended.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from parley.inventory.api import Held, stores
from parley.obligations import api as obligations
from parley.retention import disposal, holding, keeping, remembering, tombstones
from parley.retention.models import Hold, KindRule
from parley.retention.nights import NIGHT, expect_night, progress_key
from parley.tenancy import api as tenancy

BATCH: Final = "retention.batch"
SIZE: Final = 500


def handlers() -> Mapping[str, obligations.Handler]:
    """The deadline of each night."""
    return {NIGHT: _night}


def long_handlers() -> Mapping[str, obligations.Handler]:
    """The deletion itself."""
    return {BATCH: _batch}


def _night(work: obligations.Work) -> None:
    rules = KindRule.objects.exclude(keep="").order_by("store", "kind")
    if rules.exists() or Hold.objects.filter(lifted_at__isnull=True).exists():
        expect_night(at=work.now)
    holding.gather()
    tombstones.reconcile(at=work.now)
    remembering.reconcile_notes(at=work.now)
    for rule in rules:
        payload = {"store": rule.store, "kind": rule.kind, "at": work.now.isoformat(), "done": 0, "erased": 0}
        _open(payload, number=0, due=work.now)


def _batch(work: obligations.Work) -> None:
    """Some records of one kind, judged and disposed of; then the next batch is open."""
    payload, at = dict(work.payload), datetime.fromisoformat(work.payload["at"])
    store = stores().by_name.get(payload["store"])
    rule = KindRule.objects.filter(store=payload["store"], kind=payload["kind"]).exclude(keep="").first()
    if store is None or rule is None:
        return
    keep = keeping.rule(rule.store, rule.kind).keep
    if keep is None:
        return
    due = keeping.cutoff(keep, at, zone=tenancy.standing().zone)
    page = store.older(rule.kind, due, after=_place(payload), limit=SIZE)
    total = payload.get("total") or store.count_older(rule.kind, due)
    if page:
        night = f"{at:%Y-%m-%d} {rule.store}/{rule.kind} {keep}"
        done = disposal.dispose_free(page, cause="rule", reference=night, at=work.now, by=str(rule.set_by))
        payload["erased"] += done.erased.records
    payload |= {"done": payload["done"] + len(page), "total": total}
    key = progress_key(at, rule.store, rule.kind)
    obligations.report(key, done=payload["done"], total=total, unit="records")
    if len(page) == SIZE:
        payload["after"] = [page[-1].at.isoformat(), str(page[-1].id)]
        _open(payload, number=payload.get("number", 0) + 1, due=work.now)


def _open(payload: dict[str, Any], *, number: int, due: datetime) -> None:
    key = f"{BATCH}:{payload['at']}:{payload['store']}/{payload['kind']}:{number}"
    obligations.enqueue(kind=BATCH, key=key, due=due, payload={**payload, "number": number}, long=True)


def _place(payload: Mapping[str, Any]) -> Held | None:
    """The last record that the batch before looked at."""
    if "after" not in payload:
        return None
    at, record = payload["after"]
    return Held(store=payload["store"], kind=payload["kind"], id=UUID(record), at=datetime.fromisoformat(at))
