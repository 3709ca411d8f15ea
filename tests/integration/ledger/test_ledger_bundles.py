"""Many bundles at once are the same bundles as one by one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from tests.support.installation import tenancy

from parley.ledger import api as ledger

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


def record(count: int) -> list[UUID]:
    with transaction.atomic(), connection.cursor() as cursor:
        return [
            ledger.record(
                cursor, kind="test.kept", clause=f"T-{n % 3}", details={"n": n}, at=START + timedelta(minutes=n)
            )
            for n in range(count)
        ]


def integrate(customer: tenancy.Customer) -> None:
    with tenancy.connect(customer, role="sequencer") as connected:
        ledger.integrate(connected, signer=tenancy.keyring().ledger_signer(customer))


def head() -> ledger.Checkpoint:
    with connection.cursor() as cursor:
        found = ledger.published(cursor)
    assert found is not None
    return found


def test_the_same_as_one_by_one_and_each_verifies(customer: tenancy.Customer) -> None:
    ids = record(700)  # more than a tile, more than a batch
    integrate(customer)
    kept = head().size
    ids += record(30)
    integrate(customer)
    with connection.cursor() as cursor:
        ledger.erase(cursor, entry_ids=ids[5:7])
    key = str(tenancy.keyring().ledger_signer(customer).log_key)
    with connection.cursor() as cursor:
        made = {
            entry.id: (seq, data) for entry, seq, data in ledger.bundles(cursor, entry_ids=ids, head=head(), since=kept)
        }
        assert set(made) == set(ids)
        for entry_id in (ids[0], ids[6], ids[255], ids[256], ids[699], ids[729]):
            assert made[entry_id][1] == ledger.bundle(cursor, entry_id=entry_id, since=kept)
    assert all(ledger.verify_bundle(data, log_key=key).index == seq for seq, data in made.values())


def test_what_came_after_the_head_is_left_out(customer: tenancy.Customer) -> None:
    ids = record(3)
    integrate(customer)
    earlier = head()
    ids += record(2)
    integrate(customer)
    with connection.cursor() as cursor:
        made = [entry.id for entry, _, _ in ledger.bundles(cursor, entry_ids=ids, head=earlier)]
        assert made == ids[:3]
        with pytest.raises(ledger.LedgerError, match="shorter"):
            list(ledger.bundles(cursor, entry_ids=ids, head=earlier, since=5))
