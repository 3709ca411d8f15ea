"""What a law obliges the provider itself to keep beyond the end: set apart, sealed to a key of its own, then deleted.

The key is in a keyring that is the package's own, so that the customer's can be destroyed, and this one on its day.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from parley.exports import api as exports
from parley.inventory.api import ExportOptions, Held, Store, stores
from parley.lifecycle.desk import departure_in, desk, facts, locked, rows
from parley.lifecycle.models import Departure, Isolated
from parley.lifecycle.sealed import write_sealed
from parley.obligations import api as obligations
from parley.recordings import api as recordings
from parley.retention import api as retention
from parley.tenancy import api as tenancy

RELEASE = "lifecycle.isolated-release"
_PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package of held records as it lies in the store."""

    id: UUID
    law: str
    until: datetime | None
    records: int
    size: int
    sha256: str


def isolate(customer: tenancy.Customer, departure_id: UUID, *, at: datetime) -> list[Package]:
    """Write a package for each law that binds the provider and reaches records of `customer`. Idempotent."""
    with tenancy.scope(customer):
        if not _anything_binds():
            return []
        groups: dict[tuple[str, datetime | None], list[tuple[Store, Held]]] = defaultdict(list)
        for store in stores():
            for held, verdict in _kept(store, at=at):
                groups[(verdict.clause_or_law, verdict.until)].append((store, held))
        return [
            _write(customer, departure_id, law=law, until=until, kept=kept)
            for (law, until), kept in sorted(groups.items(), key=lambda one: (one[0][0], str(one[0][1])))
        ]


def keep(row: Departure, one: Package, *, at: datetime) -> None:
    """Remember a package, and have it destroyed on its day, in the caller's transaction."""
    if not rows(Isolated).filter(id=one.id).exists():
        Isolated(
            id=one.id, departure=row, law=one.law, records=one.records, size=one.size, sha256=one.sha256,
            until=one.until, made_at=at,
        ).save(using="default", force_insert=True)  # fmt: skip
    if one.until is not None:
        obligations.enqueue(
            kind=RELEASE,
            key=f"{RELEASE}:{one.id}",
            due=one.until,
            payload={"departure": str(row.id), "package": str(one.id)},
        )


def release(work: obligations.Work) -> None:
    """Handler of `lifecycle.isolated-release`: the law's time is over, package and key go."""
    row = departure_in(work)
    destroy(row, UUID(work.payload["package"]), by="", at=work.now)


def release_now(departure_id: UUID, package_id: UUID, *, by: str, at: datetime) -> None:
    """The hold that kept a package was lifted: staff has it destroyed. Raises UnknownDeparture."""
    with desk(), transaction.atomic():
        destroy(locked(departure_id), package_id, by=by, at=at)


def destroy(row: Departure, package_id: UUID, *, by: str, at: datetime) -> None:
    """Destroy the key of a package, then the package, in the caller's transaction. Idempotent."""
    found = rows(Isolated).select_for_update().filter(id=package_id, departure=row, destroyed_at__isnull=True).first()
    if found is None:
        return
    tenancy.keyring().forget(customer_id=found.id)
    recordings.installed_store().delete(_key(row.customer_id, found.id))
    found.destroyed_at = at
    found.save(using="default", update_fields=["destroyed_at"])
    obligations.evidence(
        kind="lifecycle.isolated-destroyed",
        clause=facts(row).clauses["destroy"],
        details={"departure": str(row.id), "package": str(found.id), "records": found.records, "user": by},
        at=at,
    )


def _anything_binds() -> bool:
    return any(one.binds == "provider" for one in retention.holds()) or any(
        one.law.binds == "provider" for one in retention.declared()
    )


def _kept(store: Store, *, at: datetime) -> Iterator[tuple[Held, retention.Verdict]]:
    last: Held | None = None
    while page := store.every(after=last, limit=_PAGE):
        for held, verdict in retention.verdicts(page, cause="end", at=at):
            if verdict.outcome != "erase":
                yield held, verdict
        last = page[-1]


def _write(
    customer: tenancy.Customer,
    departure_id: UUID,
    *,
    law: str,
    until: datetime | None,
    kept: list[tuple[Store, Held]],
) -> Package:
    package = uuid5(departure_id, f"isolated {law} {until.isoformat() if until else ''}")
    recipients = tenancy.keyring().make(customer_id=package, custody="local", recipients=())
    made, stored = write_sealed(
        _key(customer.id, package),
        recipients=recipients,
        write=lambda target: exports.write_package(
            target,
            batches=_batches(kept),
            options=ExportOptions(redact_others=False, formats=("csv", "json", "mp3")),
            title=f"kept under {law}",
        ),
    )
    return Package(id=package, law=law, until=until, records=made.records, size=stored.size, sha256=stored.sha256)


def _batches(kept: list[tuple[Store, Held]]) -> Iterator[tuple[Store, list[UUID]]]:
    by_store: dict[str, list[UUID]] = defaultdict(list)
    found = {store.name: store for store, _ in kept}
    for store, held in kept:
        by_store[store.name].append(held.id)
    for name, ids in by_store.items():
        yield found[name], ids


def _key(customer_id: UUID, package: UUID) -> str:
    return f"isolated/{customer_id}/{package}.zip.age"
