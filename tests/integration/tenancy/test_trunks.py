"""Whose calls a source address brings."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import OperationalError

from parley.tenancy import api as tenancy
from parley.tenancy import trunks as trunk_module

MakeCustomer = Callable[..., tenancy.Customer]
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_the_most_specific_source_wins(make_customer: MakeCustomer) -> None:
    wide, narrow, exact = make_customer(), make_customer(), make_customer()
    tenancy.add_trunk(wide, name="office", sources=["198.51.100.0/24"])
    tenancy.add_trunk(narrow, name="office", sources=["198.51.100.7"])
    tenancy.add_trunk(exact, name="office", sources=["198.51.100.7:5080"], own_numbers=["+390584"], region="IT")
    directory = tenancy.trunk_directory()

    def found(address: str, port: int) -> object:
        entry = directory.find(address, port)
        return entry and entry.customer.id

    assert found("198.51.100.9", 5060) == wide.id
    assert found("198.51.100.7", 5060) == narrow.id
    assert found("198.51.100.7", 5080) == exact.id
    assert found("::ffff:198.51.100.7", 5080) == exact.id
    assert found("198.51.101.7", 5080) is None
    assert found("not an address", 5080) is None


def test_a_source_means_one_trunk_over_all_customers(make_customer: MakeCustomer) -> None:
    tenancy.add_trunk(make_customer(), name="office", sources=["203.0.113.7:5060"])
    with pytest.raises(tenancy.TrunkRefused):
        tenancy.add_trunk(make_customer(), name="office", sources=[" 203.0.113.7:5060 "])


@pytest.mark.parametrize(
    "source", ["", "host.example", "192.0.2.1:0", "192.0.2.1:70000", "192.0.2.1/33", "192.0.2.7/24", "1"]
)
def test_what_is_no_source_is_refused(make_customer: MakeCustomer, source: str) -> None:
    with pytest.raises(tenancy.TrunkRefused):
        tenancy.add_trunk(make_customer(), name="office", sources=[source])


def test_while_the_database_is_away_the_last_reading_holds(
    make_customer: MakeCustomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_customer()
    tenancy.add_trunk(made, name="office", sources=["203.0.113.20"], own_numbers=["+44"])
    read = tenancy.trunk_directory().find("203.0.113.20", 5060)

    def away() -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(trunk_module, "_read", away)
    assert tenancy.trunk_directory().find("203.0.113.20", 5060) == read
    snapshot = (settings.PARLEY_DATA_DIR / "keys" / "trunks.snapshot").read_bytes()
    assert made.handle.encode() not in snapshot
    assert tenancy.keyring().index_key(made, "number").hex().encode() not in snapshot


def test_a_wake_is_the_earliest_asked_for_and_survives_one_that_came_meanwhile(make_customer: MakeCustomer) -> None:
    made = make_customer()
    tenancy.wake(made.id, "jobs", NOW + timedelta(hours=1))
    tenancy.wake(made.id, "jobs", NOW)
    tenancy.wake(made.id, "jobs", NOW + timedelta(hours=2))
    assert made.id in tenancy.due_wakes("jobs", NOW)
    assert made.id not in tenancy.due_wakes("ledger", NOW)
    tenancy.rest(made.id, "jobs", seen=NOW, due=NOW + timedelta(minutes=5))
    assert made.id not in tenancy.due_wakes("jobs", NOW + timedelta(minutes=4))
    tenancy.rest(made.id, "jobs", seen=NOW, due=None)
    assert made.id in tenancy.due_wakes("jobs", NOW + timedelta(minutes=5))
