"""A customer's log in a real database, for tests of the ledger."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from parley.ledger import api as ledger
from parley.tenancy import api as tenancy

AT = datetime(2026, 11, 22, 12, 0, 0, 654321, tzinfo=UTC)
CLAUSE = "imagicle-dpa IM-3c.security"


def signer_of(customer: tenancy.Customer) -> ledger.LogSigner:
    return tenancy.keyring().ledger_signer(customer)


def record_many(customer: tenancy.Customer, count: int, *, kind: str = "recording.sealed") -> list[UUID]:
    """Entries recorded by the application's role in one transaction."""
    with tenancy.connect(customer) as conn, conn.cursor() as cursor:
        return [
            ledger.record(cursor, kind=kind, clause=CLAUSE, details={"number": number}, at=AT)
            for number in range(count)
        ]


def integrate_all(customer: tenancy.Customer, *, limit: int = 10_000) -> ledger.Checkpoint | None:
    """The newest checkpoint after nothing is pending; None when nothing was."""
    newest = None
    with tenancy.connect(customer, role="sequencer") as conn:
        while done := ledger.integrate(conn, signer=signer_of(customer), limit=limit):
            newest = done
    return newest


def countersign(customer: tenancy.Customer, *, at: datetime = AT) -> bool:
    with (
        tenancy.connect(customer, role="sequencer") as theirs,
        tenancy.connect(tenancy.provider(), role="sequencer") as ours,
    ):
        return ledger.countersign(
            theirs, ours, log_key=signer_of(customer).log_key, signer=signer_of(tenancy.provider()), at=at
        )


def administrator(customer: tenancy.Customer) -> "psycopg.Connection[Any]":
    """The owner of the server: the only one who can do what tests must do behind the ledger's back."""
    return psycopg.connect(**tenancy.embedded().connection(dbname=customer.database), autocommit=True)
