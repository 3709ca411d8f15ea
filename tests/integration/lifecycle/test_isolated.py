"""What binds the provider itself is set apart under a key of its own before the customer's keys go."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from tests.integration.lifecycle.test_departure import NOW, end, furnish
from tests.integration.lifecycle.test_returns import record
from tests.support.departures import move
from tests.support.installation import MakeCustomer

from parley.inventory.api import stores
from parley.lifecycle import api as lifecycle
from parley.recordings import api as recordings
from parley.retention import api as retention
from parley.sealing.api import open_bytes
from parley.tenancy import api as tenancy

pytestmark = pytest.mark.usefixtures("cluster")


def test_held_records_outlive_the_customer_alone(make_customer: MakeCustomer, tmp_path: Path) -> None:
    customer = make_customer(agreement="ixcloud-dpa")
    furnish(customer, objects=1)
    record(customer, tmp_path)
    with tenancy.scope(customer):
        kept, *_others = stores()["recordings"].every()
        retention.place_hold(
            title="order", ground="order of a court to preserve", owner=uuid4(), review_at=NOW + timedelta(days=90),
            by=uuid4(), at=NOW, binds="provider", records=[kept],
        )  # fmt: skip
        retention.place_hold(
            title="own", ground="the customer's own dispute", owner=uuid4(), review_at=NOW + timedelta(days=90),
            by=uuid4(), at=NOW, records=_others,
        )  # fmt: skip
    departure = end(customer)
    lifecycle.confirm_end(departure.id, by="test", at=NOW)
    move(NOW)
    (package,) = lifecycle.departure(departure.id).isolated
    assert (package.records, package.law) == (1, "order of a court to preserve")
    certificate = lifecycle.certificate(departure.id)
    assert certificate is not None
    assert json.loads(certificate.document)["isolated"][0]["count"] == 1
    store = recordings.installed_store()
    assert list(store.list(str(customer.id))) == []
    (stored,) = store.list(f"isolated/{customer.id}")
    own = tenancy.keyring()
    keys = own.identities(_of(package.id))
    with store.open(stored.key) as file, zipfile.ZipFile(io.BytesIO(open_bytes(file.read(), keys))) as opened:
        assert any(str(kept.id) in name for name in opened.namelist())
    lifecycle.release_isolated(departure.id, package.id, by="staff", at=NOW + timedelta(days=80))
    assert list(store.list(f"isolated/{customer.id}")) == []
    assert not own.holds(customer_id=package.id)
    assert lifecycle.departure(departure.id).isolated[0].destroyed_at is not None


def _of(package):  # type: ignore[no-untyped-def]
    """Whose keyring the package's is: a customer in nothing but the id."""
    from dataclasses import replace

    return replace(tenancy.provider(), id=package, custody="local")
