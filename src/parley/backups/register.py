"""The rows of backups: what there is, what is promised, and evidence in both logs."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connections, transaction

from parley.agreement.api import Agreement
from parley.backups import rules
from parley.backups.errors import NoBackup
from parley.backups.models import Backup
from parley.backups.types import BackupView, Promise, Reason, Remaining, State
from parley.governance.contract import api as contract
from parley.ledger.api import JSON
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

PROVIDER_CLAUSE: Final = "backups.provider"
"""What the provider's own log names for backups of the provider's database."""


def view(row: Backup) -> BackupView:
    """A row as others see it."""
    return BackupView(
        id=row.id, customer_id=row.customer, reason=cast(Reason, row.reason), state=cast(State, row.state),
        began_at=row.began_at, taken_at=row.taken_at, made_at=row.made_at, expires_at=row.expires_at,
        gone_at=row.gone_at, size=row.dump_size + row.manifest_size, objects=row.object_count,
        objects_size=row.objects_size, damaged=row.damaged, entries=row.entries, dump_sha256=row.dump_sha256,
        manifest_sha256=row.manifest_sha256, error=row.error,
    )  # fmt: skip


def backups(customer: tenancy.Customer) -> tuple[BackupView, ...]:
    """The backups of a customer that exist or are being taken, newest first."""
    rows = Backup.objects.filter(customer=customer.id, state__in=["ready", "taking"]).order_by("-number")
    return tuple(view(row) for row in rows)


def remaining(customer: tenancy.Customer) -> Remaining:
    """What is left of a customer in backups."""
    rows = Backup.objects.filter(customer=customer.id).exclude(state="gone").values_list("expires_at", flat=True)
    return Remaining(count=len(rows), last_expires_at=max(rows, default=None))


def wanted(customer: tenancy.Customer, backup_id: UUID | None) -> Backup:
    """The backup to restore: the named one, or the newest. Raises NoBackup."""
    rows = Backup.objects.filter(customer=customer.id, state="ready")
    row = (rows.filter(id=backup_id) if backup_id else rows).order_by("-number").first()
    if row is None:
        raise NoBackup("there is no such backup", remedy="See: parley backup list")
    return row


def agreement_of(customer: tenancy.Customer) -> Agreement:
    """What binds the customer, as the register knows it now."""
    return contract.binding_of(tenancy.known(customer.id) or customer).agreement


def promise_to(customer: tenancy.Customer) -> Promise:
    """What restoring was promised to be. The provider, a tenant of its own, promised itself nothing."""
    if customer.kind == "provider":
        return Promise()
    return rules.promise_of(agreement_of(customer))


def clause_of(customer: tenancy.Customer) -> str:
    """The clause that backups are kept by: availability where it is promised, else what holds data until the end."""
    if customer.kind == "provider":
        return PROVIDER_CLAUSE
    agreement = agreement_of(customer)
    clauses = rules.promise_of(agreement).clauses
    return clauses[-1] if clauses else agreement.terms.end.clause


def drill_clauses(customer: tenancy.Customer, promise: Promise) -> tuple[str, ...]:
    """The clauses that a drill is evidence for: those of availability, and of tested resilience where it is attested
    (kavkom-dpa KV-5.security, ucx-terms UX-5.public-rto, ixcloud-dpa IX-5.resilience)."""
    if customer.kind == "provider":
        return (PROVIDER_CLAUSE,)
    tested = [one.clause for one in agreement_of(customer).terms.attestations if one.key == "resilience"]
    return tuple(dict.fromkeys([*promise.clauses, *tested])) or (clause_of(customer),)


def expires(customer: tenancy.Customer, *, taken: datetime, final: bool) -> datetime:
    """Until when a backup that is taken then lives."""
    if customer.kind == "provider":
        return taken + timedelta(days=settings.PARLEY_BACKUP_KEEP_DAYS)
    standing = (tenancy.known(customer.id) or customer).standing
    return rules.expiry(
        agreement_of(customer),
        taken=taken,
        keep=timedelta(days=settings.PARLEY_BACKUP_KEEP_DAYS),
        ended_at=standing.contract_ended_at,
        zone=standing.zone,
        final=final,
    )


def tell(
    customer: tenancy.Customer, *, kind: str, clause: str, details: Mapping[str, JSON], at: datetime, about: UUID
) -> None:
    """Evidence in the provider's log, then in the customer's own while that is there; again changes nothing."""
    with tenancy.scope(tenancy.provider()), transaction.atomic():
        obligations.evidence(
            kind=kind,
            clause=clause,
            details={"customer": str(customer.id), **details},
            at=at,
            entry_id=_entry(kind, about, "provider"),
        )
    known = tenancy.known(customer.id)
    if (
        known is not None
        and known.kind == "customer"
        and known.state in {"active", "departed"}
        and customer_reachable(known)
    ):
        with tenancy.scope(known), transaction.atomic():
            obligations.evidence(
                kind=kind, clause=clause, details=details, at=at, entry_id=_entry(kind, about, "customer")
            )


def customer_reachable(customer: tenancy.Customer) -> bool:
    """Whether the customer has a database that answers: after the end of a contract, or a disaster, it has none."""
    with connections["provider"].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datallowconn", [customer.database])
        return cursor.fetchone() is not None


def _entry(kind: str, about: UUID, log: str) -> UUID:
    """An id that follows from what is told, so that it is told once."""
    return uuid5(about, hashlib.sha256(f"{kind} {log}".encode()).hexdigest())
