"""Counts by clause are exact, whatever waits for the sequencer and whoever asks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection, transaction
from tests.support.installation import tenancy

from parley.ledger import api as ledger

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def recorded(customer: tenancy.Customer, django_db_blocker: object) -> Iterator[tenancy.Customer]:
    with django_db_blocker.unblock(), transaction.atomic(), connection.cursor() as cursor:  # type: ignore[attr-defined]
        for number in range(30):
            clause = f"T-{number % 3}"
            ledger.record(
                cursor, kind="test.kept", clause=clause, details={"n": number}, at=START + timedelta(minutes=number)
            )
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield customer


def integrate(customer: tenancy.Customer, limit: int = 10_000) -> None:
    with tenancy.connect(customer, role="sequencer") as connected:
        ledger.integrate(connected, signer=tenancy.keyring().ledger_signer(customer), limit=limit)


def counts() -> dict[str, tuple[int, datetime]]:
    with connection.cursor() as cursor:
        found = ledger.clauses_now(cursor)
    return {clause: (row.count, row.at) for clause, row in found.items() if clause.startswith("T-")}


def test_counts_are_exact_before_between_and_after_integration(recorded: tenancy.Customer) -> None:
    expected = {f"T-{number}": (10, START + timedelta(minutes=27 + number)) for number in range(3)}
    assert counts() == expected
    for _ in range(6):
        integrate(recorded, limit=9)
        assert counts() == expected
    with connection.cursor() as cursor:
        assert ledger.evidence_by_clause(cursor)["T-0"].count == 10
        newest = ledger.entries(cursor, clause="T-1", limit=4)
    assert [entry.details for entry in newest] == [{"n": number} for number in (28, 25, 22, 19)]


def test_an_older_entry_that_comes_late_does_not_become_the_newest(recorded: tenancy.Customer) -> None:
    integrate(recorded)
    with transaction.atomic(), connection.cursor() as cursor:
        ledger.record(cursor, kind="test.late", clause="T-2", details={}, at=START - timedelta(days=1))
    integrate(recorded)
    with connection.cursor() as cursor:
        row = ledger.clauses_now(cursor)["T-2"]
    assert (row.count, row.kind, row.at) == (11, "test.kept", START + timedelta(minutes=29))


def test_no_daemon_may_write_the_counts(recorded: tenancy.Customer) -> None:
    for role in ("app", "sequencer"):
        with (
            tenancy.connect(recorded, role=role) as connected,  # type: ignore[arg-type]
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connected.execute("UPDATE ledger_clause SET entries = 0")
